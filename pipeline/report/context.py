"""What every chapter is made with: figures, answers, quotes, messages, and the next table and figure number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

import pandas as pd

from pipeline.codebook import Code
from pipeline.config import Question
from pipeline.report import wording
from pipeline.report.content import Cell, Quote, QuoteList, Quotes, Text
from pipeline.report.labels import Messages
from pipeline.report.lineage import AnswerBook
from pipeline.report.lookup import Figures, Share
from pipeline.report.numbers import count as in_words
from pipeline.report.verdicts import HIGHER, LOWER


@dataclass
class Context:
    """Everything the chapters share; `next_table` and `next_figure` number in reading order."""

    figures: Figures
    book: AnswerBook
    say: Messages
    quotes: Mapping[tuple[str, str, str], tuple[Quote, ...]]
    residual_last: bool = False
    zero_shot: Set[str] = frozenset()  # the questions that were coded from their codebook's words alone
    _tables: count[int] = field(default_factory=lambda: count(1))
    _figures: count[int] = field(default_factory=lambda: count(1))

    def next_table(self) -> int:
        """Return the number of the next table."""
        return next(self._tables)

    def next_figure(self) -> int:
        """Return the number of the next figure."""
        return next(self._figures)

    @property
    def total(self) -> str:
        """The label of all groups together."""
        return self.figures.total

    def views(self, question: Question) -> tuple[str, ...]:
        """Return the total and then the groups that have figures for a question."""
        return (self.total, *self.figures.groups_of(question))

    def residual(self, question: Question) -> set[str]:
        """Return the residual codes of a question's codebook."""
        book = self.figures.codebooks[question.id]
        found = {book.residual, *(facet.residual for facet in book.facets if facet.choice == "many")}
        return {code for code in found if code}

    def sorted_codes(self, question: Question, codes: Sequence[Code], group: str) -> list[Code]:
        """Return the codes by share, largest first; held-back ones last, so that their place tells nothing."""
        residual = self.residual(question)

        def place(pair: tuple[int, Code]) -> tuple[bool, bool, float, int]:
            position, code = pair
            found = self.figures.share(question.id, group, code.id)
            known = found is not None and found.share is not None
            last = self.residual_last and code.id in residual
            return (last, not known, -(found.share or 0.0) if found and known else 0.0, position)

        return [code for _, code in sorted(enumerate(codes), key=place)]

    def cell(self, question: str, group: str, code: str, mark: str = "") -> Cell:
        """Return the cell of a share of this wave, with the way to its answers when that is open."""
        found = self.figures.share(question, group, code)
        if found is None:
            return Cell()
        key = (question, group, code)
        listed = self.book.may_list(question, group) and self.book.may_open(*key)
        opens = key if listed and not found.suppressed else None
        return Cell(found.share, mark=arrow(mark), hidden=found.suppressed, opens=opens, source=key)

    def caution(self, group: str) -> list[Text]:
        """Return the caution for a group (or the total) whose percentages are indicative only; else nothing."""
        if not self.figures.indicative(group):
            return []
        named, returned = "" if group == self.total else group, self.figures.returned(group)
        return [Text((wording.caution(named, returned, self.say),), "caution")]

    def unknown_group(self, number: int) -> str:
        """Return the note on people of whom no group is known."""
        shown = in_words(number, self.say.language)
        return self.say.several("note_unknown_group", number, count=shown, unit=self.unit)

    @property
    def unit(self) -> str:
        """What a group is called in running text: the survey's `group_label` without its capital."""
        label = self.figures.survey.group_label
        return label if label[1:2].isupper() else label[:1].lower() + label[1:]

    def coder(self, who: tuple[str, str]) -> str:
        """Return in words who applied a code, given as (role, coder)."""
        role, name = who
        return self.say(f"who_{role}", coder=name)

    def quote_list(self, question: Question, group: str, codes: Sequence[Code]) -> QuoteList | None:
        """Return the quotes of a view in the order of its table; None when there are none."""
        parts = tuple(
            Quotes(code.label, found)
            for code in self.sorted_codes(question, codes, group)
            if (found := self.quotes.get((question.id, group, code.id), ()))
        )
        return QuoteList(self.say("heading_quotes"), self.say("quotes_intro"), parts) if parts else None


def margin(share: Share | None) -> Cell:
    """Return the cell of a share's interval."""
    if share is None or share.low is None or share.high is None:
        return Cell(hidden=bool(share and share.suppressed))
    return Cell(share.low, high=share.high)


def arrow(word: str) -> Literal["", "up", "down"]:
    """Return the mark of a verdict's word."""
    return "up" if word == HIGHER else "down" if word == LOWER else ""


def quotes_by_cell(quotes: pd.DataFrame) -> dict[tuple[str, str, str], tuple[Quote, ...]]:
    """Return question, group, code -> the quotes in order of rank."""
    found: dict[tuple[str, str, str], list[Quote]] = defaultdict(list)
    for row in quotes.sort_values("rank", kind="stable").to_dict("records"):
        found[row["question"], row["group"], row["code"]].append(Quote(row["answer_id"], row["text"]))
    return {key: tuple(value) for key, value in found.items()}
