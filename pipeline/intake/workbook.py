"""Excel workbooks as rows of text: a sheet that a person sees, and every row of it, whatever size the file claims."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import TableError, did_you_mean, problem

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook


class Sheet(NamedTuple):
    """A sheet: its name, its rows from the top, and per column (from 0) the formulas that have no stored result."""

    name: str
    rows: list[list[str]]
    no_result: Counter[int]


def read_sheet(path: Path, name: str | None) -> Sheet:
    """Return a sheet by name, or the first visible one that holds cells.

    Raises:
        TableError: there is no such sheet, or the file is no workbook that can be read; no cell is in the message.
    """
    try:
        with _opened(path) as book:
            sheets = book.worksheets
            titles = [sheet.title for sheet in sheets]
            if not sheets:
                raise TableError(problem(file=path, found="no sheet with cells", expected="the answers on a sheet"))
            if name is not None and name not in titles:
                raise TableError(problem(file=path, found=f"no sheet '{name}'", do=did_you_mean(name, titles)))
            visible = [sheet.title for sheet in sheets if sheet.sheet_state == "visible"] or titles
            for title in [name] if name is not None else visible:
                rows = [[cell_text(value) for value in row] for row in _rows(book, title)]
                if any(cell.strip() for row in rows for cell in row):
                    break
        return Sheet(title, rows, _without_result(path, title, rows))
    except (TableError, OSError, MemoryError):
        raise
    except Exception:  # openpyxl lets errors of zip and XML through, and its own can quote a cell: none is shown
        raise TableError(
            problem(
                file=path,
                found="not a readable Excel workbook",
                do="open it in Excel and save it again as .xlsx, without password and without chart sheets",
            )
        ) from None


def cell_text(value: object) -> str:
    """Write a cell as a person reads it: whole numbers without a point, dates as ISO, nothing as ""."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@contextmanager
def _opened(path: Path, *, results: bool = True) -> Iterator[Workbook]:
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=results)
    try:
        yield book
    finally:
        book.close()


def _rows(book: Workbook, title: str) -> Iterator[tuple[object, ...]]:
    sheet = book[title]
    sheet.reset_dimensions()  # what a file says of its own size can be old; rows beyond it would not be read
    return sheet.iter_rows(values_only=True)


def _without_result(path: Path, title: str, rows: list[list[str]]) -> Counter[int]:
    """Count per column the formulas that read as nothing: the program that wrote them never worked them out."""
    found: Counter[int] = Counter()
    if not _has_formulas(path):
        return found
    with _opened(path, results=False) as book:
        for texts, row in zip(rows, _rows(book, title), strict=True):
            found.update(place for place, value in enumerate(row) if value is not None and texts[place] == "")
    return found


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/") or not name.endswith(".xml"):
                continue
            with archive.open(name) as file:
                before = b""
                while piece := file.read(1 << 20):
                    if b"<f>" in (both := before + piece) or b"<f " in both:
                        return True
                    before = piece[-2:]
    return False
