"""What python-docx leaves to its users: calm styles, numbered captions, rules and shading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from pipeline.report.palette import LIGHT
from pipeline.report.word_fields import add_field

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.table import Table, _Cell, _Row

_FONT: Final = "Arial"
_SIZES: Final = {"Title": 24, "Heading 1": 17, "Heading 2": 13, "Heading 3": 11}
_LOOKS: Final = {
    "Subtitle": ("muted", 12),
    "Caption": ("muted", 9),
    "Quote": ("ink", 10),
    "Intense Quote": ("warn-ink", 10),
    "Footer": ("muted", 8.5),
}

#: The styles that the report is written in; a template may bring its own.
STYLES: Final = ("Normal", *_SIZES, "List Bullet", "Subtitle", "Caption", "Quote", "Intense Quote")


def set_styles(word: WordDocument, language: str) -> None:
    """Give the empty document A4 paper, one typeface and the report's colours."""
    section = word.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin = section.bottom_margin = Cm(2.3)
    for name in (*STYLES, "Footer"):
        style: Any = word.styles[name]
        style.font.name = _FONT
        properties = style.element.get_or_add_rPr()
        fonts = properties.get_or_add_rFonts()
        for kind in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{kind}"), None)
        fonts.set(qn("w:hAnsi"), _FONT)
        _look(style, name)
    normal: Any = word.styles["Normal"]
    normal.font.size = Pt(10)
    normal.paragraph_format.space_after = Pt(6)
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.MULTIPLE
    normal.paragraph_format.line_spacing = 1.15
    spoken = OxmlElement("w:lang")
    spoken.set(qn("w:val"), "nl-NL" if language == "nl" else "en-GB")
    normal.element.get_or_add_rPr().append(spoken)
    title: Any = word.styles["Title"]
    for border in title.element.pPr.findall(qn("w:pBdr")):
        title.element.pPr.remove(border)
    word.styles["Quote"].paragraph_format.left_indent = Cm(0.6)
    word.styles["Quote"].paragraph_format.space_after = Pt(3)


def add_missing_styles(word: WordDocument) -> None:
    """Add the styles that a template lacks, in the typeface it has: Word keeps only those that were used in it."""
    for name in STYLES:
        if name in word.styles:
            continue
        style: Any = word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH, builtin=True)
        style.base_style = word.styles.default(WD_STYLE_TYPE.PARAGRAPH)
        _look(style, name)
        layout = style.paragraph_format
        if name.startswith("Heading"):
            layout.keep_with_next, layout.space_before, layout.space_after = True, Pt(14), Pt(4)
            set_outline(style, int(name[-1]) - 1)
        elif name in ("Quote", "Intense Quote", "List Bullet"):
            layout.left_indent = Cm(0.6)


def set_outline(style: Any, level: int) -> None:
    """Give a style its place among the headings as Word counts it: 0 for a chapter, 9 for no heading."""
    outline = OxmlElement("w:outlineLvl")
    outline.set(qn("w:val"), str(level))
    style.element.get_or_add_pPr().append(outline)


def _look(style: Any, name: str) -> None:
    """Give a style the report's size and colour."""
    if name in _SIZES:
        style.font.size, style.font.bold = Pt(_SIZES[name]), True
        style.font.color.rgb = _rgb("ink" if name in ("Title", "Heading 3") else "accent")
    elif name in _LOOKS:
        colour, size = _LOOKS[name]
        style.font.size, style.font.bold, style.font.italic = Pt(size), False, False
        style.font.color.rgb = _rgb(colour)


def _rgb(name: str) -> RGBColor:
    return RGBColor.from_string(LIGHT[name].lstrip("#").upper())


def caption(word: WordDocument, word_for: str, number: int, title: str, *, above: bool) -> None:
    """Add `Tabel 2 Title` as Word's own caption: a field that Word can renumber and list."""
    paragraph = word.add_paragraph(style="Caption")
    paragraph.paragraph_format.keep_with_next = above
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = (
        Pt(10 if above else 2),
        Pt(4 if above else 12),
    )
    runs = [paragraph.add_run(f"{word_for} "), *add_field(paragraph, f"SEQ {word_for} \\* ARABIC", str(number))]
    for run in runs:
        run.bold = True
        run.font.color.rgb = _rgb("accent")
    words = paragraph.add_run(f" {title}")
    words.font.color.rgb = _rgb("ink")


def table_look(table: Table) -> None:
    """Make the table as wide as its columns ask, without a grid."""
    table.autofit = False
    table.style = None


def rule(row: _Row, *, strong: bool) -> None:
    """Draw the line under a row."""
    for cell in row.cells:
        borders = OxmlElement("w:tcBorders")
        bottom = OxmlElement("w:bottom")
        for name, value in (("val", "single"), ("sz", "8" if strong else "4"), ("space", "0"),
                            ("color", LIGHT["ink" if strong else "line"].lstrip("#"))):  # fmt: skip
            bottom.set(qn(f"w:{name}"), value)
        borders.append(bottom)
        cell._tc.get_or_add_tcPr().append(borders)
    keep: Any = row._tr.get_or_add_trPr()
    keep.append(OxmlElement("w:cantSplit"))


def heat(cell: _Cell, strength: float, colour: str) -> None:
    """Shade a cell between white and a colour, strength 0-1."""
    parts = [round(255 + (int(colour[at : at + 2], 16) - 255) * strength) for at in (1, 3, 5)]
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:color"), "auto")
    shade.set(qn("w:fill"), "".join(f"{part:02X}" for part in parts))
    cell._tc.get_or_add_tcPr().append(shade)


def repeat_head(row: _Row) -> None:
    """Repeat the heading row on every page that the table runs on to."""
    properties: Any = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:tblHeader"))
