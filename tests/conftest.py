"""Shared by all tests: offline, one thread, and small surveys made on the spot."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.bundled import bundled

if TYPE_CHECKING:
    from pipeline.job import Result


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a text (or bytes) to a file in the test's folder and return its path."""

    def _write(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return _write


SMALL_CODEBOOK = """
id: klein
aim: verbeter
residual: anders
codes:
  - {id: telefoon, label: Telefoon, definition: Slecht bereikbaar per telefoon, keywords: [bellen, wachtrij, lijn]}
  - {id: geld, label: Geld, definition: Het bedrag is te laag, keywords: [bedrag, uitkering, rondkomen]}
  - {id: anders, label: Anders, definition: Iets anders}
"""

SMALL_SURVEY = """
title: Klein onderzoek
wave: 2026
input: {file: data.csv, respondent: nr, group: plaats}
questions:
  - {id: beter, column: beter, codebook: klein.yaml, ticks: {t1: Telefoon}}
"""

SMALL_DATA = """nr;plaats;t1;beter
1;Noord;;Ik sta altijd lang in de wachtrij als ik wil bellen
2;Noord;1;
3;Zuid;0;Van dit bedrag kan ik niet rondkomen
4;Zuid;;n.v.t.
5;;x;niets, ik ben tevreden
6;Zuid;;
"""


@pytest.fixture
def small_survey(write: Callable[..., Path]) -> Path:
    """Six respondents, one question with a box and a tick; returns survey.yaml."""
    write("klein.yaml", SMALL_CODEBOOK)
    write("data.csv", SMALL_DATA)
    return write("survey.yaml", SMALL_SURVEY)


@pytest.fixture(scope="session")
def run_like(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Result]:
    """Run a survey of which the folder holds no workspace; of the same files it is only done once, and then copied."""
    from pipeline.job import run

    known: dict[str, Path] = {}

    def _run(survey: Path) -> Result:
        digest = hashlib.sha256(survey.name.encode())
        for file in sorted(survey.parent.rglob("*")):
            digest.update(f"\n{file.relative_to(survey.parent)}\n".encode())
            digest.update(file.read_bytes() if file.is_file() else b"")
        key, workspace = digest.hexdigest(), survey.with_name("duiding-werk")
        assert not workspace.exists()
        if key in known:
            shutil.copytree(known[key], workspace)
        result = run(survey)
        assert result.unchanged == (key in known)
        if key not in known:
            known[key] = Path(shutil.copytree(workspace, tmp_path_factory.mktemp("ran") / "duiding-werk"))
        return result

    return _run


@pytest.fixture
def duiding(monkeypatch: pytest.MonkeyPatch) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in this process, which has loaded what it needs, and return what it printed."""
    from pipeline import cli

    def _duiding(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = ["duiding", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        code, out, err = 0, io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                cli.main()
            except SystemExit as stopped:
                code = int(stopped.code or 0)
        return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())

    return _duiding


class _Opened:
    """The names of the files that were opened since it was told to watch."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.watches = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.watches and event == "open":
            self.names.add(str(arguments[0]).replace("\\", "/"))


def _run_demo(folder: Path) -> set[str]:
    """Lay out the demo surveys in a folder, run them once with their reviews, and return what was opened for that."""
    from pipeline.config import load_survey
    from pipeline.job import run
    from pipeline.review.exchange import import_jsonl
    from pipeline.scaffold import copy_demo
    from pipeline.workspace import Workspace

    opened = _Opened()
    opened.watches = True
    for file in copy_demo(folder):
        survey = load_survey(file)
        import_jsonl(Workspace(survey.workspace_path), survey, file.with_name("review.jsonl"))
        run(survey)
    opened.watches = False
    return opened.names


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """The folder of the demo surveys, run once, and what that opened; one of the test processes makes it for all."""
    from filelock import FileLock

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    made, opened = shared / "demo-made", shared / "demo-opened.json"
    with FileLock(shared / "demo.lock"):
        if not opened.exists():
            shutil.rmtree(made, ignore_errors=True)
            names = _run_demo(made)
            opened.write_text(json.dumps(sorted(names)), encoding="utf-8")
    folder = Path(shutil.copytree(made, tmp_path_factory.mktemp("demo") / "demo"))
    return folder, set(json.loads(opened.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def demo(demo_run: tuple[Path, set[str]]) -> Path:
    """The folder of the demo surveys, with their reviews, run once."""
    return demo_run[0]


@pytest.fixture
def demo_source() -> Path:
    """The bundled demo folder."""
    return bundled("annotations", "demo")


@pytest.fixture
def no_space(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make every later write fail as on a full disk."""

    def _fill() -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("pipeline.workspace.os.fsync", full)

    return _fill
