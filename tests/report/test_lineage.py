from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.report.build import ReportData, make_context
from pipeline.report.coded import coded_answers
from pipeline.report.coded_file import coded_file
from pipeline.report.lineage import trace
from pipeline.report.options import Options
from pipeline.report.payload import answer_payload

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


def test_what_is_missing_from_a_list_is_nobody_or_enough_of_several_codes(data: ReportData) -> None:
    """Everyone can count the listed answers, and how many people answered stands in the table."""
    for min_cell in (5, 12):
        book = make_context(data, Options(min_cell=min_cell)).book
        withheld = 0
        for question in ("succes", "verbeter"):
            listed = book.listed(question)
            for place in ("Hengelo", "Haaksbergen", "Borne"):
                here = [one for one in book.by_question[question] if one.group == place]
                with_group = {one.answer_id for one, _, group in listed if group == place}
                missing = [one for one in here if one.answer_id not in with_group]
                closed = {code for one in missing for code in one.codes if not book.may_open(question, place, code)}
                withheld += not with_group
                assert not missing or not with_group or (len(missing) >= min_cell and len(closed) > 1)
        assert withheld


def test_answers_are_not_listed_when_their_number_tells_a_figure_left_out(data: ReportData) -> None:
    """The estimates leave out one small figure more for that; where it would not do, nothing is listed."""
    few = data.answers[data.answers["question"] == "succes"]["answer_id"].iloc[:3]
    rest = data.codings[~data.codings["answer_id"].isin(few) & (data.codings["code"] != "vangnet")]
    own = pd.DataFrame({"answer_id": few, "code": "vangnet", "applied": True, "coder": "model", "role": "machine"})
    hidden = data.shares.assign(suppressed=data.shares["suppressed"] | (data.shares["code"] == "vangnet"))
    answers = data.answers.assign(status=data.answers["status"].where(~data.answers["answer_id"].isin(few), "answer"))
    context = make_context(
        replace(data, shares=hidden, answers=answers, codings=pd.concat([rest, own], ignore_index=True)), Options()
    )
    assert not context.book.may_list("succes", "Totaal")
    assert answer_payload(context, "succes", data.versions)["answers"] == []
    assert context.cell("succes", "Totaal", "klantmanager").opens is None
    assert answer_payload(context, "verbeter", data.versions)["answers"]


def test_published_numbers_do_not_link_a_respondents_answers(data: ReportData) -> None:
    """The page and the workbook name an answer by a number that says nothing of respondent or place in the file."""
    context = make_context(data, Options())
    book = context.book
    person = {one.answer_id: one.respondent_id for one in book.coded}
    people: dict[str, list[str]] = {}
    for question in ("succes", "verbeter"):
        answers = answer_payload(context, question, data.versions)["answers"]
        assert [number for number, *_ in answers] == sorted(
            book.numbers[one.answer_id] for one in book.published(question)
        )
        people[question] = [person[one.answer_id] for one in book.published(question)]
    both = set(people["succes"]) & set(people["verbeter"])
    first, second = ([one for one in people[question] if one in both] for question in ("succes", "verbeter"))
    assert sum(left == right for left, right in zip(first, second, strict=True)) < len(both) / 10
    assert first != sorted(first)


def test_the_same_answers_get_the_same_numbers_whatever_the_codes(data: ReportData) -> None:
    numbers = make_context(data, Options()).book.numbers
    fewer = replace(data, codings=data.codings.iloc[::2], answers=data.answers.iloc[::-1])
    assert make_context(fewer, Options()).book.numbers == numbers
    moved = replace(data, answers=data.answers.assign(group="Borne"))
    assert make_context(moved, Options()).book.numbers != numbers


def test_a_number_leads_the_analyst_back_to_the_answer(data: ReportData) -> None:
    context = make_context(data, Options())
    found = trace(context.book, "succes", "Totaal", "klantmanager", {})
    assert {context.book.numbers[answer] for answer in found["answer_id"]} == set(found["number"])
    own = coded_file(context).table.dropna(subset=["succes_nummer"]).set_index("succes_nummer")["respondent"]
    respondent = data.answers.set_index("answer_id")["respondent_id"]
    assert all(own[row.number] == respondent[row.answer_id] for row in found.itertuples())


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
