"""Calibration: probabilities that mean what they say, weights that count, thresholds that name enough."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.coding.calibrate import AS_GOOD, MAX_CODES_PER_ANSWER, Calibration, calibrate_many, calibrate_one


@pytest.fixture
def judged() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-odds that say twice too much, of 600 answers and 4 codes, and which hold; the first is the likeliest."""
    rng = np.random.default_rng(3)
    odds = rng.normal(-1.2, 1.6, (600, 4))
    applied = rng.random(odds.shape) < 1 / (1 + np.exp(-odds))
    applied[np.arange(600), odds.argmax(axis=1)] |= ~applied.any(axis=1)
    return 2 * odds, applied, np.where(applied, odds, -99).argmax(axis=1)


def test_log_odds_that_say_too_much_are_brought_back(judged: tuple[np.ndarray, ...]) -> None:
    logits, applied, first = judged
    found = calibrate_many(logits, applied, first, np.ones(len(first)))
    assert 0.4 < found.slope < 0.6
    assert abs(found.apply(logits).mean() - applied.mean()) < 0.01


@pytest.mark.parametrize("make", [calibrate_many, calibrate_one])
def test_a_weight_of_two_is_the_answer_twice(make: object, judged: tuple[np.ndarray, ...]) -> None:
    logits, applied, first = judged
    weight = np.where(np.arange(len(first)) < 200, 2.0, 1.0)
    twice = np.r_[np.arange(len(first)), np.arange(200)]
    by_weight: Calibration = make(logits, applied, first, weight)  # type: ignore[operator]
    by_copy: Calibration = make(logits[twice], applied[twice], first[twice], np.ones(len(twice)))  # type: ignore[operator]
    assert by_weight.slope == pytest.approx(by_copy.slope, abs=1e-3)
    np.testing.assert_allclose(by_weight.offsets, by_copy.offsets, atol=1e-2)
    np.testing.assert_allclose(by_weight.thresholds, by_copy.thresholds, atol=0.011)


def test_of_thresholds_as_good_the_one_that_names_more(judged: tuple[np.ndarray, ...]) -> None:
    """A code that never holds has no threshold of its own: it shows the common one."""
    logits, applied, first = judged
    logits, applied = np.c_[logits, np.full(len(first), -20.0)], np.c_[applied, np.zeros(len(first), dtype=bool)]
    found = calibrate_many(logits, applied, first, np.ones(len(first)))
    probability = found.apply(logits)

    def named(threshold: float) -> np.ndarray:
        chosen = probability >= threshold
        chosen[np.arange(len(first)), probability.argmax(axis=1)] = True
        return chosen

    def f1(threshold: float) -> float:
        return 2 * (named(threshold) & applied).sum() / (named(threshold).sum() + applied.sum())

    grid = [t for t in np.round(np.arange(0.20, 0.651, 0.01), 2) if named(t).sum() <= MAX_CODES_PER_ANSWER * len(first)]
    lowest = min(t for t in grid if f1(t) >= max(map(f1, grid)) - AS_GOOD)
    assert lowest < max(grid, key=f1) < max(t for t in grid if f1(t) >= max(map(f1, grid)) - AS_GOOD)
    assert found.thresholds[-1] == lowest
    assert all(abs(own - lowest) <= 0.1 + 1e-9 for own in found.thresholds)
