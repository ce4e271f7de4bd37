"""A small convolutional network that reads the words of an answer in their order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from pipeline.coding.word_rows import Spoken, WordRows
from pipeline.coding.words import Said, shown_words, words_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.coding.embed import WordPieces

    Head = tuple[NDArray[Any], NDArray[Any]]  # weights (3 * d, n_codes) and bias (n_codes,)

TONE = "tone"  # the head that tells these
TONES = ("praise", "criticism")
ALONE = "alone:"  # before the names of what word pieces say of the tone without their order
DILATIONS = (1, 2)  # how many words apart the three words are that a layer looks at together
#: Products are made of whole numbers below 2**24 and so are exact in single precision, in any order: a row's result
#: is the same in every batch. Activations have steps of 1/32, weights of 1/127 of a column's most.
STEPS, MOST, MOST_WEIGHT = 32, 255, 127
CHUNK = 2000  # words and the places between answers; a longer answer is read by itself
MOST_OCCLUDED = 200  # words of an answer


class Network:
    """Logits per code from a table of word pieces, two convolutions over three words, and three ways of pooling.

    A word is the mean of its pieces' vectors, at zero mean and unit variance. Each layer adds `relu(convolution)` to
    what it got; the first one's products are remembered per word. An answer is its attention-weighted mean, its
    maximum and its mean over the words, shape (3 * d,), and every facet has a linear head on that. The network of the
    tone also has what every word piece says of it alone.
    """

    def __init__(self, tensors: Mapping[str, NDArray[Any]], content: Mapping[str, Any], pieces: WordPieces) -> None:
        import numpy as np

        self.codes: dict[str, dict[str, tuple[str, ...]]] = {
            book: {facet: tuple(codes) for facet, codes in facets.items()}
            for book, facets in content.get("codes", {}).items()
        }
        self.digest = str(content["digest"])
        self._seen = frozenset(tensors["seen"].tolist())
        self._pieces = pieces
        self._table = tensors["table"].astype(np.float32)
        self._layers = [_Layer(tensors[f"layer{n}"], tensors[f"layer{n}_bias"]) for n in range(len(DILATIONS))]
        self._scale, self._shift, self._query = (
            np.asarray(tensors[name], np.float32) for name in ("scale", "shift", "query")
        )
        names = {f"{book}:{facet}": (book, facet) for book, facets in self.codes.items() for facet in facets}
        names |= {TONE: ("", TONE)} if f"head:{TONE}" in tensors else {}  # of no codebook
        self._heads = {key: (tensors[f"head:{name}"].astype(np.float64), tensors[f"bias:{name}"])
                       for name, key in names.items()}  # fmt: skip
        self._rows = WordRows(self._learn, 4 * self._table.shape[1])
        self._alone = {
            name.removeprefix(ALONE): tensors[name].astype(np.float64) for name in tensors if name.startswith(ALONE)
        }
        self._alone_rows = WordRows(self._learn_alone, len(TONES), "float64")

    def forget(self) -> None:
        """Forget what was remembered of words (for measuring)."""
        self._rows.forget()
        self._alone_rows.forget()

    def saw(self, texts: Iterable[str]) -> NDArray[np.bool_]:
        """Return whether the network was fitted on each text, shape (n_texts,)."""
        import numpy as np

        return np.array([text_key(text) in self._seen for text in texts], dtype=bool)

    def logits(self, said: Said, book: str) -> dict[str, NDArray[np.float64]]:
        """Return per facet the logits of a codebook's codes, shape (n_texts, n_codes); of an unknown one nothing."""
        import numpy as np

        heads = self._heads_of(book)
        if not heads:
            return {}
        spoken, n_texts = self._rows.of(said), len(said.ends) - 1
        # A chunk at a time, small enough for the processor's own memory.
        places, chunks, start = spoken.ends + max(DILATIONS) * np.arange(n_texts + 1), [], 0
        while start < n_texts:
            fit = int(np.searchsorted(places, places[start] + CHUNK, side="right")) - 1
            end = max(fit, start + 1)
            chunks.append(self._pooled(spoken, start, end))
            start = end
        pooled = np.concatenate([np.zeros((0, 3 * self._table.shape[1])), *chunks])
        return {
            facet: np.asarray((pooled @ weights + bias).astype(np.float32), np.float64)
            for facet, (weights, bias) in heads.items()
        }

    def tone(self, said: Said) -> NDArray[np.float64]:
        """Return the calibrated log-odds that there is praise, and criticism, in each text, shape (n_texts, 2)."""
        return self.logits(said, "")[TONE]

    def tone_of_words(self, said: Said) -> NDArray[np.float64]:
        """Return about what `tone` does, shape (n_texts, 2), from the words without their order."""
        import numpy as np

        spoken = self._alone_rows.of(said)
        n_words = np.maximum(np.diff(said.ends), 1)[:, None]
        alone = self._alone
        return np.asarray(
            (spoken.matrix() @ spoken.table) / np.sqrt(n_words) + alone["length"] * np.log(n_words) + alone["bias"]
        )

    def occluded_tone(self, texts: Sequence[str]) -> list[NDArray[np.float64]]:
        """Return per text its tone without each of its words, shape (n_words, 2); see `occluded`."""
        return [found[TONE] for found in self.occluded(texts, "")]

    def occluded(self, texts: Sequence[str], book: str) -> list[dict[str, NDArray[np.float64]]]:
        """Return per text and facet the logits without each of its words, shape (n_words, n_codes).

        What a word adds is the logit of the whole text less this one (occlusion, Zeiler & Fergus 2014). The time this
        takes grows with the square of the words, so those past the first `MOST_OCCLUDED` are not left out in turn: they
        get the logits of the whole text, and so add nothing.
        """
        import numpy as np

        if not self._heads_of(book):
            return [{} for _ in texts]
        shown = [[words_of(word) for word in shown_words(text)] for text in texts]
        said: list[list[str]] = []
        rows = []
        for words in shown:
            left_out = range(min(len(words), MOST_OCCLUDED))
            rows.append(len(said) + np.minimum(np.arange(len(words)), len(left_out)))
            said += [[*chain(*words[:at], *words[at + 1 :])] for at in left_out]
            if len(words) > MOST_OCCLUDED:
                said.append([*chain(*words)])
        found = self.logits(Said.from_words(said), book)
        return [{facet: logits[row] for facet, logits in found.items()} for row in rows]

    def _heads_of(self, book: str) -> dict[str, Head]:
        return {facet: head for (of_book, facet), head in self._heads.items() if of_book == book}

    def _pooled(self, spoken: Spoken, start: int, end: int) -> NDArray[np.float32]:
        """Return what the heads look at of some of the texts, shape (n_texts, 3 * d)."""
        import numpy as np
        from scipy import sparse

        rows = spoken.rows[spoken.ends[start] : spoken.ends[end]]
        n_words = np.diff(spoken.ends[start : end + 1])
        gap = max(DILATIONS)
        counts = np.maximum(n_words, 1)
        starts = gap + np.concatenate([[0], np.cumsum(counts + gap)[:-1]])
        ends = spoken.ends[start : end + 1] - spoken.ends[start]
        flat = np.repeat(starts - ends[:-1], n_words) + np.arange(len(rows))
        place = np.zeros(int(starts[-1] + counts[-1] + gap), dtype=np.int32)  # row 0: no word, between texts
        place[flat] = rows
        outside = np.ones(len(place), dtype=bool)
        outside[flat] = False
        gathered = spoken.table[place]
        width = self._table.shape[1]
        first, *rest = self._layers
        summed = gathered[:, 2 * width : 3 * width] + first.bias
        summed[1:] += gathered[:-1, width : 2 * width]
        summed[:-1] += gathered[1:, 3 * width :]
        at = gathered[:, :width] + np.maximum(summed, 0, out=summed)
        at[outside] = 0
        for dilation, layer in zip(DILATIONS[1:], rest, strict=True):
            parts = layer.products(at)
            summed = parts[:, width : 2 * width]
            summed[dilation:] += parts[:-dilation, :width]
            summed[:-dilation] += parts[dilation:, 2 * width :]
            summed *= layer.step
            summed += layer.bias
            at += np.maximum(summed, 0, out=summed)
            at[outside] = 0
        edges = np.column_stack([starts, starts + counts]).ravel()
        attention: NDArray[np.float32] = np.exp(np.clip((at * self._query).sum(axis=1), -30, 30))
        attention[outside] = 0
        highest = np.maximum.reduceat(at, edges, axis=0)[::2]
        share = np.repeat(np.add.reduceat(attention, edges)[::2], n_words)
        shape = (len(counts), len(at))
        weighted = sparse.csr_matrix((attention[flat] / share, flat, ends), shape) @ at
        mean = sparse.csr_matrix((np.repeat(1 / counts, n_words).astype(np.float32), flat, ends), shape) @ at
        return np.asarray(np.hstack([weighted, highest, mean]))

    def _learn(self, words: list[str], _: int) -> NDArray[np.float32]:
        """Return per word its vector, and its part in the first layer of the word after, itself and the word before."""
        import numpy as np

        vectors = self._word_vectors(words)
        first = self._layers[0]
        return np.hstack([vectors, first.products(vectors) * np.tile(first.step, 3)])

    def _learn_alone(self, words: list[str], _: int) -> NDArray[np.float64]:
        """Return per word what it says of the tone without the words around it, shape (n_words, 2)."""
        import numpy as np

        return np.asarray(self._pieces.of(words) @ self._alone["pieces"])

    def _word_vectors(self, words: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        pieces = self._pieces.of(words).astype(np.float32)
        counts = np.maximum(np.diff(pieces.indptr), 1)  # a mark or a number of marks has no pieces
        out = (pieces @ self._table) / counts[:, None].astype(np.float32)
        out -= out.mean(axis=1, keepdims=True)
        out /= np.sqrt((out**2).mean(axis=1, keepdims=True) + 1e-5)
        return np.asarray(out * self._scale + self._shift)


class _Layer:
    """A convolution over three words: weights (3 * d, d) for the word before, the word and the word after; a bias."""

    def __init__(self, weights: NDArray[Any], bias: NDArray[Any]) -> None:
        import numpy as np

        most = np.maximum(np.abs(weights.astype(np.float64)).max(axis=0), 1e-12)
        self.bias = np.asarray(bias, np.float32)
        self.step = np.asarray(most / (MOST_WEIGHT * STEPS), np.float32)  # what one of the products' steps is worth
        self._whole = np.hstack(np.split(np.rint(weights / most * MOST_WEIGHT).astype(np.float32), 3))

    def products(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return every word's part in the sums of the next word, of itself and of the word before, (n_words, 3 * d)."""
        import numpy as np

        whole = np.rint(rows * STEPS)
        np.clip(whole, -MOST, MOST, out=whole)
        out: NDArray[np.float32] = whole @ self._whole
        return out


def text_key(text: str) -> int:
    """Return the number by which a network knows a text that it was fitted on.

    >>> text_key("Goed.") == text_key("Goed."), text_key("Goed.") == text_key("goed")
    (True, False)
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
