"""Published percentages from a CSV: a reference group and earlier years, to compare this year with."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from pipeline.bundled import bundled
from pipeline.codebook import Codebook
from pipeline.config import Input, Survey
from pipeline.errors import TableError, nearest, not_there, problem
from pipeline.intake.csv_rows import column_name
from pipeline.intake.formats import plain_wave, read_file

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

_COUNT = re.compile(r"\d{1,3}(?:[., ]\d{3})+|\d+(?:\.0)?|")  # "1.000" is a thousand, "1000.0" what pandas writes

COLUMNS = ("question", "code", "group", "wave", "share", "n")


def reference_path(survey: Survey) -> Path | None:
    """Return the reference file: beside survey.yaml, or one that ships by its name; None when there is none.

    Raises:
        TableError: it is not there.
    """
    if survey.reference is None:
        return None
    beside = survey.path(survey.reference)
    if beside.is_file():
        return beside
    shipped = {path.name: path for path in bundled("annotations", "reference").glob("*.csv")}
    if survey.reference not in shipped:
        raise TableError(not_there(beside, place="reference", shipped=shipped))
    return shipped[survey.reference]


def no_reference() -> pd.DataFrame:
    """Return published shares without rows: those of a survey that names no reference."""
    import pandas as pd

    return pd.DataFrame({name: pd.Series(dtype="float64" if name in ("share", "n") else "str") for name in COLUMNS})


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
    table = _read(path)
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
                place=f"row {bad.idxmax()}, column share",
                found="not a share",
                expected="a number from 0 to 1, or a percentage with %",
            )
        )
    rows["share"] = shares
    rows["n"] = _counts(rows["n"], path) if "n" in rows.columns else None
    twice = rows.duplicated(["question", "code", "group", "wave"])
    if twice.any():
        raise TableError(
            problem(
                file=path,
                place=f"row {twice.idxmax()}",
                found="the same question, code, group and wave as an earlier row",
                expected="each of them once",
            )
        )
    return rows.loc[rows["share"].notna(), list(COLUMNS)].reset_index(drop=True)


def _read(path: Path) -> pd.DataFrame:
    """Return the file with names spaced, and waves written, as they are in survey.yaml and the survey's own file."""
    table = read_file(Input(file=str(path)), path)
    for name in table.columns.intersection(["question", "group", "wave"]):
        table[name] = table[name].map(column_name)
    if "wave" in table.columns:
        table["wave"] = plain_wave(table["wave"])
    return table


def _code(book: Codebook, code: str, path: Path, index: object) -> str:
    return book.resolve(code, file=path, place=f"row {index}")


def _counts(texts: pd.Series, path: Path) -> pd.Series:
    import pandas as pd

    plain = texts.str.split().str.join(" ")
    bad = ~plain.map(lambda text: _COUNT.fullmatch(text) is not None)
    if bad.any():
        raise TableError(
            problem(
                file=path,
                place=f"row {bad.idxmax()}, column n",
                found="not a number of people",
                expected="a whole number, or nothing where it is not known",
            )
        )
    return pd.to_numeric(plain.str.removesuffix(".0").str.replace(r"\D", "", regex=True), errors="coerce")


def reference_notes(survey: Survey, groups: Collection[str] = ()) -> list[str]:
    """Say what of the reference file is not used: figures of other questions or groups, an absent reference group.

    Args:
        survey: names the file.
        groups: those that answered; left out, figures are taken to be of the groups that they should be of.

    Raises:
        TableError: the file can't be read.
    """
    path = reference_path(survey)
    if path is None:
        return []
    table = _read(path)
    known = [question.id for question in survey.questions]
    other = table.loc[~table["question"].isin(known), "question"].value_counts(sort=False)
    notes = []
    for name, number in other.items():
        near = nearest(str(name), known)
        hint = f"; did you mean '{near}'?" if near else ""
        notes.append(f"{number} figures are not used: question '{name}' is not in survey.yaml{hint}")
    published = sorted(set(table["group"]))
    near = nearest(survey.reference_group, published)
    if survey.reference_group not in published and (near or "reference_group" in survey.model_fields_set):
        hint = f"did you mean '{near}'?" if near else "its groups are: " + ", ".join(published)
        notes.append(f"no figure is of reference_group '{survey.reference_group}'; {hint}")
    here = {*groups, survey.total_label, survey.reference_group, near}
    elsewhere = table.loc[table["question"].isin(known) & ~table["group"].isin(here), "group"]
    if groups and len(elsewhere):
        named = ", ".join(f"'{name}'" for name in sorted(set(elsewhere)))
        notes.append(f"{len(elsewhere)} figures are not shown, for nobody who answered is of their group: {named}")
    return notes
