"""What the classifier sees of an answer: character n-grams, lemma n-grams and the sentence vector, on one scale."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pipeline.nlp import lemmas

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from pipeline.coding.embed import Encoder

BLOCKS = ("characters", "words", "vectors")
MAX_CHARACTERS = 6000  # a longer answer is read up to here: its point is made by then
NAME_MARK = "…"
MAX_REMEMBERED = 200_000  # words


@dataclass(frozen=True)
class Settings:
    """Which blocks take part, and how often an n-gram must occur to count."""

    blocks: tuple[str, ...] = BLOCKS
    min_count: int = 2


def normalised(text: str) -> str:
    """Return the text as the n-grams see it: lower case, no accents, one space, a removed name as one mark.

    >>> normalised("Mevrouw … heeft mij Uitstekend geïnformeerd")
    'mevrouw … heeft mij uitstekend geinformeerd'
    """
    plain = text[:MAX_CHARACTERS].lower().replace(NAME_MARK, " \x00 ")
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return " ".join(plain.replace("\x00", NAME_MARK).split())


class Features:
    """Turns texts into one sparse matrix of rows of blocks, each block of unit length."""

    def __init__(self, settings: Settings, characters: Any, words: Any) -> None:
        self.settings = settings
        self._characters = characters
        self._words = words
        self._columns_of: dict[str, NDArray[np.int32]] = {}
        self._lemmas_of: dict[str, tuple[str, ...]] = {}

    @classmethod
    def fit(cls, texts: Sequence[str], settings: Settings) -> Features:
        """Learn the n-grams and their inverse document frequencies from texts."""
        characters, words = _vectorizers(settings)
        plain = [normalised(text) for text in texts]
        if "characters" in settings.blocks:
            characters.fit(plain)
        if "words" in settings.blocks:
            words.fit(_lemma_lines(plain))
        return cls(settings, characters, words)

    def transform(self, texts: Sequence[str], encoder: Encoder | None) -> csr_matrix:
        """Return the features, shape (n_texts, n_features); a row is the same whatever else is in the batch.

        What a word's n-grams and lemmas are is remembered, so the second answer with a word costs little.
        """
        from scipy import sparse

        said = [normalised(text).split() for text in texts]
        parts = []
        if "characters" in self.settings.blocks:
            parts.append(_weighted(self._character_columns(said), self._characters))
        if "words" in self.settings.blocks:
            parts.append(_weighted(self._word_columns(said), self._words))
        if "vectors" in self.settings.blocks and encoder is not None:
            parts.append(sparse.csr_matrix(encoder.encode([text[:MAX_CHARACTERS] for text in texts])))
        features: csr_matrix = sparse.hstack(parts, format="csr")
        return features

    def _character_columns(self, said: Sequence[Sequence[str]]) -> list[list[NDArray[np.int32]]]:
        """Return per text, per word, the columns of its character n-grams."""
        import numpy as np

        known = self._remembered(self._columns_of)
        new = {word for words in said for word in words if word not in known}
        if new:
            column, pieces = self._characters.vocabulary_, self._characters.build_analyzer()
            for word in new:
                known[word] = np.array([column[p] for p in pieces(word) if p in column], dtype=np.int32)
        return [[known[word] for word in words] for words in said]

    def _word_columns(self, said: Sequence[Sequence[str]]) -> list[list[NDArray[np.int32]]]:
        """Return per text the columns of its lemmas and pairs of lemmas."""
        import numpy as np

        column = self._words.vocabulary_
        out = []
        for found in self._lemmas(said):
            names = [*found, *map(" ".join, pairwise(found))]
            out.append([np.array([column[name] for name in names if name in column], dtype=np.int32)])
        return out

    def _lemmas(self, said: Sequence[Sequence[str]]) -> list[list[str]]:
        """Return the lemmas of every text and, where a name was removed, its mark."""
        known = self._remembered(self._lemmas_of)
        new = list({word for words in said for word in words if word not in known})
        for word, found in zip(new, lemmas(new), strict=True):
            known[word] = tuple(" ".join(found).split())
        return [
            [lemma for word in words for lemma in known[word]] + [NAME_MARK] * any(NAME_MARK in word for word in words)
            for words in said
        ]

    @staticmethod
    def _remembered(cache: dict[str, Any]) -> dict[str, Any]:
        if len(cache) > MAX_REMEMBERED:
            cache.clear()
        return cache

    def shares_of_words(self, text: str) -> tuple[list[str], csr_matrix]:
        """Return the words of a text and how much of each n-gram is theirs, shape (n_words, n_ngrams).

        The shares of an n-gram sum to 1: by how often each word has it; a pair of lemmas belongs to both words.
        """
        import numpy as np
        from scipy import sparse

        shown = text[:MAX_CHARACTERS].split()
        parts = [normalised(word).split() for word in shown]
        entries: list[tuple[int, int, float]] = []
        start = 0
        if "characters" in self.settings.blocks:
            for row, columns in enumerate(self._character_columns(parts)):
                entries += [(row, int(column), 1.0) for of_word in columns for column in of_word]
            start = len(self._characters.vocabulary_)
        width = start
        if "words" in self.settings.blocks:
            vocabulary = self._words.vocabulary_
            width += len(vocabulary)
            found = [(lemma, row) for row, words in enumerate(parts) for lemma in self._lemmas([words])[0]]
            marks = [pair for pair in found if pair[0] == NAME_MARK]
            owners = [pair for pair in found if pair[0] != NAME_MARK] + marks[:1]  # one mark, last, as in `_lemmas`
            for lemma, row in owners:
                if lemma in vocabulary:
                    entries.append((row, start + vocabulary[lemma], 1.0))
            for (one, row), (other, beside) in pairwise(owners):
                if (name := f"{one} {other}") in vocabulary:
                    entries += [(owner, start + vocabulary[name], 0.5) for owner in (row, beside)]
        place = np.array([entry[:2] for entry in entries], dtype=np.int64).reshape(-1, 2)
        amount = np.array([entry[2] for entry in entries], dtype=np.float64)
        whole = np.bincount(place[:, 1], weights=amount, minlength=width)
        table = sparse.csr_matrix((amount / whole[place[:, 1]], (place[:, 0], place[:, 1])), shape=(len(shown), width))
        return shown, table

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


def _vectorizers(settings: Settings) -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=settings.min_count, lowercase=False
    )
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+", lowercase=False)
    return characters, words


def _weighted(columns: Sequence[Sequence[NDArray[np.int32]]], vectorizer: Any) -> csr_matrix:
    """Return what `vectorizer.transform` would: sublinear counts times inverse document frequency, unit length."""
    import numpy as np
    from scipy import sparse
    from sklearn.preprocessing import normalize

    empty = np.zeros(0, dtype=np.int32)
    indices = np.concatenate([empty, *(found for words in columns for found in words)])
    ends = np.cumsum([0, *(sum(map(len, words)) for words in columns)])
    shape = (len(columns), len(vectorizer.vocabulary_))
    table = sparse.csr_matrix((np.ones(len(indices)), indices, ends), shape=shape)
    table.sum_duplicates()
    table.data = (np.log(table.data) + 1.0) * vectorizer.idf_[table.indices]
    unit: csr_matrix = normalize(table, copy=False)
    return unit


def _lemma_lines(plain: Sequence[str]) -> list[str]:
    lines = []
    for text, found in zip(plain, lemmas(plain), strict=True):
        line = " ".join(found)
        lines.append(f"{line} {NAME_MARK}" if NAME_MARK in text else line)
    return lines
