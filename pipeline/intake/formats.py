"""Survey files as tables of text: CSV in every dress, Excel, SPSS and Parquet; no value is ever guessed away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import TableError, not_there, problem
from pipeline.intake.csv_rows import column_name, is_filled, read_rows
from pipeline.intake.workbook import cell_text, read_sheet

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import Input

SUFFIXES = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".sav", ".zsav", ".parquet")
# What Excel shows where a formula failed, in English and in Dutch; in a workbook always the English.
_EXCEL_ERRORS = frozenset("#NAME? #N/A #VALUE! #REF! #DIV/0! #NULL! #NUM! #SPILL! #CALC!".split())
_EXCEL_ERRORS |= frozenset("#NAAM? #N/B #WAARDE! #VERW! #DEEL/0! #LEEG! #GETAL!".split())


def read_file(source: Input, path: Path, names: Collection[str] | None = None) -> pd.DataFrame:
    """Return the file as a frame of text, one row per input row that holds anything, named columns only, gaps as "".

    Its index is the row as a person counts it in the file, from 1, header and empty rows too (SPSS, Parquet: the case).
    Answers such as "NA" or "None" stay what they are. Numbers are written as a person would (7, not 7.0), and an error
    value of Excel ("#N/A") is a gap. `attrs` has `errors` (column -> how many of those), perhaps `sheet` (its name),
    `no_result` (column -> formulas without a stored result) and `delimiter` (of CSV).

    Args:
        source: what survey.yaml says of the file.
        path: the file.
        names: the columns that are wanted, from which a CSV's delimiter is told; other columns may have a name twice,
            and then fall out. Left out: all are wanted.

    Raises:
        TableError: the file is missing, empty, damaged, of an unknown kind, or its delimiter or encoding is wrong.
    """
    if not path.is_file():
        raise TableError(not_there(path, place="input.file"))
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        do = "open it in Excel and save it as .xlsx" if suffix in (".xls", ".xlsb", ".ods") else ""
        expected = "one of " + ", ".join(SUFFIXES)
        raise TableError(problem(file=path, found=f"file kind '{suffix}' is not known", expected=expected, do=do))
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
            table = _read_csv(path, source, names or ())
    except OSError as error:
        raise TableError(problem(file=path, found=f"cannot be read ({error.strerror or 'I/O error'})")) from error
    _check_header(list(table.columns), path, names)
    if table.empty:
        raise TableError(problem(file=path, found="a header but no rows", expected="at least one answer"))
    table = table.loc[:, (table.columns != "") & ~table.columns.duplicated(keep=False)]
    errors = table.isin(_EXCEL_ERRORS)
    out = table.mask(errors, "")
    out.attrs = {**table.attrs, "errors": errors.sum().to_dict()}
    return out


def plain_wave(waves: pd.Series) -> pd.Series:
    """Return waves as a person writes them; "2026.0" is how some programs write a year."""
    return waves.str.replace(r"^(\d+)\.0$", r"\1", regex=True)


def _check_header(names: list[str], path: Path, wanted: Collection[str] | None) -> None:
    """Refuse two columns of one name that is wanted; it is not shown, for without a header row it is an answer."""
    for place, name in enumerate(names):
        if name and name in names[:place] and (wanted is None or name in wanted):
            found = f"columns {names.index(name) + 1} and {place + 1} have the same name"
            raise TableError(problem(file=path, place="header", found=found, do="rename one of them"))


def _read_csv(path: Path, source: Input, names: Collection[str]) -> pd.DataFrame:
    rows, delimiter = read_rows(path, source.delimiter, source.encoding, names)
    table = _framed(rows, path)
    table.attrs["delimiter"] = delimiter
    return table


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

    filled = [(number, row) for number, row in enumerate(rows, start=1) if is_filled(row)]
    if not filled:
        raise TableError(problem(file=file, found="nothing in it", expected="a header row and at least one answer"))
    header = [column_name(cell) for cell in filled[0][1]]
    width = len(header)
    body = [[*row, *[""] * (width - len(row))][:width] for _, row in filled[1:]]
    return pd.DataFrame(body, columns=header, index=[number for number, _ in filled[1:]], dtype="object")


def _read_spss(path: Path) -> pd.DataFrame:
    import pyreadstat

    try:
        table, _ = pyreadstat.read_sav(str(path), apply_value_formats=True, user_missing=False)
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        raise TableError(
            problem(file=path, found="not a readable SPSS file", do="save it again from SPSS as .sav (UTF-8)")
        ) from error
    return _texts(table)


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
    return out.set_axis([column_name(name) for name in table.columns], axis=1).set_axis(range(1, len(out) + 1), axis=0)


def _text_column(values: pd.Series) -> pd.Series:
    missing = values.isna()
    return values.astype("object").where(~missing, None).map(cell_text).astype("object")
