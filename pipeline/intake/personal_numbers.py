"""Numbers and addresses of the digital kind: e-mail, phone, BSN, IBAN, case numbers, number plates, handles.

A number is recognised by its form and check digits (BSN: 11-test; IBAN: ISO 13616 mod 97), or by the word before it.
Every expression is bounded, so a text of any length is read in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Found = tuple[int, int, str]
_Check = Callable[[re.Match[str]], bool]

_I = re.IGNORECASE
_CUE_GAP = r"(?:\s{0,3}(?:nummer|nr|no|num|code)\b\.?)?(?:\s{0,3}(?:is|was|van mij is|van mij|luidt|met|nummer|nr\.?|no\.?|op|onder|[:=#(\-–]))*\s{0,3}".replace(
    ")*", "){0,3}"
)
_DIGIT_WORDS = "nul|een|één|twee|drie|vier|vijf|zes|zeven|acht|negen|tien|elf|twaalf"
_SEPARATOR = r"[ .\-–/()_\u00a0]{0,3}"
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_PLATE = re.compile(
    r"(?:[a-z]{2}\d{4}|\d{4}[a-z]{2}|\d{2}[a-z]{2}\d{2}|[a-z]{2}\d{2}[a-z]{2}|[a-z]{4}\d{2}|\d{2}[a-z]{4}|\d{2}[a-z]{3}\d|\d[a-z]{3}\d{2}|[a-z]{2}\d{3}[a-z]"
    r"|[a-z]\d{3}[a-z]{2}|[a-z]{3}\d{2}[a-z]|[a-z]\d{2}[a-z]{3}|\d[a-z]{2}\d{3}|\d{3}[a-z]{2}\d)\Z"
)
_AMOUNT = re.compile(
    r"\s{0,2}(?:euro|eur|€|,-|%|procent|keer|maal|km|x\b|jaar|dagen|mensen|inwoners|punten|gulden|tl\b|zł|zl\b|dollar|lira|bijstands)",
    _I,
)
_SERVICE = ("0800", "0900", "0906", "0909", "088", "116")


def find_numbers(text: str) -> Iterator[Found]:
    """Yield (start, end, kind) of everything that identifies by number or account; spans may overlap."""
    low = text.lower()
    if "@" in low or "apenstaart" in low or " at " in low or "(at)" in low or "[at]" in low:
        yield from _emails(text)
    patterns = _PATTERNS if any(map(str.isdigit, low)) else _WITHOUT_DIGITS
    for pattern, kind, group, check in patterns:
        for match in pattern.finditer(text):
            if check(match):
                start, end = match.span(group)
                yield start, end, kind


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


def is_iban(account: str) -> bool:
    """Apply the mod-97 test of ISO 13616 to an account number without spaces."""
    account = account.upper()
    if not 15 <= len(account) <= 34 or not account.isalnum() or not account.isascii():
        return False
    return int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1


_LOCAL = re.compile(r"[\w.+\-%']{1,64}\Z")
_SPACED = re.compile(r"(?:(?:(?<=\s)|^)(?:\w ){2,30}|[\w.+\-]{1,64}\s)\Z")
_DOMAIN = re.compile(r"[\w\-]{1,63}(?:\.[\w\-]{2,63}){1,4}|\s?[\w\-]{1,63}(?:\s?\.\s?[\w\-]{2,63}){1,4}")
_SPOKEN = re.compile(
    r"(?<!\w)[\w\-]{1,40}(?:(?:\.| punt | dot )[\w\-]{1,40}){0,3}\s?(?:\bapenstaart(?:je)?\b|\(at\)|\[at\]|\bat\b)\s?"
    r"[\w\-]{1,40}(?:(?:\.|\s?\bpunt\b|\bdot\b|\(dot\))\s?[a-z]{2,12}){1,3}\b",
    _I,
)


def _emails(text: str) -> Iterator[Found]:
    at = text.find("@")
    while at >= 0:
        before = text[max(0, at - 64) : at]
        domain = _DOMAIN.match(text, at + 1, at + 200)
        local = _LOCAL.search(before)
        if domain and not local and re.search(r"\.\s?(?:nl|com|net|org|eu|be|de|info)\Z", domain.group(), _I):
            local = _SPACED.search(before)
        if domain and local:
            yield at - len(local.group().lstrip("'")), domain.end(), "email"
        at = text.find("@", at + 1)
    for match in _SPOKEN.finditer(text):
        yield match.start(), match.end(), "email"


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def _phone(match: re.Match[str]) -> bool:
    found = match.group()
    digits = _digits(found.lower().replace("o", "0"))
    if digits.startswith(_SERVICE) or not 9 <= len(digits) <= 15:
        return False
    return _AMOUNT.match(match.string, match.end()) is None


def _cued_phone(match: re.Match[str]) -> bool:
    digits = _digits(match.group(1))
    if not 6 <= len(digits) <= 15 or digits.startswith(_SERVICE) or digits.startswith("14") and len(digits) <= 6:
        return False
    return _AMOUNT.match(match.string, match.end()) is None


def _bsn(match: re.Match[str]) -> bool:
    digits = _digits(match.group())
    return len(digits) in (8, 9) and is_bsn(digits) and _AMOUNT.match(match.string, match.end()) is None


def _iban(match: re.Match[str]) -> bool:
    account = re.sub(r"[\s.\-]", "", match.group())
    return not account[:2].lower() == "nl" and is_iban(account)


def _long(match: re.Match[str]) -> bool:
    digits = _digits(match.group())
    round_number = digits.endswith("0000") or len(set(digits)) == 1
    before = match.string[max(0, match.start() - 3) : match.start()]
    return not round_number and "€" not in before and _AMOUNT.match(match.string, match.end()) is None


def _case(match: re.Match[str]) -> bool:
    found = match.group(1)
    digits = _digits(found)
    if len(digits) < 3 or _AMOUNT.match(match.string, match.end()):
        return False
    named = re.search(r"nummer|nr|kenmerk|ref", match.group()[: match.start(1) - match.start()], _I)
    if re.fullmatch(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}", found):
        return False
    return bool(named) or not _YEAR.match(found) and len(digits) > 3


def _year_case(match: re.Match[str]) -> bool:
    return not (match.group(1) == "" and _YEAR.match(match.group(3)) and len(match.group(3)) == 4)


def _mixed(match: re.Match[str]) -> bool:
    found = match.group()
    return sum(map(str.isdigit, found)) >= 5 and _AMOUNT.match(match.string, match.end()) is None


def _plate(match: re.Match[str]) -> bool:
    return _PLATE.match(re.sub(r"[\s\-.–]", "", match.group(1)).lower()) is not None


def _any_plate(match: re.Match[str]) -> bool:
    found = re.sub(r"[\s\-.]", "", match.group(1))
    return 5 <= len(found) <= 8 and any(map(str.isdigit, found)) and any(map(str.isalpha, found))


def _handle(match: re.Match[str]) -> bool:
    name = match.group(1).lower().lstrip("@")
    return not name.startswith(("gemeente", "uwv", "menzis", "rabobank", "politie", "rijksoverheid", "belasting"))


def _named_handle(match: re.Match[str]) -> bool:
    name = match.group(1)
    odd = any(sign.isdigit() or sign in "_." for sign in name)
    told = re.search(r"[:=@]\s*\Z|\b(?:heet|heten|naam|als)\s+\Z", match.string[match.start() : match.start(1)], _I)
    return _handle(match) and (odd or told is not None and "@" not in name and not _PLAIN.fullmatch(name))


def _always(match: re.Match[str]) -> bool:
    return True


_PLAIN = re.compile(
    r"(?:de|het|een|niet|heel|erg|ook|wel|te|zo|fijn|goed|handig|leuk|beter|dom|voor|via|in|op|geen|mij[n]?|alleen|weg|stom|ok|top|prima|makkelijk|lastig|moeilijk|duidelijk|gehackt|geblokkeerd)",
    _I,
)
_PHONE_CUE = (
    r"\b(?:tel(?:efoon)?(?:nummer|nr)?|telefoonnr|telnr|mobiel(?:e)?(?:nummer|nr)?|mob|gsm|whatsapp|app(?:en)?|bel(?:len)?|sms(?:en)?|bereikbaar|nummer|nr|phone|call me|telefon\w{0,4}|numer|numaram|tlf|06|fax)"
    r"\b[.]?(?:\s{0,2}(?:is|op|:|=|nu|mij|me|naar|onder|via|mag|kan|maar|thuis|ons|mijn|van|at|on|het|nummer|nr\.?)){0,4}\s{0,3}"
)
_CASE_CUE = (
    r"(?:\b\w{0,20}(?:zaak|dossier|cliënt|client|klant|polis|lid|registratie|besluit|aanvraag|correlatie|debiteuren?|factuur|relatie|administratie|personeels?|patiënt|patient|bezwaar|behandel|"
    r"contract|kaart|pas|document|paspoort|rijbewijs|identiteits?|id|vreemdelingen?|v|referentie|ref|melding|meldings|ticket|order|bestel|werk|inschrijf|vonnis|incasso|beschikkings?|uitkerings?|stam|casus?|case|reference|file|customer|client|dosya|sprawy|digid|studenten?|burger)"
    r"s?[-\s]{0,2}(?:nummers?|nr|nrs|no|num|id|kenmerk|number|code|numaram|numer)\b\.?|\b(?:uw |ons |mijn |jullie )?(?:kenmerk|referentie|ref|zaak|dossier|betalingskenmerk|casus|nummer|nr|zaaknr|dossiernr|klantnr|polisnr)\b\.?)"
)
_BSN_CUE = r"\b(?:bsn|b\.s\.n\.?|burger\s?service\s?n(?:ummer|r)|sofi(?:[\s-]?nummer|nr)?|burgernummer|pesel|bsn[\s-]?n(?:ummer|r)|bsnnummer)\b[.]?"

_PATTERNS: tuple[tuple[re.Pattern[str], str, int, _Check], ...] = (
    (re.compile(r"(?<![A-Z0-9])NL\s?\d\s?\d(?:[\s.\-]?[A-Z]){4}(?:[\s.\-]?\d){9,10}(?!\d)", _I), "iban", 0, _always),
    (
        re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?(?=[A-Z]{0,3}\d)[A-Z0-9]{2,4}| ?[A-Z]{4}){2,8}(?![A-Za-z0-9])"),
        "iban",
        0,
        _iban,
    ),
    (
        re.compile(
            r"\b(?:iban|bank)?(?:rekening|giro|bankrekening)(?:s?nummer|nr)?\b\.?"
            + _CUE_GAP
            + r"(\d(?:[ .\-]?\d){6,11})(?!\d)",
            _I,
        ),
        "iban",
        1,
        _always,
    ),  # fmt: skip
    (re.compile(_BSN_CUE + _CUE_GAP + r"(\d(?:[ .\-]{0,3}\d){6,8})(?!\d)", _I), "bsn", 1, _always),
    (re.compile(r"(?<![\w.,+])\d(?:[ .\-]{0,2}\d){7,8}(?![\d])(?![.,]\d)"), "bsn", 0, _bsn),
    (
        re.compile(
            r"(?<![\w])(?:(?:\+|00)\s?\d{2}"
            + _SEPARATOR
            + r"(?:\(?0\)?"
            + _SEPARATOR
            + r")?[1-9](?:"
            + _SEPARATOR
            + r"\d){7,10}"
            r"|\(?[0oO]" + _SEPARATOR + r"[1-9](?:" + _SEPARATOR + r"[\doO]){8})(?![\dA-Za-z])"
        ),
        "phone",
        0,
        _phone,
    ),  # fmt: skip
    (re.compile(r"(?<![\w.,])6[ \-.]?[1-9](?:[ .\-]?\d){7}(?!\d)"), "phone", 0, _phone),
    (re.compile(_PHONE_CUE + r"(\+?\(?\d(?:[ .\-/()]{0,2}\d){5,13})(?!\d)", _I), "phone", 1, _cued_phone),
    (
        re.compile(r"\b(?:" + _DIGIT_WORDS + r")(?:[\s,\-]{1,2}(?:" + _DIGIT_WORDS + r")){6,14}\b", _I),
        "phone",
        0,
        _always,
    ),
    (
        re.compile(
            _CASE_CUE
            + _CUE_GAP
            + r"([A-Z&]{0,6}[-/. ]?\d[A-Z0-9&]{0,20}(?:[-/.][A-Z0-9]{1,12}){0,5}(?: \d{2,8}){0,4})(?![\w])",
            _I,
        ),
        "case_number",
        1,
        _case,
    ),
    (
        re.compile(_CASE_CUE + _CUE_GAP + r"([A-Z&]{1,6}(?:[-/.&][A-Z0-9&]{1,12}){1,5})(?![\w])", _I),
        "case_number",
        1,
        _case,
    ),
    (
        re.compile(
            r"(?<![\w\-/.])([A-Z][A-Z&]{0,5}[-/. ]?|)((?:19|20)\d\d)[-/.](?:[A-Z]{1,4}[-/.])?(\d{3,10})(?![\w]|[-/]\d)"
        ),
        "case_number",
        0,
        _year_case,
    ),
    (
        re.compile(r"(?<![\w\-/.,€])(?=[A-Z\d]{0,9}\d)[A-Z]{1,5}[-/.]?\d{2,10}(?:[-/.]?\d{1,8}){0,3}(?![\w])"),
        "case_number",
        0,
        _mixed,
    ),
    (re.compile(r"(?<![\w.,\-/])\d{7,14}(?![\w]|[.,]\d)"), "case_number", 0, _long),
    (
        re.compile(
            r"(?<![\w\-])((?:\d{1,3}|[A-Z]{1,3})[-–](?:\d{1,3}|[A-Z]{1,3})[-–](?:\d{1,3}|[A-Z]{1,3}))(?![\w\-])", _I
        ),
        "plate",
        1,
        _plate,
    ),
    (
        re.compile(
            r"\b(?:kenteken(?:plaat|nummer)?|nummerbord|plaka|license plate)\b"
            + _CUE_GAP
            + r"([A-Z0-9]{1,4}(?:[ \-.]?[A-Z0-9]{1,4}){1,3})\b",
            _I,
        ),
        "plate",
        1,
        _any_plate,
    ),  # fmt: skip
    (
        re.compile(
            r"(?<![\w])([A-Z]{2} \d{2} [A-Z]{2}|\d{2} [A-Z]{2} \d{2}|[A-Z]{2} \d{3} [A-Z]|[A-Z] \d{3} [A-Z]{2}|\d [A-Z]{3} \d{2}|\d{2} [A-Z]{3} \d)(?![\w])"
        ),
        "plate",
        1,
        _plate,
    ),
    (re.compile(r"(?<![\w@.])(@[A-Za-z_][\w.\-]{1,40}\w)"), "handle", 1, _handle),
    (
        re.compile(
            r"(?:facebook|instagram|linkedin|tiktok|twitter|x|snapchat|youtube|twitch|t)\.(?:com|me|tv)/(?:in/|@|add/|user/|c/)?([\w.\-%]{2,60})",
            _I,
        ),
        "handle",
        0,
        _always,
    ),
    (
        re.compile(
            r"\b(?:insta(?:gram)?|facebook|fb|twitter|tiktok|snap(?:chat)?|telegram|linkedin|twitch|discord|skype|signal|youtube|marktplaats|vinted)"
            r"(?:[\s-]?(?:account|naam|profiel|kanaal|handle))?(?:\s{0,2}(?:is|heet|heten|als|onder|op|:|=|naam|onder de naam|via|user|name)){0,3}\s{0,2}@?([\w][\w.\-]{2,40}\w)",
            _I,
        ),
        "handle",
        1,
        _named_handle,
    ),  # fmt: skip
)

#: A text without a digit can only hold a number in words or a handle.
_WITHOUT_DIGITS = tuple(entry for entry in _PATTERNS if entry[1] == "handle" or _DIGIT_WORDS in entry[0].pattern)
