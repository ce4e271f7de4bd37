"""Personal data out of the answers, before anything else sees them: every span becomes one "…".

Names are found from word lists and context (`personal_names`), numbers from form, check digits and cues
(`personal_numbers`), addresses and dates of birth in `personal_places`. Deterministic, and linear in the text's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.intake.personal_accounts import find_accounts
from pipeline.intake.personal_dates import find_birth_dates
from pipeline.intake.personal_names import NameFinder
from pipeline.intake.personal_numbers import find_numbers
from pipeline.intake.personal_places import find_places
from pipeline.intake.personal_tokens import MASK, tokenise
from pipeline.intake.personal_words import Lexicon, load_lexicon

_ORDER = (
    "email",
    "iban",
    "bsn",
    "phone",
    "plate",
    "birth_date",
    "postcode",
    "case_number",
    "handle",
    "address",
    "person",
)
_RANK = {kind: rank for rank, kind in enumerate(_ORDER)}
_ROW = re.compile(rf"{MASK}(?:[^\S\n]*{MASK})+")  # names that stand side by side become one ellipsis


@dataclass(frozen=True)
class Span:
    """One piece of personal data: characters `start` to `end` of the text, and its kind (one of `_ORDER`)."""

    start: int
    end: int
    kind: str


def pseudonymise(texts: Sequence[str]) -> list[str]:
    """Return the texts with every span of personal data replaced by "…"; doing it twice changes nothing.

    Missing values and empty strings are returned as they are.

    Raises:
        TypeError: `texts` is one text.
        ImportError: the word lists' packages (deduce, spacy-lookups-data, wordfreq) are not installed.

    >>> pseudonymise(["Mevrouw Jansen belde mij op 06-12345678."])
    ['Mevrouw … belde mij op ….']
    """
    return [
        _replace(text, spans) if spans else text for text, spans in zip(texts, find_personal_data(texts), strict=True)
    ]


def find_personal_data(texts: Sequence[str]) -> list[list[Span]]:
    """Return for every text its spans of personal data, in order and without overlap.

    Raises:
        TypeError: `texts` is one text.
        ImportError: the word lists' packages (deduce, spacy-lookups-data, wordfreq) are not installed.

    >>> find_personal_data(["Mijn BSN is 111222333"])
    [[Span(start=12, end=21, kind='bsn')]]
    """
    if isinstance(texts, str):  # a text is a sequence of texts too, of one letter each, and no letter is a name
        raise TypeError("a list of texts is expected, not one text: put it in a list")
    lexicon = load_lexicon()
    return [_spans(text, lexicon) if isinstance(text, str) and text else [] for text in texts]


def _spans(text: str, lexicon: Lexicon) -> list[Span]:
    """Search until nothing is found in what is left, so that a second run on the result finds nothing either."""
    spans: list[Span] = []
    left = text
    while found := _search(left, lexicon):
        spans.extend(found)
        pieces, at = [], 0
        for span in found:
            pieces += [left[at : span.start], MASK * (span.end - span.start)]
            at = span.end
        left = "".join(pieces) + left[at:]
    return sorted(spans, key=lambda span: span.start)


def _search(text: str, lexicon: Lexicon) -> list[Span]:
    names = NameFinder(tokenise(text, lexicon), lexicon).find()
    found = [(start, end, "person") for start, end in names]
    found += find_accounts(text)
    found += find_numbers(text)
    found += find_places(text, lexicon)
    found += find_birth_dates(text, {end for _, end in names})
    return _resolve(found, text)


def _resolve(found: Iterable[tuple[int, int, str]], text: str) -> list[Span]:
    """Merge what overlaps into one span of the surest kind, and leave out what is masked already."""
    merged: list[Span] = []
    for start, end, kind in sorted(found):
        piece = text[start:end]
        start += len(piece) - len(piece.lstrip())
        end -= len(piece) - len(piece.rstrip())
        if MASK in piece or start >= end:
            continue
        if merged and start < merged[-1].end:
            last = merged[-1]
            surest = min(last.kind, kind, key=_RANK.__getitem__)
            merged[-1] = Span(last.start, max(last.end, end), surest)
        else:
            merged.append(Span(start, end, kind))
    return merged


def _replace(text: str, spans: Sequence[Span]) -> str:
    pieces: list[str] = []
    at = 0
    for span in spans:
        pieces += [text[at : span.start], MASK]
        at = span.end
    pieces.append(text[at:])
    return _ROW.sub(MASK, "".join(pieces))
