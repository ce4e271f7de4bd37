"""The linear models of a codebook over an answer's words: what a word adds to every code is worked out once."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from pipeline.coding.features import Features, inverse_length, squares
from pipeline.coding.word_rows import WordRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from pipeline.coding.embed import Encoder
    from pipeline.coding.words import Said

#: Sentence vectors and their weights are rounded to steps of 2**-20. So their products' sums are exact in double
#: precision, in any order: from the same vector a row's result is the same in every batch.
STEPS = float(2**20)


class Scores:
    """Returns what `features.transform(texts, encoder) @ weights` would, to rounding, many times as fast.

    Args:
        features: of the answers.
        weights: shape (n_features, n_scores).
    """

    def __init__(self, features: Features, weights: NDArray[np.float32]) -> None:
        import numpy as np

        self._features = features
        n_characters, n_words = features.widths
        self._of_characters = weights[:n_characters].astype(np.float64)
        self._of_words = weights[n_characters : n_characters + n_words].astype(np.float64)
        self._of_vector = np.rint(weights[n_characters + n_words :].astype(np.float64) * STEPS)
        # Per word: what its character n-grams add to every score and the sum of their squares; and its lemmas.
        self._rows = WordRows(self._learn, weights.shape[1] + 1, "float64")
        self._lemma: csr_matrix = features.of_words([""])[1]
        self._lock = Lock()

    def forget(self) -> None:
        """Forget what was remembered of words (for measuring)."""
        self._rows.forget()

    def of(self, said: Said, encoder: Encoder | None) -> NDArray[np.float64]:
        """Return the scores, shape (n_texts, n_scores).

        With the shipped encoder a row is the same whatever else is in the batch; vectors of a transformer may differ in
        their last digits.
        """
        import numpy as np

        with self._lock:
            spoken = self._rows.of(said)
            lemma = self._lemma
        found = spoken.matrix() @ spoken.table
        scores = found[:, :-1] * inverse_length(found[:, -1])[:, None]
        if "words" in self._features.settings.blocks:
            grams = self._features.lemma_grams(spoken.rows, spoken.ends, lemma)
            scores += (grams @ self._of_words) * inverse_length(squares(grams))[:, None]
        if "vectors" in self._features.settings.blocks and encoder is not None:
            vectors = encoder.encode_said(said)
            scores += np.rint(vectors.astype(np.float64) * STEPS) @ self._of_vector / STEPS**2
        return np.asarray(scores)

    def _learn(self, new: list[str], first: int) -> NDArray[np.float64]:
        import numpy as np
        from scipy import sparse

        characters, lemma = self._features.of_words(new)
        self._lemma = sparse.vstack([self._lemma[:first], lemma], format="csr")
        return np.column_stack([characters @ self._of_characters, squares(characters)])
