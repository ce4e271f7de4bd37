"""An explanation in a few Dutch words, for the reviewer of a machine coding."""

from __future__ import annotations

import re

from pipeline.coding.explain import CodeReason, Explanation
from pipeline.coding.model import ZERO_SHOT

N_WORDS, N_EXAMPLES, LENGTH = 5, 2, 100
LEAST, LEAST_PART = 0.1, 0.25  # log-odds that a word must add to be named, and its part of the strongest word's
ZERO_SHOT_LINE = "Zonder voorbeelden gecodeerd: alleen op de woorden van het codeboek."
LACKS = {
    "praise": "er wordt kritiek in genoemd en niets goeds",
    "criticism": "er wordt iets goeds in genoemd en niets dat beter moet",
}
#: Words that tell a reader nothing by themselves; "niet" and "haar" do.
GRAMMAR = frozenset(
    "aan al als ben bent bij daar dan dat de den der deze die dit doen door dus een en er had heb hebben hebt heeft "
    "het hier hoe iets ik in is je jij kan kon kun kunt maar mag me men met mij mijn moest moet moeten naar nog nu of "
    "om omdat ook op over sinds te terwijl tot toch toe toen u uit uw van vanuit voor waar waren was wat we wel werd "
    "wij word worden wordt ze zich zijn zo zou".split()
)


def explanation_text(found: Explanation) -> str:
    """Return a line per code that the machine chose, likeliest first; empty when all its codes are given.

    A line says how certain the machine is, which words speak most for the code, and which examples with the code are
    most like the answer.
    """
    lines = [_line(reason) for reason in found.reasons if not reason.given]
    if lines and found.start == ZERO_SHOT:
        lines.insert(0, ZERO_SHOT_LINE)
    return "\n".join(lines)


def _line(reason: CodeReason) -> str:
    certain = min(round(100 * reason.score), 99)  # never quite
    line = f"• {reason.label} ({certain}%): {_because(reason)}."
    examples = [f"“{shortened(near.text)}”" for near in reason.examples if near.similarity > 0][:N_EXAMPLES]
    return f"{line} Lijkt op: {' / '.join(examples)}" if examples else line


def _because(reason: CodeReason) -> str:
    spoken = speaking_words(reason)
    words = ", ".join(f"‘{word}’" for word in spoken)
    if reason.lacks:
        return f"{LACKS[reason.lacks]}, gezien {words}" if words else LACKS[reason.lacks]
    if not words:
        return "door het antwoord als geheel"
    if reason.vector > sum(spoken.values()):
        return f"vooral door het antwoord als geheel, ook door {words}"
    return f"door {words}"


def speaking_words(reason: CodeReason) -> dict[str, float]:
    """Return the words that speak most for a code and what they add, strongest first; no doubles, no grammar words."""
    found: dict[str, tuple[str, float]] = {}
    for word in reason.words:
        bare = re.sub(r"^\W+|\W+$", "", word.text)
        key = bare.lower()
        if bare and key not in GRAMMAR and word.weight > found.get(key, ("", 0.0))[1]:
            found[key] = (bare, word.weight)
    strongest = max((weight for _, weight in found.values()), default=0.0)
    enough = [one for one in found.values() if one[1] >= max(LEAST, LEAST_PART * strongest)]
    return dict(sorted(enough, key=lambda one: -one[1])[:N_WORDS])


def shortened(text: str, length: int = LENGTH) -> str:
    """Return a text on one line, cut at a word when it is longer than `length` characters.

    >>> shortened("De brief was heel onduidelijk", 20)
    'De brief was heel …'
    """
    whole = " ".join(text.split())
    if len(whole) <= length:
        return whole
    cut = whole[: length - 1]
    if whole[length - 1] != " " and " " in cut:
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip(" ,;:.") + " …"
