"""The tables as CSV files that Dutch Excel opens by a double click: semicolons, decimal commas, a BOM."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.report.content import Cell, Column, Document, Table
from pipeline.report.labels import Messages
from pipeline.report.show import MARKS
from pipeline.workspace import write_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_tables(document: Document, folder: Path, say: Messages) -> list[Path]:
    """Write one file per table; percentages are numbers 0-100 with decimals, a held-back one is empty."""
    paths = []
    for table in document.tables:
        path = folder / f"{table.number:02d}-{table.key}.csv"
        write_text(path, csv_text(_lines(table, say)), bom=True)
        paths.append(path)
    return paths


def csv_text(lines: Iterable[Sequence[str]]) -> str:
    """Return semicolon-separated text; what Excel would run as a formula is text."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerows([[harmless(value) for value in line] for line in lines])
    return stream.getvalue()


def harmless(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula; numbers stay what they are.

    >>> harmless("=1+1"), harmless("-0,5"), harmless("- vriendelijk")
    ("'=1+1", '-0,5', "'- vriendelijk")
    """
    if value.startswith(_FORMULA) and not value[1:].replace(",", "", 1).replace(".", "", 1).isdigit():
        return "'" + value
    return value


def _lines(table: Table, say: Messages) -> list[list[str]]:
    head = [table.stub]
    for column in table.columns:
        head += (
            [say("col_low", label=column.label), say("col_high", label=column.label)]
            if column.kind == "interval"
            else [_head(column)]
        )
    marked = [any(row.cells[place].mark for row in table.rows) for place in range(len(table.columns))]
    head += [f"{column.label} ▲▼" for column, has in zip(table.columns, marked, strict=True) if has]
    stated = any(row.status for row in table.rows)
    head += [say("col_status")] if stated else []
    lines = [head]
    for row in table.rows:
        line = [row.label]
        for cell, column in zip(row.cells, table.columns, strict=True):
            line += _values(cell, column, say.language)
        line += [MARKS[cell.mark] for cell, has in zip(row.cells, marked, strict=True) if has]
        line += [row.status] if stated else []
        lines.append(line)
    return lines


def _head(column: Column) -> str:
    unit = " (%)" if column.kind in ("percent", "decimal") else ""
    return f"{column.label}{unit}"


def _values(cell: Cell, column: Column, language: str) -> list[str]:
    if column.kind == "interval":
        return [_number(cell.value, 100, language), _number(cell.high, 100, language)]
    if isinstance(cell.value, str):
        return [cell.value]
    return [_number(cell.value, 100 if column.kind in ("percent", "decimal") else 1, language)]


def _number(value: float | str | None, factor: int, language: str) -> str:
    if value is None or isinstance(value, str):
        return ""
    text = f"{value * factor:.9f}".rstrip("0").rstrip(".")  # as `whole_percent` rounds it, so that both round alike
    return text if language == "en" else text.replace(".", ",")
