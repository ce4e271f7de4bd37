"""A reviewed workbook back into the journal: checked as a whole, nothing imported when anything is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config import Question, Survey
from pipeline.errors import ReviewError, problem
from pipeline.review.coders import Coders
from pipeline.review.events import Event, add_events, utc
from pipeline.review.excel_write import ABOUT_SHEET, FIRST, LAST, LONGEST_CELL, MACHINE, MARK, READY
from pipeline.review.files import one_at_a_time
from pipeline.review.labeling import Choice, check_codes, problem_of
from pipeline.review.projects import survey_key
from pipeline.review.pull import CleanNotes, keep_notes
from pipeline.review.reviewed import with_sample_roles
from pipeline.review.sample import read_sample
from pipeline.review.tasks import choice_of
from pipeline.review.texts import Fingerprints
from pipeline.workspace import Workspace, read_table

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_EMPTY_NEXT = "mend that cell and run the same command again; nothing was imported"


@dataclass(frozen=True)
class ImportedWorkbook:
    """How many rows were marked ready, how many of those were news, and how many were not ready yet."""

    n_ready: int
    n_new: int
    n_open: int


def import_workbook(
    workspace: Workspace, survey: Survey, path: Path, *, coder: str, clean_notes: CleanNotes | None = None
) -> ImportedWorkbook:
    """Add the rows marked ready to the journal; importing the same workbook again adds nothing.

    Raises:
        ReviewError: it is not a workbook of this survey and codebook, or a cell is wrong; the message names the cell.
    """
    if not coder.strip():
        do = f"say who: duiding review import {path} --coder anna"
        raise ReviewError(problem(place="--coder", found="not given", expected="who coded the workbook", do=do))
    with one_at_a_time(workspace):
        book = _open(path)
        texts = _texts(workspace)
        coders = Coders(workspace)
        who = coders.name(coder)
        events: list[Event] = []
        notes: dict[str, str] = {}
        n_open = 0
        for name, question, role, choice in _about(book, survey, path):
            reading = _Reading(path, book[name], question, choice, role, who, texts, Fingerprints(workspace))
            found, left = reading.rows(notes)
            events += found
            n_open += left
        new = add_events(workspace, with_sample_roles(events, read_sample(workspace)))
        coders.save()
        keep_notes(workspace, notes, clean_notes)
        return ImportedWorkbook(len(events), len(new), n_open)


def _open(path: Path) -> Any:
    import openpyxl

    try:
        return openpyxl.load_workbook(path, data_only=True)
    except OSError as error:
        raise ReviewError(problem(file=path, found=f"cannot be read ({error.strerror or 'not there'})")) from error
    except Exception as error:
        raise ReviewError(
            problem(file=path, found="not an Excel workbook", expected="the .xlsx that 'duiding review export' wrote")
        ) from error


def _texts(workspace: Workspace) -> dict[str, tuple[str, str]]:
    frame = read_table(workspace.path("answers.parquet"))
    pairs = zip(frame["question"], frame["text"], strict=True)
    return dict(zip(frame["answer_id"], pairs, strict=True))


def _about(book: Any, survey: Survey, path: Path) -> list[tuple[str, Question, str, Choice]]:
    if ABOUT_SHEET not in book.sheetnames:
        raise ReviewError(
            problem(file=path, found="not made by Duiding", expected="the workbook that 'duiding review export' wrote")
        )
    questions = {question.id: question for question in survey.questions}
    out = []
    for row in book[ABOUT_SHEET].iter_rows(min_row=2, values_only=True):
        name, question_id, role, digest, key = (str(value) for value in row[:5])
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
        out.append((name, questions[question_id], role, choice_of(questions[question_id], codebook)))
    return out


class _Reading:
    """The reading of one sheet."""

    def __init__(
        self, path: Path, sheet: Worksheet, question: Question, choice: Choice, role: str, coder: str,
        texts: Mapping[str, tuple[str, str]], prints: Fingerprints,
    ) -> None:  # fmt: skip
        self.path, self.sheet, self.question, self.choice = path, sheet, question, choice
        self.role, self.coder, self.texts, self.prints = role, coder, texts, prints
        self.codes = choice.offered()
        self.now = utc(datetime.now(UTC).isoformat())

    def rows(self, notes: dict[str, str]) -> tuple[list[Event], int]:
        """Return the rows marked ready as events, and how many are not; the notes are added to `notes`."""
        labels = [self.choice.codebook.by_id[code].label for code in self.codes]
        expected = [*FIRST, *labels, *LAST, MACHINE]
        all_rows = self.sheet.iter_rows(values_only=True)
        header = [_text(value) for value in next(all_rows, ())]
        while header and not header[-1]:
            header.pop()
        if header != expected:
            wrong = next((i for i, pair in enumerate(zip(header, expected, strict=False)) if pair[0] != pair[1]), -1)
            column = wrong if wrong >= 0 else min(len(header), len(expected))
            want = f"'{expected[column]}'" if column < len(expected) else "no more columns"
            raise self._wrong(1, column, "the columns were changed", want)
        events: list[Event] = []
        seen: set[str] = set()
        n_open = 0
        for number, values in enumerate(all_rows, start=2):
            cells = [_text(value) for value in values[: len(expected)]]
            cells += [""] * (len(expected) - len(cells))
            if not any(cells):
                continue
            event, note = self._row(number, cells, seen)
            n_open += event is None
            if event is not None:
                events.append(event)
                if note:
                    notes[event.annotation] = note
        return events, n_open

    def _row(self, number: int, cells: Sequence[str], seen: set[str]) -> tuple[Event | None, str]:
        answer_id, text = cells[0], cells[2]
        question, known = self.texts.get(answer_id, ("", ""))
        if question != self.question.id:
            raise self._wrong(number, 0, "not the id of an answer to this question", "the id as it was exported")
        if answer_id in seen:
            raise self._wrong(number, 0, "the same answer twice", "every answer once")
        seen.add(answer_id)
        if _plain(text) != _plain(known[:LONGEST_CELL]):
            raise self._wrong(number, 2, "this is not the text of that answer", "rows that stay whole when sorting")
        doubt, skipped, note, ready = cells[len(FIRST) + len(self.codes) : -1]
        if ready.lower() not in ("", READY):
            raise self._wrong(number, len(cells) - 2, "not a choice", f"{READY} or empty")
        chosen = []
        for column, code in enumerate(self.codes, start=len(FIRST)):
            chosen += [code] if self._marked(number, column, cells[column]) else []
        first = len(FIRST) + len(self.codes)
        is_doubt, is_skipped = self._marked(number, first, doubt), self._marked(number, first + 1, skipped)
        if not ready:
            return None, ""
        codes, _ = check_codes(self.choice, chosen)
        wrong = problem_of(self.choice, codes)
        if wrong and not is_skipped:
            found = "ready, but a code is missing" if wrong == "empty" else "two codes where one can hold"
            raise self._wrong(number, len(FIRST), found, "codes for this answer, or an x under Overslaan")
        shown = cells[-1]
        origin = "manual"
        if shown != "-":
            origin = "accepted" if set(shown.split()) & set(self.codes) == set(chosen) else "changed"
        event = Event(
            answer_id=answer_id, question=self.question.id, codebook=self.choice.codebook.digest,
            codes=() if is_skipped else codes, judged=self.choice.judged(), coder=self.coder, role=self.role,
            at=self.now, origin=origin, annotation=f"excel/{self.coder}/{self._kind}/{answer_id}", doubt=is_doubt,
            skipped=is_skipped, note=bool(note), fingerprint=self.prints.of(known),
        )  # fmt: skip
        return event, note

    @property
    def _kind(self) -> str:
        return "second" if self.role == "second" else "first"

    def _marked(self, number: int, column: int, value: str) -> bool:
        if value.lower() not in ("", MARK):
            raise self._wrong(number, column, "not a choice", f"{MARK} or empty")
        return bool(value)

    def _wrong(self, row: int, column: int, found: str, expected: str) -> ReviewError:
        from openpyxl.utils import get_column_letter

        place = f"sheet {self.sheet.title}, cell {get_column_letter(column + 1)}{row}"
        return ReviewError(problem(file=self.path, place=place, found=found, expected=expected, do=_EMPTY_NEXT))


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _plain(text: str) -> str:
    """Return a text as it survives Excel: without the control characters and line ends that Excel rewrites."""
    return "".join(character for character in text if character.isprintable() and not character.isspace())
