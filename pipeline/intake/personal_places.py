"""Addresses and postcodes, told from the desks, regions and amounts that identify nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.intake.personal_words import Lexicon, load_streets

Found = tuple[int, int, str]
_I = re.IGNORECASE


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SURE_ENDINGS = tuple(
    sorted(
        _words("""straat straatje laan plein singel gracht kade dreef steeg str. str plantsoen strjitte boulevard""")
    )
)
_ENDINGS = _SURE_ENDINGS + tuple(
    sorted(
        _words(
            """weg wegje hof hofje pad dijk dyk kamp park wal brink markt baan haven allee lane erf veld veste
    burcht borg oord diep kanaal drift loan wei weide tuin tuinen akker akkers meent zoom rade horst stein steyn
    rijt hoek
    kwartier waard kreek vliet es rak berg bos stede gaard gaarde hage wijk wyk ln stroat"""
        )
    )
)
_NO_STREET = _words(
    """onderweg halfweg halverwege uitweg omweg terugweg heenweg snelweg levensweg rechtsweg fietspad voetpad
    spoorweg middenweg lijdensweg winkelstraat bijstand speelveld sportveld voetbalveld werkplein leerwerkplein
    marktplein schoolplein parkeerplaats verzoek bezoek onderzoek zoek hoek arbeidsmarkt woningmarkt huizenmarkt
    banenmarkt bijbaan baan loopbaan renbaan supermarkt rommelmarkt achtertuin moestuin voortuin gerechtshof
    werkveld beroepenveld buurt wijk dagboek gesprek verblijf vertrek proces pakket toets les tijdens wanneer
    mes stress succes adres route fase stap deel lid artikel punt team trap niveau bus lijn kamer groep klas"""
)
_STREET_STARTS = _words(
    """dr burg prof st mgr ds burgemeester prins prinses koningin jan oude nieuwe korte lange van der den pastoor
    dokter 't"""
)
_STREET_ADJECTIVES = _words("""oude nieuwe korte lange prins prinses koningin groot kleine grote burgemeester dokter""")
_BEFORE_STREET = _words("""op aan in naar is mijn ik wij adres woon woont de het""")
_HOUSE = re.compile(
    r"(?<=[\w.'’])\s{1,2}(?:nr\.?|nummer|huisnummer|no\.?|[nozw]z\b)?\s?(\d{1,4})(?![\d.,:/%]\d|\d)"
    r"(?:[ \-]?(?:[IVX]{1,4}|bis|hs|rd|rood|zw|zwart|boven|hoog|[1-9]\s?hoog|[a-z](?!\w)|[a-z]?\d{1,4}(?!\w)))?"
    r"(?![\w%€])(?:\s(?:nr\.?|nummer)\s?\d{1,4}[a-z]?\b)?",
    _I,
)
_GLUED = re.compile(
    r"(?<!\w)([^\W\d_]{3,30}(?:straat|laan|plein|singel|gracht|kade|dreef|steeg|plantsoen|weg))\d{1,4}[a-z]?(?!\w)", _I
)
_UNIT = re.compile(
    r"\s{0,2}(?:keer|x\b|maal|dag|dagen|week|weken|wkn|maand|maanden|mnd|jaar|jr|uur|uren|minuten|min\b|km\b|kilometer|"
    r"meter|m2|euro|eur\b|€|procent|mensen|personen|kinderen|pagina|vragen|brieven|mails?\b|klantmanagers|consulenten|"
    r"medewerkers|formulieren|januari|februari|maart|april|mei\b|juni|juli|augustus|september|oktober|november|december|"
    r"(?:jan|feb|mrt|apr|jun|jul|aug|sep|okt|nov|dec)\b|[:.,]\d|,-|-\d)",
    _I,
)
_WORDS_BEFORE = re.compile(r"[\w.'’\-]+")
_HOME = re.compile(
    r"\b(?:woon\w*|wonen\w*|adres\w*|verhui\w+|huis|thuis|woning|flat|kamer|bewoners?|verbl\w+|post|live|living|address|"
    r"oturuyorum|mieszkam|huur\w*|buren)\b",
    _I,
)
_DESK = re.compile(
    r"\b(?:loket|kantoor|stadhuis|gemeentehuis|balie|inloop\w*|gebouw|locatie|bushalte|halte|winkel|bibliotheek|bieb|"
    r"buurthuis|wijkcentrum|publieksplein|gemeente|servicepunt|school|station|parkeergarage|uitgiftepunt|voedselbank)\b",
    _I,
)
_LIVES_IN = re.compile(
    r"\b(?:woon(?:t|de)?|wonen|wonend|verhuisd|ingetrokken)\b"
    r"(?:\s(?:ik|wij|we|nu|nog|zelf|al|jaren|ook|sinds kort)){0,2}\s(?:in|aan|op|naar)\s(?:de|het|'t)?\s?"
    r"((?:[A-Z][\w'’\-]{1,30}\s){0,3}?[\w'’\-]{2,30}(?:straat|laan|singel|gracht|dreef|steeg|kade|plantsoen))\b",
    _I,
)
_CAPITALISED = r"[A-ZŁŚŻÇŞİÖÜ]\w{2,30}"
_FOREIGN = re.compile(
    rf"(?<!\w)(?:(?:ul|al|os|pl)\.\s?{_CAPITALISED}(?:\s{_CAPITALISED}){{0,2}}\s\d{{1,4}}[a-zA-Z]?(?:/\d{{1,4}})?"
    r"(?:\s?m\.?\s?\d{1,3})?"
    r"|\d{1,5}\s(?:[A-Z][a-z]{2,20}\s){1,3}(?:Street|Road|Avenue|Lane|Drive|St|Rd|Ave)\b"
    rf"|{_CAPITALISED}(?:\s{_CAPITALISED}){{0,2}}\s(?:Sokak|Caddesi|Mahallesi|Cad|Sok|Sk|Cd)\b\.?"
    r"(?:\sNo\s?:?\s?\d{1,4}(?:/\d{1,3})?)?)"
)
_POSTCODE = re.compile(r"(?<![\w€.,\-])([1-9]\d{3})(\s{0,2}|-(?=[A-Z]{2}))([A-Za-z]{2})(?!\w)")
_AND_POSTCODE = re.compile(r"[\s,]{1,3}[1-9]\d{3}\s?[A-Z]{2}(?!\w)", _I)
_POSTCODE_CUE = re.compile(
    r"postcode\b[^.\n]{0,20}\Z|\bpc\s{0,2}:?\s?\Z|\bhet is\s\Z|\ben niet\s\Z|"
    r"\bverhui\w+\s[^.\n]{0,20}\b(?:van|naar|uit)\s\Z",
    _I,
)
_NEVER_ISSUED = frozenset({"SA", "SD", "SS"})
_ABBREVIATIONS = _words("""EU PW BV NV WW WO NL KM KG BW AD VC AM PM""") | _NEVER_ISSUED
_WORDS_OF_TWO = _words(
    """en is op in na te of we ik je ze er de al om zo nu ja ga me hè km eu kg ml cm mm uu zl tl at"""
)
_LOOSE_PAIRS = _WORDS_OF_TWO | _words(
    """ok ww ov tv pc id bv nv hr mr dr ex cd ha he hi oh ah be bo do du el em es et fa go ho la le li lo ma mi mn
    mo mw my no nr oe on pa pi po re ro se si so st ta ti ul un up us va ve vo wc an or as if by dg"""
)


def find_places(text: str, lexicon: Lexicon) -> Iterator[Found]:
    """Yield (start, end, kind) of addresses and postcodes."""
    if any(sign.isdigit() for sign in text):
        for match in _HOUSE.finditer(text):
            start = _street_start(text, match, lexicon)
            if start is not None:
                yield start, match.end(), "address"
        for match in _GLUED.finditer(text):
            before = text[max(0, match.start() - 80) : match.start()]
            if match[1].lower() not in _NO_STREET and (_HOME.search(before) or not _DESK.search(before)):
                yield *match.span(), "address"
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
    if not words or words[-1].end() != match.start():
        return None
    last = words[-1].group()
    low = last.lower()
    if not any(map(str.isalpha, low)) or low in _NO_STREET:
        return None
    context = text[max(0, match.start() - 80) : match.start()]
    home = _HOME.search(context + text[match.end() : match.end() + 40]) is not None
    home = home or _AND_POSTCODE.match(text, match.end()) is not None
    if _DESK.search(context) and not _HOME.search(context):
        return None
    names = [word.group() for word in words]
    start = _leftmost(names, lexicon)
    if low in _SURE_ENDINGS and start and start == len(names) - 1:
        start -= 1  # "korenbloem str"
    whole = (text[word.start() : words[-1].end()].lower() for word in words)
    listed = next((k for k, street in enumerate(whole) if street in load_streets()), None)
    capital = last[0].isupper() or last[0].isdigit()
    long_enough = len(low) > 7 or capital or (len(words) > 1 and (home or names[-2][0].isupper()))
    known = capital or listed is not None or low not in lexicon.words
    if low.endswith(_SURE_ENDINGS) and long_enough and known:
        return words[start if listed is None else min(listed, start)].start()
    ordinary = low in lexicon.words
    if listed is not None:
        given = capital or (home and (names[listed][0].isupper() or names[listed][0] in "'’"))
        placed = home or low.endswith(_ENDINGS) or (_placed(names, listed) and not ordinary)
        if given and placed:
            return words[min(listed, start) if capital else listed].start()
        if home and low.endswith(_ENDINGS):
            return words[listed].start()
    if not capital:
        return None
    placed = _placed(names, start)
    ended = low.endswith(_ENDINGS) and (home or (placed and not ordinary))
    on_street = not ordinary and not last.isupper() and start > 0 and names[start - 1].lower() == "op"
    return words[start].start() if ended or on_street or (home and placed) else None


def _placed(names: Sequence[str], start: int) -> bool:
    return start > 0 and names[start - 1].lower() in ("op", "aan", "in", "naar", "adres", "bij", "de", "het", "is")


def _leftmost(names: Sequence[str], lexicon: Lexicon) -> int:
    """Return the first of the words that belong to the street ending at the last one: "dr. Schaepman" + "straat"."""
    start = len(names) - 1
    for k in range(len(names) - 2, -1, -1):
        before, low = names[k], names[k].lower().strip(".")
        of_the = low == "de" and k > 0 and names[k - 1].lower() in ("van", "op")
        if low in _BEFORE_STREET and not of_the:
            break
        sentence_start = k == 0 and low in lexicon.words and low not in _STREET_ADJECTIVES
        ordinal = before[0].isdigit() and before.endswith("e")
        if not (of_the or low in _STREET_STARTS or ordinal or (before[0].isupper() and not sentence_start)):
            break
        start = k
    while start < len(names) - 1 and names[start] in ("van", "der", "den", "de"):
        start += 1
    return start


def _is_postcode(match: re.Match[str]) -> bool:
    _, gap, letters = match.groups()
    text, upper, lower = match.string, letters.upper(), letters.lower()
    if upper in _NEVER_ISSUED:
        return False
    if gap == "-" and (upper in _ABBREVIATIONS or match[1][:2] in ("19", "20")):
        return False  # "2023-PW"
    if _POSTCODE_CUE.search(text[max(0, match.start() - 40) : match.start()]):
        return letters.isupper() or lower not in ("is", "en", "of", "in")
    if upper in _ABBREVIATIONS and not (letters.isupper() and not gap and upper != "EU"):
        return False
    around = [sign for sign in text[max(0, match.start() - 60) : match.end() + 60] if sign.isalpha()]
    shout = len(around) > 12 and sum(map(str.isupper, around)) > 0.7 * len(around)
    if gap and (shout or not letters.isupper()):
        return lower not in _LOOSE_PAIRS
    return letters.isupper() or lower not in _WORDS_OF_TWO
