"""What the report says was coded and reviewed: answers with text, and never what respondents ticked themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.report.build import ReportData, make_context
from pipeline.report.content import Document, Text
from pipeline.report.document import make_document
from pipeline.report.options import Options


def document(data: ReportData) -> Document:
    return make_document(make_context(data, Options()), {}, (), None, 5)


def method(made: Document) -> str:
    return " ".join(line for block in made.closing[-1].views[0].blocks if isinstance(block, Text)
                    for line in block.paragraphs)  # fmt: skip


def ticked_only(data: ReportData, part: float) -> ReportData:
    """Return the data with that part of the coded answers as ticks beside an empty box."""
    coded = data.codings.loc[data.codings["role"] == "machine", "answer_id"].drop_duplicates()
    ids = set(coded.iloc[: round(part * len(coded))])
    answers = data.answers.assign(status=data.answers["status"].where(~data.answers["answer_id"].isin(ids), "empty"))
    codings = data.codings[~data.codings["answer_id"].isin(ids) | (data.codings["role"] == "machine")]
    return replace(data, answers=answers, codings=codings.assign(
        role=codings["role"].where(~codings["answer_id"].isin(ids), "tick")))  # fmt: skip


def test_ticks_alone_are_not_called_a_model_s_work(small: ReportData) -> None:
    made = document(replace(ticked_only(small, 1.0), shares=small.shares.assign(n_reviewed=0)))
    assert made.provisional == ""
    assert "antwoorden gecodeerd" not in {what for _, what in made.facts}
    assert method(made).startswith("Wat mensen zelf aankruisten")
    assert "door een computermodel ingedeeld" not in method(made)


@pytest.mark.parametrize("part", [0.0, 0.4])
def test_coded_and_reviewed_are_of_the_answers_with_text(small: ReportData, part: float) -> None:
    data = ticked_only(small, part)
    texts = data.answers[data.answers["status"] == "answer"]
    reviewed = data.codings.loc[data.codings["role"] == "audit", "answer_id"].nunique()
    made = document(data)
    assert {what: value for value, what in made.facts}["antwoorden gecodeerd"] == str(len(texts))
    assert f"Mensen hebben {reviewed} van de {len(texts)} antwoorden" in method(made)
