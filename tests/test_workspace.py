"""The workspace: writes are atomic, freshness follows content, one command at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import ConfigError, DuidingError, TableError
from pipeline.workspace import Workspace, atomic, read_table, write_table, write_text


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "oud")
    with pytest.raises(RuntimeError), atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "oud"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_clear_line(tmp_path: Path, no_space: Callable[[], None]) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "oud")
    no_space()
    with pytest.raises(DuidingError, match=r"a\.txt: cannot be written \(No space left on device\)"):
        write_text(path, "nieuw")
    assert path.read_text() == "oud"
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": ["x", "é"], "b": [1.5, None]})
    write_table(tmp_path / "1.parquet", table)
    write_table(tmp_path / "2.parquet", table)
    assert (tmp_path / "1.parquet").read_bytes() == (tmp_path / "2.parquet").read_bytes()


def test_a_damaged_table_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(TableError, match=r"x\.parquet: missing or damaged.*duiding run"):
        read_table(tmp_path / "x.parquet")


def test_a_table_that_was_never_made_is_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"x\.parquet: not there. Next: make it with 'duiding run'"):
        read_table(tmp_path / "x.parquet")


def test_a_stage_is_fresh_until_key_or_output_changes(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    out = tmp_path / "out.txt"
    write_text(out, "1")
    workspace.done("stage", "key", [out], {"n": 3})
    assert workspace.is_fresh("stage", "key")
    assert workspace.note("stage") == {"n": 3}
    assert not workspace.is_fresh("stage", "other key")
    out.write_text("touched by hand")
    assert not workspace.is_fresh("stage", "key")


def test_a_damaged_manifest_means_everything_is_redone(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{half")
    assert Workspace(tmp_path).manifest == {}


def test_one_command_at_a_time(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with workspace.lock(), pytest.raises(ConfigError, match="another duiding command"), Workspace(tmp_path).lock():
        pass


def test_rubbish_of_a_killed_command_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: None)  # a killed command cleans nothing up
        with pytest.raises(KeyboardInterrupt), atomic(tmp_path / "review" / "answers.parquet"):
            raise KeyboardInterrupt
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    with Workspace(tmp_path).lock():
        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [".lock"]


@pytest.mark.parametrize(
    "name", [".pre-commit-config.yaml", ".git-credentials", ".env-production", ".github/.my-notes.txt", ".a-b.parquet"]
)
def test_a_file_that_duiding_did_not_write_is_never_swept(tmp_path: Path, name: str) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / name).write_text("mine")
    with Workspace(tmp_path).lock():
        pass
    assert (tmp_path / name).read_text() == "mine"


def test_what_is_synced_to_disk_is_open_for_writing_as_windows_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    monkeypatch.setattr(
        "pipeline.workspace.os.fsync", lambda handle: modes.append(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE)
    )
    write_text(tmp_path / "a.txt", "x")
    assert modes == [os.O_RDWR]


def test_an_output_that_someone_changed_gets_another_name_before_it_is_made_again(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    mine, other = tmp_path / "rapport.docx", tmp_path / "rapport.html"
    for number in (1, 2):
        write_text(mine, "gemaakt")
        write_text(other, "gemaakt")
        workspace.done("report", f"key {number}", [mine, other])
        mine.write_text(f"bewerkt {number}")
        assert workspace.begin("report") == [f"rapport.bewerkt-{number}.docx"]
        assert not mine.exists()
        assert (tmp_path / f"rapport.bewerkt-{number}.docx").read_text() == f"bewerkt {number}"
    write_text(mine, "half")
    assert workspace.begin("report") == [], "cut off: this is no one's work"


def test_the_workspace_and_what_is_private_in_it_are_for_oneself_only(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "werk")
    with workspace.lock():
        write_text(workspace.path("geheim"), "x", mode=0o600)
    assert workspace.folder.stat().st_mode & 0o777 == 0o700
    assert workspace.path("geheim").stat().st_mode & 0o777 == 0o600
