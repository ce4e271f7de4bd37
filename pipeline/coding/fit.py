"""Learns the classifier of one codebook from coded examples, its own words and, where there is one, a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.codebook import Codebook, Facet
from pipeline.coding.calibrate import Calibration, calibrate_many, calibrate_one
from pipeline.coding.examples import Example, codebook_examples, each_reading, examples_digest
from pipeline.coding.features import Features, Settings, has_words
from pipeline.coding.linear import Vector, fit_linear, vector_share
from pipeline.coding.model import LEARNED, ZERO_SHOT, CodeModel, FacetModel, Gate
from pipeline.coding.words import Said
from pipeline.errors import ModelError, problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from pipeline.coding.embed import Encoder
    from pipeline.coding.network import Network

FOLDS = 5
OWN_WORDS = 1.0  # weight of the codebook's own words beside an example's 1
NETWORK_SHARES = (0.25, 0.5, 0.75, 1.0, 1.5)  # of the network's logits beside the calibrated log-odds of the rest
MIN_UNSEEN = 60  # examples that the network has not learned from, to calibrate both together on


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
    are fewer than `MIN_UNSEEN` it is left out. Where the tone of an answer matters the network tells that as well.

    Raises:
        ModelError: the codebook has fewer than two codes in a facet that must be learned, or there are no words at all.
    """
    import numpy as np

    settings = settings or Settings()
    own_words = codebook_examples(codebook)
    readings = each_reading(examples)
    everything = [*readings, *own_words]
    weight = np.r_[[reading.weight for reading in readings], np.full(len(own_words), OWN_WORDS)]
    texts = [one.text for one in (*examples, *own_words)]
    check_choices(codebook)
    _check_words(codebook, texts)
    features = Features.fit(texts, settings if len(examples) > 200 else _for_few(settings))
    matrix = features.transform([one.text for one in everything], encoder)
    n_vector = encoder.dimensions if "vectors" in settings.blocks else 0
    unseen: NDArray[np.bool_] = np.zeros(len(readings), dtype=bool)
    read: dict[str, NDArray[np.float64]] = {}
    if network is not None:
        unseen = ~network.saw([reading.text for reading in readings])
        if unseen.sum() >= MIN_UNSEEN:
            read = network.logits(Said.of([reading.text for reading in readings]), codebook.id)
    facets = {}
    for facet in codebook.facet_list():
        codes = tuple(code.id for code in codebook.in_facet(facet.id))
        fitted = _fit_facet(facet, codes, everything, matrix, weight, n_vector, len(readings), seed)
        facets[facet.id] = fitted.model
        if facet.id in read:
            facets[facet.id] = _with_network(fitted, read[facet.id], unseen)
    gate = Gate.of(codebook) if network is not None else None
    joined = gate is not None or any(model.linear is not None for model in facets.values())
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
        gate=gate,
    )


def check_choices(codebook: Codebook) -> None:
    """Check that every facet of a codebook has something to choose from.

    Raises:
        ModelError: one has fewer than two codes.
    """
    for facet in codebook.facet_list():
        if len(codebook.in_facet(facet.id)) < 2:
            raise ModelError(
                problem(
                    place=f"codebook {codebook.id}" + (f", facet {facet.id}" if facet.id else ""),
                    found="fewer than two codes to choose from",
                    do="add a code, e.g. the residual 'Anders'",
                )
            )


def _check_words(codebook: Codebook, texts: Sequence[str]) -> None:
    if not any(map(has_words, texts)):
        raise ModelError(
            problem(
                place=f"codebook {codebook.id}",
                found="the codebook holds no words to learn from",
                expected="labels with letters or digits",
                do="give the codes a label, a definition or keywords in words",
            )
        )


def _for_few(settings: Settings) -> Settings:
    """With few examples every character n-gram counts."""
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
    vector = Vector(n_vector, vector_share(float(weight[judged].sum()) / len(codes)))
    weights = fit_linear(matrix[rows], applied[rows], first[rows], weight[rows], vector, many)
    blank = Calibration.blank(len(codes))
    fitted = _Fitted(
        FacetModel(codes, facet.choice, weights, blank), judged, None, applied[judged], first[judged], weight[judged]
    )
    fold = _folds([examples[row].text for row in judged], fitted.first, seed)
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
            fit_linear(matrix[train], applied[train], first[train], weight[train], vector, many),
            blank,
        )
        fitted.logits[held_out] = part.logits(matrix[judged[held_out]] @ part.weight_columns)
    make = calibrate_many if many else calibrate_one
    fitted.model.calibration = make(fitted.logits, fitted.applied, fitted.first, fitted.weight)
    return fitted


def _folds(texts: Sequence[str], first: NDArray[np.int64], seed: int) -> NDArray[np.int64] | None:
    """Return a fold number per example, the same for the same text, or None when there are too few to hold some out."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    place = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    of_text = np.array([place[text] for text in texts], dtype=np.int64)
    first = first[np.unique(of_text, return_index=True)[1]]
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
    return fold[of_text]
