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

    Per question: an audit of `audit` answers, `training` more answers to learn from, and `second`, the share of the
    audit that is coded a second time, blind.

    Raises:
        ReviewError: a question does not exist or a size is out of range.
        TableError: there are no answers yet.
    """
    known = [question.id for question in survey.questions]
    for name in questions:
        if name not in known:
            raise ReviewError(problem(file=survey.file, found=f"no question '{name}'", do=did_you_mean(name, known)))
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
            if training:
                taken = frozenset(sample.loc[sample["question"] == question.id, "answer_id"])
                certain = machine_codes(workspace, question, survey.codebook(question), mine["answer_id"]).certainty
                chosen = choose_training(mine, certain, {question.id: training}, seed=survey.seed, exclude=taken)
                sample = combine(sample, chosen, questions=[question.id])
        write_sample(workspace, sample)
        return sample
