"""The linear models: fitted in fewer columns where there are few rows, which changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pipeline.codebook import load_codebook
from pipeline.coding import linear
from pipeline.coding.embed import load_encoder
from pipeline.coding.examples import shipped_examples
from pipeline.coding.features import Features, Settings


@pytest.mark.parametrize("many", [True, False])
def test_few_columns_give_the_weights_of_all_n_grams(many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    book, encoder = load_codebook("participatiewet-verbeter"), load_encoder()
    examples = shipped_examples(book)[::100]
    codes = sorted({code for example in examples for code in example.codes})
    applied = np.array([[code in example.codes for code in codes] for example in examples])
    first = np.array([codes.index(example.codes[0]) for example in examples])
    texts = [example.text for example in examples]
    matrix = Features.fit(texts, Settings()).transform(texts, encoder)
    vector = linear.Vector(encoder.dimensions, 1.5)
    weight = np.linspace(0.5, 1.5, len(examples))
    blocks = matrix[:, : -encoder.dimensions], matrix[:, -encoder.dimensions :]
    assert all(isinstance(linear._few_columns(block)[0], np.ndarray) for block in blocks)
    few = linear.fit_linear(matrix, applied, first, weight, vector, many)
    monkeypatch.setattr(linear, "MOST_ROWS", 0)
    every = linear.fit_linear(matrix, applied, first, weight, vector, many)
    assert few.keys() == every.keys() == {"rank", "rank_intercept", *(("each", "each_intercept") if many else ())}
    for name, wanted in every.items():
        np.testing.assert_allclose(few[name], wanted, atol=0.01 * np.abs(wanted).max(), err_msg=name)


def test_rows_without_any_feature_are_left_as_they_are() -> None:
    matrix = csr_matrix((2, 20))
    found, back = linear._few_columns(matrix)
    assert found is matrix
    assert back(np.ones((20, 2))).shape == (20, 2)
