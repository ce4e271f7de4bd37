"""The planned audit gives the interval that was asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import TableError
from pipeline.estimates.intervals import predicted_share
from pipeline.estimates.planner import expected_width, plan_audit

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
