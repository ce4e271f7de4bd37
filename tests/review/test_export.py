"""`duiding review export`: what the file may be called, and what it never replaces."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.review.draw import draw

from .conftest import Made

Make = Callable[..., Made]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def made(make_survey: Make) -> Made:
    found = make_survey(20)
    draw(found.workspace, found.survey, audit=5)
    return found


@pytest.mark.parametrize(("name", "more"), [("A.XLSX", []), ("A.XLSX", ["--excel"]), ("A.JSONL", [])])
def test_the_suffix_may_be_in_capitals(
    made: Made, tmp_path: Path, duiding: Command, name: str, more: list[str]
) -> None:
    done = duiding("review", "export", tmp_path / name, made.survey.file, *more)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [name]
    coder = ["--coder", "anna"] if name == "A.XLSX" else []
    done = duiding("review", "import", tmp_path / name, made.survey.file, *coder)
    assert "0 answers marked ready" in done.stdout if coder else "no codings in it" in done.stderr
