"""Published figures: a number of people is read as such, and what is not used is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import load_survey
from pipeline.errors import TableError
from pipeline.intake.reference import read_reference, reference_notes

HEAD = "question;code;group;wave;share;n\n"


@pytest.fixture
def survey(small_survey: Path, write: Callable[..., Path]) -> Callable[[str], Path]:
    def with_figures(rows: str) -> Path:
        write("ref.csv", HEAD + rows)
        small_survey.write_text(small_survey.read_text() + "reference: ref.csv\n")
        return small_survey

    return with_figures


@pytest.mark.parametrize(
    ("written", "meant"), [("1.000", 1000), ("1 000", 1000), ("12.345", 12345), ("900", 900), ("900.0", 900), ("7", 7)]
)
def test_a_number_of_people_may_have_a_thousands_point(survey: Callable[[str], Path], written: str, meant: int) -> None:
    found = read_reference(
        load_survey(survey(f"beter;Geld;Totaal;2024;0.5;{written}\nbeter;Telefoon;Totaal;2024;0.1;\n"))
    )
    assert found is not None
    assert found["n"].fillna(-1).tolist() == [meant, -1]


@pytest.mark.parametrize("written", ["ca. 900", "-5", "1.5", "veel"])
def test_what_is_no_number_of_people_is_refused(survey: Callable[[str], Path], written: str) -> None:
    with pytest.raises(TableError, match="row 2, column n: not a number of people"):
        read_reference(load_survey(survey(f"beter;Geld;Totaal;2024;0.5;{written}\n")))


def test_names_are_spaced_as_in_the_file_of_the_survey(survey: Callable[[str], Path]) -> None:
    """A blank at the end made `Noord` of two years ago a reference group, with which the total was compared."""
    found = read_reference(
        load_survey(survey(" beter;Geld ;Noord ;2024.0;0.5;100\nbeter;Geld;De\u00a0 Kern;2024;0.1;\n"))
    )
    assert found is not None
    assert found[["question", "code", "group", "wave"]].to_numpy().tolist() == [
        ["beter", "geld", "Noord", "2024"], ["beter", "geld", "De Kern", "2024"]
    ]  # fmt: skip


def test_a_mistyped_question_or_reference_group_is_said(survey: Callable[[str], Path]) -> None:
    path = survey("beterr;Geld;Totaal;2024;0.5;\nbeter;Geld;Referentigroep;2026;0.5;\nleeftijd;x;Totaal;2024;0.5;\n")
    assert reference_notes(load_survey(path)) == [
        "1 figures are not used: question 'beterr' is not in survey.yaml; did you mean 'beter'?",
        "1 figures are not used: question 'leeftijd' is not in survey.yaml",
        "no figure is of reference_group 'Referentiegroep'; did you mean 'Referentigroep'?",
    ]


def test_earlier_years_alone_need_no_reference_group(survey: Callable[[str], Path]) -> None:
    assert reference_notes(load_survey(survey("beter;Geld;Totaal;2024;0.5;100\n"))) == []


def test_figures_of_a_group_that_nobody_is_in_are_said(survey: Callable[[str], Path]) -> None:
    rows = ("Noord;2024", "Nord;2024", "Totaal;2024", "Referentiegroep;2026", "Oost;2024")
    found = load_survey(survey("".join(f"beter;Geld;{row};0.5;100\n" for row in rows)))
    assert reference_notes(found) == []
    (note,) = reference_notes(found, {"Noord", "Zuid"})
    assert note == "2 figures are not shown, for nobody who answered is of their group: 'Nord', 'Oost'"
