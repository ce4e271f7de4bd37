"""`duiding review export`: what the file may be called, and what it never replaces."""

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.review.draw import draw
from pipeline.review.exchange import export_jsonl, import_jsonl
from pipeline.review.sample import read_sample

from .conftest import SURVEY, Made

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


@pytest.mark.parametrize("coder", [[], ["--coder", "anna"]])
@pytest.mark.parametrize("name", ["a.ods", "a.xls", "a.xlsm", "a.csv"])
def test_a_workbook_saved_as_another_kind_is_named_as_that(
    made: Made, write: Callable[..., Path], duiding: Command, name: str, coder: list[str]
) -> None:
    done = duiding("review", "import", write(name, b"PK\xff"), made.survey.file, *coder)
    assert done.returncode == 2
    assert done.stderr.endswith(
        f"{name}: unknown kind of file; expected .xlsx or .jsonl. Next: save a workbook as .xlsx.\n"
    )


def code(made: Made, path: Path, coder: str, hour: int = 10) -> Path:
    """Have one answer coded in a survey's workspace, and export its codings."""
    book = made.survey.codebook(made.survey.questions[0])
    answer = read_sample(made.workspace).query("question == 'verbeter'")["answer_id"].iloc[0]
    line = {"answer_id": answer, "question": "verbeter", "codebook": book.digest, "codes": [book.codes[0].id],
            "coder": coder, "role": "audit", "at": f"2022-11-01T{hour}:00:00Z"}  # fmt: skip
    path.write_text(json.dumps(line))
    import_jsonl(made.workspace, made.survey, path)
    path.unlink()
    export_jsonl(made.workspace, path)
    return path


def test_an_earlier_export_is_replaced(made: Made, tmp_path: Path, duiding: Command) -> None:
    path = code(made, tmp_path / "x.jsonl", "anna")
    code(made, tmp_path / "y.jsonl", "bo", hour=11)
    done = duiding("review", "export", path, made.survey.file)
    assert done.stdout.startswith("Wrote 2 codings"), done.stderr
    assert path.read_text() == (tmp_path / "y.jsonl").read_text()


@pytest.mark.parametrize("content", ["Geachte mevrouw, ...", '{"text": "x"}', "[1]", '{"open": true}', "\xff"])
def test_what_is_no_earlier_export_is_kept_unless_forced(
    made: Made, tmp_path: Path, duiding: Command, content: str
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content.encode("latin-1"))
    done = duiding("review", "export", path, made.survey.file)
    assert done.returncode == 2
    assert "x.jsonl: there already" in done.stderr
    assert "--force" in done.stderr
    assert "Geachte" not in done.stderr
    assert path.read_bytes() == content.encode("latin-1")
    assert duiding("review", "export", path, made.survey.file, "--force").returncode == 0
    assert path.read_bytes() != content.encode("latin-1")


def test_the_next_step_is_a_command_that_works_from_everywhere(
    made: Made, tmp_path: Path, duiding: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made.survey.file.parent.rename(tmp_path / "een map")
    elsewhere = tmp_path / "elders"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    done = duiding("review", "export", "x.xlsx", folder, "--audit", "5")
    command = done.stdout.strip().splitlines()[-1].removeprefix("Next: duiding ").replace("NAME", "anna")
    assert duiding(*shlex.split(command)).returncode == 0
    for again in (duiding("review", "export", "x.xlsx", folder), duiding("review", "import", "x.xlsx", folder)):
        assert again.returncode == 2
        assert f"duiding review import x.xlsx '{folder / 'survey.yaml'}' --coder" in again.stderr


def test_codings_of_a_colleague_are_kept_until_they_are_imported(
    make_survey: Make, made: Made, tmp_path: Path, duiding: Command
) -> None:
    other = make_survey(20)
    draw(other.workspace, other.survey, audit=5)
    code(made, tmp_path / "mine.jsonl", "anna")
    for hour, coder in ((11, "bo"), (12, "anna")):  # another coding, and a newer one
        theirs = code(other, tmp_path / f"{coder}.jsonl", coder, hour)
        assert duiding("review", "export", theirs, made.survey.file).returncode == 2
        assert duiding("review", "import", theirs, made.survey.file).returncode == 0
        assert duiding("review", "export", theirs, made.survey.file).returncode == 0


def test_what_was_drawn_elsewhere_is_kept(make_survey: Make, made: Made, tmp_path: Path, duiding: Command) -> None:
    other = make_survey(20)
    draw(other.workspace, other.survey, audit=9)
    export_jsonl(other.workspace, tmp_path / "x.jsonl")
    assert duiding("review", "export", tmp_path / "x.jsonl", made.survey.file).returncode == 2


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("duiding-werk/review/review.jsonl", "in the workspace"),
        ("duiding-werk/nieuw.jsonl", "in the workspace"),
        ("duiding-werk/rapport/rapport.xlsx", "in the workspace"),
        ("antwoorden.xlsx", "a file that the survey is made from"),
        ("vorig.jsonl", "a file that the survey is made from"),
        ("voorbeelden.jsonl", "a file that the survey is made from"),
        ("link.jsonl", "a file that the survey is made from"),
    ],
)
def test_the_surveys_own_files_are_never_written_over(
    make_survey: Make, tmp_path: Path, duiding: Command, name: str, found: str
) -> None:
    yaml = SURVEY.replace("antwoorden.csv", "antwoorden.xlsx").replace("seed:", "reference: vorig.jsonl\nseed:")
    made = make_survey(20, yaml=yaml)
    made.survey.file.with_name("voorbeelden.jsonl").write_text('{"text": "Bel eens terug", "codes": ["Snelheid"]}')
    text = made.survey.file.read_text("utf-8")
    with_examples = text.replace("column: verbeter,", "column: verbeter, examples: voorbeelden.jsonl,")
    assert with_examples != text
    made.survey.file.write_text(with_examples, "utf-8")
    path = made.survey.file.parent / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if name == "link.jsonl":
        path.symlink_to("voorbeelden.jsonl")
    path.write_text("x")
    done = duiding("review", "export", path, made.survey.file, "--audit", "5", "--force")
    assert done.returncode == 2
    assert found in done.stderr
    assert path.read_text() == "x"
    assert not made.workspace.path("review", "sample.parquet").exists(), "nothing was drawn"


@pytest.mark.parametrize("suffix", [".jsonl", ".xlsx"])
def test_a_name_that_no_file_can_have_is_one_line(made: Made, tmp_path: Path, duiding: Command, suffix: str) -> None:
    (tmp_path / f"kring{suffix}").symlink_to(f"kring{suffix}")
    for name in ("x" * 300, "kring"):
        done = duiding("review", "export", tmp_path / f"{name}{suffix}", made.survey.file)
        assert done.returncode == 2
        assert "cannot be written" in done.stderr


def test_a_workbook_can_be_read_by_its_owner_only(made: Made, tmp_path: Path, duiding: Command) -> None:
    duiding("review", "export", tmp_path / "x.xlsx", made.survey.file)
    assert (tmp_path / "x.xlsx").stat().st_mode & 0o777 == 0o600
