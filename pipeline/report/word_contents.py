"""The table of contents: Word's own field, filled in with the headings, each of them a link."""

from __future__ import annotations

from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final

from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt
from docx.text.paragraph import Paragraph

from pipeline.report.word_fields import field_code, field_codes, field_mark
from pipeline.report.word_style import set_outline

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

_LEVELS: Final = 2
_MOST: Final = 80  # entries: about two pages. A longer list has the chapters only
_MARKS: Final = 100_000_000  # Word names its own marks `_Toc` and nine digits
_TITLE_STYLE: Final = "TOC Heading"


def add_contents(word: WordDocument, title: str, before: Paragraph) -> None:
    """Put a table of contents of the headings before a paragraph, which then starts a new page.

    Page numbers come when the field is updated: only Word's layout knows them, and a guess would look like the truth.
    A template that has a table of contents itself keeps that one.
    """
    if "TOC" in field_codes(word.element.body):
        return
    found = [(paragraph, level) for paragraph in word.paragraphs if (level := _level(paragraph))]
    deepest = _LEVELS if len(found) <= _MOST else 1
    listed = [(paragraph, level) for paragraph, level in found if level <= deepest]
    if not listed:
        return
    block, content = _block()
    before._p.addprevious(block)
    head = _paragraph(content, before, _title_style(word))
    head.add_run(title)
    styles = [_entry_style(word, level) for level in range(1, deepest + 1)]
    lines = [_paragraph(content, before, styles[level - 1]) for _, level in listed]
    for element in (field_mark("begin"), field_code(f'TOC \\o "1-{deepest}" \\h \\z'), field_mark("separate")):
        lines[0].add_run()._r.append(element)
    for line, (heading, _), (number, name) in zip(lines, listed, _free_marks(word, len(listed)), strict=True):
        _mark(heading, number, name)
        line._p.append(_link(name, heading.text))
    lines[-1].add_run()._r.append(field_mark("end"))
    before.paragraph_format.page_break_before = True


def _level(paragraph: Paragraph) -> int:
    """Return the level of a heading that the table of contents lists, 0 for any other paragraph."""
    name = (paragraph.style.name if paragraph.style is not None else "") or ""
    levels = {f"Heading {level}": level for level in range(1, _LEVELS + 1)}
    return levels.get(name, 0) if paragraph.text.strip() else 0


def _free_marks(word: WordDocument, wanted: int) -> list[tuple[int, str]]:
    """Return numbers and names for bookmarks that the document does not have yet."""
    marks = list(word.element.body.iter(qn("w:bookmarkStart")))
    names = {mark.get(qn("w:name")) for mark in marks}
    first = max((int(mark.get(qn("w:id"))) for mark in marks), default=0) + 1
    numbers = (number for number in count(first) if f"_Toc{_MARKS + number}" not in names)
    return [(number, f"_Toc{_MARKS + number}") for number in islice(numbers, wanted)]


def _mark(heading: Paragraph, number: int, name: str) -> None:
    """Make a heading a place to go to."""
    start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for mark in (start, end):
        mark.set(qn("w:id"), str(number))
    start.set(qn("w:name"), name)
    heading._p.get_or_add_pPr().addnext(start)
    heading._p.append(end)


def _block() -> tuple[Any, Any]:
    """Return the frame that makes Word show `Update table` above the list, and the place for what is in it."""
    block, settings, content = OxmlElement("w:sdt"), OxmlElement("w:sdtPr"), OxmlElement("w:sdtContent")
    kind, gallery = OxmlElement("w:docPartObj"), OxmlElement("w:docPartGallery")
    gallery.set(qn("w:val"), "Table of Contents")
    kind.append(gallery)
    kind.append(OxmlElement("w:docPartUnique"))
    settings.append(kind)
    block.append(settings)
    block.append(content)
    return block, content


def _paragraph(content: Any, beside: Paragraph, style: Any) -> Paragraph:
    element = OxmlElement("w:p")
    content.append(element)
    paragraph = Paragraph(element, beside._parent)
    paragraph.style = style
    return paragraph


def _link(name: str, text: str) -> Any:
    link, run = OxmlElement("w:hyperlink"), OxmlElement("w:r")
    link.set(qn("w:anchor"), name)
    link.set(qn("w:history"), "1")
    run.text = text
    link.append(run)
    return link


def _find(word: WordDocument, name: str) -> Any:
    """Return the style of a name, however its capitals are written (Word's own are `toc 1`), or None."""
    return next((style for style in word.styles if (style.name or "").lower() == name.lower()), None)


def _title_style(word: WordDocument) -> Any:
    """Return the style of the list's title: looks like a chapter's, but is not listed or numbered itself."""
    if (found := _find(word, _TITLE_STYLE)) is not None:
        return found
    style: Any = word.styles.add_style(_TITLE_STYLE, WD_STYLE_TYPE.PARAGRAPH, builtin=True)
    style.base_style = word.styles["Heading 1"]
    style.element.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = 0
    set_outline(style, 9)
    return style


def _entry_style(word: WordDocument, level: int) -> Any:
    """Return the style of the entries of a level, made with a dotted line to the page number where it is missing."""
    if (found := _find(word, f"toc {level}")) is not None:
        return found
    style: Any = word.styles.add_style(f"toc {level}", WD_STYLE_TYPE.PARAGRAPH, builtin=True)
    style.base_style = word.styles.default(WD_STYLE_TYPE.PARAGRAPH)
    style.font.bold = level == 1
    layout = style.paragraph_format
    layout.left_indent = Cm(0.6) * (level - 1)
    layout.space_before, layout.space_after = Pt(6 if level == 1 else 0), Pt(2)
    section = word.sections[-1]
    width = (section.page_width or Cm(21)) - (section.left_margin or Cm(2.5)) - (section.right_margin or Cm(2.5))
    layout.tab_stops.add_tab_stop(Length(width), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    return style
