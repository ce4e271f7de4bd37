"""Published percentages from a CSV: a reference group and earlier years, to compare this year with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.bundled import bundled
from pipeline.codebook import Codebook
from pipeline.config import Input, Survey
from pipeline.errors import TableError, problem
from pipeline.intake.formats import read_file, row_number

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

COLUMNS = ("question", "code", "group", "wave", "share", "n")


def reference_path(survey: Survey) -> Path | None:
    """Return the reference file: beside survey.yaml, or one that ships by its name; None when there is none."""
    if survey.reference is None:
        return None
    beside = survey.path(survey.reference)
    shipped = bundled("annotations", "reference", survey.reference)
    return shipped if not beside.exists() and shipped.is_file() else beside


def read_reference(survey: Survey) -> pd.DataFrame | None:
    """Return the published shares: question, code (id), group, wave, share (0-1) and n (missing where not known).

    The file has those columns; `share` is a fraction or has a percent sign, or `share_pct` holds percentages.

    Raises:
        TableError: a column is missing, or a number is no share.
        CodebookError: a code is not in the question's codebook.
    """
    import pandas as pd

    path = reference_path(survey)
    if path is None:
        return None
    table = read_file(Input(file=str(path)), path)
    in_percent = "share" not in table.columns and "share_pct" in table.columns
    if in_percent:
        table = table.rename(columns={"share_pct": "share"})
    for name in COLUMNS[:-1]:
        if name not in table.columns:
            raise TableError(
                problem(file=path, found=f"no column '{name}'", expected="the columns " + ", ".join(COLUMNS))
            )
    books = {question.id: survey.codebook(question) for question in survey.questions}
    rows = table[table["question"].isin(books)].copy()
    rows["code"] = [
        _code(books[question], code, path, index)
        for index, question, code in zip(rows.index, rows["question"], rows["code"], strict=True)
    ]
    texts = rows["share"].str.strip().str.replace(",", ".", regex=False)
    percent = texts.str.endswith("%")
    numbers = pd.to_numeric(texts.str.rstrip("% "), errors="coerce")
    shares = numbers.where(~(percent | in_percent), numbers / 100)
    bad = (shares.isna() | (shares < 0) | (shares > 1)) & (texts != "")
    if bad.any():
        raise TableError(
            problem(
                file=path,
                place=f"row {row_number(bad.idxmax())}, column share",
                found="not a share",
                expected="a number from 0 to 1, or a percentage with %",
            )
        )
    rows["share"] = shares
    rows["n"] = pd.to_numeric(rows["n"], errors="coerce") if "n" in rows.columns else None
    twice = rows.duplicated(["question", "code", "group", "wave"])
    if twice.any():
        raise TableError(
            problem(
                file=path,
                place=f"row {row_number(twice.idxmax())}",
                found="the same question, code, group and wave as an earlier row",
                expected="each of them once",
            )
        )
    return rows.loc[rows["share"].notna(), list(COLUMNS)].reset_index(drop=True)


def _code(book: Codebook, code: str, path: Path, index: object) -> str:
    return book.resolve(code, file=path, place=f"row {row_number(index)}")
