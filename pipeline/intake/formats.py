"""Survey files as tables of text: CSV in every dress, Excel, SPSS and Parquet; no value is ever guessed away."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import TableError, did_you_mean, problem

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import Input

SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".sav", ".zsav", ".parquet")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ";,\t|"


def read_file(source: Input, path: Path) -> pd.DataFrame:
    """Return the file as a frame of text, one row per input row, columns as named in the file, gaps as "".

    Answers such as "NA" or "None" stay what they are. Numbers are written as a person would (7, not 7.0).

    Raises:
        TableError: the file is missing, empty, damaged, of an unknown kind, or its delimiter or encoding is wrong.
    """
    if not path.is_file():
        near = did_you_mean(path.name, [p.name for p in path.parent.glob("*")]) if path.parent.is_dir() else ""
        raise TableError(problem(file=path, found="no such file", do=near or "correct 'input.file' in survey.yaml"))
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise TableError(
            problem(file=path, found=f"file kind '{suffix}' is not known", expected="one of " + ", ".join(SUFFIXES))
        )
    if path.stat().st_size == 0:
        raise TableError(problem(file=path, found="the file is empty", expected="a header row and at least one answer"))
    try:
        if suffix in (".xlsx", ".xlsm"):
            table = _read_excel(path, source.sheet)
        elif suffix in (".sav", ".zsav"):
            table = _read_spss(path)
        elif suffix == ".parquet":
            table = _read_parquet(path)
        else:
            table = _read_csv(path, source)
    except OSError as error:
        raise TableError(problem(file=path, found=f"cannot be read ({error.strerror or 'I/O error'})")) from error
    _check_header(table, path)
    if table.empty:
        raise TableError(problem(file=path, found="a header but no rows", expected="at least one answer"))
    return table


def row_number(index: object) -> int:
    """Return the row as a person counts it in the file, the header being row 1."""
    return int(str(index)) + 2


def _check_header(table: pd.DataFrame, path: Path) -> None:
    names = [str(name) for name in table.columns]
    for name in names:
        if names.count(name) > 1:
            raise TableError(
                problem(file=path, place="header", found=f"two columns named '{name}'", do="rename one of them")
            )


def decode(raw: bytes, path: Path, encoding: str | None = None) -> str:
    """Return the bytes of a text file as text: by BOM, as UTF-8, else as Windows-1252 as Dutch Excel writes it.

    Raises:
        TableError: the encoding named in survey.yaml is unknown or doesn't fit, or none fits.
    """
    if encoding is not None:
        try:
            return raw.decode(encoding)
        except LookupError as error:
            raise TableError(
                problem(file=path, found=f"encoding '{encoding}' is not known", expected="e.g. utf-8 or cp1252")
            ) from error
        except UnicodeDecodeError as error:
            raise TableError(
                problem(
                    file=path,
                    place=f"line {_line(raw, error.start)}",
                    found=f"bytes that are not {encoding}",
                    do="correct or leave out 'input.encoding'",
                )
            ) from error
    for bom, name in _BOMS:
        if raw.startswith(bom):
            encoding = name
            break
    try:
        return raw.decode(encoding or "utf-8")
    except UnicodeDecodeError as utf8_error:
        if encoding is not None:
            raise TableError(
                problem(
                    file=path,
                    place=f"line {_line(raw, utf8_error.start)}",
                    found=f"bytes that are not {encoding}",
                    do="save the file again as UTF-8",
                )
            ) from utf8_error
        try:
            return raw.decode("cp1252")
        except UnicodeDecodeError as error:
            raise TableError(
                problem(
                    file=path,
                    place=f"line {_line(raw, error.start)}",
                    found="text that is neither UTF-8 nor Windows-1252",
                    do="name its encoding under 'input.encoding' or save the file as UTF-8",
                )
            ) from error


def _line(raw: bytes, position: int) -> int:
    return raw.count(b"\n", 0, position) + 1


def _read_csv(path: Path, source: Input) -> pd.DataFrame:
    import pandas as pd

    text = decode(path.read_bytes(), path, source.encoding)
    if "\x00" in text:
        text = text.replace("\x00", "")
    first, _, rest = text.partition("\n")
    delimiter: str | None = source.delimiter
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:  # Excel's own hint
        delimiter, text = delimiter or first.strip()[4], rest
    needed = [name for name in (source.respondent, source.group, source.text) if name]
    delimiter = delimiter or _guess_delimiter(text, needed)
    csv.field_size_limit(1 << 30)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise TableError(
            problem(
                file=path,
                place=f"line {reader.line_num}",
                found=f"broken quoting ({error})",
                do="close the quotation mark there, or double those inside an answer",
            )
        ) from error
    if not rows:
        raise TableError(problem(file=path, found="the file is empty", expected="a header row and at least one answer"))
    header = [name.strip() for name in rows[0]]
    width = len(header)
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            raise TableError(
                problem(
                    file=path,
                    place=f"line {line}",
                    found=f"{len(row)} columns",
                    expected=f"{width} as in the header",
                    do=f"quote answers that contain '{delimiter}'"
                    if width > 1
                    else f"check the delimiter: '{delimiter}' does not split this file",
                )
            )
    while header and header[-1] == "" and all(len(row) < width or not row[width - 1].strip() for row in rows[1:]):
        header.pop()  # a trailing delimiter on every line
        width -= 1
    body = [(row + [""] * width)[:width] for row in rows[1:] if any(cell.strip() for cell in row)]
    return pd.DataFrame(body, columns=header, dtype="object")


def _guess_delimiter(text: str, needed: list[str]) -> str:
    """Choose the delimiter that gives a header with the columns the survey names, else the one it holds most of."""
    header = next(csv.reader(io.StringIO(text[:65536], newline=""), delimiter="\x1f"), [""])[0]
    best, best_score = ";", (-1, -1)
    for delimiter in _DELIMITERS:
        names = [name.strip() for name in next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter), [])]
        score = (sum(name in names for name in needed), len(names))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _read_excel(path: Path, sheet: str | None) -> pd.DataFrame:
    import pandas as pd
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TableError(
            problem(file=path, found="not a readable Excel workbook", do="open it in Excel and save it again as .xlsx")
        ) from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise TableError(problem(file=path, found=f"no sheet '{sheet}'", do=did_you_mean(sheet, book.sheetnames)))
        rows = book[sheet if sheet is not None else book.sheetnames[0]].iter_rows(values_only=True)
        header = [_cell(value).strip() for value in next(rows, ())]
        while header and header[-1] == "":
            header.pop()
        if not header:
            raise TableError(problem(file=path, found="the sheet is empty", expected="a header row and an answer"))
        width = len(header)
        body = [[_cell(value) for value in row[:width]] for row in rows]
    finally:
        book.close()
    body = [row + [""] * (width - len(row)) for row in body if any(cell.strip() for cell in row)]
    return pd.DataFrame(body, columns=header, dtype="object")


def _cell(value: object) -> str:
    """Write a cell as a person reads it: whole numbers without a point, dates as ISO, nothing as ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _read_spss(path: Path) -> pd.DataFrame:
    import pandas as pd
    import pyreadstat

    try:
        table, meta = pyreadstat.read_sav(str(path), apply_value_formats=True, user_missing=False)
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        raise TableError(
            problem(file=path, found="not a readable SPSS file", do="save it again from SPSS as .sav (UTF-8)")
        ) from error
    out = pd.DataFrame({name: _text_column(table[name]) for name in table.columns})
    out.attrs["labels"] = {name: label for name, label in meta.column_names_to_labels.items() if label}
    return out


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd
    from pyarrow import ArrowException

    try:
        table = pd.read_parquet(path)
    except (ArrowException, ValueError) as error:
        raise TableError(problem(file=path, found="not a readable Parquet file")) from error
    return pd.DataFrame({str(name): _text_column(table[name]) for name in table.columns})


def _text_column(values: pd.Series) -> pd.Series:
    missing = values.isna()
    return values.astype("object").where(~missing, None).map(_cell).astype("object")
