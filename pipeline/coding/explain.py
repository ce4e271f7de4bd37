"""Why the machine coded an answer as it did: which of its words, and which examples it is most like."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.codebook import Codebook
from pipeline.coding.classify import choose
from pipeline.coding.examples import Example
from pipeline.coding.model import CodeModel, FacetModel

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from pipeline.coding.embed import Encoder

N_EXAMPLES = 3


@dataclass(frozen=True)
class Word:
    """A word of the answer and what its n-grams add to the log-odds of the code (below 0: they speak against it)."""

    text: str
    weight: float


@dataclass(frozen=True)
class Nearest:
    """An example with the code, and the cosine (0-1) between its features and the answer's."""

    text: str
    codes: tuple[str, ...]
    similarity: float


@dataclass(frozen=True)
class CodeReason:
    """Why one code was applied; `words` in the order of the answer, `vector` is what the sentence vector adds."""

    code: str
    label: str
    score: float
    given: bool
    words: tuple[Word, ...]
    vector: float
    examples: tuple[Nearest, ...]


@dataclass(frozen=True)
class Explanation:
    """The codes of one answer with their reasons, likeliest first; `start` is `learned` or `zero-shot`."""

    text: str
    model: str
    start: str
    reasons: tuple[CodeReason, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain lists, texts and numbers: the form in which another room can show it."""
        return asdict(self)


def explain(
    model: CodeModel,
    encoder: Encoder,
    examples: Sequence[Example],
    text: str,
    *,
    codebook: Codebook | None = None,
    fixed_codes: Collection[str] = (),
    n_examples: int = N_EXAMPLES,
) -> Explanation:
    """Explain the codes that a model applies to a text.

    The classifier is linear in its features up to the normalisation of the ranking, so the gradient of a code's
    log-odds times the feature (Ancona et al. 2018, "gradient x input") is what each n-gram adds, before calibration.
    An n-gram's part goes to the words it is in. Nearest examples are taken from those with the code.

    Args:
        model: of the answer's codebook.
        encoder: the one the model was fitted with.
        examples: to look for like ones.
        text: of the answer, pseudonymised.
        codebook: gives labels and residual codes; without it labels are ids.
        fixed_codes: ids of codes that hold for every answer of the question.
        n_examples: how many like examples per code.
    """
    import numpy as np

    features = model.features.transform([text], encoder)
    shown, shares = model.features.shares_of_words(text)
    like = _similarities(model, encoder, features, examples) if n_examples else np.zeros(0)
    residuals = {facet.id: facet.residual for facet in codebook.facet_list()} if codebook else {}
    labels = {code.id: code.label for code in codebook.codes} if codebook else {}
    reasons = []
    for name, facet in model.facets.items():
        given = [code for code in facet.codes if code in fixed_codes]
        if given:
            reasons += [CodeReason(code, labels.get(code, code), 1.0, True, (), 0.0, ()) for code in given]
            continue
        probability = facet.calibration.apply(facet.logits(features))
        chosen = choose(
            probability, facet.codes, facet.choice, facet.calibration.thresholds, residuals.get(name), name
        )[0]
        for column in np.flatnonzero(chosen):
            added = features.toarray().ravel() * _gradient(facet, features, int(column))
            n_grams = shares.shape[1]
            per_word = np.asarray(shares @ added[:n_grams]) if n_grams else np.zeros(len(shown))
            code = facet.codes[column]
            reasons.append(
                CodeReason(
                    code=code,
                    label=labels.get(code, code),
                    score=round(float(probability[0, column]), 4),
                    given=False,
                    words=tuple(Word(word, round(float(w), 3)) for word, w in zip(shown, per_word, strict=True)),
                    vector=round(float(added[n_grams:].sum()), 3),
                    examples=_nearest(examples, like, code, n_examples),
                )
            )
    reasons.sort(key=lambda reason: (reason.given, -reason.score))
    return Explanation(text, model.version, model.start, tuple(reasons))


def _gradient(facet: FacetModel, features: csr_matrix, column: int) -> NDArray[np.float64]:
    """Return how the log-odds of one code changes with each feature, shape (n_features,), at this answer."""
    import numpy as np

    weights = facet.weights["rank"].astype(np.float64)
    rank = np.asarray(features @ weights + facet.weights["rank_intercept"]).ravel()
    others = np.exp(rank - np.delete(rank, column).max())
    others[column] = 0.0
    ranked: NDArray[np.float64] = weights[:, column] - weights @ (others / others.sum())
    if "each" not in facet.weights:
        return ranked
    both: NDArray[np.float64] = (facet.weights["each"][:, column].astype(np.float64) + ranked) / 2
    return both


def _similarities(
    model: CodeModel, encoder: Encoder, features: csr_matrix, examples: Sequence[Example]
) -> NDArray[np.float64]:
    """Return the cosine between the answer and every example over all features, shape (n_examples,)."""
    import numpy as np

    if not examples:
        return np.zeros(0)
    matrix = model.features.transform([example.text for example in examples], encoder)
    norms = np.sqrt(matrix.multiply(matrix).sum(axis=1)).A1 * np.sqrt(features.multiply(features).sum())
    product = (matrix @ features.T).toarray().ravel()
    return np.asarray(product / np.where(norms > 0, norms, 1.0))


def _nearest(examples: Sequence[Example], like: NDArray[np.float64], code: str, n_examples: int) -> tuple[Nearest, ...]:
    rows = [row for row, example in enumerate(examples) if code in example.codes]
    rows.sort(key=lambda row: (-like[row], row))
    return tuple(
        Nearest(examples[row].text, examples[row].codes, round(max(float(like[row]), 0.0), 3))
        for row in rows[:n_examples]
    )
