"""The reading of one sheet of a reviewed workbook: its rows as codings, and every mistake by its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.config import Question
from pipeline.review.events import Event
from pipeline.review.excel_write import LAST, LONGEST_CELL, MACHINE, MARK, READY, first_columns
from pipeline.review.labeling import Choice, check_codes, problem_of
from pipeline.review.texts import Fingerprints

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

#: Where, what was found, what was expected.
Mistake = tuple[str, str, str]


class Reading:
    """The reading of one sheet."""

    def __init__(
        self, sheet: Worksheet, question: Question, choice: Choice, role: str, coder: str, at: str,
        texts: Mapping[str, tuple[str, str]], prints: Fingerprints,
    ) -> None:  # fmt: skip
        self.sheet, self.question, self.choice = sheet, question, choice
        self.role, self.coder, self.at = role, coder, at
        self.texts, self.prints = texts, prints
        self.codes = choice.offered()
        self.first = first_columns(role)
        self.mistakes: list[Mistake] = []
        self.not_read: list[str] = []

    def rows(self, notes: dict[str, str]) -> tuple[list[Event], int]:
        """Return the rows marked ready as events, and how many are not; the notes are added to `notes`.

        What is wrong is added to `mistakes`; columns to the right of ours are named in `not_read`.
        """
        labels = [self.choice.codebook.by_id[code].label for code in self.codes]
        expected = [*self.first, *labels, *LAST, MACHINE]
        all_rows = self.sheet.iter_rows(values_only=True)
        header = [_text(value) for value in next(all_rows, ())]
        while header and not header[-1]:
            header.pop()
        if header[: len(expected)] != expected:
            wrong = next((i for i, pair in enumerate(zip(header, expected, strict=False)) if pair[0] != pair[1]), -1)
            column = wrong if wrong >= 0 else min(len(header), len(expected))
            self._wrong(1, column, "the columns were changed", f"'{expected[column]}'")
            return [], 0
        self.not_read += [self._place(1, column) for column in range(len(expected), len(header)) if header[column]]
        events: list[Event] = []
        seen: set[str] = set()
        n_open = 0
        for number, values in enumerate(all_rows, start=2):
            cells = [_text(value) for value in values[: len(expected)]]
            cells += [""] * (len(expected) - len(cells))
            if not any(cells):
                continue
            before = len(self.mistakes)
            event, note = self._row(number, cells, seen)
            n_open += event is None and len(self.mistakes) == before
            if event is not None:
                events.append(event)
                if note:
                    notes[event.annotation] = note
        return events, n_open

    def _row(self, number: int, cells: Sequence[str], seen: set[str]) -> tuple[Event | None, str]:
        answer_id, text = cells[0], cells[2]
        question, known = self.texts.get(answer_id, ("", ""))
        n_wrong = len(self.mistakes)
        if question != self.question.id:
            self._wrong(number, 0, "not the id of an answer to this question", "the id as it was exported")
        elif answer_id in seen:
            self._wrong(number, 0, "the same answer twice", "every answer once")
        elif _plain(text) != _plain(known[:LONGEST_CELL]):
            self._wrong(number, 2, "this is not the text of that answer", "rows that stay whole when sorting")
        seen.add(answer_id)
        doubt, skipped, note, ready = cells[len(self.first) + len(self.codes) : -1]
        if ready.lower() not in ("", READY):
            self._wrong(number, len(cells) - 2, "not a choice", f"{READY} or empty")
        chosen = []
        for column, code in enumerate(self.codes, start=len(self.first)):
            chosen += [code] if self._marked(number, column, cells[column]) else []
        first = len(self.first) + len(self.codes)
        is_doubt, is_skipped = self._marked(number, first, doubt), self._marked(number, first + 1, skipped)
        if not ready or len(self.mistakes) > n_wrong:
            return None, ""
        codes, _ = check_codes(self.choice, chosen)
        wrong = problem_of(self.choice, codes)
        if wrong and not is_skipped:
            found = "ready, but a code is missing" if wrong == "empty" else "two codes where one can hold"
            self._wrong(number, len(self.first), found, "codes for this answer, or an x under Overslaan")
            return None, ""
        shown = cells[-1]
        origin = "manual"
        if shown != "-":
            origin = "accepted" if set(shown.split()) & set(self.codes) == set(chosen) else "changed"
        event = Event(
            answer_id=answer_id, question=self.question.id, codebook=self.choice.codebook.digest,
            codes=() if is_skipped else codes, judged=self.choice.judged(), coder=self.coder,
            role="audit" if self.role == "decide" else self.role, adjudicated=self.role == "decide",
            at=self.at, origin=origin, annotation=f"excel/{self.coder}/{self._kind}/{answer_id}", doubt=is_doubt,
            skipped=is_skipped, note=bool(note), fingerprint=self.prints.of(known),
        )  # fmt: skip
        return event, note

    @property
    def _kind(self) -> str:
        return self.role if self.role in ("second", "decide") else "first"

    def _marked(self, number: int, column: int, value: str) -> bool:
        if value.lower() not in ("", MARK):
            self._wrong(number, column, "not a choice", f"{MARK} or empty")
        return bool(value)

    def _wrong(self, row: int, column: int, found: str, expected: str) -> None:
        self.mistakes.append((self._place(row, column), found, expected))

    def _place(self, row: int, column: int) -> str:
        from openpyxl.utils import get_column_letter

        return f"sheet {self.sheet.title}, cell {get_column_letter(column + 1)}{row}"


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _plain(text: str) -> str:
    """Return a text as it survives Excel: without the control characters and line ends that Excel rewrites."""
    return "".join(character for character in text if character.isprintable() and not character.isspace())
