"""A reviewed workbook back into the journal: checked as a whole, nothing imported when anything is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.config import Question, Survey
from pipeline.errors import ReviewError, not_there, problem, quoted
from pipeline.review.coders import Coders
from pipeline.review.events import Compared, Event, add_events, compare_with, latest, read_journal, utc
from pipeline.review.excel_rows import Mistake, Reading
from pipeline.review.excel_write import ABOUT_SHEET
from pipeline.review.files import one_at_a_time
from pipeline.review.labeling import Choice
from pipeline.review.projects import survey_key
from pipeline.review.pull import CleanNotes, keep_notes
from pipeline.review.reviewed import current_events, with_sample_roles
from pipeline.review.sample import read_sample
from pipeline.review.tasks import choice_of
from pipeline.review.texts import Fingerprints
from pipeline.workspace import Workspace, read_table

MOST_MISTAKES = 20
_NEXT = "mend that and run the same command again; nothing was imported"


@dataclass(frozen=True)
class ImportedWorkbook:
    """How many rows were marked ready, how many of those were news, and how many were not ready yet.

    `compared` names the answers whose coding was replaced, and those of which the journal has a newer one; `elsewhere`
    those that were coded otherwise elsewhere after this workbook was exported; `not_read` the columns that were added.
    `not_drawn` are first codings of answers that were not drawn here: they only teach.
    """

    n_ready: int
    n_new: int
    n_open: int
    compared: Compared
    elsewhere: tuple[str, ...]
    not_read: tuple[str, ...]
    not_drawn: tuple[str, ...]


def import_workbook(
    workspace: Workspace, survey: Survey, path: Path, *, coder: str, clean_notes: CleanNotes | None = None
) -> ImportedWorkbook:
    """Add the rows marked ready to the journal; importing the same workbook again adds nothing.

    A coding has the time at which the workbook was last saved, so an older copy never undoes a newer one. A row that is
    new here, of an answer that was coded elsewhere since the export, has the time of the export: which was first is
    unknown, and the coding elsewhere goes on to count. A decision about codings that are newer than its workbook
    leaves the disagreement open.

    Raises:
        ReviewError: it is not a workbook of this survey and codebook, or cells are wrong; the message names the cells.
    """
    if not coder.strip():
        do = f"say who: duiding review import {quoted(path)} {quoted(survey.file)} --coder anna"
        raise ReviewError(problem(place="--coder", found="not given", expected="who coded the workbook", do=do))
    with one_at_a_time(workspace):
        book = _open(path)
        texts = _texts(workspace)
        coders = Coders(workspace)
        who = coders.name(coder)
        events: list[Event] = []
        notes: dict[str, str] = {}
        n_open = 0
        mistakes: list[Mistake] = []
        not_read: list[str] = []
        elsewhere: list[str] = []
        prints = Fingerprints(workspace)
        saved, current = _saved(book), current_events(workspace)
        for name, question, role, choice, exported in _about(book, survey, path):
            reading = Reading(book[name], question, choice, role, who, saved, texts, prints)
            found, left = reading.rows(notes)
            dated, otherwise = _dated(found, current, exported)
            events += dated
            elsewhere += otherwise
            n_open += left
            mistakes += reading.mistakes
            not_read += reading.not_read
        _refuse(mistakes, path)
        _refuse_own(events, current, path)
        compared, sample = compare_with(read_journal(workspace), events), read_sample(workspace)
        new = add_events(workspace, with_sample_roles(events, sample))
        coders.save()
        keep_notes(workspace, events, notes, clean_notes)
        first = {event.answer_id for event in events if event.role != "second" and event.counts}
        not_drawn = tuple(sorted(first - set(sample["answer_id"])))
        return ImportedWorkbook(len(events), len(new), n_open, compared, tuple(elsewhere), tuple(not_read), not_drawn)


def _saved(book: Any) -> str:
    """Return when the workbook was last saved, never in the future; now, when it does not tell."""
    now = datetime.now(UTC)
    told = book.properties.modified
    saved = now if told is None else told.replace(tzinfo=told.tzinfo or UTC)
    return utc(min(saved, now).isoformat())


def _refuse(mistakes: Sequence[Mistake], path: Path) -> None:
    """Raise when there are mistakes, with all of them (of very many the first).

    Raises:
        ReviewError: every mistake by its cell.
    """
    if len(mistakes) == 1:
        ((place, found, expected),) = mistakes
        raise ReviewError(problem(file=path, place=place, found=found, expected=expected, do=_NEXT))
    if mistakes:
        listed = [f"{place}: {found} (expected {expected})" for place, found, expected in mistakes[:MOST_MISTAKES]]
        more = [f"and {len(mistakes) - MOST_MISTAKES} more"] if len(mistakes) > MOST_MISTAKES else []
        raise ReviewError(
            problem(file=path, found=f"{len(mistakes)} mistakes: {'; '.join([*listed, *more])}", do=_NEXT)
        )


def _dated(events: Sequence[Event], journal: Sequence[Event], exported: str) -> tuple[list[Event], list[str]]:
    """Return the events with their time, and the answers that were coded otherwise elsewhere since the export."""
    known = latest(journal)
    since: dict[str, list[Event]] = {}
    for event in known.values():
        if event.counts and exported and event.at > exported:
            since.setdefault(event.answer_id, []).append(event)
    out, otherwise = [], set()
    for event in events:
        elsewhere = [
            other for other in since.get(event.answer_id, ())
            if other.annotation != event.annotation
            and (event.adjudicated or (other.role == "second") == (event.role == "second"))
        ]  # fmt: skip
        first_time = event.annotation not in known
        out.append(replace(event, at=exported) if elsewhere and first_time else event)
        if first_time and not event.adjudicated and any(set(other.codes) != set(event.codes) for other in elsewhere):
            otherwise.add(event.answer_id)
    return out, sorted(otherwise)


def _refuse_own(events: Sequence[Event], journal: Sequence[Event], path: Path) -> None:
    """Refuse a coder's second coding of answers that the same coder coded first, or the other way round."""
    other: dict[bool, set[str]] = {True: set(), False: set()}
    mine = {event.coder for event in events}
    for event in latest(journal).values():
        if event.counts and not event.adjudicated and event.coder in mine:
            other[event.role == "second"].add(event.answer_id)
    coded = [event for event in events if not event.adjudicated]
    own = sorted(event.answer_id for event in coded if event.answer_id in other[event.role != "second"])
    if own:
        raise ReviewError(
            problem(file=path,
                    found=f"first and second coding of {len(own)} answers by one coder: {', '.join(own[:5])}",
                    expected="another person as the second coder",
                    do="give --coder the name of who coded this workbook")
        )  # fmt: skip


def _open(path: Path) -> Any:
    import openpyxl

    try:
        return openpyxl.load_workbook(path, data_only=True)
    except FileNotFoundError as error:
        raise ReviewError(not_there(path)) from error
    except OSError as error:
        raise ReviewError(problem(file=path, found=f"cannot be read ({error.strerror or 'I/O error'})")) from error
    except Exception as error:
        raise ReviewError(
            problem(file=path, found="not an Excel workbook", expected="the .xlsx that 'duiding review export' wrote")
        ) from error


def _texts(workspace: Workspace) -> dict[str, tuple[str, str]]:
    frame = read_table(workspace.path("answers.parquet"))
    pairs = zip(frame["question"], frame["text"], strict=True)
    return dict(zip(frame["answer_id"], pairs, strict=True))


def _about(book: Any, survey: Survey, path: Path) -> list[tuple[str, Question, str, Choice, str]]:
    if ABOUT_SHEET not in book.sheetnames:
        raise ReviewError(
            problem(file=path, found="not made by Duiding", expected="the workbook that 'duiding review export' wrote")
        )
    questions = {question.id: question for question in survey.questions}
    out = []
    for row in book[ABOUT_SHEET].iter_rows(min_row=2, values_only=True):
        name, question_id, role, digest, key = (str(value) for value in (*row, *[None] * 5)[:5])
        exported = utc(str(row[5])) if len(row) > 5 else ""
        if key != survey_key(survey) or question_id not in questions:
            expected = f"one of {survey.file}"
            raise ReviewError(problem(file=path, found="a workbook of another survey", expected=expected))
        if name not in book.sheetnames:
            raise ReviewError(problem(file=path, found=f"sheet '{name}' is gone", do="restore it, or export anew"))
        codebook = survey.codebook(questions[question_id])
        if digest != codebook.digest:
            raise ReviewError(
                problem(file=path, place=f"sheet {name}", found="made with another version of the codebook",
                        expected=f"version {codebook.digest}", do="restore that version for the import, or export anew")
            )  # fmt: skip
        out.append((name, questions[question_id], role, choice_of(questions[question_id], codebook), exported))
    return out
