"""What words are made of, worked out once per word and looked up afterwards."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from pipeline.coding.words import Said, ones

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

MAX_REMEMBERED = 50_000  # words


class Spoken(NamedTuple):
    """The words of texts as rows of `table`: one after another, those of text t from `ends[t]` to `ends[t + 1]`."""

    rows: NDArray[np.int32]
    ends: NDArray[np.int64]
    table: NDArray[np.float32]

    def matrix(self) -> csr_matrix:
        """Return a 1 for every word, shape (n_texts, n_rows): times a table it adds rows up, in the words' order."""
        return ones(self.rows, self.ends, len(self.table), self.table.dtype)


class WordRows:
    """Remembers a row of a table for every word. Threads may ask at the same time.

    Row 0 is all zeros and of no word.

    Args:
        make: returns the rows of new words, shape (n_words, width); it is also told the number of the first of them.
        width: of a row.
        dtype: of the table.
    """

    def __init__(
        self,
        make: Callable[[list[str], int], NDArray[np.floating]],
        width: int,
        dtype: str = "float32",
    ) -> None:
        self._make, self._width, self._dtype = make, width, dtype
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        """Forget all words."""
        import numpy as np

        self._row_of: dict[str, int] = {}
        self._table = np.zeros((1, self._width), dtype=self._dtype)

    def of(self, said: Said) -> Spoken:
        """Return the rows of the words of texts."""
        import numpy as np

        with self._lock:
            if len(self._row_of) > MAX_REMEMBERED:
                self.forget()
            known = self._row_of
            new = [word for word in said.words if word not in known]
            if new:
                self._learn(new)
            row_of_word = np.fromiter(map(known.__getitem__, said.words), dtype=np.int32, count=len(said.words))
            return Spoken(row_of_word[said.places], said.ends, self._table)

    def _learn(self, new: list[str]) -> None:
        """Add the rows of new words; what was given out before stays as it is."""
        import numpy as np

        at = len(self._row_of) + 1
        made = self._make(new, at)
        if at + len(new) > len(self._table):
            more = np.zeros((max(len(new), len(self._table)), self._width), dtype=self._dtype)
            self._table = np.concatenate([self._table, more])
        self._table[at : at + len(new)] = made
        self._row_of.update((word, at + row) for row, word in enumerate(new))
