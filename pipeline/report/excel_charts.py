"""The workbook's own charts, drawn by Excel from the cells of the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.report.charts import axis_ticks
from pipeline.report.content import Cell, Column, Document, Figure, Table
from pipeline.report.context import Context
from pipeline.report.palette import JUDGEMENT, LIGHT, SERIES
from pipeline.report.plain import plain

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

HEAD: Final = 3  # the table's heading row, counted from nought
_ASIDE: Final = 26  # column AA: what the charts need and nobody reads


def columns_of(table: Table) -> list[tuple[int, Column, str]]:
    """Return the sheet's columns: place, the table's column, and which part of it (value, low, high, mark)."""
    parts: list[tuple[Column, str]] = []
    for place, column in enumerate(table.columns):
        parts += [(column, "low"), (column, "high")] if column.kind == "interval" else [(column, "value")]
        if any(row.cells[place].mark for row in table.rows):
            parts.append((column, "mark"))
    return [(place, column, part) for place, (column, part) in enumerate(parts, start=1)]


def figure_of(document: Document) -> dict[str, Figure]:
    """Return table key -> the chart that follows it."""
    found, last = {}, ""
    for block in document.blocks:
        if isinstance(block, Table):
            last = block.key
        elif isinstance(block, Figure) and last and last not in found:
            found[last] = block
    return found


def add_chart(book: Workbook, sheet: Worksheet, table: Table, figure: Figure, name: str, context: Context) -> None:
    """Put a native chart of the table's own cells under the table."""
    kind = {
        "bars": {"type": "bar"},
        "stacked": {"type": "bar", "subtype": "percent_stacked"},
        "lines": {"type": "line"},
    }
    chart = book.add_chart(kind[figure.kind])
    first, last = HEAD + 1, HEAD + len(table.rows)
    places = [
        (place, column) for place, column, part in columns_of(table) if part == "value" and column.kind == "percent"
    ]
    if figure.kind == "lines":
        _line_series(chart, table, name, [place for place, _ in places])
    else:
        colours = [LIGHT[JUDGEMENT.get(code, SERIES[at % len(SERIES)])] for at, (_, code) in enumerate(figure.legend)]
        shown = places[:1] if figure.kind == "bars" else places
        for at, (place, column) in enumerate(shown):
            series: dict[str, Any] = {
                "name": column.label,
                "categories": [name, first, 0, last, 0],
                "values": [name, first, place, last, place],
                "fill": {"color": LIGHT["bar"] if figure.kind == "bars" else colours[at]},
                "gap": 60,
            }
            if figure.kind == "bars":
                series["x_error_bars"] = _error_bars(sheet, table, name)
                series["data_labels"] = {"value": True, "num_format": "0%", "position": "inside_base"}
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
    chart.set_size({"width": 820, "height": 110 + 34 * max(len(table.rows), 6)})
    sheet.insert_chart(last + 4 + len(table.notes), 0, chart, {"description": plain(figure.alt)})


def _line_series(chart: Any, table: Table, name: str, places: list[int]) -> None:
    """Add a line per point, oldest wave first: the columns run newest first, so the axis is turned."""
    for number in range(len(table.rows)):
        row = HEAD + 1 + number
        chart.add_series({
            "name": [name, row, 0], "categories": _cells(name, HEAD, places), "values": _cells(name, row, places),
            "line": {"width": 2}, "marker": {"type": "circle", "size": 5},
        })  # fmt: skip
    chart.set_x_axis({"reverse": True})
    chart.set_y_axis(
        {
            "num_format": "0%",
            "min": 0,
            "label_position": "high",
            "major_gridlines": {"visible": True, "line": {"color": LIGHT["line"]}},
        }
    )
    chart.set_legend({"position": "right"})


def _cells(name: str, row: int, places: list[int], down: int = 1) -> str:
    """Return a reference to cells of one row, or with `down` to that many cells of one column."""
    from xlsxwriter.utility import xl_range_abs

    parts = [f"'{name}'!{xl_range_abs(row, place, row + down - 1, place)}" for place in places]
    return f"=({','.join(parts)})" if len(parts) > 1 else f"={parts[0]}"


def _error_bars(sheet: Worksheet, table: Table, name: str) -> dict[str, Any]:
    """Return the margins as error bars; their lengths stand in two columns far to the right, outside the print."""
    place = next((number for number, column in enumerate(table.columns) if column.kind == "interval"), None)
    for row, line in enumerate(table.rows, start=HEAD + 1):
        share, margin = line.cells[0].value, line.cells[place] if place is not None else Cell()
        if isinstance(share, float) and isinstance(margin.value, float) and margin.high is not None:
            sheet.write_number(row, _ASIDE, share - margin.value)
            sheet.write_number(row, _ASIDE + 1, margin.high - share)
    sheet.set_column(_ASIDE, _ASIDE + 1, 10, None)
    sheet.print_area(0, 0, HEAD + len(table.rows) + len(table.notes) + 30, 6)
    down, up = (_cells(name, HEAD + 1, [_ASIDE + part], len(table.rows)) for part in (0, 1))
    return {"type": "custom", "plus_values": up, "minus_values": down, "line": {"color": LIGHT["ink"]}}
