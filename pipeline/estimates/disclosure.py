"""Disclosure control: no number and no quote about so few respondents that it says who they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import TableError, problem
from pipeline.tables import SHARES, check_table

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MIN_CELL: Final = 5
_KEPT: Final = frozenset({"n_answers", "n_reviewed", "rest_n_answers", "level"})


def suppress(
    shares: pd.DataFrame,
    *,
    min_cell: int = MIN_CELL,
    total: str = "Totaal",
    nets: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """Return the shares with the numbers of too small cells left out, and of as many others as keep these secret.

    A cell is too small when its group has fewer than `min_cell` respondents, or when it stands for at least one and
    fewer than `min_cell` of them (share x respondents, rounded). What can be worked out from the rest of a table is
    the sum of the cells left out: total minus the groups shown, net minus the codes shown. In every such sum at least
    two cells are left out and together they hold at least `min_cell` respondents; the smallest cells go first. Cells
    of no respondents are shown. Which cells are themselves too small is not told, for that would give them away.

    Source: Hundepool et al. (2012), Statistical Disclosure Control, chapter 4 (minimum frequency rule; primary and
    secondary suppression).

    Args:
        shares: from `estimate_shares`; `min_cell` 0 or 1 leaves nothing out.
        min_cell: smallest number of respondents that may be shown.
        total: name of the row for all groups together.
        nets: net -> the codes under it, as given to `estimate_shares`.

    Returns:
        The same rows with a column `suppressed` (bool); where it is true, share, bounds and every other number except
        the numbers of answers are missing.
    """
    shares = check_table(shares, SHARES).reset_index(drop=True)
    count = np.floor((shares["share"] * shares["n_answers"]).fillna(0.0).to_numpy(dtype=float) + 0.5)
    few = (shares["n_answers"] < min_cell).to_numpy(dtype=bool)
    small = few | ((count >= 1) & (count < min_cell))
    sums = list(_sums(shares, total, nets or {}))
    hidden = _protect(small, count, sums, min_cell) if min_cell > 1 else np.zeros(len(shares), dtype=bool)
    out = shares.assign(suppressed=hidden)
    numbers = [name for name in out.select_dtypes("number").columns if name not in _KEPT]
    out.loc[hidden, numbers] = np.nan
    around = [name for name in numbers if name.startswith("rest_")]
    out.loc[_total_hidden(out, total), around] = np.nan
    return out


def suppress_comparisons(comparisons: pd.DataFrame, suppressed: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons with the numbers left out of those that would give a suppressed share away.

    Args:
        comparisons: from `compare_shares`.
        suppressed: from `suppress`.
    """
    key = ["question", "code", "group", "wave"]
    hidden = set(map(tuple, _texts(suppressed.loc[suppressed["suppressed"], key]).to_numpy()))
    gone = np.zeros(len(comparisons), dtype=bool)
    for side in ("left", "right"):
        cells = _texts(comparisons[["question", "code", f"{side}_group", f"{side}_wave"]]).to_numpy()
        gone |= np.array([tuple(cell) in hidden for cell in cells], dtype=bool)
    out = comparisons.assign(suppressed=gone)
    numbers = [name for name in ("difference", "low", "high", "p_value", "q_value", "left_share", "right_share")
               if name in out]  # fmt: skip
    out.loc[gone, numbers] = np.nan
    out["word"] = out["word"].astype(object).where(~gone, None)
    return out


def quote_allowed(
    suppressed: pd.DataFrame,
    question: str,
    code: str,
    group: str | None = None,
    *,
    wave: str | None = None,
    total: str = "Totaal",
) -> bool:
    """Return whether a quote may be printed under a code, with its group (or without: `group` None).

    The rule is that of the table: not where the cell's percentage is left out, nor where there is no such cell.

    Raises:
        TableError: `suppressed` is not from `suppress`.
    """
    if "suppressed" not in suppressed:
        raise TableError(
            problem(place="quotes", found="shares without column 'suppressed'", do="pass them to suppress")
        )
    rows = (suppressed["question"] == question) & (suppressed["code"] == code)
    rows &= suppressed["group"] == (total if group is None else group)
    if wave is not None:
        rows &= suppressed["wave"] == wave
    return bool(rows.any()) and not bool(suppressed.loc[rows, "suppressed"].any())


def _protect(small: Bools, count: Floats, sums: list[tuple[list[int], int]], min_cell: int) -> Bools:
    """Hide further cells until no sum gives a hidden one away; a sum is (its parts, the row that shows it)."""
    hidden = small.copy()
    changed = True
    while changed:
        changed = False
        for parts, whole in sums:
            inside = [cell for cell in parts if hidden[cell]]
            if not inside and not hidden[whole]:
                continue
            enough = bool(hidden[whole]) or (len(inside) > 1 and count[inside].sum() >= min_cell)
            if inside and enough:
                continue
            shown = [cell for cell in parts if not hidden[cell]]
            hidden[min(shown, key=lambda cell: (count[cell] == 0, count[cell], cell)) if shown else whole] = True
            changed = True
    return hidden


def _sums(shares: pd.DataFrame, total: str, nets: Mapping[str, Sequence[str]]) -> Iterator[tuple[list[int], int]]:
    """Yield the rows that add up, or nearly so, to another row: groups to their total, codes to their net."""
    table = shares[["question", "group", "code"]].assign(wave=_texts(shares[["wave"]])["wave"])
    order = table.sort_values(["question", "wave", "code", "group"], kind="stable")
    size = shares["n_answers"].to_numpy()
    for _, cells in order.groupby(["question", "wave", "code"], sort=False):
        rows = cells.index.to_numpy()
        is_total = (cells["group"] == total).to_numpy()
        parts, whole = rows[~is_total], rows[is_total]
        if len(parts) and len(whole) and size[parts].sum() == size[whole].sum():  # else unknown groups hide the rest
            yield [int(row) for row in parts], int(whole[0])
    for _, cells in order.groupby(["question", "wave", "group"], sort=False):
        row_of = {str(code): int(row) for row, code in zip(cells.index.to_numpy(), cells["code"], strict=True)}
        for net, members in nets.items():
            rows_of_codes = [row_of[code] for code in members if code in row_of and code != net]
            if net in row_of and rows_of_codes:
                yield rows_of_codes, row_of[net]


def _total_hidden(shares: pd.DataFrame, total: str) -> Bools:
    key = ["question", "code", "wave"]
    hidden = set(map(tuple, _texts(shares.loc[shares["suppressed"] & (shares["group"] == total), key]).to_numpy()))
    return np.array([tuple(cell) in hidden for cell in _texts(shares[key]).to_numpy()], dtype=bool)


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype(object).where(table.notna(), "").astype(str)
