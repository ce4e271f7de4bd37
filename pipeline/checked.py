"""What people checked of a survey and what of it counts, as a run notes it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.tables import ANSWER

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import Survey
    from pipeline.workspace import Workspace


def audited(answers: pd.DataFrame, codings: pd.DataFrame) -> int:
    """Return how many answers people checked of those that are in the percentages."""
    read = set(answers.loc[answers["status"].isin([ANSWER, "other_language"]), "answer_id"])
    return len(read & set(codings.loc[codings["role"] == "audit", "answer_id"]))


def provisional(survey: Survey, shares: pd.DataFrame) -> list[str]:
    """Return the questions that nobody checked, and those codes that were not asked when people did: `q (parkeren)`."""
    from pipeline.estimates.shares import NO_CODING_ERROR

    out = []
    here = shares[(shares["group"] == survey.total_label) & (shares["wave"].fillna(survey.wave) == survey.wave)]
    for question, rows in here.groupby("question", sort=False):
        alone = rows["flag"].fillna("").str.contains(NO_CODING_ERROR)
        if alone.any():
            codes = ", ".join(rows.loc[alone, "code"])
            out.append(f"{question} ({codes})" if (rows["n_reviewed"] > 0).any() else str(question))
    return out


def not_counted(workspace: Workspace) -> dict[str, list[str]]:
    """Return the ids of answers whose codings don't count, because the text changed or the answer is gone."""
    from pipeline.review.reviewed import current_events
    from pipeline.review.texts import lost

    found = lost(current_events(workspace))
    return {"changed": list(found.changed), "gone": list(found.gone)}
