"""Exemplary quotes: typical of their code, unlike each other, readable, and nobody's secret."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from pipeline.nlp import sentences
from pipeline.report.coded import Coded
from pipeline.report.lineage import AnswerBook
from pipeline.report.lookup import Figures
from pipeline.report.options import Options
from pipeline.tables import ANSWER

#: What pseudonymising should have taken out; a quote is not the place to find out that it did not.
_PERSONAL = re.compile(r"\d{5,}|\d[\d\s.-]{7,}\d|\S+@\S+|https?://|www\.|\b[A-Z]{2}\d{2}[A-Z]{4}", re.ASCII)
_LETTERS = re.compile(r"[^\W\d_]{3}")
_CANDIDATES = 120
_ALIKE = 0.8  # from here on two answers say the same
_SHORT, _EASY = 18, 180


def pick_quotes(
    figures: Figures,
    book: AnswerBook,
    scores: pd.DataFrame | None,
    options: Options,
) -> pd.DataFrame:
    """Return the quotes of every open cell, best first.

    Only answers that name a point (`status` answer), whose coding nobody doubted and that aren't banned; pinned ones
    come first, then those that people reviewed.

    Returns:
        question, group, code, answer_id, rank (from 1), text.
    """
    best = _score_table(scores)
    rows = []
    for question in figures.questions:
        for code in figures.codebooks[question.id].codes:
            for group in (figures.total, *figures.groups_of(question)):
                wanted = options.quotes_per_code if group == figures.total else max(1, options.quotes_per_code - 1)
                answers = book.behind(question.id, group, code.id)
                chosen = _choose(answers, code.id, wanted, best, options)
                rows += [
                    (question.id, group, code.id, one.answer_id, rank, shortened(one.text, options.longest_quote))
                    for rank, one in enumerate(chosen, start=1)
                ]
    return pd.DataFrame(rows, columns=["question", "group", "code", "answer_id", "rank", "text"])


def may_be_quoted(text: str) -> bool:
    """Return whether a text has words and nothing in it still looks like someone's number, account or address."""
    return bool(_LETTERS.search(text)) and not _PERSONAL.search(text)


def shortened(text: str, longest: int) -> str:
    """Return a text in one line, cut after a sentence when it is too long, with "…" where something was removed.

    >>> shortened("Goed geholpen. Verder nog een heel verhaal.", 20)
    'Goed geholpen. …'
    """
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    whole = ""
    for sentence in sentences(line):
        if len(whole) + len(sentence) + 1 > longest:
            break
        whole = f"{whole} {sentence}".strip()
    if whole and (len(whole) >= longest // 3 or longest < _EASY):
        return whole + " …"
    cut = line[:longest].rsplit(" ", 1)[0]
    return cut.rstrip(",;:-– ") + " …"


def _score_table(scores: pd.DataFrame | None) -> dict[tuple[str, str], float]:
    if scores is None or scores.empty:
        return {}
    keys = zip(scores["answer_id"].astype(str), scores["code"].astype(str), strict=True)
    return dict(zip(keys, scores["score"].astype(float), strict=True))


def _choose(
    answers: Sequence[Coded],
    code: str,
    wanted: int,
    scores: Mapping[tuple[str, str], float],
    options: Options,
) -> list[Coded]:
    """Return the best candidates, each next one the best that differs enough from those before (Carbonell 1998)."""
    fit = [one for one in answers if _fit(one, code, options)]
    if not fit:
        return []
    value = {one.answer_id: _value(one, code, scores, options) for one in fit}
    fit.sort(key=lambda one: (-value[one.answer_id], one.answer_id))
    chosen = [one for one in fit if one.answer_id in options.pin][:wanted]
    pool = [one for one in fit[:_CANDIDATES] if one not in chosen]
    words = {one.answer_id: _words(one.text) for one in (*pool, *chosen)}
    nearest = {one.answer_id: max((_likeness(one, other, words) for other in chosen), default=0.0) for one in pool}
    while len(chosen) < wanted:
        pool = [one for one in pool if nearest[one.answer_id] < _ALIKE]
        if not pool:
            break
        best = max(pool, key=lambda one: (value[one.answer_id] - 0.8 * nearest[one.answer_id], one.answer_id))
        chosen.append(best)
        pool.remove(best)
        for one in pool:
            nearest[one.answer_id] = max(nearest[one.answer_id], _likeness(one, best, words))
    return chosen


def _fit(one: Coded, code: str, options: Options) -> bool:
    if one.status != ANSWER or one.answer_id in options.ban or one.doubted:
        return False
    written = one.reviewed or any(role != "tick" for role, _ in one.codes.values())
    if written and one.codes[code][0] == "tick":  # the text is about something else than what was ticked beside it
        return False
    return may_be_quoted(one.text)


def _value(
    one: Coded,
    code: str,
    scores: Mapping[tuple[str, str], float],
    options: Options,
) -> float:
    """Return how good an example an answer is: pinned, reviewed, typical, about this point alone, easy to read."""
    typical = scores.get((one.answer_id, code), 0.5)
    alone = 1.0 / len(one.codes)
    return 100.0 * (one.answer_id in options.pin) + 1.0 * one.reviewed + typical + 0.3 * alone + _readable(one.text)


def _readable(text: str) -> float:
    """Return -2 to .5: a sentence or two is pleasant, a single word or a long story is not."""
    length = len(text)
    if length > 700:
        return -2.0
    if length > _EASY:
        return 0.5 - (length - _EASY) / 240
    shouting = text == text.upper() != text.lower()
    return (0.5 if length >= 40 else 0.1 if length >= _SHORT else -0.6) - 0.4 * shouting


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"\w+", text.lower()) if len(word) > 3)


def _likeness(one: Coded, other: Coded, words: Mapping[str, frozenset[str]]) -> float:
    """Return how alike two answers are, 0-1: by the words they share."""
    first, second = words[one.answer_id], words[other.answer_id]
    return len(first & second) / len(first | second) if first | second else 1.0
