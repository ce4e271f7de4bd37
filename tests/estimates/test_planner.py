"""The planned audit gives the interval that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import TableError
from pipeline.estimates.intervals import predicted_share
from pipeline.estimates.planner import expected_width, expected_widths, plan_audit, plan_base
from pipeline.estimates.shares import customers_of, estimate_shares

QUALITY = pd.DataFrame(
    {
        "code": ["a", "b", "c"],
        "share": [0.05, 0.30, 0.30],
        "sensitivity": [0.8, 0.9, None],
        "specificity": [0.98, 0.97, None],
    }
)


def test_the_plan_reaches_the_width_and_one_less_does_not() -> None:
    plan = plan_audit(QUALITY, 400, 0.10)
    assert (plan["expected_width"] <= 0.10).all()
    for row in plan[plan["n_audit"] > 30].itertuples():
        quality = {"sensitivity": row.sensitivity if row.code != "c" else 0.75,
                   "specificity": row.specificity if row.code != "c" else 0.98}  # fmt: skip
        assert expected_width(row.share, 400, row.n_audit - 1, **quality) > 0.10
    assert plan["n_audit"].is_monotonic_increasing  # rarer codes and better machines need less


def test_the_machine_saves_review() -> None:
    plan = plan_audit(QUALITY, 5000, 0.08)
    assert (plan["wilson_width"] > plan["expected_width"]).all()


def test_the_expected_width_is_the_mean_of_simulated_ones() -> None:
    rng = np.random.default_rng(1)
    p, n_answers, n, sensitivity, specificity = 0.2, 20_000, 200, 0.8, 0.97
    coded = p * sensitivity + (1 - p) * (1 - specificity)
    ones = rng.binomial(n, coded, 2000)
    sides = [(n - ones, p * (1 - sensitivity) / (1 - coded), 1 - coded), (ones, p * sensitivity / coded, coded)]
    down = up = 0.0
    for size, rate, part in sides:
        hits = rng.binomial(size, rate)
        low, high = predicted_share(hits, size, part * (n_answers - n), 0.95)
        middle = hits / np.maximum(size, 1)
        down, up = down + (part * (middle - low)) ** 2, up + (part * (high - middle)) ** 2
    simulated = float((np.sqrt(down) + np.sqrt(up)).mean())
    expected = expected_width(p, n_answers, n, sensitivity=sensitivity, specificity=specificity)
    assert float(expected) == pytest.approx(simulated, rel=0.05)


def test_reviewing_everything_leaves_no_width() -> None:
    assert float(expected_width(0.2, 300, 300, sensitivity=0.8, specificity=0.9)) == 0
    assert plan_audit(QUALITY, 300, 1e-6)["n_audit"].tolist() == [300, 300, 300]


@pytest.mark.parametrize("width", [0, 1, 10])
def test_a_width_in_percents_is_refused(width: float) -> None:
    with pytest.raises(TableError, match="share between 0 and 1"):
        plan_audit(QUALITY, 300, width)


@pytest.mark.parametrize("customers", [{}, {"Hengelo": 300, "Borne": 300, "Haaksbergen": 300}])
@pytest.mark.parametrize("ticks", [0, 150])
def test_the_plan_promises_the_margin_that_the_report_prints(
    survey: Callable[..., Any], customers: dict[str, int], ticks: int
) -> None:
    """Coding and sampling error together, of the total, also where respondents ticked or wrote nothing."""
    made = survey(n=700, n_audit=200, prevalences=(0.35, 0.2, 0.05))
    given = pd.DataFrame({"answer_id": made.answers["answer_id"][:ticks], "code": "code-0", "applied": True,
                          "coder": "", "role": "tick"})  # fmt: skip
    silent = made.answers["answer_id"].isin(given["answer_id"][::2])
    answers = made.answers.assign(status=np.where(silent, "empty", "answer"))
    codings = pd.concat([made.codings, given], ignore_index=True)
    nets = {"verbeter": {"net": ["code-0", "code-1"]}}
    shares = estimate_shares(codings, made.sample, answers, population=customers, nets=nets)
    total = shares[shares["group"] == "Totaal"]
    base = plan_base(codings, answers, made.sample, nets=nets)
    assert base["code"].tolist() == total["code"].tolist()
    n_answers, read = int((~silent).sum()), made.answers["answer_id"].iloc[made.drawn]
    everyone = float(customers_of(customers, ["Hengelo", "Borne", "Haaksbergen"], "Totaal")[1][0])
    coding, whole = expected_widths(base, n_answers, int((~silent[read.index]).sum()), customers=everyone)
    assert coding == pytest.approx(
        (total["coding_high"] - total["coding_low"]).to_numpy(), rel=0.1, abs=0.006
    )  # whole respondents
    assert whole == pytest.approx((total["high"] - total["low"]).to_numpy(), rel=0.05)


def test_the_plan_uses_what_an_audit_measured(survey: Callable[..., Any]) -> None:
    good, poor, few = (survey(n=900, n_audit=n, sensitivity=se, specificity=0.99, prevalences=(0.3,))
                       for n, se in ((300, 0.99), (300, 0.5), (15, 0.5)))  # fmt: skip
    needed = {}
    for name, made in {"good": good, "poor": poor, "few": few}.items():
        base = plan_base(made.codings, made.answers, made.sample)
        needed[name] = int(plan_audit(base, 900, 0.09)["n_audit"].max())
        assert base["sensitivity"].isna().all() == (name == "few")
    assert needed["good"] < needed["poor"]


def test_what_the_sampling_error_forbids_is_not_promised(survey: Callable[..., Any]) -> None:
    made = survey(n=200, n_audit=100)
    plan = plan_audit(plan_base(made.codings, made.answers, made.sample), 200, 0.04)
    assert plan["n_audit"].max() == 200
    assert plan["expected_width"].max() > 0.04
