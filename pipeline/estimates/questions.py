"""The same code under several questions: does one question get it more often than the others together?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from pipeline.estimates.compare import NOT_COMPARABLE, barred, chances, difference_interval, q_values, words
from pipeline.estimates.evidence import ratio
from pipeline.tables import COMPARISONS, SHARES, check_table

QUESTIONS: Final = "questions"


def compare_questions(
    shares: pd.DataFrame,
    asked: Mapping[str, Sequence[str]],
    wave: str,
    *,
    level: float = 0.95,
    rest: str = "overige vragen",
) -> pd.DataFrame:
    """Return the difference of each question's share of a code with that of the other questions together.

    So no question is called the highest for being the highest by chance. The others' share is the mean over their
    answers; its bounds add up as squares of the distances (Zou & Donner 2008, Statistics in Medicine 27, 1693-1702),
    as if the questions had other respondents. Where the same people answer several and judge them alike, the interval
    is then too wide rather than too narrow. q-values and words are those of `compare_shares`, within a code and group.

    A share that `compare_shares` would not compare (no audit, or one that is too small) gets no difference, with the
    same reason, and is not among the others either; a share with no others left gets their reason.

    Args:
        shares: from `suppress`, or from `estimate_shares` when nothing is held back; missing shares take no part.
        asked: code -> the questions that it is compared over.
        wave: the wave to compare in.
        level: of the intervals in `shares`; read from its column `level` when there is one.
        rest: the name of the other questions together.

    Returns:
        Contract COMPARISONS with the further columns of `compare_shares`; kind is `questions`.

    Raises:
        TableError: the shares break their contract.
    """
    shares = check_table(shares, SHARES)
    used = float(shares["level"].iloc[0]) if "level" in shares and len(shares) else level
    now = shares[(shares["wave"].isna() | (shares["wave"] == wave)) & shares["share"].notna()]
    parts = [
        _against_others(cells, used, rest)
        for code, questions in asked.items()
        for _, cells in now[(now["code"] == code) & now["question"].isin(questions)].groupby("group", sort=True)
        if len(cells) > 1
    ]
    names = [*COMPARISONS.columns, "kind", "word", "reason", "left_group", "left_wave", "right_group", "right_wave",
             "left_share", "right_share"]  # fmt: skip
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({name: [] for name in names})
    return check_table(table[names], COMPARISONS)


def _against_others(cells: pd.DataFrame, level: float, rest: str) -> pd.DataFrame:
    share, low, high = (cells[name].to_numpy(dtype=float) for name in ("share", "low", "high"))
    reason = barred(cells["flag"])
    usable = reason.isna().to_numpy()
    n = cells["n_answers"].to_numpy(dtype=float) * usable
    others = n.sum() - n
    compared = usable & (others > 0)
    reason[usable & ~compared] = "; ".join(dict.fromkeys(reason.dropna()))
    right = np.where(others > 0, ratio(np.sum(n * share) - n * share, others), np.nan)
    down, up = (ratio(np.sqrt(np.sum(part**2) - part**2), others) for part in (n * (share - low), n * (high - share)))
    found = difference_interval((share, low, high), (right, right - down, right + up))
    difference, lowest, highest = (np.where(compared, part, np.nan) for part in found)
    p = chances(difference, lowest, highest, level)
    q = q_values(p)
    word = pd.Series(words(difference, q, level), index=cells.index, dtype=object)
    flag = pd.Series(NOT_COMPARABLE, index=cells.index, dtype=object)
    return pd.DataFrame(
        {
            "question": cells["question"].to_numpy(),
            "code": cells["code"].to_numpy(),
            "left": cells["group"].to_numpy(),
            "right": rest,
            "difference": difference,
            "low": lowest,
            "high": highest,
            "p_value": p,
            "q_value": q,
            "flag": flag.where(~compared, None).to_numpy(),
            "kind": QUESTIONS,
            "word": word.where(compared, None).to_numpy(),
            "reason": reason.to_numpy(),
            "left_group": cells["group"].to_numpy(),
            "left_wave": cells["wave"].to_numpy(),
            "right_group": rest,
            "right_wave": cells["wave"].to_numpy(),
            "left_share": share,
            "right_share": right,
        }
    )
