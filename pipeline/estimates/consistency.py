"""Slips in published figures: totals that do not add up, tables printed twice, one figure with two values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

FINDINGS: Final = ("file", "place", "what")
HALF_POINT: Final = 0.005
Finding = tuple[str, str, str]


def check_published(
    reference: pd.DataFrame,
    *,
    total: str = "Totaal",
    rounding: float = HALF_POINT,
    nets: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    file: str = "",
) -> pd.DataFrame:
    """Return what cannot be right in published shares, with file and place.

    Found are: a share outside 0-1; one figure printed with two values; a table printed under two names; a total that
    lies outside its groups' shares, or is not their mean by numbers of respondents; groups whose respondents do not
    add up to the total's; a net below one of its codes or above their sum.

    Args:
        reference: columns question, code, group, share; optional wave, n, file, source (the place, such as a table).
        total: name of the group that holds all others.
        rounding: half of the last printed digit (0.005: whole percents).
        nets: question -> net -> the codes under it.
        file: name for rows that carry no file of their own.

    Returns:
        file, place, what; sorted, empty when nothing is wrong.
    """
    table = _prepared(reference, file)
    found: list[Finding] = []
    for row in table[(table["share"] < 0) | (table["share"] > 1)].to_dict("records"):
        found.append((row["file"], _place(row), f"share {row['share']:g} is not between 0 and 1"))
    found += _two_values(table, rounding)
    found += _printed_twice(table)
    for _, cells in table.groupby(["question", "wave", "code"], sort=True):
        found += _total_against_groups(cells, total, rounding)
    for (question, _, _), cells in table.groupby(["question", "wave", "group"], sort=True):
        found += _nets(cells, (nets or {}).get(str(question), {}), rounding)
    return _findings(found)


def _two_values(table: pd.DataFrame, rounding: float) -> list[Finding]:
    found: list[Finding] = []
    for _, rows in table.groupby(["question", "wave", "group", "code"], sort=True):
        if rows["share"].max() - rows["share"].min() > rounding + 1e-9:
            values = " and ".join(f"{share:g} ({source or 'no source'})" for share, source in
                                  zip(rows["share"], rows["source"], strict=True))  # fmt: skip
            first = _first(rows)
            found.append((first["file"], _place({**first, "source": ""}), f"one figure, two values: {values}"))
    return found


def _printed_twice(table: pd.DataFrame) -> list[Finding]:
    """Two groups, waves or questions with three or more codes in common and all figures equal."""
    seen: dict[tuple[Any, ...], dict[str, Any]] = {}
    found: list[Finding] = []
    for _, rows in table.groupby(["question", "wave", "group"], sort=True):
        first = _first(rows)
        figures = tuple(sorted(zip(rows["code"], rows["share"], strict=True)))
        if len({share for _, share in figures}) < 3:
            continue
        if figures in seen:
            other = seen[figures]
            twin = _where(other["source"], other["question"], other["group"], other["wave"])
            here = _where(first["source"], first["question"], first["group"], first["wave"])
            found.append((first["file"], here, f"the same figures as {twin}"))
        else:
            seen[figures] = first
    return found


def _total_against_groups(cells: pd.DataFrame, total: str, rounding: float) -> list[Finding]:
    whole, groups = cells[cells["group"] == total].head(1), cells[cells["in_total"] & (cells["group"] != total)]
    if whole.empty or len(groups) < 2:
        return []
    row = _first(whole)
    found: list[Finding] = []
    complete = False
    if groups["n"].notna().all() and pd.notna(row["n"]):
        added = int(groups["n"].sum())
        complete = added == int(row["n"])
        if not complete:
            parts = " + ".join(str(int(number)) for number in groups["n"])
            place = _where(row["source"], row["question"], row["group"], row["wave"])
            found.append((row["file"], place, f"respondents: {parts} = {added}, not {int(row['n'])}"))
    if complete:
        mean = float((groups["share"] * groups["n"]).sum() / groups["n"].sum())
        if abs(mean - row["share"]) > 2 * rounding + 1e-9:
            found.append((row["file"], _place(row), f"the total is {row['share']:g}, its groups give {mean:.3f}"))
    elif not groups["n"].notna().all():
        low, high = groups["share"].min() - 2 * rounding, groups["share"].max() + 2 * rounding
        if not low - 1e-9 <= row["share"] <= high + 1e-9:
            found.append((row["file"], _place(row), f"the total {row['share']:g} lies outside its groups' shares"))
    return found


def _nets(cells: pd.DataFrame, nets: Mapping[str, Sequence[str]], rounding: float) -> list[Finding]:
    share = dict(zip(cells["code"], cells["share"], strict=True))
    found: list[Finding] = []
    for net, members in nets.items():
        parts = [share[code] for code in members if code in share]
        if net not in share or not parts:
            continue
        row = _first(cells[cells["code"] == net])
        if share[net] < max(parts) - 2 * rounding - 1e-9:
            found.append(
                (row["file"], _place(row), f"the net {share[net]:g} is below one of its codes ({max(parts):g})")
            )
        if len(parts) == len(members) and share[net] > sum(parts) + (len(parts) + 1) * rounding + 1e-9:
            found.append((row["file"], _place(row), f"the net {share[net]:g} is above the sum of its codes"))
    return found


def _prepared(reference: pd.DataFrame, file: str) -> pd.DataFrame:
    table = reference.copy()
    for name, missing in (("wave", ""), ("source", ""), ("file", file)):
        table[name] = table[name].fillna(missing).astype(str) if name in table else missing
    for name in ("question", "code", "group"):
        table[name] = table[name].astype(str)
    table["n"] = pd.to_numeric(table["n"]) if "n" in table else float("nan")
    table["share"] = pd.to_numeric(table["share"])
    table["in_total"] = table["in_total"].astype(bool) if "in_total" in table else True
    return table[table["share"].notna()]


def _first(rows: pd.DataFrame) -> dict[str, Any]:
    return {str(name): value for name, value in rows.iloc[0].to_dict().items()}


def _place(row: Mapping[Any, Any]) -> str:
    return _where(row["source"], row["question"], row["group"], row["wave"], row["code"])


def _where(*parts: str) -> str:
    return ", ".join(str(part) for part in parts if part)


def _findings(found: list[Finding]) -> pd.DataFrame:
    return pd.DataFrame(sorted(set(found)), columns=list(FINDINGS))
