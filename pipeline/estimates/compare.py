"""Differences between groups, waves and a published reference, with both errors in them, and the word for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from pipeline.errors import TableError, did_you_mean, problem
from pipeline.estimates.intervals import normal_quantile, wilson
from pipeline.estimates.shares import NO_CODING_ERROR, TOO_SMALL
from pipeline.tables import COMPARISONS, SHARES, check_table, earlier_waves, wave_order

Floats = NDArray[np.float64]

HIGHER: Final = "hoger"
LOWER: Final = "lager"
NO_DIFFERENCE: Final = "geen aantoonbaar verschil"
KINDS: Final = ("rest", "wave", "reference")

NO_N: Final = "reference_without_n"
NOT_COMPARABLE: Final = "not_comparable"
#: Why the flag of a side bars a comparison: of its error too little is known to say that anything differs.
BARS: Final = {
    NO_CODING_ERROR: "no audit: the coding error is unknown",
    TOO_SMALL: "audit too small: the coding error is hardly known",
    NO_N: "no number of respondents: the sampling error is unknown",
}
_SIDES: Final = ("group", "wave", "share", "low", "high", "flag")


def compare_shares(
    shares: pd.DataFrame,
    reference: pd.DataFrame | None = None,
    *,
    level: float = 0.95,
    kinds: Iterable[str] = KINDS,
    gate: pd.DataFrame | None = None,
    wave: str | None = None,
    total: str = "Totaal",
    rest: str = "overige groepen",
) -> pd.DataFrame:
    """Return differences: each group against the rest, this wave against earlier ones and against a reference.

    A group is compared with all *other* respondents, never with a total it is part of. The interval holds coding and
    sampling error of both sides (Newcombe 1998, Statistics in Medicine 17, 873-890, method 10: the distances to both
    sides' bounds add up as squares). The p-value belongs to the same interval: it is below 1 - level exactly when the
    interval leaves out 0. q-values control the false discovery rate (Benjamini & Hochberg 1995) within a question
    and kind; the word is `hoger` or `lager` when q <= 1 - level. No difference is given where a side counts machine
    codes, rests on an audit that is too small, or was published without its number of respondents: the reason says so.

    Args:
        shares: from `estimate_shares`, one or more waves.
        reference: published shares with columns question, code, group, wave, share, n (n may be missing: the
            row is then not compared, and flagged). Rows of a group that is also in `shares` and of
            another wave are earlier measurements of it; all other rows are compared with the total.
        level: of the intervals in `shares`; read from its column `level` when there is one.
        kinds: which comparisons to make, of `rest`, `wave`, `reference`.
        gate: columns question, code, reason (optional left_wave, right_wave): rows between waves that may not be
            compared, from `gate_waves`.
        wave: this measurement, whose groups and reference are compared; left out, the newest (`wave_order`).
        total: the name of the total in `shares`.
        rest: the name of all other groups together.

    Returns:
        Contract COMPARISONS, with besides: kind, word (missing where it may not be compared), reason, left_group,
        left_wave, right_group, right_wave, left_share, right_share.

    Raises:
        TableError: a table breaks its contract, a kind or the wave is unknown, or two rows of the reference are about
            the same thing.
    """
    shares, kinds = check_table(shares, SHARES), list(kinds)
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise TableError(problem(place="compare_shares", found=f"unknown kind '{unknown[0]}'",
                                 do=did_you_mean(unknown[0], KINDS)))  # fmt: skip
    used = float(shares["level"].iloc[0]) if "level" in shares and len(shares) else level
    pairs: list[pd.DataFrame] = []
    here = [str(name) for name in shares["wave"].dropna().unique()]
    if wave is not None and here and wave not in here:
        raise TableError(problem(place="compare_shares", found=f"no wave '{wave}' in the shares",
                                 do=did_you_mean(wave, here)))  # fmt: skip
    latest = wave or max(here, key=wave_order, default=None)
    now = shares if latest is None else shares[shares["wave"] == latest]
    if "rest" in kinds:
        pairs.append(_against_rest(now, rest, total))
    if "wave" in kinds and latest is not None:
        pairs += [
            _joined(now, shares[shares["wave"] == earlier], ["question", "code", "group"], "wave")
            for earlier in earlier_waves(here, latest)
        ]
    if reference is not None:
        published = _published(reference, used)
        before = [*earlier_waves(published["wave"].unique(), latest or ""), *([""] if latest else [])]
        own = published["group"].isin(set(shares["group"])) & published["wave"].isin(before)
        if "wave" in kinds:
            pairs.append(_joined(now, published[own], ["question", "code", "group"], "wave"))
        if "reference" in kinds:
            of_total = now[now["group"] == total]
            others = published[~published["group"].isin(set(shares["group"]))]
            pairs.append(_joined(of_total, others, ["question", "code"], "reference"))
    table = pd.concat([pair for pair in pairs if len(pair)], ignore_index=True) if any(map(len, pairs)) else _none()
    return _finish(table, used, gate)


def difference_interval(left: tuple[Any, Any, Any], right: tuple[Any, Any, Any]) -> tuple[Floats, Floats, Floats]:
    """Return difference, low and high of two independent shares, each given as (share, low, high).

    >>> d, low, high = difference_interval((56 / 70, 0.692, 0.877), (48 / 80, 0.490, 0.700))
    >>> round(float(d), 3), round(float(low), 3), round(float(high), 3)
    (0.2, 0.053, 0.334)
    """
    p1, l1, u1 = (np.asarray(value, dtype=float) for value in left)
    p2, l2, u2 = (np.asarray(value, dtype=float) for value in right)
    difference = p1 - p2
    low = difference - np.hypot(p1 - l1, u2 - p2)
    high = difference + np.hypot(u1 - p1, p2 - l2)
    return difference, np.clip(low, -1, 1), np.clip(high, -1, 1)


def chances(difference: Floats, low: Floats, high: Floats, level: float) -> Floats:
    """Return the p-values of differences: below 1 - level exactly where the interval leaves out 0."""
    inward = np.where(difference >= 0, difference - low, high - difference)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(difference == 0, 0.0, np.abs(difference) / inward * normal_quantile(level))
    return np.asarray(2 * norm.sf(distance), dtype=float)


def words(difference: Any, q: Any, level: float) -> NDArray[np.object_]:
    """Return the word for each difference: `hoger` or `lager` when q <= 1 - level."""
    sure, more = np.asarray(q) <= 1 - level, np.asarray(difference) > 0
    return np.where(sure, np.where(more, HIGHER, LOWER), NO_DIFFERENCE).astype(object)


def barred(*flags: pd.Series[Any]) -> pd.Series[Any]:
    """Return per row why the flags of its sides bar a comparison (see `BARS`); None where they do not."""
    reasons = pd.Series([None] * len(flags[0]), index=flags[0].index, dtype=object)
    for flag, reason in BARS.items():
        hit = pd.Series(False, index=reasons.index)
        for side in flags:
            hit |= side.astype("string").str.contains(flag, regex=False).fillna(False).astype(bool)
        reasons[hit] = [reason if old is None else f"{old}; {reason}" for old in reasons[hit]]
    return reasons


def q_values(p: Any) -> Floats:
    """Return Benjamini-Hochberg q-values; missing p-values stay missing and do not count."""
    p = np.asarray(p, dtype=float)
    out = np.full(p.shape, np.nan)
    present = ~np.isnan(p)
    if present.any():
        out[present] = multipletests(p[present], method="fdr_bh")[1]
    return out


def _against_rest(now: pd.DataFrame, rest: str, total: str) -> pd.DataFrame:
    if "rest_share" not in now:
        return _none()
    groups = now[(now["group"] != total) & now["rest_share"].notna()]
    pair = _left(groups)
    for name in ("share", "low", "high"):
        pair[f"right_{name}"] = groups[f"rest_{name}"].to_numpy()
    pair["right_group"], pair["right_wave"], pair["kind"] = rest, pair["left_wave"], "rest"
    pair["right_flag"] = groups["rest_flag"].to_numpy() if "rest_flag" in groups else None
    return pair


def _left(shares: pd.DataFrame) -> pd.DataFrame:
    pair = shares[["question", "code"]].reset_index(drop=True)
    for name in _SIDES:
        pair[f"left_{name}"] = shares[name].to_numpy()
    return pair


def _joined(left: pd.DataFrame, right: pd.DataFrame, on: list[str], kind: str) -> pd.DataFrame:
    renamed = right.rename(columns={name: f"right_{name}" for name in _SIDES})
    if "group" in on:
        renamed["left_group"] = renamed["right_group"]
    keys = [f"left_{name}" if name == "group" else name for name in on]
    columns = list(dict.fromkeys([*keys, *(f"right_{name}" for name in _SIDES)]))
    return _left(left).merge(renamed[columns], on=keys, how="inner").assign(kind=kind)


def _published(reference: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the reference rows with Wilson bounds; without n they have none, and a flag."""
    missing = [name for name in ("question", "code", "group", "share") if name not in reference]
    if missing:
        raise TableError(problem(place="table reference", found=f"column '{missing[0]}' is missing", do="add it"))
    table = reference.copy()
    for name in ("wave", "n"):
        if name not in table:
            table[name] = None
    table["wave"] = table["wave"].astype(object).where(table["wave"].notna(), "").astype(str)
    key = ["question", "code", "group", "wave"]
    if table.duplicated(key).any():
        raise TableError(problem(place="table reference", found="two rows with the same question, code, group and wave",
                                 expected="one"))  # fmt: skip
    share, n = pd.to_numeric(table["share"]), pd.to_numeric(table["n"]).astype(float)
    if (share < 0).any() or (share > 1).any():
        raise TableError(problem(place="table reference, column share", found="a number outside 0-1",
                                 expected="a share: 0.26 for 26%"))  # fmt: skip
    known = (n > 0).to_numpy()
    table["low"], table["high"] = (np.where(known, bound, np.nan) for bound in wilson(share, n, level))
    table["flag"] = pd.Series([None if has else NO_N for has in known], index=table.index, dtype=object)
    return table[share.notna()]


def _finish(table: pd.DataFrame, level: float, gate: pd.DataFrame | None) -> pd.DataFrame:
    def side(name: str) -> tuple[Any, Any, Any]:
        share, low, high = (table[f"{name}_{part}"].astype(float) for part in ("share", "low", "high"))
        return share, low, high

    difference, low, high = difference_interval(side("left"), side("right"))
    table["difference"], table["low"], table["high"] = difference, low, high
    table["p_value"] = chances(difference, low, high, level)
    table["reason"] = _reasons(table, gate)
    barred = table["reason"].notna()
    table.loc[barred, ["difference", "low", "high", "p_value"]] = np.nan
    table["q_value"] = np.nan
    for _, rows in table.groupby(["question", "kind"], sort=False).groups.items():
        table.loc[rows, "q_value"] = q_values(table.loc[rows, "p_value"])
    word = words(table["difference"], table["q_value"], level)
    table["word"] = pd.Series(word, index=table.index, dtype=object).where(~barred & table["difference"].notna(), None)
    table["flag"] = pd.Series(None, index=table.index, dtype=object).where(~barred, NOT_COMPARABLE)
    table["left"] = _labels(table["left_group"], table["left_wave"], table["kind"])
    table["right"] = _labels(table["right_group"], table["right_wave"], table["kind"])
    table = table.sort_values(["question", "kind", "left", "right", "code"], kind="stable", ignore_index=True)
    extra = ["kind", "word", "reason", "left_group", "left_wave", "right_group", "right_wave", "left_share",
             "right_share"]  # fmt: skip
    return check_table(table[[*COMPARISONS.columns, *extra]], COMPARISONS)


def _labels(group: pd.Series[Any], wave: pd.Series[Any], kind: pd.Series[Any]) -> pd.Series[Any]:
    """Return the group, with its wave where waves are compared or a reference has one."""
    named = (kind != "rest") & wave.notna() & (wave != "")
    return group.astype(str).where(~named, group.astype(str) + " " + wave.astype(str))


def _reasons(table: pd.DataFrame, gate: pd.DataFrame | None) -> pd.Series[Any]:
    reasons = barred(table["left_flag"], table["right_flag"])
    for row in [] if gate is None else gate.to_dict("records"):
        hit = (table["kind"] == "wave") & (table["question"] == row["question"]) & (table["code"] == row["code"])
        for name in ("left_wave", "right_wave"):
            if pd.notna(row.get(name)):
                hit &= table[name] == row[name]
        reasons[hit] = [row["reason"] if old is None else f"{row['reason']}; {old}" for old in reasons[hit]]
    return reasons


def _none() -> pd.DataFrame:
    names = ["question", "code", "kind", "note"]
    names += [f"{side}_{name}" for side in ("left", "right") for name in _SIDES]
    return pd.DataFrame({name: pd.Series([], dtype=object) for name in names})
