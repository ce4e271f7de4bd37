"""The figures of a report, found by question, group and code; the only place that reads the tables of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd

from pipeline.codebook import Code, Codebook, Facet
from pipeline.config import Question, Survey, codebook_source
from pipeline.report.values import number, text
from pipeline.report.verdicts import Verdicts
from pipeline.tables import earlier_waves, wave_order

#: Flags of figures that rest on the machine alone, or nearly so.
MACHINE_ONLY: Final = "coding_error_not_in_interval"
PROVISIONAL: Final = (MACHINE_ONLY, "audit_too_small")


@dataclass(frozen=True)
class Share:
    """One published figure: shares 0-1; None where unknown or held back."""

    share: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    flag: str = ""
    suppressed: bool = False
    machine: float | None = None
    surpassed: bool = False
    surpassed_elsewhere: bool = False

    @property
    def flags(self) -> set[str]:
        """What the estimates flagged in this figure."""
        return {flag.strip() for flag in self.flag.split(";") if flag.strip()}

    @property
    def anyone(self) -> bool:
        """Whether the share is known and stands for at least half a person."""
        return self.share is not None and self.share > 0 and self.share * self.n >= 0.5


class Figures:
    """All shares, published figures and verdicts of a survey."""

    def __init__(
        self,
        survey: Survey,
        codebooks: dict[str, Codebook],
        shares: pd.DataFrame,
        comparisons: pd.DataFrame | None,
        response: pd.DataFrame | None,
        reference: pd.DataFrame | None,
    ) -> None:
        self.survey = survey
        self.codebooks = codebooks
        self.total = survey.total_label
        self._shares = dict(_read_shares(shares))
        self._published = dict(_read_reference(reference, codebooks))
        self._response = response
        self.small_cells_hidden = "suppressed" in shares.columns
        self.groups = self._ordered_groups()
        self.verdicts = Verdicts(comparisons, survey.reference_group, survey.wave)

    def _ordered_groups(self) -> tuple[str, ...]:
        order = [*self.survey.response.invited, *(group for _, group, _, _ in self._shares)]
        known = {group for _, group, _, _ in self._shares} - {self.total}
        return tuple(dict.fromkeys(group for group in order if group in known))

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions of the survey that have figures of its own wave, in the survey's order."""
        with_figures = {question for question, _, wave, _ in self._shares if wave in ("", self.survey.wave)}
        return tuple(question for question in self.survey.questions if question.id in with_figures)

    def title(self, question: Question) -> str:
        """Return how a question is called in the report."""
        return question.title or self.codebooks[question.id].title or question.id

    def subject(self, question: Question) -> str:
        """Return what an experience is about: the scheme that the file itself gives, else the question's title."""
        book = self.codebooks[question.id]
        given = [book.by_id[book.resolve(code)].label for code in question.fixed_codes]
        return ", ".join(given) or self.title(question)

    def asked(self, question: Question) -> str:
        """Return the question in the questionnaire's words; empty when nobody wrote down what this survey asked."""
        own = isinstance(codebook_source(self.survey, question), Path)
        return question.asked or (self.codebooks[question.id].question if own else "")

    def given(self, question: str) -> set[str]:
        """Return the codes that hold for every answer to a question, because the file says so."""
        book = self.codebooks[question]
        return {book.resolve(code) for one in self.survey.questions if one.id == question for code in one.fixed_codes}

    def facets(self, question: Question) -> list[tuple[Facet, tuple[Code, ...]]]:
        """Return the facets that the answers were coded into; one that the file itself gives is left out."""
        book, given = self.codebooks[question.id], self.given(question.id)
        found = []
        for facet in book.facet_list():
            codes = book.in_facet(facet.id)
            names = {code.id for code in codes}
            counted = any((question.id, self.total, self.survey.wave, code.id) in self._shares for code in codes)
            if codes and counted and not given & names and facet.choice in ("one", "many"):
                found.append((facet, codes))
        return found

    def groups_of(self, question: Question) -> tuple[str, ...]:
        """Return the groups that have figures for a question (a scheme may exist in one municipality only)."""
        asked = {group for found, group, _, _ in self._shares if found == question.id}
        return tuple(group for group in self.groups if group in asked)

    def share(self, question: str, group: str, code: str, wave: str = "") -> Share | None:
        """Return the share of one code; of the survey's own wave unless another is named."""
        found = self._shares.get((question, group, wave or self.survey.wave, code))
        if found is None and not wave:
            found = self._shares.get((question, group, "", code))
        return found

    def n_answers(self, question: str, group: str) -> int:
        """Return how many respondents of a group answered a question."""
        book = self.codebooks[question]
        return max((found.n for code in book.codes if (found := self.share(question, group, code.id))), default=0)

    def flags(self, question: str, group: str) -> set[str]:
        """Return what the estimates flagged in the figures of a question and group.

        What is provisional of some codes only, which people were not asked about, is not of the question.
        """
        found = set().union(*(share.flags for share in self._of_codes(question, group)))
        return found if self.provisional(question, group) else found - set(PROVISIONAL)

    def provisional(self, question: str, group: str, code: str = "") -> bool:
        """Return whether figures of a question and group, or one of them, rest on the machine alone, or nearly so."""
        one = self.share(question, group, code)
        found = [one] if one else self._of_codes(question, group)
        return bool(found) and not any(share.flags.isdisjoint(PROVISIONAL) for share in found)

    def _of_codes(self, question: str, group: str) -> list[Share]:
        codes = self.codebooks[question].codes
        return [share for code in codes if (share := self.share(question, group, code.id))]

    def reference(self, question: str, code: str) -> Share | None:
        """Return the reference group's published figure: this year's, else the latest."""
        return self._latest(question, self.survey.reference_group, code)

    def _latest(self, question: str, group: str, code: str) -> Share | None:
        exact = self._published.get((question, group, self.survey.wave, code))
        if exact is not None:
            return exact
        waves = [wave for q, g, wave, c in self._published if (q, g, c) == (question, group, code)]
        return self._published.get((question, group, max(waves, key=wave_order), code)) if waves else None

    def earlier(self, question: str, group: str, code: str, wave: str) -> Share | None:
        """Return the figure of an earlier wave, from the survey's own file or else as published then."""
        return self._shares.get((question, group, wave, code)) or self._published.get((question, group, wave, code))

    def n_earlier(self, question: str, group: str, wave: str) -> int:
        """Return how many answered a question in an earlier wave; 0 when that was not published."""
        found = (self.earlier(question, group, code.id, wave) for code in self.codebooks[question].codes)
        return max((share.n for share in found if share), default=0)

    def earlier_waves(self, question: str, group: str) -> list[str]:
        """Return the earlier waves that have figures for a question and group, newest first."""
        keys: Iterable[tuple[str, str, str, str]] = [*self._shares, *self._published]
        return earlier_waves((wave for q, g, wave, _ in keys if q == question and g == group), self.survey.wave)

    @cached_property
    def waves_in_file(self) -> tuple[str, ...]:
        """The waves whose figures were computed from the survey's own file, oldest first."""
        return tuple(
            sorted({wave for _, _, wave, _ in self._shares if wave}, key=lambda wave: (wave_order(wave), wave))
        )

    @cached_property
    def response(self) -> list[dict[str, Any]]:
        """The response table, one dict per group, the total last."""
        if self._response is None or self._response.empty:
            return []
        rows: list[dict[str, Any]] = [
            {str(key): value for key, value in row.items()} for row in self._response.to_dict("records")
        ]
        return sorted(rows, key=lambda row: row["group"] == self.total)

    def indicative(self, group: str) -> bool:
        """Return whether the percentages of a group are indicative only, as the response table has it."""
        words = (text(row.get("word")).lower() for row in self.response if row["group"] == group)
        return any(word.startswith("indic") for word in words)

    def returned(self, group: str) -> int:
        """Return how many people of a group took part; 0 when unknown."""
        for row in self.response:
            if row["group"] == group:
                return int(number(row.get("returned")) or 0)
        return 0


def _read_shares(shares: pd.DataFrame) -> Iterable[tuple[tuple[str, str, str, str], Share]]:
    for row in shares.to_dict("records"):
        held_back = bool(row.get("suppressed") is True or number(row.get("suppressed")) == 1.0)
        known = number(row.get("share"))
        hidden = held_back or known is None
        yield (
            (str(row["question"]), str(row["group"]), text(row.get("wave")), str(row["code"])),
            Share(
                share=None if hidden else known,
                low=None if hidden else number(row.get("low")),
                high=None if hidden else number(row.get("high")),
                n=int(number(row.get("n_answers")) or 0),
                flag=text(row.get("flag")),
                suppressed=hidden,
                machine=None if hidden else number(row.get("machine_share")),
                surpassed=number(row.get("surpassed")) == 1.0,
                surpassed_elsewhere=number(row.get("surpassed_elsewhere")) == 1.0,
            ),
        )


def _read_reference(
    reference: pd.DataFrame | None, codebooks: dict[str, Codebook]
) -> Iterable[tuple[tuple[str, str, str, str], Share]]:
    if reference is None:
        return
    for row in reference.to_dict("records"):
        question, code = str(row["question"]), str(row["code"])
        book = codebooks.get(question)
        if book is None:
            continue
        share = Share(share=number(row.get("share")), n=int(number(row.get("n")) or 0))
        yield (
            (question, str(row["group"]), text(row.get("wave")), code if code in book.by_id else book.resolve(code)),
            share,
        )
