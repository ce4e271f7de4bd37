"""How many answers to audit: the interval to expect from an audit, and the audit a wanted interval asks for."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import TableError, problem
from pipeline.estimates.evidence import ratio
from pipeline.estimates.intervals import add_parts, predicted_share, wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST: Final = 30
GUESS: Final = (0.75, 0.98)


def expected_width(
    share: Any, n_answers: int, n_audit: Any, *, sensitivity: Any, specificity: Any, level: float = 0.95
) -> Floats:
    """Return the width to expect of the coding interval of `post_stratified`, at the counts an audit yields on average.

    Args:
        share: true share of the code, 0-1; as are `sensitivity` and `specificity`.
        n_answers: answers to the question.
        n_audit: of which audited, drawn at random.
        sensitivity: share of the answers where the code holds that the machine gives it.
        specificity: share of the others that the machine does not give it.
        level: of the interval.
    """
    p, n, se, sp = np.broadcast_arrays(
        *(np.asarray(value, dtype=float) for value in (share, n_audit, sensitivity, specificity))
    )
    coded = np.stack([p * (1 - se) + (1 - p) * sp, p * se + (1 - p) * (1 - sp)])
    rate = ratio(np.stack([p * (1 - se), p * se]), coded)
    seen = np.minimum(n / n_answers, 1.0)
    open_part = coded * (1 - seen)
    low, high = predicted_share(n * coded * rate, n * coded, open_part * n_answers, level)
    bounds = [(p + open_part[h] * (low[h] - rate[h]), p + open_part[h] * (high[h] - rate[h])) for h in (0, 1)]
    lowest, highest = add_parts(p, *bounds)
    return np.asarray(highest - lowest, dtype=float)


def plan_audit(
    quality: pd.DataFrame,
    n_answers: int,
    width: float,
    *,
    level: float = 0.95,
    share: str = "share",
) -> pd.DataFrame:
    """Return per code the smallest audit whose coding interval is expected to be at most `width` wide.

    The audit of a question serves all its codes, so it needs the largest of these. Codes with no known quality are
    planned with a sensitivity of 0.75 and a specificity of 0.98.

    Args:
        quality: columns code, `share` (expected share 0-1: of an earlier wave or the machine's) and, where known,
            sensitivity and specificity (from `audit_quality`).
        n_answers: answers to the question.
        width: wanted width of the interval, a share 0-1 (0.10: five points either way).
        level: of the interval.
        share: name of the column with the share.

    Returns:
        The rows of `quality` with n_audit, expected_width and wilson_width (the same audit without the machine).

    Raises:
        TableError: the width is not a share, or a column is missing.
    """
    if not 0 < width < 1:
        raise TableError(problem(place="plan_audit", found=f"width {width:g}", expected="a share between 0 and 1"))
    for name in ("code", share):
        if name not in quality:
            raise TableError(problem(place="plan_audit", found=f"column '{name}' is missing", do="add it"))
    p = quality[share].to_numpy(dtype=float)
    se, sp = (
        (quality[name].astype(float).fillna(guess).to_numpy() if name in quality else np.full(len(p), guess))
        for name, guess in zip(("sensitivity", "specificity"), GUESS, strict=True)
    )

    def wide(n: Any) -> Floats:
        return expected_width(p, n_answers, n, sensitivity=se, specificity=sp, level=level)

    least: Ints = np.full(len(p), min(LEAST, n_answers))
    most: Ints = np.full(len(p), n_answers)
    while (least < most).any():  # the width falls as the audit grows, to 0 when all is reviewed
        middle = (least + most) // 2
        fits = wide(middle) <= width
        least, most = np.where(fits, least, np.minimum(middle + 1, most)), np.where(fits, middle, most)
    low, high = wilson(p, most, level)
    return quality.assign(n_audit=most, expected_width=wide(most), wilson_width=high - low)
