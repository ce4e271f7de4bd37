"""How much a word that no list knows looks like a name: letter groups of names weighed against those of words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_HALF = 0.5  # added to every count, so that an unseen group says little
_SHORTEST, _LONGEST = 4, 13


@dataclass(frozen=True)
class NameShape:
    """The log of how much likelier each group of two or three letters is in a name than in an ordinary word."""

    weights: dict[str, float] = field(repr=False)
    unseen: float

    def score(self, word: str) -> float:
        """Give the mean weight of a word's letter groups; above nought it looks more like a name."""
        groups = _groups(word[:40])
        return sum(self.weights.get(group, self.unseen) for group in groups) / len(groups)


def learn_shape(names: Iterable[str], words: Iterable[str]) -> NameShape:
    """Count the letter groups of names and of ordinary words; the same lists always give the same weights.

    >>> shape = learn_shape(["yohannes", "yonas", "semhar"], ["toeslag", "toekomst", "slagen"])
    >>> shape.score("yonathan") > 0 > shape.score("slagveld")
    True
    """
    of_names, of_words = _count(names), _count(words)
    all_names, all_words = of_names.total() + 1, of_words.total() + 1
    even = math.log(all_words / all_names)
    weights = {
        group: math.log((of_names[group] + _HALF) / (of_words[group] + _HALF)) + even
        for group in of_names.keys() | of_words.keys()
    }
    return NameShape(weights, even)


def _count(words: Iterable[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for word in words:
        if _SHORTEST <= len(word) <= _LONGEST and word.isalpha():
            counts.update(_groups(word))
    return counts


def _groups(word: str) -> list[str]:
    framed = f"^{word}$"
    return [framed[i : i + 3] for i in range(len(framed) - 2)] + [framed[i : i + 2] for i in range(len(framed) - 1)]
