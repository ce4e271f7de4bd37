"""How far the review is: done and left, per coder, speed, agreement so far, and whether stopping now is defensible."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.codebook import Codebook
from pipeline.config import Question, Survey
from pipeline.review.agreement import FLOOR, Agreement, Coded, compare_coders
from pipeline.review.events import Event
from pipeline.review.reviewed import conflicts, current_events, deciding, second_by_first
from pipeline.review.sample import read_sample
from pipeline.review.tasks import machine_codes
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

MARGIN = 0.05
SKIPS = 0.05
MINIMUM_TWICE = 10


@dataclass(frozen=True)
class Width:
    """Half a width (share 0-1) that more review makes shorter, and what it is the width of."""

    half: float
    of: str = "the widest interval"


#: Question id, ids of the audited answers -> the width that stopping depends on, or None when it is not known.
Expect = Callable[[str, tuple[str, ...]], Width | None]


@dataclass(frozen=True)
class Coder:
    """What one coder did on one question; `per_hour` is nan when the speed is unknown."""

    name: str
    n: int
    per_hour: float


@dataclass(frozen=True)
class QuestionProgress:
    """The review of one question. `drawn` and `done` are per role.

    `audited` are the ids of what is done of the audit; `waiting` were coded for training before the audit drew them
    and count in their turn (see `reviewed.before_their_turn`); other ids are of answers that need someone's attention.
    `own_second` are second codings by the first coder, which compare nobody. `people` compares first and second coder,
    `machine_first` machine and first coder (who saw the machine's codes of `n_shown` answers), `machine_second` machine
    and second coder (who did not).
    """

    question: str
    drawn: dict[str, int]
    done: dict[str, int]
    audited: tuple[str, ...]
    coders: tuple[Coder, ...]
    waiting: tuple[str, ...]
    doubts: tuple[str, ...]
    skipped: tuple[str, ...]
    wrong: tuple[tuple[str, str], ...]
    open_conflicts: tuple[str, ...]
    own_second: tuple[str, ...]
    people: tuple[Agreement, ...]
    machine_first: tuple[Agreement, ...]
    machine_second: tuple[Agreement, ...]
    n_shown: int
    objections: tuple[str, ...]

    @property
    def left(self) -> int:
        """How many drawn answers are still to be coded, over all roles."""
        return sum(self.drawn.values()) - sum(self.done.values()) - len(self.waiting)

    @property
    def defensible(self) -> bool:
        """Whether stopping now can be defended."""
        return not self.objections


def review_progress(
    workspace: Workspace, survey: Survey, *, expect: Expect | None = None, margin: float = MARGIN
) -> list[QuestionProgress]:
    """Return the state of the review per question, from the journal (so: as of the last pull).

    Raises:
        ReviewError: the journal is damaged.
    """
    sample = read_sample(workspace)
    events = current_events(workspace)
    out = []
    for question in survey.questions:
        rows = sample[sample["question"] == question.id]
        mine = [event for event in events if event.question == question.id]
        if not rows.empty or mine:
            out.append(_progress(workspace, survey, question, rows, mine, expect, margin))
    return out


def _progress(
    workspace: Workspace, survey: Survey, question: Question, rows: pd.DataFrame, events: Sequence[Event],
    expect: Expect | None, margin: float,
) -> QuestionProgress:  # fmt: skip
    codebook = survey.codebook(question)
    decided = deciding(events)
    drawn = {str(role): int(n) for role, n in rows["role"].value_counts().items()}
    pairs = set(zip(rows["answer_id"], rows["role"], strict=True))
    done = Counter(role for answer_id, role in decided if (answer_id, role) in pairs)
    people, first, second = _agreements(workspace, question, codebook, events, survey.seed)
    audited = tuple(sorted(answer_id for answer_id, role in decided if role == "audit" and (answer_id, role) in pairs))
    width = expect(question.id, audited) if expect is not None and audited else None
    open_now = tuple(conflict.answer_id for conflict in conflicts(events))
    skips = {(event.answer_id, event.role) for event in events if event.skipped} - set(decided)
    skipped_audit = sum(role == "audit" for _, role in skips & pairs)
    objections = _objections(drawn.get("audit", 0), len(audited), skipped_audit, width, margin, people, open_now)
    return QuestionProgress(
        question.id, drawn, dict(done), audited, _coders(events),
        waiting=tuple(sorted(key for key, role in decided if role == "training" and (key, "audit") in pairs)),
        doubts=tuple(sorted({event.answer_id for event in events if event.doubt})),
        skipped=tuple(sorted({answer_id for answer_id, _ in skips})),
        wrong=tuple(sorted({(event.answer_id, event.problem) for event in events if event.problem})),
        open_conflicts=open_now, own_second=tuple(second_by_first(events)),
        people=people, machine_first=first, machine_second=second, n_shown=_shown(events), objections=objections,
    )  # fmt: skip


def _objections(
    drawn: int, done: int, skipped: int, width: Width | None, margin: float, people: Sequence[Agreement],
    open_now: Sequence[str],
) -> tuple[str, ...]:  # fmt: skip
    """Return what a critical reader could hold against stopping now."""
    out = []
    if not drawn:
        return ("no audit was drawn, so there is nothing to estimate from",)
    if not done:
        return (f"none of the {drawn} audited answers is coded",)
    if width is not None and width.half > margin:
        out.append(f"{width.of} is ±{100 * width.half:.1f} points, more than ±{100 * margin:.1f}")
    if width is None and done < drawn:
        out.append(f"{drawn - done} audited answers are left and the interval's width is not known")
    if skipped > SKIPS * drawn:
        out.append(f"{skipped} of {drawn} audited answers were skipped, and skipping is not random")
    if open_now:
        out.append(f"{len(open_now)} disagreements wait for 'duiding review adjudicate' (or 'export --adjudicate')")
    twice = people[0].n if people else 0
    if twice < MINIMUM_TWICE:
        out.append(f"only {twice} answers were coded by two people, too few to know how well they agree")
    low = [found.code for found in people if found.code and found.flag == "low"]
    if low and twice >= MINIMUM_TWICE:
        out.append(f"coders agree too little (alpha below {FLOOR:g}) on: {', '.join(low)}")
    return tuple(out)


def _coders(events: Sequence[Event]) -> tuple[Coder, ...]:
    seconds: dict[str, list[float]] = {}
    counts = Counter(event.coder for event in events if event.counts)
    for event in events:
        if event.counts and event.seconds:
            seconds.setdefault(event.coder, []).append(event.seconds)
    return tuple(
        Coder(name, n, 3600 / statistics.median(seconds[name]) if name in seconds else math.nan)
        for name, n in sorted(counts.items())
    )


def _agreements(
    workspace: Workspace, question: Question, codebook: Codebook, events: Sequence[Event], seed: int
) -> tuple[tuple[Agreement, ...], tuple[Agreement, ...], tuple[Agreement, ...]]:
    """Return people, machine and first coder, machine and second coder; on the codes that coders choose from.

    Only a second coding by another person than the first counts as one; codes are compared where both were asked.
    """
    own = deciding(event for event in events if not event.adjudicated)
    by_first = set(second_by_first(events))
    firsts = {key: event for (key, role), event in own.items() if role == "audit"}
    seconds = {key: event for (key, role), event in own.items() if role == "second" and key not in by_first}
    first, second = _codes(firsts), _codes(seconds)
    asked = _asked(firsts), _asked(seconds)
    wanted = {*first, *second}
    machine: Coded = {
        key: frozenset(codes) for key, codes in machine_codes(workspace, question, codebook, wanted).codes.items()
    }
    given = {codebook.resolve(code) for code in question.fixed_codes}
    fixed = {codebook.by_id[code].facet for code in given} if codebook.facets else set()
    one = {facet.id for facet in codebook.facets if facet.choice == "one"}
    codes = [code.id for code in codebook.codes if code.id not in given and code.facet not in (fixed & one)]
    both = {key: asked[0][key] & asked[1][key] for key in set(first) & set(second)}
    pairs = ((first, second, both), (machine, first, asked[0]), (machine, second, asked[1]))
    people, machine_first, machine_second = (
        tuple(compare_coders(a, b, codes, asked=known, seed=seed)) for a, b, known in pairs
    )
    return people, machine_first, machine_second


def _shown(events: Sequence[Event]) -> int:
    """Return how many answers of the audit were coded by someone who saw the machine's codes."""
    own = deciding(event for event in events if not event.adjudicated)
    return sum(role == "audit" and event.origin != "manual" for (_, role), event in own.items())


def _codes(events: Mapping[str, Event]) -> Coded:
    return {key: frozenset(event.codes) for key, event in events.items()}


def _asked(events: Mapping[str, Event]) -> dict[str, frozenset[str]]:
    return {key: frozenset(event.judged) for key, event in events.items()}
