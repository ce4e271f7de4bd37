"""What the classifier sees of an answer: character n-grams, lemma n-grams and the sentence vector, on one scale."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
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
    plain = unicodedata.normalize("NFKD", text[:MAX_CHARACTERS].lower().replace(NAME_MARK, " \x00 "))
    kept = "".join(c for c in plain if not unicodedata.combining(c)).replace("\x00", NAME_MARK)
    return " ".join(kept.split())


class Features:
    """Turns texts into one sparse matrix of rows of blocks, each block of unit length."""

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
            words.fit(_lemma_lines(plain))
        return cls(settings, characters, words)

    def transform(self, texts: Sequence[str], encoder: Encoder | None) -> csr_matrix:
        """Return the features, shape (n_texts, n_features)."""
        from scipy import sparse

        plain = [normalised(text) for text in texts]
        parts = []
        if "characters" in self.settings.blocks:
            parts.append(self._characters.transform(plain))
        if "words" in self.settings.blocks:
            parts.append(self._words.transform(_lemma_lines(plain)))
        if "vectors" in self.settings.blocks and encoder is not None:
            vectors = encoder.encode([text[:MAX_CHARACTERS] for text in texts])
            parts.append(sparse.csr_matrix(vectors))
        stacked: csr_matrix = sparse.hstack(parts, format="csr")
        return stacked

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


def _lemma_lines(plain: Sequence[str]) -> list[str]:
    lines = []
    for text, found in zip(plain, lemmas(plain), strict=True):
        line = " ".join(found)
        lines.append(f"{line} {NAME_MARK}" if NAME_MARK in text else line)
    return lines
