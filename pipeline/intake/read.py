"""From a survey file to one row per respondent and question, with the ticks beside it; no row is lost silently."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import Input, Question, Survey
from pipeline.errors import TableError, did_you_mean, problem
from pipeline.intake.formats import read_file, row_number
from pipeline.intake.ticks import read_ticks

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Raw:
    """What was in the file: `answers` (text as typed), `ticks` (answer_id, code), `dropped` (row, reason), rows."""

    answers: pd.DataFrame
    ticks: pd.DataFrame
    dropped: pd.DataFrame
    n_rows: int
    labels: dict[str, str]


def read_answers(survey: Survey) -> Raw:
    """Read the survey's file into long form.

    `answers` has answer_id, respondent_id, question, group, wave, text and weight, one row per respondent and question
    asked of them, also where they left it empty. A respondent without an id in the file is named by the row (`r0002`).

    Raises:
        TableError: a column is missing, an id occurs twice, a weight is no number, a tick is neither yes nor no.
    """
    import pandas as pd

    path = survey.path(survey.input.file)
    table = read_file(survey.input, path)
    _check_columns(survey, table, path)
    respondent = _respondents(survey.input, table, path)
    base = pd.DataFrame(
        {
            "respondent_id": respondent,
            "group": _column(table, survey.input.group),
            "wave": _column(table, survey.input.wave, survey.wave),
            "weight": _weights(survey.input, table, path),
        }
    )
    dropped: list[tuple[str, str]] = []
    parts: list[pd.DataFrame] = []
    ticks: list[pd.DataFrame] = []
    for question in survey.questions:
        rows = _rows_of(survey.input, question, table, base, dropped)
        part = base.loc[rows].copy()
        part.insert(0, "answer_id", part["respondent_id"] + ":" + question.id)
        part["question"] = question.id
        text_column = survey.input.text if survey.input.layout == "long" else question.column
        part["text"] = table.loc[rows, text_column] if text_column else ""
        codebook = survey.codebook(question)
        ticks.append(read_ticks(question, codebook, table.loc[rows], part["answer_id"], path))
        parts.append(part)
    answers = pd.concat(parts, ignore_index=True)
    if survey.input.layout == "long":
        _note_unknown_questions(survey, table, dropped)
        twice = answers.duplicated("answer_id", keep=False)
        if twice.any():
            raise TableError(
                problem(
                    file=path,
                    found=f"{int(twice.sum())} rows share respondent and question",
                    expected="one row per respondent and question",
                    do="give each respondent one row per question",
                )
            )
    columns = ["answer_id", "respondent_id", "question", "group", "wave", "text", "weight"]
    return Raw(
        answers=answers[columns],
        ticks=pd.concat(ticks, ignore_index=True),
        dropped=pd.DataFrame(dropped, columns=["row", "reason"]),
        n_rows=len(table),
        labels=dict(table.attrs.get("labels", {})),
    )


def _check_columns(survey: Survey, table: pd.DataFrame, path: Path) -> None:
    present = list(table.columns)
    source = survey.input
    wanted: list[tuple[str, str]] = []
    for key in ("respondent", "group", "wave", "weight", "question", "text"):
        name = getattr(source, key)
        if name is not None:
            wanted.append((f"input.{key}", name))
    for question in survey.questions:
        if question.column and source.layout == "wide":
            wanted.append((f"question {question.id}", question.column))
        if question.ticks_column:
            wanted.append((f"question {question.id}, ticks_column", question.ticks_column))
        wanted += [(f"question {question.id}, ticks", column) for column in question.ticks]
    for place, name in wanted:
        if name not in present:
            if len(present) == 1:
                hint = "check the delimiter: the file has one column as it is read now"
            else:
                hint = did_you_mean(name, present)
            raise TableError(problem(file=path, place=place, found=f"no column '{name}'", do=hint))


def _column(table: pd.DataFrame, name: str | None, default: str | None = None) -> pd.Series:
    import pandas as pd

    if name is None:
        return pd.Series([default] * len(table), index=table.index, dtype="object")
    values = table[name].map(lambda value: " ".join(str(value).split()) or None)
    return values.where(values.notna(), default).astype("object")


def _respondents(source: Input, table: pd.DataFrame, path: Path) -> pd.Series:
    import pandas as pd

    if source.respondent is None:
        digits = max(4, len(str(len(table))))
        return pd.Series([f"r{number:0{digits}d}" for number in range(1, len(table) + 1)], index=table.index)
    ids = table[source.respondent].map(lambda value: re.sub(r"\s+", "_", str(value).strip()))
    empty = ids == ""
    if empty.any():
        raise TableError(
            problem(
                file=path,
                place=f"row {row_number(empty.idxmax())}, column {source.respondent}",
                found="no respondent id",
                do="give every row an id, or leave out 'input.respondent'",
            )
        )
    twice = ids.duplicated(keep=False)
    if source.layout == "wide" and twice.any():
        first = ids[twice].iloc[0]
        rows = [str(row_number(row)) for row in ids.index[ids == first]][:5]
        raise TableError(
            problem(
                file=path,
                place=f"column {source.respondent}, rows {', '.join(rows)}",
                found=f"the same respondent id ({int(twice.sum())} rows in all)",
                expected="one row per respondent",
                do="remove the double rows, or use layout: long",
            )
        )
    if ids.map(_is_personal).any():
        return _respondents(source.model_copy(update={"respondent": None}), table, path)
    return ids


def _is_personal(respondent_id: str) -> bool:
    """An e-mail address or a citizen service number (BSN) must not live on as an id; rows are then numbered instead."""
    if "@" in respondent_id:
        return True
    digits = respondent_id.zfill(9) if respondent_id.isdigit() and len(respondent_id) in (8, 9) else ""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return bool(digits) and sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11 == 0


def _weights(source: Input, table: pd.DataFrame, path: Path) -> pd.Series:
    import pandas as pd

    if source.weight is None:
        return pd.Series(1.0, index=table.index)
    texts = table[source.weight].str.strip().str.replace(",", ".", regex=False)
    weights = pd.to_numeric(texts, errors="coerce")
    bad = weights.isna() | (weights < 0)
    if bad.any():
        raise TableError(
            problem(
                file=path,
                place=f"row {row_number(bad.idxmax())}, column {source.weight}",
                found="a weight that is not a number of 0 or more",
                do="correct it in the file",
            )
        )
    return weights.astype("float64")


def _rows_of(
    source: Input, question: Question, table: pd.DataFrame, base: pd.DataFrame, dropped: list[tuple[str, str]]
) -> pd.Index:
    """Return the rows that belong to a question: those that name it (long), those of the groups it was asked in."""
    mask = table[source.question].str.strip() == (question.column or question.id) if source.layout == "long" else None
    rows = table.index if mask is None else table.index[mask]
    if question.groups:
        asked = base.loc[rows, "group"].isin(question.groups)
        text_column = source.text if source.layout == "long" else question.column
        filled = table.loc[rows, text_column].str.strip() != "" if text_column else asked & False
        for row in rows[~asked & filled]:
            dropped.append((str(row_number(row)), f"question {question.id} is not asked in this group"))
        rows = rows[asked]
    return rows


def _note_unknown_questions(survey: Survey, table: pd.DataFrame, dropped: list[tuple[str, str]]) -> None:
    known = {question.column or question.id for question in survey.questions}
    named = table[survey.input.question].str.strip()
    for row in table.index[~named.isin(known)]:
        dropped.append((str(row_number(row)), "its question is not in survey.yaml"))
