"""The summary in plain sentences, from the same numbers and the same rounding as the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from pipeline.report.labels import Messages
from pipeline.report.numbers import count, percent, whole_percent
from pipeline.report.verdicts import HIGHER, LOWER, NONE

_NAMED = 3  # points named in a ranking
_LISTED = 5  # labels in one sentence; more are counted


@dataclass(frozen=True)
class Point:
    """One code in a summary: its share here and the share it is compared with (0-1), with the verdict's word.

    `ranked` is false where a point left out is larger; `few` is true where the share stands for less than half a
    person, `hidden` where it is left out itself.
    A point that is `under` a net of the same list is part of it, and has no rank beside it.
    """

    label: str
    share: float | None
    other: float | None = None
    word: str = ""
    residual: bool = False
    ranked: bool = True
    few: bool = False
    hidden: bool = False
    under: bool = False


def ranking(points: Sequence[Point], say: Messages, aim: str) -> list[str]:
    """Return which point is named most, second and third; points that share a percentage share a rank."""
    ranks = _ranks(points)
    if not ranks:
        return [say("hidden_to_rank" if any(point.hidden for point in points) else "too_few_to_rank")]
    (_, labels), rest = ranks[0], ranks[1:]
    sentences = [first(points, say, aim)]
    following: list[str] = []
    taken = len(labels)
    several = False
    for share, tied in rest:
        if taken >= _NAMED:
            break
        each = "" if len(tied) == 1 else say("each") + " "
        following.append(f"{_names(tied, say)} ({each}{percent(share)})")
        several = several or len(tied) > 1
        taken += len(tied)
    if following:
        both = ", ".join(following) if several and len(following) > 1 else say.listed(following)
        sentences.append(say("rank_next_one" if taken - len(labels) == 1 else "rank_next_many", labels=both))
    return sentences


def first(points: Sequence[Point], say: Messages, aim: str) -> str:
    """Return which point is named most, or which points are; empty when none can be ranked."""
    for share, labels in _ranks(points)[:1]:
        noun = say(f"point_{aim}")
        if len(labels) > 1:
            return say("rank_first_many", labels=_names(labels, say), noun=noun, share=percent(share))
        return say("rank_first_one", noun=noun, label=_quoted(labels[0]), share=percent(share))
    return ""


def first_theme(points: Sequence[Point], say: Messages) -> str:
    """Return what most answers about a scheme are about; empty when no theme can be ranked."""
    for share, labels in _ranks(points)[:1]:
        key = "themes_first_one" if len(labels) == 1 else "themes_first_many"
        return say(key, label=_names(labels, say), share=percent(share))
    return ""


def against_reference(points: Sequence[Point], say: Messages) -> list[str]:
    """Return how the ranking and the shares stand against the reference group."""
    sentences = []
    here = _ranks(points)
    there = _ranks([Point(point.label, point.other, residual=point.residual, under=point.under) for point in points])
    if here and there:
        share, leaders = there[0]
        each = "" if len(leaders) == 1 else say("each") + " "
        which = "same" if set(leaders) == set(here[0][1]) else "leads"
        key = f"reference_{which}_{'one' if len(leaders) == 1 else 'many'}"
        sentences.append(say(key, labels=_names(leaders, say), share=each + percent(share)))
    return sentences + differences(points, say, say("than_reference"), say("with_reference"))


def outstanding(points: Sequence[Point], say: Messages, than: str) -> list[str]:
    """Return only what differs, for the summary."""
    return differences([point for point in points if point.word != NONE], say, than, "")


def against_earlier(points: Sequence[Point], say: Messages, wave: str) -> list[str]:
    """Return which points changed since an earlier wave and that the others did not."""
    return differences(points, say, say("than_wave", wave=wave), say("with_wave", wave=wave))


def against_rest(points: Sequence[Point], say: Messages) -> list[str]:
    """Return which points stand out against the other groups."""
    bare = [replace(point, other=None) for point in points]
    return differences(bare, say, say("than_rest"), say("with_rest"))


def differences(points: Sequence[Point], say: Messages, than: str, with_whom: str) -> list[str]:
    """Return the tested differences in words; silent where nothing was tested."""
    tested = [point for point in points if point.word in (HIGHER, LOWER, NONE) and point.share is not None]
    more = [point for point in tested if point.word == HIGHER]
    less = [point for point in tested if point.word == LOWER]
    sentences = [_difference(found, say, word, than) for found, word in ((more, "more"), (less, "less")) if found]
    left = len(tested) - len(more) - len(less)
    if tested and left == len(tested):
        return [say("no_difference", whom=with_whom)]
    if left:
        sentences.append(say.several("others_no_difference", left, whom=with_whom))
    return sentences


def caution(group: str, returned: int, say: Messages) -> str:
    """Return the caution for a group whose percentages are indicative only; without a name for all together."""
    if not group:
        return say.several("caution_total", returned, count=count(returned, say.language))
    if returned <= 0:
        return say("caution_unknown", group=group)
    return say.several("caution", returned, group=group, count=count(returned, say.language))


def answered(n: int, say: Messages) -> str:
    """Return how many people answered a question."""
    return say.several("answered", n, count=count(n, say.language))


def valence(shares: Sequence[tuple[str, float | None]], n: int, say: Messages) -> list[str]:
    """Return how people judge a scheme: which part of them is positive, mixed, neutral and negative, largest first.

    A share that is None is left out, and one that stands for less than half a person is not worth a word.
    """
    known = [(label, share) for label, share in shares if share is not None and share * n >= 0.5]
    if not known:
        return [say("valence_hidden" if n else "valence_too_few")]
    known.sort(key=lambda pair: -pair[1])
    parts = [f"{percent(share)} {label.lower()}" for label, share in known]
    return [say.several("valence", n, count=count(n, say.language), parts=say.listed(parts))]


def _difference(points: Sequence[Point], say: Messages, word: str, than: str) -> str:
    shown = []
    for point in points[:_LISTED]:
        if point.other is None or point.share is None:
            figures = percent(point.share)
        elif whole_percent(point.share) == whole_percent(point.other):
            figures = say("rounded_both", share=percent(point.share))
        else:
            figures = say("against", share=percent(point.share), other=percent(point.other))
        shown.append(_quoted(point.label) if point.few else f"{_quoted(point.label)} ({figures})")
    if len(points) > _LISTED:
        shown.append(say.several("more_points", len(points) - _LISTED))
    return say(f"{word}_one" if len(points) == 1 else f"{word}_many", labels=say.listed(shown), than=than)


def _ranks(points: Sequence[Point]) -> list[tuple[float, list[str]]]:
    """Return the named points by rank: (share, labels), ties on the percentage as printed."""
    known = [point for point in points if point.share is not None and point.share > 0]
    named = [point for point in known if point.ranked and not point.few and not point.residual and not point.under]
    ordered = sorted(named, key=lambda point: -whole_percent(point.share or 0.0))
    return [
        (tied[0].share or 0.0, [point.label for point in tied])
        for tied in (list(group) for _, group in groupby(ordered, key=lambda point: whole_percent(point.share or 0.0)))
    ]


def _quoted(label: str) -> str:
    return f"‘{label}’"


def _names(labels: Sequence[str], say: Messages) -> str:
    if len(labels) > _LISTED:
        return say.listed([*map(_quoted, labels[: _LISTED - 1]), say.several("more_points", len(labels) - _LISTED + 1)])
    return say.listed([_quoted(label) for label in labels])
