"""Cleaning and status: what a respondent typed, legible, and whether it is an answer at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff\ufffe\uffff]")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")
_MOJIBAKE = re.compile(r"[\x80-\x9f]|Ã[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ\u00a0-\u00bf]|â€|Â[\u00a0-\u00bf]")

_NON_ANSWERS = (
    "", "geen", "nvt", "n v t", "niet van toepassing", "niks", "niets", "nihil", "x", "xx", "xxx", "0", "nee", "neen",
    "no", "none", "na", "n a", "nan", "null", "idee", "mening", "wn", "w n", "weet niet", "zou niet weten",
    "opmerking", "opmerkingen", "antwoord", "commentaar", "bijzonderheden", "ervaring", "ervaringen", "ervaring mee",
    "ervaring hiermee", "ervaring met", "niet bekend", "onbekend", "niet ingevuld", "leeg", "blanco", "niet gebruikt",
    "gebruik gemaakt", "gebruik van gemaakt", "niet van gebruik gemaakt", "punten", "punt", "zo snel niets",
    "kan niets bedenken", "kan niks bedenken", "kan niets verzinnen", "zou niets weten", "zou niks weten",
    "weet er geen", "zie boven", "zie hierboven", "idem", "dito", "zie vorige vraag", "zie vorig antwoord",
    "toelichting", "reactie", "verbeterpunten", "verbeterpunt", "succespunten", "succespunt", "suggesties",
    "suggestie", "tips", "tip", "wensen", "aanvulling", "aanvullingen", "toevoeging", "overslaan", "sla over",
    "niet relevant", "weet niet wat", "weet niet precies", "moeilijk te zeggen", "weet niets", "weet niks",
    "te weinig ervaring", "kunnen zeggen", "zou niet kunnen zeggen", "niet zeggen", "zeggen", "weet niet gauw",
    "weet gauw niet", "zou gauw niet weten", "kan niet zeggen", "kan niks zeggen", "kan niets zeggen", "durf niet zeggen",
    "kan niet beoordelen", "kan niet oordelen", "oordelen", "niet oordelen", "moeilijk zeggen", "vraag niet relevant",
    "vraag is niet relevant", "is niet relevant", "vraag is voor mij niet relevant", "niet voor mij", "bedenken",
    "kan bedenken", "zou moeten bedenken", "wat mij betreft niks", "wat mij betreft niets", "niet", "nergens",
    "bilmiyorum", "yok", "i do not know", "dont know", "nothing", "no idea",
)  # fmt: skip
_FILLER = frozenset(
    "ik het er u zo even nog eigenlijk echt helaas hoor sorry dat dit daar hier eens momenteel op dit moment nu "
    "verder heb hebben hiervan ervan over om te geen vooralsnog een ook al".split()
)
_BARE = frozenset(word for phrase in _NON_ANSWERS for word in [" ".join(w for w in phrase.split() if w not in _FILLER)])

# "Nothing to improve" is recognised clause by clause from closed vocabularies: any other word makes it an answer.
_SATISFIED = frozenset(
    """goed goede prima perfect oke ok okay top super uitstekend wens orde tevreden tevree tevredenheid best geregeld
    geweldig fijn mooi helder duidelijk netjes vlekkeloos soepel houden doorgaan blij dik lekker keurig positief
    voldoende content hoort laten laat zoals elkaar geholpen lof""".split()
)
_NEGATION = frozenset("geen niets niks niet nergens nooit nihil".split())
_IMPROVE = frozenset(
    """klacht klachten verbeterpunt verbeterpunten verbetering verbeteringen verbeteren verbeterd beter veranderen
    veranderd verandering anders klagen aanmerken merken aanmerking aanmerkingen problemen probleem kritiek mis
    mankeren ontbreekt tip tips suggesties suggestie negatiefs negatief last nodig""".split()
)
_PLAIN_WORDS = frozenset(
    """alles het dat dit ze zij wij we ik u jullie mij me mijn ben bent zijn is was waren gaat ging gegaan loopt verloopt
    verlopen doen doet heb heeft hebben kan kon kunnen moet moeten hoeft hoeven valt worden wordt word blijf blijft ga zo
    allemaal heel erg zeer gewoon altijd helemaal tot toe nu wel al ook er op aan om te over met bij voor van naar in en
    de een enkel enkele hoor dus eigenlijk echt verder eens wat betreft mening volledig overal beide alle door jaren
    dienstverlening gang zaken gemeente nog steeds persoonlijk momenteel moment werk inkomen verloop contact deze
    eerlijk gezegd zou weten tijd situatie hier daar want vind vinden gevonden zelf tevoren hoe manier noemen bedenken
    verzinnen genoeg nee neen ja geloof denk gauw snel even mensen iedereen willen hen hun behandeld bestaat gebleven
    daarom omdat""".split()
)
_KNOWN = _SATISFIED | _NEGATION | _IMPROVE | _PLAIN_WORDS
_BUT = frozenset("maar alleen behalve graag misschien meer minder sneller vaker eventueel hopelijk jammer".split())
_CLAUSE = re.compile(r"[.,;:!?\n()]+|\b(?:want|dus|omdat)\b")
_GO_ON = re.compile(r"\b(?:ga )?(?:maar )?zo door\b|\blaat maar zo\b")
_SHORT = 30  # words: a longer text is a story, and a story has a point


def clean_text(text: str) -> str:
    """Return the text legible: one kind of space, no control characters, mojibake repaired where it is certain.

    >>> clean_text("  financiÃ«le\\x00  hulp\\r\\n was goed ")
    'financiële hulp\\nwas goed'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("_x000D_", "")
    if _MOJIBAKE.search(text):
        import ftfy

        text = ftfy.fixes.fix_c1_controls(ftfy.fix_encoding(text))
    text = unicodedata.normalize("NFC", text)
    text = _CONTROL.sub("", text)
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def status_of(text: str, aim: str) -> str:
    """Return the status of a cleaned text: `answer`, `empty`, `non_answer` or `nothing_to_improve`.

    `aim` is the codebook's: only an answer to what should improve can be "alles gaat goed".

    >>> status_of("N.v.t.", "succes"), status_of("Ik ben heel tevreden!", "verbeter")
    ('non_answer', 'nothing_to_improve')
    >>> status_of("Ik ben heel tevreden!", "succes")
    'answer'
    """
    if not text:
        return "empty"
    if aim == "verbeter" and _nothing_to_improve(text):
        return "nothing_to_improve"
    return "non_answer" if _is_bare(_plain(text)) else "answer"


def _is_bare(plain: str) -> bool:
    return " ".join(word for word in plain.split() if word not in _FILLER) in _BARE


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    return " ".join(letters.split())


def _nothing_to_improve(text: str) -> bool:
    clauses = [plain for plain in (_plain(part) for part in _CLAUSE.split(_GO_ON.sub("doorgaan", text.casefold()))) if plain]
    words = [word for clause in clauses for word in clause.split()]
    if not words or len(words) > _SHORT:
        return False
    bare = [_is_bare(clause) for clause in clauses]
    happy = [_is_happy(clause.split()) for clause in clauses]
    if not any(happy):
        return False
    if all(b or h for b, h in zip(bare, happy, strict=True)):
        return True
    rest = [word for clause, b in zip(clauses, bare, strict=True) if not b for word in clause.split()]
    return bare[0] and not set(rest) & (_BUT | _NEGATION | _IMPROVE)  # "Niets. Ik ben blij dat het er is."


def _is_happy(words: list[str]) -> bool:
    """Return whether a clause says that all is well: "geen klachten", "kan niet beter", "prima zo"; not "niet goed"."""
    found = set(words)
    if not found <= _KNOWN:
        return False
    if found & _NEGATION:
        return bool(found & _IMPROVE)
    return bool(found & _SATISFIED) and not found & _IMPROVE


def clean_all(texts: Sequence[str]) -> list[str]:
    """Return every text cleaned, in order."""
    return [clean_text(text) for text in texts]
