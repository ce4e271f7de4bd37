"""CSV files as rows of text: encoding, delimiter, quoting, and no row whose cells may stand under another's name."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Sequence
from itertools import groupby
from pathlib import Path

from pipeline.errors import TableError, problem

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ";,\t|"
_SAMPLE = 1 << 16  # characters from which the delimiter is guessed
_EVERY = 10  # rows that are alike by rule and not by chance
_BLOCK = 16  # Excel writes CSV in blocks of so many rows, and leaves out columns that are empty at the end of a block


def read_rows(path: Path, delimiter: str | None, encoding: str | None, names: Collection[str]) -> tuple[
    list[list[str]], str
]:  # fmt: skip
    """Return the rows of a CSV file and the delimiter, which is guessed with the `names` that its header should hold.

    Raises:
        TableError: encoding, delimiter or quoting is wrong, or a row has other cells than the header has names.
    """
    text = decode(path.read_bytes(), path, encoding).replace("\x00", "")
    first, _, rest = text.partition("\n")
    hint = first.strip().lower().startswith("sep=") and len(first.strip()) == 5  # Excel's own, and no row in it
    if hint:
        delimiter, text = delimiter or first.strip()[4], rest
    delimiter = delimiter or _guess_delimiter(text, names)
    csv.field_size_limit(1 << 30)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1 + hint
    try:
        for row in reader:
            rows.append(row)
            lines.append(line)
            line = reader.line_num + hint + 1
    except csv.Error as error:
        raise TableError(
            problem(
                file=path,
                place=f"line {reader.line_num + hint}",
                found=f"broken quoting ({error})",
                do="close the quotation mark there, or double those inside an answer",
            )
        ) from error
    _check_lengths(rows, lines, delimiter, path)
    return rows, delimiter


def column_name(cell: object) -> str:
    """Write a column's name with single spaces: a line break or a no-break space in it is not seen in Excel."""
    return " ".join(str(cell).split())


def is_filled(row: Sequence[str]) -> bool:
    """Tell whether a row holds anything."""
    return any(cell.strip() for cell in row)


def decode(raw: bytes, path: Path, encoding: str | None = None) -> str:
    """Return the bytes of a text file as text.

    By the encoding that is named, else by BOM, as UTF-16 where half of it is NUL, else line by line as UTF-8 or as
    Windows-1252, as Dutch Excel writes it: a file that was put together from two can hold both.

    Raises:
        TableError: the encoding named in survey.yaml is unknown or doesn't fit, or none fits.
    """
    named = encoding is not None
    encoding = encoding or next((name for bom, name in _BOMS if raw.startswith(bom)), None) or _utf16(raw)
    try:
        return raw.decode(encoding or "utf-8").removeprefix("\ufeff")
    except LookupError as error:
        raise TableError(
            problem(file=path, found=f"encoding '{encoding}' is not known", expected="e.g. utf-8 or cp1252")
        ) from error
    except UnicodeDecodeError as error:
        if encoding is None:
            return "\n".join(_decode_line(line, number, path) for number, line in enumerate(raw.split(b"\n"), start=1))
        line = raw.count(b"\n", 0, error.start) + 1
        raise TableError(
            problem(
                file=path,
                place=f"line {line}",
                found=f"bytes that are not {encoding}",
                do="correct or leave out 'input.encoding'" if named else "save the file again as UTF-8",
            )
        ) from error
    except ValueError:  # of encodings that are not of text files, such as punycode, and of names that are none
        raise TableError(
            problem(
                file=path,
                found=f"text that is not in encoding {encoding!r}",
                expected="e.g. utf-8 or cp1252",
                do="correct or leave out 'input.encoding'",
            )
        ) from None  # its message may hold a piece of the text


def _utf16(raw: bytes) -> str | None:
    """Return the name of UTF-16 without a byte order mark: every other byte of what is mostly plain letters is NUL."""
    sample = raw[:_SAMPLE]
    for name, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if len(sample) > 3 and 2 * zeros.count(0) > len(zeros):
            return name
    return None


def _decode_line(line: bytes, number: int, path: Path) -> str:
    for encoding in ("utf-8", "cp1252"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            pass
    raise TableError(
        problem(
            file=path,
            place=f"line {number}",
            found="text that is neither UTF-8 nor Windows-1252",
            do="name its encoding under 'input.encoding' or save the file as UTF-8",
        )
    )


def _guess_delimiter(text: str, names: Collection[str]) -> str:
    """Choose the delimiter whose header has most of the `names`, else that by which most rows are as long as it."""
    best, best_score = _DELIMITERS[0], (0, 0.0)
    for delimiter in _DELIMITERS:
        try:
            sample = io.StringIO(text[:_SAMPLE], newline="")
            rows = [row for row in csv.reader(sample, delimiter=delimiter) if is_filled(row)]
        except csv.Error:
            continue
        if not rows or len(rows[0]) == 1:
            continue
        header = {column_name(cell) for cell in rows[0]}
        alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        score = (sum(name in header for name in names), alike)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _check_lengths(rows: list[list[str]], lines: list[int], delimiter: str, path: Path) -> None:
    """Refuse a row that is longer or shorter than the header: its cells would be read under the wrong names.

    Let through are columns without a name that all rows have, or lack, at the end, and what Excel leaves out.
    """
    start = next((number for number, row in enumerate(rows) if is_filled(row)), len(rows))
    if start == len(rows):
        return
    width = len(rows[start])
    named = max(place for place, cell in enumerate(rows[start], start=1) if cell.strip())
    body = [number for number in range(start + 1, len(rows)) if is_filled(rows[number])]
    alike = len(body) >= _EVERY and len({len(rows[number]) for number in body}) == 1
    left_out = _left_out_by_excel(rows, width)
    for number in body:
        row = rows[number]
        fits = len(row) == width or (alike and len(row) >= named) or number in left_out
        if fits and not is_filled(row[named:]):
            continue
        do = f"quote answers that hold a line break or {delimiter!r}, there or a line before, or save it as .xlsx"
        if named == 1:
            do = f"take out a title above the column names, or check the delimiter; else {do}"
        raise TableError(
            problem(
                file=path,
                place=f"line {lines[number]}",
                found=f"{len(row)} columns",
                expected=f"{named if fits else width} as in the header, with delimiter {delimiter!r}",
                do=do,
            )
        )


def _left_out_by_excel(rows: list[list[str]], width: int) -> set[int]:
    """Return the rows from which Excel left out empty cells at the end.

    It does so by block (Microsoft's KB 77295), so that the header's block is whole and others are short as one. A rest
    at the end of the file is smaller than a block: it must be large, or not be the only one.
    """
    found: set[int] = set()
    at = 0
    for length, run in groupby(rows, key=len):
        size = len(list(run))
        whole = size >= _BLOCK or (at + size == len(rows) and (size >= _BLOCK // 2 or bool(found)))
        if 1 < length < width and at >= _BLOCK and whole:
            found.update(range(at, at + size))
        at += size
    return found
