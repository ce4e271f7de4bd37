"""The state of a question's review in words, for the analyst: ids only, never an answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from pipeline.review.agreement import Agreement
from pipeline.review.progress import QuestionProgress
from pipeline.review.texts import Lost

MOST_IDS = 5
MOST_PAIRS = 3


def some(ids: Sequence[str]) -> str:
    """Return the first ids, and how many more there are.

    >>> some(["a1", "a2", "a3", "a4", "a5", "a6"])
    'a1, a2, a3, a4, a5 and 1 more'
    """
    more = len(ids) - MOST_IDS
    return ", ".join(ids[:MOST_IDS]) + (f" and {more} more" if more > 0 else "")


def describe(state: QuestionProgress, login: Callable[[str], str], expected: str = "") -> list[str]:
    """Return the lines that `duiding review status` shows of one question.

    `login` gives the login behind a coder's name; `expected` says what the audited answers give, in words.
    """
    parts = [f"{role} {state.done.get(role, 0)} of {n}" for role, n in sorted(state.drawn.items())]
    out = [f"{state.question}: {', '.join(parts) or 'nothing drawn'}; {state.left} left"]
    for coder in state.coders:
        speed = "" if math.isnan(coder.per_hour) else f", about {coder.per_hour:.0f} an hour"
        out.append(f"  {login(coder.name)}: {coder.n} coded{speed}")
    if state.waiting:
        out.append(
            "  coded for training before the audit drew them, and counting when it is their turn: "
            f"{len(state.waiting)} ({some(state.waiting)})"
        )
    for name, ids in (("doubts", state.doubts), ("skipped", state.skipped), ("to decide", state.open_conflicts)):
        if ids:
            out.append(f"  {name}: {len(ids)} ({some(ids)})")
    for answer_id, wrong in state.wrong[:MOST_IDS]:
        out.append(f"  does not count: {answer_id} ({wrong.replace('_', ' ')})")
    if state.own_second:
        out.append(
            f"  coded twice by one and the same coder, which is no second opinion: {len(state.own_second)} "
            f"({some(state.own_second)})"
        )
    out += _agreement("two people", state.people)
    out += _agreement(f"machine and first coder ({_saw(state)})", state.machine_first)
    out += _agreement("machine and second coder (who did not see them)", state.machine_second)
    if expected:
        out.append(f"  {expected}")
    if state.defensible:
        return [*out, "  Stopping now is defensible."]
    return [*out, "  Stopping now is not defensible:", *(f"    - {objection}" for objection in state.objections)]


def describe_lost(lost: Lost) -> list[str]:
    """Return what `run`, `check` and `review status` say of codings that are of another answer now; ids only."""
    out = []
    if lost.changed:
        out.append(
            f"! {len(lost.changed)} reviewed answers have another text than when people read them, so their codings "
            f"don't count: {some(lost.changed)}. Next: have them coded again ('duiding review push' or 'export'), or "
            "bring back the file as it was"
        )
    if lost.gone:
        out.append(
            f"! {len(lost.gone)} reviewed answers are not in the survey now, so their codings don't count: "
            f"{some(lost.gone)}. Next: was a question's id or the file changed by mistake, change it back"
        )
    return out


def _saw(state: QuestionProgress) -> str:
    n = state.machine_first[0].n if state.machine_first else 0
    if not state.n_shown:
        return "who did not see its codes"
    return "who saw its codes" if state.n_shown >= n else f"who saw its codes of {state.n_shown} answers"


def _agreement(who: str, found: Sequence[Agreement]) -> list[str]:
    if not found:
        return []
    whole = found[0]
    out = [
        f"  {who}, {whole.n} answers: {100 * whole.percent:.0f}% the same, alpha {whole.alpha:.2f}, "
        f"F1 {whole.f1:.2f} ({whole.low:.2f}-{whole.high:.2f})"
    ]
    for one in found[1:]:
        if one.flag == "low":
            pairs = "; ".join(
                f"{other or 'nothing else'} {n}x ({some(ids)})" for other, n, ids in one.confused[:MOST_PAIRS]
            )
            out.append(
                f"    {one.code}: alpha {one.alpha:.2f}, kappa {one.kappa:.2f}; "
                f"where one gave it the other gave: {pairs}"
            )
    return out
