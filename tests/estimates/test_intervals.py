"""The building blocks reproduce what was published about them."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from pipeline.estimates.compare import difference_interval, q_values
from pipeline.estimates.intervals import add_parts, finite_n, normal_quantile, predicted_share, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_reproduces_newcombe_1998_table_1(hits: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3."""
    found = wilson(hits / n, n)
    assert np.round(found, 4).tolist() == [low, high]


@pytest.mark.parametrize(
    ("left", "right", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_difference_reproduces_newcombe_1998_table_2(
    left: tuple[int, int], right: tuple[int, int], low: float, high: float
) -> None:
    """Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10."""
    sides = [(hits / n, *wilson(hits / n, n)) for hits, n in (left, right)]
    assert np.round(difference_interval(*sides)[1:], 4).tolist() == [low, high]


def test_finite_population_reproduces_cochran() -> None:
    """Cochran (1977), Sampling Techniques, section 4.4: 400 without correction are 356 out of 3,200 islanders."""
    assert finite_n(356, 3200) == pytest.approx(400, abs=0.5)
    assert finite_n(355, 3200) < 400


def test_benjamini_hochberg_reproduces_the_paper() -> None:
    """Benjamini & Hochberg (1995), JRSS B 57, 289-300, section 3.2: 15 p-values, 4 rejected at a rate of .05."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
         0.7590, 1.0000]  # fmt: skip
    q = q_values(p)
    assert (q <= 0.05).tolist() == [True] * 4 + [False] * 11
    assert q[3] == pytest.approx(0.0095 * 15 / 4)
    assert np.isnan(q_values([0.01, np.nan])[1])


@pytest.mark.parametrize(("hits", "n"), [(3, 50), (20, 60), (49, 50)])
def test_prediction_for_very_many_answers_is_the_jeffreys_interval(hits: int, n: int) -> None:
    low, high = predicted_share(hits, n, 1e9, 0.95)
    assert [float(low), float(high)] == pytest.approx(proportion_confint(hits, n, method="jeffreys"), abs=1e-6)


def test_prediction_matches_the_beta_binomial() -> None:
    from scipy.stats import betabinom

    hits, n, open_answers = 8, 60, 400
    low, high = predicted_share(hits, n, open_answers, 0.95)
    exact = betabinom(open_answers, hits + 0.5, n - hits + 0.5).ppf([0.025, 0.975]) / open_answers
    assert np.allclose([low, high], exact, atol=0.004)


def test_no_hit_leaves_zero_possible_and_nothing_unreviewed_leaves_no_doubt() -> None:
    assert predicted_share(0, 30, 100, 0.95)[0] == 0
    assert predicted_share(30, 30, 100, 0.95)[1] == 1
    low, high = predicted_share(5, 30, 0, 0.95)
    assert low == high


def test_levels_are_two_sided() -> None:
    """The usual table: 90, 95 and 99% lie within 1.645, 1.960 and 2.576."""
    assert [round(normal_quantile(level), 3) for level in (0.90, 0.95, 0.99)] == [1.645, 1.960, 2.576]


def test_parts_add_as_squares_on_each_side() -> None:
    low, high = add_parts(0.4, (0.37, 0.45), (0.36, 0.52))
    assert (float(low), float(high)) == pytest.approx((0.35, 0.53))
