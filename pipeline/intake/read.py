"""From a survey file to one row per respondent and question, with the ticks beside it; no row is lost silently."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import Input, Question, Survey
from pipeline.errors import TableError, problem
from pipeline.intake.formats import plain_wave, read_file
from pipeline.intake.read_checks import (
    check_columns,
    check_groups_and_waves,
    check_names_of_groups,
    check_once,
    check_one_group_and_weight,
    excel_errors,
    wanted_columns,
    without_result,
    without_words,
)
from pipeline.intake.respondents import respondents_of
from pipeline.intake.ticks import read_ticks

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Raw:
    """What was in the file: `answers` (text as typed), `ticks` (answer_id, code), `dropped` (row, reason), rows.

    `notes` are sentences on what was read otherwise than it stands there.
    """

    answers: pd.DataFrame
    ticks: pd.DataFrame
    dropped: pd.DataFrame
    n_rows: int
    notes: tuple[str, ...] = ()


def read_answers(survey: Survey) -> Raw:
    """Read the survey's file into long form.

    `answers` has answer_id, respondent_id, question, group, wave, text and weight, one row per respondent and question
    asked of them, also where they left it empty. Without ids in the file, or with personal ones, respondents are
    numbered (`r0001`); where an id occurs in several waves, ids have their wave after them.

    Raises:
        TableError: a column is missing, an id occurs twice, a weight is no number, a tick is neither yes nor no, a
            group has the total's name or personal data in its own, no row is of the survey's wave, a respondent of a
            long file has two groups or weights.
    """
    import pandas as pd

    path = survey.path(survey.input.file)
    table = read_file(survey.input, path, [name for _, name in wanted_columns(survey)])
    check_columns(survey, table, path)
    wave = _wave(survey, table)
    respondent, notes = respondents_of(survey.input, table, wave, path)
    notes += [*without_result(survey, table), *excel_errors(survey, table)]
    base = pd.DataFrame(
        {
            "respondent_id": respondent,
            "group": _column(table, survey.input.group),
            "wave": wave,
            "weight": _weights(survey.input, table, path),
        }
    )
    check_groups_and_waves(survey, base, path)
    notes += check_names_of_groups(survey, base, path)
    if survey.input.layout == "long":
        check_one_group_and_weight(survey, base, path)
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
        notes += without_words(question, part["text"])
        codebook = survey.codebook(question)
        ticks.append(read_ticks(question, codebook, table.loc[rows], part["answer_id"], path))
        parts.append(part)
        if survey.input.layout == "long":
            check_once(question, part["answer_id"], path)
    answers = pd.concat(parts, ignore_index=True)
    if survey.input.layout == "long":
        _note_unknown_questions(survey, table, dropped)
    columns = ["answer_id", "respondent_id", "question", "group", "wave", "text", "weight"]
    return Raw(
        answers=answers[columns],
        ticks=pd.concat(ticks, ignore_index=True),
        dropped=pd.DataFrame(dropped, columns=["row", "reason"]),
        n_rows=len(table),
        notes=tuple(notes),
    )


def _column(table: pd.DataFrame, name: str | None, default: str | None = None) -> pd.Series:
    import pandas as pd

    if name is None:
        return pd.Series([default] * len(table), index=table.index, dtype="object")
    values = table[name].map(lambda value: " ".join(str(value).split()) or None)
    return values.where(values.notna(), default).astype("object")


def _wave(survey: Survey, table: pd.DataFrame) -> pd.Series:
    return plain_wave(_column(table, survey.input.wave, survey.wave))


def _weights(source: Input, table: pd.DataFrame, path: Path) -> pd.Series:
    import pandas as pd

    if source.weight is None:
        return pd.Series(1.0, index=table.index)
    texts = table[source.weight].str.strip().str.replace(",", ".", regex=False)
    weights = pd.to_numeric(texts, errors="coerce")
    bad = weights.isna() | (weights < 0) | (weights == float("inf"))
    if bad.any():
        raise TableError(
            problem(
                file=path,
                place=f"row {bad.idxmax()}, column {source.weight}",
                found="a weight that is not a number of 0 or more",
                do="correct it in the file",
            )
        )
    if not weights.any():
        raise TableError(
            problem(
                file=path,
                place=f"column {source.weight}",
                found="every weight is 0",
                do="correct it in the file, or leave out 'input.weight'",
            )
        )
    return weights.astype("float64")


def _rows_of(
    source: Input, question: Question, table: pd.DataFrame, base: pd.DataFrame, dropped: list[tuple[str, str]]
) -> pd.Index:
    """Return the rows that belong to a question: those that name it (long), those of the groups it was asked in."""
    mask = _column(table, source.question) == (question.column or question.id) if source.layout == "long" else None
    rows = table.index if mask is None else table.index[mask]
    if question.groups:
        asked = base.loc[rows, "group"].isin(question.groups)
        text_column = source.text if source.layout == "long" else question.column
        filled = table.loc[rows, text_column].str.strip() != "" if text_column else asked & False
        for row in rows[~asked & filled]:
            dropped.append((str(row), f"question {question.id} is not asked in this group"))
        rows = rows[asked]
    return rows


def _note_unknown_questions(survey: Survey, table: pd.DataFrame, dropped: list[tuple[str, str]]) -> None:
    known = {question.column or question.id for question in survey.questions}
    named = _column(table, survey.input.question)
    for row in table.index[~named.isin(known)]:
        dropped.append((str(row), "its question is not in survey.yaml"))
