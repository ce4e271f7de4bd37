"""The linear models word by word: what the features times the weights give, in any batch and on any number of cores."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

import numpy as np
import pytest

from pipeline import processes
from pipeline.bundled import bundled
from pipeline.codebook import load_codebook
from pipeline.coding import batches
from pipeline.coding.embed import Encoder, load_encoder
from pipeline.coding.examples import shipped_examples
from pipeline.coding.features import Settings
from pipeline.coding.fit import fit_model
from pipeline.coding.model import CodeModel
from pipeline.coding.model_files import load_model
from pipeline.coding.words import Said

BOOK = "participatiewet-verbeter"
ODD = ["", "…", "½ ¨ x", "z'n auto's o.a. 12,5% (niet)…goed", "e-mail/telefoon;bellen...maar", "te te te duur duur"]


@pytest.fixture(scope="module")
def model() -> CodeModel:
    return load_model(bundled("models", "classifiers", BOOK))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder()


@pytest.fixture(scope="module")
def texts() -> list[str]:
    file = bundled("annotations", "demo", "source", f"{BOOK}.tsv")
    return [*ODD, *(line.split("\t")[-1] for line in file.read_text(encoding="utf-8").splitlines())]


def test_scores_are_the_features_times_the_weights(model: CodeModel, encoder: Encoder, texts: list[str]) -> None:
    weights = np.hstack([facet.weight_columns for facet in model.facets.values()])
    wanted = model.features.transform(texts, encoder) @ weights.astype(np.float64)
    np.testing.assert_allclose(model.scores.of(Said.of(texts), encoder), wanted, atol=5e-5)


@pytest.mark.parametrize("block", ["characters", "words", "vectors"])
def test_so_they_are_with_one_block_alone(block: str, encoder: Encoder, texts: list[str]) -> None:
    book = load_codebook(BOOK)
    model = fit_model(book, shipped_examples(book)[:150], encoder, settings=Settings((block,)))
    wanted = model.features.transform(texts, encoder) @ model.facets[""].weight_columns.astype(np.float64)
    np.testing.assert_allclose(model.scores.of(Said.of(texts), encoder), wanted, atol=5e-5)


def test_an_answer_scores_the_same_in_every_batch(model: CodeModel, encoder: Encoder, texts: list[str]) -> None:
    together = model.scores.of(Said.of(texts), encoder)
    model.scores.forget()
    alone = np.vstack([model.scores.of(Said.of([text]), encoder) for text in reversed(texts)])[::-1]
    assert np.array_equal(alone, together)


def test_forgetting_words_changes_nothing(
    model: CodeModel, encoder: Encoder, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model.scores.of(Said.of(texts), encoder)
    monkeypatch.setattr("pipeline.coding.word_rows.MAX_REMEMBERED", 10)
    parts = [Said.of(texts[start : start + 40]) for start in range(0, len(texts), 40)]
    again = np.vstack([model.scores.of(part, encoder) for part in parts])
    assert np.array_equal(before, again)


def test_other_processes_give_the_same_in_the_same_order(
    model: CodeModel, encoder: Encoder, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [f"{text} {number}" for number in range(4) for text in texts]
    (wanted,) = batches.batches_of_probabilities(model, encoder, many)
    monkeypatch.setattr(batches, "BATCH", 100)
    monkeypatch.setattr(batches, "PAYS_FROM", 200)
    monkeypatch.setattr(processes, "_cores", lambda: 3)
    found = list(batches.batches_of_probabilities(model, encoder, many))
    assert [len(part[""]) for part in found[:-1]] == [100] * (len(found) - 1)
    assert np.array_equal(np.vstack([part[""] for part in found]), wanted[""])


def test_a_process_that_is_killed_for_memory_loses_no_batch(
    model: CodeModel, encoder: Encoder, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, here, probabilities = model.probabilities(texts, encoder), os.getpid(), CodeModel.probabilities

    def killed(self: CodeModel, batch: Sequence[str], encoder: Encoder | None) -> dict[str, np.ndarray]:
        if os.getpid() != here and batch[0] == texts[80]:
            os.kill(os.getpid(), signal.SIGKILL)
        return probabilities(self, batch, encoder)

    monkeypatch.setattr(CodeModel, "probabilities", killed)
    monkeypatch.setattr(batches, "BATCH", 40)
    monkeypatch.setattr(batches, "PAYS_FROM", 40)
    monkeypatch.setattr(processes, "_cores", lambda: 2)
    found = list(batches.batches_of_probabilities(model, encoder, texts))
    assert np.array_equal(np.vstack([part[""] for part in found]), wanted[""])


def test_an_error_in_another_process_reaches_the_caller(
    model: CodeModel, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    monkeypatch.setattr(batches, "PAYS_FROM", 2)
    monkeypatch.setattr(processes, "_cores", lambda: 2)
    wrong: list[str] = ["a", "b", "c", None]  # type: ignore[list-item]
    with pytest.raises(TypeError):
        list(batches.batches_of_probabilities(model, encoder, wrong))
