"""`duiding evaluate`: the figures, by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.coding.evaluate import evaluate
from pipeline.errors import CodebookError, DuidingError, TableError

BOOK = """
residual: anders
codes:
  - {label: Prijs, keywords: [duur, prijs, kosten, betalen]}
  - {label: Wachten, keywords: [rij, kassa, wachten, lang]}
  - {label: Anders}
"""


def jsonl(*lines: dict[str, object]) -> str:
    return "\n".join(json.dumps(line) for line in lines)


def test_figures_by_hand(write: Callable[..., Path]) -> None:
    lines = jsonl(
        {"text": "duur en prijs", "codes": ["Prijs"]},
        {"text": "wachten in de rij", "codes": ["prijs", "wachten"]},
        {"text": "lang wachten bij de kassa", "category": "Wachten"},
    )
    found = evaluate(write("f.jsonl", lines), codebook=write("winkel.yaml", BOOK))
    assert found["n"] == 3
    assert found["top1"] == found["hit"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["codes_per_answer"] == 1
    assert found["micro_f1"] == pytest.approx(2 * 3 / (3 + 4), abs=1e-4)
    for figures in (found, found["per_question"]["winkel"]):
        assert figures["macro_f1"] == pytest.approx((2 / 3 + 1) / 2, abs=1e-4)  # no line names Anders
    codes = found["per_question"]["winkel"]["per_code"]
    assert codes["Prijs"] == {"n": 2, "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3, abs=1e-4)}
    assert found["per_question"]["winkel"]["start"] == "zero-shot"


def test_every_facet_has_its_own_figures(write: Callable[..., Path]) -> None:
    book = """
facets: [{id: toon, choice: one}, {id: onderwerp}]
codes:
  - {label: Blij, facet: toon, keywords: [goed]}
  - {label: Boos, facet: toon, keywords: [slecht]}
  - {label: Geld, facet: onderwerp, keywords: [euro]}
  - {label: Tijd, facet: onderwerp, keywords: [wachten]}
"""
    lines = jsonl(
        {"text": "goed en veel euro", "codes": ["Blij", "Geld"]},
        {"text": "slecht, lang wachten", "codes": ["Boos", "Tijd"]},
    )
    found = evaluate(write("f.jsonl", lines), codebook=write("loket.yaml", book))
    facets = found["per_question"]["loket"]["facets"]
    assert {name: sorted(facet["per_code"]) for name, facet in facets.items()} == {
        "toon": ["Blij", "Boos"], "onderwerp": ["Geld", "Tijd"],
    }  # fmt: skip
    counts = [facet["counts"] for facet in facets.values()]
    hits, given, wanted = (sum(count[name] for count in counts) for name in ("hits", "given", "wanted"))
    assert found["micro_f1"] == pytest.approx(2 * hits / (given + wanted), abs=1e-4)
    assert found["macro_f1"] == pytest.approx(sum(facet["macro_f1"] for facet in facets.values()) / 2, abs=1e-4)


def test_a_new_codebook_is_learned_from_its_examples_alone(write: Callable[..., Path]) -> None:
    examples = jsonl(*[{"text": f"{word} gekocht", "codes": ["Prijs"]} for word in "brood melk kaas ham ei".split()])
    found = evaluate(
        write("f.jsonl", jsonl({"text": "kaas gekocht", "codes": ["Prijs"]})),
        codebook=write("winkel.yaml", BOOK),
        examples=write("ex.jsonl", examples),
    )
    assert found["top1"] == 1
    assert found["per_question"]["winkel"]["start"] == "learned"


def test_survey_and_question_choose_the_codebook_and_experiences_have_their_own_figures(
    write: Callable[..., Path],
) -> None:
    lines = jsonl(
        {"survey": "participatiewet", "question": "verbeter", "category": "Telefonische bereikbaarheid",
         "text": "Neem de telefoon op"},
        {"survey": "minimabeleid", "question": "ervaring", "category": "Kindpakket", "text": "Heel blij mee",
         "valence": "positief", "themes": ["Blij met de regeling"]},
        {"survey": "minimabeleid", "question": "ervaring", "category": "Kindpakket", "text": "Duurde een half jaar",
         "valence": None, "themes": ["Duurt lang"]},
    )  # fmt: skip
    found = evaluate(write("f.jsonl", lines))
    assert set(found["per_question"]) == {"participatiewet-verbeter", "minimabeleid-ervaring"}
    assert found["n"] == 3
    assert found["top1"] == 1
    assert found["valence_accuracy"] == 1
    assert found["per_question"]["minimabeleid-ervaring"]["valence"]["n"] == 1
    assert found["theme_micro_f1"] > 0.5
    assert json.loads(json.dumps(found)) == found


def test_an_unknown_question_says_what_to_do(write: Callable[..., Path]) -> None:
    path = write("f.jsonl", jsonl({"survey": "x", "question": "y", "text": "t", "codes": ["a"]}))
    with pytest.raises(CodebookError, match="no shipped codebook 'x-y'.*--codebook"):
        evaluate(path)


FACETS = """
facets: [{id: thema, choice: one}, {id: plek}]
codes:
  - {label: Blij, facet: thema, keywords: [goed]}
  - {label: Boos, facet: thema, keywords: [slecht]}
  - {label: Balie, facet: plek, keywords: [balie]}
  - {label: Lijn, facet: plek, keywords: [telefoon]}
"""


@pytest.mark.parametrize(
    ("places", "top1"),
    [
        (["Balie", "Lijn"], (4 + 2) / (5 + 2)),
        ([], 4 / 5),  # what nothing says anything about is no mistake
    ],
)
def test_what_is_pooled_counts_answers_that_name_a_code(
    write: Callable[..., Path], places: list[str], top1: float
) -> None:
    texts = [("goed aan de balie", "Blij"), ("slecht aan de telefoon", "Boos"), ("goed", "Blij"), ("slecht", "Boos")]
    lines = [{"text": text, "codes": [code]} for text, code in [*texts, ("goed", "Boos")]]
    for line, place in zip(lines, places, strict=False):
        line["codes"] = [*line["codes"], place]
    found = evaluate(write("f.jsonl", jsonl(*lines)), codebook=write("loket.yaml", FACETS))
    facets = found["per_question"]["loket"]["facets"]  # one of its names is also an experience's
    assert {name: facet["n"] for name, facet in facets.items()} == {"thema": 5, "plek": len(places)}
    assert found["top1"] == pytest.approx(top1, abs=1e-4)


def test_experiences_may_name_all_their_codes_together(write: Callable[..., Path]) -> None:
    line = {"survey": "minimabeleid", "question": "ervaring", "text": "Heel blij mee"}
    found = evaluate(write("f.jsonl", jsonl(line | {"codes": ["positief", "Blij met de regeling"]})))
    assert found["valence_accuracy"] == found["theme_micro_f1"] == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"code": ["Prijs"]}, 'no codes; expected a key "codes"'),
        ({"codes": []}, "no codes"),
        ({"codes": 5}, "no codes"),
        ({"codes": {"Prijs": 1}}, "no codes"),
        ({"codes": ["veel te lang in de rij gestaan"]}, "a name of several words is not in codebook 'winkel'"),
        ({"codes": ["Prij\ns"]}, "code 'Prij s' is not in codebook 'winkel'. Next: did you mean 'Prijs'"),
    ],
)
def test_a_line_without_codes_is_named(write: Callable[..., Path], line: dict[str, object], said: str) -> None:
    """It is no answer that is coded wrongly; and what it says, which may be an answer's text, is not repeated."""
    path = write("f.jsonl", jsonl({"text": "duur", "codes": ["Prijs"]}, {"text": "te duur"} | line))
    with pytest.raises(DuidingError) as caught:
        evaluate(path, codebook=write("winkel.yaml", BOOK))
    assert f"f.jsonl: line 2: {said}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"themes": 5}, "no codes"),
        ({"themes": [], "valence": True}, "no codes"),
        ({"valence": "Blij met de regeling"}, "a code of facet 'valentie'"),
        ({"themes": ["positief"]}, "a code of facet 'thema'"),
    ],
)
def test_an_experience_with_a_code_in_the_wrong_place_is_named(
    write: Callable[..., Path], line: dict[str, object], said: str
) -> None:
    start = {"survey": "minimabeleid", "question": "ervaring", "text": "Heel blij mee"}
    with pytest.raises(TableError, match=f"f.jsonl: line 1: .*{said}"):
        evaluate(write("f.jsonl", jsonl(start | line)))


def test_an_answer_in_the_place_of_the_question_is_not_repeated(write: Callable[..., Path]) -> None:
    line = {"survey": "participatiewet", "question": "ik heb\nlang gewacht", "text": "succes", "codes": ["Anders"]}
    with pytest.raises(CodebookError, match="line 1: no shipped codebook for this survey and question") as caught:
        evaluate(write("f.jsonl", jsonl(line)))
    assert "gewacht" not in str(caught.value)
    assert "\n" not in str(caught.value)
