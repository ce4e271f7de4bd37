"""Differences: both errors in them, overlap handled, words that can be defended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import TableError
from pipeline.estimates.compare import BARS, HIGHER, LOWER, NO_DIFFERENCE, NO_N, NOT_COMPARABLE, compare_shares
from pipeline.estimates.intervals import wilson
from pipeline.estimates.shares import NO_CODING_ERROR, TOO_SMALL, estimate_shares
from pipeline.tables import COMPARISONS

Build = Callable[..., Any]


@pytest.mark.parametrize("asked", [{"kinds": ["rst"]}, {"wave": "2021"}])
def test_a_kind_or_wave_that_is_not_there_is_named(answers_of: Build, codings_of: Build, asked: dict[str, Any]) -> None:
    shares = counted(answers_of, codings_of, {"A": (3, 9), "B": (4, 9)})
    with pytest.raises(TableError, match=r"compare_shares: .*did you mean '(rest|2022)'\?"):
        compare_shares(shares, **asked)


def counted(
    answers_of: Build, codings_of: Build, given: dict[str, tuple[int, int]], wave: str = "2022"
) -> pd.DataFrame:
    """Return shares of one code in groups of (hits, n), everything reviewed."""
    groups = [group for group, (_, n) in given.items() for _ in range(n)]
    hits = [number < k for k, n in given.values() for number in range(n)]
    answers = answers_of(groups, wave=wave)
    codings = codings_of("audit", {f"a{i}": {"loket": hit} for i, hit in enumerate(hits)})
    return estimate_shares(codings, None, answers)


def reference(rows: list[tuple[str, str, float, float | None]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["group", "wave", "share", "n"])
    return table.assign(question="verbeter", code="loket")


def test_a_group_is_compared_with_the_others_and_not_with_a_total_it_is_part_of(
    answers_of: Build, codings_of: Build
) -> None:
    shares = counted(answers_of, codings_of, {"A": (30, 100), "B": (60, 100), "C": (30, 100)})
    row = compare_shares(shares, kinds=["rest"]).set_index("left").loc["B"]
    assert row["right_share"] == pytest.approx(60 / 200)
    assert row["difference"] == pytest.approx(0.30)
    sides = [(0.6, *wilson(0.6, 100)), (0.3, *wilson(0.3, 200))]
    assert row["low"] == pytest.approx(0.30 - np.hypot(0.6 - sides[0][1], sides[1][2] - 0.3))
    assert row["word"] == HIGHER
    assert list(compare_shares(shares).columns[: len(COMPARISONS.columns)]) == list(COMPARISONS.columns)


def test_the_p_value_belongs_to_the_interval(survey: Build) -> None:
    made = survey(n=500, n_audit=200)
    table = compare_shares(estimate_shares(made.codings, made.sample, made.answers))
    outside = (table["low"] > 0) | (table["high"] < 0)
    assert ((table["p_value"] < 0.05) == outside).all()
    assert (table["q_value"] >= table["p_value"] - 1e-12).all()


def test_a_published_figure_without_n_is_not_compared_and_says_why(answers_of: Build, codings_of: Build) -> None:
    shares = counted(answers_of, codings_of, {"A": (60, 100), "B": (60, 100)})
    table = compare_shares(
        shares, reference([("Referentiegroep", "2022", 0.40, 3244), ("Landelijk", "2022", 0.10, None)])
    ).set_index("right_group")
    assert table.loc["Referentiegroep", "word"] == HIGHER
    assert table.loc["Referentiegroep", "left_group"] == "Totaal"
    assert table.loc["Landelijk", ["difference", "low", "high", "p_value", "word"]].isna().all()
    assert table.loc["Landelijk", "flag"] == NOT_COMPARABLE
    assert table.loc["Landelijk", "reason"] == BARS[NO_N]
    assert table.loc["Landelijk", "right_share"] == 0.10


@pytest.mark.parametrize(("audited", "flag"), [(0, NO_CODING_ERROR), (10, TOO_SMALL)])
def test_counts_of_the_machine_prove_no_difference_from_anything(
    answers_of: Build, codings_of: Build, audited: int, flag: str
) -> None:
    """The machine finds the code in 6 of A's 100, in 60 of B's; published are 90%: nothing of it is claimed."""
    hits = {f"a{i}": {"loket": i < 6 or 100 <= i < 160} for i in range(200)}
    codings = codings_of("machine", hits)
    if audited:
        read = {f"a{i}": hits[f"a{i}"] for i in range(0, 200, 200 // audited)}
        codings = pd.concat([codings, codings_of("audit", read)])
    shares = estimate_shares(codings, None, answers_of(["A"] * 100 + ["B"] * 100))
    published = reference([("R", "2022", 0.90, 3244), ("A", "2018", 0.90, 3244)])
    table = compare_shares(shares, published)
    assert set(table["kind"]) == {"rest", "wave", "reference"}
    assert table["word"].isna().all()
    assert set(table["reason"]) == {BARS[flag]}


def test_the_others_too_must_have_an_audit_that_carries_them(survey: Build) -> None:
    """Of A's 300 answers 60 were read, of B's 60 only 3: the one differs from the other as little as the other way."""
    made = survey(n=360, n_audit=360, groups=("A",), prevalences=(0.3, 0.1), sensitivity=0.7, specificity=0.9)
    made.answers["group"] = ["A"] * 300 + ["B"] * 60
    read = [f"a{number}" for number in (*range(60), 300, 301, 302)]
    codings = made.codings[(made.codings["role"] == "machine") | made.codings["answer_id"].isin(read)]
    sample = made.sample[made.sample["answer_id"].isin(read)].assign(inclusion_probability=0.2)
    shares = estimate_shares(codings, sample, made.answers, min_group_audit=0)
    assert set(shares.loc[shares["group"] == "A", "rest_flag"]) == {TOO_SMALL}
    table = compare_shares(shares)
    assert set(table["left"]) == {"A", "B"}
    assert set(table["reason"]) == {BARS[TOO_SMALL]}
    assert table[["difference", "word"]].isna().all(axis=None)


def test_waves_are_compared_with_the_newest_estimated_or_published(answers_of: Build, codings_of: Build) -> None:
    now = counted(answers_of, codings_of, {"A": (20, 100), "B": (50, 100)}, wave="2022")
    before = counted(answers_of, codings_of, {"A": (60, 100), "B": (50, 100)}, wave="2018")
    table = compare_shares(pd.concat([before, now]), reference([("A", "2015", 0.20, 80)]), kinds=["wave"])
    words = table.set_index(["left", "right"])["word"].to_dict()
    assert words == {
        ("A 2022", "A 2018"): LOWER, ("A 2022", "A 2015"): NO_DIFFERENCE, ("B 2022", "B 2018"): NO_DIFFERENCE,
        ("Totaal 2022", "Totaal 2018"): LOWER,
    }  # fmt: skip


def test_this_measurement_is_the_wave_that_the_survey_names(answers_of: Build, codings_of: Build) -> None:
    spring = counted(answers_of, codings_of, {"A": (60, 100), "B": (50, 100)}, wave="2025 voorjaar")
    autumn = counted(answers_of, codings_of, {"A": (20, 100), "B": (50, 100)}, wave="2025 najaar")
    later = counted(answers_of, codings_of, {"A": (90, 100), "B": (50, 100)}, wave="2026 voorjaar")
    table = compare_shares(pd.concat([autumn, spring, later]), wave="2025 najaar", kinds=["rest", "wave"])
    words = table.set_index(["left", "right"])["word"].to_dict()
    assert words[("A", "overige groepen")] == LOWER
    assert words[("A 2025 najaar", "A 2025 voorjaar")] == LOWER
    assert not table["right_wave"].eq("2026 voorjaar").any()


def test_the_gate_keeps_rows_from_being_compared(answers_of: Build, codings_of: Build) -> None:
    now = counted(answers_of, codings_of, {"A": (20, 100)}, wave="2022")
    before = counted(answers_of, codings_of, {"A": (60, 100)}, wave="2018")
    gate = pd.DataFrame([("verbeter", "loket", "2022", "2018", "code redefined")],
                        columns=["question", "code", "left_wave", "right_wave", "reason"])  # fmt: skip
    table = compare_shares(pd.concat([before, now]), gate=gate)
    waves = table[table["kind"] == "wave"]
    assert len(waves)
    assert waves["difference"].isna().all()
    assert waves["word"].isna().all()
    assert set(waves["flag"]) == {NOT_COMPARABLE}
    assert set(waves["reason"]) == {"code redefined"}


def test_many_comparisons_are_held_to_a_false_discovery_rate(survey: Build) -> None:
    """With no difference at all, hardly a word is given away over many codes and groups."""
    words: list[str] = []
    for seed in range(6):
        made = survey(n=400, n_audit=150, prevalences=(0.05, 0.1, 0.15, 0.2, 0.25, 0.3), groups="ABCDE", seed=seed)
        words += compare_shares(estimate_shares(made.codings, made.sample, made.answers))["word"].tolist()
    assert sum(word != NO_DIFFERENCE for word in words) <= 0.02 * len(words)


def test_a_reference_in_percents_is_refused(answers_of: Build, codings_of: Build) -> None:
    shares = counted(answers_of, codings_of, {"A": (60, 100)})
    with pytest.raises(TableError, match=r"0\.26 for 26%"):
        compare_shares(shares, reference([("Referentiegroep", "2022", 40, 3244)]))
    with pytest.raises(TableError, match="two rows"):
        compare_shares(shares, reference([("R", "2022", 0.4, 10), ("R", "2022", 0.5, 10)]))


def test_nothing_to_compare_gives_an_empty_table(answers_of: Build, codings_of: Build) -> None:
    table = compare_shares(counted(answers_of, codings_of, {"A": (60, 100)}))
    assert table.empty
    assert list(table.columns[: len(COMPARISONS.columns)]) == list(COMPARISONS.columns)
