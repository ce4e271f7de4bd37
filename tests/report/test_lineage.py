from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.report.build import ReportData, make_context
from pipeline.report.lineage import coded_answers, trace
from pipeline.report.options import Options

ANSWERS = pd.DataFrame(
    {
        "answer_id": ["a"],
        "respondent_id": ["r"],
        "question": ["succes"],
        "group": ["Borne"],
        "status": ["answer"],
        "text": ["x"],
    }
)


def final(*rows: tuple[str, bool, str, str]) -> dict[str, tuple[str, str]]:
    frame = pd.DataFrame([("a", *row) for row in rows], columns=["answer_id", "code", "applied", "role", "coder"])
    return coded_answers(ANSWERS, frame)[0].codes


def test_a_person_overrules_the_machine() -> None:
    codes = final(
        ("klantmanager", True, "machine", "m"),
        ("vangnet", True, "audit", "anna"),
        ("klantmanager", False, "audit", "anna"),
    )
    assert codes == {"vangnet": ("audit", "anna")}


def test_the_audit_goes_before_training_and_a_second_coder() -> None:
    codes = final(
        ("vangnet", True, "second", "cor"),
        ("aandacht", True, "training", "bo"),
        ("klantmanager", True, "audit", "anna"),
    )
    assert codes == {"klantmanager": ("audit", "anna")}


def test_a_tick_adds_and_is_never_taken_away() -> None:
    codes = final(
        ("vangnet", True, "tick", "respondent"),
        ("klantmanager", True, "audit", "anna"),
        ("vangnet", False, "audit", "anna"),
    )
    assert codes == {"klantmanager": ("audit", "anna"), "vangnet": ("tick", "respondent")}


def test_a_tick_without_text_counts() -> None:
    empty = ANSWERS.assign(status="empty", text="")
    ticked = pd.DataFrame(
        [("a", "vangnet", True, "tick", "r")], columns=["answer_id", "code", "applied", "role", "coder"]
    )
    assert coded_answers(empty, ticked)[0].counts


def test_the_answers_behind_a_cell_are_those_with_the_code(data: ReportData) -> None:
    book = make_context(data, Options()).book
    found = trace(book, "succes", "Totaal", "klantmanager", data.versions)
    expected = set(data.codings.loc[data.codings["code"] == "klantmanager", "answer_id"])
    assert set(found["answer_id"]) == {one for one in expected if one.startswith("succes")}
    assert set(found["role"]) <= {"machine", "audit"}
    assert found["model"].unique().tolist() == ["linear-nl 1.0 (4c1f0a52)"]
    assert data.codebooks["succes"].digest in found["codebook"].iloc[0]


def test_no_answer_is_shown_with_a_group_whose_cell_is_small(data: ReportData) -> None:
    book = make_context(data, Options(min_cell=10)).book
    for one in book.coded:
        if group := book.group_shown(one):
            for code in one.codes:
                assert book.count(one.question, group, code) >= 10


def test_one_closed_group_closes_another_so_that_subtracting_tells_nothing(data: ReportData) -> None:
    book = make_context(data, Options()).book
    for question, codebook in data.codebooks.items():
        for code in codebook.codes:
            cells = [(question, group, code.id) for group in ("Hengelo", "Haaksbergen", "Borne")]
            closed = [cell for cell in cells if book.count(*cell) and not book.may_open(*cell)]
            assert len(closed) != 1


def test_a_suppressed_share_closes_its_answers(data: ReportData) -> None:
    cell = (
        (data.shares["question"] == "succes")
        & (data.shares["code"] == "klantmanager")
        & (data.shares["group"] == "Hengelo")
    )
    shares = data.shares.assign(suppressed=data.shares["suppressed"] | cell)
    book = make_context(replace(data, shares=shares), Options()).book
    assert book.behind("succes", "Hengelo", "klantmanager") == []
    assert not trace(book, "succes", "Totaal", "klantmanager", {})["group"].eq("Hengelo").any()


@pytest.mark.parametrize("group", ["Hengelo", "Borne", "Totaal"])
def test_other_waves_are_not_behind_this_years_cells(data: ReportData, group: str) -> None:
    older = replace(data, answers=data.answers.assign(wave="2018"))
    assert make_context(older, Options()).book.behind("succes", group, "klantmanager") == []


def test_a_code_that_the_reviewer_was_not_asked_about_stays_the_machines() -> None:
    answers = pd.DataFrame({"answer_id": ["a"], "respondent_id": ["r"], "question": ["q"], "status": ["answer"]})
    codings = pd.DataFrame(
        [
            ("a", "oud", True, "m", "machine"),
            ("a", "nieuw", True, "m", "machine"),
            ("a", "oud", False, "anna", "audit"),
        ],
        columns=["answer_id", "code", "applied", "coder", "role"],
    )
    (one,) = coded_answers(answers, codings)
    assert one.codes == {"nieuw": ("machine", "m")}
