"""How far a name reaches: initials, particles ("van der"), surnames, and what no longer belongs to it."""

from __future__ import annotations

from pipeline.intake.personal_cues import Context
from pipeline.intake.personal_tokens import Tokens
from pipeline.intake.personal_words import Evidence, Lexicon

_F, _L, _P = Evidence.FIRST, Evidence.LAST, Evidence.PARTICLE_LAST
_W, _H, _S = Evidence.WORD, Evidence.HARD, Evidence.FUNCTION
_NOT_PERSON = Evidence.PLACE | Evidence.ORGANISATION
_MAX_PARTS = 6


class Reach:
    """Measures the names of one text; `blocked` are the tokens of organisations called after a person."""

    def __init__(self, tokens: Tokens, lexicon: Lexicon, blocked: set[int]) -> None:
        self.tokens = tokens
        self.lexicon = lexicon
        self.own = lexicon.own
        self.blocked = blocked

    def acronym(self, i: int) -> bool:
        """Tell whether the word at `i` is written as an abbreviation is: "UWV", "BsGW"."""
        word = self.tokens.text[i]
        if self.tokens.shout or word[1:].islower() or (len(word) > 5 and word.isupper()):
            return False
        return word.isupper() or (
            word[1:2].islower() and word[:2] not in ("Mc", "Ma", "De", "Di", "La", "Le", "El", "Al", "Va")
        )

    def two_rare(self, i: int) -> bool:
        """Tell whether the rare capitalised word at `i` is followed by another that may be its surname."""
        tokens = self.tokens
        if i + 1 >= len(tokens) or not tokens.upper[i + 1] or self.acronym(i + 1):
            return False
        return bool(tokens.evidence[i + 1] & (Evidence.RARE | _L | _F)) and not tokens.evidence[i + 1] & (
            _W | _NOT_PERSON
        )

    def followed_by_surname(self, i: int) -> bool:
        """Tell whether a surname follows the word at `i`."""
        j = self.particles(i + 1)
        return j < len(self.tokens) and j not in self.blocked and self._is_surname(j, j > i + 1, self.tokens.upper[i])

    def particle_name(self, i: int, j: int, context: Context) -> bool:
        """Tell whether particles `i` to `j` and the word at `j` are a surname: "van der Berg", "el Idrissi"."""
        tokens = self.tokens
        evidence, upper = tokens.evidence[j], tokens.upper[j]
        if (
            j in self.blocked
            or not tokens.low[j][0].isalpha()
            or (tokens.text[i] == "het" and evidence & _F)  # "op het Thomas College"
            or evidence & Evidence.ORGANISATION
            or tokens.low[j] in self.own["offices"]
            or (evidence & _S and not (context == Context.TITLE and evidence & _P))
        ):
            return False
        strong = tokens.low[j - 1] in self.own["strong_particles"]
        if tokens.low[j - 1] in ("el", "al", "ben", "bin", "ait", "st", "mc", "san", "mac") and not upper:
            strong = False
        named = bool(evidence & (_P | _L))
        if context == Context.TITLE:
            return named or (strong and len(tokens.low[j]) > 2) or (upper and not evidence & _W) or (
                not evidence & (_W | _NOT_PERSON) and tokens.low[i] != "bij"
            )  # fmt: skip
        if (
            tokens.low[i] in ("in", "op", "aan", "uit", "bij", "en", "y", "e", "te")
            and context < Context.ROLE
            and not tokens.upper[i]
        ):
            return False
        whole_place = " ".join(tokens.low[i : j + 1]) in self.lexicon.places
        if upper and evidence & _P and self._as_surname(i, j, whole_place):
            return True
        place = bool(evidence & Evidence.PLACE) or whole_place
        if context >= Context.ADDRESSED:
            if upper:
                return (named and not place) or (strong and not place) or bool(evidence & (_P | _L) and tokens.upper[i])
            return (named and not evidence & _W and not place) or (
                named and tokens.low[i] == "de" and not place and not evidence & _H
            )
        if not upper or place:
            return bool(strong and j > i + 1 and evidence & _P and not place)
        if strong and (j > i + 1 or tokens.low[i] not in ("al", "ben", "den")):
            return named or not evidence & _W
        return named and not evidence & (_W | Evidence.PLACE) and tokens.low[i] not in ("al", "ben")

    def _as_surname(self, i: int, j: int, place: bool) -> bool:
        """Tell whether a surname that is a word too is written as one: "maar Van Dijk houdt", "de Boer, die zegt"."""
        tokens, own = self.tokens, self.own
        if tokens.low[j - 1] in ("'t", "’t") and j > i + 1:
            return not place
        known = tokens.low[j] in own["people_too"]
        if tokens.upper[i] and not tokens.opening[i]:
            part_of_name = tokens.upper[i - 1] and not tokens.opening[i - 1]  # "Sociaal Werk De Schans"
            somewhere = part_of_name or tokens.low[i - 1] in own["place_cues"]  # "in De Bolder"
            return not place and (known or not (somewhere or tokens.evidence[j] & _H))
        if tokens.upper[i] and known:
            return tokens.word(j + 1) in own["human_verbs"] or tokens.word(j + 1) in ("zei", "zegt", "vond", "vindt")
        return known and tokens.low[i] == "de" and tokens.word(j + 1) == "," and tokens.word(j + 2) == "die"

    def initials(self, i: int, context: Context) -> int:
        """Read "J.W. de Boer", "A. Yilmaz", "JW de Boer" and, after a title or role, "T."; return its end or `i`."""
        tokens, j, dots = self.tokens, i, 0
        while j < len(tokens) and j < i + 12 and tokens.low[j] and len(tokens.text[j]) <= 2 and tokens.low[j].isalpha():
            single = len(tokens.text[j]) == 1 or tokens.text[j] in ("Th", "Ch", "Ph", "Sj", "Tj", "IJ", "Fr")
            capital = tokens.text[j][0].isupper()
            if tokens.word(j + 1) == "." and tokens.glued(j + 1) and single:
                if not capital and context < Context.ROLE and not self._lower_initials(j):
                    break
                j, dots = j + 2, dots + 1
            elif (
                capital
                and tokens.text[j].isupper()
                and j + 1 < len(tokens)
                and not tokens.shout
                and tokens.low[j] != "u"
            ):
                surname = self.particles(j + 1)
                if surname >= len(tokens) or not tokens.upper[surname] or tokens.evidence[surname] & (_W | _NOT_PERSON):
                    break
                if not tokens.evidence[surname] & (_L | _P):
                    break
                return surname + 1
            else:
                break
            if tokens.word(j) == "-":
                j += 1
        if not dots:
            single = len(tokens.low[i]) == 1 and tokens.text[i].isupper() and tokens.low[i].isalpha()
            return i + 1 if single and context >= Context.ROLE and not tokens.shout and tokens.low[i] != "u" else i
        surname = self.particles(j)
        if j < surname and self._is_letter(surname):
            return surname + 2 if tokens.word(surname + 1) == "." else surname + 1  # "M. de V."
        if surname < len(tokens) and surname not in self.blocked and self._initialled(surname, surname > j, context):
            return surname + 1
        return j if context >= Context.ROLE and tokens.text[i].isupper() else i

    def _lower_initials(self, j: int) -> bool:
        """Tell whether a surname that is nothing else follows lower-case initials ("j.w. de boer", not "o.a. hulp")."""
        tokens = self.tokens
        if tokens.word(j - 1) == "." and tokens.glued(j) and not self._lower_start(j):
            return False
        last = j + 12
        while j < last and tokens.word(j + 1) == "." and len(tokens.word(j)) == 1:
            j += 2
        surname = self.particles(j)
        if surname >= len(tokens):
            return False
        evidence = tokens.evidence[surname]
        return bool(evidence & (_L | _P)) and (surname > j or not evidence & _W)

    def _lower_start(self, j: int) -> bool:
        return len(self.tokens.word(j - 2)) == 1

    def _initialled(self, i: int, particles: bool, context: Context) -> bool:
        tokens, evidence = self.tokens, self.tokens.evidence[i]
        if (not tokens.low[i].isalpha() and "'" not in tokens.low[i]) or (
            evidence & (_S | Evidence.ORGANISATION) and not evidence & (_L | _P)
        ):
            return False
        if tokens.upper[i]:
            return bool(evidence & (_F | _L | _P)) or (not evidence & (_W | Evidence.PLACE) and not self.acronym(i))
        named = bool(evidence & (_L | _P))
        return (named and (particles or not evidence & _H)) or (context >= Context.ROLE and not evidence & _W)

    def particles(self, i: int) -> int:
        """Return the token after the particles from `i` ("van der", "v.d.", "op 't"), at most five signs further."""
        j = i
        while j < min(i + 5, len(self.tokens)) and self._is_particle(j, j > i):
            j += 1
        return j

    def _is_particle(self, j: int, begun: bool) -> bool:
        tokens = self.tokens
        word, after = tokens.low[j], tokens.word(j + 1)
        if word in self.own["particles"] or (word in "vd" and after in (".", "/") and not (begun and tokens.upper[j])):
            return True
        if word in ("'", "’", "`"):
            return after == "t"
        if not begun:
            return False
        return (
            word == "t"
            or (word == "d" and tokens.low[j - 1] in "./")
            or (tokens.glued(j) and (word == "-" or (word in "./" and len(tokens.low[j - 1]) <= 3)))
        )

    def _is_surname(self, i: int, particles: bool, upper: bool) -> bool:
        """Tell whether the word at `i` can go on a name that has begun."""
        tokens = self.tokens
        if i >= len(tokens):
            return False
        word, evidence = tokens.low[i], tokens.evidence[i]
        if not word[0].isalpha() or len(word) < 2 or evidence & Evidence.ORGANISATION:
            return False
        if word[:2] in ("d'", "l'", "d’", "l’") and tokens.text[i][2:3].isupper():
            return True  # "d'Hondt"
        named = bool(evidence & (_L | (_P if particles else _F)))
        if particles:
            if word in self.own["offices"] or (evidence & Evidence.PLACE and not evidence & (_P | _L)):
                return False
            strong = tokens.low[i - 1] in self.own["strong_particles"]
            if tokens.upper[i]:
                return named or strong or not evidence & _W
            if evidence & _S:
                return word in self.own["extra_particle_surnames"] and bool(tokens.evidence[i - 2] & _F)
            return named or (strong and not evidence & _W)
        if evidence & _S:
            return tokens.upper[i] and word in self.own["function_surnames"]
        if tokens.upper[i]:
            if self.acronym(i) and not named:
                return False
            return (
                bool(evidence & _L) or bool(evidence & _F and not evidence & _H) or not evidence & (_W | Evidence.PLACE)
            )
        if evidence & (_H | Evidence.PLACE):
            return False
        if evidence & _L or (evidence & _F and not evidence & _W and not upper):
            return True
        rare = evidence & Evidence.RARE and not evidence & Evidence.FOREIGN
        named = bool(tokens.evidence[i - 1] & (_F | Evidence.RARE))
        return bool(rare and named and len(word) > 3 and not self.lexicon.looks_misspelt(word))

    def extend(self, start: int, j: int) -> int:
        """Return the token after the name whose first part, from `start`, ends before `j`."""
        tokens = self.tokens
        for _ in range(_MAX_PARTS):
            if j >= len(tokens) or j in self.blocked or tokens.low[j] in self.own["titles_after"]:
                break
            word = tokens.low[j]
            surname = self.particles(j)
            if word == "-":
                after = self._after_hyphen(j)
                if after == j:
                    break
                j = after
            elif len(word) == 1 and tokens.text[j].isupper() and tokens.word(j + 1) == "." and tokens.glued(j + 1):
                j += 2
            elif len(word) == 1 and tokens.upper[j] and (self._closes(j + 1) or self._is_surname(j + 1, False, True)):
                j += 1  # "Fatma K"
            elif surname > j and tokens.word(surname + 1) == "." and self._is_letter(surname):
                j = surname + 2  # "Ronald de B."
            elif surname > j and self._particle_surname(j, surname):
                j = surname + 1
            elif surname == j and not tokens.opening[j] and self._is_surname(j, False, tokens.upper[j - 1]):
                j += 1
            else:
                break
        return j

    def _is_letter(self, i: int) -> bool:
        return i < len(self.tokens) and len(self.tokens.low[i]) == 1 and self.tokens.upper[i]

    def _closes(self, i: int) -> bool:
        return i >= len(self.tokens) or self.tokens.low[i] in ".,!?)"

    def _particle_surname(self, j: int, surname: int) -> bool:
        if surname >= len(self.tokens) or surname in self.blocked or self._own_sentence(j, surname):
            return False
        return self._is_surname(surname, True, self.tokens.upper[j - 1])

    def _after_hyphen(self, j: int) -> int:
        """Return the token after the second half of a double name ("Veenstra - de Jong"), or `j`."""
        tokens, second = self.tokens, self.particles(j + 1)
        if second >= len(tokens) or not tokens.low[second][0].isalpha():
            return j
        evidence = tokens.evidence[second]
        if tokens.glued(j) and tokens.glued(j + 1):
            letter = len(tokens.low[j - 1]) == 1 or (len(tokens.low[second]) == 1 and tokens.word(second + 1) == "-")
            if tokens.upper[second] and letter:
                return second + 1  # "Tjin-A-Fat"
            return j if evidence & _W and not evidence & (_F | _L | _P) else second + 1
        double = evidence & (_L | _P) and not evidence & _F
        return second + 1 if double and tokens.upper[second] and tokens.upper[j - 1] else j

    def _own_sentence(self, j: int, surname: int) -> bool:
        """Tell whether the "particles" between two names are words: "Fatma en Karin", "Fatma in Assen"."""
        words = self.tokens.low[j:surname]
        if words == ["op"] and self.tokens.upper[surname] and not self.tokens.evidence[surname] & (_W | _NOT_PERSON):
            return False  # "Scholten op Reimer"
        if words[0] in ("e", "y", "en", "in", "op", "aan", "uit", "bij", "te"):
            return len(words) == 1 or words[0] not in ("in", "op", "uit")
        return (
            words == ["van"]
            and bool(self.tokens.evidence[surname] & _NOT_PERSON)
            and not self.tokens.evidence[surname] & _P
        )
