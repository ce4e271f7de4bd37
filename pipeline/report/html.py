"""The report as one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.report.content import Cell, Column, Document, Figure, Heading, QuoteList, Table, Terms, Text
from pipeline.report.context import Context
from pipeline.report.options import Options
from pipeline.report.palette import DARK, LIGHT, key_colour
from pipeline.report.payload import BESIDE, answer_payload, script_safe, write_beside
from pipeline.report.show import MARKS, shown
from pipeline.report.svg import inline_svg
from pipeline.workspace import write_text

_TEMPLATES = Path(__file__).parent / "templates"
_KINDS = {Table: "table", Figure: "figure", QuoteList: "quotes", Text: "text", Terms: "terms", Heading: "heading"}
_FEW = 5  # groups that fit beside each other in the filter


def write_page(
    document: Document, context: Context, versions: Mapping[str, str], folder: Path, options: Options
) -> list[Path]:
    """Write `rapport.html`, and the answers beside it when there are more than the page can carry well."""
    payloads = {question.id: answer_payload(context, question.id, versions) for question in context.figures.questions}
    beside = sum(len(payload["answers"]) for payload in payloads.values()) > options.answers_in_page
    written = write_beside(folder, payloads) if beside else []
    page = folder / "rapport.html"
    write_text(page, render(document, context, {} if beside else payloads, beside=beside))
    return [page, *written]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Return what compiles the templates, and keeps them compiled."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(document: Document, context: Context, payloads: Mapping[str, Any], *, beside: bool) -> str:
    """Return the page as HTML."""
    say, template = context.say, _environment().get_template("rapport.html.j2")
    used = {
        "say": say,
        "kind": lambda block: _KINDS[type(block)],
        "shown": lambda cell, column: shown(cell, column, say.language),
        "mark": lambda cell: MARKS[cell.mark],
        "spoken": lambda cell: _spoken(context, cell),
        "number_of": lambda quote: context.book.numbers[quote.answer_id],
        "chart": lambda figure: Markup(inline_svg(figure)),
        "key_colour": key_colour,
        "soft": lambda text: escape(text).replace("/", Markup("/<wbr>")),
        "heat": _heat(document),
        "colours": Markup(_variables()),
        "asset": lambda name: Markup((_TEMPLATES / name).read_text(encoding="utf-8")),
    }
    settings = {
        "total": document.total,
        "groups": document.groups,
        "beside": BESIDE if beside else "",
        "words": {key: say(key) for key in _WORDS},
        "thousands": "," if say.language == "en" else ".",
    }
    return template.render(
        **used,
        document=document,
        language=say.language,
        few=len(document.groups) <= _FEW,
        choices=(document.total, *document.groups),
        beside=BESIDE if beside else "",
        opens=any(cell.opens for table in document.tables for row in table.rows for cell in row.cells),
        settings=Markup(script_safe(settings)),
        payloads={question: Markup(script_safe(payload)) for question, payload in payloads.items()},
    )


_WORDS = (
    "dialog_count_one", "dialog_count_many", "dialog_reviewed_one", "dialog_reviewed_many", "dialog_withheld",
    "dialog_missing", "dialog_none", "dialog_shortened", "dialog_estimate", "model", "codebook",
    "answer_number",
)  # fmt: skip


def _spoken(context: Context, cell: Cell) -> str:
    """Return a mark in words, for those who hear the page."""
    return {"up": context.say("more_often"), "down": context.say("less_often"), "": ""}[cell.mark]


def _variables() -> str:
    """Return the colours as CSS: light, dark by the reader's system, and either by the button."""
    light = ";".join(f"--{name}:{value}" for name, value in LIGHT.items())
    dark = ";".join(f"--{name}:{value}" for name, value in DARK.items())
    return (
        f":root{{{light};color-scheme:light}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark};color-scheme:dark}}}}\n"
        f"@media screen{{:root[data-theme=dark]{{{dark};color-scheme:dark}}}}"
    )


def _heat(document: Document) -> Any:
    """Return a function cell, column, table -> strength of the cell's colour, 0-100 of the table's largest."""
    largest: dict[int, float] = {}
    for table in document.tables:
        values = [cell.value for row in table.rows for cell, column in zip(row.cells, table.columns, strict=True)
                  if column.heat and isinstance(cell.value, float)]  # fmt: skip
        largest[table.number] = max(values, default=0.0)

    def strength(cell: Cell, column: Column, table: Table) -> int | None:
        if not column.heat or not isinstance(cell.value, float) or not largest[table.number]:
            return None
        return round(100 * cell.value / largest[table.number])

    return strength
