"""The linear models of one facet: a ranking of its codes and, where several may hold, a yes/no per code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

C_EACH, C_RANK, C_VECTOR = 5.0, 10.0, 3.0  # inverse regularisation: yes/no, ranking, both on the sentence vector
BAYES_SHARE = 0.5  # in the mixture, beside the n-grams' 1
VECTOR_SHARES = (0.4, 1.5)  # the same: at least, with many examples per code, and at most, with few
VECTOR_EXAMPLES = 75.0  # per code, with which the vector weighs as much as the n-grams
MOST_ROWS = 1000  # up to so many rows they are described by their likeness to each other


class Vector(NamedTuple):
    """How many features, the last ones, are the sentence vector, and what its models weigh beside the n-grams'."""

    n_features: int
    share: float


def vector_share(per_code: float) -> float:
    """Return what the vector's models weigh, given how many examples a code has on average.

    With few of them most words of an answer were never seen, and the vector knows what they are like.

    >>> vector_share(0), vector_share(100), vector_share(1000)
    (1.5, 0.75, 0.4)
    """
    least, most = VECTOR_SHARES
    return min(most, max(least, VECTOR_EXAMPLES / max(per_code, 1.0)))


def fit_linear(
    matrix: csr_matrix,
    applied: NDArray[np.bool_],
    first: NDArray[np.int64],
    weight: NDArray[np.float64],
    vector: Vector,
    many: bool,
) -> dict[str, NDArray[np.float32]]:
    """Fit the ranking model and, where several codes may hold, a yes/no model per code.

    Both are mixtures of models that are linear in the features, so each is kept as one weight matrix: logistic
    regression on the n-grams, logistic regression on the sentence vector (with its own, stronger regularisation: put
    in one matrix the dense vector drowns the n-grams), and for the ranking complement naive Bayes on the n-grams
    (Rennie et al. 2003), which needs few examples. models/README.md has the figures behind the mixture.

    Every code, of two at least, is that of some row: the codebook's own words are among them.
    """
    import numpy as np
    from sklearn.naive_bayes import ComplementNB
    from threadpoolctl import threadpool_limits

    n_grams = matrix.shape[1] - vector.n_features
    n_codes = applied.shape[1]
    blocks = []
    if n_grams:
        blocks.append((slice(0, n_grams), C_RANK, C_EACH, 1.0))
    if vector.n_features:
        blocks.append((slice(n_grams, matrix.shape[1]), C_VECTOR, C_VECTOR, vector.share if n_grams else 1.0))
    rank, rank_intercept = np.zeros((matrix.shape[1], n_codes)), np.zeros(n_codes)
    each, each_intercept = np.zeros_like(rank), np.zeros_like(rank_intercept)
    with threadpool_limits(limits=1, user_api="blas"):  # between these small steps threads mostly wait for each other
        for columns, c_rank, c_each, share in blocks:
            part, back = _few_columns(matrix[:, columns])
            weights, intercepts = _multinomial(part, first, weight, c_rank)
            rank[columns] += share * back(weights)
            rank_intercept += share * intercepts
            if many:
                weights, intercepts = _one_by_one(part, applied, weight, c_each)
                each[columns] += share * back(weights)
                each_intercept += share * intercepts
    if n_grams and n_codes > 2:
        bayes = ComplementNB(alpha=0.3).fit(matrix[:, :n_grams], first, weight)
        likelihood = bayes.feature_log_prob_ - bayes.feature_log_prob_.mean(axis=0)
        rank[:n_grams] += BAYES_SHARE * likelihood.T
    out = {"rank": rank, "rank_intercept": rank_intercept}
    if many:
        out |= {"each": each, "each_intercept": each_intercept}
    return {name: np.asarray(array, dtype=np.float32) for name, array in out.items()}


def _few_columns(
    matrix: csr_matrix,
) -> tuple[csr_matrix | NDArray[np.float64], Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    """Return the rows in at most as many columns as there are rows, and what makes weights of those the matrix's own.

    The rows keep their products with each other, and a model with an L2 penalty depends on nothing else (representer
    theorem: Schölkopf, Herbrich and Smola 2001). A few hundred examples have tens of thousands of n-grams: their
    models are fitted in a tenth of the time.
    """
    import numpy as np

    n_rows, n_columns = matrix.shape
    if n_rows > min(MOST_ROWS, n_columns / 4):
        return matrix, lambda weights: weights
    exact = matrix.astype(np.float64)
    values, vectors = np.linalg.eigh((exact @ exact.T).toarray())
    if values[-1] <= 0:  # not one feature in any row
        return matrix, lambda weights: weights
    there = values > 1e-10 * values[-1]
    scale = np.sqrt(values[there])
    basis = vectors[:, there] / scale
    return vectors[:, there] * scale, lambda weights: np.asarray(exact.T @ (basis @ weights))


def _multinomial(
    matrix: csr_matrix | NDArray[np.float64], first: NDArray[np.int64], weight: NDArray[np.float64], c: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=c, max_iter=300).fit(matrix, first, weight)
    weights, intercepts = model.coef_, model.intercept_
    if len(weights) == 1:  # scikit-learn keeps one row for two classes
        weights, intercepts = np.vstack([-weights, weights]) / 2, np.r_[-intercepts, intercepts] / 2
    return weights.T, intercepts


def _one_by_one(
    matrix: csr_matrix | NDArray[np.float64], applied: NDArray[np.bool_], weight: NDArray[np.float64], c: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    weights, intercepts = np.zeros((matrix.shape[1], applied.shape[1])), np.zeros(applied.shape[1])
    for code in range(applied.shape[1]):
        model = LogisticRegression(C=c, solver="liblinear", max_iter=300, random_state=0)
        model.fit(matrix, applied[:, code], weight)
        weights[:, code], intercepts[code] = model.coef_[0], model.intercept_[0]
    return weights, intercepts
