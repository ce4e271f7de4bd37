"""A workbook for reviewers without a server: one sheet per question, drop-down lists, in Dutch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.config import Question, Survey
from pipeline.errors import ReviewError, problem, quoted
from pipeline.review.adjudicate import codings_shown, open_conflicts
from pipeline.review.draw import check_questions
from pipeline.review.events import utc
from pipeline.review.labeling import COMPARED, Choice
from pipeline.review.projects import survey_key
from pipeline.review.reviewed import current_events
from pipeline.review.sample import read_sample
from pipeline.review.tasks import choice_of, machine_codes, task_data
from pipeline.tables import ANSWERS, check_table
from pipeline.workspace import Workspace, atomic, read_table

MARK, READY = "x", "ja"
ABOUT_SHEET = "_duiding"
FIRST = ("antwoord-id", "Groep", "Antwoord")
CODINGS = ("Codering A", "Codering B")
LAST = ("Twijfel", "Overslaan", "Notitie", "Klaar")
MACHINE = "machine"
LONGEST_CELL = 32_000
_HELP = (
    "Zet een x bij elke code die geldt en ja in de kolom Klaar; alleen regels met ja tellen mee. "
    "Voeg geen kolommen of regels toe. Noteer geen namen of andere persoonsgegevens."
)


@dataclass(frozen=True)
class Sheet:
    """One sheet of the workbook: its name and question, and its tasks in review order."""

    name: str
    question: Question
    choice: Choice
    role: str
    tasks: tuple[dict[str, str], ...]  # with `codering_a` and `codering_b` when it is to decide between those
    machine: dict[str, tuple[str, ...]]


def first_columns(role: str) -> tuple[str, ...]:
    """Return the columns before the codes; who decides between two codings sees those as well."""
    return (*FIRST, *CODINGS) if role == "decide" else FIRST


def sheet_name(position: int, question_id: str) -> str:
    """Return a sheet name that Excel accepts (at most 31 characters) and that is unique."""
    return f"{position} {question_id}"[:31]


def refuse_filled_in(survey: Survey, path: Path) -> None:
    """Refuse to write over a workbook: nobody but its coder knows what is in it.

    Raises:
        ReviewError: there is a file already.
    """
    if path.exists():
        take_in = f"duiding review import {quoted(path)} {quoted(survey.file)} --coder NAME"
        raise ReviewError(
            problem(file=path, found="there already, and someone may have filled it in",
                    do=f"{take_in}; then give another name, or --force")
        )  # fmt: skip


def export_workbook(
    workspace: Workspace, survey: Survey, path: Path, *, second: bool = False, decide: bool = False,
    blind: bool = False, questions: Sequence[str] = (), force: bool = False,
) -> dict[str, int]:  # fmt: skip
    """Write the answers that are still to be coded and return how many per question.

    With `second` these are the answers for the second coder, without the machine's codes; with `blind` the first coder
    does not get those either; with `decide` these are the answers on which coders disagree, with both codings. With
    `force` a file that is there already is replaced.

    Raises:
        ReviewError: a question does not exist, nothing is left to code or to decide, or the file is there already.
        TableError: there are no answers yet.
    """
    if not force:
        refuse_filled_in(survey, path)
    check_questions(survey, questions)
    sheets = (
        _decisions(workspace, survey, questions) if decide else _sheets(workspace, survey, second, blind, questions)
    )
    if decide and not sheets:
        raise ReviewError(
            problem(
                file=workspace.folder, found="no answers on which coders disagree", do="see 'duiding review status'"
            )
        )
    if not sheets:
        found, do = "nothing is left to code", "'duiding review push' or 'duiding review export --audit 120'"
        if second:
            found += " for a second coder"
            do = f"'duiding review export {quoted(path)} --for-second-coder --second 0.2'"
        raise ReviewError(problem(file=workspace.folder, found=found, do=f"draw answers first, with {do}"))
    import xlsxwriter

    with atomic(path, 0o600) as temporary:  # it holds answers, and the workspace's folder does not shield it
        book = xlsxwriter.Workbook(
            str(temporary),
            {
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "in_memory": True,
            },  # answers don't pass through the system's temporary folder
        )
        for sheet in sheets:
            _write_sheet(book, sheet)
        about = book.add_worksheet(ABOUT_SHEET)
        about.write_row(0, 0, ["sheet", "question", "role", "codebook", "survey", "exported"])
        now = utc(datetime.now(UTC).isoformat())
        for row, sheet in enumerate(sheets, start=1):
            about.write_row(
                row, 0,
                [sheet.name, sheet.question.id, sheet.role, sheet.choice.codebook.digest, survey_key(survey), now],
            )  # fmt: skip
        about.very_hidden()
        book.close()
    return {sheet.question.id: len(sheet.tasks) for sheet in sheets}


def _sheets(workspace: Workspace, survey: Survey, second: bool, blind: bool, questions: Sequence[str]) -> list[Sheet]:
    answers = check_table(read_table(workspace.path("answers.parquet")), ANSWERS)
    sample = read_sample(workspace)
    coded = {
        event.answer_id for event in current_events(workspace)
        if event.counts and (event.role == "second") == second
    }  # fmt: skip
    out: list[Sheet] = []
    for question in survey.questions:
        rows = sample[(sample["question"] == question.id) & ((sample["role"] == "second") == second)]
        if rows.empty or (questions and question.id not in questions):
            continue
        codebook = survey.codebook(question)
        roles = {str(key): str(role) for key, role in zip(rows["answer_id"], rows["role"], strict=True)}
        tasks = task_data(answers, roles, question=question, codebook=codebook, seed=survey.seed)
        left = sorted((data for key, data in tasks.items() if key not in coded), key=lambda data: data["volgorde"])
        machine = {} if second or blind else machine_codes(
            workspace, question, codebook, answers.loc[answers["question"] == question.id, "answer_id"]
        ).codes  # fmt: skip
        if left:
            name = sheet_name(len(out) + 1, question.id)
            role = "second" if second else "audit"
            out.append(Sheet(name, question, choice_of(question, codebook), role, tuple(left), dict(machine)))
    return out


def _decisions(workspace: Workspace, survey: Survey, questions: Sequence[str]) -> list[Sheet]:
    answers = check_table(read_table(workspace.path("answers.parquet")), ANSWERS)
    found = open_conflicts(workspace)
    out: list[Sheet] = []
    for question in survey.questions:
        mine = {conflict.answer_id: conflict for conflict in found if conflict.question == question.id}
        if not mine or (questions and question.id not in questions):
            continue
        codebook = survey.codebook(question)
        choice = choice_of(question, codebook)
        tasks = task_data(answers, dict.fromkeys(mine, "audit"), question=question, codebook=codebook, seed=survey.seed)
        shown = [{**data, **codings_shown(mine[key], choice, survey.seed)} for key, data in tasks.items()]
        shown.sort(key=lambda data: data["volgorde"])
        out.append(Sheet(sheet_name(len(out) + 1, question.id), question, choice, "decide", tuple(shown), {}))
    return out


def _write_sheet(book: Any, sheet: Sheet) -> None:
    page = book.add_worksheet(sheet.name)
    header = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#f5f3ea", "border": 1})
    text = book.add_format({"text_wrap": True, "valign": "top", "border": 4})
    mark = book.add_format({"align": "center", "valign": "top", "border": 4})
    codes = [sheet.choice.codebook.by_id[code] for code in sheet.choice.offered()]
    first = first_columns(sheet.role)
    names = [*first, *(code.label for code in codes), *LAST, MACHINE]
    page.write_row(0, 0, names, header)
    page.set_row(0, 60)
    for column, code in enumerate(codes, start=len(first)):
        if code.definition:
            page.write_comment(0, column, " ".join(code.definition.split())[:2000], {"x_scale": 2, "y_scale": 1.5})
    page.write_comment(0, 0, _HELP, {"x_scale": 2})
    last = len(sheet.tasks)
    first_mark = len(first)
    ready, note = names.index("Klaar"), names.index("Notitie")
    for row, data in enumerate(sheet.tasks, start=1):
        between = [data[field] for field in COMPARED] if sheet.role == "decide" else []
        for column, value in enumerate((data["answer_id"], data["groep"], data["antwoord"][:LONGEST_CELL], *between)):
            page.write_string(row, column, value, text)
        guessed = sheet.machine.get(data["answer_id"], ())
        for column, code in enumerate(codes, start=first_mark):
            page.write_string(row, column, MARK if code.id in guessed else "", mark)
        for column in range(first_mark + len(codes), len(names) - 1):
            page.write_string(row, column, "", text if column == note else mark)
        page.write_string(row, len(names) - 1, " ".join(guessed) if data["answer_id"] in sheet.machine else "-")
    message = {"error_title": "Niet mogelijk", "error_type": "stop"}
    listed = {"validate": "list", **message}
    page.data_validation(1, first_mark, last, ready - 2,
                         {**listed, "source": [MARK], "error_message": "Kies x of laat leeg."})  # fmt: skip
    page.data_validation(1, ready, last, ready,
                         {**listed, "source": [READY], "error_message": "Kies ja of laat leeg."})  # fmt: skip
    page.freeze_panes(1, len(FIRST))
    page.autofilter(0, 0, last, len(names) - 1)  # the hidden machine codes too, or sorting leaves them behind
    page.set_column(0, 0, 14)
    page.set_column(1, 1, 12)
    page.set_column(2, 2, 70)
    if first_mark > len(FIRST):
        page.set_column(len(FIRST), first_mark - 1, 30)
    page.set_column(first_mark, first_mark + len(codes) + 1, 12)
    page.set_column(note, note, 30)
    page.set_column(len(names) - 1, len(names) - 1, 2, None, {"hidden": True})
