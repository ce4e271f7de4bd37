"""Response and reliability: how sure a survey can be of a percentage, given who was invited and who answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from pipeline.errors import TableError, problem

RELIABLE: Final = "representatief"
INDICATIVE: Final = "indicatief"

Counts = Mapping[str, int] | pd.Series | pd.DataFrame


def response_reliability(
    returned: Counts,
    invited: Counts,
    *,
    margin: float = 0.05,
    min_n: int = 100,
    min_confidence: float = 0.90,
) -> pd.DataFrame:
    """Return per group the response, the confidence level at `margin`, and the word the report uses for it.

    The confidence level is the one at which a share of one half has the wanted margin in a sample without
    replacement: z = margin * sqrt(n) / (0.5 * sqrt((N - n) / N)), confidence = 2 * Phi(z) - 1. The correction
    (N - n) / N is that of Cochran, Sampling Techniques (3rd ed. 1977), section 2.6, with the population variance
    p(1 - p) instead of Np(1 - p)/(N - 1); it is the one Dutch survey reports use. A group of which it is not known how
    many were invited is taken to come from a population without end, as `estimate_shares` does for its intervals: it
    has no response, and a confidence level that is not too high.

    Args:
        returned: group -> number that answered; a frame has the columns `group` and `returned` (or `n`).
        invited: group -> number invited; a frame has the columns `group` and `invited` (or `n`); not every
            group need be there.
        margin: half-width of the interval, a share 0-1.
        min_n: fewer answers than this make a group `indicatief`.
        min_confidence: a lower confidence level than this makes a group `indicatief`, a share 0-1.

    Returns:
        group, invited, returned, response (share 0-1), confidence (share 0-1), margin, word; groups in the order
        of `invited`, then those left out of it, whose invited and response are missing.

    Raises:
        TableError: a count is negative, or more answered than were invited.

    >>> frame = response_reliability({"Hengelo": 274}, {"Hengelo": 1700})
    >>> round(100 * float(frame["confidence"].iloc[0]), 1), frame["word"].iloc[0]
    (92.9, 'representatief')
    """
    if not 0 < margin < 0.5:
        raise TableError(problem(place="response", found=f"margin {margin:g}", expected="a share between 0 and 0.5"))
    answered, asked = _counts(returned, "returned"), _counts(invited, "invited")
    groups = dict.fromkeys((*asked, *answered))
    rows = [_row(group, asked.get(group), answered.get(group, 0), margin, min_n, min_confidence) for group in groups]
    table = pd.DataFrame(rows, columns=["group", "invited", "returned", "response", "confidence", "margin", "word"])
    return table.astype({"invited": "Int64" if table["invited"].isna().any() else "int64", "response": "float64"})


def confidence_level(returned: int, invited: int | None, margin: float = 0.05) -> float:
    """Return the confidence level (share 0-1) of a margin around one half; 1 when everyone answered, 0 when no one.

    `invited` None: not known, and taken to be without end.
    """
    if returned <= 0:
        return 0.0
    if invited is not None and returned >= invited:
        return 1.0
    correction = 1.0 if invited is None else (invited - returned) / invited
    z = margin * np.sqrt(returned) / (0.5 * np.sqrt(correction))
    return float(2 * norm.cdf(z) - 1)


def _row(
    group: str, invited: int | None, returned: int, margin: float, min_n: int, minimum: float
) -> dict[str, object]:
    if returned < 0 or (invited is not None and (invited <= 0 or returned > invited)):
        raise TableError(
            problem(
                place=f"response, group {group}",
                found=f"{returned} answers of {invited} invited",
                expected="no more answers than invitations, and at least one invitation",
                do="check the invited numbers in survey.yaml",
            )
        )
    confidence = confidence_level(returned, invited, margin)
    enough = returned >= min_n and round(confidence, 3) >= minimum
    return {
        "group": group,
        "invited": invited,
        "returned": returned,
        "response": None if invited is None else returned / invited,
        "confidence": confidence,
        "margin": margin,
        "word": RELIABLE if enough else INDICATIVE,
    }


def _counts(counts: Counts, name: str) -> dict[str, int]:
    if isinstance(counts, pd.DataFrame):
        column = next((found for found in (name, "n") if found in counts.columns), None)
        if column is None or "group" not in counts.columns:
            raise TableError(
                problem(place=f"response, table {name}", found="its columns are not there",
                        expected=f"the columns 'group' and '{name}'")
            )  # fmt: skip
        counts = counts.set_index("group")[column]
    return {str(group): int(number) for group, number in counts.items()}
