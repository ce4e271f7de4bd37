"""The word evidence behind the pseudonymiser: which words are names, places, organisations or ordinary words.

Names, surnames, places and streets come from the lookup lists inside the installed ``deduce`` package (LGPL, read
where they lie, never copied); ordinary Dutch words from ``spacy-lookups-data`` and ``wordfreq``; the cues and the
corrections to those lists are our own, in ``data/personal_words.txt``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files

from pipeline.intake.personal_lists import deduce_list, lemma_words
from pipeline.intake.personal_shape import NameShape, learn_shape

_OWN_WORDS = "data/personal_words.txt"
_FOLD = str.maketrans({"ł": "l", "ı": "i", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "’": "'", "`": "'", "´": "'"})
_ORDINARY = 10**-4.7  # share of all words: a Dutch word this frequent is ordinary, whatever the tables say
_KNOWN = 10**-5.3  # a word this frequent in Dutch is no rare name
_COMMON = 10**-5.3  # people misspell common words
_FOREIGN = 10**-5.0  # a word this frequent in a neighbouring language is no rare name
_SHAPING = 10**-6.3  # words this frequent show what an ordinary word looks like
_ENGLISH = 10**-4.6  # a lower-case "name" this frequent in English may be an English word
_PREFIXES = ("na", "af", "op", "om", "in", "on", "ex", "her", "ver", "mis")
_SHORT_ENDINGS = ("wet", "net", "pas", "hal")
_LANGUAGES = ("en", "de", "fr", "es", "tr", "pl")


class Evidence:
    """What the word lists say about one word; evidence adds up, as bits of a number.

    Plain numbers: `enum.IntFlag` took a quarter of all the time that finding personal data takes.
    """

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
    shape: NameShape
    _known: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def role_endings(self) -> tuple[str, ...]:
        """What a word ends in that is a role: "consulent"."""
        return tuple(self.own["role_endings"])

    def evidence(self, word: str) -> int:
        """Give the evidence on a lower-case word (accents count or not, as the lists have them)."""
        found = self._known.get(word)
        if found is None:
            if len(self._known) > 200_000:
                self._known.clear()
            found = self._known[word] = self._weigh(word)
        return found

    def _weigh(self, word: str) -> int:
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
        if not found & Evidence.FIRST and self._is_possessive(plain):
            found |= Evidence.FIRST | Evidence.ENGLISH
        if word in own["organisations"] or (len(word) > 5 and not found and self._ends_as_organisation(word)):
            found |= Evidence.ORGANISATION
        if word in own["function"]:
            found |= Evidence.FUNCTION | Evidence.HARD | Evidence.WORD
        if word in own["hard"]:
            found |= Evidence.HARD | Evidence.WORD
        if word in own["also_words"]:
            found |= Evidence.WORD
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

    def _ends_as_organisation(self, word: str) -> bool:
        ending = next((ending for ending in _SHORT_ENDINGS if word.endswith(ending)), "")
        if ending:  # "Gebrehiwet" is no "wet"
            stem = word.removesuffix(ending)
            whole = stem in self.words or stem.removesuffix("s") in self.words or stem in self.places
            return whole or (len(stem) > 4 and stem in self.first_names) or self.shape.score(stem) < -0.4
        return word.endswith(tuple(self.own["organisation_endings"]))

    def _is_possessive(self, word: str) -> bool:
        """Tell whether a word is a first name with the s of possession: "jannekes"."""
        name = word.removesuffix("s")
        ordinary = ({name, word} & self.words) - self.own["names_not_words"]
        return len(word) > 3 and name != word and name in self.first_names and not ordinary

    def is_compound(self, word: str) -> bool:
        """Tell whether a word is two ordinary words of four letters or more written as one: "kindpakket"."""
        if word.startswith(_PREFIXES) and len(word) > 6 and (word[2:] in self.words or word[3:] in self.words):
            return True
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
    """Read all lists, once per process (about a second); nothing is written anywhere.

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
    english = frozenset(word for word in lemma_words("en", "lookup") if frequent.get(word, 0.0) > _ENGLISH)
    first = deduce_list("names/lst_first_name") | own["extra_first_names"]
    surnames = deduce_list("names/lst_surname") | own["extra_surnames"]
    places: frozenset[str] = frozenset().union(
        *(deduce_list(f"locations/lst_placename/lst_{kind}") for kind in ("municipality", "province", "region"))
    )
    words = lemma_words("nl", "lookup", "index")
    ordinary = (word for word, share in frequency.items() if share > _SHAPING and word in words)
    return Lexicon(
        first_names=_with_folded(word for word in first if len(word) > 1),
        surnames=_with_folded(word for word in surnames if len(word) > 1),
        particle_surnames=_with_folded(
            deduce_list("names/lst_interfix_surname") | own["extra_surnames"] | own["extra_particle_surnames"]
        ),
        places=_with_folded(places | deduce_list("locations/lst_placename/lst_residence")),
        words=words,
        frequency=frequency,
        foreign=frozenset(foreign),
        english=english,
        own=own,
        phrases=phrases,
        shape=learn_shape(
            (fold(name) for name in first | surnames if name not in words),
            (word for word in ordinary if word not in first and word not in surnames),
        ),
    )


@lru_cache(maxsize=1)
def load_streets() -> frozenset[str]:
    """Read the Dutch street names (153,000, lower case) of `deduce`; only texts with a house number need them."""
    return deduce_list("locations/lst_street")


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
