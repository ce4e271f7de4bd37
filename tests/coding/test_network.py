"""The network beside the linear models: the same in every batch, honest about what it has seen, optional."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from pipeline.bundled import bundled
from pipeline.codebook import load_codebook
from pipeline.coding import networks as room
from pipeline.coding.classify import find_model, kept_model
from pipeline.coding.embed import load_encoder
from pipeline.coding.examples import shipped_examples
from pipeline.coding.explain import Explainer
from pipeline.coding.fit import MIN_UNSEEN, fit_model
from pipeline.coding.model import UNSURE
from pipeline.coding.model_files import load_model, model_key, save_model
from pipeline.coding.network import CHUNK, MOST_OCCLUDED
from pipeline.coding.word_rows import Spoken
from pipeline.coding.words import Said
from pipeline.errors import ModelError

BOOK = "minimabeleid-ervaring"
ANSWERS = [example.text for example in shipped_examples(load_codebook(BOOK))[::60]]
TEXTS = ["Fijn dat het er is, maar het duurt te lang.", "Prima", "", "Ik heb het niet gekregen … !", "a " * 400]


def test_the_experiences_are_coded_with_it_and_every_facet_it_knows() -> None:
    book = load_codebook(BOOK)
    model, _ = find_model(book)
    assert model.network is room.network_for(book) is room.shipped_network(room.CODES_NETWORK)
    assert {facet for facet, found in model.facets.items() if found.linear is not None} == set(
        model.network.codes[BOOK]
    )
    assert all(found.share > 0 for found in model.facets.values() if found.linear is not None)


def test_a_codebook_it_does_not_know_is_coded_without() -> None:
    other = load_codebook("participatiewet-succes").model_copy(update={"id": "another"})
    assert room.network_digest(other) is None
    assert room.network_for(other) is None
    book = load_codebook(BOOK)
    fewer = tuple(code for code in book.codes if code.id != "duurt-lang")
    assert room.network_digest(book.model_copy(update={"codes": fewer})) is None


def test_only_answers_of_which_the_linear_models_are_not_sure_are_read() -> None:
    model, encoder = find_model(load_codebook(BOOK))
    texts = [*TEXTS, *ANSWERS]
    reading, found = model.read(texts, encoder), model.probabilities(texts, encoder)
    rest = np.setdiff1d(np.arange(len(texts)), reading.rows)
    assert 0.1 < len(rest) / len(texts) < 0.5
    whole = model.network.logits(Said.of(texts), BOOK) if model.network else {}
    assert set(whole) == {"thema", "valentie"}
    chosen_alike = []
    for name, read in whole.items():
        facet, logits = model.facets[name], reading.logits[name]
        alone, together = facet.alone(logits), facet.together(logits, read)
        assert np.array_equal(found[name][rest], alone[rest])
        assert np.array_equal(found[name][reading.rows], together[reading.rows])
        assert ((alone[rest] < UNSURE) | (alone[rest] > 1 - UNSURE)).all()
        chosen_alike.append((alone[rest].argmax(axis=1) == together[rest].argmax(axis=1)).mean())
    assert min(chosen_alike) >= 0.97  # reading them would have changed next to nothing


def test_an_explanation_counts_the_network_where_it_read() -> None:
    model, encoder = find_model(load_codebook(BOOK))
    texts = [text for text in ANSWERS if len(text.split()) > 3]
    unread = np.setdiff1d(np.arange(len(texts)), model.read(texts, encoder).rows)
    read_too, by_linear = (Explainer(one, encoder, []).explain(texts) for one in (model, replace(model, network=None)))
    compared = set()
    for row, (one, other) in enumerate(zip(read_too, by_linear, strict=True)):
        alike = {reason.code: reason.words for reason in other.reasons}
        for reason in one.reasons:
            if reason.code in alike and reason.code not in model.facets["regeling"].codes:
                assert (reason.words == alike[reason.code]) == (row in unread)
                compared.add(row in unread)
    assert compared == {True, False}


def test_an_answer_gets_the_same_logits_in_every_batch() -> None:
    network = room.shipped_network(room.CODES_NETWORK)
    texts = [*TEXTS, *(example.text for example in shipped_examples(load_codebook(BOOK))[:300])]
    together = network.logits(Said.of(texts), BOOK)
    network.forget()
    for facet, logits in together.items():
        alone = np.vstack([network.logits(Said.of([text]), BOOK)[facet] for text in reversed(texts)])[::-1]
        assert np.array_equal(alone, logits)
        assert np.isfinite(logits).all()


def test_the_order_of_words_counts() -> None:
    network = room.shipped_network(room.CODES_NETWORK)
    left, right = network.logits(Said.of(["niet blij, wel snel", "wel blij, niet snel"]), BOOK)["valentie"]
    assert not np.allclose(left, right)


def test_what_a_word_adds_is_the_logits_with_it_less_those_without() -> None:
    network = room.shipped_network(room.CODES_NETWORK)
    (found,) = network.occluded(["Duurde veel te lang"], BOOK)
    assert found["thema"].shape == (4, len(network.codes[BOOK]["thema"]))
    assert np.array_equal(found["thema"][3], network.logits(Said.of(["Duurde veel te"]), BOOK)["thema"][0])


def test_a_written_word_may_be_two_words_or_none_and_is_left_out_whole() -> None:
    network = room.shipped_network(room.CODES_NETWORK)
    shown = ["Duurde", "goed…slecht", "¨", "lang"]
    (found,) = network.occluded([" ".join(shown)], BOOK)
    rest = Said.of([" ".join([*shown[:at], *shown[at + 1 :]]) for at in range(len(shown))])
    assert np.array_equal(found["thema"], network.logits(rest, BOOK)["thema"])


def test_of_a_long_answer_only_the_first_words_are_left_out_in_turn() -> None:
    network = room.shipped_network(room.CODES_NETWORK)
    text = " ".join(["Duurde", "veel", "te", "lang"] * (MOST_OCCLUDED // 4 + 1))
    short, (found,) = network.occluded(["Prima"], BOOK)[0]["thema"], network.occluded([text], BOOK)
    assert np.array_equal(network.occluded([text, "", "Prima"], BOOK)[2]["thema"], short)
    whole = network.logits(Said.of([text]), BOOK)["thema"][0]
    alike = (found["thema"] == whole).all(axis=1)
    assert alike.tolist() == [False] * MOST_OCCLUDED + [True] * 4


def test_long_answers_are_read_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at together is bounded in words: 128 answers of a page took half a gigabyte."""
    network = room.shipped_network(room.CODES_NETWORK)
    texts = [*(f"goed {'slecht ' * 500}" for _ in range(12)), "te lang " * 2000, *TEXTS]
    parts: list[tuple[int, int]] = []
    pooled = type(network)._pooled

    def seen(self: object, spoken: Spoken, start: int, end: int) -> np.ndarray:
        parts.append((end - start, int(spoken.ends[end] - spoken.ends[start])))
        return pooled(network, spoken, start, end)

    monkeypatch.setattr(type(network), "_pooled", seen)
    network.logits(Said.of(texts), BOOK)
    assert sum(n_texts for n_texts, _ in parts) == len(texts)
    assert all(n_texts == 1 or n_words <= CHUNK for n_texts, n_words in parts)
    assert [n_texts for n_texts, _ in parts][:4] == [3, 3, 3, 3]


def test_it_has_seen_seven_in_eight_examples_and_no_demo_answer() -> None:
    network = room.shipped_network(room.CODES_NETWORK)
    assert network.codes
    for name in network.codes:
        seen = network.saw([example.text for example in shipped_examples(load_codebook(name))])
        assert 0.05 < (~seen).mean() < 0.2
    demo = [line.split("\t")[-1] for file in sorted(bundled("annotations", "demo", "source").glob("*.tsv"))
            for line in file.read_text(encoding="utf-8").splitlines()]  # fmt: skip
    long = [text for text in demo if len(text.split()) > 5]
    assert len(long) > 300
    assert not network.saw(long).any()


@pytest.fixture(scope="module")
def seen() -> NDArray[np.bool_]:
    """Which of the examples the network has seen."""
    examples = shipped_examples(load_codebook(BOOK))
    return room.shipped_network(room.CODES_NETWORK).saw([example.text for example in examples])


def test_where_nothing_unseen_is_left_to_calibrate_on_it_stays_out(seen: NDArray[np.bool_]) -> None:
    book, network = load_codebook(BOOK), room.shipped_network(room.CODES_NETWORK)
    few = [example for example, was in zip(shipped_examples(book), seen, strict=True) if was][:150]
    assert fit_model(book, few, load_encoder(), network=network).network is None


def test_where_enough_is_unseen_it_takes_part(seen: NDArray[np.bool_]) -> None:
    book, network = load_codebook(BOOK), room.shipped_network(room.CODES_NETWORK)
    new = [example for example, was in zip(shipped_examples(book), seen, strict=True) if not was][: MIN_UNSEEN + 10]
    model = fit_model(book, new, load_encoder(), network=network)
    assert model.network is network
    assert replace(model, network=None).version != model.version


def test_a_kept_model_of_another_network_is_not_used(tmp_path: Path) -> None:
    book = load_codebook(BOOK)
    model, _ = find_model(book)
    save_model(model, tmp_path / "m")
    assert kept_model(book, examples=[], learned=tmp_path / "m") is not None
    content = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    (tmp_path / "m.json").write_text(json.dumps(content | {"network": "another"}), encoding="utf-8")
    assert model_key(tmp_path / "m").network == "another"
    assert kept_model(book, examples=[], learned=tmp_path / "m") is None
    with pytest.raises(ModelError, match="learned again"):
        load_model(tmp_path / "m")


def _fails_from(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "bundled", lambda *parts: folder if name in parts else bundled(*parts))
    room._content.cache_clear()
    room.shipped_network.cache_clear()
    try:
        with pytest.raises(ModelError, match="install Duiding again"):
            room.shipped_network(name)
    finally:
        room._content.cache_clear()
        room.shipped_network.cache_clear()


@pytest.mark.parametrize("name", room.NETWORKS)
def test_a_missing_network_is_one_clear_error(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fails_from(tmp_path, name, monkeypatch)


@pytest.mark.parametrize(("name", "lost"), [(room.TONE_NETWORK, "alone:pieces"), (room.CODES_NETWORK, "query")])
def test_a_network_without_one_of_its_parts_is_damaged(
    name: str, lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = bundled("models", name)
    (tmp_path / "network.json").write_bytes((there / "network.json").read_bytes())
    tensors = load_file(there / "network.safetensors")
    del tensors[lost]
    save_file(tensors, tmp_path / "network.safetensors")
    _fails_from(tmp_path, name, monkeypatch)


@pytest.mark.parametrize("name", room.NETWORKS)
def test_a_network_that_does_not_say_what_it_is_for_is_damaged(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "network.json").write_text(json.dumps({"format": room.FORMAT, "digest": "x"}), encoding="utf-8")
    _fails_from(tmp_path, name, monkeypatch)
