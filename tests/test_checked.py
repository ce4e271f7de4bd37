"""What a run says about the checking: only codings that took part, and what stays provisional."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

from pipeline.checked import audited, provisional


def test_only_codings_of_answers_that_are_there_count_as_checked() -> None:
    answers = pd.DataFrame({"answer_id": ["1:q", "2:q", "3:q"], "status": ["answer", "answer", "empty"]})
    codings = pd.DataFrame({"answer_id": ["1:q", "1:q", "2:q", "3:q", "1:oud"],
                            "role": ["audit", "audit", "training", "audit", "audit"]})  # fmt: skip
    assert audited(answers, codings) == 1


def test_what_nobody_checked_is_named() -> None:
    flag, few = "coding_error_not_in_interval", "audit_too_small"
    rows = [("a", "x", None), ("a", "nieuw", flag), ("a", "halfweg", f"audit_incomplete; {few}"), ("b", "x", flag),
            ("c", "x", "audit_incomplete"), ("d", "x", few), ("d", "y", flag)]  # fmt: skip
    shares = pd.DataFrame(rows, columns=["question", "code", "flag"]).assign(group="Totaal", wave="2026")
    questions = [SimpleNamespace(id=question) for question in ("d", "c", "b", "a", "e")]
    survey: Any = SimpleNamespace(total_label="Totaal", wave="2026", questions=questions)
    assert provisional(survey, shares) == ["d", "b", "a (nieuw, halfweg)"]
