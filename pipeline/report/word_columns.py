"""How a table fits a page of Word: its texts, the width of its columns, and the parts that it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline.report.content import Table
from pipeline.report.plain import plain
from pipeline.report.show import MARKS, shown

TEXT_WIDTH: Final = 16.0  # centimetres: A4 with margins of 2.5
_LETTERS: Final = {
    **dict.fromkeys("ijlI.,:;'!|/ ", 0.3),
    **dict.fromkeys("frt-()[]", 0.39),
    **dict.fromkeys("acekszvxyJ0123456789–", 0.57),
    **dict.fromkeys("mwMW%@—▲▼", 0.9),
}  # how wide a bold letter is, in ems
_LETTER: Final = 0.62  # any other small one; a capital is wider
_CAPITAL: Final = 0.76
_MARGINS: Final = 0.4  # centimetres, of a cell
_STUB: Final = 3.0  # the same, the least for the first column


def texts_of(table: Table, language: str) -> list[list[str]]:
    """Return the texts of a table's cells, the heads first."""
    heads = [table.stub, *("\n".join(part for part in (column.label, column.sub) if part) for column in table.columns)]
    lines = [[plain(head) for head in heads]]
    for row in table.rows:
        pairs = zip(row.cells, table.columns, strict=True)
        marked = (
            shown(cell, column, language) + (f" {MARKS[cell.mark]}" if cell.mark else "") for cell, column in pairs
        )
        lines.append([plain(row.label), *map(plain, marked)])
    return lines


def points_of_heads(table: Table) -> float:
    """Return the points of a table's heads; its cells have one more."""
    return 8.5 if len(table.columns) < 9 else 6.5


def parts_of(table: Table, language: str) -> list[Table]:
    """Return a table in as few parts below each other as fit the paper: columns that are too narrow can't be read.

    A margin stays beside its percentage.
    """
    places = range(len(table.columns))
    starts = [place for place in places if not place or table.columns[place].kind != "interval"]
    for count in range(1, len(starts) + 1):
        firsts = sorted({starts[number * len(starts) // count] for number in range(count)})
        ends = [*firsts[1:], len(places)]
        parts = [
            replace(table, columns=table.columns[first:end],
                    rows=tuple(replace(row, cells=row.cells[first:end]) for row in table.rows))
            for first, end in zip(firsts, ends, strict=True)
        ]  # fmt: skip
        if all(sum(_needed(texts_of(part, language), points_of_heads(part))) <= TEXT_WIDTH - _STUB for part in parts):
            break
    return parts


def widths(lines: list[list[str]], size: float) -> list[float]:
    """Return the columns' widths in cm: all but the first alike, unless one of them holds a longer word.

    `lines` are the texts of the cells, the heads first; these have `size` points, the others one more.

    >>> widths([["Gemeente", "Deden mee", "Respons"], ["Totaal", "389", "17%"]], 8.5)
    [5.8, 3.2, 3.2]
    >>> many = ["Gemeente", "Aantal", "Respons", "Marge", "Betrouwbaarheid"]
    >>> [round(width, 1) for width in widths([many, ["Totaal", "389", "17%", "5%", "97%"]], 8.5)]
    [5.8, 2.1, 2.4, 2.0, 3.7]
    """
    n = len(lines[0]) - 1
    stub = 5.8 if n < 6 else 4.6 if n < 9 else _STUB
    needed = _needed(lines, size)
    alike = min(3.2, (TEXT_WIDTH - stub) / n)
    if max(needed) <= alike:
        return [stub] + [alike] * n
    if n * max(needed) <= TEXT_WIDTH - 0.8 * stub:  # a first column that is a little narrower is no loss
        return [TEXT_WIDTH - n * max(needed)] + [max(needed)] * n
    stub = max(_STUB, min(stub, TEXT_WIDTH - sum(needed)))
    spare = (TEXT_WIDTH - stub - sum(needed)) / n
    return [stub, *(width + spare for width in needed)]


def _needed(lines: list[list[str]], size: float) -> list[float]:
    """Return the width in cm that each column but the first needs for its longest word; a hyphen is a place to break.

    >>> heads = ["Punt", "Marge gemengd", "Hendrik-Ido-Ambacht"]
    >>> [round(width, 1) for width in _needed([heads, ["", "5%", "6%"]], 8.5)]
    [1.8, 1.7]
    """
    return [
        max(
            sum(map(_em, word)) * (size + (number > 0)) * 2.54 / 72 + _MARGINS
            for number, text in enumerate(column)
            for word in text.replace("-", "- ").split() or [""]
        )
        for column in list(zip(*lines, strict=True))[1:]
    ]


def _em(letter: str) -> float:
    """Return about how wide a bold letter is, in ems."""
    return _LETTERS.get(letter, _CAPITAL if letter.isupper() else _LETTER)
