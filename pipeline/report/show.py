"""A cell as a reader sees it."""

from __future__ import annotations

from pipeline.report import numbers
from pipeline.report.content import Cell, Column, Kind

MARKS = {"up": "▲", "down": "▼", "": ""}


def shown(cell: Cell, column: Column, language: str = "nl") -> str:
    """Return the text of a cell, without its mark.

    >>> shown(Cell(0.264), Column("2022", "percent")), shown(Cell(hidden=True), Column("2022", "percent"))
    ('26%', '•')
    """
    if cell.hidden:
        return numbers.HIDDEN
    if cell.value is None or isinstance(cell.value, str):
        return cell.value or numbers.UNKNOWN
    return _number(cell.value, cell.high, column.kind, language)


def _number(value: float, high: float | None, kind: Kind, language: str) -> str:
    if kind == "percent":
        return numbers.percent(value)
    if kind == "interval":
        return numbers.interval(value, high)
    if kind == "decimal":
        return numbers.decimal(value * 100, language) + "%"
    if kind == "ratio":
        return numbers.decimal(value, language, digits=2)
    return numbers.count(value, language)
