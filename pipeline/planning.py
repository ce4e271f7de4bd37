"""What an audit of some size gives, and what a wanted margin takes, from the machine's shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.config import Survey
    from pipeline.workspace import Workspace


class Planner:
    """What the estimates room expects of an audit, from the machine's shares."""

    def __init__(self, survey: Survey, workspace: Workspace) -> None:
        self._questions = {question.id: question for question in survey.questions}
        self._survey, self._workspace = survey, workspace

    def _shares(self, question: str) -> tuple[list[float], int]:
        """Return the machine's share (0-1) of every code, and the number of answers to the question."""
        from pipeline.tables import ANSWER
        from pipeline.workspace import read_table

        path = self._workspace.path("codings.parquet")
        if not path.exists():
            return [], 0
        answers = read_table(self._workspace.path("answers.parquet"))
        ids = answers.loc[(answers["question"] == question) & (answers["status"] == ANSWER), "answer_id"]
        rows = read_table(path)
        rows = rows[(rows["role"] == "machine") & rows["answer_id"].isin(ids)]
        counts = rows.groupby("code")["applied"].sum()
        return [float(n) / len(ids) for n in counts], len(ids)

    def half_width(self, question: str, n_audit: int) -> float | None:
        """Return half the width (share 0-1) to expect of the question's widest interval; None when unknown."""
        from pipeline.estimates.planner import GUESS, expected_width

        shares, n_answers = self._shares(question)
        if not shares or not n_audit:
            return None
        sensitivity, specificity = GUESS
        audited = min(n_audit, n_answers)
        width = expected_width(shares, n_answers, audited, sensitivity=sensitivity, specificity=specificity)
        return float(width.max()) / 2

    def needed(self, question: str, margin: float) -> int | None:
        """Return how many audited answers make every interval at most `margin` to either side; None when unknown."""
        import pandas as pd

        from pipeline.estimates.planner import plan_audit

        shares, n_answers = self._shares(question)
        if not shares:
            return None
        quality = pd.DataFrame({"code": range(len(shares)), "share": shares})
        return int(plan_audit(quality, n_answers, min(2 * margin, 0.99))["n_audit"].max())

    def advice(self, margin: float, audit: int = 120) -> str:
        """Return what an audit of a usual size gives and what the wanted margin takes."""
        parts = []
        for name in self._questions:
            width, needed = self.half_width(name, audit), self.needed(name, margin)
            if width is not None:
                parts.append(plan_line(name, audit, width, needed, margin))
        return "\n".join(parts) or "Nothing to review yet: run 'duiding run' first."


def plan_line(question: str, n: int, width: float, needed: int | None, margin: float) -> str:
    """Return what `n` audited answers give and how many the margin takes; width and margin are shares (0-1)."""
    return (
        f"{question}: with {n} audited answers every code's interval is at most ±{100 * width:.1f} points; "
        f"for ±{100 * margin:g} you need about {needed}"
    )
