"""Features: what is in a row, the same in every batch, and every n-gram accounted for."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from pipeline.bundled import bundled
from pipeline.coding.character_grams import CharacterGrams
from pipeline.coding.features import Features, Settings
from pipeline.coding.model_files import load_model
from pipeline.coding.words import normalised, words_of
from pipeline.nlp import lemmas

ODD = ["", "…", "½ ¨ x", "Straße ΣΑΣ", "z'n auto's o.a. 12,5% (niet)…goed", "e-mail/telefoon;bellen...maar",
       "15.000,- €", "Dhr. … en mevr.… belden", "a" * 7000, "te te te duur duur"]  # fmt: skip


@pytest.fixture(scope="module")
def features() -> Features:
    return load_model(bundled("models", "classifiers", "participatiewet-verbeter")).features


@pytest.fixture(scope="module")
def texts() -> list[str]:
    file = bundled("annotations", "demo", "source", "participatiewet-verbeter.tsv")
    return [*ODD, *(line.split("\t")[-1] for line in file.read_text(encoding="utf-8").splitlines())]


def test_a_row_is_counts_times_weights_over_the_length_of_all_that_occurs(features: Features, texts: list[str]) -> None:
    plain = [normalised(text) for text in texts]
    lines = [" ".join("…" if word == "…" else " ".join(lemmas([word])[0]) for word in text.split()) for text in plain]
    found = features.transform(texts, None)
    start = 0
    for vectorizer, said in ((features._characters, plain), (features._words, lines)):
        counts = CountVectorizer(vocabulary=vectorizer.vocabulary_, analyzer=vectorizer.build_analyzer()).transform(
            said
        )
        weights = counts.multiply(vectorizer.idf_).tocsr()
        length = np.sqrt(np.asarray(counts.multiply(vectorizer.idf_**2).sum(axis=1)).ravel())
        wanted = sparse.diags_array(1 / np.where(length > 0, length, 1)) @ weights
        part = found[:, start : start + counts.shape[1]]
        start += counts.shape[1]
        assert part.nnz == counts.nnz
        assert abs(part - wanted).max() < 1e-9
    assert start == found.shape[1]


def test_character_n_grams_are_those_of_scikit_learn(features: Features, texts: list[str]) -> None:
    analyzer, column = features._characters.build_analyzer(), features._characters.vocabulary_
    words = [*dict.fromkeys(word for text in texts for word in words_of(text)), "\U0001f600x"]
    found, ends = features._grams.of(words)
    assert len(ends) == len(words) + 1
    for word, start, end in zip(words, ends, ends[1:], strict=False):
        assert found[start:end].tolist() == [column.get(gram, len(column)) for gram in analyzer(word)]
    assert features._grams.of([])[1].tolist() == [0]


def test_n_grams_of_rare_characters_are_kept_apart() -> None:
    column = {"\U0001f600x": 0, "x\U0001f600": 1, " \U0001f600": 2, "\U0001f600 ": 3, "xx": 4, " xx ": 5}
    found, ends = CharacterGrams(column).of(["\U0001f600x", "x\U0001f600", "xx", "x\U0001f601"])
    known = [found[start:end][found[start:end] < len(column)].tolist() for start, end in itertools.pairwise(ends)]
    assert known == [[2, 0], [1, 3], [4, 5], []]


def test_a_row_is_the_same_alone_and_in_any_batch(features: Features, texts: list[str]) -> None:
    together = features.transform(texts, None)
    for row in (0, 4, 7, 50):
        alone = features.transform([texts[row]], None)
        assert alone.data.tobytes() == together[row].data.tobytes()


def test_every_n_gram_of_a_text_belongs_to_its_words(features: Features, texts: list[str]) -> None:
    for text in texts[:60]:
        row = features.transform([text], None)
        words, shares = features.shares_of_words(text)
        assert words == text[:6000].split()
        total = np.asarray(shares.sum(axis=0)).ravel()
        assert set(np.flatnonzero(total)) == set(row.indices)
        np.testing.assert_allclose(total[row.indices], 1)


def test_one_block_alone_is_accounted_for_too() -> None:
    features = Features.fit(["de lange rij", "te lange rij"], Settings(("words",), min_count=1))
    words, shares = features.shares_of_words("lange rij")
    assert words == ["lange", "rij"]
    assert shares.sum(axis=0).max() == 1
