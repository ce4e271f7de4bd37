"""A text as the pseudonymiser sees it: words with their place, case and the evidence on each, in linear time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.intake.personal_words import Evidence, Lexicon

MASK = "…"
_TOKEN = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f]+[^\W\d_]*)*(?:['’`´][^\W\d_]+)?|['’][tns]\b|\d+|…+|\n+|[^\s]")
_SENTENCE_END = frozenset('.!?:;•*–—"“”„-…>')
_SHOUT = 0.7  # share of upper-case letters from which capitals say nothing
_HEADLINE = 0.6  # share of capitalised words from which capitals say nothing
_APOSTROPHES = ("'s", "’s", "`s", "´s")


@dataclass(frozen=True)
class Tokens:
    """The tokens of one text, in parallel lists; `upper` and `opening` are already corrected for shouted texts."""

    text: list[str]
    low: list[str]
    start: list[int]
    end: list[int]
    upper: list[bool]  # capitalised, and the capital means something
    opening: list[bool]  # first word of a sentence, where a capital means little
    evidence: list[int]
    shout: bool

    def __len__(self) -> int:
        return len(self.low)

    def glued(self, i: int) -> bool:
        """Tell whether token `i` follows token `i - 1` without a space."""
        return i > 0 and self.start[i] == self.end[i - 1]

    def word(self, i: int) -> str:
        """Give the lower-case token at `i`, or an empty string outside the text."""
        return self.low[i] if 0 <= i < len(self.low) else ""


def tokenise(text: str, lexicon: Lexicon) -> Tokens:
    """Split a text into words, numbers and signs, and look every word up."""
    raw, start, end, opening = [], [], [], []
    opens = True
    abbreviated = lexicon.own["abbreviations"]
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token[0] == "\n":
            opens = True
            continue
        stop = match.end()
        if token[-2:] in _APOSTROPHES and len(token) > 4:
            token, stop = token[:-2], stop - 2
        raw.append(token)
        start.append(match.start())
        end.append(stop)
        opening.append(opens)
        shortened = token == "." and len(raw) > 1 and end[-2] == start[-1] and raw[-2].lower() in abbreviated
        opens = (token[0] in _SENTENCE_END and not shortened) or (opens and not token[0].isalpha())
    words = [token for token in raw if token[0].isalpha()]
    letters = sum(map(len, words))
    capitals = sum(sum(map(str.isupper, word)) for word in words)
    shout = letters > 8 and len(words) > 1 and capitals > _SHOUT * letters
    headline = len(words) > 5 and sum(word[0].isupper() for word in words) > _HEADLINE * len(words)
    meaningless = shout or headline
    low = [token.lower() for token in raw]
    return Tokens(
        text=raw,
        low=low,
        start=start,
        end=end,
        upper=[not meaningless and token[0].isupper() for token in raw],
        opening=opening,
        evidence=[lexicon.evidence(word) if word[0].isalpha() else Evidence.NONE for word in low],
        shout=shout,
    )
