"""The `duiding trace` command: the answers behind a percentage, as the page shows them; wiring only."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import Question, Survey
    from pipeline.report.lineage import AnswerBook

#: Columns that are often the same for all answers: on a terminal they are then said once, in the summary line.
_SAID_ONCE = ("group", "code", "model", "codebook")
_LEAST_TEXT = 24

_SurveyFile = Annotated[Path, typer.Option("--survey", help="survey.yaml, or the folder it is in.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(trace)


def trace(
    question: Annotated[str, typer.Argument(help="Id of the question in survey.yaml.")],
    code: Annotated[str, typer.Argument(help="Id or label of the code.")],
    group: Annotated[str | None, typer.Option(help="Only this group (municipality).", show_default="all")] = None,
    survey: _SurveyFile = Path("survey.yaml"),
) -> None:
    """List the answers behind a percentage, and who coded them.

    A table on a terminal, tab-separated elsewhere. The report's disclosure rules hold here too.
    """
    from pipeline.config import load_survey
    from pipeline.errors import ConfigError, problem, quoted
    from pipeline.publish import report_data, report_options
    from pipeline.report.build import make_context
    from pipeline.report.lineage import trace as lineage
    from pipeline.workspace import Workspace

    found = load_survey(survey)
    asked = _question(found, question)
    name = found.codebook(asked).resolve(code, file=found.file, place=f"code of {question}")
    workspace = Workspace(found.workspace_path)
    if not workspace.note("report"):
        raise ConfigError(problem(file=workspace.folder, found="no results yet", do=f"duiding run {quoted(survey)}"))
    data = report_data(found, workspace)
    book = make_context(data, report_options(found)).book
    place = found.total_label if group is None else _group(found, book, group)
    table = lineage(book, question, place, name, data.versions)
    typer.echo(_summary(found, book, question, place, name, table), err=True)
    if _on_terminal():
        _show(table)
    else:
        _write(table)


def _on_terminal() -> bool:
    return sys.stdout.isatty()


def _question(survey: Survey, name: str) -> Question:
    from pipeline.errors import ConfigError, did_you_mean, problem

    questions = {question.id: question for question in survey.questions}
    if name not in questions:
        found = f"no question '{name[:60]}'"
        raise ConfigError(problem(file=survey.file, place="questions", found=found, do=did_you_mean(name, questions)))
    return questions[name]


def _group(survey: Survey, book: AnswerBook, name: str) -> str:
    from pipeline.errors import ConfigError, did_you_mean, problem

    groups = {one.group for one in book.coded if one.group} | {survey.total_label}
    if name not in groups:
        found = f"no group '{name[:60]}' in the answers"
        raise ConfigError(problem(file=survey.file, place="--group", found=found, do=did_you_mean(name, groups)))
    return name


def _summary(survey: Survey, book: AnswerBook, question: str, group: str, code: str, table: pd.DataFrame) -> str:
    """Return one line that says what is listed and what is held back; never how many of a cell that stays closed."""
    where = f"{question}, {group}, {code}"
    if not book.may_open(question, group, code):
        why = "nobody has this code here, or too few, or they would give another small cell away"
        return f"{where}: no answers to show: {why} (report.min_cell in {survey.file})"
    counted, shown = book.count(question, group, code), len(table)
    rest = f" of {counted}; the others would give away a small cell" if shown < counted else ""
    versions = "".join(f"; {name} {table[name].iloc[0]}" for name in _same(table) if name in ("model", "codebook"))
    return f"{where}: {shown} answers{rest}{versions}"


def _same(table: pd.DataFrame) -> list[str]:
    return [name for name in _SAID_ONCE if table[name].nunique() == 1]


def _show(table: pd.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if table.empty:
        return
    table = table.drop(columns=_same(table))
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in table.columns:
        ratio, least = (1, _LEAST_TEXT) if name == "text" else (None, None)
        shown.add_column(str(name).replace("_", " "), overflow="fold", ratio=ratio, min_width=least)
    for row in table.itertuples(index=False):
        shown.add_row(*(Text(_line(value)) for value in row))
    Console(highlight=False).print(shown)


def _write(table: pd.DataFrame) -> None:
    from pipeline.report.csv_files import harmless

    writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(table.columns)
    writer.writerows([[harmless(_line(value)) for value in row] for row in table.itertuples(index=False)])


def _line(value: object) -> str:
    """Return a value on one line, without what a terminal would obey."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in str(value)).split())
