"""Names of persons: which words start one, given what the lists say about the word and what stands around it.

After "mevrouw" nearly anything is a name; in the middle of nowhere only a word that is known as a name and as nothing
else. `personal_cues` reads the surroundings, `personal_reach` measures how far a name goes.
"""

from __future__ import annotations

from pipeline.intake.personal_cues import Context, Cues
from pipeline.intake.personal_guess import Guess
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
        self.guess = Guess(tokens, lexicon, self.cues, self.reach)

    def find(self) -> list[tuple[int, int]]:
        """Return the (start, end) character places of the names, in order; two may overlap."""
        tokens, found, i = self.tokens, list[tuple[int, int]](), 0
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
            found.append((self._begin(i), end))
            listed = tokens.word(end) in _AND
            i = end + 1 if listed else end
        again = self._named_again(found)
        return [(tokens.start[first], tokens.end[end - 1]) for first, end in sorted(found + again)]

    def _begin(self, i: int) -> int:
        """Return the first token of the name of which the word at `i` was recognised: "Sok-Hui", "Hoop Veenstra"."""
        tokens = self.tokens
        while i > 1 and tokens.low[i - 1] == "-" and tokens.glued(i - 1) and tokens.glued(i) and tokens.upper[i - 2]:
            i -= 2
        before = i - 1
        if before > 0 and tokens.upper[before] and not tokens.opening[before] and before not in self.blocked:
            evidence, word = tokens.evidence[before], tokens.low[before]
            other = evidence & (_S | _NOT_PERSON) or self.cues.is_role(before) or self.reach.acronym(before)
            cue = any(word in self.own[kind] for kind in ("titles", "greetings", "kin", "salutations", "name_cues"))
            if tokens.evidence[i] & _L and not (other or cue):
                return before
        return i

    def _named_again(self, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return where the capitalised words of the names stand once more: "mevrouw de Boer ... dat de Boer daar"."""
        tokens = self.tokens
        if tokens.shout:
            return []
        taken = {i for first, end in found for i in range(first, end)}
        words = {tokens.text[i] for i in taken if tokens.upper[i] and len(tokens.low[i]) > 2}
        parts = {tuple(tokens.low[i:end]) for first, end in found for i in range(first, end)}
        again = []
        for i, word in enumerate(tokens.text):
            if word in words and i not in taken and i not in self.blocked and not tokens.opening[i]:
                start = i
                while start and tuple(tokens.low[start - 1 : i + 1]) in parts:  # "de" of "de Boer"
                    start -= 1
                again.append((start, i + 1))
        return again

    def _accepts(self, i: int, context: Context) -> bool:
        """Tell whether the word at `i` can start a name in this context."""
        tokens = self.tokens
        word, evidence = tokens.low[i], tokens.evidence[i]
        if not word[0].isalpha() or len(word) < 2 or (i in self.blocked and context < Context.TITLE):
            return False
        titled = context == Context.TITLE and tokens.upper[i] and not tokens.opening[i]
        if (
            (self.cues.is_role(i) and not (titled and evidence & _L))
            or word in self.own["titles"]
            or word in self.own["greetings"]
        ):
            return False
        if tokens.word(i + 1) == "-" and i + 2 < len(tokens) and tokens.glued(i + 1) and tokens.glued(i + 2):
            tail = tokens.evidence[i + 2]
            if tail & (_W | Evidence.ORGANISATION) and not tail & (_F | _L | _S):
                return False  # "Beatrix-ziekenhuis"
        accepts = self._accepts_capital if tokens.upper[i] else self._accepts_lower
        return accepts(i, context, evidence) or self.guess.accepts(i, context)

    def _accepts_capital(self, i: int, context: Context, evidence: int) -> bool:
        named = bool(evidence & (_F | _L))
        if context == Context.TITLE:
            sure = (named and not evidence & Evidence.ENGLISH) or self.cues.does_something(i + 1)
            surname = self.tokens.low[i] in self.own["function_surnames"] and self._titled_surname(i)
            return not evidence & _S or (sure and not self.tokens.opening[i]) or surname
        if evidence & _S and evidence & _F and not self.tokens.opening[i]:  # Ben, Wil
            before = self.tokens.word(i - 1)
            person = (
                before in self.own["prepositions"]
                or before in self.own["met"]
                or (before in self.own["auxiliaries"] and self.cues.at_office(i + 1))
                or self.reach.followed_by_surname(i)
            )
            return context == Context.ROLE or (self.tokens.low[i] in self.own["function_names"] and person)
        if evidence & _S or (self.reach.acronym(i) and not named):
            return False
        if evidence & Evidence.RARE and self.lexicon.is_compound(self.tokens.low[i]):
            return False
        if evidence & Evidence.ORGANISATION:
            return False
        if context == Context.ROLE:
            return bool(named or evidence & (_P | Evidence.RARE) or not evidence & (_W | Evidence.PLACE))
        if self.cues.after_article(i) and not (
            evidence & _F and not evidence & (_W | _H) and self.tokens.word(i - 1) == "een"
        ):
            return False
        sure = bool(evidence & _F and not evidence & (_H | _W)) or bool(
            evidence & _L and not evidence & (_W | _NOT_PERSON)
        )
        if evidence & Evidence.PLACE and not self.reach.followed_by_surname(i):
            sure = sure and self.cues.does_something(i + 1)
        if sure:
            return True
        if self.tokens.low[i] in self.own["people_too"] and self.cues.among_people(i):
            return True
        if evidence & _H:
            surname = self.reach.followed_by_surname(i) and not self.tokens.opening[i]
            if self.tokens.low[i] in self.own["function_names"] and not self.tokens.opening[i]:
                return True
            return bool(evidence & _F and (surname or self.cues.at_office(i + 1)))
        maybe = bool(evidence & (_F | Evidence.RARE)) or bool(evidence & _L and not evidence & Evidence.PLACE)
        if not maybe:
            return False
        if context >= Context.ADDRESSED or (evidence & _L and self.cues.met(i)):
            return True
        if context == Context.INSIDE and evidence & _F and not self.cues.after_determiner(i):
            return True
        if self.cues.does_something(i + 1) or (evidence & _F and self.reach.followed_by_surname(i)):
            return not self.cues.after_determiner(i) and (not self.tokens.opening[i] or named or self._unheard(i))
        if evidence & Evidence.RARE and context == Context.INSIDE and self.cues.met(i):
            return True
        return bool(evidence & Evidence.RARE and self.reach.two_rare(i))

    def _titled_surname(self, i: int) -> bool:
        """Tell whether a capital after a title must be a surname: "mevrouw Klein", not "Meneer Best wel aardig"."""
        tokens = self.tokens
        p = i - 2 if tokens.word(i - 1) == "." else i - 1
        begins = tokens.opening[p] and tokens.text[p][0].isupper() and not self.cues.ends(i + 1)
        return not tokens.opening[i] and not begins

    def _accepts_lower(self, i: int, context: Context, evidence: int) -> bool:
        word = self.tokens.low[i]
        if evidence & _S or (evidence & _NOT_PERSON and context < Context.TITLE):
            return False
        named = bool(evidence & (_F | _L | _P))
        plain = not evidence & (_W | _H)
        if context == Context.TITLE:
            if evidence & _H:
                return named and self.cues.does_something(i + 1)
            return named or plain or self.cues.does_something(i + 1)
        if context == Context.ROLE:
            if evidence & _H:
                return bool(evidence & _F) and self.cues.does_something(i + 1)
            if named:
                acts = not evidence & _H and self.tokens.word(i + 1) in self.own["person_verbs"]
                return bool(evidence & _F) or plain or acts
            rare = plain and bool(evidence & Evidence.RARE)
            return (
                rare and (self.cues.does_something(i + 1) or not self.lexicon.looks_misspelt(word)) and self._no_verb(i)
            )
        if context == Context.GREETING and self._unheard(i):
            return True
        if not plain:
            return bool(
                evidence & _F and not evidence & _H
                and (self.cues.does_something(i + 1) or self.reach.followed_by_surname(i) or self._agent(i, context))
                and not self.cues.after_determiner(i)
            )  # fmt: skip
        if self.cues.after_article(i):
            return False
        if evidence & _F:
            english = evidence & Evidence.ENGLISH and context < Context.ADDRESSED
            acts = self.cues.does_something(i + 1) or self._agent(i, context)
            return not english or acts or self.reach.followed_by_surname(i)
        if evidence & _L:
            return len(word) > 4 and not evidence & Evidence.ENGLISH and not self.lexicon.is_inflected(word)
        office = (
            self.cues.at_office(i + 1)
            and self.tokens.word(i + 1) == "van"
            and "school" not in self.tokens.low[i + 2 : i + 4]
        )
        acts = office or (self.tokens.opening[i] and self.cues.does_something(i + 1) and not self.cues.at_office(i + 1))
        met = len(word) < 10 and self.tokens.word(i - 1) in self.own["met_lower"] and self._clause_goes_on(i + 1)
        return (acts or met or self._agent(i, context)) and len(word) > 3 and self._unheard(i)

    def _clause_goes_on(self, i: int) -> bool:
        """Tell whether at token `i` the clause ends or goes on as after a name: "met garang was ...", "mis garang."."""
        return self.cues.ends(i) or bool(self.tokens.evidence[i] & _S) or self.cues.does_something(i)

    def _unheard(self, i: int) -> bool:
        """Tell whether the word at `i` is in no list, nor a slip of the pen for a word that is, nor a foreign word."""
        evidence = self.tokens.evidence[i]
        if not evidence & Evidence.RARE or (evidence & Evidence.FOREIGN and not self.tokens.upper[i]):
            return False
        return self._no_verb(i) and not self.lexicon.looks_misspelt(self.tokens.low[i])

    def _no_verb(self, i: int) -> bool:
        return self.tokens.upper[i] or not self.tokens.low[i].endswith(("dt", "eert", "tte", "dde"))

    def _agent(self, i: int, context: Context) -> bool:
        """Tell whether a lower-case word that may be a name does the helping: "door bas geholpen", "bedankt roos!"."""
        after = self.tokens.word(i + 1)
        helped = (after.startswith(("ge", "be", "ver")) and after.endswith(("t", "d"))) or after in self.own["helped"]
        by = self.tokens.word(i - 1) in ("door", "met", "dankzij", "namens") and helped
        return by or (context >= Context.ADDRESSED and self.cues.ends(i + 1))

    def _read(self, i: int, context: Context) -> int:
        """Return the token after the name that starts at `i`, or `i` when none does."""
        tokens = self.tokens
        if tokens.low[i][0] == MASK or (not tokens.low[i][0].isalpha() and tokens.low[i] != "'t"):
            return i
        end = self.reach.initials(i, context)
        if end > i:
            return self.reach.extend(i, end)
        j = self.reach.particles(i)
        help_of = context < Context.ROLE or tokens.word(i - 1) in self.own["contact_words"]
        if j == i + 1 < len(tokens) and help_of and tokens.low[i] == "van" and tokens.evidence[j] & _F:
            j = i  # "hulp van Roos": the name itself comes next
        if j > i and j < len(tokens) and self.reach.particle_name(i, j, context):
            return self.reach.extend(i, j + 1)
        if not self._accepts(i, context):
            return i
        return self.reach.extend(i, i + 1)
