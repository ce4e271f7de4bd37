"""Which answers are not in Dutch: flagged for a person, never coded blindly."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

# Words that make a text Dutch without asking a detector; none is a common word of English, German or Turkish.
_DUTCH = frozenset(
    """ik het een niet mijn ze zij je jij wij hij van voor naar bij ook maar goed goede geen heb heeft hebben zijn wordt
    worden moet kan veel altijd alles nog dat deze dit wat hoe waar zo meer beter graag fijn blij snel aanvraag geld
    gemeente klantmanager contactpersoon uitkering regeling gekregen geholpen hulp vriendelijk duidelijk makkelijk
    moeilijk weinig laat lang mensen kinderen informatie begeleiding mevrouw meneer prima tevreden geregeld""".split()
)
_LANGUAGES = (
    "DUTCH ENGLISH TURKISH POLISH GERMAN FRENCH SPANISH SOMALI ROMANIAN BULGARIAN PORTUGUESE ITALIAN UKRAINIAN "
    "RUSSIAN ARABIC PERSIAN"
).split()
MIN_WORDS = 3
MIN_CONFIDENCE = 0.5
MAX_DUTCH = 0.1
_SAMPLE = 2000  # characters: enough to tell a language, also of a 1 MB answer


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    from lingua import Language, LanguageDetectorBuilder

    return LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in _LANGUAGES)).build()


def is_other_language(text: str) -> bool:
    """Return whether a text is not in Dutch: another script, or three words or more that a detector is sure of.

    The detector is lingua with the languages met in Dutch municipal surveys. Short or mixed texts count as Dutch: a
    false flag costs a person's time, and a reviewer sees a missed one.

    >>> is_other_language("Thank you very much for helping my family")
    True
    >>> is_other_language("super service")
    False
    """
    sample = text[:_SAMPLE]
    letters = [c for c in sample if c.isalpha()]
    if not letters:
        return False
    foreign = sum(1 for c in letters if not unicodedata.name(c, "LATIN").startswith(("LATIN", "FEMININE", "MASCULINE")))
    if foreign * 2 > len(letters):
        return True
    words = ["".join(c for c in word if c.isalpha()) for word in sample.lower().split()]
    words = [word for word in words if word]
    dutch = sum(word in _DUTCH for word in words)
    if len(words) < MIN_WORDS or dutch * 5 >= len(words):
        return False
    ranked = _detector().compute_language_confidence_values(sample)
    confidence = {value.language.name: value.value for value in ranked}
    return (
        ranked[0].language.name != "DUTCH"
        and ranked[0].value >= MIN_CONFIDENCE
        and confidence.get("DUTCH", 0.0) <= MAX_DUTCH
    )
