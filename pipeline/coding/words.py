"""The words of answers as every model sees them, cut once for all of them."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

MAX_CHARACTERS = 6000  # a longer answer is read up to here: its point is made by then
NAME_MARK = "…"
LONE_SURROGATES = re.compile("[\ud800-\udfff]+")


def normalised(text: str) -> str:
    """Return the text as the n-grams see it: lower case, no accents, one space, a removed name as one mark.

    >>> normalised("Mevrouw … heeft mij Uitstekend geïnformeerd")
    'mevrouw … heeft mij uitstekend geinformeerd'
    """
    return " ".join(words_of(text))


def words_of(text: str) -> list[str]:
    """Return the words of `normalised(text)`."""
    plain = text[:MAX_CHARACTERS].lower().replace(NAME_MARK, " \x00 ")
    if not plain.isascii():
        # Of a pair of surrogates that was torn apart neither half can be shown or encoded.
        plain = LONE_SURROGATES.sub("", unicodedata.normalize("NFKD", plain))
        plain = "".join(c for c in plain if not unicodedata.combining(c))
    return plain.replace("\x00", NAME_MARK).split()


def shown_words(text: str) -> list[str]:
    """Return the words of a text as they are written; the `words_of` each follow each other to those of the text."""
    return text[:MAX_CHARACTERS].split()


@dataclass(frozen=True)
class Said:
    """The distinct words of texts, and which of them each text says.

    The words of text t are `words[place]` for the `places`, shape (n_said,), from `ends[t]` to `ends[t + 1]`; `ends`
    has shape (n_texts + 1,).
    """

    texts: Sequence[str]
    words: list[str]
    places: NDArray[np.int32]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Said:
        """Cut texts into their normalised words."""
        return cls._numbered(texts, [words_of(text) for text in texts])

    @classmethod
    def from_words(cls, said: Sequence[Sequence[str]]) -> Said:
        """Take texts that were cut into words already, as they are."""
        return cls._numbered([" ".join(words) for words in said], said)

    @classmethod
    def _numbered(cls, texts: Sequence[str], said: Sequence[Sequence[str]]) -> Said:
        import numpy as np

        place: defaultdict[str, int] = defaultdict(count().__next__)  # numbers words as they come
        ends = np.cumsum([0, *map(len, said)])
        places = np.fromiter(map(place.__getitem__, chain.from_iterable(said)), dtype=np.int32, count=ends[-1])
        return cls(texts, list(place), places, ends)

    def part(self, rows: NDArray[np.intp]) -> Said:
        """Return some of the texts, with their own words only."""
        import numpy as np

        lengths = np.diff(self.ends)[rows]
        ends = np.concatenate([[0], np.cumsum(lengths)])
        flat = np.repeat(self.ends[rows] - ends[:-1], lengths) + np.arange(ends[-1])
        used, places = np.unique(self.places[flat], return_inverse=True)
        return Said([self.texts[row] for row in rows], [self.words[at] for at in used], places.astype(np.int32), ends)

    def matrix(self) -> csr_matrix:
        """Return a 1 for every word, shape (n_texts, n_words), in their order."""
        import numpy as np

        return ones(self.places, self.ends, len(self.words), np.dtype("float64"))


def occurrences(rows: Sequence[Sequence[int]], width: int) -> csr_matrix:
    """Return a matrix with a 1 for every number of every row, in their order, those that occur twice apart.

    >>> occurrences([[2, 0, 2], []], 3).indices.tolist()
    [2, 0, 2]
    """
    import numpy as np

    ends = np.cumsum([0, *map(len, rows)])
    flat = np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=ends[-1])
    return ones(flat, ends, width, np.dtype("float64"))


def ones(rows: NDArray[np.int32], ends: NDArray[np.int64], width: int, dtype: np.dtype[Any]) -> csr_matrix:
    """Return a matrix, (n_ends - 1, width), with a 1 in row t for each of the columns `rows[ends[t] : ends[t + 1]]`."""
    import numpy as np
    from scipy import sparse

    return sparse.csr_matrix((np.ones(len(rows), dtype=dtype), rows, ends), shape=(len(ends) - 1, width))
