"""The report as a workbook: a sheet per table with real numbers, a contents sheet, charts and the answers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from pipeline.report.content import Cell, Column, Document, Table
from pipeline.report.context import Context
from pipeline.report.excel_charts import HEAD, PERCENT, add_chart, columns_of, figure_of
from pipeline.report.palette import LIGHT
from pipeline.report.plain import plain
from pipeline.report.show import MARKS
from pipeline.workspace import atomic

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

_FORMATS: Final = {
    "percent": PERCENT,
    "interval": "0%",
    "decimal": "0.0%",
    "ratio": "0.00",
    "count": "#,##0",
    "text": "@",
}
_HEAD_LETTERS: Final = 14  # of a heading, on one line of its column
_ROWS: Final = 1_048_570
_MADE: Final = datetime(2000, 1, 1)  # the same data gives the same file


def write_workbook(document: Document, context: Context, path: Path) -> list[Path]:
    """Write `rapport.xlsx`; nothing a respondent wrote becomes a formula or a link."""
    from xlsxwriter import Workbook

    with atomic(path) as temporary:
        options = {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "in_memory": True,
        }  # answers don't pass through the system's temporary folder
        book = Workbook(temporary, options)
        book.set_properties({"title": document.title, "created": _MADE})
        styles = _Styles(book)
        figures = figure_of(document)
        contents = book.add_worksheet(plain(context.say("sheet_contents")))
        for table in document.tables:
            name = _sheet_name(table, context)
            sheet = book.add_worksheet(name)
            _table_sheet(sheet, table, styles, context)
            if figure := figures.get(table.number):
                add_chart(book, sheet, table, figure, name, context)
        answers = plain(context.say("sheet_answers"))
        _answers_sheet(book.add_worksheet(answers), context, styles)
        _contents_sheet(contents, document, answers, styles, context)
        book.close()
    return [path]


class _Styles:
    """The formats of the workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(
                {"font_name": "Arial", "font_size": 10, "valign": "top"} | properties
            )
        return self._made[key]


def _table_sheet(sheet: Worksheet, table: Table, styles: _Styles, context: Context) -> None:
    from xlsxwriter.utility import xl_range

    say = context.say
    title = f"{say('table_number', number=table.number)} {table.title}"
    sheet.hide_gridlines(2)
    sheet.write_string(0, 0, title, styles(bold=True, font_size=14))
    head = styles(bold=True, text_wrap=True, align="right", bottom=1, valign="bottom")
    sheet.write_string(HEAD, 0, table.stub, styles(bold=True, bottom=1, valign="bottom"))
    sheet.set_column(0, 0, 46)
    places = columns_of(table)
    tallest = 1
    for place, column, part in places:
        label = column.label if part != "mark" else "▲▼"
        if part in ("low", "high"):
            label = say(f"col_{part}", label=column.label)
        below = f"\n{column.sub}" if column.sub and part == "value" else ""
        sheet.write_string(HEAD, place, plain(label + below), head)
        tallest = max(tallest, len(wrap(label, _HEAD_LETTERS)) + below.count("\n"))
        sheet.set_column(place, place, 5 if part == "mark" else 15)
    sheet.set_row(HEAD, 15 * tallest + 2)
    for number, row in enumerate(table.rows, start=HEAD + 1):
        bold = {"bold": True} if row.weight == "total" else {}
        sheet.write_string(number, 0, plain(row.label), styles(**bold))
        cells = dict(zip(table.columns, row.cells, strict=True))
        for place, column, part in places:
            _write(sheet, number, place, cells[column], column, part, styles, bold)
    last = HEAD + len(table.rows)
    if heated := [place for place, column, part in places if column.heat and part == "value"]:
        ranges = [xl_range(HEAD + 1, place, last, place) for place in heated]  # one scale for the table, from nought
        scale = {"type": "2_color_scale", "min_type": "num", "min_value": 0, "min_color": "#FFFFFF",
                 "max_color": LIGHT["bar"], "multi_range": " ".join(ranges)}  # fmt: skip
        sheet.conditional_format(HEAD + 1, heated[0], last, heated[0], scale)
    for number, note in enumerate((*table.notes, say("workbook_note")), start=last + 2):
        sheet.write_string(number, 0, plain(note), styles(font_color=LIGHT["muted"], font_size=9))
    sheet.freeze_panes(HEAD + 1, 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 1)


def _write(
    sheet: Worksheet, row: int, place: int, cell: Cell, column: Column, part: str, styles: _Styles, bold: dict[str, Any]
) -> None:
    if part == "mark":
        sheet.write_string(row, place, MARKS[cell.mark], styles(align="center"))
        return
    value = cell.high if part == "high" else cell.value
    style = styles(num_format=_FORMATS[column.kind], align="left" if column.kind == "text" else "right", **bold)
    if cell.hidden:
        sheet.write_string(row, place, "•", styles(align="right"))
    elif isinstance(value, str):
        sheet.write_string(row, place, plain(value), style)
    elif value is not None:
        sheet.write_number(row, place, value, style)


def _answers_sheet(sheet: Worksheet, context: Context, styles: _Styles) -> None:
    say, figures = context.say, context.figures
    titles = {question.id: figures.title(question) for question in figures.questions}
    widths = {"answer_id": 18, "question": 24, "group": 16, "text": 80, "codes": 44, "by": 52}
    columns = [name for name in widths if name != "group" or figures.groups]
    for place, name in enumerate(columns):
        label = figures.survey.group_label if name == "group" else say(f"col_{name}")
        sheet.write_string(0, place, plain(label), styles(bold=True, bottom=1))
        sheet.set_column(place, place, widths[name])
    wrapped, style, counted = styles(text_wrap=True), styles(), styles(align="left")
    number = 0
    for question in context.book.by_question:
        labels = {code.id: code.label for code in figures.codebooks[question].codes}
        for one, codes, group in context.book.listed(question):
            if number >= _ROWS:
                break
            number += 1
            coders = dict.fromkeys(context.coder(one.codes[code]) for code in codes)
            sheet.write_number(number, 0, context.book.numbers[one.answer_id], counted)
            values = {"question": titles.get(question, question), "group": group, "text": one.text,
                      "codes": "; ".join(labels[code] for code in codes), "by": "; ".join(coders)}  # fmt: skip
            for place, name in enumerate(columns[1:], start=1):
                wraps = name in ("text", "codes") and len(values[name]) < 400
                sheet.write_string(number, place, plain(values[name]), wrapped if wraps else style)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.autofilter(0, 0, max(number, 1), len(columns) - 1)


def _sheet_name(table: Table, context: Context) -> str:
    return context.say("table_number", number=table.number)


def _contents_sheet(sheet: Worksheet, document: Document, answers: str, styles: _Styles, context: Context) -> None:
    say = context.say
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, plain(document.title), styles(bold=True, font_size=16))
    sheet.write_string(1, 0, document.wave, styles(font_color=LIGHT["muted"]))
    if document.provisional:
        sheet.write_string(2, 0, plain(document.provisional), styles(font_color=LIGHT["bad"]))
    for place, key in enumerate(("col_sheet", "col_title")):
        sheet.write_string(4, place, say(key), styles(bold=True, bottom=1))
    link = styles(font_color=LIGHT["accent"], underline=1)
    for row, table in enumerate(document.tables, start=5):
        name = _sheet_name(table, context)
        sheet.write_url(row, 0, f"internal:'{name}'!A1", link, name)
        sheet.write_string(row, 1, plain(table.title), styles())
    row = 5 + len(document.tables)
    sheet.write_url(row, 0, f"internal:'{answers}'!A1", link, answers)
    about = "answers_note" if context.figures.groups else "answers_sheet"
    sheet.write_string(row, 1, plain(say(about, label=context.figures.survey.group_label)), styles())
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.activate()
