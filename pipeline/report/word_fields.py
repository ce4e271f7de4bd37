"""Word's fields: numbers that Word keeps itself, each with the result that is shown until then."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any, Final

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.section import _BaseHeaderFooter
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

_SEEN: Final = tuple(qn(f"w:{name}") for name in ("instrText", "fldSimple", "drawing", "pict", "object", "sym"))
_COUNTS: Final = {"page": "PAGE", "pages": "NUMPAGES"}


def add_field(paragraph: Paragraph, code: str, result: str) -> list[Run]:
    """Add a field with the result to show until Word works it out; return its five runs."""
    start, asked, between, shown, end = runs = [paragraph.add_run() for _ in range(5)]
    for run, kind in ((start, "begin"), (between, "separate"), (end, "end")):
        run._r.append(field_mark(kind))
    asked._r.append(field_code(code))
    shown.text = result
    return runs


def field_mark(kind: str) -> Any:
    """Return the mark `begin`, `separate` or `end` of a field."""
    mark = OxmlElement("w:fldChar")
    mark.set(qn("w:fldCharType"), kind)
    return mark


def field_code(code: str) -> Any:
    """Return what a field asks for, e.g. `PAGE`."""
    asked = OxmlElement("w:instrText")
    asked.set(qn("xml:space"), "preserve")
    asked.text = f" {code} "
    return asked


def field_codes(element: Any) -> list[str]:
    """Return the first word of every field in an element, e.g. `TOC`, `PAGE`."""
    codes = [found.text or "" for found in element.iter(qn("w:instrText"))]
    codes += [found.get(qn("w:instr")) or "" for found in element.iter(qn("w:fldSimple"))]
    return [code.split()[0].upper() for code in codes if code.strip()]


def number_pages(word: WordDocument, text: str) -> None:
    """Write the page's number at the foot of the pages, as `Pagina {page} van {pages}` says.

    A template keeps what it has in its own footers, and what numbers its pages in a header is not said twice.
    """
    twosided = word.settings.odd_and_even_pages_header_footer
    sides = ("", "even_page_") if twosided else ("",)
    feet = [_in_force(word, f"{side}footer") for side in sides]
    heads = [_in_force(word, f"{side}header") for side in sides]
    if any(foot is not None and _written(foot._element) for foot in feet):
        return
    if any(head is not None and "PAGE" in field_codes(head._element) for head in heads):
        return
    for side in sides:
        foot = getattr(word.sections[-1], f"{side}footer")
        foot.is_linked_to_previous = False
        paragraph = foot.paragraphs[0] if foot.paragraphs else foot.add_paragraph()
        paragraph.style = next((style for style in word.styles if style.name == "Footer"), None)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        for words, place, _, _ in Formatter().parse(text):
            paragraph.add_run(words)
            if place:
                add_field(paragraph, _COUNTS[place], "1")


def _in_force(word: WordDocument, kind: str) -> _BaseHeaderFooter | None:
    """Return the footer or header that the last section shows, its own or an earlier one's; None if there is none."""
    for section in reversed(list(word.sections)):
        found: _BaseHeaderFooter = getattr(section, kind)
        if not found.is_linked_to_previous:
            return found
    return None


def _written(element: Any) -> bool:
    """Return whether a reader sees something of an element: a text, a field or a picture."""
    texts = any((found.text or "").strip() for found in element.iter(qn("w:t")))
    return texts or any(True for _ in element.iter(*_SEEN))
