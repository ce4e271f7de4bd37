"""The demo as an analyst gets it: reviewed, corrected, close to the truth, and with nobody's data in it."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from zipfile import BadZipFile, ZipFile

import pandas as pd
import pytest

from pipeline.cli_trace import trace as trace_command
from pipeline.config import load_survey
from pipeline.review.exchange import import_jsonl
from pipeline.workspace import Workspace, read_table

ROOT = Path(__file__).parents[1]
SURVEYS = ("participatiewet", "minimabeleid")
pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")


def script(*place: str) -> ModuleType:
    """Load a program that is no part of the package."""
    spec = importlib.util.spec_from_file_location(f"{place[-1]}_under_test", ROOT.joinpath(*place).with_suffix(".py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def against_truth(demo: Path) -> dict[str, pd.DataFrame]:
    """Per survey the figures shown, with the true share beside them."""
    found = script("benchmarks", "demo_truth")
    return {name: found.against_truth(load_survey(demo / name), name) for name in SURVEYS}


def workspace(demo: Path, survey: str) -> Workspace:
    return Workspace(load_survey(demo / survey).workspace_path)


Command = Callable[..., subprocess.CompletedProcess[str]]


# --- the review files


def test_the_review_files_are_those_that_the_script_makes(demo: Path) -> None:
    module = script("annotations", "demo", "build_review")
    for name in SURVEYS:
        lines = [event.line() for event in module.review(load_survey(demo / name), name)]
        made = (ROOT / "annotations" / "demo" / f"review-{name}.jsonl").read_text(encoding="utf-8").splitlines()
        assert lines == made, "run: python annotations/demo/build_review.py"


def test_reviewers_slip_now_and_then() -> None:
    module = script("annotations", "demo", "build_review")
    for name in SURVEYS:
        truth = module.read_truth(name)
        text = (module.HERE / f"review-{name}.jsonl").read_text(encoding="utf-8")
        events = [json.loads(line) for line in text.splitlines()]
        codes = sum(len(truth[event["answer_id"]]["codes"]) for event in events)
        missed = sum(len(set(truth[event["answer_id"]]["codes"]) - set(event["codes"])) for event in events)
        assert 0.02 <= missed / codes <= 0.06
        audited = [event for event in events if event["role"] == "audit"]
        second = {event["answer_id"]: event["coder"] for event in events if event["role"] == "second"}
        assert 0.19 <= len(second) / len(audited) <= 0.22
        assert len({event["coder"] for event in events}) == 2
        assert all(event["coder"] != second.get(event["answer_id"]) for event in audited)
        assert 0 < sum(event.get("doubt", False) for event in events) < 0.1 * len(events)
        assert all(event["at"].startswith("2022-") for event in events)


def test_importing_the_review_again_adds_nothing(demo: Path) -> None:
    for name in SURVEYS:
        survey = load_survey(demo / name)
        again = import_jsonl(workspace(demo, name), survey, demo / name / "review.jsonl")
        assert (again.n_new, again.n_not_drawn) == (0, 0)


# --- the figures


@pytest.mark.parametrize("name", SURVEYS)
def test_the_intervals_cover_the_truth(against_truth: dict[str, pd.DataFrame], name: str) -> None:
    table = against_truth[name]
    assert len(table) > 40
    assert table["covered"].mean() >= 0.85
    assert (table["n_reviewed"] > 0).all()


@pytest.mark.parametrize("name", SURVEYS)
def test_the_corrected_shares_lie_no_further_from_the_truth_than_the_machines(
    against_truth: dict[str, pd.DataFrame], name: str
) -> None:
    """By half a point, mean absolute error: where the machine errs little there is little to correct."""
    table = against_truth[name]
    machine = (table["machine_share"] - table["true"]).abs().mean()
    assert (table["share"] - table["true"]).abs().mean() <= machine + 0.005


@pytest.mark.parametrize("name", SURVEYS)
def test_what_was_read_adds_up(demo: Path, name: str) -> None:
    counts = dict(workspace(demo, name).note("intake")["accounting"])
    answers = read_table(workspace(demo, name).path("answers.parquet"))
    assert counts.pop("read") == len(answers) == sum(counts.values()) - counts["dropped"]


def test_the_response_tables_are_the_published_ones(demo: Path) -> None:
    found = {}
    for name in SURVEYS:
        table = read_table(workspace(demo, name).path("response.parquet"))
        known = table[table["invited"].notna()]  # minimabeleid: in all, not per municipality
        found[name] = {row["group"]: 100 * row["confidence"] for row in known.to_dict("records")}
    printed = {"Hengelo": 92.9, "Haaksbergen": 58.1, "Borne": 62.1, "Totaal": 96.9}
    assert found["participatiewet"] == pytest.approx(printed, abs=0.06)  # the total is 96.952
    assert found["minimabeleid"] == pytest.approx({"Totaal": 90.2}, abs=0.06)


# --- from a percentage to its answers


@pytest.mark.parametrize("name", SURVEYS)
def test_trace_shows_no_group_that_is_held_back(demo: Path, name: str) -> None:
    from pipeline.publish import report_data, report_options
    from pipeline.report.build import make_context
    from pipeline.report.lineage import trace

    survey = load_survey(demo / name)
    data = report_data(survey, workspace(demo, name))
    book = make_context(data, report_options(survey)).book
    rows = data.shares[data.shares["suppressed"].astype(bool)]
    closed = set(zip(rows["question"], rows["group"], rows["code"], strict=True))
    assert closed
    for question, code in {(question, code) for question, _, code in closed}:
        shown = trace(book, question, survey.total_label, code, data.versions)
        assert not {(question, group, code) for group in shown["group"]} & closed
    assert all(trace(book, *cell, data.versions).empty for cell in closed)


def test_trace_on_the_command_line(demo: Path, duiding: Command) -> None:
    survey = demo / "participatiewet"
    done = duiding("trace", "succes", "Mijn klantmanager", "--group", "Hengelo", "--survey", survey)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert list(rows[0]) == ["number", "answer_id", "group", "text", "code", "role", "coder", "model", "codebook"]
    assert {row["group"] for row in rows} == {"Hengelo"}
    assert {row["code"] for row in rows} == {"klantmanager"}
    assert {"machine", "audit", "tick"} <= {row["role"] for row in rows}
    assert f"{len(rows)} answers" in done.stderr


def test_trace_fits_a_terminal_of_80_columns(
    demo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("pipeline.cli_trace._on_terminal", lambda: True)
    trace_command("succes", "klantmanager", None, demo / "participatiewet")
    shown = capsys.readouterr()
    assert "; model " in shown.err
    assert "; codebook " in shown.err
    header, *lines = shown.out.splitlines()
    assert header.split() == ["number", "answer", "id", "group", "text", "role", "coder"]
    assert header.index("role") - header.index("text") >= 24
    assert max(map(len, lines)) <= 80
    assert any(line.rstrip().endswith("respondent") for line in lines)
    trace_command("succes", "anders", "Borne", demo / "participatiewet")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sucses", "klantmanager"), "did you mean 'succes'?"),
        (("succes", "klantmanger"), "did you mean 'Klantmanager'?"),
        (("succes", "klantmanager", "--group", "Born"), "did you mean 'Borne'?"),
    ],
)
def test_trace_names_the_nearest(demo: Path, duiding: Command, arguments: tuple[str, ...], said: str) -> None:
    done = duiding("trace", *arguments, "--survey", demo / "participatiewet")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert said.lower() in done.stderr.lower()


def test_trace_before_the_first_run_says_what_to_do(small_survey: Path, duiding: Command) -> None:
    done = duiding("trace", "beter", "geld", "--survey", small_survey)
    assert done.returncode == 2
    assert "duiding run" in done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: _add_question(folder / "survey.yaml"), "question nieuw: not coded yet"),
        (lambda folder: _replace(folder / "klein.yaml", "te laag", "te hoog"),
         "question beter: coded with another version of its codebook"),
    ],
)  # fmt: skip
def test_trace_of_what_changed_since_the_run_says_what_to_do(
    small_survey: Path, run_like: Callable[[Path], object], duiding: Command, change: Callable[[Path], None], said: str
) -> None:
    run_like(small_survey)
    change(small_survey.parent)
    done = duiding("trace", "beter", "geld", "--survey", small_survey)
    assert done.returncode == 2
    assert f"{said}. Next: duiding run {small_survey}" in done.stderr


def _add_question(survey: Path) -> None:
    survey.write_text(survey.read_text() + "  - {id: nieuw, column: beter, codebook: klein.yaml}\n")


def _replace(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text().replace(old, new))


# --- checks


def test_check_reports_slips_in_the_published_figures(demo: Path, duiding: Command, tmp_path: Path) -> None:
    clean = duiding("check", demo / "participatiewet")
    assert "no slips found" in clean.stdout
    for file in (demo / "participatiewet").iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    reference = (ROOT / "annotations" / "reference" / "participatiewet.csv").read_text(encoding="utf-8-sig")
    old = "succes;Mijn klantmanager;Totaal;2022;0.39"
    assert old in reference
    (tmp_path / "participatiewet.csv").write_text(reference.replace(old, old.replace("0.39", "0.93")), encoding="utf-8")
    found = duiding("check", tmp_path)
    assert found.returncode == 0, found.stderr
    assert "slips in" in found.stdout
    assert "succes, Totaal, 2022, klantmanager" in found.stdout


# --- nobody's data


def contents(folder: Path) -> Iterator[bytes]:
    """Yield what every file of a folder holds, tables as text and archives unpacked."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        if path.suffix == ".parquet":
            yield pd.read_parquet(path).to_csv().encode()
            continue
        try:
            with ZipFile(path) as archive:
                for name in archive.namelist():
                    yield archive.read(name)
        except BadZipFile:
            yield path.read_bytes()


@pytest.mark.parametrize("name", SURVEYS)
def test_personal_data_is_in_no_file_of_the_workspace(demo: Path, name: str) -> None:
    """At least 90% of what is personal in the answers is nowhere; only counts are told, never a text."""
    text = (ROOT / "annotations" / "demo" / f"{name}_waar.jsonl").read_text(encoding="utf-8")
    personal = sorted({item for line in text.splitlines() for item in json.loads(line)["personal"]})
    everything = [content.decode("utf-8", errors="ignore") for content in contents(workspace(demo, name).folder)]
    left = sum(any(item in content for content in everything) for item in personal)
    assert personal
    assert left <= 0.1 * len(personal), f"{left} of {len(personal)} are left"


@pytest.mark.parametrize(("name", "questions"), [("participatiewet", 2), ("minimabeleid", 2)])
def test_the_report_says_how_well_coders_agree_where_enough_was_coded_twice(
    demo: Path, name: str, questions: int
) -> None:
    (table,) = (demo / name).glob("duiding-werk/rapport/tabellen/*-overeenstemming.csv")
    head, *rows = table.read_text(encoding="utf-8-sig").strip().split("\n")
    assert head.split(";")[1:] == ["Antwoorden", "Overeenstemming (%)", "Krippendorffs alfa"]
    assert len(rows) == questions
    assert all(int(row.split(";")[1]) >= 10 for row in rows)
