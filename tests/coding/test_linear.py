"""The linear models: fitted in fewer columns where there are few rows, which changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.codebook import load_codebook
from pipeline.coding import linear
from pipeline.coding.embed import load_encoder
from pipeline.coding.examples import Example, shipped_examples
from pipeline.coding.fit import fit_model
from pipeline.coding.model import CodeModel

ANSWERS = ["Ze nemen de telefoon niet op", "Te weinig geld", "Ik kreeg steeds een andere klantmanager", "prima", "…"]


def fitted(examples: list[Example]) -> CodeModel:
    return fit_model(load_codebook("participatiewet-verbeter"), examples, load_encoder())


@pytest.mark.parametrize("every", [200, 40])
def test_a_model_of_few_examples_is_the_one_of_all_their_n_grams(every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = shipped_examples(load_codebook("participatiewet-verbeter"))[::every]
    short = fitted(examples)
    monkeypatch.setattr(linear, "MOST_ROWS", 0)
    long = fitted(examples)
    found, wanted = (model.probabilities(ANSWERS, load_encoder())[""] for model in (short, long))
    np.testing.assert_allclose(found, wanted, atol=0.01)


def test_rows_without_any_feature_are_left_as_they_are() -> None:
    from scipy.sparse import csr_matrix

    matrix = csr_matrix((2, 20))
    found, back = linear._few_columns(matrix)
    assert found is matrix
    assert back(np.ones((20, 2))).shape == (20, 2)
