"""The report as a Word document: real tables, captions, charts and quotes, in the bureau's own style if it has one."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pipeline.errors import ConfigError, not_there, problem
from pipeline.report.content import Block, Chapter, Document, Figure, Heading, QuoteList, Table, Terms, Text, View
from pipeline.report.context import Context
from pipeline.report.palette import LIGHT
from pipeline.report.plain import plain
from pipeline.report.svg import png
from pipeline.report.word_columns import TEXT_WIDTH, parts_of, points_of_heads, texts_of, widths
from pipeline.report.word_contents import add_contents
from pipeline.report.word_fields import number_pages
from pipeline.report.word_style import add_missing_styles, caption, heat, repeat_head, rule, set_styles, table_look
from pipeline.workspace import atomic

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.text.paragraph import Paragraph

_LONGEST_QUOTE: Final = 2_000


def write_word(document: Document, context: Context, path: Path, template: Path | None = None) -> list[Path]:
    """Write `rapport.docx`, in the styles of a template when there is one.

    Raises:
        ConfigError: the template is not there, or can't be read as a Word document.
    """
    word = open_template(template)
    if template is None:
        set_styles(word, context.say.language)
    else:
        add_missing_styles(word)
    word.core_properties.title = plain(document.title)
    word.core_properties.author = ""
    word.core_properties.comments = ""
    word.add_paragraph(plain(document.title), style="Title")
    word.add_paragraph(f"{document.wave}", style="Subtitle")
    if document.provisional:
        word.add_paragraph(plain(document.provisional), style="Intense Quote")
    first = _chapter(word, document.summary, document, context)
    for chapter in (*document.chapters, *document.closing):
        _chapter(word, chapter, document, context)
    add_contents(word, context.say("docx_contents"), before=first)
    number_pages(word, context.say("docx_page_number"))
    with atomic(path) as temporary:
        word.save(str(temporary))
        _undate(temporary)
    return [path]


def _undate(path: Path) -> None:
    """Take the time of writing out of a .docx, so that the same report gives the same bytes."""
    with ZipFile(path) as archive:
        parts = [(item.filename, archive.read(item)) for item in archive.infolist()]
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(ZipInfo(name), content, ZIP_DEFLATED)


def open_template(template: Path | None) -> WordDocument:
    """Return a Word document in the styles of a template, or in the usual ones.

    Raises:
        ConfigError: the template can't be read as a Word document.
    """
    import docx

    if template and not template.is_file():
        raise ConfigError(not_there(template, place="report.template"))
    try:
        return docx.Document(str(template)) if template else docx.Document()
    except Exception as error:  # python-docx lets errors of zip, XML and packaging through
        raise ConfigError(
            problem(file=template, place="report.template", found="not a Word document", expected="a .docx file")
        ) from error


def _chapter(word: WordDocument, chapter: Chapter, document: Document, context: Context) -> Paragraph:
    """Write a chapter and return its heading."""
    heading: Paragraph = word.add_heading(plain(chapter.title), level=1)
    if chapter.asked:
        word.add_paragraph(plain(chapter.asked), style="Subtitle")
    views = chapter.views if chapter is not document.summary else chapter.views[:1]  # the others open their own part
    for view in views:
        of_group = view.group != document.total
        if of_group:
            word.add_heading(plain(view.group), level=2)
        _view(word, view, context, level=3 if of_group else 2)
    return heading


def _view(word: WordDocument, view: View, context: Context, *, level: int) -> None:
    for block in view.blocks:
        _block(word, block, context, level=level)


def _block(word: WordDocument, block: Block, context: Context, *, level: int) -> None:
    """Write a block; a heading in it gets the level that follows the one above it."""
    say = context.say
    if isinstance(block, Heading):
        word.add_heading(plain(block.text), level=level)
    elif isinstance(block, Text):
        for paragraph in block.paragraphs:
            word.add_paragraph(plain(paragraph), style="Intense Quote" if block.kind == "caution" else None)
    elif isinstance(block, Terms):
        for term, value in block.pairs:
            word.add_paragraph(style="List Bullet").add_run(plain(f"{term}: {value}"))
    elif isinstance(block, Table):
        caption(word, say("table_word"), block.number, plain(block.title), above=True)
        for number, part in enumerate(parts_of(block, say.language)):
            if number:
                word.add_paragraph()  # two tables that touch are one to Word
            _table(word, part, say.language, block)
        if block.notes:
            note = word.add_paragraph(plain(" ".join(block.notes)))
            note.style = word.styles["Caption"]
    elif isinstance(block, Figure):
        _picture(word, block)
        caption(word, say("figure_word"), block.number, plain(block.title), above=False)
        if block.notes:
            word.add_paragraph(plain(" ".join(block.notes)), style="Caption")
    else:
        _quotes(word, block, level=level)


def _table(word: WordDocument, table: Table, language: str, whole: Table) -> None:
    """Write a table, or a part of one: its colours are on the scale of the whole."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm, Pt

    made = word.add_table(rows=1 + len(table.rows), cols=1 + len(table.columns))
    table_look(made)
    strongest = max((cell.value for row in whole.rows for cell, column in zip(row.cells, whole.columns, strict=True)
                     if column.heat and isinstance(cell.value, float)), default=0.0)  # fmt: skip
    lines = texts_of(table, language)
    small = points_of_heads(table)
    wide = widths(lines, small)
    for place, width in enumerate(wide):
        made.columns[place].width = Cm(width)
    for number, texts in enumerate(lines):
        for cell, text in zip(made.rows[number].cells, texts, strict=True):
            cell.text = text
    for number, row in enumerate(table.rows, start=1):
        for place, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True), start=1):
            if column.heat and isinstance(cell.value, float) and strongest:
                heat(made.rows[number].cells[place], cell.value / strongest, LIGHT["bar"])
    for number, line in enumerate(made.rows):
        total = number > 0 and table.rows[number - 1].weight == "total"
        for place, cell in enumerate(line.cells):
            cell.width = Cm(wide[place])
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.space_after = paragraph.paragraph_format.space_before = Cm(0.06)
                paragraph.paragraph_format.keep_with_next = number < len(table.rows)
                if place and table.columns[place - 1].kind != "text":
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                for run in paragraph.runs:
                    run.bold = number == 0 or total or None
                    run.font.size = Pt(small if number == 0 else small + 1)
        rule(line, strong=number == 0)
    repeat_head(made.rows[0])


def _picture(word: WordDocument, figure: Figure) -> None:
    from docx.shared import Cm

    paragraph = word.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    picture = paragraph.add_run().add_picture(io.BytesIO(png(figure, dpi=160)), width=Cm(TEXT_WIDTH))
    properties: Any = picture._inline.docPr
    properties.set("descr", plain(figure.alt))
    properties.set("title", plain(figure.title))


def _quotes(word: WordDocument, block: QuoteList, *, level: int) -> None:
    word.add_heading(plain(block.title), level=level)
    word.add_paragraph(plain(block.intro))
    for part in block.parts:
        label = word.add_paragraph()
        label.paragraph_format.keep_with_next = True
        label.add_run(plain(part.label)).bold = True
        for quote in part.quotes:
            word.add_paragraph(f"‘{plain(quote.text, _LONGEST_QUOTE)}’", style="Quote")
