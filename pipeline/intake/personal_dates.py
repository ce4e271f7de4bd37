"""Dates of birth, told from the dates of letters, payments and decisions that identify nobody."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

Found = tuple[int, int, str]
_I = re.IGNORECASE

_MONTHS = (
    r"(?:januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|jan|febr?|mrt|apr|jun|"
    r"jul|aug|sept?|okt|nov|dec|january|february|march|may|june|july|august|october|oct|ocak|şubat|mart|nisan|mayıs|"
    r"haziran|temmuz|ağustos|eylül|ekim|kasım|aralık|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|"
    r"września|października|listopada|grudnia)"
)
_UNITS = "een|één|twee|drie|vier|vijf|zes|zeven|acht|negen"
_DAYS = (
    rf"(?:{_UNITS}|eerste|tweede|derde|vierde|vijfde|zesde|zevende|achtste|negende|tiende|elfde|twaalfde|tien|elf|"
    rf"twaalf|dertien|veertien|vijftien|zestien|zeventien|achttien|negentien|(?:(?:{_UNITS})-?(?:ën|en)-?)?twintigs?t?e?|"
    r"(?:één|een)?(?:-?en-?)?dertigs?t?e?)"
)
_FULL_YEAR = r"(?:19|20)\d\d"
_DATE = re.compile(
    r"(?<![\w.,\-/])(?:"
    rf"[0-3]?\d\s?[-/.\\]\s?(?:[01]?\d|{_MONTHS})\s?[-/.\\]\s?(?P<numeric>{_FULL_YEAR}|['’]?\d\d)"
    rf"|[0-3]?\d\s[01]?\d\s(?P<spaced>{_FULL_YEAR})"
    rf"|(?P<iso>{_FULL_YEAR})[-/.][01]\d[-/.][0-3]\d"
    rf"|[0-3]?\d(?:e|ste|de|st|th|nd|rd)?\s{_MONTHS}\b\.?,?(?:\s(?P<written>{_FULL_YEAR})|\s(?P<cut>['’]?)\d\d(?![\w:%]|[.,]\d))?"
    rf"|{_MONTHS}\s[0-3]?\d(?:st|th|nd|rd)?,?\s(?P<english>{_FULL_YEAR})"
    rf"|{_MONTHS}\s{_FULL_YEAR}"
    rf"|{_DAYS}\s{_MONTHS}\b(?:\s(?P<worded>{_FULL_YEAR})|\s\w{{3,12}}honderd\w{{0,25}}(?:\s(?:en\s)?(?:\w{{0,14}}(?:tig|tien)|elf|twaalf|{_UNITS})\b)?"
    r"|\snegentien\w{4,25})?"
    rf"|[0-3]\d[01]\d(?P<digits>{_FULL_YEAR})|(?P<short>[0-3]\d[01]\d\d\d|[0-3]?\d\s[01]?\d\s\d\d)"
    r")(?![\w]|[-/]\d)",
    _I,
)
_YEARS = ("numeric", "spaced", "iso", "written", "english", "worded", "digits")
_BORN_BEFORE = re.compile(
    r"\b(?:geboren|geb|gebdat\w*|geboorte\w*|gbd|jarig|verjaar\w*|birth\w*|born|dob|do[ğg]um\w*|do[ğg]d\w+|urodz\w+|ur\.|"
    r"ben van|ben ik van|is van|ik ben een|bouwjaar|bj)\b[^\n]{0,40}\Z|\bgeb(?:oorte)?datum\b[^\n]{0,70}\Z",
    _I,
)
_BORN_JUST_BEFORE = re.compile(
    r"\b(?:geboren|geb|gebdat\w*|geboorte\w*|gbd|dob)\b[^\n,;\d]{0,15}\Z|\bben (?:ik )?van\s\Z", _I
)
_BORN_AFTER = re.compile(
    r"(?:[^\n.]{0,12}|\s(?:is|werd|was)\b[^\n.,]{0,30})\b"
    r"(?:geboren|geb\b|geboorte\w*|jarig|verjaar\w*|born|birth\w*|do[ğg]\w+|urodz)",
    _I,
)
_AFTER_NAME = re.compile(r"(?:,\s?van\s)?[ ,(:;\-]*\Z")
_CHILD = re.compile(
    r"\b(?:zoon|dochter|zoontje|dochtertje|tweeling|kind|kleinzoon|kleindochter|baby|man|vrouw|partner|moeder|vader|zus|broer|"
    r"son|daughter|wife|husband)\w{0,2}(?:\s\w{1,20})?\s?[(,]\s?\Z",
    _I,
)
_DAY_AND_MONTH = re.compile(r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])")
_EVENT = re.compile(
    r"\b(?:sinds|vanaf|per|tot|ingaande|ingang|datum|op|brief|besluit|beschikking|aanvraag|getrouwd|gestopt|gekomen|dd|"
    r"d\.d|gedateerd|van|voor|na|rond|om|afspraak|deadline|uiterlijk|t/m|since|from|until|on)\b\.?\s(?:de\s|het\s)?\Z",
    _I,
)
_LAST_BIRTH = 2006  # a bare full date up to this year is taken for a birth, a later one for something that happened


def find_birth_dates(text: str, name_ends: Collection[int] = ()) -> Iterator[Found]:
    """Yield (start, end, kind) of the dates that are somebody's date of birth.

    A date counts when "geboren", "geb.", "jarig" or the like is near, when it stands right after a person
    (`name_ends`: where names end) or a child, or when it is a full date up to 2006 without a word such as "sinds".
    """
    for match in _DATE.finditer(text):
        start = match.start()
        before = text[max(0, start - 90) : start]
        year = next((int(match.group(name)) for name in _YEARS if len(match.group(name) or "") == 4), None)
        numbered = year is not None or match["numeric"] is not None or bool(match["cut"])
        gap = _AFTER_NAME.search(before)
        named = gap is not None and start - len(gap[0]) in name_ends
        born = bool(_BORN_BEFORE.search(before) or _BORN_AFTER.match(text, match.end()))
        if match["short"]:  # six digits are more often an amount
            signed = named and _DAY_AND_MONTH.match(match["short"]) and not text[match.end() :].strip(" \t.)")
            born = bool(_BORN_JUST_BEFORE.search(before) or signed)
        bare = year is not None and 1900 < year <= _LAST_BIRTH and not _EVENT.search(before)
        if born or bare or (numbered and (named or _CHILD.search(before))):
            yield start, match.end(), "birth_date"
