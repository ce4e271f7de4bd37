"""What the classifier sees of an answer: character n-grams, lemma n-grams and the sentence vector, on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from pipeline.coding.character_grams import SIZES, CharacterGrams
from pipeline.coding.words import NAME_MARK, Said, normalised, occurrences, shown_words, words_of
from pipeline.nlp import lemmas

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from pipeline.coding.embed import Encoder

BLOCKS = ("characters", "words", "vectors")


@dataclass(frozen=True)
class Settings:
    """Which blocks take part, and in how many texts a character n-gram must occur to count; lemmas always count."""

    blocks: tuple[str, ...] = BLOCKS
    min_count: int = 2


class Features:
    """Turns texts into one sparse matrix of blocks of n-grams and the sentence vector.

    An n-gram weighs its inverse document frequency each time it occurs. A block of a row is divided by the root of the
    sum of these weights' squares, over all that occurs. So up to that length a row is the sum of what its words hold,
    which `pipeline.coding.scores` uses.
    """

    def __init__(self, settings: Settings, characters: Any, words: Any) -> None:
        self.settings = settings
        self._characters = characters
        self._words = words

    @classmethod
    def fit(cls, texts: Sequence[str], settings: Settings) -> Features:
        """Learn the n-grams and their inverse document frequencies from texts."""
        characters, words = _vectorizers(settings)
        plain = [normalised(text) for text in texts]
        if "characters" in settings.blocks:
            characters.fit(plain)
        if "words" in settings.blocks:
            words.fit([" ".join(chain.from_iterable(_lemmas(text.split()))) for text in plain])
        return cls(settings, characters, words)

    @property
    def widths(self) -> tuple[int, int]:
        """How many character n-grams and how many lemmas and pairs of lemmas there are."""
        blocks = (("characters", self._characters), ("words", self._words))
        characters, words = (len(made.vocabulary_) if name in self.settings.blocks else 0 for name, made in blocks)
        return characters, words

    def transform(self, texts: Sequence[str], encoder: Encoder | None) -> csr_matrix:
        """Return the features, shape (n_texts, n_features).

        With the shipped encoder a row is the same whatever else is in the batch; vectors of a transformer may differ in
        their last digits.
        """
        from scipy import sparse

        said = Said.of(texts)
        characters, lemma = self.of_words(said.words)
        spoken = said.matrix()
        parts = []
        if "characters" in self.settings.blocks:
            parts.append(_unit(spoken @ characters, spoken @ squares(characters)))
        if "words" in self.settings.blocks:
            found = self.lemma_grams(said.places, said.ends, lemma)
            length = squares(found)
            found.sum_duplicates()
            parts.append(_unit(found, length))
        if "vectors" in self.settings.blocks and encoder is not None:
            parts.append(sparse.csr_matrix(encoder.encode_said(said)))
        features: csr_matrix = sparse.hstack(parts, format="csr")
        return features

    def of_words(self, words: Sequence[str]) -> tuple[csr_matrix, csr_matrix]:
        """Return the weights of each word's character n-grams, (n_words, n_ngrams), and its lemmas in their order.

        The second has a 1 per lemma, a column per lemma that is known and a last one for any other.
        """
        from scipy import sparse

        n_characters, n_words = self.widths
        characters = sparse.csr_matrix((len(words), n_characters))
        if n_characters:
            characters = _known(*self._grams.of(words), self._characters.idf_)
        lemma = sparse.csr_matrix((len(words), n_words + 1))
        if n_words:
            column = self._words.vocabulary_
            lemma = occurrences(
                [[column.get(name, n_words) for name in found] for found in _lemmas(words)], n_words + 1
            )
        return characters, lemma

    def lemma_grams(self, rows: NDArray[np.int32], ends: NDArray[np.int64], lemma: csr_matrix) -> csr_matrix:
        """Return the weights of the lemmas and pairs of lemmas of texts, as they occur, shape (n_texts, n_words).

        Args:
            rows: of the texts' words in `lemma`, one text after another.
            ends: where each text begins and ends in `rows`, shape (n_texts + 1,).
            lemma: what `of_words` returns.
        """
        of_word = lemma[rows]
        ends = of_word.indptr[ends]
        return _known(self._lemma_columns(of_word.indices, ends).ravel(), 2 * ends, self._words.idf_)

    def _lemma_columns(self, found: NDArray[np.int32], ends: NDArray[Any]) -> NDArray[np.int32]:
        """Return per lemma its column and that of the pair it begins, shape (n_lemmas, 2); n_words where not known."""
        import numpy as np

        none = self.widths[1]
        columns = np.full((len(found), 2), none, dtype=np.int32)
        columns[:, 0] = found
        keys, of_key = self._pairs
        if len(found) > 1 and len(keys):
            pairs = found[:-1].astype(np.int64) * (none + 1) + found[1:]
            at = np.minimum(np.searchsorted(keys, pairs), len(keys) - 1)
            columns[:-1, 1] = np.where(keys[at] == pairs, of_key[at], none)
            columns[ends[ends > 0] - 1, 1] = none  # the last lemma of a text begins none
        return columns

    @cached_property
    def _grams(self) -> CharacterGrams:
        return CharacterGrams(self._characters.vocabulary_)

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The pairs of lemmas, each as one number, in order, and their columns."""
        import numpy as np

        column = self._words.vocabulary_
        names = [(name.split(" "), at) for name, at in column.items() if " " in name]
        keys = np.array([column[one] * (len(column) + 1) + column[other] for (one, other), _ in names], dtype=np.int64)
        order = np.argsort(keys)
        return keys[order], np.array([at for _, at in names], dtype=np.int32)[order]

    def shares_of_words(self, text: str) -> tuple[list[str], csr_matrix]:
        """Return the words of a text and how much of each n-gram is theirs, shape (n_words, n_ngrams).

        The shares of an n-gram sum to 1: by how often each word has it; a pair of lemmas belongs to both words.
        """
        import numpy as np
        from scipy import sparse

        shown = shown_words(text)
        parts = [words_of(word) for word in shown]
        owner = np.repeat(np.arange(len(shown)), [len(words) for words in parts])
        characters, lemma = self.of_words(list(chain.from_iterable(parts)))
        n_characters, n_words = self.widths
        of_gram, of_lemma = (np.repeat(owner, np.diff(block.indptr)) for block in (characters, lemma))
        entries = [(of_gram, characters.indices, 1.0)]
        if n_words and lemma.nnz:
            one, pair = self._lemma_columns(lemma.indices, np.array([lemma.nnz])).T
            entries += [(of_lemma, n_characters + one, 1.0), (of_lemma, n_characters + pair, 0.5)]
            entries += [(of_lemma[1:], n_characters + pair[:-1], 0.5)]
        rows, columns = (np.concatenate([entry[at] for entry in entries]) for at in (0, 1))
        amount = np.concatenate([np.full(len(entry[0]), entry[2]) for entry in entries])
        known = columns < n_characters + n_words
        rows, columns, amount = rows[known], columns[known], amount[known]
        shape = (len(shown), n_characters + n_words)
        whole = np.bincount(columns, weights=amount, minlength=shape[1])
        return shown, sparse.csr_matrix((amount / whole[columns], (rows, columns)), shape=shape)

    def state(self) -> tuple[dict[str, list[str]], dict[str, NDArray[np.float32]]]:
        """Return what must be kept to rebuild this: the n-grams in column order, and their weights."""
        import numpy as np

        names: dict[str, list[str]] = {}
        arrays: dict[str, NDArray[np.float32]] = {}
        for block, vectorizer in (("characters", self._characters), ("words", self._words)):
            if block in self.settings.blocks:
                names[block] = [str(name) for name in vectorizer.get_feature_names_out()]
                arrays[f"idf_{block}"] = np.asarray(vectorizer.idf_, dtype=np.float32)
        return names, arrays

    @classmethod
    def restore(
        cls, settings: Settings, names: dict[str, list[str]], arrays: dict[str, NDArray[np.float32]]
    ) -> Features:
        """Rebuild from what `state` returned."""
        vectorizers = dict(zip(("characters", "words"), _vectorizers(settings), strict=True))
        for block, vectorizer in vectorizers.items():
            if block in settings.blocks:
                vectorizer.vocabulary_ = {name: column for column, name in enumerate(names[block])}
                vectorizer.idf_ = arrays[f"idf_{block}"].astype("float64")
        return cls(settings, vectorizers["characters"], vectorizers["words"])


def _known(columns: NDArray[np.int32], ends: NDArray[Any], weight: NDArray[np.float64]) -> csr_matrix:
    """Return rows of weights, given the columns that follow each other up to each end, without those past the last."""
    import numpy as np
    from scipy import sparse

    known = columns < len(weight)
    indices = columns[known]
    ends = np.concatenate([[0], np.cumsum(known)])[ends]
    return sparse.csr_matrix((weight[indices], indices, ends), shape=(len(ends) - 1, len(weight)))


def squares(weights: csr_matrix) -> NDArray[np.float64]:
    """Return the sum of the squares of every row's entries, shape (n_rows,)."""
    import numpy as np
    from scipy import sparse

    table = sparse.csr_matrix((weights.data**2, weights.indices, weights.indptr), shape=weights.shape)
    return np.asarray(table @ np.ones(weights.shape[1]))


def inverse_length(squared: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a block is multiplied with, shape (n_texts,), given the sums of its squares; 0 where nothing is."""
    import numpy as np

    return np.asarray(np.where(squared > 0, 1 / np.sqrt(np.where(squared > 0, squared, 1.0)), 0.0))


def _unit(block: csr_matrix, squared: NDArray[np.float64]) -> csr_matrix:
    from scipy import sparse

    unit: csr_matrix = sparse.diags(inverse_length(squared)) @ block
    return unit


def _vectorizers(settings: Settings) -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=SIZES, min_df=settings.min_count, lowercase=False)
    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", lowercase=False)
    return characters, words


def has_words(text: str) -> bool:
    """Whether there is anything in a text that `Features` can learn."""
    return any(_lemmas(words_of(text)))


def _lemmas(words: Sequence[str]) -> list[list[str]]:
    """Return every word's lemmas; that of a removed name is its mark."""
    return [
        [NAME_MARK] if word == NAME_MARK else " ".join(found).split()
        for word, found in zip(words, lemmas(words), strict=True)
    ]
