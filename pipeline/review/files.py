"""Where the review keeps its files in the workspace, and who may read and write them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.config import Survey
from pipeline.errors import DuidingError, ReviewError, problem
from pipeline.workspace import Workspace, write_text

LOCK_SECONDS = 900
_IGNORE = "# only the coders' decisions are meant for version control\n*\n!.gitignore\n!review.jsonl\n"


def review_folder(workspace: Workspace) -> Path:
    """Return the review's folder in the workspace, made when missing."""
    folder = workspace.path("review")
    try:
        workspace.make()
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text(_IGNORE, encoding="utf-8")
    except OSError as error:
        raise ReviewError(
            problem(file=folder, found=f"cannot be written ({error.strerror})", do="mend its permissions or free space")
        ) from error
    return folder


def write_private(path: Path, text: str) -> None:
    """Write a file atomically with mode 600.

    Raises:
        ReviewError: it can't be written; nothing half-written stays.
    """
    try:
        write_text(path, text, mode=0o600)
    except DuidingError as error:
        raise ReviewError(str(error)) from error


def read_kept(path: Path, do: str) -> dict[str, Any]:
    """Return what `write_private` wrote as JSON; nothing when there is no such file yet.

    Raises:
        ReviewError: it can't be read or is damaged; taken for empty, it would be written over. `do` is what to do then.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ReviewError(
            problem(file=path, found=f"cannot be read ({error.strerror})", do="mend its permissions")
        ) from error
    except ValueError as error:
        raise ReviewError(problem(file=path, found="damaged", do=do)) from error
    if not isinstance(found, dict):
        raise ReviewError(problem(file=path, found="damaged", do=do))
    return found


def refuse_own(workspace: Workspace, survey: Survey, path: Path) -> None:
    """Refuse to write where the survey's own files are, whatever is asked for: those can't be made again.

    Raises:
        ReviewError: the path is in the workspace, survey.yaml names it, or there can be no such file.
    """
    try:
        place = path.resolve()
        place.exists()  # says that a name is too long, which resolving does not
    except (OSError, RuntimeError) as error:
        found = f"cannot be written ({getattr(error, 'strerror', '') or type(error).__name__})"
        raise ReviewError(problem(file=path, found=found, do="give another name")) from error
    asked = survey.questions
    named = [survey.input.file, survey.reference, survey.report.template, *(one.codebook for one in asked)]
    named += [name for one in asked for name in (one.examples, *one.earlier_codebooks.values())]
    if place.is_relative_to(workspace.folder.resolve()):
        found = "in the workspace, which holds the survey's own files"
    elif place in (survey.file, *(survey.path(name) for name in named if name)):
        found = "a file that the survey is made from"
    else:
        return
    raise ReviewError(problem(file=path, found=found, expected="a file of its own", do="give another name or folder"))


@contextlib.contextmanager
def one_at_a_time(workspace: Workspace) -> Iterator[None]:
    """Let review commands on one workspace wait for each other; `duiding run` is kept out meanwhile.

    Raises:
        ReviewError: another review command did not end within 15 minutes.
        ConfigError: another duiding command is working in the workspace.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(review_folder(workspace) / "lock", timeout=LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise ReviewError(
            problem(file=workspace.folder, found="another review command has been busy for 15 minutes",
                    do="wait for it to end, then run the same command again")
        ) from error  # fmt: skip
    try:
        with workspace.lock():
            yield
    finally:
        lock.release()
