"""The workbook, the document, the CSV tables and the coded file, read back."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import docx
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from pipeline.errors import ConfigError
from pipeline.report.build import ReportData, build_report, make_context
from pipeline.report.content import Cell, Column, Document, Row, Table
from pipeline.report.csv_files import write_tables
from pipeline.report.document import make_document
from pipeline.report.excel_charts import PERCENT, columns_of, figure_of
from pipeline.report.labels import Messages
from pipeline.report.numbers import percent
from pipeline.report.options import Options
from pipeline.report.plain import plain
from pipeline.report.show import MARKS, shown

from .synthetic import NASTY


@pytest.fixture(scope="module")
def document(data: ReportData) -> Document:
    return make_document(make_context(data, Options()), data.versions, data.accounting, data.agreement, 5)


def test_every_number_of_the_workbook_is_that_of_its_table(report: Path, document: Document) -> None:
    book = openpyxl.load_workbook(report / "rapport.xlsx")
    assert book.sheetnames[0] == "Inhoud"
    for table in document.tables:
        sheet = book[f"Tabel {table.number}"]
        assert sheet["A1"].value == f"Tabel {table.number} {table.title}"
        for number, row in enumerate(table.rows, start=5):
            assert sheet.cell(number, 1).value == row.label
            cells = dict(zip(table.columns, row.cells, strict=True))
            for place, column, part in columns_of(table):
                found = sheet.cell(number, place + 1)
                cell = cells[column]
                if part == "mark":
                    assert (found.value or "") == MARKS[cell.mark]
                elif cell.hidden:
                    assert found.value == "•"
                else:
                    expected = cell.high if part == "high" else cell.value
                    assert found.value == (pytest.approx(expected) if isinstance(expected, float) else expected)
                    if column.kind == "percent" and cell.value is not None:
                        assert found.number_format == PERCENT


def test_nothing_in_the_workbook_is_a_formula(report: Path) -> None:
    book = openpyxl.load_workbook(report / "rapport.xlsx")
    texts = []
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                texts.append(cell.value)
    for nasty in NASTY.values():
        assert plain(nasty).strip() in [str(text).strip() for text in texts if text]
    with ZipFile(report / "rapport.xlsx") as archive:
        assert sum(name.startswith("xl/charts/chart") for name in archive.namelist()) > 10
        assert b"example.invalid" not in b"".join(archive.read(n) for n in archive.namelist() if n.endswith(".rels"))


def test_the_charts_of_the_workbook_draw_what_the_page_draws(schemes: ReportData, tmp_path: Path) -> None:
    """A figure left out is no bar of nought, and does not stretch the rest of a stacked one."""
    rows = (schemes.shares["code"] == "negatief") & (schemes.shares["group"] == "Borne")
    rows |= (schemes.shares["question"] == "succes") & (schemes.shares["code"] == schemes.shares["code"].iloc[0])
    data = replace(schemes, shares=schemes.shares.assign(suppressed=schemes.shares["suppressed"] | rows))
    made = make_document(make_context(data, Options()), data.versions, data.accounting, data.agreement, 5)
    build_report(data, tmp_path, formats=("xlsx",))
    book = openpyxl.load_workbook(tmp_path / "rapport.xlsx")
    checked = set()
    for number, figure in figure_of(made).items():
        sheet = book[f"Tabel {number}"]
        (chart,) = sheet._charts
        series = chart.series[0]
        labels, values = (_cells(sheet, reference) for reference in (series.cat.strRef.f, series.val.numRef.f))
        if figure.kind == "stacked":
            assert labels == [label for label, _ in figure.data]
            for place, one in enumerate(chart.series):
                assert _cells(sheet, one.val.numRef.f) == pytest.approx([row[place] for _, row in figure.data])
        elif figure.kind == "bars":
            assert labels == [bar.label for bar in figure.data]
            assert values == pytest.approx([bar.share for bar in figure.data])
        checked.add(figure.kind)
    assert checked >= {"stacked", "bars"}


def test_groups_whose_names_differ_in_signs_only_have_their_own_sheets(data: ReportData, tmp_path: Path) -> None:
    names = {"Hengelo": "65+", "Borne": "65-"}
    tables = {"shares": data.shares, "answers": data.answers}
    renamed = {key: table.assign(group=table["group"].replace(names)) for key, table in tables.items()}
    build_report(replace(data, **renamed, comparisons=None, reference=None), tmp_path, formats=("xlsx", "html"))
    book = openpyxl.load_workbook(tmp_path / "rapport.xlsx")
    links = {row[1].value: row[0].hyperlink.location for row in book["Inhoud"].iter_rows(min_row=6) if row[0].hyperlink}
    (own,) = (title for title in links if "65-" in title and title.startswith("Succespunten"))
    name = links[own].split("!")[0].strip("'")
    assert own in str(book[name]["A1"].value)
    (chart,) = book[name]._charts
    assert "65-" in chart.title.tx.rich.p[0].r[0].t
    ids = re.findall(r' id="([^"]+)"', (tmp_path / "rapport.html").read_text(encoding="utf-8"))
    assert len(ids) == len(set(ids))


def _cells(sheet: Any, reference: str) -> list[Any]:
    found = sheet[reference.split("!")[1].replace("$", "")]
    return [cell.value for (cell,) in found] if isinstance(found, tuple) else [found.value]


def test_colours_of_the_workbook_compare_over_the_whole_table(report: Path, document: Document) -> None:
    book = openpyxl.load_workbook(report / "rapport.xlsx")
    heated = [table for table in document.tables if any(column.heat for column in table.columns)]
    assert heated
    for table in heated:
        (ranges,) = book[f"Tabel {table.number}"].conditional_formatting
        assert len(ranges.sqref.ranges) == sum(column.heat for column in table.columns)


def test_the_heads_of_a_sheet_have_room(schemes: ReportData, tmp_path: Path) -> None:
    """A head such as 'Marge gemengd ondergrens' takes two lines: in a row of one its first line is cut off."""
    build_report(schemes, tmp_path, formats=("xlsx",))
    sheets = [sheet for sheet in openpyxl.load_workbook(tmp_path / "rapport.xlsx") if sheet.title.startswith("Tabel")]
    for sheet in sheets:
        heads = [str(cell.value or "") for cell in sheet[4]][1:20]
        lines = max(sum(-(-len(line) // 15) for line in head.split("\n")) for head in heads)
        assert sheet.row_dimensions[4].height >= 15 * lines, sheet.title
    assert max(sheet.row_dimensions[4].height for sheet in sheets) >= 30


def test_the_answers_sheet_keeps_small_cells_apart(report: Path, data: ReportData) -> None:
    book = make_context(data, Options()).book
    rows = list(openpyxl.load_workbook(report / "rapport.xlsx")["Antwoorden"].iter_rows(min_row=2, values_only=True))
    titles = {question.id: question.title or data.codebooks[question.id].title for question in data.survey.questions}
    shown_groups = {
        (book.numbers[one.answer_id], titles[one.question]): book.group_shown(one)
        if book.may_list(one.question, one.group)
        else ""
        for one in book.coded
    }
    assert any(shown_groups.values())
    assert len(rows) == sum(len(answers) for answers in book.by_question.values())
    for number, title, group, *_ in rows:
        assert (group or "") == shown_groups[number, title]


def test_every_table_of_the_document_is_that_of_the_report(report: Path, document: Document) -> None:
    word = docx.Document(str(report / "rapport.docx"))
    numbered = [block for view in _views(document) for block in view if isinstance(block, Table)]
    assert len(word.tables) == len(numbered)
    for made, table in zip(word.tables, numbered, strict=True):
        for line, row in zip(made.rows[1:], table.rows, strict=True):
            texts = [cell.text for cell in line.cells]
            marks = [f" {MARKS[cell.mark]}" if cell.mark else "" for cell in row.cells]
            values = [shown(cell, column) for cell, column in zip(row.cells, table.columns, strict=True)]
            assert texts == [row.label, *(value + mark for value, mark in zip(values, marks, strict=True))]


def test_the_document_has_captions_pictures_and_quotes(report: Path, document: Document) -> None:
    word = docx.Document(str(report / "rapport.docx"))
    captions = [p.text for p in word.paragraphs if p.style is not None and p.style.name == "Caption"]
    for table in document.tables[:3]:
        assert any(
            text.startswith(f"Tabel  SEQ Tabel \\* ARABIC {table.number}") or table.title in text for text in captions
        )
    assert len(word.inline_shapes) == sum(
        type(block).__name__ == "Figure" for view in _views(document) for block in view
    )
    assert all(shape._inline.docPr.get("descr") for shape in word.inline_shapes)
    assert any(p.text.startswith("‘") and p.style is not None and p.style.name == "Quote" for p in word.paragraphs)


def test_a_bureau_brings_its_own_template(small: ReportData, tmp_path: Path) -> None:
    template = docx.Document()
    template.styles["Heading 1"].font.name = "Comic Sans MS"
    template.save(str(tmp_path / "huisstijl.docx"))
    build_report(small, tmp_path, formats=("docx",), options=Options(template=tmp_path / "huisstijl.docx"))
    assert docx.Document(str(tmp_path / "rapport.docx")).styles["Heading 1"].font.name == "Comic Sans MS"


def test_a_template_that_is_no_document_is_named(small: ReportData, tmp_path: Path) -> None:
    (tmp_path / "huisstijl.docx").write_text("geen Word")
    with pytest.raises(ConfigError, match=r"huisstijl.docx.*not a Word document"):
        build_report(small, tmp_path, formats=("docx",), options=Options(template=tmp_path / "huisstijl.docx"))
    assert not (tmp_path / "rapport.docx").exists()


def test_answers_of_every_kind_are_quoted_harmlessly_in_word(data: ReportData, tmp_path: Path) -> None:
    texts = data.answers.set_index("answer_id")["text"]
    ids = {name: str(texts.index[texts == text][0]) for name, text in NASTY.items() if (texts == text).any()}
    assert {"script", "formula", "emoji", "long", "rtl"} <= set(ids)
    build_report(data, tmp_path, formats=("docx",), options=Options(pin=tuple(ids.values()), quotes_per_code=8))
    word = docx.Document(str(tmp_path / "rapport.docx"))
    quotes = " ".join(paragraph.text for paragraph in word.paragraphs)
    for name in ("script", "emoji", "rtl"):
        assert NASTY[name] in quotes, name
    assert "HYPERLINK" not in quotes  # it holds an address, and a quote never does
    assert NASTY["long"][:90] in quotes
    assert NASTY["long"][:2000] not in quotes
    with ZipFile(tmp_path / "rapport.docx") as archive:
        written = archive.read("word/document.xml").decode("utf-8")
        links = archive.read("word/_rels/document.xml.rels").decode("utf-8")
    assert "<script" not in written
    assert "example.invalid" not in links


def test_csv_tables_are_as_dutch_excel_wants_them(report: Path, data: ReportData) -> None:
    raw = (report / "tabellen" / "01-succes-totaal.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][:2] == ["Punt", "Dit jaar (%)"]
    share = data.shares.set_index(["question", "group", "code"])["share"]["succes", "Totaal", "klantmanager"]
    row = next(row for row in rows if row[0] == "Mijn klantmanager")
    assert float(row[1].replace(",", ".")) == pytest.approx(100 * share, abs=0.005)
    assert "," in row[1]


def test_the_coded_csv_has_no_formulas(report: Path) -> None:
    text = (report / "gecodeerd.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert len(rows) == 389
    assert any(row["succes_antwoord"].startswith("'=HYPERLINK") for row in rows)
    assert not any(row["succes_antwoord"].startswith(("=", "+", "-", "@", "\t")) for row in rows)


def test_a_weight_in_the_coded_csv_has_all_its_digits(small: ReportData, tmp_path: Path) -> None:
    data = replace(small, answers=small.answers.assign(weight=1052.38173))
    build_report(data, tmp_path, formats=("csv",))
    rows = list(
        csv.DictReader((tmp_path / "gecodeerd.csv").read_text(encoding="utf-8-sig").splitlines(), delimiter=";")
    )
    assert {row["gewicht"] for row in rows} == {"1052,38173"}


def test_the_coded_file_for_spss_has_labels(report: Path, data: ReportData) -> None:
    table, meta = pyreadstat.read_sav(str(report / "gecodeerd.sav"))
    assert len(table) == 389
    assert meta.column_names_to_labels["succes_klantmanager"] == "Succespunten: Mijn klantmanager"
    assert meta.variable_value_labels["succes_klantmanager"] == {0.0: "niet genoemd", 1.0: "genoemd"}
    answered = int((data.answers[data.answers["question"] == "succes"]["status"] == "answer").sum())
    assert int(table["succes_klantmanager"].notna().sum()) == answered
    share = data.shares.set_index(["question", "group", "code"])["share"]["succes", "Totaal", "klantmanager"]
    assert table["succes_klantmanager"].mean() == pytest.approx(share)


def test_nasty_answers_survive_in_spss_and_parquet(report: Path) -> None:
    spss, _ = pyreadstat.read_sav(str(report / "gecodeerd.sav"))
    parquet = pd.read_parquet(report / "gecodeerd.parquet")
    for nasty in NASTY.values():
        assert nasty in set(parquet["succes_antwoord"])
        assert plain(nasty).strip() in {text.strip() for text in spss["succes_antwoord"]}


def test_a_very_long_answer_fits_in_every_format(data: ReportData, tmp_path: Path) -> None:
    longest = "é" * 40_000
    answers = data.answers.assign(text=data.answers["text"].where(data.answers["answer_id"] != "succes-0004", longest))
    build_report(replace(data, answers=answers), tmp_path, formats=("xlsx", "sav", "parquet"))
    table, _ = pyreadstat.read_sav(str(tmp_path / "gecodeerd.sav"))
    assert max(map(len, table["succes_antwoord"])) > 15_000
    assert longest in set(pd.read_parquet(tmp_path / "gecodeerd.parquet")["succes_antwoord"])


def test_questions_with_nearly_the_same_id_keep_their_own_variables(data: ReportData, tmp_path: Path) -> None:
    """`goed-zo` and `goed_zo` are the same to SPSS, and of the longest id there can be, names would be too long."""
    ids = {"succes": "goed-zo", "verbeter": "goed_zo"}
    own = _renamed(data, ids)
    build_report(own, tmp_path, formats=("parquet",))
    table = pd.read_parquet(tmp_path / "gecodeerd.parquet")
    for question, stem in zip(own.survey.questions, ("goed_zo", "goed_zo_2"), strict=True):
        texts = own.answers.loc[own.answers["question"] == question.id, "text"]
        assert sorted(table[f"{stem}_antwoord"]) == sorted(texts)
    build_report(_renamed(data, {"succes": "a" * 60, "verbeter": "a" * 59 + "b"}), tmp_path, formats=("sav",))
    spss, _ = pyreadstat.read_sav(str(tmp_path / "gecodeerd.sav"))
    assert sum(name.endswith("_antwoord") for name in spss.columns) == 2


def _renamed(data: ReportData, ids: dict[str, str]) -> ReportData:
    """Return the data of the same survey with other ids for its questions."""
    questions = tuple(one.model_copy(update={"id": ids[one.id]}) for one in data.survey.questions)
    return replace(
        data,
        survey=data.survey.model_copy(update={"questions": questions}),
        codebooks={ids[name]: book for name, book in data.codebooks.items()},
        answers=data.answers.assign(question=data.answers["question"].map(ids)),
        shares=data.shares.assign(question=data.shares["question"].map(ids)),
        comparisons=None,
        reference=None,
        agreement=None,
    )


def test_the_same_data_gives_the_same_workbook(data: ReportData, report: Path, tmp_path: Path) -> None:
    build_report(data, tmp_path, formats=("xlsx",))
    assert (tmp_path / "rapport.xlsx").read_bytes() == (report / "rapport.xlsx").read_bytes()


def _views(document: Document) -> list[tuple[object, ...]]:
    views = [document.summary.views[0], *(view for c in (*document.chapters, *document.closing) for view in c.views)]
    return [tuple(view.blocks) for view in views]


def test_no_published_file_names_a_respondent(report: Path, data: ReportData) -> None:
    """An id holds respondent and question, so that it would lead from one answer to the others."""
    published = (report / "rapport.html").read_text(encoding="utf-8")
    for name in ("rapport.xlsx", "rapport.docx"):
        with ZipFile(report / name) as archive:
            published += "".join(archive.read(one).decode("utf-8", "ignore") for one in archive.namelist())
    published += "".join(path.read_text(encoding="utf-8-sig") for path in (report / "tabellen").iterdir())
    assert not [one for one in data.answers["answer_id"] if one in published]


def test_a_percentage_in_a_csv_file_rounds_to_what_the_page_prints(tmp_path: Path) -> None:
    """25,4951% written as 25,5 would round to 26%."""
    shares = [0.254951, 0.9949996, 0.00004, 1 / 3, 0.0, 1.0, 27 / 86]
    rows = tuple(Row("x", (Cell(share),)) for share in shares)
    made = Table(1, "t", "T", "Punt", (Column("Dit jaar", "percent"),), rows)
    (path,) = write_tables(SimpleNamespace(tables=[made]), tmp_path, Messages())  # type: ignore[arg-type]
    lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))[1:]
    written = [float(line[1].replace(",", ".")) / 100 for line in lines]
    assert [percent(share) for share in written] == [percent(share) for share in shares]


def test_without_groups_nothing_speaks_of_them(small: ReportData, tmp_path: Path) -> None:
    total = small.shares[small.shares["group"] == "Totaal"]
    alone = replace(small, shares=total, answers=small.answers.assign(group=None))
    build_report(alone, tmp_path, formats=("html", "xlsx"))
    book = openpyxl.load_workbook(tmp_path / "rapport.xlsx")
    words = {str(cell.value) for name in ("Inhoud", "Antwoorden") for row in book[name].iter_rows() for cell in row}
    assert "Antwoordnummer" in words
    assert not [word for word in words if word.startswith("Gemeente")]
    page = (tmp_path / "rapport.html").read_text(encoding="utf-8")
    assert "met hun gemeente getoond" not in page
    assert "Klik op een percentage" in page
    build_report(replace(alone, codings=alone.codings.iloc[:0]), tmp_path, formats=("html",))
    assert "Klik op een percentage" not in (tmp_path / "rapport.html").read_text(encoding="utf-8")
