"""Reading files: every dress a CSV comes in, Excel, SPSS and Parquet give the same table of text."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from pipeline.config import Input
from pipeline.errors import TableError
from pipeline.intake.formats import read_file

ROWS = [
    ("1", "Borne", 'Zei: "kom maar"; en toen niets'),
    ("2", "", "Eerste regel\nTweede regel"),
    ("3", "Hengelo", "NA"),
    ("4", "Hengelo", "crème brûlée € 5"),
]


def csv_text(delimiter: str = ";", newline: str = "\r\n") -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in '"\n;,\t|') else text

    return newline.join(delimiter.join(map(cell, row)) for row in [("nr", "plaats", "tekst"), *ROWS]) + newline


def read(path: Path, **settings: object) -> list[tuple[str, ...]]:
    table = read_file(Input(file=str(path), **settings), path)  # type: ignore[arg-type]
    return [tuple(row) for row in table.itertuples(index=False)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_csv_in_every_dress(write: Callable[..., Path], encoding: str, delimiter: str) -> None:
    assert read(write("d.csv", csv_text(delimiter), encoding=encoding)) == ROWS


def test_unix_line_ends_a_sep_line_and_trailing_delimiters(write: Callable[..., Path]) -> None:
    assert read(write("d.csv", csv_text(newline="\n"))) == ROWS
    assert read(write("d.csv", "sep=;\r\n" + csv_text())) == ROWS
    assert read(write("d.csv", "nr;tekst;\r\n1;ja;\r\n2;nee;\r\n")) == [("1", "ja"), ("2", "nee")]


@pytest.mark.parametrize("answer", ["None", "NA", "null", "nan", "N/A", "-", "1,5", "007", "TRUE"])
def test_nothing_is_guessed_away(write: Callable[..., Path], answer: str) -> None:
    assert read(write("d.csv", f"nr;tekst\n1;{answer}\n")) == [("1", answer)]


def test_commas_in_answers_do_not_fool_the_delimiter(write: Callable[..., Path]) -> None:
    rows = read(write("d.csv", "nr;tekst\n1;ja, en, nee, of, toch\n2;a,b,c,d\n"))
    assert rows == [("1", "ja, en, nee, of, toch"), ("2", "a,b,c,d")]


def test_excel(tmp_path: Path) -> None:
    path = tmp_path / "d.xlsx"
    frame = pd.DataFrame({"nr": [1, 2, None], "weging": [1.5, 2.0, None], "tekst": ["=1+1 vind ik", "NA", None]})
    with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs={"options": {"strings_to_formulas": False}}) as out:
        frame.to_excel(out, index=False, sheet_name="Data")
    assert read(path) == [("1", "1.5", "=1+1 vind ik"), ("2", "2", "NA")]
    with pytest.raises(TableError, match="no sheet 'Dat'.*did you mean 'Data'"):
        read(path, sheet="Dat")


def test_spss_gives_value_labels_and_keeps_variable_labels(tmp_path: Path) -> None:
    path = tmp_path / "d.sav"
    frame = pd.DataFrame({"plaats": [1.0, 2.0, None], "v1": ["goed geregeld", "", "één punt"], "t1": [1.0, 0.0, 0.0]})
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={"v1": "Wat gaat er goed?"},
        variable_value_labels={"plaats": {1: "Borne", 2: "Hengelo"}, "t1": {0: "Nee", 1: "Ja"}},
    )
    assert read(path) == [("Borne", "goed geregeld", "Ja"), ("Hengelo", "", "Nee"), ("", "één punt", "Nee")]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".sav", ".zsav", ".parquet"])
def test_the_suffix_may_be_in_capitals(tmp_path: Path, suffix: str) -> None:
    frame, made = pd.DataFrame({"nr": ["1", "2"], "tekst": ["a", "b"]}), tmp_path / f"made{suffix}"
    if suffix in (".xlsx", ".xlsm"):
        frame.to_excel(tmp_path / "made.xlsx", index=False)
        made = tmp_path / "made.xlsx"
    elif suffix in (".sav", ".zsav"):
        pyreadstat.write_sav(frame, str(made), compress=suffix == ".zsav")
    elif suffix == ".parquet":
        frame.to_parquet(made)
    else:
        frame.to_csv(made, index=False, sep="\t" if suffix == ".tsv" else ";")
    assert read(made.rename(tmp_path / f"DATA{suffix.upper()}")) == [("1", "a"), ("2", "b")]


def test_parquet(tmp_path: Path) -> None:
    pd.DataFrame({"nr": [1, 2], "tekst": ["a", None]}).to_parquet(tmp_path / "d.parquet")
    assert read(tmp_path / "d.parquet") == [("1", "a"), ("2", "")]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("d.csv", b"", "the file is empty"),
        ("d.csv", b"\n;;\n\n", "nothing in it"),
        ("d.csv", b"nr;tekst\n", "a header but no rows"),
        ("d.csv", b"nr;tekst;tekst\n1;a;b\n", "columns 2 and 3 have the same name"),
        ("d.csv", b"nr;tekst\n1;a;b\n", "line 2: 3 columns; expected 2"),
        ("d.csv", b'nr;tekst\n1;"a\n2;b\n', "broken quoting"),
        ("d.csv", b'sep=;\nnr;tekst\n1;"a"b\n', "line 3: broken quoting"),
        ("d.csv", b"nr;tekst\n1;a\n2;\x81\x8d\xff\x90\n", "line 3: text that is neither UTF-8 nor Windows-1252"),
        ("d.csv", b"\xef\xbb\xbfnr;tekst\n1;\xff\n", "bytes that are not utf-8-sig"),
        ("d.xlsx", b"not a zip", "not a readable Excel workbook"),
        ("d.sav", b"not spss", "not a readable SPSS file"),
        ("d.parquet", b"PAR1", "not a readable Parquet file"),
        ("d.docx", b"x", "file kind '.docx' is not known"),
        ("d.ods", b"x", "Next: open it in Excel and save it as .xlsx"),
    ],
)
def test_bad_files_are_named(write: Callable[..., Path], name: str, content: bytes, found: str) -> None:
    path = write(name, content)
    with pytest.raises(TableError) as caught:
        read(path)
    assert found in str(caught.value)
    assert name in str(caught.value)


def test_named_encoding(write: Callable[..., Path]) -> None:
    path = write("d.csv", "nr;tekst\n1;één\n", encoding="mac_roman")
    assert read(path, encoding="mac_roman") == [("1", "één")]
    with pytest.raises(TableError, match="encoding 'utf-9' is not known"):
        read(path, encoding="utf-9")
    with pytest.raises(TableError, match="line 2: bytes that are not ascii"):
        read(path, encoding="ascii")


@pytest.mark.parametrize("encoding", ["undefined", "punycode", "utf-8\0"])
def test_an_encoding_that_is_of_no_file_is_named(write: Callable[..., Path], encoding: str) -> None:
    path = write("d.csv", f"nr;tekst\n1;{'geheim' * 20}\n")
    with pytest.raises(TableError, match=r"d\.csv: text that is not in encoding .* 'input\.encoding'") as caught:
        read(path, encoding=encoding)
    assert repr(encoding) in str(caught.value)
    assert "geheim" not in "".join(traceback.format_exception(caught.value))


def test_a_missing_file_suggests_its_neighbour(write: Callable[..., Path]) -> None:
    path = write("antwoorden.csv", "a;b\n1;2\n")
    with pytest.raises(TableError, match=r"did you mean 'antwoorden\.csv'"):
        read(path.with_name("antworden.csv"))


def test_nul_bytes_a_huge_answer_and_other_scripts_are_read(write: Callable[..., Path]) -> None:
    huge = "lang " * 200_000
    rows = read(write("d.csv", f"nr;tekst\n1;a\x00b\n2;{huge}\n3;شكرا 👍🏽\n"))
    assert rows[0][1] == "ab"
    assert len(rows[1][1]) == 1_000_000
    assert rows[2][1] == "شكرا 👍🏽"


@pytest.mark.parametrize(("encoding", "named"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le")])
def test_a_byte_order_mark_is_no_part_of_the_first_name(write: Callable[..., Path], encoding: str, named: str) -> None:
    path = write("d.csv", csv_text(), encoding=encoding)
    assert read_file(Input(file="d", encoding=named), path).columns[0] == "nr"


def test_csv_rows_keep_their_number_and_a_blank_first_line_is_no_header(write: Callable[..., Path]) -> None:
    table = read_file(Input(file="d"), write("d.csv", '\nnr;tekst\n1;"a\nb"\n\n;\n2;c\n'))
    assert table.index.tolist() == [3, 6]
    assert table["tekst"].tolist() == ["a\nb", "c"]
