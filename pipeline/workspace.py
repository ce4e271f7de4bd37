"""The workspace folder: results of every stage, written atomically, with hashes that say what must be redone."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigError, DuidingError, TableError, problem

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1
#: How the name of a half-written file starts: a folder that is also someone's own holds no other file that does.
UNFINISHED = ".duiding-unfinished-"


def file_hash(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's bytes.

    Raises:
        TableError: the file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise TableError(problem(file=path, found=f"cannot be read ({error.strerror})")) from error
    return digest.hexdigest()


def key_of(**parts: Any) -> str:
    """Return a short hash of named JSON-able parts; it changes when any of them does."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:24]


@contextlib.contextmanager
def atomic(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """Give a temporary path beside `path`; it replaces `path` when the block ends well, and vanishes when it doesn't.

    With `mode` 0o600 nobody else can read the file, not even for a moment.

    Raises:
        DuidingError: the folder can't be written, or the disk is full; nothing half-written stays.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"{UNFINISHED}{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as stream:  # Windows syncs only what is open for writing
            os.fsync(stream.fileno())
        temporary.chmod(mode & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise DuidingError(
            problem(
                file=path,
                found=f"cannot be written ({error.strerror or type(error).__name__})",
                do="check permissions and free space, then run the same command again",
            )
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def write_text(path: Path, text: str, *, bom: bool = False, mode: int = 0o644) -> None:
    """Write a text file atomically, as UTF-8 (with a BOM where Excel must recognise it)."""
    with atomic(path, mode) as temporary:
        temporary.write_text(text, encoding="utf-8-sig" if bom else "utf-8", newline="")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet, atomically; the same table gives the same bytes."""
    with atomic(path) as temporary:
        table.to_parquet(temporary, index=False)


def read_table(path: Path) -> pd.DataFrame:
    """Read a Parquet table of the workspace.

    Raises:
        TableError: the file is missing or damaged.
    """
    import pandas as pd

    if not path.exists():
        raise TableError(problem(file=path, found="not there", do="make it with 'duiding run'"))
    try:
        return pd.read_parquet(path)
    except Exception as error:
        raise TableError(
            problem(file=path, found="missing or damaged", do="run 'duiding run' again to rebuild it")
        ) from error


class Workspace:
    """The folder with `manifest.json`: per stage the key of its inputs and the hashes of its outputs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, *parts: str) -> Path:
        """Return a path inside the workspace."""
        return self.folder.joinpath(*parts)

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest; empty when there is none yet or it is damaged (everything is then redone).

        Raises:
            PermissionError: someone else's, that this user can't read.
        """
        try:
            found = json.loads(self.path("manifest.json").read_text(encoding="utf-8"))
        except PermissionError:
            raise
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) and found.get("format") == FORMAT else {}

    def is_fresh(self, stage: str, key: str) -> bool:
        """Return whether a stage was done with this key and its outputs are still as it left them."""
        entry = self.manifest.get("stages", {}).get(stage)
        if not entry or entry.get("key") != key:
            return False
        outputs: Mapping[str, str] = entry["outputs"]
        return all(
            self.path(name).is_file() and file_hash(self.path(name)) == digest for name, digest in outputs.items()
        )

    def note(self, stage: str) -> dict[str, Any]:
        """Return what a finished stage noted down (counts and the like)."""
        found = self.manifest.get("stages", {}).get(stage, {}).get("note", {})
        return dict(found)

    def begin(self, stage: str) -> list[str]:
        """Note that a stage's outputs will be written again; those that someone changed get another name first.

        Returns:
            The new names; nothing when the stage was cut off before: nobody knows then who changed what.
        """
        manifest = self.manifest
        entry = manifest.get("stages", {}).get(stage)
        if not entry or entry.get("begun"):
            return []
        kept = []
        for name, digest in entry["outputs"].items():
            path = self.path(name)
            if path.is_file() and file_hash(path) != digest:
                names = (path.with_name(f"{path.stem}.bewerkt-{number}{path.suffix}") for number in itertools.count(1))
                free = next(name for name in names if not name.exists())
                path.replace(free)
                kept.append(str(free.relative_to(self.folder)))
        entry["begun"] = True
        self._write(manifest)
        return kept

    def done(self, stage: str, key: str, outputs: list[Path], note: Mapping[str, Any] | None = None) -> list[str]:
        """Record that a stage finished: only now do its outputs count, and those of an earlier time go.

        Returns:
            The names of earlier outputs that are not as the stage left them: they stay, and are no longer the stage's.
        """
        manifest = self.manifest or {"format": FORMAT, "stages": {}}
        made = {str(path.relative_to(self.folder)): file_hash(path) for path in outputs}
        earlier: Mapping[str, str] = manifest["stages"].get(stage, {}).get("outputs", {})
        left = {name: digest for name, digest in earlier.items() if name not in made and self.path(name).is_file()}
        changed = [name for name, digest in left.items() if file_hash(self.path(name)) != digest]
        for name in left.keys() - set(changed):
            self.path(name).unlink(missing_ok=True)
        manifest["stages"][stage] = {"key": key, "outputs": made, "note": dict(note or {})}
        self._write(manifest)
        return changed

    def make(self) -> None:
        """Make the folder when it is missing: only for oneself, because it holds answers."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _write(self, manifest: Mapping[str, Any]) -> None:
        write_text(self.path("manifest.json"), json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False))

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the workspace for one command at a time.

        Raises:
            ConfigError: another command is working in it, or it can't be written.
        """
        from filelock import FileLock, Timeout

        try:
            self.make()
            held = FileLock(self.path(".lock"), timeout=0)
            held.acquire()
        except Timeout as error:
            raise ConfigError(
                problem(file=self.folder, found="another duiding command is working here", do="wait for it to end")
            ) from error
        except OSError as error:
            raise ConfigError(
                problem(
                    file=self.folder,
                    found=f"cannot be written ({error.strerror})",
                    do="choose another 'workspace:' in survey.yaml or mend its permissions",
                )
            ) from error
        try:
            for left_over in self.folder.rglob(f"{UNFINISHED}*"):  # of a command that was killed
                if left_over.is_file():
                    left_over.unlink(missing_ok=True)
            yield
        finally:
            held.release()
