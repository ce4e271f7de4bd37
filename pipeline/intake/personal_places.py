"""Where and when: addresses, postcodes and dates of birth, told from desks, regions and dates that identify nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.intake.personal_words import Lexicon, load_streets

Found = tuple[int, int, str]
_I = re.IGNORECASE

_SUFFIX = (
    "straat|str\\.|straatje|laan|weg|wegje|plein|singel|gracht|kade|hof|hofje|dreef|steeg|pad|dijk|dyk|dwarsstraat|kamp|park|plantsoen|wal|brink|markt|baan|haven|boulevard|allee|lane|erf|"
    "veld|veste|burcht|borg|oord|diep|kanaal|drift|loan|strjitte|wei|weide|tuin|tuinen|akker|akkers|meent|zoom|rade|horst|stein|steyn|rijt|hoek|kwartier|waard|kreek|vliet|es|rak|berg|bos|stede|gaard|gaarde|hage|wijk|wyk|str|ln|stroat"
)
_STRONG = (
    "straat",
    "straatje",
    "laan",
    "plein",
    "singel",
    "gracht",
    "kade",
    "dreef",
    "steeg",
    "str.",
    "str",
    "plantsoen",
    "strjitte",
    "boulevard",
)
_NO_STREET = frozenset(
    """onderweg halfweg halverwege uitweg omweg terugweg heenweg snelweg levensweg rechtsweg fietspad voetpad spoorweg vanweg middenweg lijdensweg doorweg hoofdweg werkweg winkelstraat bijstand
    ziekenhof speelveld sportveld voetbalveld werkplein leerwerkplein marktplein schoolplein parkeerplaats verzoek bezoek onderzoek zoek hoek werkhoek arbeidsmarkt woningmarkt huizenmarkt banenmarkt bijbaan
    baan loopbaan renbaan bijbanen supermarkt rommelmarkt achtertuin moestuin voortuin kleuterhof gerechtshof centrale werkveld beroepenveld buurt wijk dagboek gesprek verblijf vertrek proces pakket toets les tijdens
    wanneer mes stress succes proces adres voortgangsgesprekken samenwerkingsverband route fase stap deel lid artikel punt team trap niveau""".split()
)
_NUMBER = r"(?:nr\.?|nummer|huisnummer|no\.?)?\s?(\d{1,4})(?![\d.,:/%]\d|\d)(?:[ \-]?(?:[IVX]{1,4}|bis|hs|rd|zw|boven|hoog|[1-9]\s?hoog|[a-z](?![\w])|\d{1,4}(?![\d\w])))?(?![\w%€])"
_HOUSE = re.compile(r"(?<=[\w.'’])\s{1,2}" + _NUMBER, _I)
_UNIT = re.compile(
    r"\s{0,2}(?:keer|x\b|maal|dagen|dag|weken|week|wkn|maanden|maand|mnd|jaar|jr|uur|uren|minuten|min\b|km\b|kilometer|meter|m2|euro|eur\b|€|procent|mensen|personen|kinderen|pagina|vragen|"
    r"brieven|mails?\b|klantmanagers|consulenten|medewerkers|formulieren|januari|februari|maart|april|mei\b|juni|juli|augustus|september|oktober|november|december|jan\b|feb\b|mrt\b|apr\b|jun\b|jul\b|aug\b|sep\b|okt\b|nov\b|dec\b|[:.,]\d|,-|-\d)",
    _I,
)
_WORDS_BEFORE = re.compile(r"[\w.'’\-]+")
_HOME = re.compile(
    r"\b(?:woon\w*|wonen\w*|adres\w*|verhui\w+|huis|thuis|woning|flat|kamer|bewoner|verbl\w+|post|live|living|address|oturuyorum|adresim|mieszkam|adresy?|huur\w*|buren)\b",
    _I,
)
_DESK = re.compile(
    r"\b(?:loket|kantoor|stadhuis|gemeentehuis|balie|inloop\w*|gebouw|locatie|bushalte|halte|winkel|bibliotheek|buurthuis|wijkcentrum|bieb|publieksplein|gemeente|servicepunt|school|station|parkeergarage|uitgiftepunt|voedselbank)\b",
    _I,
)
_LIVES_IN = re.compile(
    r"\b(?:woon(?:t|de)?|wonen|wonend|verhuisd|ingetrokken)\b(?:\s(?:ik|wij|we|nu|nog|zelf|al|jaren|ook|sinds kort)){0,2}\s(?:in|aan|op|naar)\s(?:de|het|'t)?\s?((?:[A-Z][\w'’\-]{1,30}\s){0,3}?[\w'’\-]{2,30}(?:straat|laan|singel|gracht|dreef|steeg|kade|plantsoen))\b",
    _I,
)
_FOREIGN = re.compile(
    r"(?<!\w)(?:(?:ul|al|os|pl)\.\s?[A-ZŁŚŻ]\w{2,30}(?:\s[A-ZŁŚŻ]\w{2,30}){0,2}\s\d{1,4}[a-zA-Z]?(?:/\d{1,4})?(?:\s?m\.?\s?\d{1,3})?|\d{1,5}\s(?:[A-Z][a-z]{2,20}\s){1,3}(?:Street|Road|Avenue|Lane|Drive|St|Rd|Ave)\b"
    r"|[A-ZÇŞİÖÜ]\w{2,20}(?:\s[A-ZÇŞİÖÜ]\w{2,20}){0,2}\s(?:Sokak|Caddesi|Mahallesi|Cad|Sok|Sk|Cd)\.?(?:\sNo\s?:?\s?\d{1,4}(?:/\d{1,3})?)?)"
)
_POSTCODE = re.compile(r"(?<![\w€.,\-])([1-9]\d{3})(\s{0,2})([A-Za-z]{2})(?![\w])")
_POSTCODE_CUE = re.compile(r"postcode\b[^.\n]{0,20}\Z|\bpc\s{0,2}:?\s?\Z|\bhet is\s\Z|\ben niet\s\Z", _I)
_NO_POSTCODE = frozenset(
    {"SA", "SD", "SS", "EU", "PW", "BV", "NV", "WW", "WO", "NL", "KM", "KG", "BW", "AD", "VC", "AM", "PM"}
)
_NO_POSTCODE_WORDS = frozenset(
    "en is op in na te of we ik je ze er de al om zo nu ja ga me hè km eu kg ml cm mm uu dg zl tl hè at to an or as if by".split()
)

_MONTHS = (
    "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december|jan|feb|febr|mrt|apr|jun|jul|aug|sept|sep|okt|nov|dec|"
    "january|february|march|may|june|july|august|october|january|ocak|şubat|mart|nisan|mayıs|haziran|temmuz|ağustos|eylül|ekim|kasım|aralık|"
    "stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia"
)
_DAYS_IN_WORDS = (
    "een|één|eerste|twee|tweede|drie|derde|vier|vierde|vijf|vijfde|zes|zesde|zeven|zevende|acht|achtste|negen|negende|tien|tiende|elf|elfde|twaalf|twaalfde|dertien|veertien|vijftien|zestien|zeventien|"
    "achttien|negentien|twintig|eenentwintig|tweeëntwintig|drieëntwintig|vierentwintig|vijfentwintig|zesentwintig|zevenentwintig|achtentwintig|negenentwintig|dertig|eenendertig"
)
_DATE = re.compile(
    r"(?<![\w.,\-/])(?:(?P<d>[0-3]?\d)\s?[-/.\\]\s?(?:[01]?\d|(?:"
    + _MONTHS
    + r"))\s?[-/.\\]\s?(?P<y>(?:19|20)\d\d|\d\d)"
    r"|(?P<y2>19\d\d|20\d\d)[-/.][01]\d[-/.][0-3]\d|[0-3]?\d(?:e|ste|de|st|th|nd|rd)?\s(?:"
    + _MONTHS
    + r")\.?,?(?:\s(?P<y3>(?:19|20)\d\d|['’]\d\d))?"
    r"|(?:" + _MONTHS + r")\s[0-3]?\d(?:st|th|nd|rd)?,?\s(?P<y4>(?:19|20)\d\d)"
    r"|(?:"
    + _DAYS_IN_WORDS
    + r")\s(?:"
    + _MONTHS
    + r")(?:\s(?P<y5>(?:19|20)\d\d|\w{3,12}honderd\w{0,25}))?|(?P<y6>[0-3]\d[01]\d(?:19|20)\d\d)(?=\b))(?![\w]|[-/]\d)",
    _I,
)
_BORN_BEFORE = re.compile(
    r"\b(?:geboren|geb|gebdatum|geb\.?\s?dat(?:um)?|geboortedat\w*|geboortedag|geboorte|gbd|jarig|verjaar\w*|verjaardag|birth\w*|born|dob|doğum\w*|do[gğ]dum|urodz\w+|ur\.|ben van|is van|ik ben een|bouwjaar|bj)\b[^\n]{0,40}\Z", _I
)  # fmt: skip
_BORN_AFTER = re.compile(
    r"[^\n.]{0,12}\b(?:geboren|geb\b|geboortedat\w*|geboorte|jarig|verjaar\w*|born|birth\w*|doğum\w*|doğdum|doğumlu|urodz\w+)",
    _I,
)
_CHILD = re.compile(
    r"\b(?:zoon|dochter|zoontje|dochtertje|kind|kleinzoon|kleindochter|baby|man|vrouw|partner|moeder|vader|zus|broer|son|daughter|wife|husband)\w{0,2}(?:\s\w{1,20})?\s?[(,]\s?\Z",
    _I,
)
_EVENT = re.compile(
    r"\b(?:sinds|vanaf|per|tot|ingaande|ingang|datum|op|brief|besluit|beschikking|aanvraag|getrouwd|gestopt|gekomen|dd|d\.d|gedateerd|van|voor|na|rond|om|afspraak|deadline|uiterlijk|t/m|since|from|until|until|on)\b\.?\s(?:de\s|het\s)?\Z", _I
)  # fmt: skip
_LAST_BIRTH = 2006  # a bare full date up to this year is taken for a birth, a later one for something that happened


def find_places(text: str, lexicon: Lexicon) -> Iterator[Found]:
    """Yield (start, end, kind) of addresses and postcodes."""
    if any(sign.isdigit() for sign in text):
        for match in _HOUSE.finditer(text):
            start = _street_start(text, match, lexicon)
            if start is not None:
                yield start, match.end(), "address"
        for match in _POSTCODE.finditer(text):
            if _is_postcode(match):
                yield match.start(), match.end(), "postcode"
        for match in _FOREIGN.finditer(text):
            yield match.start(), match.end(), "address"
    for match in _LIVES_IN.finditer(text):
        yield match.start(1), match.end(1), "address"


def _street_start(text: str, match: re.Match[str], lexicon: Lexicon) -> int | None:
    """Return where the street before a house number starts, or None when it is no house number."""
    if _UNIT.match(text, match.end()):
        return None
    words = list(_WORDS_BEFORE.finditer(text, max(0, match.start() - 60), match.start()))[-5:]
    if (
        not words
        or words[-1].end() != match.start()
        or (match.start() > 60 and words[0].start() == match.start() - 60 and len(words) < 2)
    ):
        return None
    context = text[max(0, match.start() - 80) : match.start()]
    if _DESK.search(context) and not _HOME.search(context):
        return None
    last = words[-1].group()
    low = last.lower()
    if not any(map(str.isalpha, low)):
        return None
    capital = last[0].isupper() or last[0].isdigit()
    suffixed = re.search(rf"(?:{_SUFFIX})\Z", low) is not None and low not in _NO_STREET
    strong = (
        suffixed
        and low.endswith(_STRONG)
        and (len(low) > 7 or capital or len(words) > 1 and words[-2].group()[0].isupper())
    )
    names = [word.group() for word in words]
    start = _leftmost(names, lexicon)
    listed = next(
        (
            k
            for k in range(len(words))
            if text[words[k].start() : words[-1].end()].lower() in load_streets() and low not in _NO_STREET
        ),
        None,
    )
    home = _HOME.search(context + text[match.end() : match.end() + 40]) is not None
    if strong and not (low in lexicon.words and not capital and listed is None):
        return words[start if listed is None else min(listed, start)].start()
    if listed is not None and (suffixed or home or capital):
        known_word = bool(lexicon.words & {low}) and not home
        if (
            suffixed
            and (capital or home)
            or home
            and (capital or names[listed][0].isupper() or names[listed][0] in "'’")
            or (capital and not known_word and _placed(names, listed))
        ):
            return words[min(listed, start) if capital else listed].start()
    if suffixed and capital and (home or _placed(names, start) and low not in lexicon.words):
        return words[start].start()
    named = capital and low not in lexicon.words and not last.isupper()
    if named and start > 0 and names[start - 1].lower() == "op" and low not in _NO_STREET:
        return words[start].start()
    if capital and home and _placed(names, start) and low not in _NO_STREET:
        return words[start].start()
    return None


def _placed(names: Sequence[str], start: int) -> bool:
    return start > 0 and names[start - 1].lower() in ("op", "aan", "in", "naar", "adres", "bij", "de", "het", "is")


def _leftmost(names: Sequence[str], lexicon: Lexicon) -> int:
    """Return the first of the words that belong to the street name ending at the last one: "dr. Schaepman" + "straat"."""
    k = start = len(names) - 1
    while k > 0:
        before = names[k - 1]
        low = before.lower().strip(".")
        if low in (
            "op",
            "aan",
            "in",
            "naar",
            "is",
            "mijn",
            "ik",
            "wij",
            "adres",
            "woon",
            "woont",
            "de",
            "het",
        ) and not (low == "de" and k - 2 >= 0 and names[k - 2].lower() in ("van", "op")):
            break
        if before[0].isupper() and not (
            k - 1 == 0
            and low in lexicon.words
            and low
            not in (
                "oude",
                "nieuwe",
                "korte",
                "lange",
                "prins",
                "prinses",
                "koningin",
                "burgemeester",
                "dokter",
                "groot",
                "kleine",
                "grote",
            )
        ):
            start = k - 1
        elif before[0].isdigit() and before.endswith("e"):
            start = k - 1
        elif low in (
            "dr",
            "burg",
            "prof",
            "st",
            "mgr",
            "ds",
            "burgemeester",
            "prins",
            "prinses",
            "koningin",
            "jan",
            "oude",
            "nieuwe",
            "korte",
            "lange",
            "van",
            "der",
            "den",
            "pastoor",
            "dokter",
            "'t",
        ):
            start = k - 1
        else:
            break
        k -= 1
    while start < len(names) - 1 and names[start].lower() in ("van", "der", "den"):
        start += 1
    return start


def _is_postcode(match: re.Match[str]) -> bool:
    digits, gap, letters = match.groups()
    text = match.string
    cued = _POSTCODE_CUE.search(text[max(0, match.start() - 40) : match.start()]) is not None
    if letters.upper() in _NO_POSTCODE and not (
        cued or letters.isupper() and gap == "" and letters.upper() not in ("SA", "SD", "SS", "EU")
    ):
        return False
    if cued:
        return letters.lower() not in ("is", "en", "of", "in") or letters.isupper()
    letters_around = [sign for sign in text[max(0, match.start() - 60) : match.end() + 60] if sign.isalpha()]
    shout = len(letters_around) > 12 and sum(map(str.isupper, letters_around)) > 0.7 * len(letters_around)
    if gap and (shout or not letters.isupper()):
        return letters.lower() not in _NO_POSTCODE_WORDS and letters.lower() not in _COMMON_TWO
    return letters.isupper() or letters.lower() not in _NO_POSTCODE_WORDS


_COMMON_TWO = frozenset(
    "ok ww ov tv pc id bv nv hr mr dr ex lp cd ha he hu hi oh ah be bo do du el em es et eu ex fa go ho ii la le li lo ma mi mn mo mw my no nr oe on pa pi pl po qu re ro sa se si so st ta ti ul un up us va ve vo wc xs ya yo".split()
)


def find_birth_dates(text: str) -> Iterator[Found]:
    """Yield (start, end, kind) of the dates that are somebody's date of birth."""
    for match in _DATE.finditer(text):
        before = text[max(0, match.start() - 60) : match.start()]
        born = _BORN_BEFORE.search(before) is not None or _BORN_AFTER.match(text, match.end()) is not None
        year = _year(match)
        if born or (year is not None and _CHILD.search(before)):
            yield match.start(), match.end(), "birth_date"
        elif year is not None and 1900 < year <= _LAST_BIRTH and not _EVENT.search(before):
            yield match.start(), match.end(), "birth_date"


def _year(match: re.Match[str]) -> int | None:
    year = next((match.group(name) for name in ("y", "y2", "y3", "y4") if match.group(name)), None)
    if match.group("y6"):
        year = match.group("y6")[-4:]
    return int(year) if year is not None and year.isdigit() and len(year) == 4 else None
