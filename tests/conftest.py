"""Shared by all tests: offline, one thread, and small surveys made on the spot."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.bundled import bundled


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
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo surveys laid out in a folder, with their reviews, and run once; returns the folder."""
    from pipeline.config import load_survey
    from pipeline.job import run
    from pipeline.review.exchange import import_jsonl
    from pipeline.scaffold import copy_demo
    from pipeline.workspace import Workspace

    folder = tmp_path_factory.mktemp("demo")
    for file in copy_demo(folder):
        survey = load_survey(file)
        import_jsonl(Workspace(survey.workspace_path), survey, file.with_name("review.jsonl"))
        run(survey)
    return folder


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
