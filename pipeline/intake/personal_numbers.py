"""Numbers: phone, BSN, case and client numbers, number plates.

A number is recognised by its form and check digits (the 11-test of the BSN, the RDW's forms of a number plate) or by
the word before it. Every expression is bounded, so a text of any length is read in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

Found = tuple[int, int, str]
_I = re.IGNORECASE


class _Rule(NamedTuple):
    kind: str
    pattern: re.Pattern[str]
    check: Callable[[re.Match[str]], bool] = lambda match: True
    group: int = 0


def find_numbers(text: str) -> Iterator[Found]:
    """Yield (start, end, kind) of the numbers that identify somebody; spans may overlap."""
    for match in _SPELLED.finditer(text):
        yield *match.span(), "phone"
    if any(map(str.isdigit, text)):
        for match in _SPELLED_START.finditer(text):
            yield *match.span(), "phone"
        for rule in _RULES:
            for match in rule.pattern.finditer(text):
                if rule.check(match):
                    yield *match.span(rule.group), rule.kind


def is_bsn(digits: str) -> bool:
    """Apply the 11-test to 8 or 9 digits.

    >>> is_bsn("111222333"), is_bsn("123456789")
    (True, False)
    """
    digits = digits.zfill(9)
    if len(digits) != 9 or not int(digits):
        return False
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11 == 0


_AMOUNT = re.compile(
    r"\s{0,2}(?:euro|eur|€|,-|%|procent|keer|maal|km|x\b|jaar|dagen|mensen|inwoners|punten|gulden|tl\b|zł|zl\b|dollar|lira)",
    _I,
)
_HOURS = re.compile(r"[012]?\d[.:][0-5]\d\s?-\s?[012]?\d[.:][0-5]\d\Z")  # "bereikbaar 9.00-12.30"
_BOOK = re.compile(r"97[89]\d{10}\Z")  # an ISBN
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_PLATE_FORMS = "LL9999 9999LL 99LL99 LL99LL LLLL99 99LLLL 99LLL9 9LLL99 LL999L L999LL LLL99L L99LLL 9LL999 999LL9"
_PLATE = re.compile(rf"(?:{_PLATE_FORMS.replace(' ', '|')})\Z".replace("L", "[a-z]").replace("9", r"\d"))
_ANY_PLATE = "|".join(r"[ \-.]?".join(form) for form in _PLATE_FORMS.split()).replace("L", "[a-z]").replace("9", r"\d")
_SMALL = frozenset("is en de in op om te of er ik je nu al na tot was had kan van".split())
_SERVICE = ("0800", "0900", "0906", "0909", "088", "116")  # desks, not persons


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def _no_amount(match: re.Match[str]) -> bool:
    return _AMOUNT.match(match.string, match.end()) is None


def _phone(match: re.Match[str]) -> bool:
    digits = _digits(match.group().lower().replace("o", "0"))
    return 9 <= len(digits) <= 15 and not digits.startswith(_SERVICE) and _no_amount(match)


def _cued_phone(match: re.Match[str]) -> bool:
    digits = _digits(match.group(1))
    desk = digits.startswith(_SERVICE) or (digits.startswith("14") and len(digits) <= 6)
    return 6 <= len(digits) <= 15 and not desk and not _HOURS.match(match.group(1)) and _no_amount(match)


def _bsn(match: re.Match[str]) -> bool:
    digits = _digits(match.group())
    return len(digits) in (8, 9) and is_bsn(digits) and _no_amount(match)


def _long(match: re.Match[str]) -> bool:
    digits = match.group()
    no_id = digits.endswith("0000") or len(set(digits)) == 1 or _BOOK.match(digits)
    return not no_id and "€" not in match.string[max(0, match.start() - 3) : match.start()] and _no_amount(match)


def _case(match: re.Match[str]) -> bool:
    found, cue = match.group(1), match.group()[: match.start(1) - match.start()]
    digits = _digits(found)
    if re.fullmatch(r"14\d{3,4}", found):  # a municipality's desk: "14074"
        return False
    if len(digits) < 3 or not _no_amount(match) or re.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}", found):
        return False
    named = re.search(r"nummer|nr|kenmerk|ref", cue, _I) is not None
    return named or (len(digits) > 3 and not _YEAR.match(found))


def _year_case(match: re.Match[str]) -> bool:
    return match.group(1) != "" or not _YEAR.match(match.group(2))  # "2021-2022" is a period


def _mixed(match: re.Match[str]) -> bool:
    return len(_digits(match.group())) >= 5 and _no_amount(match)


def _plate(match: re.Match[str]) -> bool:
    return not _small_words(match) and _PLATE.match(re.sub(r"[\s\-.–]", "", match.group(1)).lower()) is not None


def _lower_plate(match: re.Match[str]) -> bool:
    return _PLATE.match(match.group()) is not None and _no_amount(match)


def _small_words(match: re.Match[str]) -> bool:
    """Tell whether the letters are words: "mijn auto is 2500 waard", "ZOON IS 23 EN"."""
    spaced = match.group(1).lower().split(" ")
    return len(spaced) > 1 and all(word in _SMALL for word in spaced if word.isalpha())


def _no_words(match: re.Match[str]) -> bool:
    return not _small_words(match)


def _cued_plate(match: re.Match[str]) -> bool:
    found = re.sub(r"[\s\-.]", "", match.group(1))
    return 5 <= len(found) <= 8 and any(map(str.isdigit, found)) and any(map(str.isalpha, found))


_GAP = (
    r"(?:\s{0,3}(?:nummer|nr|no|num|code)\b\.?)?"
    r"(?:\s{0,3}(?:is|was|van mij is|van mij|luidt|met|nummer|nr\.?|no\.?|op|onder|[:=#(\-–])){0,3}\s{0,3}"
)
_SEPARATOR = r"[ .\-–/()_*~|,·\u00a0]{0,3}"
_WORDS = "(?:nul|een|één|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf)"
_SPELLED = re.compile(rf"\b{_WORDS}(?:[\s,\-]{{1,2}}{_WORDS}){{6,14}}\b", _I)
_SPELLED_START = re.compile(rf"\bnul[\s,\-]{{1,2}}zes[\s,\-]{{1,2}}(?:en dan\s)?(?:\d{_SEPARATOR}){{7}}\d(?!\d)", _I)
_PHONE_CUE = (
    r"\b(?:tel(?:efoon)?(?:nummer|nr)?|telefoonnr|telnr|mobiele?(?:nummer|nr)?|mob|gsm|whatsapp|app(?:en)?|bel(?:len)?|"
    r"sms(?:en)?|bereikbaar|nr|phone|call me|telefon\w{0,4}|numer|numaram|tlf|06|fax|vast|thuis|\w{0,15}nummer)\b\.?"
    r"(?:\s{0,2}(?:is|op|:|=|nu|mij|me|naar|onder|via|mag|kan|maar|thuis|ons|mijn|van|at|on|het|nummer|nr\.?)){0,4}\s{0,3}"
)
_CASE_WORDS = (
    "zaak|dossier|cliënt|client|klant|polis|lid|registratie|besluit|aanvraag|correlatie|debiteuren?|factuur|relatie|"
    "administratie|personeels?|patiënt|patient|bezwaar|behandel|contract|kaart|pas|document|paspoort|rijbewijs|"
    "identiteits?|id|vreemdelingen?|v|referentie|ref|meldings?|ticket|order|bestel|werk|inschrijf|vonnis|incasso|"
    "beschikkings?|uitkerings?|stam|casus?|case|reference|file|customer|client|dosya|sprawy|digid|studenten?|burger"
)
_CASE_CUE = (
    rf"(?:\b\w{{0,20}}(?:{_CASE_WORDS})s?[-\s]{{0,2}}(?:nummers?|nrs?|no|num|id|kenmerk|number|code|numaram|numer)\b\.?"
    r"|\b(?:betalings)?(?:kenmerk|referentie|ref|zaak|dossier|casus|nummer|nr|zaaknr|dossiernr|klantnr|polisnr)\b\.?)"
)
_CASE_FORM = r"[A-Z&]{0,6}[-/. ]?\d[A-Z0-9&]{0,20}(?:[-/.][A-Z0-9]{1,12}){0,5}(?: \d{2,8}){0,4}"
_BSN_CUE = (
    r"\b(?:bsn(?:[\s-]?n(?:ummer|r))?|b\.s\.n\.?|burger\s?service\s?n(?:ummer|r)|sofi(?:[\s-]?nummer|nr)?|burgernummer|"
    r"pesel)(?![^\W\d_])\.?"
)
_VEHICLE = (
    r"\b(?:auto|autootje|wagen|scooter|brommer|snorfiets|bus|busje|bestelbus|caravan|aanhanger|motor|scootmobiel|car|"
    r"araba\w{0,4})\b[\w ,(:]{0,20}?\b"
)
_PLATE_SPACED = (
    r"[A-Z]{2} \d{2} [A-Z]{2}|\d{2} [A-Z]{2} \d{2}|[A-Z]{2} \d{3} [A-Z]|[A-Z] \d{3} [A-Z]{2}|\d [A-Z]{3} \d{2}|"
    r"\d{2} [A-Z]{3} \d"
)
_PART = r"(?:\d{1,3}|[A-Z]{1,3})"
_RULES = (
    _Rule("bsn", re.compile(_BSN_CUE + _GAP + r"(\d(?:[ .\-]{0,3}\d){6,8})(?!\d)", _I), group=1),
    _Rule("bsn", re.compile(r"(?<![\w.,+€])(?:\d{4}\.\d{2}\.\d{3}|\d{3} \d{3} \d{3})(?![.,]?\d| \d{3}\b)"), _no_amount),
    _Rule("bsn", re.compile(r"(?<![\w.,+])\d(?:[ .\-]{0,2}\d){7,8}(?!\d)(?![.,]\d)"), _bsn),
    _Rule(
        "phone",
        re.compile(
            rf"(?<!\d)(?<!\d[.,\-/])(?:(?:\+|(?<!\w)00)\s?\d{{2}}{_SEPARATOR}(?:\(?0\)?{_SEPARATOR})?[1-9]"
            rf"(?:{_SEPARATOR}\d){{7,10}}"
            rf"|(?:(?<!\w)\(?[0oO]|(?<=[a-z])0){_SEPARATOR}[1-9](?:{_SEPARATOR}[\doO]){{8}})(?![\dA-Za-z])"
        ),
        _phone,
    ),
    _Rule("phone", re.compile(r"(?<![\w.,])6[ \-.]?[1-9](?:[ .\-]?\d){7}(?!\d)"), _phone),
    _Rule("phone", re.compile(_PHONE_CUE + r"(\+?\(?\d(?:[ .\-/()]{0,2}\d){5,13})(?!\d)", _I), _cued_phone, 1),
    _Rule("case_number", re.compile(_CASE_CUE + _GAP + rf"({_CASE_FORM})(?!\w)", _I), _case, 1),
    _Rule(
        "case_number",
        re.compile(_CASE_CUE + _GAP + r"([A-Z&]{1,6}(?:[-/.&][A-Z0-9&]{1,12}){1,5})(?!\w)", _I),
        _case,
        1,
    ),
    _Rule("case_number", re.compile(r"\b\w{3,20}pas(?:je)?\b" + _GAP + r"(\d(?:[ .\-]?\d){6,15})(?!\d)", _I), _case, 1),
    _Rule(
        "case_number",
        re.compile(
            r"(?<![\w\-/.])([A-Z][A-Z&]{0,5}[-/. ]?|)(?:19|20)\d\d[-/.](?:[A-Z]{1,4}[-/.])?(\d{3,10})(?!\w|[-/]\d)"
        ),
        _year_case,
    ),
    _Rule("case_number", re.compile(r"(?<![\w\-/.,€])[A-Z]{1,5}[-/.]?\d{2,10}(?:[-/.]?\d{1,8}){0,3}(?!\w)"), _mixed),
    _Rule("case_number", re.compile(r"(?<![\w.,\-/])\d{7,14}(?!\w|[.,]\d)"), _long),
    _Rule("plate", re.compile(rf"(?<![\w\-])({_PART}[-–]{_PART}[-–]{_PART})(?![\w\-])", _I), _plate, 1),
    _Rule("plate", re.compile(rf"(?<!\w)({_PLATE_SPACED})(?!\w)"), _plate, 1),
    _Rule("plate", re.compile(r"(?<![\w\-.])(?=[A-Z]{0,5}\d)([A-Z\d]{6})(?![\w\-])"), _plate, 1),
    _Rule("plate", re.compile(r"(?<![\w\-])\d-[A-Z]{3}-\d{3}(?![\w\-])", _I)),
    _Rule("plate", re.compile(r"(?<![\w\-.])(?=[^\W\d_]+\d+[^\W\d_])[b-df-hj-np-tv-xz\d]{6}(?![\w\-])"), _lower_plate),
    _Rule("plate", re.compile(_VEHICLE + rf"({_ANY_PLATE})(?![\w\-])", _I), _no_words, 1),
    _Rule(
        "plate",
        re.compile(
            r"\b(?:kenteken(?:plaat|nummer)?|nummerbord|plaka|license plate)\b"
            + _GAP
            + r"([A-Z0-9]{1,4}(?:[ \-.]?[A-Z0-9]{1,4}){1,3})\b",
            _I,
        ),
        _cued_plate,
        1,
    ),
)
