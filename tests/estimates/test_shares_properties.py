"""Properties that hold for every survey."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.estimates.corrections import METHODS
from pipeline.estimates.shares import estimate_shares

Build = Callable[..., Any]
NUMBERS = ["n_answers", "n_reviewed", "share", "low", "high", "machine_share", "coding_low", "coding_high",
           "sampling_low", "sampling_high", "rest_share", "rest_low", "rest_high"]  # fmt: skip
KEY = ["group", "code"]
quick = settings(
    max_examples=8, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
seeds = st.integers(0, 10_000)
sizes = st.integers(5, 150)


def numbers(shares: pd.DataFrame, names: list[str] = NUMBERS) -> pd.DataFrame:
    return shares.set_index(KEY).sort_index()[names].astype(float)


def same(left: pd.DataFrame, right: pd.DataFrame, names: list[str] = NUMBERS) -> None:
    pd.testing.assert_frame_equal(numbers(left, names), numbers(right, names), rtol=1e-9, atol=1e-12)


@quick
@given(seed=seeds, n=sizes, method=st.sampled_from(sorted(METHODS)))
def test_all_reviewed_is_exact(survey: Build, seed: int, n: int, method: str) -> None:
    made = survey(n=n, n_audit=n, seed=seed)
    shares = estimate_shares(made.codings, made.sample, made.answers, method=method)
    assert ((shares["coding_high"] - shares["coding_low"]) == 0).all()
    for number, code in enumerate(made.codes):
        of_code = shares[shares["code"] == code].set_index("group")["share"]
        for group, rows in made.answers.groupby("group").groups.items():
            assert np.isclose(of_code[group], made.truth[rows, number].mean())


@quick
@given(seed=seeds, n=sizes, weight=st.floats(0.01, 100))
def test_equal_weights_are_no_weights(survey: Build, seed: int, n: int, weight: float) -> None:
    made = survey(n=n, n_audit=n // 3, seed=seed)
    weighted = made.answers.assign(weight=weight)
    same(estimate_shares(made.codings, made.sample, weighted), estimate_shares(made.codings, made.sample, made.answers))


@quick
@given(seed=seeds, n=sizes)
def test_people_are_counted_alike_whatever_they_weigh(survey: Build, seed: int, n: int) -> None:
    """Also of a code of which the audit holds no answer with some decision of the machine, as in these small audits."""
    made = survey(n=n, n_audit=n // 5, seed=seed)
    weights = np.random.default_rng(seed).uniform(0.2, 5.0, n)
    weighted = estimate_shares(made.codings, made.sample, made.answers.assign(weight=weights))
    same(weighted, estimate_shares(made.codings, made.sample, made.answers), ["n_people"])


@quick
@given(seed=seeds, n=sizes)
def test_order_of_rows_and_codes_does_not_matter(survey: Build, seed: int, n: int) -> None:
    made = survey(n=n, n_audit=n // 3, seed=seed)
    mixed = [table.sample(frac=1, random_state=seed) for table in (made.codings, made.sample, made.answers)]
    straight = estimate_shares(made.codings, made.sample, made.answers)
    pd.testing.assert_frame_equal(straight, estimate_shares(*mixed), rtol=1e-9)
    reordered = estimate_shares(made.codings, made.sample, made.answers, codes={"verbeter": made.codes[::-1]})
    same(straight, reordered)


@quick
@given(seed=seeds, n=sizes)
def test_names_do_not_matter(survey: Build, seed: int, n: int) -> None:
    made = survey(n=n, n_audit=n // 3, seed=seed)
    groups = {"Hengelo": "1", "Borne": "Zwolle", "Haaksbergen": "aa", "Totaal": "Totaal"}
    codes = {"code-0": "z", "code-1": "y", "code-2": "x"}
    renamed = estimate_shares(
        made.codings.assign(code=made.codings["code"].map(codes)),
        made.sample,
        made.answers.assign(group=made.answers["group"].map(groups)),
    )
    straight = estimate_shares(made.codings, made.sample, made.answers)
    same(straight.assign(group=straight["group"].map(groups), code=straight["code"].map(codes)), renamed)


@quick
@given(seed=seeds, n=sizes, extra=st.integers(0, 40), role=st.sampled_from(["training", "second"]))
def test_training_and_second_codings_never_count(survey: Build, seed: int, n: int, extra: int, role: str) -> None:
    made = survey(n=n, n_audit=n // 3 + 1, seed=seed)
    rng = np.random.default_rng(seed)
    learned = made.codings[made.codings["role"] == "machine"].sample(n=min(extra, n), random_state=seed)
    learned = learned.assign(role=role, coder="anna", applied=rng.random(len(learned)) < 0.5)
    drawn = pd.DataFrame({"answer_id": learned["answer_id"].unique()}).assign(
        question="verbeter", role=role, inclusion_probability=None, stratum=None
    )
    sample = pd.concat([made.sample.astype(object), drawn.astype(object)], ignore_index=True)
    for audit in (made.codings["role"] == "machine", made.codings["role"] != "none"):  # before and after the audit
        with_training = pd.concat([made.codings[audit], learned], ignore_index=True)
        pd.testing.assert_frame_equal(
            estimate_shares(made.codings[audit], made.sample, made.answers),
            estimate_shares(with_training, sample, made.answers),
        )


@quick
@given(seed=seeds, n=st.integers(40, 150), method=st.sampled_from(sorted(METHODS)), weighted=st.booleans())
def test_intervals_hold_the_share_and_are_possible(
    survey: Build, seed: int, n: int, method: str, weighted: bool
) -> None:
    made = survey(n=n, n_audit=n // 4, seed=seed)
    weight = np.random.default_rng(seed).uniform(0.2, 5, n) if weighted else None
    shares = estimate_shares(
        made.codings, made.sample, made.answers.assign(weight=weight), method=method, population={"Borne": 10 * n}
    )
    for low, high in (("low", "high"), ("coding_low", "coding_high"), ("sampling_low", "sampling_high")):
        assert (shares[low] >= 0).all()
        assert (shares[high] <= 1).all()
        assert (shares[low] <= shares["share"] + 1e-12).all()
        assert (shares["share"] <= shares[high] + 1e-12).all()


@quick
@given(seed=seeds, n=st.integers(60, 150))
def test_more_audit_never_takes_certainty_away_on_the_whole(survey: Build, seed: int, n: int) -> None:
    widths = []
    for n_audit in (n // 4, n // 2, n):
        made = survey(n=n, n_audit=n_audit, seed=seed)
        shares = estimate_shares(made.codings, made.sample, made.answers)
        widths.append((shares["coding_high"] - shares["coding_low"])[shares["group"] == "Totaal"].mean())
    assert widths[0] > widths[1] > widths[2] == 0


@quick
@given(seed=seeds, n=st.integers(60, 150))
def test_weights_of_whole_numbers_give_the_share_of_repeated_answers(survey: Build, seed: int, n: int) -> None:
    made = survey(n=n, n_audit=n, seed=seed)
    weight = np.random.default_rng(seed).integers(1, 4, n)
    shares = estimate_shares(made.codings, made.sample, made.answers.assign(weight=weight))
    total = shares[shares["group"] == "Totaal"]["share"].to_numpy()
    assert np.allclose(total, (made.truth * weight[:, None]).sum(axis=0) / weight.sum())
