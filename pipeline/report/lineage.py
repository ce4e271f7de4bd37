"""From a percentage to the answers behind it, within the disclosure rules."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import pandas as pd

from pipeline.report.coded import Coded
from pipeline.report.lookup import Figures
from pipeline.tables import ANSWER


class AnswerBook:
    """The answers of this wave behind every cell, and which cells may be opened."""

    def __init__(self, figures: Figures, coded: Iterable[Coded], min_cell: int) -> None:
        self._figures, self._min_cell = figures, min_cell
        wave = figures.survey.wave
        self.coded = [one for one in coded if one.wave in ("", wave)]

    @cached_property
    def texts(self) -> list[Coded]:
        """The answers with text to code; a tick without a word beside it is none of them."""
        return [one for one in self.coded if one.status == ANSWER]

    @cached_property
    def ticked(self) -> bool:
        """Whether respondents ticked codes themselves."""
        return any(role == "tick" for one in self.coded for role, _ in one.codes.values())

    @cached_property
    def by_question(self) -> Mapping[str, list[Coded]]:
        """Question -> its answers that carry a code."""
        found: dict[str, list[Coded]] = defaultdict(list)
        for one in self.coded:
            if one.codes and one.counts:
                found[one.question].append(one)
        return found

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Answer id -> the number an answer has in what is published, from 1 within its question.

        A number says nothing of respondent, municipality or place in the file, so that answers cannot be linked over
        questions. The order is that of digests keyed with all answers together: the same data gives the same numbers,
        and who does not have the data cannot work the order out.
        """
        secret = hashlib.sha256()
        for one in sorted(self.coded, key=lambda one: one.answer_id):
            for part in (one.answer_id, one.respondent_id, one.group, one.text):
                secret.update(hashlib.sha256(part.encode()).digest())
        key = secret.digest()
        order = sorted(self.coded, key=lambda one: hashlib.sha256(key + one.answer_id.encode()).digest())
        last: Counter[str] = Counter()
        found = {}
        for one in order:
            last[one.question] += 1
            found[one.answer_id] = last[one.question]
        return found

    def published(self, question: str) -> list[Coded]:
        """Return a question's answers that carry a code, in the order of their numbers."""
        return sorted(self.by_question.get(question, []), key=lambda one: self.numbers[one.answer_id])

    @cached_property
    def _counts(self) -> Counter[tuple[str, str, str]]:
        cells: Counter[tuple[str, str, str]] = Counter()
        for question, answers in self.by_question.items():
            for one in answers:
                for code in one.codes:
                    cells[question, one.group, code] += 1
                    cells[question, self._figures.total, code] += 1
        return cells

    @cached_property
    def _closed(self) -> frozenset[tuple[str, str, str]]:
        """Cells whose answers stay closed; never one group alone, or subtracting the others would open it."""
        closed: set[tuple[str, str, str]] = set()
        for question in self._figures.questions:
            for code in self._figures.codebooks[question.id].codes:
                cells = [(question.id, group, code.id) for group in self._figures.groups]
                small = [cell for cell in cells if self._is_small(cell)]
                rest = [cell for cell in cells if cell not in small and self._counts[cell]]
                rest.sort(key=lambda cell: (self._counts[cell], cell))
                closed.update(small + rest[:1] if len(small) == 1 else small)
                if (total := self._figures.share(question.id, self._figures.total, code.id)) and total.suppressed:
                    closed.update([*cells, (question.id, self._figures.total, code.id)])
        return frozenset(closed)

    def _is_small(self, cell: tuple[str, str, str]) -> bool:
        share = self._figures.share(*cell)
        return 0 < self._counts[cell] < self._min_cell or (share is not None and share.suppressed)

    def may_open(self, question: str, group: str, code: str) -> bool:
        """Return whether a cell's answers may be shown as answers of that group."""
        cell = (question, group, code)
        return cell not in self._closed and self._counts[cell] > 0

    @cached_property
    def _uncountable(self) -> frozenset[tuple[str, str]]:
        """Views (question, group) whose answers are not listed: how many are missing would tell a closed cell.

        The estimates leave out a small figure more where that keeps the answers of a total listed; see `suppress`.
        """
        found: set[tuple[str, str]] = set()
        for question, answers in self.by_question.items():
            given, total = self._figures.given(question), self._figures.total
            alone = [codes for one in answers if (codes := set(one.codes) - given)
                     and not any(self.may_open(question, total, code) for code in codes)]  # fmt: skip
            missing: dict[str, list[set[str]]] = defaultdict(list, {total: alone})
            for one in answers:
                if one.group in self._figures.groups and not self.group_shown(one):
                    here = {code for code in one.codes if (question, one.group, code) in self._closed}
                    missing[one.group].append(here)
            found.update((question, group) for group, sets in missing.items() if self._told(sets))
        return frozenset(found)

    def _told(self, missing: Sequence[set[str]]) -> bool:
        """Return whether the number of answers that are missing from a list says how many have a closed code."""
        return bool(missing) and (len(missing) < self._min_cell or len(set().union(*missing)) < 2)

    def may_list(self, question: str, group: str) -> bool:
        """Return whether a question's answers are listed: at all (the total), or as answers of a group."""
        return (question, self._figures.total) not in self._uncountable and (question, group) not in self._uncountable

    def listed(self, question: str) -> list[tuple[Coded, list[str], str]]:
        """Return the answers that are listed, in the order of their numbers, with the codes and group to show."""
        if not self.may_list(question, self._figures.total):
            return []
        given = self._figures.given(question)
        open_ = [code.id for code in self._figures.codebooks[question].codes
                 if code.id not in given and self.may_open(question, self._figures.total, code.id)]  # fmt: skip
        found = []
        for one in self.published(question):
            group = self.group_shown(one)
            if codes := [code for code in open_ if code in one.codes]:
                found.append((one, codes, group if group and self.may_list(question, group) else ""))
        return found

    def count(self, question: str, group: str, code: str) -> int:
        """Return how many answers carry a code in a group."""
        return self._counts[question, group, code]

    def group_shown(self, one: Coded) -> str:
        """Return the answer's group, or nothing when one of its codes is in a closed cell of that group."""
        if one.group not in self._figures.groups:
            return ""
        return "" if any((one.question, one.group, code) in self._closed for code in one.codes) else one.group

    @cached_property
    def _behind(self) -> Mapping[tuple[str, str, str], list[Coded]]:
        """Cell -> the answers that may be shown behind it."""
        found: dict[tuple[str, str, str], list[Coded]] = defaultdict(list)
        for question, answers in self.by_question.items():
            for one in answers:
                group = self.group_shown(one)
                for code in one.codes:
                    found[question, self._figures.total, code].append(one)
                    if group:
                        found[question, group, code].append(one)
        return found

    def behind(self, question: str, group: str, code: str) -> list[Coded]:
        """Return the answers that may be shown behind a cell."""
        cell = (question, group, code)
        return self._behind.get(cell, []) if self.may_open(*cell) else []


def trace(book: AnswerBook, question: str, group: str, code: str, versions: Mapping[str, str]) -> pd.DataFrame:
    """Return the answers behind a cell with who coded them, as `duiding trace` prints them.

    Columns: number (the answer's number in the report), answer_id, group, text, code, role, coder, model, codebook.
    """
    rows = [
        {"number": book.numbers[one.answer_id], "answer_id": one.answer_id, "group": book.group_shown(one),
         "text": one.text, "code": code,
         "role": one.codes[code][0], "coder": one.codes[code][1], "model": version_of(versions, "model", question),
         "codebook": version_of(versions, "codebook", question)}
        for one in book.behind(question, group, code)
    ]  # fmt: skip
    return pd.DataFrame(
        rows, columns=["number", "answer_id", "group", "text", "code", "role", "coder", "model", "codebook"]
    )


def version_of(versions: Mapping[str, str], what: str, question: str) -> str:
    """Return the version of the model or codebook that coded a question: `model succes`, else `model`.

    >>> version_of({"model succes": "a1", "model": "b2"}, "model", "succes")
    'a1'
    """
    return versions.get(f"{what} {question}") or versions.get(what, "")
