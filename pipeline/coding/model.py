"""The classifier of one codebook: per facet a ranking model and a yes/no model per code, calibrated together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.codebook import Codebook, Facet
from pipeline.coding.calibrate import Calibration, calibrate_many, calibrate_one
from pipeline.coding.examples import Example, codebook_examples, examples_digest
from pipeline.coding.features import Features, Settings
from pipeline.errors import ModelError, problem
from pipeline.workspace import atomic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from pipeline.coding.embed import Encoder

FORMAT = 1
FOLDS = 5
PRIOR_WEIGHT = 0.5  # of the codebook's own words beside an example's 1
C_EACH, C_RANK = 5.0, 10.0  # inverse regularisation of the yes/no models and of the ranking model
ZERO_SHOT = "zero-shot"
LEARNED = "learned"


@dataclass
class FacetModel:
    """The linear models of one facet: weights (n_features, n_codes) and intercepts of both kinds, and calibration."""

    codes: tuple[str, ...]
    choice: str
    weights: dict[str, NDArray[np.float32]]
    calibration: Calibration

    def logits(self, features: csr_matrix) -> NDArray[np.float64]:
        """Return a log-odds per answer and code, shape (n_answers, n_codes): yes/no and ranking averaged."""
        import numpy as np

        rank = features @ self.weights["rank"] + self.weights["rank_intercept"]
        rank = rank - rank.max(axis=1, keepdims=True)
        log_total = np.log(np.exp(rank).sum(axis=1, keepdims=True))
        log_p = rank - log_total
        ranked = log_p - np.log(np.clip(1 - np.exp(log_p), 1e-9, None))
        if "each" not in self.weights:
            return np.asarray(ranked)
        each = features @ self.weights["each"] + self.weights["each_intercept"]
        return np.asarray((each + ranked) / 2)


@dataclass
class CodeModel:
    """Everything that codes the answers of one codebook."""

    codebook_digest: str
    examples_digest: str
    encoder_name: str
    encoder_digest: str
    start: str  # ZERO_SHOT when no code had an example, else LEARNED
    features: Features
    facets: dict[str, FacetModel]
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Name of this model as tasks and tables carry it."""
        import hashlib

        parts = [str(FORMAT), self.codebook_digest, self.examples_digest, self.encoder_digest, self.start]
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:12]

    def probabilities(self, texts: Sequence[str], encoder: Encoder | None) -> dict[str, NDArray[np.float64]]:
        """Return per facet the calibrated probabilities, shape (n_texts, n_codes), columns as in `facets[...].codes`."""
        features = self.features.transform(texts, encoder)
        return {name: model.calibration.apply(model.logits(features)) for name, model in self.facets.items()}


def fit_model(
    codebook: Codebook, examples: Sequence[Example], encoder: Encoder, *, settings: Settings | None = None, seed: int = 1
) -> CodeModel:
    """Learn a codebook from coded examples; without examples from its own words alone (zero-shot).

    Calibration and thresholds come from cross-validated predictions, never from the answers a model was fitted on.

    Raises:
        ModelError: the codebook has fewer than two codes in a facet that must be learned.
    """
    import numpy as np

    settings = settings or Settings()
    own_words = codebook_examples(codebook)
    everything = [*examples, *own_words]
    texts = [example.text for example in everything]
    weight = np.r_[np.ones(len(examples)), np.full(len(own_words), PRIOR_WEIGHT)]
    features = Features.fit(texts, settings if len(examples) > 200 else _for_few(settings))
    matrix = features.transform(texts, encoder)
    facets = {}
    for facet in codebook.facet_list():
        codes = tuple(code.id for code in codebook.in_facet(facet.id))
        if len(codes) < 2:
            raise ModelError(
                problem(place=f"codebook {codebook.id}", found="fewer than two codes to choose from",
                        do="add a code, e.g. the residual 'Anders'")
            )  # fmt: skip
        facets[facet.id] = _fit_facet(facet, codes, everything, matrix, weight, len(examples), seed)
    return CodeModel(
        codebook_digest=codebook.digest,
        examples_digest=examples_digest(examples),
        encoder_name=encoder.name,
        encoder_digest=encoder.digest,
        start=LEARNED if examples else ZERO_SHOT,
        features=features,
        facets=facets,
        info={"examples": len(examples), "seed": seed},
    )


def _for_few(settings: Settings) -> Settings:
    """With few examples every n-gram counts."""
    return Settings(settings.blocks, settings.vector_weight, min_count=1)


def _fit_facet(
    facet: Facet,
    codes: tuple[str, ...],
    examples: Sequence[Example],
    matrix: csr_matrix,
    weight: NDArray[np.float64],
    n_examples: int,
    seed: int,
) -> FacetModel:
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
    weights = _fit_linear(matrix[rows], applied[rows], first[rows], weight[rows], many, seed)
    blank = Calibration.blank(len(codes))
    judged = rows[rows < n_examples]
    fold = _folds(first[judged], seed)
    if fold is None:
        return FacetModel(codes, facet.choice, weights, blank)
    logits = np.zeros((len(judged), len(codes)))
    extra = rows[rows >= n_examples]
    for number in range(FOLDS):
        held_out = fold == number
        train = np.r_[judged[~held_out], extra]
        part = _fit_linear(matrix[train], applied[train], first[train], weight[train], many, seed)
        logits[held_out] = FacetModel(codes, facet.choice, part, blank).logits(matrix[judged[held_out]])
    make = calibrate_many if many else calibrate_one
    return FacetModel(codes, facet.choice, weights, make(logits, applied[judged], first[judged]))


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
    many: bool,
    seed: int,
) -> dict[str, NDArray[np.float32]]:
    """Fit the ranking model (multinomial) and, where several codes may hold, a yes/no model per code."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    n_features, n_codes = matrix.shape[1], applied.shape[1]
    seen = np.unique(first)
    rank = np.zeros((n_features, n_codes), dtype=np.float32)
    rank_intercept = np.full(n_codes, -10.0, dtype=np.float32)
    if len(seen) > 1:
        model = LogisticRegression(C=C_RANK, max_iter=500, tol=1e-4).fit(matrix, first, weight)
        coefficients, intercepts = model.coef_, model.intercept_
        if len(seen) == 2:  # scikit-learn keeps one row for two classes
            coefficients, intercepts = np.vstack([-coefficients, coefficients]) / 2, np.r_[-intercepts, intercepts] / 2
        rank[:, seen] = coefficients.T
        rank_intercept[seen] = intercepts
    out = {"rank": rank, "rank_intercept": rank_intercept}
    if many:
        each = np.zeros((n_features, n_codes), dtype=np.float32)
        each_intercept = np.full(n_codes, -10.0, dtype=np.float32)
        for column in range(n_codes):
            truth = applied[:, column]
            if truth.all() or not truth.any():
                continue
            model = LogisticRegression(C=C_EACH, solver="liblinear", max_iter=500, random_state=seed)
            model.fit(matrix, truth, weight)
            each[:, column] = model.coef_[0]
            each_intercept[column] = model.intercept_[0]
        out |= {"each": each, "each_intercept": each_intercept}
    return out


def save_model(model: CodeModel, folder: Path) -> list[Path]:
    """Write a model as `<folder>.safetensors` (numbers) and `<folder>.json` (words): readable, no code inside."""
    import numpy as np
    from safetensors.numpy import save

    names, arrays = model.features.state()
    tensors = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()}
    facets: dict[str, Any] = {}
    for name, facet in model.facets.items():
        for key, array in facet.weights.items():
            kind = np.float32 if "intercept" in key else np.float16
            tensors[f"facet:{name}:{key}"] = np.ascontiguousarray(array, dtype=kind)
        facets[name] = {"codes": facet.codes, "choice": facet.choice, "calibration": facet.calibration.to_json()}
    content = {
        "format": FORMAT,
        "codebook_digest": model.codebook_digest,
        "examples_digest": model.examples_digest,
        "encoder_name": model.encoder_name,
        "encoder_digest": model.encoder_digest,
        "start": model.start,
        "settings": asdict(model.features.settings),
        "facets": facets,
        "info": model.info,
        "names": names,
    }
    numbers, words = folder.with_suffix(".safetensors"), folder.with_suffix(".json")
    with atomic(numbers) as temporary:
        temporary.write_bytes(save(tensors))
    with atomic(words) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, sort_keys=True), encoding="utf-8")
    return [numbers, words]


def load_model(folder: Path) -> CodeModel:
    """Load a model that `save_model` wrote.

    Raises:
        ModelError: it is missing, damaged, or of another format.
    """
    import numpy as np
    from safetensors.numpy import load_file

    try:
        content = json.loads(folder.with_suffix(".json").read_text(encoding="utf-8"))
        tensors = load_file(folder.with_suffix(".safetensors"))
        if content["format"] != FORMAT:
            raise ValueError("format")
        raw = content["settings"]
        settings = Settings(tuple(raw["blocks"]), raw["vector_weight"], raw["min_count"])
        facets = {}
        for name, facet in content["facets"].items():
            start = f"facet:{name}:"
            weights = {key[len(start) :]: np.asarray(value, np.float32) for key, value in tensors.items()
                       if key.startswith(start)}  # fmt: skip
            facets[name] = FacetModel(
                tuple(facet["codes"]), facet["choice"], weights, Calibration.from_json(facet["calibration"])
            )
        return CodeModel(
            content["codebook_digest"],
            content["examples_digest"],
            content["encoder_name"],
            content["encoder_digest"],
            content["start"],
            Features.restore(settings, content["names"], tensors),
            facets,
            content["info"],
        )
    except Exception as error:
        raise ModelError(
            problem(file=folder.with_suffix(".safetensors"), found=f"missing or damaged ({type(error).__name__})",
                    do="remove both files of this model; it is then learned again")
        ) from error  # fmt: skip
