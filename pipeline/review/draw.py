"""Draw or extend a survey's sample and keep it in the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.config import Survey
from pipeline.errors import ReviewError, did_you_mean, problem
from pipeline.review.files import one_at_a_time
from pipeline.review.sample import combine, draw_audit, draw_second, read_sample, write_sample
from pipeline.review.tasks import machine_codes
from pipeline.review.training import choose_training
from pipeline.tables import ANSWER, ANSWERS, check_table
from pipeline.workspace import Workspace, read_table

if TYPE_CHECKING:
    import pandas as pd


def draw(
    workspace: Workspace,
    survey: Survey,
    *,
    audit: int = 0,
    training: int = 0,
    second: float | None = None,
    by_group: bool = False,
    questions: Sequence[str] = (),
) -> pd.DataFrame:
    """Extend the workspace's sample and return it; what was drawn before stays.

    Per question: an audit of `audit` answers, `training` other answers to learn from (both in all, so that the same
    again changes nothing), and `second`, the share of the audit that is coded a second time, blind.

    Raises:
        ReviewError: a question does not exist or a size is out of range.
        TableError: there are no answers yet.
    """
    check_questions(survey, questions)
    if audit < 0 or training < 0:
        raise ReviewError(problem(place="sample", found="a negative number of answers", expected="0 or more"))
    with one_at_a_time(workspace):
        answers = check_table(read_table(workspace.path("answers.parquet")), ANSWERS)
        sample = read_sample(workspace)
        for question in survey.questions:
            mine = answers[(answers["question"] == question.id) & (answers["status"] == ANSWER)]
            if (questions and question.id not in questions) or mine.empty:
                continue
            before = sample[sample["question"] == question.id]
            if audit:
                sizes = {question.id: audit}
                drawn = draw_audit(mine, sizes, seed=survey.seed, by_group=by_group, earlier=before)
                sample = combine(sample, drawn, questions=[question.id])
            if second is not None:
                mine_drawn = sample[sample["question"] == question.id]
                twice = draw_second(mine_drawn, second, seed=survey.seed, earlier=before)
                sample = combine(sample, twice, questions=[question.id])
            here = sample["question"] == question.id
            more = training - int((here & (sample["role"] == "training")).sum())
            if more > 0:
                taken = frozenset(sample.loc[here, "answer_id"])
                certain = machine_codes(workspace, question, survey.codebook(question), mine["answer_id"]).certainty
                chosen = choose_training(mine, certain, {question.id: more}, seed=survey.seed, exclude=taken)
                sample = combine(sample, chosen, questions=[question.id])
        write_sample(workspace, sample)
        return sample


def check_questions(survey: Survey, questions: Sequence[str]) -> None:
    """Check that the questions asked for are there.

    Raises:
        ReviewError: one is not; the message has the nearest one, or all that are there.
    """
    known = [question.id for question in survey.questions]
    for name in questions:
        if name not in known:
            found = f"no question '{name[:60]}'"
            raise ReviewError(problem(file=survey.file, place="--question", found=found, do=did_you_mean(name, known)))


def came_later(workspace: Workspace) -> dict[str, int]:
    """Return per question how many answers came in after the audit was drawn; they had no chance to be drawn.

    The audit of a stratum stands for as many answers as its weights (1 / chance) add up to.

    Raises:
        TableError: a table of the workspace is damaged.
    """
    sample, path = read_sample(workspace), workspace.path("answers.parquet")
    audit = sample[sample["role"] == "audit"]
    if audit.empty or not path.exists():
        return {}
    answers = read_table(path)
    there = answers.loc[answers["status"] == ANSWER, "question"].value_counts()
    weights = (1 / audit["inclusion_probability"]).groupby(audit["question"])
    stands_for = weights.agg(lambda part: part.sum(skipna=False))
    later = {str(name): int(there.get(name, 0)) - round(float(n)) for name, n in stands_for.items() if n == n}
    return {name: n for name, n in later.items() if n > 0}
