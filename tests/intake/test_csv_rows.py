"""CSV rows whose cells would stand under another's name are refused; what exports leave out by rule is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import Input
from pipeline.errors import TableError
from pipeline.intake.csv_rows import decode
from pipeline.intake.formats import read_file


def read(path: Path, *names: str) -> list[tuple[str, ...]]:
    return [tuple(row) for row in read_file(Input(file="d"), path, names).itertuples(index=False)]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (
            "nr;plaats;tekst\n1;N;geheim\ngeheim\n2;Z;b\n",
            "line 3: 1 columns; expected 3 as in the header, with delimiter ';'",
        ),
        ("nr;tekst;plaats\n1;geheim\ngeheim;N\n2;b;Z\n", "line 2: 2 columns"),
        ('nr;tekst;plaats\n1;"a\nb";N\n2;geheim\ngeheim;N\n', "line 4: 2 columns"),
        ("nr;tekst;plaats;leeg\n1;geheim; geheim;N;\n2;b;Z;\n", "line 2: 5 columns; expected 4"),
        ("nr;tekst;\n1;a; geheim\n2;b;\n", "line 2: 3 columns; expected 2"),
        ("nr;tekst\n1;a;\n2;b;\n", "line 2: 3 columns"),
        ("Geheim van 2026\n\nnr;tekst\n1;a\n", "Next: take out a title above the column names"),
        ("Geheim van 2026;\n\nnr;tekst\n1;a\n", "Next: take out a title above the column names"),
    ],
)
def test_a_row_that_may_be_shifted_is_refused(write: Callable[..., Path], content: str, found: str) -> None:
    with pytest.raises(TableError) as caught:
        read(write("d.csv", content))
    assert found in str(caught.value)
    assert "geheim" not in str(caught.value).lower()


def test_a_delimiter_that_every_row_has_at_its_end_is_none(write: Callable[..., Path]) -> None:
    rows = [f"{n};a;" for n in range(10)]
    assert read(write("d.csv", "\n".join(["nr;tekst", *rows]))) == [(str(n), "a") for n in range(10)]
    with pytest.raises(TableError, match="line 2: 3 columns"):
        read(write("d.csv", "\n".join(["nr;tekst", *rows, "10;a;b;"])))


def excel_csv(filled: set[int], n_rows: int) -> str:
    """Write a third column, filled in some rows, as Excel does: not at all in a block of 16 without one of them."""
    rows = ["nr;tekst;x", *(f"{n};a;{'y' if n in filled else ''}" for n in range(1, n_rows))]
    blocks = [rows[start : start + 16] for start in range(0, n_rows, 16)]
    empty = [all(row.endswith(";") for row in block) for block in blocks]
    return "\n".join(row[:-1] if short else row for block, short in zip(blocks, empty, strict=True) for row in block)


@pytest.mark.parametrize(("filled", "n_rows"), [({3, 40}, 51), ({3}, 40), ({3}, 25)])
def test_blocks_from_which_excel_left_out_an_empty_column_are_read(
    write: Callable[..., Path], filled: set[int], n_rows: int
) -> None:
    content = excel_csv(filled, n_rows)
    assert "\n16;a\n" in content
    assert [row[2] for row in read(write("d.csv", content))] == ["y" if n in filled else "" for n in range(1, n_rows)]


def test_some_short_rows_within_or_at_the_end_are_not_excels(write: Callable[..., Path]) -> None:
    whole = ["nr;tekst;x", *(f"{n};a;y" for n in range(1, 40))]
    for at in (20, 40):
        with pytest.raises(TableError, match=rf"line {at + 1}: 2 columns"):
            read(write("d.csv", "\n".join([*whole[:at], "97;geheim", "geheim;y", *whole[at:]])))


def test_commas_in_names_and_answers_do_not_fool_the_delimiter(write: Callable[..., Path]) -> None:
    content = "nr;Wat gaat er goed, en wat, of wie, niet?;Wat, zo ja, kan beter?\n1;a, b;c\n2;a;b, c, d\n"
    path = write("d.csv", content)
    assert read(path) == [("1", "a, b", "c"), ("2", "a", "b, c, d")]
    assert read(path, "Wat, zo ja, kan beter?")[0] == ("1", "a, b", "c")
    assert read(write("d.csv", "a;b,c\n1;2,3\n"), "a;b") == [("1;2", "3")]


def test_utf_16_without_a_byte_order_mark(write: Callable[..., Path]) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        assert read(write("d.csv", "nr;tekst\n1;’t is € 5 cliënt\n", encoding)) == [("1", "’t is € 5 cliënt")]


def test_a_file_put_together_from_two_encodings_is_read_by_line() -> None:
    assert decode("Súdwest\n".encode() + "Súdwest".encode("cp1252"), Path("d.csv")) == "Súdwest\nSúdwest"


def test_a_name_that_is_there_twice_is_refused_when_it_is_wanted(write: Callable[..., Path]) -> None:
    path = write("d.csv", "nr;tekst;x;x\n1;a;b;c\n")
    assert read(path, "nr", "tekst") == [("1", "a")]
    with pytest.raises(TableError, match="columns 3 and 4 have the same name"):
        read(path, "nr", "x")


def test_errors_of_excel_are_gaps_in_a_csv_too(write: Callable[..., Path]) -> None:
    path = write("d.csv", "nr;tekst\n1;#NAAM?\n2;#N/B\n3;De cel zei #N/B\n")
    table = read_file(Input(file="d"), path)
    assert table["tekst"].tolist() == ["", "", "De cel zei #N/B"]
    assert table.attrs["errors"] == {"nr": 0, "tekst": 2}
