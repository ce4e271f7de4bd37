"""A fast part of benchmarks/coverage.py: the intervals cover as often as they say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

REPS = 1500


@pytest.fixture(scope="module")
def simulation() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "coverage.py"
    spec = importlib.util.spec_from_file_location("coverage_simulation", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table(simulation: ModuleType) -> pd.DataFrame:
    cells = [cell for cell in simulation.grid() if cell.answers in (150, 3000) and cell.audit in (50, 150, 200)]
    return pd.DataFrame([simulation.simulate(cell, REPS, seed=7) for cell in cells])


def test_the_bars_hold(simulation: ModuleType, table: pd.DataFrame) -> None:
    missed = [name for name, _, holds in simulation.summary(table) if not holds and not name.startswith("  ")]
    noise = 2.5 * (0.93 * 0.07 / REPS) ** 0.5  # the lowest of many cells, each known to about 0.007
    assert table["duiding_coverage"].min() >= 0.925 - noise
    assert [name for name in missed if "lowest" not in name] == []


def test_everything_reviewed_always_covers_with_no_width(table: pd.DataFrame) -> None:
    whole = table[table["audit"] >= table["answers"]]
    assert len(whole)
    assert (whole["duiding_coverage"] == 1).all()
    assert (whole["duiding_width"] == 0).all()


def test_counting_machine_codes_does_not_cover(table: pd.DataFrame) -> None:
    assert table["raw_coverage"].mean() < 0.5


def test_the_share_is_nearly_unbiased(table: pd.DataFrame) -> None:
    assert table["bias"].abs().max() < 0.006
    assert table.loc[table["specificity"] > 0.9, "bias"].abs().mean() < 0.001


def test_the_combined_interval_covers_the_customers(simulation: ModuleType) -> None:
    rows = simulation.combined(400, seed=7)
    assert rows["coverage"].mean() >= 0.94
    assert rows["raw"].mean() < 0.8


def test_groups_that_borrow_keep_their_coverage(simulation: ModuleType) -> None:
    rows = simulation.groups(6, seed=7)
    useful = rows[rows["sensitivity"] > 0.5]
    assert useful["borrowed"].mean() >= 0.94
    assert (useful["borrowed_width"] < useful["own_width"]).all()


def test_a_difference_that_is_not_there_is_seldom_found(simulation: ModuleType) -> None:
    rows = simulation.differences(1500, seed=7)
    assert rows["missed"].mean() <= 0.055
    assert rows["missed"].max() <= 0.075
