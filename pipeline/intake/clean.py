"""Cleaning and status: what a respondent typed, legible, and whether it is an answer at all."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import yaml

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff\ufffe\uffff]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_MOJIBAKE = re.compile(r"[\x80-\x9f]|Ã[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\u00a0-\u00bf]|â[€‚]|Â[\u00a0-\u00bf]")

_CLAUSE = re.compile(r"[.,;:!?\n()]+|\b(?:want|dus|omdat)\b")
_GO_ON = re.compile(r"\b(?:ga )?(?:maar )?zo door\b|\blaat maar zo\b")
_SHORT = 30  # words: a longer text is a story, and a story has a point


@dataclass(frozen=True)
class _Words:
    """The word lists of data/status_words.yaml."""

    filler: frozenset[str]
    bare: frozenset[str]
    satisfied: frozenset[str]
    negation: frozenset[str]
    improve: frozenset[str]
    known: frozenset[str]
    but: frozenset[str]


@lru_cache(maxsize=1)
def _words() -> _Words:
    raw = yaml.safe_load((Path(__file__).parent / "data" / "status_words.yaml").read_text(encoding="utf-8"))
    lists = {name: frozenset(text.split()) for name, text in raw.items() if name != "non_answers"}
    phrases = ["", *(phrase.strip() for phrase in raw["non_answers"].split("|"))]
    bare = frozenset(" ".join(word for word in phrase.split() if word not in lists["filler"]) for phrase in phrases)
    known = lists["satisfied"] | lists["negation"] | lists["improve"] | lists["plain"]
    return _Words(lists["filler"], bare, lists["satisfied"], lists["negation"], lists["improve"], known, lists["but"])


def clean_text(text: str) -> str:
    r"""Return the text legible: one kind of space, no control characters, mojibake repaired where it is certain.

    >>> clean_text("  financiÃ«le\x00  hulp\r\n was goed ")
    'financiële hulp\nwas goed'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("_x000D_", "")
    if _MOJIBAKE.search(text):
        import ftfy

        text = ftfy.fixes.fix_c1_controls(ftfy.fix_encoding(text))
    text = unicodedata.normalize("NFC", text)
    text = _CONTROL.sub("", text)
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def status_of(text: str, aim: str) -> str:
    """Return the status of a cleaned text: `answer`, `empty`, `non_answer` or `nothing_to_improve`.

    `aim` is the codebook's: only an answer to what should improve can be "alles gaat goed".

    >>> status_of("N.v.t.", "succes"), status_of("Ik ben heel tevreden!", "verbeter")
    ('non_answer', 'nothing_to_improve')
    >>> status_of("Ik ben heel tevreden!", "succes")
    'answer'
    """
    if not text:
        return "empty"
    if aim == "verbeter" and _nothing_to_improve(text):
        return "nothing_to_improve"
    return "non_answer" if _is_bare(_plain(text)) else "answer"


def _is_bare(plain: str) -> bool:
    """Tell whether a clause is no answer, once filler words and words said twice in a row ("nvt nvt") are taken out."""
    words = (word for word, _ in groupby(plain.split()))
    return " ".join(word for word in words if word not in _words().filler) in _words().bare


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    return " ".join(letters.split())


def _nothing_to_improve(text: str) -> bool:
    clauses = [
        plain for plain in (_plain(part) for part in _CLAUSE.split(_GO_ON.sub("doorgaan", text.casefold()))) if plain
    ]
    if not 0 < sum(len(clause.split()) for clause in clauses) <= _SHORT:
        return False
    bare = [_is_bare(clause) for clause in clauses]
    happy = [_is_happy(clause.split()) for clause in clauses]
    if not any(happy):
        return False
    if all(b or h for b, h in zip(bare, happy, strict=True)):
        return True
    rest = [word for clause, b in zip(clauses, bare, strict=True) if not b for word in clause.split()]
    words = _words()
    return bare[0] and not set(rest) & (
        words.but | words.negation | words.improve
    )  # "Niets. Ik ben blij dat het er is."


def _is_happy(words: list[str]) -> bool:
    """Return whether a clause says that all is well: "geen klachten", "kan niet beter", "prima zo"; not "niet goed"."""
    found, known = set(words), _words()
    if not found <= known.known:
        return False
    if found & known.negation:
        return bool(found & known.improve)
    return bool(found & known.satisfied) and not found & known.improve
