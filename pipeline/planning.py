"""What an audit of some size gives, and what a wanted margin takes, in the survey's own wave."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.review.progress import MARGIN, Width

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import Survey
    from pipeline.workspace import Workspace

USUAL = 120
CODING_PART = "the part of the margin that coding errors add"


@dataclass(frozen=True)
class Plan:
    """What an audit of a question gives: half the widths (shares 0-1) of the widest intervals of the total.

    `coding` is what coding errors add, `margin` is all of it. `needed` is how large an audit makes every interval at
    most `wanted` to either side; None when not even reading every answer does, and then `least` is what that gives.
    """

    question: str
    drawn: int
    own: int  # of `drawn`, in the survey's own wave
    coding: float
    margin: float
    wanted: float
    needed: int | None
    least: float


class Planner:
    """What the estimates room expects of an audit: from the machine's shares, and an audit's once there is one."""

    def __init__(self, survey: Survey, workspace: Workspace) -> None:
        self._survey, self._workspace = survey, workspace

    def expect(self, question: str, audited: Collection[str], wanted: float) -> Width | None:
        """Return the width that stopping depends on: the widest interval's, None when unknown.

        When reading every answer would not bring it to the wanted margin, it is the part that review can take away.
        """
        plan = self.plan(question, audited, wanted)
        if plan is None:
            return None
        return Width(plan.margin) if plan.needed is not None else Width(plan.coding, CODING_PART)

    def plan(self, question: str, audited: Collection[str] | int, wanted: float = MARGIN) -> Plan | None:
        """Return what these audited answers (ids) give, or as many drawn at random over all waves; None when unknown.

        Audited answers of earlier waves tell nothing of this one.
        """
        import numpy as np

        from pipeline.estimates.planner import expected_widths, plan_audit
        from pipeline.estimates.shares import customers_of

        quality = self._base[self._base["question"] == question]
        everyone = self._coded[self._coded["question"] == question]
        there = set(everyone.loc[everyone["wave"] == self._survey.wave, "answer_id"])
        if quality.empty or not there:
            return None
        scale = len(everyone) / len(there)
        if isinstance(audited, int):
            drawn = min(audited, len(everyone))
            own = round(drawn / scale)
        else:
            drawn, own = len(audited), len(there & set(audited))
        groups = sorted(self._own.loc[self._own["question"] == question, "group"].dropna().unique())
        customers = float(customers_of(self._invited, groups, self._survey.total_label)[1][0])
        coding, margin = expected_widths(quality, len(there), own, customers=customers)
        _, least = expected_widths(quality, len(there), len(there), customers=customers)
        planned = plan_audit(quality, len(there), min(2 * wanted, 0.99), customers=customers)
        needed = min(int(np.ceil(planned["n_audit"].max() * scale)), len(everyone))
        reached = least.max() / 2 <= wanted
        return Plan(question, drawn, own, float(coding.max()) / 2, float(margin.max()) / 2, wanted,
                    needed if reached else None, float(least.max()) / 2)  # fmt: skip

    def advice(self, margin: float, audit: int = USUAL) -> str:
        """Return what an audit of a usual size gives and what the wanted margin takes."""
        plans = [self.plan(question.id, audit, margin) for question in self._survey.questions]
        lines = [f"{plan.question}: {plan_line(plan, self._survey.wave)}" for plan in plans if plan is not None]
        return "\n".join(lines) or "Nothing to review yet: run 'duiding run' first."

    @cached_property
    def _answers(self) -> pd.DataFrame:
        from pipeline.tables import ANSWERS, check_table
        from pipeline.workspace import read_table

        answers = check_table(read_table(self._workspace.path("answers.parquet")), ANSWERS)
        return answers.assign(wave=answers["wave"].fillna(self._survey.wave))

    @property
    def _own(self) -> pd.DataFrame:
        return self._answers[self._answers["wave"] == self._survey.wave]

    @property
    def _coded(self) -> pd.DataFrame:
        """The answers that an audit is drawn from, of all waves."""
        from pipeline.tables import ANSWER

        return self._answers[self._answers["status"] == ANSWER]

    @property
    def _invited(self) -> dict[str, int]:
        from pipeline.percentages import invited

        return invited(self._survey)

    @cached_property
    def _base(self) -> pd.DataFrame:
        import pandas as pd

        from pipeline.estimates.planner import plan_base
        from pipeline.percentages import all_codings, codebooks, nets
        from pipeline.review.sample import read_sample

        if not self._workspace.path("codings.parquet").exists():
            return pd.DataFrame({"question": []})
        books, sample = codebooks(self._survey), read_sample(self._workspace)
        return plan_base(
            all_codings(self._survey, self._workspace), self._own, sample if len(sample) else None,
            codes={name: list(book.by_id) for name, book in books.items()}, nets=nets(books),
        )  # fmt: skip


def plan_line(plan: Plan, wave: str) -> str:
    """Return what an audit gives and what the wanted margin takes."""
    elsewhere = plan.drawn - plan.own
    waves = f" ({plan.own} of {wave}, {elsewhere} of earlier waves)" if elsewhere else ""
    if plan.needed is None:
        more = f"±{100 * plan.wanted:g} can't be had: with every answer audited it is ±{100 * plan.least:.1f}"
    else:
        more = f"for ±{100 * plan.wanted:g} you need about {plan.needed}" + (" in all" if elsewhere else "")
    return (
        f"with {plan.drawn} audited answers{waves} {CODING_PART} is at most "
        f"±{100 * plan.coding:.1f} points, and the widest margin about ±{100 * plan.margin:.1f}; {more}"
    )
