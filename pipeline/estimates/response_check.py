"""Slips in published response tables: counts that do not add up, percentages that do not follow from the counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from pipeline.estimates.consistency import HALF_POINT, Finding, findings, where
from pipeline.estimates.response import confidence_level


def check_response(
    response: pd.DataFrame, *, total: str = "Totaal", margin: float = 0.05, file: str = ""
) -> pd.DataFrame:
    """Return what cannot be right in published response tables, with file and place.

    Found are: more answers than invitations; paper and online that do not add up to the number returned; groups that
    do not add up to the total; a printed response or confidence level that does not follow from the numbers; two
    surveys in which the same groups have each other's numbers of invited.

    Args:
        response: columns group and returned; optional invited, returned_paper, returned_online, response and
            confidence (shares 0-1), survey (tables are checked per survey), file, source.
        total: name of the group that holds all others.
        margin: at which the confidence level was printed.
        file: name for rows that carry no file of their own.

    Returns:
        file, place, what.
    """
    table = response.copy()
    for name, missing in (("survey", ""), ("source", ""), ("file", file)):
        table[name] = table[name].fillna(missing).astype(str) if name in table else missing
    found: list[Finding] = []
    for row in table.to_dict("records"):
        found += [(row["file"], where(row["survey"], row["source"], row["group"]), what)
                  for what in _response_slips(row, margin)]  # fmt: skip
    for survey, rows in table.groupby("survey", sort=True):
        groups, whole = rows[rows["group"] != total], rows[rows["group"] == total]
        for name in ("returned", "invited"):
            if name in rows and len(whole) and len(groups) and rows[name].notna().all():
                added, printed = int(groups[name].sum()), int(whole[name].iloc[0])
                if added != printed:
                    parts = " + ".join(str(int(number)) for number in groups[name])
                    found.append((str(whole["file"].iloc[0]), where(str(survey), str(whole["source"].iloc[0]), total),
                                  f"{name}: {parts} = {added}, not {printed}"))  # fmt: skip
    return findings(found + _swapped(table, total))


def _response_slips(row: Mapping[Any, Any], margin: float) -> Iterator[str]:
    returned, invited = row["returned"], row.get("invited")
    if pd.notna(row.get("returned_paper")) and pd.notna(row.get("returned_online")):
        both = int(row["returned_paper"]) + int(row["returned_online"])
        if both != int(returned):
            yield f"paper and online give {both}, not {int(returned)}"
    if invited is None or pd.isna(invited):
        return
    if returned > invited:
        yield f"{int(returned)} answers of {int(invited)} invited"
        return
    if pd.notna(row.get("response")) and abs(returned / invited - row["response"]) > HALF_POINT + 1e-9:
        yield f"response {row['response']:g} is printed, {returned / invited:.3f} follows from the numbers"
    computed = confidence_level(int(returned), int(invited), margin)
    printed = row.get("confidence")
    if printed is None or pd.isna(printed):
        return
    whole = abs(100 * printed - round(100 * printed)) < 1e-6  # printed as a whole percentage
    if abs(computed - printed) > (HALF_POINT if whole else HALF_POINT / 5) + 1e-9:
        yield f"confidence level {row['confidence']:.3f} is printed, {computed:.3f} follows from the numbers"


def _swapped(table: pd.DataFrame, total: str) -> list[Finding]:
    if "invited" not in table:
        return []
    wide = table[table["group"] != total].pivot_table(index="group", columns="survey", values="invited")
    found: list[Finding] = []
    for place, left in enumerate(wide.columns):
        for right in wide.columns[place + 1 :]:
            for number, one in enumerate(wide.index):
                for other in wide.index[number + 1 :]:
                    a, b = wide.loc[[one, other], left]
                    c, d = wide.loc[[one, other], right]
                    if a != b and a == d and b == c:
                        what = f"invited of '{one}' and '{other}' are each other's ({a:g} and {b:g})"
                        found.append(("", where(str(left), str(right)), what))
    return found
