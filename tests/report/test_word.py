"""What Word keeps itself in the document: page numbers, the table of contents, and the levels of the headings."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import docx
import pytest
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn

from pipeline.report.build import ReportData, build_report
from pipeline.report.options import Options
from pipeline.report.word_contents import add_contents
from pipeline.report.word_fields import add_field, field_codes


def _written(data: ReportData, folder: Path, template: WordDocument | None = None) -> WordDocument:
    options = Options()
    if template is not None:
        template.save(str(folder / "huisstijl.docx"))
        options = Options(template=folder / "huisstijl.docx")
    build_report(data, folder, formats=("docx",), options=options)
    return docx.Document(str(folder / "rapport.docx"))


def _headings(word: WordDocument) -> list[tuple[int, str]]:
    named = [((p.style.name if p.style is not None else "") or "", p.text) for p in word.paragraphs]
    return [(int(name.split()[1]), text) for name, text in named if name.startswith("Heading ")]


def _entries(word: WordDocument) -> list[tuple[int, str, str]]:
    """Return level, text and where it leads to of every entry of the table of contents."""
    names = {style.style_id: style.name or "" for style in word.styles}
    found = []
    for link in word.element.body.iter(qn("w:hyperlink")):
        style = names[link.getparent().pPr.pStyle.val].lower()
        assert style.startswith("toc "), style
        text = "".join(one.text or "" for one in link.iter(qn("w:t")))
        found.append((int(style.split()[1]), text, link.get(qn("w:anchor"))))
    return found


def _foot(word: WordDocument) -> str:
    """Return the text of the last section's footer, with the fields in braces."""
    parts = []
    for element in word.sections[-1].footer._element.iter(qn("w:t"), qn("w:instrText")):
        parts.append(f"{{{element.text.strip()}}}" if element.tag == qn("w:instrText") else element.text)
    return "".join(parts)


@pytest.fixture(scope="module")
def word(report: Path) -> WordDocument:
    return docx.Document(str(report / "rapport.docx"))


@pytest.mark.parametrize("which", ["data", "schemes", "small"])
def test_the_levels_of_headings_follow_each_other(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    levels = [level for level, _ in _headings(_written(request.getfixturevalue(which), tmp_path))]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_parts_of_a_group_are_below_its_name(word: WordDocument) -> None:
    headings = _headings(word)
    place = headings.index((2, "Hengelo"))
    assert (2, "Vergelijking per gemeente") in headings[:place]
    assert headings[place + 1][0] == 3


def test_every_page_has_its_number(word: WordDocument) -> None:
    assert _foot(word) == "Pagina {PAGE}1 van {NUMPAGES}1"


def test_page_numbers_and_contents_are_in_the_language_of_the_report(small: ReportData, tmp_path: Path) -> None:
    survey = small.survey.model_copy(update={"report": small.survey.report.model_copy(update={"language": "en"})})
    english = _written(replace(small, survey=survey), tmp_path)
    assert _foot(english) == "Page {PAGE}1 of {NUMPAGES}1"
    assert _contents(english)[0] == "Contents"


def _contents(word: WordDocument) -> list[str]:
    """Return the lines of the table of contents, its title first."""
    (block,) = word.element.body.iter(qn("w:sdtContent"))
    return ["".join(one.text or "" for one in line.iter(qn("w:t"))) for line in block.iter(qn("w:p"))]


def test_the_contents_list_the_headings_before_anyone_updates_them(word: WordDocument) -> None:
    entries = _entries(word)
    assert [(level, text) for level, text, _ in entries] == [one for one in _headings(word) if one[0] < 3]
    assert _contents(word) == ["Inhoud", *(text for _, text, _ in entries)]


def test_the_contents_are_a_field_that_word_can_update(word: WordDocument) -> None:
    body = word.element.body
    (code,) = [one.text for one in body.iter(qn("w:instrText")) if "TOC" in (one.text or "")]
    assert code.split() == ["TOC", "\\o", '"1-2"', "\\h", "\\z"]
    marks = [one.get(qn("w:fldCharType")) for one in next(body.iter(qn("w:sdtContent"))).iter(qn("w:fldChar"))]
    assert marks == ["begin", "separate", "end"]
    assert word.settings.element.find(qn("w:updateFields")) is None  # Word would ask a question when it opens
    assert not [one for one in body.iter(qn("w:fldChar")) if one.get(qn("w:dirty"))]


def test_every_entry_leads_to_its_heading(word: WordDocument) -> None:
    marks = list(word.element.body.iter(qn("w:bookmarkStart")))
    places = {mark.get(qn("w:name")): "".join(t.text or "" for t in mark.getparent().iter(qn("w:t"))) for mark in marks}
    ends = [one.get(qn("w:id")) for one in word.element.body.iter(qn("w:bookmarkEnd"))]
    assert [places[anchor] for _, _, anchor in _entries(word)] == [text for _, text, _ in _entries(word)]
    assert len(places) == len(marks) == len(set(ends))
    assert sorted(ends) == sorted(mark.get(qn("w:id")) for mark in marks)


def test_the_report_starts_on_the_page_after_the_contents(word: WordDocument) -> None:
    (first,) = [p for p in word.paragraphs if p.paragraph_format.page_break_before]
    assert first.text == "Samenvatting"


def test_a_long_list_of_contents_has_the_chapters_only() -> None:
    word = docx.Document()
    first = word.add_heading("Eerste", 1)
    for number in range(90):
        word.add_heading(f"Deel {number}", 2)
    word.add_heading("Laatste", 1)
    add_contents(word, "Inhoud", first)
    assert _contents(word) == ["Inhoud", "Eerste", "Laatste"]
    assert any('"1-1"' in (one.text or "") for one in word.element.body.iter(qn("w:instrText")))


def test_a_template_keeps_its_own_footer(small: ReportData, tmp_path: Path) -> None:
    template: Any = docx.Document()
    template.sections[0].footer.paragraphs[0].text = "Gemeente Voorbeeld"
    assert _foot(_written(small, tmp_path, template)) == "Gemeente Voorbeeld"


def test_a_footer_that_only_goes_on_is_kept_too(small: ReportData, tmp_path: Path) -> None:
    template: Any = docx.Document()
    add_field(template.sections[0].footer.paragraphs[0], "PAGE", "1")
    template.add_section()
    made = _written(small, tmp_path, template)
    assert made.sections[-1].footer.is_linked_to_previous
    assert _foot(made) == "{PAGE}1"


def test_an_empty_footer_gets_the_number_unless_the_header_has_it(small: ReportData, tmp_path: Path) -> None:
    template: Any = docx.Document()
    template.sections[0].footer.is_linked_to_previous = False
    template.settings.odd_and_even_pages_header_footer = True
    made = _written(small, tmp_path, template)
    assert _foot(made) == "Pagina {PAGE}1 van {NUMPAGES}1"
    assert field_codes(made.sections[-1].even_page_footer._element) == ["PAGE", "NUMPAGES"]
    add_field(template.sections[0].header.paragraphs[0], "PAGE", "1")
    assert not _foot(_written(small, tmp_path, template))


def test_a_template_keeps_its_own_table_of_contents(small: ReportData, tmp_path: Path) -> None:
    template: Any = docx.Document()
    add_field(template.add_paragraph(), 'TOC \\o "1-3"', "Inhoud van de gemeente")
    made = _written(small, tmp_path, template)
    assert field_codes(made.element.body).count("TOC") == 1
    assert not _entries(made)


def test_a_template_brings_its_own_styles_for_the_contents(small: ReportData, tmp_path: Path) -> None:
    template: Any = docx.Document()
    template.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH).font.name = "Comic Sans MS"
    made = _written(small, tmp_path, template)
    assert [style.font.name for style in made.styles if (style.name or "").lower() == "toc 1"] == ["Comic Sans MS"]
    assert {level for level, _, _ in _entries(made)} == {1, 2}


def test_a_template_without_our_styles_gets_them(small: ReportData, tmp_path: Path) -> None:
    template: Any = docx.Document()
    for style in list(template.styles):
        if style.name not in ("Normal", "Default Paragraph Font", "Normal Table", "No List"):
            style.delete()
    made = _written(small, tmp_path, template)
    assert [(level, text) for level, text, _ in _entries(made)] == [one for one in _headings(made) if one[0] < 3]
    known = {style.style_id for style in made.styles}
    for part in (made.element.body, made.sections[-1].footer._element):
        assert {one.get(qn("w:val")) for one in part.iter(qn("w:pStyle"))} <= known


def test_the_same_data_gives_the_same_document(data: ReportData, report: Path, tmp_path: Path) -> None:
    build_report(data, tmp_path, formats=("docx",))
    assert (tmp_path / "rapport.docx").read_bytes() == (report / "rapport.docx").read_bytes()
    with ZipFile(tmp_path / "rapport.docx") as archive:
        assert len(archive.namelist()) == len(set(archive.namelist()))
