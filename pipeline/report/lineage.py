"""From a percentage to the answers behind it, within the disclosure rules."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from pipeline.report.lookup import Figures, text
from pipeline.tables import ANSWER, REVIEW_ROLES

#: Whose codes hold when several people coded an answer: the audit first, a blind second coding last.
_PRECEDENCE = {"audit": 3, "training": 2, "second": 1, "machine": 0}


@dataclass(frozen=True)
class Coded:
    """One answer as it counts in the report: code -> who applied it (role, coder)."""

    answer_id: str
    respondent_id: str
    question: str
    group: str
    wave: str
    status: str
    text: str
    weight: float | None
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    reviewed: bool = False
    doubted: bool = False

    @property
    def counts(self) -> bool:
        """Whether the answer is part of a share: an answer, a tick, or one that a person read all the same."""
        return self.status == ANSWER or self.reviewed or any(role == "tick" for role, _ in self.codes.values())


@dataclass
class _Codings:
    """The codings of one answer while they are gathered: (role, coder) -> code -> applied."""

    by_coder: dict[tuple[str, str], dict[str, bool]] = field(default_factory=lambda: defaultdict(dict))
    latest: dict[tuple[str, str], str] = field(default_factory=dict)
    doubted: bool = False

    def final(self) -> tuple[dict[str, tuple[str, str]], bool, bool]:
        """Return code -> who, whether a person reviewed it, and whether anyone doubted or disagreed."""
        coders = [who for who in self.by_coder if who[0] != "tick"]
        reviewers = [who for who in coders if who[0] in REVIEW_ROLES]
        codes: dict[str, tuple[str, str]] = {}
        if coders:
            best = max(coders, key=lambda who: (_PRECEDENCE.get(who[0], 0), self.latest.get(who, ""), who[1]))
            codes = {code: best for code, applied in self.by_coder[best].items() if applied}
        for who in coders:
            if who[0] == "machine":  # what the reviewer was not asked about stays as the machine coded it
                rest = {code for code, applied in self.by_coder[who].items() if applied} - set(self.by_coder[best])
                codes |= dict.fromkeys(rest, who)
        for who, applied_codes in self.by_coder.items():
            if who[0] == "tick":
                codes |= {code: who for code, applied in applied_codes.items() if applied and code not in codes}
        opinions = {frozenset(code for code, applied in self.by_coder[who].items() if applied) for who in reviewers}
        return codes, bool(reviewers), self.doubted or len(opinions) > 1


def coded_answers(answers: pd.DataFrame, codings: pd.DataFrame) -> list[Coded]:
    """Return every answer with the codes that hold for it; a person's coding replaces the machine's, a tick adds."""
    gathered: dict[str, _Codings] = defaultdict(_Codings)
    doubts = codings["doubt"].tolist() if "doubt" in codings.columns else [False] * len(codings)
    moments = [str(moment) for moment in codings["at"]] if "at" in codings.columns else [""] * len(codings)
    columns = (codings[name].tolist() for name in ("answer_id", "code", "applied", "role", "coder"))
    for answer_id, code, applied, role, coder, moment, doubt in zip(*columns, moments, doubts, strict=True):
        found = gathered[str(answer_id)]
        who = (str(role), str(coder))
        found.by_coder[who][str(code)] = bool(applied)
        found.latest[who] = max(found.latest.get(who, ""), moment if moment not in ("None", "NaT", "nan") else "")
        found.doubted = found.doubted or doubt is True
    out = []
    names = ("answer_id", "respondent_id", "question", "group", "wave", "status", "text", "weight")
    blank = [None] * len(answers)
    values = (answers[name].tolist() if name in answers.columns else blank for name in names)
    for answer_id, respondent, question, group, wave, status, words, weight in zip(*values, strict=True):
        codes, reviewed, doubted = gathered[answer_id].final() if answer_id in gathered else ({}, False, False)
        out.append(
            Coded(str(answer_id), text(respondent), str(question), text(group), text(wave), str(status), text(words),
                  float(weight) if text(weight) else None, codes, reviewed, doubted)
        )  # fmt: skip
    return out


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
