"""survey.yaml: a mistake names file, place, what was found and what was meant."""

from __future__ import annotations

import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.bundled import bundled
from pipeline.config import load_survey
from pipeline.errors import CodebookError, ConfigError, DuidingError
from pipeline.validation import read_text


def test_a_survey_is_read(small_survey: Path) -> None:
    survey = load_survey(small_survey)
    assert survey.wave == "2026"
    assert survey.workspace_path == small_survey.parent / "duiding-werk"
    assert load_survey(small_survey.parent).title == survey.title


@pytest.mark.parametrize(("written", "meant"), [("yes", True), ("off", False), ("true", True)])
def test_a_switch_may_be_written_as_a_word(small_survey: Path, written: str, meant: bool) -> None:
    small_survey.write_text(small_survey.read_text() + f"report: {{residual_last: {written}}}\n")
    assert load_survey(small_survey).report.residual_last is meant


def test_the_suffix_of_survey_and_codebook_may_be_in_capitals(small_survey: Path) -> None:
    small_survey.write_text(small_survey.read_text().replace("klein.yaml", "KLEIN.YAML"))
    small_survey.with_name("klein.yaml").rename(small_survey.with_name("KLEIN.YAML"))
    survey = load_survey(small_survey.rename(small_survey.with_name("SURVEY.YAML")))
    assert [code.id for code in survey.codebook(survey.questions[0]).codes] == ["telefoon", "geld", "anders"]


def test_a_codebook_in_capitals_is_what_may_be_meant(small_survey: Path) -> None:
    small_survey.write_text(small_survey.read_text().replace("klein.yaml", "stadsplan.yaml"))
    small_survey.with_name("klein.yaml").rename(small_survey.with_name("STADPLAN.YAML"))
    with pytest.raises(ConfigError, match="did you mean 'STADPLAN.YAML'"):
        load_survey(small_survey)


@pytest.mark.parametrize("name", ["participatiewet", "minimabeleid"])
def test_the_demo_surveys_are_valid(name: str) -> None:
    assert load_survey(bundled("annotations", "demo", f"{name}.yaml")).questions


@pytest.mark.parametrize(
    ("old", "new", "error", "parts"),
    [
        ("title:", "titel:", ConfigError, ["unknown key 'titel'", "'title'"]),
        ("group: plaats", "groep: plaats", ConfigError, ["input", "unknown key 'groep'", "'group'"]),
        ("column: beter", "colum: beter", ConfigError, ["questions[0]", "unknown key 'colum'", "'column'"]),
        ("title: Klein onderzoek\n", "", ConfigError, ["key 'title' is missing"]),
        (
            "codebook: klein.yaml",
            "codebook: participatiewet-sucses",
            ConfigError,
            ["did you mean 'participatiewet-succes'"],
        ),
        ("klein.yaml", "klien.yaml", ConfigError, ["(beter): codebook 'klien.yaml'", "did you mean 'klein.yaml'?"]),
        (
            "klein.yaml",
            "klein.yaml, earlier_codebooks: {2020: klien.yaml}",
            ConfigError,
            ["(beter).earlier_codebooks.2020", "did you mean 'klein.yaml'?"],
        ),
        ("t1: Telefoon", "t1: Telefon", CodebookError, ["questions[0] (beter).ticks.t1", "did you mean 'Telefoon'"]),
        ("input: {", "input: {delimiter: x, ", ConfigError, ["input.delimiter", "expected"]),
        ("ticks: {", "ticks_separator: '', ticks: {", ConfigError, ["questions[0].ticks_separator", "at least 1"]),
        ("ticks: {", "fixed_codes: [Geld], ticks: {", ConfigError, ["(beter).fixed_codes", "nothing is left to code"]),
        ("title: Klein", "title: [Klein", ConfigError, ["not valid YAML"]),
        (
            "column: beter",
            "title: Wat kan beter?, column: beter",
            ConfigError,
            ["line 6", "not valid YAML", "question mark"],
        ),
        ("title: Klein onderzoek", "title: 2026", ConfigError, ["title: a value", "expected text. Next:", "in quotes"]),
    ],
)
def test_a_mistake_is_named(
    small_survey: Path, old: str, new: str, error: type[DuidingError], parts: list[str]
) -> None:
    text = small_survey.read_text()
    assert old in text
    small_survey.write_text(text.replace(old, new, 1))
    with pytest.raises(error) as caught:
        load_survey(small_survey)
    for part in ["survey.yaml", *parts]:
        assert part in str(caught.value)


def test_a_survey_has_a_question(small_survey: Path) -> None:
    small_survey.write_text(small_survey.read_text().partition("questions:")[0] + "questions: []\n")
    with pytest.raises(ConfigError, match="questions: an empty list; expected at least 1 in it"):
        load_survey(small_survey)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"{tmp_path}.*the place of survey.yaml.*duiding init"):
        load_survey(tmp_path / "survey.yaml")


def test_missing_examples_name_the_key_and_the_file_beside(small_survey: Path, write: Callable[..., Path]) -> None:
    write("voorbeelden.jsonl", "")
    small_survey.write_text(small_survey.read_text().replace("klein.yaml", "klein.yaml, examples: voorbelden.jsonl"))
    with pytest.raises(ConfigError, match=r"\(beter\)\.examples: no such file.*did you mean 'voorbeelden.jsonl'\?"):
        load_survey(small_survey)


def test_a_traceback_shows_no_line_of_a_file(small_survey: Path) -> None:
    small_survey.write_text(small_survey.read_text() + "geheim: [Mijn tekst\n")
    with pytest.raises(ConfigError, match="not valid YAML") as caught:
        load_survey(small_survey)
    assert "Mijn tekst" not in "".join(traceback.format_exception(caught.value))


def test_a_text_file_that_is_not_there_says_what_to_do(tmp_path: Path, write: Callable[..., Path]) -> None:
    write("gecodeerd.jsonl", "")
    with pytest.raises(ConfigError, match=r"no such file\. Next: did you mean 'gecodeerd.jsonl'\?"):
        read_text(tmp_path / "gecodeert.jsonl", ConfigError)
    with pytest.raises(ConfigError, match=r"no such file\. Next: correct the path"):
        read_text(tmp_path / "x", ConfigError)


@pytest.mark.parametrize("folder", [".", "..", "../."])
def test_the_workspace_is_never_a_folder_that_holds_the_survey_itself(small_survey: Path, folder: str) -> None:
    small_survey.write_text(small_survey.read_text() + f"workspace: {folder}\n")
    with pytest.raises(ConfigError, match=r"workspace: a folder that holds survey\.yaml itself.*'duiding-werk'"):
        load_survey(small_survey)


def test_long_layout_needs_its_columns(small_survey: Path) -> None:
    small_survey.write_text(small_survey.read_text().replace("input: {", "input: {layout: long, "))
    with pytest.raises(ConfigError, match="'question' and 'text'"):
        load_survey(small_survey)


@pytest.mark.parametrize("key", ["respondent", "group", "wave", "weight"])
@pytest.mark.parametrize("command", ["check", "run"])
def test_a_column_of_answers_is_nothing_else(
    small_survey: Path, key: str, command: str, duiding: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    text = small_survey.read_text().replace("respondent: nr, group: plaats", f"{key}: ' beter'")
    small_survey.write_text(text)
    done = duiding(command, small_survey)
    assert done.returncode == 2
    assert f"survey.yaml: questions[0] (beter).column: column 'beter' is 'input.{key}' as well" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (small_survey.parent / "duiding-werk").exists()


@pytest.mark.parametrize("key", ["respondent", "group", "wave", "weight", "question"])
def test_the_answers_of_a_long_file_are_nothing_else(small_survey: Path, key: str) -> None:
    columns = {"question": "vraag", "text": "antwoord", key: "antwoord"}
    named = ", ".join(f"{name}: {column}" for name, column in columns.items())
    text = small_survey.read_text().replace("respondent: nr, group: plaats", f"layout: long, {named}")
    small_survey.write_text(text)
    with pytest.raises(ConfigError, match=rf"input\.text: column 'antwoord' is 'input\.{key}' as well"):
        load_survey(small_survey)


def test_two_questions_with_one_id(small_survey: Path, write: Callable[..., Path]) -> None:
    small_survey.write_text(small_survey.read_text() + "  - {id: beter, column: t1, codebook: klein.yaml}\n")
    with pytest.raises(ConfigError, match="two questions with this id"):
        load_survey(small_survey)
