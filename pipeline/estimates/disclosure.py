"""Disclosure control: no number about so few respondents that it says who they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.tables import SHARES, check_table

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MIN_CELL: Final = 5
WORTH: Final = 0.05  # part of the answers that a figure may stand for and be left out so that they can be listed
_NOTHING: Final = 1e-6  # rounding errors are far below it; what is not 0 here is far above
_KEPT: Final = frozenset({"n_answers", "n_reviewed", "rest_n_answers", "level"})


def suppress(
    shares: pd.DataFrame,
    *,
    min_cell: int = MIN_CELL,
    total: str = "Totaal",
    nets: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    one_of: Mapping[str, Sequence[Sequence[str]]] | None = None,
    listed: Mapping[str, Iterable[Collection[str]]] | None = None,
    wave: str | None = None,
) -> pd.DataFrame:
    """Return the shares with the numbers of too small cells left out, and of as many others as keep these secret.

    A cell is too small when its group has fewer than `min_cell` respondents, or when it stands for at least one and
    fewer than `min_cell` of them: people, rounded, whatever they weigh. What can be worked out from the rest of a
    table is the sum of the cells left out: total minus the groups shown, net minus the codes shown, everyone minus the
    judgements shown. In every such sum at least two cells are left out and together they hold at least `min_cell`
    respondents, and no too small cell follows from several sums together; the smallest cells go first. Respondents
    without a group are such a cell, unless they are fewer than `min_cell`: so few hide nobody. Cells of no respondents
    are shown. Which cells are themselves too small is not told, for that would give them away.

    Where answers are listed under the codes shown, everyone can count those that have none of these. There must be
    none, or at least `min_cell` with more than one code. Where one more figure of at most 5% makes it so, it is left
    out as well; where not, the figures stay and the answers cannot be listed (the report sees to that).

    Source: Hundepool et al. (2012), Statistical Disclosure Control, chapter 4 (minimum frequency rule; primary and
    secondary suppression).

    Args:
        shares: from `estimate_shares`; `min_cell` 0 or 1 leaves nothing out.
        min_cell: smallest number of respondents that may be shown.
        total: name of the row for all groups together.
        nets: question -> net -> the codes under it, as given to `estimate_shares`.
        one_of: question -> sets of codes of which every answer has exactly one, as given to `estimate_shares`.
        listed: question -> the codes of each of its answers, for questions whose answers are listed by code.
        wave: the wave of the answers that are listed.

    Returns:
        The same rows with a column `suppressed` (bool); where it is true, share, bounds and every other number except
        the numbers of answers are missing. So that no text ranks what is shown above what is not, two more (bool):
        `surpassed`, a share left out of the same question, group and set of codes is larger; `surpassed_elsewhere`,
        one of the same code and group in another question.
    """
    shares = check_table(shares, SHARES).reset_index(drop=True)
    people = shares["n_people"] if "n_people" in shares else shares["share"] * shares["n_answers"]
    count = np.floor(people.fillna(0.0).to_numpy(dtype=float) + 0.5)
    few = (shares["n_answers"] < min_cell).to_numpy(dtype=bool)
    small = few | ((count >= 1) & (count < min_cell))
    sums = list(_sums(shares, count, total, nets or {}, one_of or {}, min_cell))
    lists = list(_lists(shares, total, wave, listed or {}))
    hidden = _protect(small, count, sums, lists, min_cell) if min_cell > 1 else np.zeros(len(shares), dtype=bool)
    out = shares.assign(
        suppressed=hidden,
        surpassed=_surpassed(shares, hidden, ["question", "wave", "group"], _sets(shares, one_of or {})),
        surpassed_elsewhere=_surpassed(shares, hidden, ["code", "wave", "group"], 0),
    )
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


@dataclass(frozen=True)
class _Sum:
    """Rows that add up, the row that shows their sum (if any), and what a part without a row holds (if any)."""

    table: tuple[str, str]  # question and wave
    parts: list[int]
    whole: int | None
    unknown: float | None = None


#: The answers to one question by the rows of the total that they count in: how many there are of each kind.
_List = Counter[frozenset[int]]


def _lists(
    shares: pd.DataFrame, total: str, wave: str | None, listed: Mapping[str, Iterable[Collection[str]]]
) -> Iterator[_List]:
    own = shares[(shares["group"] == total) & (shares["wave"].isna() | (shares["wave"] == wave))]
    row_of = dict(zip(zip(own["question"], own["code"], strict=True), own.index.tolist(), strict=True))
    for question, answers in listed.items():
        kinds: _List = Counter()
        for codes in answers:
            kinds[frozenset(row_of[question, code] for code in codes if (question, code) in row_of)] += 1
        del kinds[frozenset()]
        yield kinds


def _sets(shares: pd.DataFrame, one_of: Mapping[str, Sequence[Sequence[str]]]) -> pd.Series[int]:
    """Return for every row which set of codes its code is in, from 1 within its question; 0 for none."""
    place = {(question, code): number for question, sets in one_of.items()
             for number, members in enumerate(sets, start=1) for code in members}  # fmt: skip
    pairs = zip(shares["question"], shares["code"], strict=True)
    return pd.Series([place.get(pair, 0) for pair in pairs], index=shares.index, dtype=int)


def _surpassed(shares: pd.DataFrame, hidden: Bools, alike: list[str], part: pd.Series[int] | int) -> Bools:
    """Return for every row that is shown whether a larger share among those that are alike is left out."""
    table = _texts(shares[alike]).assign(part=part, left_out=shares["share"].where(hidden, -1.0).fillna(-1.0))
    largest = table.groupby([*alike, "part"], sort=False)["left_out"].transform("max")
    return np.asarray(~hidden & (largest > shares["share"]), dtype=bool)


def _protect(small: Bools, count: Floats, sums: list[_Sum], lists: list[_List], min_cell: int) -> Bools:
    """Hide further cells until no sum gives a hidden one away, nor several sums together a small one, nor a list.

    A list of answers only where that costs little.
    """
    hidden = small.copy()
    tables: dict[tuple[str, str], list[_Sum]] = {}
    for one in sums:
        tables.setdefault(one.table, []).append(one)
    changed = True
    while changed:
        changed = False
        for alike in tables.values():
            _protect_sums(hidden, count, alike, min_cell)
            while (further := _further(small, hidden, count, alike)) is not None:
                hidden[further] = True
                _protect_sums(hidden, count, alike, min_cell)
        for answers in lists:
            if (beside := _beside(answers, hidden, count, min_cell)) is not None:
                hidden[beside] = changed = True
    return hidden


def _further(small: Bools, hidden: Bools, count: Floats, sums: Sequence[_Sum]) -> int | None:
    """Return the cell to hide next because the sums together give a small one away; None when they don't.

    The sums are linear equations in the hidden cells, of which one has a single solution exactly when its unit vector
    is in the row space: when its projection on that is the vector itself. The smallest cell that is shown in a sum with
    it goes, or else the smallest of the table; cells of nobody last.
    """
    cells = sorted({cell for one in sums for cell in (*one.parts, *([] if one.whole is None else [one.whole]))})
    place = {cell: number for number, cell in enumerate(cell for cell in cells if hidden[cell])}
    if not any(small[cell] for cell in place):
        return None
    # what a part without a row holds is known to nobody, so such a sum tells nothing of the others
    equations = np.zeros((len(sums), len(place)))
    for equation, one in zip(equations, sums, strict=True):
        if one.unknown is None:
            equation[[place[cell] for cell in one.parts if hidden[cell]]] = 1.0
            if one.whole is not None and hidden[one.whole]:
                equation[place[one.whole]] = -1.0
    sizes, directions = np.linalg.eigh(equations @ equations.T)
    real = sizes > _NOTHING
    known = ((directions[:, real].T @ equations) ** 2 / sizes[real, None]).sum(axis=0) > 1 - _NOTHING
    given_away = next((cell for cell, number in place.items() if small[cell] and known[number]), None)
    shown = [cell for cell in cells if not hidden[cell]]
    if given_away is None or not shown:
        return None
    beside = {cell for one in sums if given_away in one.parts for cell in one.parts}
    return min(shown, key=lambda cell: (cell not in beside, count[cell] == 0, count[cell], cell))


def _protect_sums(hidden: Bools, count: Floats, sums: Sequence[_Sum], min_cell: int) -> None:
    """Hide further cells, in place, until no single sum gives a hidden one away."""
    changed = True
    while changed:
        changed = False
        for one in sums:
            inside = [cell for cell in one.parts if hidden[cell]]
            secret = one.whole is not None and bool(hidden[one.whole])
            if not inside and not secret:
                continue
            several = len(inside) + (one.unknown is not None) > 1
            enough = secret or (several and count[inside].sum() + (one.unknown or 0.0) >= min_cell)
            if inside and enough:
                continue
            shown = [cell for cell in one.parts if not hidden[cell]]
            further = min(shown, key=lambda cell: (count[cell] == 0, count[cell], cell)) if shown else one.whole
            if further is not None:
                hidden[further] = changed = True


def _beside(answers: _List, hidden: Bools, count: Floats, min_cell: int) -> int | None:
    """Return the smallest cell shown, where hiding it keeps a list from telling a hidden one and costs little."""
    shown = {row for rows in answers for row in rows if not hidden[row]}
    if not shown or _tells_nothing(answers, hidden, min_cell):
        return None
    smallest = min(shown, key=lambda row: (count[row], row))
    with_it = hidden.copy()
    with_it[smallest] = True
    cheap = count[smallest] <= WORTH * answers.total()
    return smallest if cheap and _tells_nothing(answers, with_it, min_cell) else None


def _tells_nothing(answers: _List, hidden: Bools, min_cell: int) -> bool:
    missing = [rows for rows in answers if hidden[list(rows)].all()]
    enough = sum(answers[rows] for rows in missing) >= min_cell and len(frozenset().union(*missing)) > 1
    return not missing or enough


def _sums(
    shares: pd.DataFrame,
    count: Floats,
    total: str,
    nets: Mapping[str, Mapping[str, Sequence[str]]],
    one_of: Mapping[str, Sequence[Sequence[str]]],
    min_cell: int,
) -> Iterator[_Sum]:
    """Yield what adds up, or nearly so: groups to their total, codes to their net, judgements to everyone."""
    size = shares["n_answers"].to_numpy()
    table = shares[["question", "group", "code"]].assign(wave=_texts(shares[["wave"]])["wave"])
    order = table.sort_values(["question", "wave", "code", "group"], kind="stable")
    for (question, wave, _), cells in order.groupby(["question", "wave", "code"], sort=False):
        rows = cells.index.to_numpy()
        is_total = (cells["group"] == total).to_numpy()
        parts, whole = rows[~is_total], rows[is_total]
        if len(parts) and len(whole):
            many = size[whole[0]] - size[parts].sum() >= min_cell
            unknown = max(float(count[whole[0]] - count[parts].sum()), 0.0) if many else None
            yield _Sum((str(question), str(wave)), [int(row) for row in parts], int(whole[0]), unknown)
    for (question, wave, _), cells in order.groupby(["question", "wave", "group"], sort=False):
        row_of = {str(code): int(row) for row, code in zip(cells.index.to_numpy(), cells["code"], strict=True)}
        for net, members in nets.get(str(question), {}).items():
            rows_of_codes = [row_of[code] for code in members if code in row_of and code != net]
            if net in row_of and rows_of_codes:
                yield _Sum((str(question), str(wave)), rows_of_codes, row_of[net])
        for members in one_of.get(str(question), ()):
            if rows_of_codes := [row_of[code] for code in members if code in row_of]:
                yield _Sum((str(question), str(wave)), rows_of_codes, None)


def _total_hidden(shares: pd.DataFrame, total: str) -> Bools:
    key = ["question", "code", "wave"]
    hidden = set(map(tuple, _texts(shares.loc[shares["suppressed"] & (shares["group"] == total), key]).to_numpy()))
    return np.array([tuple(cell) in hidden for cell in _texts(shares[key]).to_numpy()], dtype=bool)


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype(object).where(table.notna(), "").astype(str)
