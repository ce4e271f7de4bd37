"""Figures that no audit carries are called provisional: per question, in every format, and without differences."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from pipeline.report.build import ReportData, build_report, make_context
from pipeline.report.content import Document, Heading, Table, Text
from pipeline.report.document import make_document
from pipeline.report.lookup import MACHINE_ONLY
from pipeline.report.options import Options

TOO_SMALL = "audit_too_small"


def flagged(data: ReportData, flag: str, *, question: str = "", group: str = "") -> ReportData:
    """Return the data with a flag on the shares of one question, or one group, or all."""
    rows = data.shares["question"].eq(question) if question else pd.Series(True, index=data.shares.index)
    if group:
        rows &= data.shares["group"] == group
    shares = data.shares.assign(flag=data.shares["flag"].astype(object).where(~rows, flag))
    return replace(data, shares=shares, comparisons=None)


def document(data: ReportData) -> Document:
    return make_document(make_context(data, Options()), data.versions, data.accounting, data.agreement, 5)


def method_of(made: Document) -> str:
    chapter = next(chapter for chapter in made.closing if chapter.key == "verantwoording")
    return " ".join(text for block in chapter.views[0].blocks if isinstance(block, Text) for text in block.paragraphs)


def marked(table: Table) -> bool:
    return "(voorlopig)" in table.title and all(row.status == "voorlopig" for row in table.rows)


def test_one_question_without_audit_is_provisional_and_the_other_is_not(data: ReportData) -> None:
    made = document(flagged(data, MACHINE_ONLY, question="verbeter"))
    assert made.provisional.startswith("Voorlopige cijfers bij ‘")
    of = {chapter.key: chapter for chapter in made.chapters}
    for key, expected in (("succes", False), ("verbeter", True)):
        for view in of[key].views:
            assert any("Voorlopige cijfers" in str(block) for block in view.blocks) is expected
            tables = [block for block in view.blocks if isinstance(block, Table)]
            assert tables
            assert [marked(table) for table in tables] == [expected] * len(tables)
            assert all(("Voorlopig:" in " ".join(table.notes)) is expected for table in tables)
    headings = [block.text for block in made.summary.views[0].blocks if isinstance(block, Heading)]
    assert [heading.endswith("(voorlopig)") for heading in headings] == [False, True]
    method = method_of(made)
    assert "is uit een aselecte steekproef daarvan berekend" in method
    assert "is geen aselecte steekproef nagekeken" in method
    assert "Bij voorlopige cijfers worden geen verschillen genoemd" in method


@pytest.mark.parametrize("flag", [MACHINE_ONLY, TOO_SMALL])
def test_reviewed_answers_without_an_audit_that_carries_them_make_nothing_final(data: ReportData, flag: str) -> None:
    """What people read to teach the model, or a single answer in another language, is no audit."""
    assert (data.shares["n_reviewed"] > 0).any()
    made = document(flagged(data, flag))
    assert made.provisional.startswith("Voorlopige cijfers: ")
    method = method_of(made)
    assert "hoe vaak het model zich vergist. De percentages en marges houden daar rekening mee" not in method
    assert "groter zijn dan door toeval en codeerfouten" not in method
    assert "voorlopig" in method


def test_audited_figures_are_not_called_provisional(data: ReportData) -> None:
    made = document(data)
    assert made.provisional == ""
    assert "oorlopig" not in str(made)


def test_a_group_with_too_small_an_audit_is_marked_where_it_stands(data: ReportData) -> None:
    made = document(flagged(data, TOO_SMALL, question="succes", group="Borne"))
    assert made.provisional == ""
    compared = next(table for table in made.tables if table.key == "succes-vergelijking")
    assert "voorlopig" not in compared.title
    assert ["voorlopig" in column.sub for column in compared.columns if column.label == "Borne"] == [True]
    assert sum("voorlopig" in column.sub for column in compared.columns) == 1
    assert {row.status for row in compared.rows} == {"voorlopig: Borne"}
    assert marked(next(table for table in made.tables if table.key == "succes-borne"))


def test_the_judgement_of_one_scheme_without_audit_is_marked_in_the_overview(schemes: ReportData) -> None:
    name = next(question for question in schemes.codebooks if question.startswith("ervaring-"))
    made = document(flagged(schemes, MACHINE_ONLY, question=name))
    overview = next(table for table in made.tables if table.key == "oordeel-totaal")
    assert overview.title.endswith("(deels voorlopig)")
    assert [row.label.endswith("(voorlopig)") for row in overview.rows].count(True) == 1
    assert [row.status for row in overview.rows if row.status] == ["voorlopig"]
    assert all(marked(table) for table in made.tables if table.key.startswith(f"{name}-"))


def test_the_files_say_it_too(data: ReportData, tmp_path: Path) -> None:
    build_report(flagged(data, MACHINE_ONLY, question="verbeter"), tmp_path, formats=("csv", "xlsx", "html"))
    for path in sorted((tmp_path / "tabellen").glob("*.csv")):
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        wanted = "verbeter" in path.name
        assert lines[0].endswith(";Status") is wanted
        assert all(line.endswith(";voorlopig") for line in lines[1:]) is wanted
    book = openpyxl.load_workbook(tmp_path / "rapport.xlsx")
    titles = [str(sheet.cell(1, 1).value) for sheet in book if sheet.title.startswith("Tabel")]
    assert 0 < sum("(voorlopig)" in title for title in titles) < len(titles)
    assert '"estimated":false' in (tmp_path / "rapport.html").read_text(encoding="utf-8")


def test_years_published_without_a_number_of_respondents_say_why_nothing_is_marked(data: ReportData) -> None:
    assert data.comparisons is not None
    waves = data.comparisons["kind"] == "wave"
    reason = "no number of respondents: the sampling error is unknown"
    table = data.comparisons.assign(
        word=data.comparisons["word"].astype(object).where(~waves, None),
        reason=pd.Series(None, index=waves.index, dtype=object).where(~waves, reason),
    )
    made = document(replace(data, comparisons=table))
    years = [one for one in made.tables if one.key.endswith("-jaren")]
    assert years
    for one in years:
        assert not any(cell.mark for row in one.rows for cell in row.cells)
        assert "Niet vergelijkbaar met 2018: " in " ".join(one.notes)
        assert "niet bekend van hoeveel mensen" in " ".join(one.notes)


def test_a_reference_group_without_a_number_of_respondents_says_so_below_the_table(data: ReportData) -> None:
    assert data.comparisons is not None
    rows = data.comparisons["kind"] == "reference"
    table = data.comparisons.assign(
        word=data.comparisons["word"].astype(object).where(~rows, None),
        reason=pd.Series(None, index=rows.index, dtype=object).where(~rows, "no number of respondents: unknown"),
    )
    made = document(replace(data, comparisons=table))
    of_total = next(one for one in made.tables if one.key == "succes-totaal")
    assert "Niet vergelijkbaar met de referentiegroep: alle punten" in " ".join(of_total.notes)


def test_what_was_coded_without_examples_says_so_below_its_tables_and_in_the_method_note(
    data: ReportData, tmp_path: Path
) -> None:
    """Whether people reviewed it or not."""
    made = document(replace(data, zero_shot={"verbeter"}))
    assert "zero-shot" not in str(document(data))
    for key, expected in (("succes", False), ("verbeter", True)):
        chapter = next(chapter for chapter in made.chapters if chapter.key == key)
        for table in (block for view in chapter.views for block in view.blocks if isinstance(block, Table)):
            assert ("Ingedeeld zonder voorbeelden" in " ".join(table.notes)) is expected
            assert "zero-shot" not in " ".join(table.notes)
    assert "had het model geen voorbeelden om van te leren" in method_of(made)
    build_report(replace(data, zero_shot={"verbeter"}), tmp_path, formats=("html", "xlsx", "docx"))
    assert (tmp_path / "rapport.html").read_text(encoding="utf-8").count("zero-shot") == 1  # a term, in the method note
    cells = {str(cell.value) for sheet in openpyxl.load_workbook(tmp_path / "rapport.xlsx")
             for row in sheet.iter_rows() for cell in row}  # fmt: skip
    assert any("Ingedeeld zonder voorbeelden" in cell for cell in cells)
    with zipfile.ZipFile(tmp_path / "rapport.docx") as archive:
        assert "(zero-shot)" in archive.read("word/document.xml").decode()
