"""What several commands share: the options they have in common, and the lines they end with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.errors import quoted

if TYPE_CHECKING:
    from pipeline.config import Survey
    from pipeline.workspace import Workspace

SurveyFile = Annotated[Path, typer.Argument(help="survey.yaml, or the folder it is in.", show_default="here")]
Audit = Annotated[int, typer.Option(min=0, help="Random answers per question, in all; they feed the percentages.")]
Training = Annotated[int, typer.Option(min=0, help="Answers per question that teach most, in all.")]
Second = Annotated[
    float | None, typer.Option(min=0.0, max=1.0, help="Share of the audit that a second coder codes, blind.")
]
ByGroup = Annotated[bool, typer.Option("--by-group", help="Spread the audit over the groups (municipalities).")]
OfQuestion = Annotated[list[str] | None, typer.Option("--question", help="Only this question; may be repeated.")]


def load(survey: Path) -> tuple[Survey, Workspace]:
    """Return a survey and its workspace."""
    from pipeline.config import load_survey
    from pipeline.workspace import Workspace

    found = load_survey(survey)
    return found, Workspace(found.workspace_path)


def draw_sample(
    survey: Survey, workspace: Workspace, audit: int, training: int, second: float | None, by_group: bool,
    questions: Sequence[str],
) -> None:  # fmt: skip
    """Draw answers to review, when asked, and say how many and how wide the intervals become."""
    from pipeline.planning import Planner, plan_line
    from pipeline.review.draw import draw

    if not (audit or training or second is not None):
        return
    sample = draw(
        workspace, survey, audit=audit, training=training, second=second, by_group=by_group, questions=questions
    )
    planner = Planner(survey, workspace)
    for name, rows in sample.groupby("question"):
        counts = rows["role"].value_counts()
        typer.echo(f"{name}: drawn " + ", ".join(f"{role} {n}" for role, n in counts.items()))
        plan = planner.plan(str(name), set(rows.loc[rows["role"] == "audit", "answer_id"]))
        if plan is not None and plan.drawn:
            typer.echo("  " + plan_line(plan, survey.wave))


def say_set_aside(survey: Survey, workspace: Workspace) -> None:
    """Say which learned models the audit set aside."""
    from pipeline.learned import set_aside_lines

    for line in set_aside_lines(survey, workspace):
        typer.echo(line)


def say_next(workspace: Workspace, survey: Path) -> None:
    """Say on what coders disagree, and what to do next."""
    from pipeline.review.adjudicate import open_conflicts
    from pipeline.review.describe import some

    waiting = [conflict.answer_id for conflict in open_conflicts(workspace)]
    if not waiting:
        typer.echo(f"Next: duiding review status {quoted(survey)}, then duiding run {quoted(survey)}")
        return
    typer.echo(f"Coders disagree on {len(waiting)} answers: {some(waiting)}")
    typer.echo(
        f"Next: duiding review adjudicate {quoted(survey)}; without a server: "
        f"duiding review export besluiten.xlsx {quoted(survey)} --adjudicate"
    )
