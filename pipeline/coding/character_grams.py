"""The character n-grams of many words at once, as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZES = (2, 5)  # of character n-grams, within words


class CharacterGrams:
    """Looks n-grams of `SIZES` up as scikit-learn's analyzer "char_wb" makes them, without making a string of each.

    An n-gram is a number whose digits are its characters, counted from 1 among those that occur in the vocabulary. With
    up to 6,000 of them it fits 64 bits.

    Args:
        vocabulary: the column of every n-gram; not empty.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        import numpy as np

        codes = _codes("".join(gram.ljust(SIZES[1], "\0") for gram in vocabulary)).reshape(-1, SIZES[1])
        self._none = len(vocabulary)
        self._alphabet = np.union1d([0], codes)
        numbers = np.searchsorted(self._alphabet, codes) @ self._worth
        order = np.argsort(numbers)
        self._numbers = numbers[order]
        self._columns = np.fromiter(vocabulary.values(), np.int32, len(vocabulary))[order]

    @property
    def _worth(self) -> NDArray[np.int64]:
        """What a digit is worth in every place; the largest digit is any character that does not occur."""
        import numpy as np

        return np.asarray((len(self._alphabet) + 1) ** np.arange(SIZES[1]))

    def of(self, words: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the columns of the words' n-grams, shape (n_grams,), and where each word's end, shape (n_words + 1,).

        Words follow each other; a word's n-grams go by size, then by place. One that is not in the vocabulary has the
        column after the last.

        >>> CharacterGrams({" j": 0, "ja": 1, "ja ": 2, "n": 3}).of(["ja", "n"])
        (array([0, 1, 4, 4, 2, 4, 4, 4, 4], dtype=int32), array([0, 6, 9]))
        """
        import numpy as np

        codes = _codes("".join(f" {word} " for word in words))
        at = np.searchsorted(self._alphabet, codes)
        at[at == len(self._alphabet)] = 0
        digits = np.where(self._alphabet[at] == codes, at, len(self._alphabet))
        lengths = np.array([len(word) + 2 for word in words], dtype=np.int64)
        word_ends = np.cumsum(lengths)
        left = np.repeat(word_ends, lengths) - np.arange(len(codes))  # characters up to the end of the word
        of_size = np.stack([np.maximum(lengths - size + 1, 0) for size in range(SIZES[0], SIZES[1] + 1)], axis=1)
        ends = np.concatenate([[0], np.cumsum(of_size.sum(axis=1))])
        out = np.empty(ends[-1], dtype=np.int32)
        first = ends[:-1] - (word_ends - lengths)  # where the first n-gram of a size goes, less its place
        numbers, worth = digits.copy(), self._worth
        for size in range(SIZES[0], min(SIZES[1], len(codes)) + 1):
            numbers[: len(codes) - size + 1] += digits[size - 1 :] * worth[size - 1]
            begins = np.flatnonzero(left >= size)
            out[np.repeat(first, of_size[:, size - SIZES[0]]) + begins] = self._column(numbers[begins])
            first = first + of_size[:, size - SIZES[0]]
        return out, ends

    def _column(self, numbers: NDArray[np.int64]) -> NDArray[np.int32]:
        import numpy as np

        at = np.minimum(np.searchsorted(self._numbers, numbers), self._none - 1)
        return np.where(self._numbers[at] == numbers, self._columns[at], np.int32(self._none))


def _codes(text: str) -> NDArray[np.uint32]:
    import numpy as np

    return np.frombuffer(text.encode("utf-32-le"), np.uint32)
