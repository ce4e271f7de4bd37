"""Explanations: the words that decide carry the weight, and nearest examples are of that code."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.cli_coding import explanation_lines
from pipeline.codebook import load_codebook
from pipeline.coding.classify import find_model
from pipeline.coding.examples import shipped_examples
from pipeline.coding.explain import Explainer, Explanation
from pipeline.coding.model import FacetModel

ANSWER = "Neem de telefoon nou eens op! En de heer … kwam te laat"


@pytest.fixture(scope="module")
def found() -> Explanation:
    book = load_codebook("participatiewet-verbeter")
    model, encoder = find_model(book)
    return Explainer(model, encoder, shipped_examples(book), codebook=book).explain([ANSWER])[0]


def test_the_decisive_word_weighs_most(found: Explanation) -> None:
    reason = found.reasons[0]
    assert reason.label == "Telefonische bereikbaarheid"
    assert max(reason.words, key=lambda word: word.weight).text == "telefoon"


def test_the_words_are_the_answers_own_in_order(found: Explanation) -> None:
    assert [word.text for word in found.reasons[0].words] == ANSWER.split()


def test_nearest_examples_have_the_code_nearest_first(found: Explanation) -> None:
    for reason in found.reasons:
        assert len(reason.examples) == 3
        assert all(reason.code in near.codes for near in reason.examples)
        likeness = [near.similarity for near in reason.examples]
        assert likeness == sorted(likeness, reverse=True)
        assert all(0 <= value <= 1 for value in likeness)


def test_words_and_vector_push_towards_what_was_chosen(found: Explanation) -> None:
    for reason in found.reasons[:1]:
        assert sum(word.weight for word in reason.words) + reason.vector > 0


def test_what_words_and_vector_add_is_how_the_log_odds_grow_with_them() -> None:
    """Of models under a network the calibration scales them: by how much they grow when all features do."""
    model, encoder = find_model(load_codebook("minimabeleid-ervaring"))
    alone, text = replace(model, network=None), "Fijn dat de kosten van zwemles zijn betaald, maar het duurde erg lang"
    features = model.features.transform([text], encoder)

    def log_odds(facet: FacetModel, size: float) -> np.ndarray:
        assert facet.linear is not None
        return facet.linear.scaled(facet.logits(size * features @ facet.weight_columns.astype(np.float64)))[0]

    facets = {code: name for name, facet in model.facets.items() if facet.linear is not None for code in facet.codes}
    reasons = [reason for reason in Explainer(alone, encoder, []).explain([text])[0].reasons if reason.code in facets]
    assert {facets[reason.code] for reason in reasons} == {"valentie", "thema"}
    for reason in reasons:
        facet = model.facets[facets[reason.code]]
        growth = (log_odds(facet, 1.001) - log_odds(facet, 0.999))[facet.codes.index(reason.code)] / 0.002
        assert sum(word.weight for word in reason.words) + reason.vector == pytest.approx(growth, abs=0.01)


def test_without_its_telephone_the_answer_loses_the_code() -> None:
    book = load_codebook("participatiewet-verbeter")
    model, encoder = find_model(book)
    other = Explainer(model, encoder, [], codebook=book).explain(["En de heer … kwam te laat"])[0]
    assert "Telefonische bereikbaarheid" not in [reason.label for reason in other.reasons]
    assert all(reason.examples == () for reason in other.reasons)


def test_a_given_scheme_is_not_explained_from_words() -> None:
    book = load_codebook("minimabeleid-ervaring")
    model, encoder = find_model(book)
    given = Explainer(model, encoder, [], codebook=book).explain(["Fijn, nieuwe bril"], ["bijzondere-bijstand"])[0]
    (scheme,) = [reason for reason in given.reasons if reason.given]
    assert (scheme.code, scheme.words, scheme.score) == ("bijzondere-bijstand", (), 1.0)
    assert len(given.reasons) >= 2


def test_many_answers_at_once_are_explained_as_one_by_one(found: Explanation) -> None:
    book = load_codebook("participatiewet-verbeter")
    model, encoder = find_model(book)
    explainer = Explainer(model, encoder, shipped_examples(book), codebook=book)
    texts = ["Betere uitleg over mijn rechten", ANSWER, "…", "", "Niks"]
    assert explainer.explain(texts)[1] == found
    assert explainer.explain(texts) == [explainer.explain([text])[0] for text in texts]
    assert explainer.explain([]) == []


def test_another_room_can_show_it(found: Explanation) -> None:
    again = json.loads(json.dumps(found.to_json()))
    assert again["reasons"][0]["words"][0] == {"text": "Neem", "weight": found.reasons[0].words[0].weight}


def test_an_analyst_can_read_it(found: Explanation) -> None:
    lines = explanation_lines(found)
    assert lines[0] == f'"{ANSWER}"'
    assert any(line.startswith("  words for: telefoon +") for line in lines)
    assert any(line.startswith("  like the example (0.") for line in lines)
