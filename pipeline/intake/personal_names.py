"""Names of persons: which words start one, given what the lists say about the word and what stands around it.

After "mevrouw" nearly anything is a name; in the middle of nowhere only a word that is known as a name and as nothing
else. `personal_cues` reads the surroundings, `personal_reach` measures how far a name goes.
"""

from __future__ import annotations

from pipeline.intake.personal_cues import Context, Cues
from pipeline.intake.personal_reach import Reach
from pipeline.intake.personal_tokens import MASK, Tokens
from pipeline.intake.personal_words import Evidence, Lexicon

_F, _L, _P = Evidence.FIRST, Evidence.LAST, Evidence.PARTICLE_LAST
_W, _H, _S = Evidence.WORD, Evidence.HARD, Evidence.FUNCTION
_NOT_PERSON = Evidence.PLACE | Evidence.ORGANISATION
_AND = frozenset({"en", "&", "+", "/", "and", "ve", "i", "of", ",", "y", "und", "et"})


class NameFinder:
    """Finds the names in one text; made for one text and thrown away."""

    def __init__(self, tokens: Tokens, lexicon: Lexicon) -> None:
        self.tokens = tokens
        self.lexicon = lexicon
        self.own = lexicon.own
        self.cues = Cues(tokens, lexicon)
        self.blocked = self.cues.blocked
        self.reach = Reach(tokens, lexicon, self.blocked)

    def find(self) -> list[tuple[int, int]]:
        """Return the (start, end) character places of the names, in order and without overlap."""
        tokens, found, i = self.tokens, [], 0
        listed = False  # the token before ended a name, perhaps with "en" after it
        while i < len(tokens):
            context = Context.ADDRESSED if listed else self.cues.context(i)
            end = self._read(i, context)
            if end == i and listed:
                end = self._read(i, self.cues.context(i))
            if end == i:
                listed = False
                i += 1
                continue
            found.append((tokens.start[i], tokens.end[end - 1]))
            listed = tokens.word(end) in _AND
            i = end + 1 if listed else end
        return found

    def _accepts(self, i: int, context: Context) -> bool:
        """Tell whether the word at `i` can start a name in this context."""
        tokens = self.tokens
        word, evidence = tokens.low[i], tokens.evidence[i]
        if not word[0].isalpha() or len(word) < 2 or (i in self.blocked and context < Context.TITLE):
            return False
        if self.cues.is_role(i) or word in self.own["titles"]:
            return False
        if tokens.glued(i + 1) if i + 1 < len(tokens) else False:
            if tokens.low[i + 1] in "-_@" and i + 2 < len(tokens) and tokens.glued(i + 2):
                tail = tokens.evidence[i + 2]
                if tail & (_W | Evidence.ORGANISATION) and not tail & (_F | _L) and tokens.low[i + 1] != "_":
                    return False
        if tokens.upper[i]:
            return self._accepts_capital(i, context, evidence)
        return self._accepts_lower(i, context, evidence)

    def _accepts_capital(self, i: int, context: Context, evidence: Evidence) -> bool:
        named = bool(evidence & (_F | _L))
        if context == Context.TITLE:
            return not evidence & _S or (named and not self.tokens.opening[i] and not evidence & Evidence.ENGLISH)
        if evidence & _S and evidence & _F and not self.tokens.opening[i]:  # Ben, Wil
            before = self.tokens.word(i - 1)
            return context == Context.ROLE or (
                self.tokens.low[i] in self.own["function_names"] and before in self.own["prepositions"]
            )
        if evidence & _S or self.reach.acronym(i) and not named:
            return False
        if evidence & Evidence.RARE and self.lexicon.is_compound(self.tokens.low[i]):
            return False
        if evidence & Evidence.ORGANISATION:
            return False
        if context == Context.ROLE:
            return bool(named or evidence & (_P | Evidence.RARE) or not evidence & (_W | Evidence.PLACE))
        if self.cues.after_article(i):
            return False
        sure = bool(evidence & _F and not evidence & (_H | _W)) or bool(
            evidence & _L and not evidence & (_W | _NOT_PERSON)
        )
        if evidence & Evidence.PLACE and not self.reach.followed_by_surname(i):
            sure = sure and self.cues.does_something(i + 1)
        if sure:
            return True
        if evidence & _H:
            surname = self.reach.followed_by_surname(i) and not self.tokens.opening[i]
            return bool(evidence & _F and (surname or self.cues.at_office(i + 1)))
        maybe = bool(evidence & (_F | Evidence.RARE)) or bool(evidence & _L and not evidence & Evidence.PLACE)
        if not maybe:
            return False
        if context == Context.ADDRESSED and evidence & (_F | Evidence.RARE):
            return True
        if context == Context.INSIDE and evidence & _F and not self.cues.after_determiner(i):
            return True
        if self.cues.does_something(i + 1) or (evidence & _F and self.reach.followed_by_surname(i)):
            typo = (
                evidence & Evidence.RARE and self.tokens.opening[i] and self.lexicon.looks_misspelt(self.tokens.low[i])
            )
            return not self.cues.after_determiner(i) and not typo
        if evidence & Evidence.RARE and context == Context.INSIDE and self.cues.met(i):
            return True
        return bool(evidence & Evidence.RARE and context == Context.INSIDE and self.reach.two_rare(i))

    def _accepts_lower(self, i: int, context: Context, evidence: Evidence) -> bool:
        word = self.tokens.low[i]
        if evidence & _S or (evidence & _NOT_PERSON and context < Context.TITLE):
            return False
        named = bool(evidence & (_F | _L | _P))
        plain = not evidence & (_W | _H)
        if context == Context.TITLE:
            if evidence & _H:
                return named and self.cues.does_something(i + 1)
            return named or plain
        if context == Context.ROLE:
            if evidence & _H:
                return bool(evidence & _F) and self.cues.does_something(i + 1)
            if named:
                return bool(evidence & _F) or plain
            return bool(plain and evidence & Evidence.RARE and not self.lexicon.looks_misspelt(word))
        if not plain:
            return bool(
                evidence & _F and not evidence & _H
                and (self.cues.at_office(i + 1) or self.reach.followed_by_surname(i) or context == Context.ADDRESSED and self.cues.ends(i + 1))
                and not self.cues.after_article(i)
            )  # fmt: skip
        if self.cues.after_article(i):
            return False
        if evidence & _F:
            english = evidence & Evidence.ENGLISH and context < Context.ADDRESSED
            return not english or self.cues.does_something(i + 1) or self.reach.followed_by_surname(i)
        if evidence & _L:
            return len(word) > 4 and not evidence & Evidence.ENGLISH and not self.lexicon.is_inflected(word)
        office = (
            self.cues.at_office(i + 1)
            and self.tokens.word(i + 1) == "van"
            and "school" not in self.tokens.low[i + 2 : i + 4]
        )
        return bool(evidence & Evidence.RARE and office and not self.lexicon.looks_misspelt(word))

    def _read(self, i: int, context: Context) -> int:
        """Return the token after the name that starts at `i`, or `i` when none does."""
        tokens = self.tokens
        if tokens.low[i][0] == MASK or not tokens.low[i][0].isalpha() and tokens.low[i] != "'t":
            return i
        end = self.reach.initials(i, context)
        if end > i:
            return self.reach.extend(i, end)
        j = self.reach.particles(i)
        if j == i + 1 and context == Context.INSIDE and tokens.low[i] == "van":
            j = i  # "hulp van Roos": the name itself comes next
        if j > i and j < len(tokens) and self.reach.particle_name(i, j, context):
            return self.reach.extend(i, j + 1)
        if not self._accepts(i, context):
            return i
        return self.reach.extend(i, i + 1)
