"""Features: remembering words changes nothing, and every n-gram is accounted for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from pipeline.bundled import bundled
from pipeline.coding.features import Features, Settings, normalised
from pipeline.coding.model_files import load_model
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


def test_the_matrix_is_the_one_scikit_learn_makes(features: Features, texts: list[str]) -> None:
    plain = [normalised(text) for text in texts]
    lines = [" ".join([*found, *["…"] * ("…" in text)]) for text, found in zip(plain, lemmas(plain), strict=True)]
    wanted = sparse.hstack([features._characters.transform(plain), features._words.transform(lines)], format="csr")
    found = features.transform(texts, None)
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


def test_a_row_is_the_same_alone_and_in_any_batch(features: Features, texts: list[str]) -> None:
    together = features.transform(texts, None)
    for row in (0, 4, 7, 50):
        alone = features.transform([texts[row]], None)
        assert alone.data.tobytes() == together[row].data.tobytes()


def test_forgetting_words_changes_nothing(
    features: Features, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = features.transform(texts, None)
    monkeypatch.setattr("pipeline.coding.features.MAX_REMEMBERED", 10)
    again = features.transform(texts, None)
    assert before.data.tobytes() == again.data.tobytes()


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
