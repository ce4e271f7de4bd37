"""Dutch text through spaCy: tokens, sentences and lemmas, the same for every room."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

#: Trained Dutch pipelines, best first; one is used for sentences when it is installed, none is required.
TRAINED = ("nl_core_news_lg", "nl_core_news_md", "nl_core_news_sm")
_MAX_CHARACTERS = 2_000_000
_TOGETHER = 500  # texts that are cut into tokens as one


@lru_cache(maxsize=2)
def dutch(trained: bool = False) -> Language:
    """Return the Dutch spaCy pipeline: tokenizer and sentence splitter.

    With `trained`, an installed `nl_core_news_*` pipeline is used instead when there is one. The coder never asks for
    it: the same input must give the same codes on a machine with and without it.
    """
    import spacy

    if trained:
        for name in TRAINED:
            if importlib.util.find_spec(name) is not None:
                nlp = spacy.load(name, exclude=["ner"])
                nlp.max_length = _MAX_CHARACTERS
                return nlp
    nlp = spacy.blank("nl")
    nlp.max_length = _MAX_CHARACTERS
    nlp.add_pipe("sentencizer", config={"punct_chars": [".", "!", "?", "…", "\n"]})
    return nlp


def lemmas(texts: Sequence[str]) -> list[list[str]]:
    """Return the lower-case lemmas of every text, words and numbers only.

    >>> lemmas(["De aanvragen hielpen mij."])
    [['de', 'aanvragen', 'helpen', 'mij']]
    """
    import numpy as np

    tokenizer = dutch().tokenizer
    out: list[list[str]] = []
    for start in range(0, len(texts), _TOGETHER):
        part = texts[start : start + _TOGETHER]
        # The tokenizer cuts at white space first, so a text's tokens are the same in one document with others.
        found = np.asarray(tokenizer(" ".join(part)).to_array(["IS_ALPHA", "LIKE_NUM", "LOWER", "IDX"]))
        kept = found[(found[:, 0] > 0) | (found[:, 1] > 0)]
        begins = np.cumsum([0, *(len(text) + 1 for text in part)])
        cuts = np.searchsorted(kept[:, 3].astype(np.int64), begins).tolist()
        names = [_lemma(word) for word in kept[:, 2].tolist()]
        out += [names[first:last] for first, last in pairwise(cuts)]
    return out


@lru_cache(maxsize=100_000)
def _lemma(word: int) -> str:
    """Return the lemma of a lower-case word, given as spaCy's number for it."""
    name = dutch().vocab.strings[word]
    return _lemma_table().get(name, name).lower()


@lru_cache(maxsize=1)
def _lemma_table() -> dict[str, str]:
    """Return spacy-lookups-data's lemma of every word form, as it is: spaCy's own table is slow to fill."""
    from spacy.util import load_language_data, registry

    table = load_language_data(registry.lookups.get("nl")["lemma_lookup"])
    assert isinstance(table, dict)
    return table


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, stripped.

    >>> sentences("Goed geholpen. Wel lang gewacht!")
    ['Goed geholpen.', 'Wel lang gewacht!']
    """
    doc = dutch(trained=True)(text)
    return [sentence.text.strip() for sentence in doc.sents if sentence.text.strip()]
