"""Codebooks of other fields (waste, a library, tenants, staff, a hospital, a pool) that no model was made for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.coding.evaluate import evaluate

DATA = Path(__file__).parent / "data"
#: What share of first codes must be right with fifteen examples per code.
BARS = {"afval": 0.7, "bibliotheek": 0.75, "huurders": 0.7, "medewerkers": 0.67, "ziekenhuis": 0.7, "zwembad": 0.85}


def figures(field: str, examples: Path | None) -> dict[str, float | str]:
    found = evaluate(DATA / f"{field}_toets.jsonl", codebook=DATA / f"{field}.yaml", examples=examples)
    return {"start": found["per_question"][field]["start"], "top1": found["top1"]}


@pytest.mark.parametrize("field", BARS)
def test_its_own_words_are_a_useful_start_and_fifteen_examples_per_code_do_better(field: str) -> None:
    start, learned = figures(field, None), figures(field, DATA / f"{field}_voorbeelden.jsonl")
    assert (start["start"], learned["start"]) == ("zero-shot", "learned")
    assert float(start["top1"]) >= 0.6
    assert float(learned["top1"]) >= BARS[field]
    assert float(learned["top1"]) > float(start["top1"])
