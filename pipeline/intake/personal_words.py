"""The word evidence behind the pseudonymiser: which words are names, places, organisations or ordinary words.

Names, surnames, places and streets come from the lookup lists inside the installed ``deduce`` package (LGPL, read
where they lie, never copied); ordinary Dutch words from ``spacy-lookups-data`` and ``wordfreq``; the cues and the
corrections to those lists are our own, in ``data/personal_words.txt``.
"""

from __future__ import annotations

import gzip
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

_OWN_WORDS = "data/personal_words.txt"
_FOLD = str.maketrans({"ł": "l", "ı": "i", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "’": "'", "`": "'", "´": "'"})
_ORDINARY = 10**-4.7  # share of all words: a Dutch word this frequent is ordinary, whatever the tables say
_KNOWN = 10**-5.3  # a word this frequent in Dutch is no rare name
_COMMON = 10**-5.3  # people misspell common words
_FOREIGN = 10**-5.0  # a word this frequent in a neighbouring language is no rare name
_ENGLISH = 10**-4.6  # a lower-case "name" this frequent in English may be an English word
_LANGUAGES = ("en", "de", "fr", "es", "tr", "pl")


class Evidence(IntFlag):
    """What the word lists say about one word; evidence adds up."""

    NONE = 0
    FIRST = 1  # a first name
    LAST = 2  # a surname
    PARTICLE_LAST = 4  # a surname after a particle: "Boer" in "de Boer"
    WORD = 8  # an ordinary word
    HARD = 16  # an ordinary word in spite of the name lists: a name only right after a title or role
    FUNCTION = 32  # a function word: never a name
    PLACE = 64
    ORGANISATION = 128
    RARE = 256  # in no list and hardly ever seen: possibly a name no list knows
    ENGLISH = 512  # an English word too
    FOREIGN = 1024  # frequent in a language that is met in the answers


@dataclass(frozen=True)
class Lexicon:
    """All word lists in memory; `evidence` is the only question asked about a word."""

    first_names: frozenset[str]
    surnames: frozenset[str]
    particle_surnames: frozenset[str]
    places: frozenset[str]
    words: frozenset[str]
    frequency: Mapping[str, float]
    foreign: frozenset[str]
    english: frozenset[str]
    own: Mapping[str, frozenset[str]]
    phrases: Mapping[str, tuple[tuple[str, ...], ...]]
    _known: dict[str, Evidence] = field(default_factory=dict, compare=False, repr=False)

    def evidence(self, word: str) -> Evidence:
        """Give the evidence on a lower-case word (accents count or not, as the lists have them)."""
        found = self._known.get(word)
        if found is None:
            if len(self._known) > 200_000:
                self._known.clear()
            found = self._known[word] = self._weigh(word)
        return found

    def _weigh(self, word: str) -> Evidence:
        own, plain = self.own, fold(word)
        found = Evidence.NONE
        for flag, names in (
            (Evidence.FIRST, self.first_names),
            (Evidence.LAST, self.surnames),
            (Evidence.PARTICLE_LAST, self.particle_surnames),
            (Evidence.PLACE, self.places),
        ):
            if word in names:
                found |= flag
            elif plain in names:
                found |= flag | Evidence.ENGLISH  # in lower case perhaps a word of another language: "miła", "Mila"
        if word in own["organisations"] or (
            len(word) > 5 and not found and word.endswith(tuple(own["organisation_endings"]))
        ):
            found |= Evidence.ORGANISATION
        if word in own["function"]:
            found |= Evidence.FUNCTION | Evidence.HARD | Evidence.WORD
        if word in own["hard"]:
            found |= Evidence.HARD | Evidence.WORD
        named = found & (Evidence.FIRST | Evidence.LAST)
        frequency = max(self.frequency.get(word, 0.0), self.frequency.get(plain, 0.0))
        if (word in self.words and plain not in own["names_not_words"]) or (
            not named and (frequency > _ORDINARY or (plain != word and plain in self.words))
        ):
            found |= Evidence.WORD
        if word in self.english:
            found |= Evidence.ENGLISH
        others = named | found & (Evidence.WORD | Evidence.PLACE | Evidence.ORGANISATION)
        if not others and frequency < _KNOWN and len(word) > 2:
            found |= Evidence.RARE
        if plain in self.foreign or word in self.foreign:
            found |= Evidence.FOREIGN
        return found

    def is_compound(self, word: str) -> bool:
        """Tell whether a word is two ordinary words of four letters or more written as one: "kindpakket"."""
        cuts = range(4, min(len(word), 30) - 3)
        return any(
            word[cut:] in self.words and (word[:cut] in self.words or word[:cut].removesuffix("s") in self.words)
            for cut in cuts
        )

    def is_inflected(self, word: str) -> bool:
        """Tell whether a word is the plural of an ordinary word: "emmers"."""
        return any(word.endswith(ending) and word.removesuffix(ending) in self.words for ending in ("s", "en", "es"))

    def looks_misspelt(self, word: str) -> bool:
        """Tell whether an unknown word is one edit from an ordinary word, an inflection or a compound."""
        if len(word) > 30 or self.is_compound(word) or self.is_inflected(word):
            return True
        letters = "abcdefghijklmnopqrstuvwxyz"
        for cut in range(len(word) + 1):
            left, right = word[:cut], word[cut:]
            edits = [left + right[1:], left + right[1:2] + right[:1] + right[2:]] if right else []
            edits += [left + letter + right for letter in letters]
            edits += [left + letter + right[1:] for letter in letters] if right else []
            if any(
                (self.frequency.get(edit, 0.0) > _COMMON and edit in self.words) or edit in self.own["roles"]
                for edit in edits
            ):
                return True
        return False


def fold(word: str) -> str:
    """Lower a word and take its accents off: ``fold("Şükran") == "sukran"``."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.lower())
    return "".join(letter for letter in parts if not unicodedata.combining(letter)).translate(_FOLD)


@lru_cache(maxsize=1)
def load_lexicon() -> Lexicon:
    """Read all lists, once per process (about half a second); nothing is written anywhere.

    Raises:
        ImportError: `deduce`, `spacy-lookups-data` or `wordfreq` is not installed.
    """
    from wordfreq import get_frequency_dict

    own, phrases = _own_words()
    frequency = get_frequency_dict("nl", "large")
    foreign: set[str] = set()
    for language in _LANGUAGES:
        frequent = get_frequency_dict(language, "small")
        foreign.update(word for word, share in frequent.items() if share > _FOREIGN)
    frequent = get_frequency_dict("en", "small")
    english = frozenset(word for word in _words("en", "lookup") if frequent.get(word, 0.0) > _ENGLISH)
    first = _deduce_list("names/lst_first_name") | own["extra_first_names"]
    surnames = _deduce_list("names/lst_surname") | own["extra_surnames"]
    places: frozenset[str] = frozenset().union(
        *(_deduce_list(f"locations/lst_placename/lst_{kind}") for kind in ("municipality", "province", "region"))
    )
    return Lexicon(
        first_names=_with_folded(word for word in first if len(word) > 1),
        surnames=_with_folded(word for word in surnames if len(word) > 1),
        particle_surnames=_with_folded(
            _deduce_list("names/lst_interfix_surname") | own["extra_surnames"] | own["extra_particle_surnames"]
        ),
        places=_with_folded(places | _deduce_list("locations/lst_placename/lst_residence")),
        words=_words("nl", "lookup", "index"),
        frequency=frequency,
        foreign=frozenset(foreign),
        english=english,
        own=own,
        phrases=phrases,
    )


@lru_cache(maxsize=1)
def load_streets() -> frozenset[str]:
    """Read the Dutch street names (153,000, lower case) of `deduce`; only texts with a house number need them."""
    return _deduce_list("locations/lst_street")


@lru_cache(maxsize=1)
def _own_words() -> tuple[dict[str, frozenset[str]], dict[str, tuple[tuple[str, ...], ...]]]:
    sections: dict[str, set[str]] = {}
    phrases: dict[str, list[tuple[str, ...]]] = {}
    section = ""
    for line in files("pipeline.intake").joinpath(_OWN_WORDS).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            sections[section] = set()
        elif line and not line.startswith("#"):
            words = line.split()
            sections[section].update(words)
            if section == "organisation_phrases":
                phrases.setdefault(words[0], []).append(tuple(words))
    return (
        {name: frozenset(words) for name, words in sections.items()},
        {first: tuple(sorted(found, key=len, reverse=True)) for first, found in phrases.items()},
    )


def _with_folded(words: Iterable[str]) -> frozenset[str]:
    kept = set(words)
    return frozenset(kept | {fold(word) for word in kept if not word.isascii()})


def _package(name: str) -> Path:
    """Find an installed package's folder without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"{name} is not installed; the pseudonymiser reads its word lists: pip install {name}")
    return Path(next(iter(spec.submodule_search_locations)))


def _deduce_list(path: str) -> frozenset[str]:
    folder = _package("deduce") / "data" / "lookup" / "src" / path
    kept = _lines(folder / "items.txt")
    left_out = folder / "exceptions.txt"
    return kept - _lines(left_out) if left_out.exists() else kept


def _lines(path: Path) -> frozenset[str]:
    return frozenset(path.read_text(encoding="utf-8").lower().splitlines()) - {""}


def _words(language: str, *tables: str) -> frozenset[str]:
    """Give the words in the lemma tables of spacy-lookups-data: `lookup` (form: lemma), `index` (class: lemmas)."""
    words: set[str] = set()
    for table in tables:
        path = _package("spacy_lookups_data") / "data" / f"{language}_lemma_{table}.json.gz"
        content: dict[str, str | list[str]] = json.loads(gzip.decompress(path.read_bytes()))
        words.update(content)
        for lemmas in content.values():
            words.update([lemmas] if isinstance(lemmas, str) else lemmas)
    return frozenset(words)
