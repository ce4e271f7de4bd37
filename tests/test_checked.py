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
    flag = "coding_error_not_in_interval"
    rows = [("a", "x", 5, None), ("a", "nieuw", 0, flag), ("b", "x", 0, flag), ("c", "x", 5, "audit_incomplete")]
    shares = pd.DataFrame(rows, columns=["question", "code", "n_reviewed", "flag"]).assign(group="Totaal", wave="2026")
    survey: Any = SimpleNamespace(total_label="Totaal", wave="2026")
    assert provisional(survey, shares) == ["a (nieuw)", "b"]
