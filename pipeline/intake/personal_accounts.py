"""Accounts: e-mail addresses, bank accounts and social handles.

Every expression is bounded, so a text of any length is read in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Found = tuple[int, int, str]
_I = re.IGNORECASE

_LOCAL = re.compile(r"[\w.+\-%']{1,64}\Z")
_SPACED = re.compile(r"(?:(?:(?<=\s)|^)(?:\w ){2,30}|[\w.+\-]{1,64}\s)\Z")
_DOMAIN = re.compile(r"[\w\-]{1,63}(?:\.[\w\-]{2,63}){1,4}|\s?[\w\-]{1,63}(?:\s?\.\s?[\w\-]{2,63}){1,4}")
_TOP_LEVEL = re.compile(r"\.\s?(?:nl|com|net|org|eu|be|de|info)\Z", _I)
_SPOKEN_TOP_LEVEL = re.compile(r"(?:\.|\b(?:punt|dot)\b[)\]]?\s?)(?:nl|com|net|org|eu|be|de|info)\b", _I)
_AT = ("apenstaart", " at ", "(at)", "[at]")
_DOT = r"(?:\.|\s?\bpunt\b|\s?\bdot\b|\s?[(\[](?:punt|dot)[)\]])\s?"
_SPOKEN = re.compile(
    rf"(?<!\w)[\w\-]{{1,40}}(?:{_DOT}[\w\-]{{1,40}}){{0,3}}\s?(?:\bapenstaart(?:je)?\b|[(\[]at[)\]]|(?P<at>\bat\b))\s?"
    rf"[\w\-]{{1,40}}(?:{_DOT}[a-z]{{2,12}}){{1,3}}\b",
    _I,
)
_DUTCH_IBAN = re.compile(r"(?<![A-Z0-9])NL\s?\d\s?\d(?:[\s.\-]?[A-Z]){4}(?:[\s.\-]?\d){9,10}(?!\d)", _I)
_CUT_IBAN = re.compile(r"(?<![A-Z0-9])NL\d\d[\s.\-]?[A-Z]{4}(?:[\s.\-]?\d){6,8}(?!\d)", _I)  # digits were left out
_IBAN = re.compile(
    r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?(?=[A-Z]{0,3}\d)[A-Z0-9]{2,4}| ?[A-Z]{4}){2,8}(?![A-Za-z0-9])",
)
_OLD_ACCOUNT = re.compile(
    r"\b(?:(?:bank)?rekening|giro)(?:s?nummer|nr)?\b\.?"
    r"(?:\s{0,3}(?:is|was|nummer|nr\.?|no\.?|van mij|op|:|=)){0,3}\s{0,3}(\d(?:[ .\-]?\d){6,11})(?!\d)",
    _I,
)
_HANDLE = re.compile(r"(?<![\w@.])@([A-Za-z_][\w.\-]{1,40}\w)")
_PROFILE = re.compile(
    r"(?:facebook|instagram|linkedin|tiktok|twitter|x|snapchat|youtube|twitch|t)\.(?:com|me|tv)/"
    r"(?:in/|@|add/|user/|c/)?[\w.\-%]{2,60}",
    _I,
)
_NAMED_HANDLE = re.compile(
    r"\b(?:insta(?:gram)?|facebook|fb|twitter|tiktok|snap(?:chat)?|telegram|linkedin|twitch|discord|skype|youtube|vinted)"
    r"(?:[\s-]?(?:account|naam|profiel|kanaal|handle))?"
    r"(?P<told>(?:\s{0,2}(?:is|heet|heten|als|onder|op|:|=|naam|user)){0,3})\s{0,2}@?(?P<handle>\w[\w.\-]{2,40}\w)",
    _I,
)
_UNDERSCORED = re.compile(r"(?<![\w@.\-/])[A-Za-z][A-Za-z\d.\-]{1,30}(?:_[A-Za-z\d.\-]{1,30}){1,4}(?![\w@])")
_LOGIN = re.compile(
    r"\b(?:(?:in)?log(?:in)?|gebruikers?|user|account)[\s-]?(?:naam|name|id)\b"
    r"(?:\s{0,2}(?:is|was|luidt|voor|:|=)){0,2}\s{0,2}(\w[\w.\-]{2,40}\w)",
    _I,
)
_TOLD = re.compile(r"(?:[:=]|heet|heten|naam|als)\Z", _I)
_PLAIN = re.compile(
    r"(?:niet|heel|ook|wel|fijn|goed|handig|leuk|beter|voor|via|geen|mijn|alleen|stom|prima|makkelijk|lastig|moeilijk|"
    r"duidelijk|gehackt|geblokkeerd|deze|naam|groep|pagina|bericht|berichten)",
    _I,
)
_INSTITUTIONS = ("gemeente", "uwv", "menzis", "rabobank", "politie", "rijksoverheid", "belasting")


def find_accounts(text: str) -> Iterator[Found]:
    """Yield (start, end, kind) of e-mail addresses, bank accounts and handles."""
    yield from _emails(text)
    for form in (_DUTCH_IBAN, _CUT_IBAN):
        for match in form.finditer(text):
            yield *match.span(), "iban"
    for match in _IBAN.finditer(text):
        if is_iban(re.sub(r"\s", "", match.group())):
            yield *match.span(), "iban"
    for match in _OLD_ACCOUNT.finditer(text):
        yield *match.span(1), "iban"
    for match in _HANDLE.finditer(text):
        if not match.group(1).lower().startswith(_INSTITUTIONS):
            yield *match.span(), "handle"
    for match in _PROFILE.finditer(text):
        if not match.group().rsplit("/", 1)[1].lower().startswith(_INSTITUTIONS):
            yield *match.span(), "handle"
    for match in _NAMED_HANDLE.finditer(text):
        handle = match.group("handle")
        odd = any(sign.isdigit() or sign in "_." for sign in handle)
        if odd or (_TOLD.search(match.group("told")) and not _PLAIN.fullmatch(handle)):
            yield *match.span("handle"), "handle"
    for match in _UNDERSCORED.finditer(text):
        yield *match.span(), "handle"
    for match in _LOGIN.finditer(text):
        if any(sign.isdigit() or sign in "_." for sign in match[1]):
            yield *match.span(1), "handle"


def is_iban(account: str) -> bool:
    """Apply the mod-97 test of ISO 13616 to an account number without spaces.

    >>> is_iban("NL91ABNA0417164300"), is_iban("NL92ABNA0417164300")
    (True, False)
    """
    account = account.upper()
    if not 15 <= len(account) <= 34 or not account.isalnum() or not account.isascii():
        return False
    return int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1


def _emails(text: str) -> Iterator[Found]:
    at = text.find("@")
    while at >= 0:
        before = text[max(0, at - 64) : at]
        domain = _DOMAIN.match(text, at + 1, at + 200)
        local = _LOCAL.search(before)
        if domain and not local and _TOP_LEVEL.search(domain.group()):
            local = _SPACED.search(before)  # "n i e s @ home.nl"
        if domain and local:
            yield at - len(local.group().lstrip("'")), domain.end(), "email"
        at = text.find("@", at + 1)
    low = text.lower()
    if any(word in low for word in _AT):
        for match in _SPOKEN.finditer(text):
            if not match["at"] or _SPOKEN_TOP_LEVEL.search(match.group()):  # "ik at brood. Daarna" is no address
                yield *match.span(), "email"
