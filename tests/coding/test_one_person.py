"""Praise of one person without a role: by the mark of a removed name, or only as "zij", "hem" or "die mevrouw"."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipeline.codebook import load_codebook
from pipeline.coding.classify import code_answers
from pipeline.coding.examples import load_examples, shipped_examples
from pipeline.coding.words import NAME_MARK

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize(
    ("name", "person"), [("minimabeleid-succes", "contactpersoon"), ("participatiewet-succes", "klantmanager")]
)
@pytest.mark.parametrize(("kind", "marked"), [("removed_names", True), ("one_person", False)])
def test_praise_of_one_person_is_praise_of_that_person(kind: str, marked: bool, name: str, person: str) -> None:
    """None was learned from; two of three readers gave the code."""
    book = load_codebook(name)
    answers = load_examples(DATA / f"{kind}_{name}.jsonl", book)
    meant = [one.text for one in answers if sum(person in codes for codes in one.readings) >= 2]
    assert len(meant) >= 60
    assert all((NAME_MARK in text) is marked for text in meant)
    assert not {one.text for one in shipped_examples(book)} & set(meant)
    table = pd.DataFrame({"answer_id": [str(row) for row in range(len(meant))], "text": meant})
    coded = code_answers(table, book).codings
    given = coded[coded["applied"] & (coded["code"] == person)]["answer_id"].nunique()
    assert given / len(meant) >= 0.85
