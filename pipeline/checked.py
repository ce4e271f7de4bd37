"""What people checked of a survey and what of it counts, as a run notes it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.tables import ANSWER, FOREIGN

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import Survey
    from pipeline.workspace import Workspace


def audited(answers: pd.DataFrame, codings: pd.DataFrame) -> int:
    """Return how many answers people checked of those that are in the percentages."""
    read = set(answers.loc[answers["status"].isin([ANSWER, FOREIGN]), "answer_id"])
    return len(read & set(codings.loc[codings["role"] == "audit", "answer_id"]))


def provisional(survey: Survey, shares: pd.DataFrame) -> list[str]:
    """Return the questions whose figures of this wave rest on the machine alone, or nearly so.

    Where that is so of some codes only (they were not asked when people checked), those are named: `q (parkeren)`.
    """
    from pipeline.estimates.shares import PROVISIONAL

    out = []
    here = shares[(shares["group"] == survey.total_label) & (shares["wave"].fillna(survey.wave) == survey.wave)]
    flagged = here["flag"].fillna("").str.contains("|".join(PROVISIONAL))
    for question in survey.questions:
        of_question = here["question"] == question.id
        if flagged[of_question].all() and of_question.any():
            out.append(question.id)
        elif flagged[of_question].any():
            out.append(f"{question.id} ({', '.join(here.loc[of_question & flagged, 'code'])})")
    return out


def silent(survey: Survey, shares: pd.DataFrame) -> list[str]:
    """Return the questions that got no answer in this wave that could be coded, so that they have no percentages."""
    own = shares.loc[shares["wave"].fillna(survey.wave) == survey.wave, "question"]
    return [question.id for question in survey.questions if question.id not in set(own)]


def not_counted(workspace: Workspace) -> dict[str, list[str]]:
    """Return the ids of answers whose codings don't count, because the text changed or the answer is gone."""
    from pipeline.review.reviewed import current_events
    from pipeline.review.texts import lost

    found = lost(current_events(workspace))
    return {"changed": list(found.changed), "gone": list(found.gone)}
