"""Why the machine coded an answer as it did: which of its words, and which examples it is most like."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.codebook import Codebook, Facet
from pipeline.coding.choose import choose
from pipeline.coding.examples import Example
from pipeline.coding.model import CodeModel, FacetModel, Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from pipeline.coding.embed import Encoder

N_EXAMPLES = 3  # that are most like an answer, per code


@dataclass(frozen=True)
class Word:
    """A word of the answer and what it adds to the log-odds of the code (below 0: it speaks against it)."""

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
    """Why one code was applied; `words` in the order of the answer, `vector` is what the sentence vector adds.

    `lacks` is what the question asks for (`praise`, `criticism`) where the answer holds the opposite instead and got
    the residual code for that; the words are then those that say so.
    """

    code: str
    label: str
    score: float
    given: bool
    words: tuple[Word, ...]
    vector: float
    examples: tuple[Nearest, ...]
    lacks: str = ""


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


class Explainer:
    """Explains the codes that one model applies; the examples are turned into features once.

    The linear models are linear in their features up to the normalisation of the ranking, so the gradient of a code's
    log-odds times the feature (Ancona et al. 2018, "gradient x input") is what each n-gram adds, before the last
    calibration. An n-gram's part goes to the words it is in. Where a network takes part, a word also adds what the
    network's log-odds lose without it; only that, of a residual code given for the tone of an answer. Of a long answer
    that holds for the first `MOST_OCCLUDED` words: the network's part of a later one is left out. Nearest examples are
    taken from those with the code.

    Args:
        model: of the answers' codebook.
        encoder: the one the model was fitted with.
        examples: to look for like ones.
        codebook: gives labels and residual codes; without it labels are ids.
    """

    def __init__(
        self,
        model: CodeModel,
        encoder: Encoder,
        examples: Sequence[Example],
        *,
        codebook: Codebook | None = None,
    ) -> None:
        self._model, self._encoder = model, encoder
        self._facets = {facet.id: facet for facet in codebook.facet_list()} if codebook else {}
        self._labels = {code.id: code.label for code in codebook.codes} if codebook else {}
        self._examples = list(examples)
        texts = [example.text for example in self._examples]
        self._like = _unit(model.features.transform(texts, encoder)) if texts else None

    def explain(self, texts: Sequence[str], fixed_codes: Collection[str] = ()) -> list[Explanation]:
        """Return the explanation of every text, in their order; `fixed_codes` hold for every answer of the question."""
        import numpy as np

        if not texts:
            return []
        reading = self._model.read(texts, self._encoder)
        probabilities = self._model.judged(reading)
        features = self._model.features.transform(texts, self._encoder)
        reasons: list[list[CodeReason]] = [[] for _ in texts]
        words = [self._model.features.shares_of_words(text) for text in texts]
        by_network, against, gate = self._by_network(reading), self._against(reading), self._model.gate
        asked, residual = (gate.asked, gate.residual) if gate else ("", None)
        for name, facet in self._model.facets.items():
            given = [code for code in facet.codes if code in fixed_codes]
            if given:
                for found in reasons:
                    found += [CodeReason(code, self._label(code), 1.0, True, (), 0.0, ()) for code in given]
                continue
            probability = probabilities[name]
            chosen = choose(probability, facet, self._facets.get(name) or Facet(id=name))
            for column in np.flatnonzero(chosen.any(axis=0)):
                code, rows = facet.codes[column], np.flatnonzero(chosen[:, column])
                nearest = self._nearest(features[rows], code)
                for row, near in zip(rows, nearest, strict=True):
                    added = _added(facet, features[row], int(column))
                    shown, shares = words[row]
                    n_grams = shares.shape[1]
                    per_word = shares @ added[:n_grams] if n_grams else np.zeros(len(shown))
                    if name in by_network.get(row, {}):
                        whole, without = by_network[row][name]
                        per_word = per_word + facet.share * (
                            _odds(whole, facet, int(column)) - _odds(without, facet, int(column))
                        )
                    tone = against.get(row) if code == residual else None
                    if tone is not None:
                        per_word, added = tone, added[:n_grams]
                    reasons[row].append(
                        CodeReason(
                            code=code,
                            label=self._label(code),
                            score=round(float(probability[row, column]), 4),
                            given=False,
                            words=tuple(
                                Word(word, round(float(weight), 3))
                                for word, weight in zip(shown, per_word, strict=True)
                            ),
                            vector=round(float(added[n_grams:].sum()), 3),
                            examples=near,
                            lacks=asked if tone is not None else "",
                        )
                    )
        for found in reasons:
            found.sort(key=lambda reason: (reason.given, -reason.score))
        return [
            Explanation(text, self._model.version, self._model.start, tuple(found))
            for text, found in zip(texts, reasons, strict=True)
        ]

    def _by_network(self, reading: Reading) -> dict[int, dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]]:
        """Return what the network says of the answers it read: per facet of the whole, and without each word."""
        network, found = self._model.network, reading.network
        if network is None or not found:
            return {}
        rows = reading.rows.tolist()
        occluded = network.occluded([reading.said.texts[row] for row in rows], self._model.codebook_id)
        return {
            row: {name: (found[name][[place]], without[name]) for name in found}
            for place, (row, without) in enumerate(zip(rows, occluded, strict=True))
        }

    def _against(self, reading: Reading) -> dict[int, NDArray[np.float64]]:
        """Return what each word of an answer says of its tone, of those that sooner lack what was asked than not."""
        network, gate = self._model.network, self._model.gate
        if network is None or gate is None or reading.tone is None:
            return {}
        whole = gate.lacks(reading.tone)
        rows = [row for row in range(len(whole)) if whole[row] > 0]
        without = network.occluded_tone([reading.said.texts[row] for row in rows])
        return {row: whole[row] - gate.lacks(found) for row, found in zip(rows, without, strict=True)}

    def _label(self, code: str) -> str:
        return self._labels.get(code, code)

    def _nearest(self, features: csr_matrix, code: str) -> list[tuple[Nearest, ...]]:
        """Return per answer the examples with the code that are most like it, by cosine over all features."""
        import numpy as np

        having = [row for row, example in enumerate(self._examples) if code in example.codes]
        if self._like is None or not having:
            return [()] * features.shape[0]
        cosine = (_unit(features) @ self._like[having].T).toarray()
        first = np.argsort(-cosine, axis=1, kind="stable")[:, :N_EXAMPLES]
        return [
            tuple(self._as_nearest(having[place], float(row[place])) for place in places)
            for row, places in zip(cosine, first, strict=True)
        ]

    def _as_nearest(self, row: int, cosine: float) -> Nearest:
        return Nearest(self._examples[row].text, self._examples[row].codes, round(max(cosine, 0.0), 3))


def _odds(logits: NDArray[np.float64], facet: FacetModel, column: int) -> NDArray[np.float64]:
    """Return the network's log-odds of one code, shape (n_rows,): against the other codes where one holds."""
    import numpy as np

    own: NDArray[np.float64] = logits[:, column]
    if facet.choice != "one":
        return own
    return np.asarray(own - np.log(np.exp(np.delete(logits, column, axis=1)).sum(axis=1)))


def _added(facet: FacetModel, features: csr_matrix, column: int) -> NDArray[np.float64]:
    """Return what each feature of one answer, shape (1, n_features), adds to the log-odds of one code."""
    import numpy as np

    here = features.indices  # elsewhere the features are 0 and add nothing
    weights = facet.weights["rank"][here].astype(np.float64)
    rank = features.data @ weights + facet.weights["rank_intercept"]
    others = np.exp(rank - np.delete(rank, column).max())
    others[column] = 0.0
    gradient = weights[:, column] - weights @ (others / others.sum())
    if "each" in facet.weights:
        gradient = (facet.weights["each"][here, column].astype(np.float64) + gradient) / 2
    scale = facet.linear.slope if facet.linear is not None else 1.0
    added = np.zeros(features.shape[1])
    added[here] = scale * features.data * gradient
    return added


def _unit(matrix: csr_matrix) -> csr_matrix:
    """Return the rows at unit length; an empty row stays empty."""
    from sklearn.preprocessing import normalize

    unit: csr_matrix = normalize(matrix)
    return unit
