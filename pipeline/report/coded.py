"""One answer as it counts in the report: the codes that hold for it, and who applied them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import pandas as pd

from pipeline.report.values import text
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
