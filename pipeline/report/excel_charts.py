"""The workbook's own charts, drawn by Excel from the cells of the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.report.charts import axis_ticks
from pipeline.report.content import Bar, Column, Document, Figure, Table
from pipeline.report.context import Context
from pipeline.report.palette import LIGHT, key_colour
from pipeline.report.plain import plain

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

HEAD: Final = 3  # the table's heading row, counted from nought
PERCENT: Final = '[=0]0%;[<0.005]"<1%";0%'  # as the page writes it: what is not nought never reads as nought
_ASIDE: Final = 26  # column AA: what the charts draw, outside the print


def columns_of(table: Table) -> list[tuple[int, Column, str]]:
    """Return the sheet's columns: place, the table's column, and which part of it (value, low, high, mark)."""
    parts: list[tuple[Column, str]] = []
    for place, column in enumerate(table.columns):
        parts += [(column, "low"), (column, "high")] if column.kind == "interval" else [(column, "value")]
        if any(row.cells[place].mark for row in table.rows):
            parts.append((column, "mark"))
    return [(place, column, part) for place, (column, part) in enumerate(parts, start=1)]


def figure_of(document: Document) -> dict[int, Figure]:
    """Return table number -> the chart that follows it."""
    found, last = {}, 0
    for block in document.blocks:
        if isinstance(block, Table):
            last = block.number
        elif isinstance(block, Figure) and last and last not in found:
            found[last] = block
    return found


def add_chart(book: Workbook, sheet: Worksheet, table: Table, figure: Figure, name: str, context: Context) -> None:
    """Put a native chart under the table, of what the page draws: a figure left out is absent and not nought."""
    kind = {
        "bars": {"type": "bar"},
        "stacked": {"type": "bar", "subtype": "percent_stacked"},
        "lines": {"type": "line"},
    }
    chart = book.add_chart(kind[figure.kind])
    heads, lines = _drawn(figure)
    for place, head in enumerate(heads, start=1):
        sheet.write_string(HEAD, _ASIDE + place, plain(head))
    for row, (label, values) in enumerate(lines, start=HEAD + 1):
        sheet.write_string(row, _ASIDE, plain(label))
        for place, value in enumerate(values, start=1):
            if value is not None:
                sheet.write_number(row, _ASIDE + place, value)
    sheet.set_column(_ASIDE, _ASIDE + len(heads), 10, None)
    first, last = HEAD + 1, HEAD + len(lines)
    if figure.kind == "lines":
        _line_series(chart, name, first, last, len(heads))
    else:
        keys = [key_colour(name, at) for at, (_, name) in enumerate(figure.legend)]
        for at in range(1 if figure.kind == "bars" else len(heads)):
            place = _ASIDE + 1 + at
            series: dict[str, Any] = {
                "name": [name, HEAD, place],
                "categories": [name, first, _ASIDE, last, _ASIDE],
                "values": [name, first, place, last, place],
                "fill": {"color": LIGHT["bar" if figure.kind == "bars" else keys[at]]},
                "gap": 60,
            }
            if figure.kind == "bars":
                down, up = (_cells(name, first, last, place + part) for part in (1, 2))
                series["x_error_bars"] = {"type": "custom", "plus_values": up, "minus_values": down,
                                          "line": {"color": LIGHT["ink"]}}  # fmt: skip
                series["data_labels"] = {"value": True, "num_format": PERCENT, "position": "inside_base"}
            chart.add_series(series)
        chart.set_y_axis(
            {"reverse": True, "crossing": "max", "major_tick_mark": "none", "line": {"color": LIGHT["muted"]}}
        )
        grid = {"visible": True, "line": {"color": LIGHT["line"]}}
        end = axis_ticks(max(bar.high or bar.share or 0.0 for bar in figure.data))[-1] if figure.kind == "bars" else 1.0
        chart.set_x_axis({"num_format": "0%", "major_gridlines": grid, "min": 0, "max": end})
        if figure.kind == "bars":
            chart.set_legend({"none": True})
    number = context.say("figure_number", number=figure.number)
    chart.set_title({"name": f"{number} {figure.title}", "name_font": {"size": 12, "bold": True}, "overlay": False})
    chart.set_size({"width": 820, "height": 110 + 34 * max(len(lines), 6)})
    below = HEAD + len(table.rows)
    sheet.insert_chart(below + 4 + len(table.notes), 0, chart, {"description": plain(figure.alt)})
    sheet.print_area(0, 0, below + len(table.notes) + 30, max(6, columns_of(table)[-1][0]))


def _drawn(figure: Figure) -> tuple[list[str], list[tuple[str, list[float | None]]]]:
    """Return what a chart draws as a table: the heads of its columns, and its rows."""
    if figure.kind == "bars":
        heads = [figure.legend[0][0], "-", "+"]
        return heads, [(bar.label, [bar.share, *_lengths(bar)]) for bar in figure.data]
    if figure.kind == "lines":
        waves, panels = figure.data
        return list(waves), [(label, list(values)) for label, values in panels]
    return [label for label, _ in figure.legend], [(label, list(values)) for label, values in figure.data]


def _lengths(bar: Bar) -> list[float | None]:
    """Return how far the margin reaches below and above the share."""
    if bar.share is None or bar.low is None or bar.high is None:
        return [None, None]
    return [bar.share - bar.low, bar.high - bar.share]


def _line_series(chart: Any, name: str, first: int, last: int, waves: int) -> None:
    """Add a line per point, oldest wave first."""
    for row in range(first, last + 1):
        chart.add_series({
            "name": [name, row, _ASIDE], "categories": [name, HEAD, _ASIDE + 1, HEAD, _ASIDE + waves],
            "values": [name, row, _ASIDE + 1, row, _ASIDE + waves],
            "line": {"width": 2}, "marker": {"type": "circle", "size": 5},
        })  # fmt: skip
    grid = {"visible": True, "line": {"color": LIGHT["line"]}}
    chart.set_y_axis({"num_format": "0%", "min": 0, "major_gridlines": grid})
    chart.set_legend({"position": "right"})


def _cells(name: str, first: int, last: int, place: int) -> str:
    """Return a reference to the cells of one column."""
    from xlsxwriter.utility import xl_range_abs

    return f"='{name}'!{xl_range_abs(first, place, last, place)}"
