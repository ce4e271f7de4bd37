"""What stands around a word: the cues before and after a name, and the organisations that are called after a person."""

from __future__ import annotations

from enum import IntEnum

from pipeline.intake.personal_tokens import Tokens
from pipeline.intake.personal_words import Evidence, Lexicon

_MEANWHILE = frozenset({"nu", "eerst", "toen", "ook", "nog", "altijd", "momenteel", "tegenwoordig", "dus", "ene"})
_IS_OR_MEANWHILE = _MEANWHILE | {"is", "was", "are"}
_COUNTS = frozenset({"twee", "drie", "vier", "vijf", "beide", "2", "3", "4", "5"})
_VOCATIVE = frozenset({",", ":", "(", "-", "–", '"', "'", "“", "„", "=", "‘"})


class Context(IntEnum):
    """What stands before a word; the higher, the less the word itself has to prove."""

    NONE = 0  # first word of a sentence, or a word in lower case
    INSIDE = 1  # inside a sentence, where a capital means something
    ADDRESSED = 2  # "beste ...", "dank aan ...", "ik ben ..."
    GREETING = 3  # "groeten ...", "bedankt ..."
    ROLE = 4  # "klantmanager ...", "mijn dochter ...", "ik heet ..."
    TITLE = 5  # "mevrouw ..."


class Cues:
    """Reads the surroundings of the words of one text."""

    def __init__(self, tokens: Tokens, lexicon: Lexicon) -> None:
        self.tokens = tokens
        self.lexicon = lexicon
        self.own = lexicon.own
        self.blocked = self._organisations()

    def context(self, i: int) -> Context:
        """Return what stands before the word at `i`."""
        tokens, own = self.tokens, self.own
        here = Context.NONE if tokens.opening[i] or not tokens.upper[i] else Context.INSIDE
        if i == 0:
            return here
        p = i - 1
        if (
            tokens.low[p] == "."
            and p
            and (self._is_title(p - 1) or self._is_greeting(p - 1) or tokens.low[p - 1] in own["abbreviations"])
        ):
            p -= 1
        before = tokens.low[p]
        if self._is_title(p) or (before in own["titles_before_capital"] and tokens.upper[i]):
            return Context.TITLE
        if self.is_role(p) or self._is_kin(p):
            return Context.ROLE
        if before in own["name_cues"] and before != "naam":
            return Context.ROLE
        if before in (",", "\n") and p and self._is_greeting(p - 1):
            return Context.GREETING
        if before in _VOCATIVE and p and (self.is_role(p - 1) or self._is_kin(p - 1) or self._is_greeting(p - 1)):
            return Context.ADDRESSED
        if before in (":", "=") and tokens.word(p - 1) in own["name_cues"]:
            return Context.ROLE
        if before in _IS_OR_MEANWHILE and p:
            if before in _MEANWHILE and tokens.word(p - 1) in ("is", "was"):
                p -= 1
            if tokens.low[p - 1] in ("naam", "name", "voornaam", "achternaam", "namen"):
                return Context.ROLE
            if self.is_role(p - 1) and tokens.word(p - 2) in own["possessives"]:
                return Context.ADDRESSED
        if before in ("mij", "me", "mezelf") and tokens.word(p - 1) in ("noem", "noemde", "noemen", "noemt"):
            return Context.ROLE
        if before in ("ben", "am", "i'm") and tokens.word(p - 1) in ("ik", "i", "", "."):
            return Context.ADDRESSED
        if self._is_greeting(p) or before in own["salutations"] or before in ("zekere", "ene"):
            return Context.GREETING
        if before == "wel" and tokens.word(p - 1) in ("je", "u", "jullie", "dank"):
            return Context.ADDRESSED
        if before in own["prepositions"] and tokens.word(p - 1) in own["contact_words"]:
            return Context.ADDRESSED
        if before in ("door", "namens", "dankzij") and tokens.upper[i]:
            return Context.ADDRESSED
        return here

    def _is_title(self, i: int) -> bool:
        return self.tokens.low[i] in self.own["titles"]

    def _is_greeting(self, i: int) -> bool:
        return self.tokens.low[i] in self.own["greetings"]

    def is_role(self, i: int) -> bool:
        """Tell whether the word at `i` is a role: "klantmanager", "jobcoach"."""
        word = self.tokens.low[i]
        return word in self.own["roles"] or (len(word) > 6 and word.endswith(self.lexicon.role_endings))

    def _is_kin(self, i: int) -> bool:
        if self.tokens.low[i] not in self.own["kin"]:
            return False
        before = {self.tokens.word(i - 1), self.tokens.word(i - 2)}
        counted = self.tokens.word(i - 1) in _COUNTS
        return bool(before & self.own["possessives"]) or counted or i == 0

    def after_article(self, i: int) -> bool:
        """Tell whether an article stands before, as before things; not so in "het is Marga", "is het Marga"."""
        before = self.tokens.word(i - 1)
        return before in self.own["articles"] and not (before == "het" and self.tokens.word(i - 2) in ("is", "was"))

    def after_determiner(self, i: int) -> bool:
        """Tell whether an article, a possessive or the like stands before the word at `i`."""
        return self.tokens.word(i - 1) in self.own["determiners"] or self.after_article(i)

    def ends(self, i: int) -> bool:
        """Tell whether the sentence or clause ends before token `i`."""
        return i >= len(self.tokens) or not self.tokens.low[i][0].isalnum()

    def does_something(self, i: int) -> bool:
        """Tell whether what follows a possible name says that it is a person: "... belde", "... is aardig"."""
        tokens, own = self.tokens, self.own
        word, after = tokens.word(i), tokens.word(i + 1)
        if word in own["person_verbs"] or word in own["titles_after"] or self.at_office(i):
            return True
        if word in own["auxiliaries"]:
            if word in ("is", "was"):
                rare = tokens.evidence[i - 1] & Evidence.RARE
                ahead = {after, tokens.word(i + 2), tokens.word(i + 3)}
                known = ahead & own["thing_adjectives"] if not rare else {after} & own["person_follow"]
                return bool(ahead & own["person_adjectives"] or known)
            return after in own["person_follow"]
        if word in (",", "(") and after:
            ahead = {after, tokens.word(i + 2)} & (own["roles"] | own["kin"])
            return bool(ahead)
        if word in ("en", "and") and after in ("ik", "i"):
            return True
        return word in ("mijn", "onze") and (after in own["roles"] or after in own["kin"])

    def at_office(self, i: int) -> bool:
        """Tell whether "van het wijkteam", "bij de gemeente", "uit de buurt" follows."""
        tokens = self.tokens
        if tokens.word(i) not in ("van", "bij", "uit", "v", "from", "op"):
            return False
        j = (
            i + 2
            if tokens.word(i + 1) in ("de", "het", "'t", "t", "onze", "jullie", "uw", "mijn", "die", "dat", "the")
            else i + 1
        )
        word = tokens.word(j)
        return word in self.own["offices"] or (
            j < len(tokens) and bool(tokens.evidence[j] & Evidence.ORGANISATION) and tokens.word(i) != "op"
        )

    def among_people(self, i: int) -> bool:
        """Tell whether the capital inside a sentence at `i` stands where a person does: "bij Koning"."""
        own, before = self.own, self.tokens.word(i - 1)
        if self.tokens.opening[i] or not self.tokens.upper[i]:
            return False
        if self.after_determiner(i):
            return before == "die" and self.at_office(i + 1)
        if before == "wat":
            return True
        kinds = ("prepositions", "met", "auxiliaries", "person_verbs", "before_person")
        return any(before in own[kind] for kind in kinds) or self.does_something(i + 1) or self.referred_to(i + 1)

    def referred_to(self, i: int) -> bool:
        """Tell whether ", die ..." follows, as after a person."""
        return self.tokens.word(i) == "," and self.tokens.word(i + 1) == "die"

    def met(self, i: int) -> bool:
        """Tell whether somebody is met before the capital at `i`: "ik sprak ...", "dat ... er was", "met ..."."""
        if self.tokens.word(i - 1) in self.own["met"]:
            return True
        before, after = self.tokens.word(i - 1), self.tokens.word(i + 1)
        return (before in self.own["auxiliaries"] or before in self.own["person_verbs"]) and after in self.own[
            "met_after"
        ]

    def _organisations(self) -> set[int]:
        """Return the tokens that belong to an organisation, place or thing named after a person."""
        tokens, own = self.tokens, self.own
        blocked: set[int] = set()
        for i, word in enumerate(tokens.low):
            for phrase in self.lexicon.phrases.get(word, ()):
                if tuple(tokens.low[i : i + len(phrase)]) == phrase:
                    blocked.update(range(i, i + len(phrase)))
                    break
            if word in own["organisation_before"]:
                j = i + 1
                if tokens.word(j) in ("'t", "het", "de") and j + 1 < len(tokens) and tokens.upper[j + 1]:
                    blocked.add(j)
                    j += 1
                while j < min(i + 5, len(tokens)) and (
                    tokens.upper[j] or (j > i + 1 and tokens.low[j] in own["particles"])
                ):
                    if tokens.low[j] not in own["titles"]:
                        blocked.add(j)
                    j += 1
            elif word in own["organisation_after"] and i and (tokens.upper[i] or word not in own["loose_words"]):
                j = i - 1
                while j >= max(0, i - 3) and (tokens.upper[j] or tokens.low[j] in ("-", "de", "van", "der")):
                    blocked.add(j)
                    j -= 1
        return blocked
