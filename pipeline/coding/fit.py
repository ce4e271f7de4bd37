"""Learns the classifier of one codebook from coded examples, its own words and, where there is one, a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.codebook import Codebook, Facet
from pipeline.coding.calibrate import Calibration, calibrate_many, calibrate_one
from pipeline.coding.examples import Example, codebook_examples, examples_digest
from pipeline.coding.features import Features, Settings
from pipeline.coding.model import LEARNED, ZERO_SHOT, CodeModel, FacetModel
from pipeline.errors import ModelError, problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from pipeline.coding.embed import Encoder
    from pipeline.coding.network import Network

FOLDS = 5
OWN_WORDS = 1.0  # weight of the codebook's own words beside an example's 1
C_EACH, C_RANK, C_VECTOR = 5.0, 10.0, 3.0  # inverse regularisation: yes/no, ranking, both on the sentence vector
BAYES_SHARE = 0.5  # in the mixture, beside the n-grams' 1
VECTOR_SHARES = (0.4, 1.5)  # the same: at least, with many examples per code, and at most, with few
VECTOR_EXAMPLES = 75.0  # per code, with which the vector weighs as much as the n-grams
NETWORK_SHARES = (0.25, 0.5, 0.75, 1.0, 1.5)  # of the network's logits beside the calibrated log-odds of the rest
MIN_UNSEEN = 60  # examples that the network has not learned from, to calibrate both together on
UNSEEN = -10.0  # intercept of a code that no example and no word of the codebook shows


def fit_model(
    codebook: Codebook,
    examples: Sequence[Example],
    encoder: Encoder,
    *,
    settings: Settings | None = None,
    seed: int = 1,
    network: Network | None = None,
) -> CodeModel:
    """Learn a codebook from coded examples; without examples from its own words alone (zero-shot).

    Calibration and thresholds come from cross-validated predictions, never from the answers a model was fitted on. With
    a `network` that knows this codebook they come from the examples that it has not learned from; when those
    are fewer than `MIN_UNSEEN` it is left out.

    Raises:
        ModelError: the codebook has fewer than two codes in a facet that must be learned.
    """
    import numpy as np

    settings = settings or Settings()
    own_words = codebook_examples(codebook)
    everything = [*examples, *own_words]
    texts = [example.text for example in everything]
    weight = np.r_[[example.weight for example in examples], np.full(len(own_words), OWN_WORDS)]
    features = Features.fit(texts, settings if len(examples) > 200 else _for_few(settings))
    matrix = features.transform(texts, encoder)
    n_vector = encoder.dimensions if "vectors" in settings.blocks else 0
    unseen: NDArray[np.bool_] = np.zeros(len(examples), dtype=bool)
    read: dict[str, NDArray[np.float64]] = {}
    if network is not None:
        unseen = ~network.saw([example.text for example in examples])
        if unseen.sum() >= MIN_UNSEEN:
            read = network.logits([example.text for example in examples], codebook.id)
    facets = {}
    for facet in codebook.facet_list():
        codes = tuple(code.id for code in codebook.in_facet(facet.id))
        if len(codes) < 2:
            raise ModelError(
                problem(
                    place=f"codebook {codebook.id}",
                    found="fewer than two codes to choose from",
                    do="add a code, e.g. the residual 'Anders'",
                )
            )
        fitted = _fit_facet(facet, codes, everything, matrix, weight, n_vector, len(examples), seed)
        facets[facet.id] = fitted.model
        if facet.id in read:
            facets[facet.id] = _with_network(fitted, read[facet.id], unseen)
    joined = any(model.linear is not None for model in facets.values())
    return CodeModel(
        codebook_id=codebook.id,
        codebook_digest=codebook.digest,
        examples_digest=examples_digest(examples),
        encoder_name=encoder.name,
        encoder_digest=encoder.digest,
        start=LEARNED if examples else ZERO_SHOT,
        features=features,
        facets=facets,
        info={"examples": len(examples), "seed": seed},
        network=network if joined else None,
    )


def _for_few(settings: Settings) -> Settings:
    """With few examples every n-gram counts."""
    return Settings(settings.blocks, min_count=1)


@dataclass
class _Fitted:
    """A facet's model, and of its examples (rows `judged` of all) the cross-validated log-odds, codes and weights."""

    model: FacetModel
    judged: NDArray[np.int64]
    logits: NDArray[np.float64] | None
    applied: NDArray[np.bool_]
    first: NDArray[np.int64]
    weight: NDArray[np.float64]


def _with_network(fitted: _Fitted, read: NDArray[np.float64], unseen: NDArray[np.bool_]) -> FacetModel:
    """Return the model calibrated together with the network's logits, on the examples the network has not seen.

    The network's share is the one under which the codes of these examples are likeliest.
    """
    import numpy as np
    from sklearn.metrics import log_loss

    model, rows = fitted.model, unseen[fitted.judged]
    if fitted.logits is None or rows.sum() < MIN_UNSEEN:
        return model
    linear, applied, first = model.calibration.scaled(fitted.logits[rows]), fitted.applied[rows], fitted.first[rows]
    weight = fitted.weight[rows]
    make = calibrate_many if model.choice == "many" else calibrate_one
    each = np.repeat(weight, applied.shape[1])  # every code of an answer is a yes or no of its own
    tried = []
    for share in NETWORK_SHARES:
        logits = linear + share * read[fitted.judged[rows]]
        calibration = make(logits, applied, first, weight)
        probability = calibration.apply(logits).ravel()
        loss = log_loss(applied.ravel(), probability, sample_weight=each, labels=[False, True])
        tried.append((loss, share, calibration))
    _, share, calibration = min(tried, key=lambda one: one[:2])
    return FacetModel(model.codes, model.choice, model.weights, calibration, linear=model.calibration, share=share)


def _fit_facet(
    facet: Facet,
    codes: tuple[str, ...],
    examples: Sequence[Example],
    matrix: csr_matrix,
    weight: NDArray[np.float64],
    n_vector: int,
    n_examples: int,
    seed: int,
) -> _Fitted:
    import numpy as np

    place = {code: column for column, code in enumerate(codes)}
    applied = np.zeros((len(examples), len(codes)), dtype=bool)
    first = np.full(len(examples), -1)
    for row, example in enumerate(examples):
        columns = [place[code] for code in example.codes if code in place]
        applied[row, columns] = True
        if columns:
            first[row] = columns[0]
    rows = np.flatnonzero(first >= 0)
    many = facet.choice == "many"
    judged = rows[rows < n_examples]
    vector = _Vector(n_vector, _vector_share(float(weight[judged].sum()) / len(codes)))
    weights = _fit_linear(matrix[rows], applied[rows], first[rows], weight[rows], vector, many)
    blank = Calibration.blank(len(codes))
    fitted = _Fitted(
        FacetModel(codes, facet.choice, weights, blank), judged, None, applied[judged], first[judged], weight[judged]
    )
    fold = _folds(fitted.first, seed)
    if fold is None:
        return fitted
    fitted.logits = np.zeros((len(judged), len(codes)))
    extra = rows[rows >= n_examples]
    for number in range(FOLDS):
        held_out = fold == number
        train = np.r_[judged[~held_out], extra]
        part = FacetModel(
            codes,
            facet.choice,
            _fit_linear(matrix[train], applied[train], first[train], weight[train], vector, many),
            blank,
        )
        fitted.logits[held_out] = part.logits(matrix[judged[held_out]] @ part.weight_columns)
    make = calibrate_many if many else calibrate_one
    fitted.model.calibration = make(fitted.logits, fitted.applied, fitted.first, fitted.weight)
    return fitted


class _Vector(NamedTuple):
    """How many features, the last ones, are the sentence vector, and what its models weigh beside the n-grams'."""

    n_features: int
    share: float


def _vector_share(per_code: float) -> float:
    """Return what the vector's models weigh, given how many examples a code has on average.

    With few of them most words of an answer were never seen, and the vector knows what they are like.

    >>> _vector_share(0), _vector_share(100), _vector_share(1000)
    (1.5, 0.75, 0.4)
    """
    least, most = VECTOR_SHARES
    return min(most, max(least, VECTOR_EXAMPLES / max(per_code, 1.0)))


def _folds(first: NDArray[np.int64], seed: int) -> NDArray[np.int64] | None:
    """Return a fold number per example, or None when there are too few examples to hold some out."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    if len(first) < 4 * FOLDS:
        return None
    counts = np.bincount(first)
    grouped = np.where(counts[first] >= FOLDS, first, -1)  # codes too rare to stratify share one stratum
    if (grouped == -1).sum() < FOLDS:
        grouped = np.where(grouped == -1, np.bincount(first).argmax(), grouped)
    fold = np.zeros(len(first), dtype=np.int64)
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    for number, (_, held_out) in enumerate(splitter.split(np.zeros(len(first)), grouped)):
        fold[held_out] = number
    return fold


def _fit_linear(
    matrix: csr_matrix,
    applied: NDArray[np.bool_],
    first: NDArray[np.int64],
    weight: NDArray[np.float64],
    vector: _Vector,
    many: bool,
) -> dict[str, NDArray[np.float32]]:
    """Fit the ranking model and, where several codes may hold, a yes/no model per code.

    Both are mixtures of models that are linear in the features, so each is kept as one weight matrix: logistic
    regression on the n-grams, logistic regression on the sentence vector (with its own, stronger regularisation: put
    in one matrix the dense vector drowns the n-grams), and for the ranking complement naive Bayes on the n-grams
    (Rennie et al. 2003), which needs few examples. models/README.md has the figures behind the mixture.
    """
    import numpy as np
    from sklearn.naive_bayes import ComplementNB

    n_grams = matrix.shape[1] - vector.n_features
    n_codes = applied.shape[1]
    blocks = []
    if n_grams:
        blocks.append((slice(0, n_grams), C_RANK, C_EACH, 1.0))
    if vector.n_features:
        blocks.append((slice(n_grams, matrix.shape[1]), C_VECTOR, C_VECTOR, vector.share if n_grams else 1.0))
    rank = np.zeros((matrix.shape[1], n_codes))
    rank_intercept = np.where(np.isin(np.arange(n_codes), first), 0.0, UNSEEN)
    each, each_intercept = np.zeros_like(rank), np.where(applied.any(axis=0), 0.0, UNSEEN)
    for columns, c_rank, c_each, share in blocks:
        part = matrix[:, columns]
        weights, intercepts = _multinomial(part, first, weight, n_codes, c_rank)
        rank[columns] += share * weights
        rank_intercept += share * intercepts
        if many:
            weights, intercepts = _one_by_one(part, applied, weight, c_each)
            each[columns] += share * weights
            each_intercept += share * intercepts
    if n_grams and len(np.unique(first)) > 2:
        bayes = ComplementNB(alpha=0.3).fit(matrix[:, :n_grams], first, weight)
        likelihood = bayes.feature_log_prob_ - bayes.feature_log_prob_.mean(axis=0)
        rank[:n_grams, bayes.classes_] += BAYES_SHARE * likelihood.T
    out = {"rank": rank, "rank_intercept": rank_intercept}
    if many:
        out |= {"each": each, "each_intercept": each_intercept}
    return {name: np.asarray(array, dtype=np.float32) for name, array in out.items()}


def _multinomial(
    matrix: csr_matrix, first: NDArray[np.int64], weight: NDArray[np.float64], n_codes: int, c: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    weights, intercepts = np.zeros((matrix.shape[1], n_codes)), np.zeros(n_codes)
    seen = np.unique(first)
    if len(seen) < 2:
        return weights, intercepts
    model = LogisticRegression(C=c, max_iter=300).fit(matrix, first, weight)
    found, at = model.coef_, model.intercept_
    if len(seen) == 2:  # scikit-learn keeps one row for two classes
        found, at = np.vstack([-found, found]) / 2, np.r_[-at, at] / 2
    weights[:, seen], intercepts[seen] = found.T, at
    return weights, intercepts


def _one_by_one(
    matrix: csr_matrix, applied: NDArray[np.bool_], weight: NDArray[np.float64], c: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    weights, intercepts = np.zeros((matrix.shape[1], applied.shape[1])), np.zeros(applied.shape[1])
    for code in range(applied.shape[1]):
        if applied[:, code].any() and not applied[:, code].all():
            model = LogisticRegression(C=c, solver="liblinear", max_iter=300, random_state=0)
            model.fit(matrix, applied[:, code], weight)
            weights[:, code], intercepts[code] = model.coef_[0], model.intercept_[0]
    return weights, intercepts
