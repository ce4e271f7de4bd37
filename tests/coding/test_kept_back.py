"""Kinds of answers that the classifiers once failed, by answers that were kept back when the others were learned."""

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
    ("kind", "name", "code", "least"),
    [
        # One person without a role: by the mark of a removed name, or only as "zij", "hem" or "die mevrouw".
        ("removed_names", "minimabeleid-succes", "contactpersoon", 60),
        ("removed_names", "participatiewet-succes", "klantmanager", 60),
        ("one_person", "minimabeleid-succes", "contactpersoon", 60),
        ("one_person", "participatiewet-succes", "klantmanager", 60),
        # A rule or condition that shuts somebody out.
        ("strict_rules", "minimabeleid-verbeter", "verruimen", 25),
    ],
)
def test_answers_of_a_hard_kind_get_the_code_that_readers_gave(kind: str, name: str, code: str, least: int) -> None:
    """None was learned from; two of three readers gave the code."""
    book = load_codebook(name)
    answers = load_examples(DATA / f"{kind}_{name}.jsonl", book)
    meant = [one.text for one in answers if sum(code in codes for codes in one.readings) >= 2]
    assert len(meant) >= least
    assert all((NAME_MARK in text) == (kind == "removed_names") for text in meant)
    assert not {one.text for one in shipped_examples(book)} & set(meant)
    table = pd.DataFrame({"answer_id": [str(row) for row in range(len(meant))], "text": meant})
    coded = code_answers(table, book).codings
    given = coded[coded["applied"] & (coded["code"] == code)]["answer_id"].nunique()
    assert given / len(meant) >= 0.85
