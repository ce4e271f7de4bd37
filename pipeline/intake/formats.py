"""Survey files as tables of text: CSV in every dress, Excel, SPSS and Parquet; no value is ever guessed away."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import TableError, did_you_mean, problem
from pipeline.intake.workbook import cell_text, read_sheet

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import Input

SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".sav", ".zsav", ".parquet")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ";,\t|"


def read_file(source: Input, path: Path) -> pd.DataFrame:
    """Return the file as a frame of text, one row per input row that holds anything, named columns only, gaps as "".

    Its index is the row as a person counts it in the file, from 1, header and empty rows too (SPSS, Parquet: the case).
    Answers such as "NA" or "None" stay what they are. Numbers are written as a person would (7, not 7.0). `attrs` may
    hold `sheet` (its name), `no_result` (column -> formulas without a stored result) and `labels` (of SPSS).

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
    _check_header(list(table.columns), path)
    if table.empty:
        raise TableError(problem(file=path, found="a header but no rows", expected="at least one answer"))
    return table.loc[:, table.columns != ""]


def _check_header(names: list[str], path: Path) -> None:
    """Refuse two columns of one name; it is not shown, for without a header row it is an answer."""
    for place, name in enumerate(names):
        if name and name in names[:place]:
            found = f"columns {names.index(name) + 1} and {place + 1} have the same name"
            raise TableError(problem(file=path, place="header", found=found, do="rename one of them"))


def decode(raw: bytes, path: Path, encoding: str | None = None) -> str:
    """Return the bytes of a text file as text: by BOM, as UTF-8, else as Windows-1252 as Dutch Excel writes it.

    Raises:
        TableError: the encoding named in survey.yaml is unknown or doesn't fit, or none fits.
    """
    if encoding is not None:
        try:
            return raw.decode(encoding).removeprefix("\ufeff")
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
    text = decode(path.read_bytes(), path, source.encoding)
    if "\x00" in text:
        text = text.replace("\x00", "")
    first, _, rest = text.partition("\n")
    delimiter: str | None = source.delimiter
    hint = first.strip().lower().startswith("sep=") and len(first.strip()) == 5  # Excel's own, and no row in it
    if hint:
        delimiter, text = delimiter or first.strip()[4], rest
    needed = [name for name in (source.respondent, source.group, source.text) if name]
    delimiter = delimiter or _guess_delimiter(text, needed)
    csv.field_size_limit(1 << 30)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    width = 0
    try:
        for row in reader:
            width = width or (len(row) if any(cell.strip() for cell in row) else 0)
            if len(row) > width and any(cell.strip() for cell in row[width:]):
                raise TableError(
                    problem(
                        file=path,
                        place=f"line {reader.line_num + hint}",
                        found=f"{len(row)} columns",
                        expected=f"{width} as in the header",
                        do=f"quote answers that contain '{delimiter}'"
                        if width > 1
                        else f"check the delimiter: '{delimiter}' does not split this file",
                    )
                )
            rows.append(row)
    except csv.Error as error:
        raise TableError(
            problem(
                file=path,
                place=f"line {reader.line_num + hint}",
                found=f"broken quoting ({error})",
                do="close the quotation mark there, or double those inside an answer",
            )
        ) from error
    return _framed(rows, path)


def _guess_delimiter(text: str, needed: list[str]) -> str:
    """Choose the delimiter that gives a header with the columns the survey names, else the one it holds most of."""
    lines = csv.reader(io.StringIO(text[:65536], newline=""), delimiter="\x1f")
    header = next((line[0] for line in lines if line and line[0].strip(f" {_DELIMITERS}")), "")
    best, best_score = ";", (-1, -1)
    for delimiter in _DELIMITERS:
        names = [_name(name) for name in next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter), [])]
        score = (sum(name in names for name in needed), len(names))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _read_excel(path: Path, sheet: str | None) -> pd.DataFrame:
    found = read_sheet(path, sheet)
    table = _framed(found.rows, f"{path}: sheet '{found.name}'")
    table.attrs["sheet"] = found.name
    table.attrs["no_result"] = {name: found.no_result[place] for place, name in enumerate(table.columns)}
    return table


def _framed(rows: Iterable[Sequence[str]], file: str | Path) -> pd.DataFrame:
    """Return rows under their header, the first that holds anything; empty ones fall out, the others keep their number.

    Raises:
        TableError: no row holds anything.
    """
    import pandas as pd

    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]
    if not filled:
        raise TableError(problem(file=file, found="nothing in it", expected="a header row and at least one answer"))
    header = [_name(cell) for cell in filled[0][1]]
    width = len(header)
    body = [[*row, *[""] * (width - len(row))][:width] for _, row in filled[1:]]
    return pd.DataFrame(body, columns=header, index=[number for number, _ in filled[1:]], dtype="object")


def _name(cell: object) -> str:
    """Write a column's name with single spaces: a line break or a no-break space in it is not seen in Excel."""
    return " ".join(str(cell).split())


def _read_spss(path: Path) -> pd.DataFrame:
    import pyreadstat

    try:
        table, meta = pyreadstat.read_sav(str(path), apply_value_formats=True, user_missing=False)
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        raise TableError(
            problem(file=path, found="not a readable SPSS file", do="save it again from SPSS as .sav (UTF-8)")
        ) from error
    out = _texts(table)
    out.attrs["labels"] = {name: label for name, label in meta.column_names_to_labels.items() if label}
    return out


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd
    from pyarrow import ArrowException

    try:
        table = pd.read_parquet(path)
    except (ArrowException, ValueError) as error:
        raise TableError(problem(file=path, found="not a readable Parquet file")) from error
    return _texts(table)


def _texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as one of text: its columns by name, its cases numbered from 1."""
    import pandas as pd

    out = pd.DataFrame({place: _text_column(table[name]) for place, name in enumerate(table.columns)})
    return out.set_axis([_name(name) for name in table.columns], axis=1).set_axis(range(1, len(out) + 1), axis=0)


def _text_column(values: pd.Series) -> pd.Series:
    missing = values.isna()
    return values.astype("object").where(~missing, None).map(cell_text).astype("object")
