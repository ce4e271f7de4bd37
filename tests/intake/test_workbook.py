"""Excel as people and programs leave it: every row is read, and a file that can't be read never shows a cell."""

from __future__ import annotations

import re
import traceback
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from pipeline.config import Input
from pipeline.errors import TableError
from pipeline.intake.formats import read_file

ROWS = [("nr", "tekst"), *((n, f"antwoord {n}") for n in range(10))]


def workbook(path: Path, rows: Iterable[Iterable[object]] = ROWS) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.active.title = "Data"
    book.save(path)
    return path


def edit(path: Path, change: Callable[[str], str]) -> Path:
    """Change the XML of the first sheet, as another program would have written it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    changed = change(parts[sheet].decode())
    assert changed != parts[sheet].decode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (parts | {sheet: changed.encode()}).items():
            archive.writestr(name, content)
    return path


def test_rows_beyond_the_size_that_the_file_claims_are_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx")
    edit(path, lambda xml: re.sub('<dimension ref="[^"]*"', '<dimension ref="A1:B4"', xml))
    assert read_file(Input(file="d"), path)["tekst"].tolist() == [f"antwoord {n}" for n in range(10)]


def test_a_cell_that_is_not_what_it_says_is_not_shown(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx")
    edit(path, lambda xml: re.sub('<c r="B3" t="[^"]*">.*?</c>', '<c r="B3"><v>Mevrouw geheim. e</v></c>', xml))
    with pytest.raises(TableError, match="not a readable Excel workbook") as caught:
        read_file(Input(file="d"), path)
    assert "geheim" not in "".join(traceback.format_exception(caught.value))


def test_rows_keep_their_number_in_the_file(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", [(), ("nr", "tekst"), (1, "a"), (), (), (2, "b")])
    table = read_file(Input(file="d"), path)
    assert table.index.tolist() == [3, 6]
    assert table["nr"].tolist() == ["1", "2"]


def test_names_have_single_spaces_and_unnamed_columns_are_left_alone(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", [(" nr ", None, "Wat kan\nbeter?", None, "x\u00a0y"), (1, "?", "a", "?", "b")])
    table = read_file(Input(file="d"), path)
    assert table.to_dict("list") == {"nr": ["1"], "Wat kan beter?": ["a"], "x y": ["b"]}


def test_the_first_sheet_is_the_first_that_a_person_sees_with_cells(tmp_path: Path) -> None:
    path = tmp_path / "d.xlsx"
    with xlsxwriter.Workbook(path) as book:
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Data!$A$2:$A$3"})
        book.add_chartsheet("Grafiek").set_chart(chart)
        hidden = book.add_worksheet("Uitleg")
        hidden.write(0, 0, "Toelichting")
        hidden.hide()
        data = book.add_worksheet("Data")
        for number, row in enumerate(ROWS):
            data.write_row(number, 0, row)
        data.activate()
        data.set_first_sheet()
    table = read_file(Input(file="d"), path)
    assert (table.attrs["sheet"], len(table)) == ("Data", 10)
    with pytest.raises(TableError, match="no sheet 'Grafiek'"):
        read_file(Input(file="d", sheet="Grafiek"), path)


def test_formulas_that_were_never_worked_out_are_counted(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", [("nr", "tekst"), (1, '=CONCATENATE("te ","laat")'), (2, "goed"), (3, None)])
    table = read_file(Input(file="d"), path)
    assert table["tekst"].tolist() == ["", "goed", ""]
    assert table.attrs["no_result"] == {"nr": 0, "tekst": 1}


def test_error_values_are_gaps(tmp_path: Path) -> None:
    path = workbook(tmp_path / "d.xlsx", [("nr", "tekst"), (1, "#NAME?"), (2, "#N/A"), (3, "goed")])
    table = read_file(Input(file="d"), path)
    assert table["tekst"].tolist() == ["", "", "goed"]
    assert table.attrs["errors"] == {"nr": 0, "tekst": 2}


def test_an_empty_sheet_before_the_answers_is_passed_over(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Voorblad"
    for row in ROWS:
        book.create_sheet("Data") if "Data" not in book.sheetnames else None
        book["Data"].append(list(row))
    book.save(tmp_path / "d.xlsx")
    table = read_file(Input(file="d"), tmp_path / "d.xlsx")
    assert (table.attrs["sheet"], len(table)) == ("Data", 10)
