"""Judgements of which every answer has one: together they are everyone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.estimates.corrections import Estimate
from pipeline.estimates.facets import balanced
from pipeline.estimates.shares import estimate_shares

JUDGEMENTS = ("good", "mixed", "neutral", "bad")
TRUE = np.array([0.55, 0.2, 0.15, 0.1])


def judged(seed: int, n: int = 120, n_audit: int = 40) -> SimpleNamespace:
    """Return answers with one judgement each, by a machine that is right in four of five, and an audit of a part."""
    rng = np.random.default_rng(seed)
    answers = pd.DataFrame({"answer_id": [f"a{i}" for i in range(n)], "respondent_id": [f"r{i}" for i in range(n)],
                            "question": "q", "group": rng.choice(["A", "B"], n), "wave": "2022", "text": "x",
                            "weight": None, "status": "answer"})  # fmt: skip
    truth = rng.choice(4, n, p=TRUE)
    machine = np.where(rng.random(n) < 0.8, truth, rng.choice(4, n))
    rows = [(f"a{i}", name, place == machine[i], "m", "machine") for i in range(n)
            for place, name in enumerate(JUDGEMENTS)]  # fmt: skip
    rows += [(f"a{i}", name, place == truth[i], "anna", "audit") for i in rng.choice(n, n_audit, replace=False)
             for place, name in enumerate(JUDGEMENTS)]  # fmt: skip
    codings = pd.DataFrame(rows, columns=["answer_id", "code", "applied", "coder", "role"])
    return SimpleNamespace(answers=answers, codings=codings, held=np.bincount(truth, minlength=4) / n)


@pytest.mark.parametrize("weights", [None, (1.0, 2.0, 5.0)])
def test_the_judgements_of_every_group_add_up_to_everyone(weights: tuple[float, ...] | None) -> None:
    for seed in range(5):
        made = judged(seed)
        if weights:
            made.answers["weight"] = np.resize(weights, len(made.answers))
        apart = estimate_shares(made.codings, None, made.answers)
        together = estimate_shares(made.codings, None, made.answers, one_of={"q": [JUDGEMENTS]})
        for name in ("share", "rest_share"):
            sums = together[together["group"] != "Totaal"].groupby("group")[name].sum()
            assert sums.to_numpy() == pytest.approx(1.0)
        assert together.groupby("group")["share"].sum().to_numpy() == pytest.approx(1.0)
        assert (apart.groupby("group")["share"].sum() - 1.0).abs().max() > 0.005
        pd.testing.assert_frame_equal(apart[["coding_low", "coding_high"]], together[["coding_low", "coding_high"]])
        assert together["share"].between(together["coding_low"] - 1e-9, together["coding_high"] + 1e-9).all()


def test_adding_up_brings_the_shares_nearer_to_the_truth() -> None:
    apart, together, covered = 0.0, 0.0, []
    for seed in range(60):
        made = judged(seed)
        for one_of in (None, {"q": [JUDGEMENTS]}):
            shares = estimate_shares(made.codings, None, made.answers, one_of=one_of, codes={"q": JUDGEMENTS})
            whole = shares[shares["group"] == "Totaal"]
            error = float(((whole["share"].to_numpy() - made.held) ** 2).sum())
            if one_of is None:
                apart += error
            else:
                together += error
                covered += list((whole["coding_low"] <= made.held + 1e-9) & (made.held <= whole["coding_high"] + 1e-9))
    assert together < apart
    assert np.mean(covered) > 0.93


def test_what_was_reviewed_is_counted_as_it_is() -> None:
    """A reviewer who gave two judgements gave two; nothing is moved when everything is known."""
    made = judged(0, n=20, n_audit=20)
    made.codings.loc[made.codings["role"] == "audit", "applied"] |= made.codings["answer_id"].eq("a0")
    apart = estimate_shares(made.codings, None, made.answers)
    together = estimate_shares(made.codings, None, made.answers, one_of={"q": [JUDGEMENTS]})
    pd.testing.assert_frame_equal(apart, together)


def test_judgements_of_which_one_was_not_asked_are_left_as_they_are() -> None:
    made = judged(0)
    made.codings = made.codings[(made.codings["role"] != "audit") | (made.codings["code"] != JUDGEMENTS[1])]
    apart = estimate_shares(made.codings, None, made.answers)
    assert apart.groupby("code")["n_reviewed"].min()[JUDGEMENTS[1]] == 0
    pd.testing.assert_frame_equal(apart, estimate_shares(made.codings, None, made.answers, one_of={"q": [JUDGEMENTS]}))


def test_people_are_estimated_without_their_weights() -> None:
    made = judged(1, n=60, n_audit=60)
    equal = estimate_shares(made.codings, None, made.answers)
    made.answers["weight"] = np.resize([1.0, 3.0], 60)
    weighed = estimate_shares(made.codings, None, made.answers)
    assert weighed["n_people"].to_numpy() == pytest.approx(equal["n_people"].to_numpy())
    assert equal["n_people"].to_numpy() == pytest.approx((equal["share"] * equal["n_answers"]).to_numpy())
    assert not np.allclose(weighed["share"], equal["share"])


def test_what_is_moved_to_a_bound_is_that_bound() -> None:
    """A share of 6e-18 would be printed as <1%, where nobody is."""
    share = np.array([[0.0, 0.7, 0.2, 0.1]])  # as floats they add up to a little less than 1
    estimate = Estimate(share, np.array([[0.0, 0.6, 0.1, 0.0]]), np.array([[0.1, 0.8, 0.3, 0.2]]))
    assert balanced(estimate, (0, 1, 2, 3), np.array([1.0])).share[0, 0] == 0.0
    assert balanced(estimate, (0, 1, 2, 3), np.array([1.4])).share.tolist() == estimate.high.tolist()
