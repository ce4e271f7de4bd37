"""The last guess at a name: words no list knows that look and act like one, and names that are common words too."""

from __future__ import annotations

from pipeline.intake.personal_cues import Context, Cues
from pipeline.intake.personal_reach import Reach
from pipeline.intake.personal_tokens import Tokens
from pipeline.intake.personal_words import Evidence, Lexicon, fold

_F, _L = Evidence.FIRST, Evidence.LAST
_W, _H, _S = Evidence.WORD, Evidence.HARD, Evidence.FUNCTION
_LISTED = _F | _L | _W | _H | Evidence.PLACE | Evidence.ORGANISATION
_AFTER_MET = frozenset({"over", "en", "van", "uit", "bij"})
_LIKELY, _LIKELIER = 0.0, 0.2  # scores of `NameShape`: inside a sentence, and where a capital means little
_LIKELIEST = 0.3  # a word that is in no list and yet not rare
_SURE = 0.8  # no slip of the pen
_AND = frozenset({"en", "&", "+", "and"})


class Guess:
    """Weighs one word of one text that the lists alone do not make a name."""

    def __init__(self, tokens: Tokens, lexicon: Lexicon, cues: Cues, reach: Reach) -> None:
        self.tokens = tokens
        self.lexicon = lexicon
        self.own = lexicon.own
        self.cues = cues
        self.reach = reach

    def accepts(self, i: int, context: Context) -> bool:
        """Tell whether the word at `i` is a name after all."""
        evidence = self.tokens.evidence[i]
        if evidence & _S or self.tokens.low[i] in self.own["function_names"]:
            return self._function_name(i, context)
        if evidence & _F and evidence & (_H | _W) and not evidence & Evidence.ORGANISATION:
            alone = self.tokens.upper[i] and context >= Context.ADDRESSED and self._closed(i + 1)
            if (alone or self._person_behind(i)) and not self.cues.after_determiner(i):
                return True
        if evidence & _L and evidence & _H and context == Context.TITLE:
            following = self.tokens.evidence[i + 1] if i + 1 < len(self.tokens) else _S
            return bool(following & _S) or self.cues.ends(i + 1)
        if not self.tokens.upper[i] or evidence & _LISTED:
            return False
        return self._unlisted(i, context)

    def _function_name(self, i: int, context: Context) -> bool:
        """Tell whether a function word is a name: "dhr. kan was er niet", "wil van de balie weet het", "toen Bo"."""
        tokens, own = self.tokens, self.own
        word, before, after = tokens.low[i], tokens.word(i - 1), tokens.word(i + 1)
        acts = after in own["auxiliaries"] or after in own["person_verbs"]
        if context == Context.TITLE and word in own["function_surnames"]:
            p = i - 2 if before == "." else i - 1
            met = tokens.word(p - 1) in own["prepositions"] or tokens.word(p - 1) in own["met"]
            return acts or (met and (after in _AFTER_MET or self.cues.ends(i + 1)))
        if word not in own["function_names"]:
            return False
        ambiguous = word in own["function_surnames"] or word in ("ben", "an", "ton")
        ambiguous = ambiguous or (word == "al" and not tokens.upper[i])
        if after == "van" and not ambiguous and (tokens.word(i + 2) in own["articles"] or self.cues.at_office(i + 1)):
            return True
        if after == "van" and self.cues.at_office(i + 1):
            j = i + 3 if tokens.word(i + 2) in own["articles"] else i + 2
            verb = tokens.word(j + 1)
            met = before in ("met", "door", "namens", "dankzij")
            return met or verb in own["auxiliaries"] or verb in own["person_verbs"]
        if ambiguous or not tokens.upper[i]:
            return False
        if tokens.opening[i]:
            return after in own["human_verbs"] or self._person_behind(i)
        return acts or self.cues.ends(i + 1) or self._participle(after) or after in ("van", "en", "als", "over", "er")

    def _person_behind(self, i: int) -> bool:
        """Tell whether only a person can go on so: "Merel belde", "Storm, mijn zoon,", "Sterre is mijn coach"."""
        tokens, own = self.tokens, self.own
        after = tokens.word(i + 1)
        if after in own["human_verbs"]:
            english = tokens.evidence[i] & Evidence.ENGLISH
            return tokens.upper[i] or after != "hielp" or bool(english)
        if after in ("heeft", "had", "toont", "toonde"):
            return bool({tokens.word(i + 2), tokens.word(i + 3)} & own["human_traits"])
        if after in ("is", "was", ",", "(") and tokens.word(i + 2) in ("mijn", "onze", "m'n"):
            ahead = (tokens.word(i + 3), tokens.word(i + 4) if after in ("is", "was") else "")
            return any(word in own["roles"] or word in own["kin"] for word in ahead)
        return tokens.upper[i] and after in (",", *_AND) and self._surely_named(i + 2)

    def _closed(self, i: int) -> bool:
        """Tell whether the clause ends before token `i`, or goes on with "en" and another name."""
        tokens = self.tokens
        another = tokens.word(i) in _AND and i + 1 < len(tokens) and tokens.upper[i + 1]
        return self.cues.ends(i) or (another and bool(tokens.evidence[i + 1] & _F))

    def _surely_named(self, i: int) -> bool:
        """Tell whether a capitalised first name that is nothing else stands at `i`."""
        found = self.tokens.evidence[i] if i < len(self.tokens) and self.tokens.upper[i] else _S
        return bool(found & _F) and not found & (_W | _H | _S | Evidence.PLACE | Evidence.ORGANISATION)

    def _unlisted(self, i: int, context: Context) -> bool:
        """Tell whether a capitalised word in no list is a name by its shape and place."""
        tokens, word = self.tokens, self.tokens.low[i]
        if len(word) < 3 or self.reach.acronym(i) or self.cues.after_determiner(i):
            return False
        score = self.lexicon.shape.score(fold(word))
        if score < (_LIKELY if tokens.evidence[i] & Evidence.RARE else _LIKELIEST) or (
            score < _SURE and self.lexicon.looks_misspelt(word)
        ):
            return False
        if tokens.word(i + 1) == "-" and tokens.glued(i + 1):
            return False
        before = tokens.word(i - 1)
        if not tokens.opening[i] and context >= Context.INSIDE:
            return before not in self.own["place_cues"] and (context > Context.INSIDE or self._supported(i, before))
        return score > _LIKELIER and self._goes_on(i + 1)

    def _supported(self, i: int, before: str) -> bool:
        """Tell whether the words on either side are such as stand next to a person."""
        own, after = self.own, self.tokens.word(i + 1)
        if before in own["prepositions"] and before != "en":
            return True
        return any(before in own[kind] for kind in ("met", "auxiliaries", "person_verbs", "before_person")) or any(
            after in own[kind] for kind in ("auxiliaries", "person_verbs")
        )

    def _goes_on(self, i: int) -> bool:
        """Tell whether token `i` is what follows a name that opens a sentence: "wacht", "en Bayan", "van de kerk"."""
        tokens, after = self.tokens, self.tokens.word(i)
        if after in _AND and tokens.word(i + 1) in ("haar", "zijn"):
            return True
        if after in _AND and i + 1 < len(tokens) and tokens.upper[i + 1]:
            return not tokens.evidence[i + 1] & _W
        if after in self.own["person_verbs"]:
            return True
        if after in ("heeft", "had"):
            return tokens.word(i + 1) in ("het", "alles", "dit", "dat")
        if after == "van":
            return tokens.word(i + 1) in ("de", "het", "'t") and not tokens.evidence[i] & Evidence.PLACE
        return self._verb(after)

    def _verb(self, word: str) -> bool:
        """Tell whether a word is a present-tense verb of the third person: "wacht", "tolkt", "kookt"."""
        if len(word) < 4 or not word.endswith("t"):
            return False
        stem = word[:-1]
        short = stem[:-2] + stem[-1] if stem[-2] == stem[-3:-2] else stem
        return any(verb + "en" in self.lexicon.words for verb in (word, stem, short))

    def _participle(self, word: str) -> bool:
        return (word.startswith(("ge", "be", "ver")) and word.endswith(("t", "d", "en"))) or word in self.own["helped"]
