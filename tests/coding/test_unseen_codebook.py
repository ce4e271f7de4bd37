"""A codebook of another field (a swimming pool), which no model, encoder or setting was made for."""

from __future__ import annotations

from pathlib import Path

from pipeline.coding.evaluate import evaluate

DATA = Path(__file__).parent / "data"


def figures(examples: Path | None) -> dict[str, float | str]:
    found = evaluate(DATA / "zwembad_toets.jsonl", codebook=DATA / "zwembad.yaml", examples=examples)
    return {"start": found["per_question"]["zwembad"]["start"], "top1": found["top1"], "micro_f1": found["micro_f1"]}


def test_its_own_words_alone_are_a_useful_start_and_marked_as_such() -> None:
    found = figures(None)
    assert found["start"] == "zero-shot"
    assert float(found["top1"]) >= 0.5


def test_fifteen_examples_per_code_do_well() -> None:
    found = figures(DATA / "zwembad_voorbeelden.jsonl")
    assert found["start"] == "learned"
    assert float(found["top1"]) >= 0.7
    assert float(found["top1"]) > float(figures(None)["top1"])


if __name__ == "__main__":
    print("no examples:", figures(None))
    print("15 per code:", figures(DATA / "zwembad_voorbeelden.jsonl"))
