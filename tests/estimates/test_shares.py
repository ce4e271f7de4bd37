"""What `estimate_shares` counts, corrects and says about itself."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import TableError
from pipeline.estimates.corrections import METHODS
from pipeline.estimates.intervals import finite_n, wilson
from pipeline.estimates.shares import BORROWED, INCOMPLETE, NO_CODING_ERROR, TOO_SMALL, estimate_shares
from pipeline.tables import SHARES

Build = Callable[..., Any]


def total_row(shares: pd.DataFrame, code: str) -> pd.Series:
    return shares[(shares["group"] == "Totaal") & (shares["code"] == code)].iloc[0]


def test_the_contract_comes_first_and_every_group_and_code_has_a_row(survey: Build) -> None:
    made: SimpleNamespace = survey()
    shares = estimate_shares(made.codings, made.sample, made.answers)
    assert list(shares.columns[: len(SHARES.columns)]) == list(SHARES.columns)
    assert shares["group"].drop_duplicates().tolist() == ["Borne", "Haaksbergen", "Hengelo", "Totaal"]
    assert len(shares) == 4 * 3
    assert ((shares["low"] <= shares["share"]) & (shares["share"] <= shares["high"])).all()
    assert ((shares["low"] <= shares["coding_low"]) & (shares["coding_high"] <= shares["high"])).all()
    assert ((shares["low"] <= shares["sampling_low"]) & (shares["sampling_high"] <= shares["high"])).all()


def test_a_mistyped_group_of_the_population_is_named(survey: Build) -> None:
    made: SimpleNamespace = survey()
    with pytest.raises(TableError, match="no group 'Henglo' in the answers. Next: did you mean 'Hengelo'"):
        estimate_shares(made.codings, made.sample, made.answers, population={"Henglo": 3})


def test_without_an_audit_machine_codes_are_counted_and_the_flag_says_so(answers_of: Build, codings_of: Build) -> None:
    answers = answers_of(["A", "A", "B", "B"])
    codings = codings_of("machine", {f"a{i}": {"loket": i < 1, "brief": False} for i in range(4)})
    shares = estimate_shares(codings, None, answers)
    row = total_row(shares, "loket")
    assert (row["share"], row["method"], row["flag"]) == (0.25, "machine_count", NO_CODING_ERROR)
    assert (row["coding_low"], row["coding_high"]) == (0.25, 0.25)
    assert (row["low"], row["high"]) == pytest.approx(tuple(float(bound) for bound in wilson(0.25, 4)))
    assert total_row(shares, "brief")["share"] == 0  # a code that never applies has its row


def test_audited_codes_replace_the_machines_and_ticks_add(answers_of: Build, codings_of: Build) -> None:
    answers = answers_of(["A"] * 4)
    machine = codings_of("machine", {f"a{i}": {"loket": True} for i in range(4)})
    audit = codings_of("audit", {f"a{i}": {"loket": i == 0} for i in range(4)})
    tick = codings_of("tick", {"a3": {"loket": True}})
    assert total_row(estimate_shares(pd.concat([machine, audit]), None, answers), "loket")["share"] == 0.25
    row = total_row(estimate_shares(pd.concat([machine, audit, tick]), None, answers), "loket")
    assert (row["share"], row["coding_low"], row["coding_high"]) == (0.5, 0.5, 0.5)
    assert row["method"] == "counted"
    assert row["machine_share"] == 1


def test_the_base_are_those_who_answered_or_ticked(answers_of: Build, codings_of: Build) -> None:
    status = ["answer", "answer", "empty", "empty", "non_answer", "non_answer", "nothing_to_improve", "other_language"]
    answers = answers_of(["A"] * 8, status=status)
    codings = pd.concat(
        [codings_of("machine", {"a0": {"loket": True}, "a1": {"loket": False}, "a7": {"loket": True}}),
         codings_of("tick", {"a2": {"loket": True}, "a4": {"brief": True}})]
    )  # fmt: skip
    shares = estimate_shares(codings, None, answers)
    assert total_row(shares, "loket")["n_answers"] == 4
    assert total_row(shares, "loket")["share"] == 0.5
    assert total_row(shares, "brief")["share"] == 0.25
    reviewed = pd.concat([codings, codings_of("training", {"a7": {"loket": True}})])
    assert total_row(estimate_shares(reviewed, None, answers), "loket")["n_answers"] == 5
    assert total_row(estimate_shares(reviewed, None, answers), "loket")["share"] == 0.6


def test_an_audit_without_a_design_is_taken_to_be_random_and_says_so(survey: Build) -> None:
    made = survey()
    known = estimate_shares(made.codings, made.sample, made.answers)
    assumed = estimate_shares(made.codings, None, made.answers)
    pd.testing.assert_series_equal(known["share"], assumed["share"])
    assert assumed["method"].str.contains("audit assumed simple random").all()
    assert total_row(known, "code-0")["method"] == "post_stratified"
    assert total_row(known, "code-0")["flag"] is None or pd.isna(total_row(known, "code-0")["flag"])


def test_the_correction_is_that_of_the_formula(survey: Build) -> None:
    """Known hits plus, per machine decision, the unreviewed answers times the audit's hit rate."""
    made = survey()
    machine = made.codings[made.codings["role"] == "machine"]["applied"].to_numpy().reshape(made.truth.shape)
    audited = np.isin(np.arange(len(made.answers)), made.drawn)
    for number, code in enumerate(made.codes):
        truth, coded = made.truth[:, number], machine[:, number]
        expected = truth[audited].sum() + sum(
            (coded[~audited] == decision).sum() * truth[audited & (coded == decision)].mean() for decision in (0, 1)
        )
        found = total_row(estimate_shares(made.codings, made.sample, made.answers), code)["share"]
        assert found == pytest.approx(expected / len(made.answers))


def test_unequal_chances_weigh_the_audited_answers(answers_of: Build, codings_of: Build) -> None:
    """40 answers drawn with chance 1/2 and 60 with 1/5: an audited one speaks for 1 or for 4 unreviewed ones."""
    answers = answers_of(["A"] * 100)
    chance = {f"a{i}": 0.5 if i < 40 else 0.2 for i in [*range(20), *range(40, 52)]}
    sample = pd.DataFrame({"answer_id": list(chance), "question": "verbeter", "role": "audit",
                           "inclusion_probability": list(chance.values()),
                           "stratum": ["b" if p == 0.5 else "a" for p in chance.values()]})  # fmt: skip
    codings = pd.concat(
        [codings_of("machine", {f"a{i}": {"loket": False} for i in range(100)}),
         codings_of("audit", {answer: {"loket": p == 0.5} for answer, p in chance.items()})]
    )  # fmt: skip
    row = total_row(estimate_shares(codings, sample, answers), "loket")
    assert row["share"] == pytest.approx(0.40)  # 20 + 68 x 20 x 1 / (20 x 1 + 12 x 4) = 40
    assert total_row(estimate_shares(codings, None, answers), "loket")["share"] == pytest.approx(20 / 32)


def test_drawn_but_not_yet_reviewed_is_flagged_and_does_not_bias(survey: Build) -> None:
    made = survey(n=400, n_audit=200)
    half = set(made.answers["answer_id"].iloc[made.drawn[::2]])
    done = made.codings[(made.codings["role"] == "machine") | made.codings["answer_id"].isin(half)]
    shares = estimate_shares(done, made.sample, made.answers)
    assert shares["flag"].str.contains(INCOMPLETE).all()
    only = made.sample[made.sample["answer_id"].isin(half)].assign(inclusion_probability=0.25)
    again = estimate_shares(done, only, made.answers)
    pd.testing.assert_series_equal(shares["share"], again["share"])
    pd.testing.assert_series_equal(shares["high"], again["high"])


def test_nets_count_a_respondent_once_and_have_an_interval_of_their_own(answers_of: Build, codings_of: Build) -> None:
    answers = answers_of(["A"] * 4)
    given = {"a0": {"x": True, "y": True}, "a1": {"x": True, "y": False}, "a2": {"x": False, "y": False},
             "a3": {"x": False, "y": False}}  # fmt: skip
    shares = estimate_shares(
        pd.concat([codings_of("machine", given), codings_of("audit", given)]), None, answers,
        nets={"verbeter": {"top": ["net"], "net": ["x", "y"]}},
    )  # fmt: skip
    assert total_row(shares, "x")["share"] + total_row(shares, "y")["share"] == 0.75
    for net in ("net", "top"):
        assert total_row(shares, net)["share"] == 0.5
        assert total_row(shares, net)["kind"] == "net"


def test_a_net_of_one_question_is_a_plain_code_of_another(answers_of: Build, codings_of: Build) -> None:
    """`telefoon` is under `contact` in one codebook and beside it in the other."""
    one = answers_of(["A"] * 10, question="q1")
    two = answers_of(["A"] * 10, question="q2").assign(answer_id=[f"b{number}" for number in range(10)])
    given = {f"{kind}{i}": {"telefoon": i < 4, "balie": i == 4, "contact": i == 5} for i in range(10) for kind in "ab"}
    shares = estimate_shares(
        codings_of("machine", given), None, pd.concat([one, two], ignore_index=True),
        nets={"q1": {"contact": ["telefoon", "balie"]}, "q2": {}},
    )  # fmt: skip
    contact = shares[(shares["code"] == "contact") & (shares["group"] == "Totaal")].set_index("question")
    assert contact["share"].to_dict() == {"q1": 0.6, "q2": 0.1}
    assert contact["kind"].to_dict() == {"q1": "net", "q2": "code"}


def test_questions_and_waves_stand_apart(survey: Build) -> None:
    made, other = survey(wave="2022"), survey(wave="2018", seed=2)
    renamed = {name: f"b{name}" for name in other.answers["answer_id"]}
    answers = pd.concat([made.answers, other.answers.assign(answer_id=other.answers["answer_id"].map(renamed))])
    codings = pd.concat([made.codings, other.codings.assign(answer_id=other.codings["answer_id"].map(renamed))])
    sample = pd.concat([made.sample, other.sample.assign(answer_id=other.sample["answer_id"].map(renamed))])
    both = estimate_shares(codings, sample, answers)
    alone = estimate_shares(made.codings, made.sample, made.answers)
    now = both[both["wave"] == "2022"].reset_index(drop=True)
    pd.testing.assert_frame_equal(now, alone)


def test_two_answers_of_one_respondent_to_one_question_count_once(answers_of: Build, codings_of: Build) -> None:
    answers = answers_of(["A"] * 3).assign(respondent_id=["r0", "r0", "r1"])
    codings = codings_of("machine", {"a0": {"x": True}, "a1": {"x": True}, "a2": {"x": False}})
    row = total_row(estimate_shares(codings, None, answers), "x")
    assert (row["n_answers"], row["share"]) == (2, 0.5)


def test_respondents_without_a_group_are_in_the_total_only(answers_of: Build, codings_of: Build) -> None:
    answers = answers_of(["A", None, "", "A"])
    shares = estimate_shares(codings_of("machine", {f"a{i}": {"x": i < 2} for i in range(4)}), None, answers)
    assert shares[["group", "n_answers", "share"]].to_numpy().tolist() == [["A", 2, 0.5], ["Totaal", 4, 0.5]]
    assert shares["rest_n_answers"].iloc[0] == 2


def test_codes_asked_for_get_a_row_in_the_order_asked(answers_of: Build, codings_of: Build) -> None:
    codings = codings_of("machine", {"a0": {"b": True}})
    shares = estimate_shares(codings, None, answers_of(["A"]), codes={"verbeter": ["z", "b", "a"]})
    assert shares[shares["group"] == "Totaal"]["code"].tolist() == ["z", "b", "a"]


def test_customers_correct_the_sampling_error(survey: Build) -> None:
    made = survey()
    size = made.answers["group"].value_counts()
    shares = estimate_shares(made.codings, made.sample, made.answers, population=(size * 2).to_dict())
    row = total_row(shares, "code-0")
    assert (row["sampling_low"], row["sampling_high"]) == pytest.approx(
        tuple(float(bound) for bound in wilson(row["share"], finite_n(300, 600)))
    )
    everyone = estimate_shares(made.codings, made.sample, made.answers, population=size.to_dict())
    assert (everyone["sampling_high"] - everyone["sampling_low"]).max() == pytest.approx(0)
    assert everyone["low"].to_numpy() == pytest.approx(everyone["coding_low"].to_numpy())


def test_customers_of_one_wave_are_not_those_of_another(survey: Build) -> None:
    """280 answered in 2024; that 300 were invited in 2026 says nothing of how many they were a part of."""
    then, now = survey(n=280, n_audit=100, wave="2024"), survey(n=100, n_audit=100, wave="2026", seed=2)
    parts = ("answers", "codings", "sample")
    both = {name: pd.concat([getattr(then, name), getattr(now, name).assign(
        answer_id="b" + getattr(now, name)["answer_id"])]) for name in parts}  # fmt: skip

    def of(**extra: Any) -> pd.DataFrame:
        shares = estimate_shares(both["codings"], both["sample"], both["answers"], **extra)
        return shares.set_index("wave")[["sampling_low", "sampling_high"]]

    people = {"Hengelo": 100, "Borne": 100, "Haaksbergen": 100}
    known, unknown = of(population=people, population_wave="2026"), of()
    pd.testing.assert_frame_equal(known.loc["2024"], unknown.loc["2024"])
    pd.testing.assert_frame_equal(known.loc["2026"], of(population=people).loc["2026"])
    assert not known.loc["2026"].equals(unknown.loc["2026"])


def test_a_group_that_weighs_nothing_has_no_figure(survey: Build) -> None:
    made = survey(n=60, n_audit=30, groups=("Hengelo", "Borne"))
    answers = made.answers.assign(weight=np.where(made.answers["group"] == "Borne", 0.0, 1.0))
    shares = estimate_shares(made.codings, made.sample, answers).set_index("group")
    numbers = ["share", "low", "high", "coding_low", "coding_high", "sampling_low", "sampling_high", "machine_share"]
    assert shares.loc["Borne", numbers].isna().all(axis=None)
    assert shares.loc["Hengelo", ["rest_share", "rest_low", "rest_high"]].isna().all(axis=None)
    assert shares.loc[["Hengelo", "Totaal"], numbers].notna().all(axis=None)


def test_small_groups_borrow_and_say_so(survey: Build) -> None:
    made = survey(n=600, n_audit=150, groups=("Hengelo",) * 8 + ("Borne",))
    shares = estimate_shares(made.codings, made.sample, made.answers)
    of = shares[shares["code"] == "code-0"].set_index("group")
    assert BORROWED in of.loc["Borne", "flag"]
    assert "error rates of the whole question" in of.loc["Borne", "method"]
    assert of.loc["Hengelo", "method"] == "post_stratified"
    own = estimate_shares(made.codings, made.sample, made.answers, min_group_audit=0).set_index(["group", "code"])
    width = of.loc["Borne", "coding_high"] - of.loc["Borne", "coding_low"]
    alone = own.loc[("Borne", "code-0")]
    assert 0 < width < alone["coding_high"] - alone["coding_low"]


def test_a_group_without_any_audited_answer_still_gets_an_interval(survey: Build) -> None:
    made = survey(n=600, n_audit=150, groups=("Hengelo",) * 9 + ("Borne",))
    there = set(made.answers.loc[made.answers["group"] == "Hengelo", "answer_id"])
    codings = made.codings[(made.codings["role"] == "machine") | made.codings["answer_id"].isin(there)]
    shares = estimate_shares(codings, made.sample[made.sample["answer_id"].isin(there)], made.answers)
    borne = shares[shares["group"] == "Borne"]
    assert (borne["n_reviewed"] == 0).all()
    assert borne["flag"].str.contains(BORROWED).all()
    assert ((borne["coding_low"] < borne["share"]) & (borne["share"] < borne["coding_high"])).all()


def test_a_group_without_audited_answers_has_the_rates_of_the_question_and_not_one_half(
    answers_of: Build, codings_of: Build
) -> None:
    """Ten of sixty audited, all in one group, and the machine right in all: nothing says how much groups differ."""
    answers = answers_of(["A"] * 40 + ["B"] * 20)
    machine = codings_of("machine", {f"a{i}": {"x": i % 5 == 0} for i in range(60)})
    audit = codings_of("audit", {f"a{i}": {"x": i % 5 == 0} for i in range(10)})
    shares = estimate_shares(pd.concat([machine, audit]), None, answers).set_index("group")
    assert shares.loc["B", "share"] == pytest.approx(0.2)
    assert shares.loc["B", "high"] - shares.loc["B", "low"] > 0.5
    assert BORROWED in shares.loc["B", "flag"]
    assert shares["flag"].str.contains(TOO_SMALL).all()


def test_a_code_that_the_audit_never_met_among_the_coded_has_the_rate_of_the_other_codes(
    answers_of: Build, codings_of: Build
) -> None:
    answers = answers_of(["A"] * 100)
    coded = {f"a{i}": {"x": 10 <= i < 20, "y": i < 50} for i in range(100)}
    read = {f"a{i}": {"x": False, "y": i < 8} for i in (*range(10), *range(70, 90))}
    codings = pd.concat([codings_of("machine", coded), codings_of("audit", read)])
    row = total_row(estimate_shares(codings, None, answers), "x")
    assert row["share"] == pytest.approx(0.10 * 0.8)  # of the answers coded y and audited, eight in ten hold
    assert (row["coding_low"], row["coding_high"]) == pytest.approx((0, 0.10), abs=0.08)
    assert row["flag"] != TOO_SMALL


def test_groups_with_three_audited_answers_each_are_near_the_truth_on_average(survey: Build) -> None:
    """Twenty groups of forty, sixty audited: a half for what nobody read made the shares two points too low."""
    errors, inside = [], []
    for seed in range(8):
        made = survey(n=800, n_audit=60, prevalences=(0.05, 0.1, 0.2, 0.3, 0.4), groups="ABCDEFGHIJKLMNOPQRST",
                      sensitivity=0.8, seed=seed)  # fmt: skip
        shares = estimate_shares(made.codings, made.sample, made.answers)
        truth = pd.DataFrame(made.truth).groupby(made.answers["group"].to_numpy()).mean()
        of = shares[shares["group"] != "Totaal"].pivot(index="group", columns="code")
        errors.append((of["share"].to_numpy() - truth.to_numpy()).mean())
        low, high = of["coding_low"].to_numpy(), of["coding_high"].to_numpy()
        inside.append(((low <= truth + 1e-9) & (truth <= high + 1e-9)).to_numpy().mean())
    assert abs(np.mean(errors)) < 0.01
    assert np.mean(inside) > 0.93


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_is_exact_when_all_is_reviewed(survey: Build, method: str) -> None:
    made = survey(n=120, n_audit=120)
    shares = estimate_shares(made.codings, made.sample, made.answers, method=method)
    total = shares[shares["group"] == "Totaal"]
    assert total["share"].to_numpy() == pytest.approx(made.truth.mean(axis=0))
    assert (total["coding_high"] - total["coding_low"]).max() == 0


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"machine_count"}))
def test_every_method_lies_near_the_truth(survey: Build, method: str) -> None:
    made = survey(n=4000, n_audit=1500)
    shares = estimate_shares(made.codings, made.sample, made.answers, method=method)
    total = shares[shares["group"] == "Totaal"]
    assert total["share"].to_numpy() == pytest.approx(made.truth.mean(axis=0), abs=0.02)
    assert total["method"].tolist() == [method] * 3


def test_two_reviewers_of_one_answer_decide_by_majority(answers_of: Build, codings_of: Build) -> None:
    answers = answers_of(["A", "A"])
    votes = [("anna", True), ("bob", False), ("cor", False)]
    codings = pd.concat([codings_of("audit", {"a0": {"x": vote}}, coder) for coder, vote in votes])
    codings = pd.concat([codings, codings_of("audit", {"a1": {"x": False}}, "anna")])
    assert total_row(estimate_shares(codings, None, answers), "x")["share"] == 0
    assert total_row(estimate_shares(codings[codings["coder"] != "cor"], None, answers), "x")["share"] == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "postratified"}, "unknown method"),
        ({"level": 95}, "between 0 and 1"),
        ({"total": "Borne"}, "a group is called 'Borne'"),
    ],
)
def test_mistakes_are_named(survey: Build, change: dict[str, Any], message: str) -> None:
    made = survey()
    with pytest.raises(TableError, match=message):
        estimate_shares(**{"codings": made.codings, "sample": made.sample, "answers": made.answers, **change})


def test_a_draw_with_no_chance_is_refused(survey: Build) -> None:
    made = survey()
    with pytest.raises(TableError, match="probability 0"):
        estimate_shares(made.codings, made.sample.assign(inclusion_probability=0.0), made.answers)


def test_no_answers_give_no_shares(survey: Build) -> None:
    made = survey()
    assert estimate_shares(made.codings[:0], None, made.answers[:0]).empty


def test_a_code_that_reviewers_were_not_asked_about_is_not_a_no(answers_of: Build, codings_of: Build) -> None:
    """Added to the codebook after the review: the machine's count stays, and the flag says that nobody checked it."""
    answers = answers_of(["Hengelo"] * 40)
    machine = codings_of("machine", {f"a{i}": {"loket": i < 20, "nieuw": i < 12} for i in range(40)})
    audit = codings_of("audit", {f"a{i}": {"loket": i % 4 == 0} for i in range(0, 40, 2)})
    shares = estimate_shares(pd.concat([machine, audit]), None, answers, codes={"verbeter": ["nieuw", "loket"]})
    assert list(shares["code"]) == ["nieuw", "loket"] * 2
    new, old = total_row(shares, "nieuw"), total_row(shares, "loket")
    assert (new["share"], new["n_reviewed"], new["method"]) == (0.3, 0, "machine_count")
    assert new["flag"] == "coding_error_not_in_interval"
    assert (old["n_reviewed"], old["method"]) == (20, "post_stratified, audit assumed simple random")


def test_a_code_added_halfway_is_judged_by_the_reviews_that_asked_for_it(answers_of: Build, codings_of: Build) -> None:
    answers = answers_of(["Hengelo"] * 100)
    sample = pd.DataFrame({"answer_id": [f"a{i}" for i in range(40)], "question": "verbeter", "role": "audit",
                           "inclusion_probability": 0.4, "stratum": "verbeter"})  # fmt: skip
    machine = codings_of("machine", {f"a{i}": {"loket": i % 2 == 0, "nieuw": i % 5 == 0} for i in range(100)})
    before = codings_of("audit", {f"a{i}": {"loket": i % 2 == 0} for i in range(20)})
    after = codings_of("audit", {f"a{i}": {"loket": i % 2 == 0, "nieuw": i % 5 == 0} for i in range(20, 40)})
    new = total_row(estimate_shares(pd.concat([machine, before, after]), sample, answers), "nieuw")
    assert new["share"] == pytest.approx(0.2)
    assert new["n_reviewed"] == 20
    assert new["flag"] == "audit_incomplete"


def test_a_net_with_a_code_that_was_not_asked_is_not_reviewed(answers_of: Build, codings_of: Build) -> None:
    answers = answers_of(["Hengelo"] * 20)
    machine = codings_of("machine", {f"a{i}": {"loket": i < 4, "nieuw": i >= 15} for i in range(20)})
    audit = codings_of("audit", {f"a{i}": {"loket": i < 4} for i in range(10)})
    shares = estimate_shares(pd.concat([machine, audit]), None, answers, nets={"verbeter": {"net": ["loket", "nieuw"]}})
    assert total_row(shares, "net")["flag"] == "coding_error_not_in_interval"
    assert total_row(shares, "net")["share"] == 9 / 20


def test_reviews_that_only_name_what_applies_are_refused(answers_of: Build, codings_of: Build) -> None:
    answers = answers_of(["Hengelo"] * 2)
    audit = codings_of("audit", {"a0": {"loket": True}, "a1": {"post": True}})
    with pytest.raises(TableError, match="a row for each code that was asked"):
        estimate_shares(audit, None, answers)
