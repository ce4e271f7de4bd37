"""No number and no quote about too few respondents, and no way to work one out."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.estimates.compare import compare_shares
from pipeline.estimates.disclosure import suppress, suppress_comparisons


def shares_of(counts: dict[str, dict[str, int]], sizes: dict[str, int], **extra: Any) -> pd.DataFrame:
    """Return shares from code -> group -> hits, with a total."""
    rows = []
    for code, hits in counts.items():
        for group, n in [*sizes.items(), ("Totaal", sum(sizes.values()))]:
            k = hits[group] if group in hits else sum(hits.values())
            rows.append({"question": "q", "group": group, "wave": "2022", "code": code, "n_answers": n, "n_reviewed": 0,
                         "share": k / n, "low": k / n, "high": k / n, "method": "counted", "flag": None, "level": 0.95,
                         "rest_share": 0.5, "rest_low": 0.4, "rest_high": 0.6})  # fmt: skip
    return pd.DataFrame(rows).assign(**extra)


SIZES = {"Hengelo": 200, "Borne": 60, "Haaksbergen": 40}


def hidden(shares: pd.DataFrame) -> set[tuple[str, str]]:
    return {(row.group, row.code) for row in shares[shares["suppressed"]].itertuples()}


def test_a_small_cell_goes_with_a_second_one_so_that_the_total_does_not_give_it_away() -> None:
    out = suppress(shares_of({"x": {"Hengelo": 80, "Borne": 12, "Haaksbergen": 3}}, SIZES))
    assert hidden(out) == {("Haaksbergen", "x"), ("Borne", "x")}
    gone = out[out["suppressed"]]
    assert gone[["share", "low", "high", "rest_share", "rest_low", "rest_high"]].isna().all().all()
    assert gone["n_answers"].tolist() == [60, 40]


def test_cells_of_nobody_are_shown_and_enough_is_left_alone() -> None:
    assert hidden(suppress(shares_of({"x": {"Hengelo": 80, "Borne": 12, "Haaksbergen": 0}}, SIZES))) == set()


def test_a_group_of_a_few_respondents_is_left_out_whole() -> None:
    out = suppress(shares_of({"x": {"A": 90, "B": 30, "C": 0}, "y": {"A": 50, "B": 20, "C": 3}},
                             {"A": 100, "B": 50, "C": 4}))  # fmt: skip
    assert {("C", "x"), ("C", "y")} <= hidden(out)


def test_the_sum_of_hidden_cells_is_held_to_the_minimum_too() -> None:
    """1 + 1 hidden beside a shown total would both be known."""
    out = suppress(shares_of({"x": {"Hengelo": 80, "Borne": 1, "Haaksbergen": 1}}, SIZES))
    assert hidden(out) >= {("Borne", "x"), ("Haaksbergen", "x"), ("Hengelo", "x")}


def test_nets_do_not_give_a_code_away() -> None:
    counts = {"x": {"A": 3, "B": 50}, "y": {"A": 20, "B": 50}, "z": {"A": 30, "B": 50}, "net": {"A": 53, "B": 150}}
    out = suppress(shares_of(counts, {"A": 200, "B": 200}), nets={"q": {"net": ["x", "y", "z"]}})
    assert len({code for group, code in hidden(out) if group == "A"} & {"x", "y", "z"}) >= 2


def test_a_net_of_another_question_adds_nothing_up() -> None:
    counts = {"x": {"A": 3}, "y": {"A": 20}, "z": {"A": 30}, "net": {"A": 53}}
    shares = shares_of(counts, {"A": 200})
    one = shares[shares["group"] == "A"]
    both = pd.concat([one, one.assign(question="r")], ignore_index=True)
    out = suppress(both, nets={"q": {"net": ["x", "y", "z"]}})
    gone = out[out["suppressed"]]
    assert list(zip(gone["question"], gone["code"], strict=True)) == [("q", "x"), ("q", "y"), ("r", "x")]


def test_a_judgement_does_not_follow_from_the_others() -> None:
    """Every answer has one judgement, so that 100% minus the shown ones would be the hidden one."""
    counts = {"good": {"A": 40}, "mixed": {"A": 12}, "bad": {"A": 6}, "neutral": {"A": 2}}
    shares = shares_of(counts, {"A": 60})
    out = suppress(shares[shares["group"] == "A"], one_of={"q": [["good", "mixed", "bad", "neutral"]]})
    assert hidden(out) == {("A", "neutral"), ("A", "bad")}
    assert hidden(suppress(shares[shares["group"] == "A"])) == {("A", "neutral")}


def test_people_are_counted_and_not_weights() -> None:
    """Two people who weigh three each are two people."""
    shares = shares_of({"x": {"A": 80, "B": 20, "C": 6}}, {"A": 200, "B": 60, "C": 60})
    few = shares["group"] == "C"
    assert hidden(suppress(shares)) == set()
    counted = shares.assign(n_people=(shares["share"] * shares["n_answers"]).where(~few, 2.0))
    assert hidden(suppress(counted)) == {("C", "x"), ("B", "x")}


def with_unknown(hits: int, n: int) -> pd.DataFrame:
    """Return shares of two groups, 9 and 2 hits, in a total that holds n respondents without a group besides."""
    shares = shares_of({"x": {"A": 9, "B": 2, "": hits}}, {"A": 100, "B": 40, "": n})
    return shares[shares["group"] != ""].reset_index(drop=True)


def test_a_few_respondents_without_a_group_hide_nobody() -> None:
    """23 in all minus 21 leaves 1 or 2 when one respondent has no group."""
    assert ("A", "x") in hidden(suppress(with_unknown(hits=0, n=1)))
    assert hidden(suppress(with_unknown(hits=12, n=40))) == {("B", "x")}
    assert hidden(suppress(with_unknown(hits=0, n=40))) == {("B", "x"), ("A", "x")}  # 2 and 0: still too few


def test_what_is_shown_is_not_ranked_above_a_larger_one_that_is_not() -> None:
    counts = {"x": {"A": 20}, "y": {"A": 6}, "z": {"A": 2}, "net": {"A": 22}}
    shares = shares_of(counts, {"A": 60})
    elsewhere = shares.assign(question="r", share=shares["share"] / 2)
    both = pd.concat([shares, elsewhere], ignore_index=True)
    nets = {question: {"net": ["x", "z"]} for question in "qr"}
    out = suppress(both[both["group"] == "A"], nets=nets).set_index(["question", "code"])
    assert out["suppressed"].to_dict()["q", "x"]  # with z, or the net would give z away
    assert out["surpassed"].to_dict()["q", "y"]
    assert not out["surpassed"].to_dict()["q", "net"]
    assert not out["surpassed"][out["suppressed"]].any()


SMALL = {("Totaal", "z"), ("A", "z")}


def test_a_list_of_answers_does_not_tell_how_many_are_missing_from_it() -> None:
    """200 people, of whom 3 have only the code that is left out: 197 listed answers would say so."""
    shares = shares_of({"x": {"A": 190}, "y": {"A": 7}, "z": {"A": 3}}, {"A": 200})
    answers = [{"x"}] * 190 + [{"y"}] * 7 + [{"z"}] * 3
    assert hidden(suppress(shares)) == SMALL
    out = suppress(shares, listed={"q": answers}, wave="2022")
    assert hidden(out) == SMALL | {("Totaal", "y"), ("A", "y")}
    assert hidden(suppress(shares, listed={"q": answers}, wave="2023")) == SMALL
    both = [{"x"}] * 187 + [{"x", "z"}] * 3 + [{"y"}] * 7  # every answer is in the list: none is missing
    assert hidden(suppress(shares, listed={"q": both}, wave="2022")) == SMALL


def test_no_large_figure_is_left_out_for_a_list() -> None:
    """The report lists nothing then."""
    shares = shares_of({"x": {"A": 30}, "y": {"A": 27}, "z": {"A": 3}}, {"A": 60})
    answers = [{"x"}] * 30 + [{"y"}] * 27 + [{"z"}] * 3
    assert hidden(suppress(shares, listed={"q": answers}, wave="2022")) == SMALL


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    few=st.lists(st.sets(st.sampled_from("vwxyz"), min_size=1, max_size=3), min_size=1, max_size=30),
    many=st.integers(0, 300),
)
def test_a_list_that_still_tells_something_has_cost_no_figure(few: list[set[str]], many: int) -> None:
    answers = [*few, *[{"v"}] * many]
    counts = {code: {"A": sum(code in one for one in answers)} for code in "vwxyz"}
    shares = shares_of(counts, {"A": len(answers)})
    out = suppress(shares, listed={"q": answers}, wave="2022")
    shown = {row.code for row in out.itertuples() if row.group == "Totaal" and not row.suppressed}
    missing = [one for one in answers if not one & shown]
    untold = not missing or (len(missing) >= 5 and len(set().union(*missing)) > 1)
    assert untold or hidden(out) == hidden(suppress(shares))


def test_it_can_be_turned_off() -> None:
    assert hidden(suppress(shares_of({"x": {"A": 1, "B": 50}}, {"A": 100, "B": 100}), min_cell=0)) == set()


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(
    hits=st.lists(st.integers(0, 30), min_size=2, max_size=7),
    min_cell=st.integers(2, 8),
)
def test_nothing_hidden_can_be_recomputed(hits: list[int], min_cell: int) -> None:
    sizes = {f"g{i}": 100 for i in range(len(hits))}
    out = suppress(shares_of({"x": {f"g{i}": k for i, k in enumerate(hits)}}, sizes), min_cell=min_cell)
    groups = out[out["group"] != "Totaal"]
    total_hidden = bool(out.loc[out["group"] == "Totaal", "suppressed"].iloc[0])
    for k, is_hidden in zip(hits, groups["suppressed"], strict=True):
        assert is_hidden or k == 0 or k >= min_cell
    inside = [k for k, is_hidden in zip(hits, groups["suppressed"], strict=True) if is_hidden]
    if inside and not total_hidden:
        assert len(inside) >= 2
        assert sum(inside) >= min_cell
    if total_hidden:
        assert inside


def derivable(out: pd.DataFrame, codes: list[str]) -> set[tuple[str, str]]:
    """Return the hidden (group, code) that follow from what is shown, by exact elimination."""
    unknown = sorted(hidden(out))
    rows = [[Fraction(c == code and g != "Totaal") - Fraction(c == code and g == "Totaal") for g, c in unknown]
            for code in codes]  # fmt: skip
    rows += [[Fraction(g == group) for g, _ in unknown] for group in out["group"].unique()]
    done = 0
    for column in range(len(unknown)):
        pivot = next((number for number in range(done, len(rows)) if rows[number][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [value / rows[done][column] for value in rows[done]]
        for number, row in enumerate(rows):
            if number != done and row[column]:
                rows[number] = [value - row[column] * first for value, first in zip(row, rows[done], strict=True)]
        done += 1
    alone = [[place for place, value in enumerate(row) if value] for row in rows]
    return {unknown[places[0]] for places in alone if len(places) == 1}


@settings(max_examples=80, deadline=None, derandomize=True, database=None)
@given(table=st.integers(3, 7).flatmap(lambda n: st.lists(
    st.tuples(*[st.one_of(st.integers(0, 6), st.integers(0, 30))] * 4).filter(lambda row: sum(row) >= 5),
    min_size=n, max_size=n,
)))  # fmt: skip
@example([(4, 1, 6, 21), (7, 1, 2, 9), (10, 0, 2, 4), (7, 0, 3, 8), (5, 3, 9, 10)])
@example([(0, 5, 4, 6), (8, 0, 18, 4), (6, 3, 9, 2), (21, 3, 6, 5)])
@example([(23, 19, 3, 10), (3, 3, 0, 18), (0, 8, 3, 5), (2, 5, 6, 6), (4, 8, 8, 2)])
def test_no_small_judgement_follows_from_all_sums_together(table: list[tuple[int, ...]]) -> None:
    codes = ["good", "mixed", "neutral", "bad"]
    groups = [f"g{number}" for number in range(len(table))]
    counts = {code: {group: row[place] for group, row in zip(groups, table, strict=True)}
              for place, code in enumerate(codes)}  # fmt: skip
    sizes = {group: sum(row) for group, row in zip(groups, table, strict=True)}
    out = suppress(shares_of(counts, sizes), one_of={"q": [codes]})
    assert not [cell for cell in derivable(out, codes) if cell[0] != "Totaal" and 1 <= counts[cell[1]][cell[0]] < 5]
    assert not [
        cell for cell in derivable(out, codes) if cell[0] == "Totaal" and 1 <= sum(counts[cell[1]].values()) < 5
    ]


def test_comparisons_do_not_give_a_hidden_share_away() -> None:
    shares = shares_of({"x": {"Hengelo": 80, "Borne": 12, "Haaksbergen": 3}}, SIZES)
    out = suppress_comparisons(compare_shares(shares), suppress(shares)).set_index("left")
    assert out.loc["Haaksbergen", ["difference", "left_share", "right_share"]].isna().all()
    assert pd.isna(out.loc["Haaksbergen", "word"])
    assert out.loc["Hengelo", "difference"] == pytest.approx(0.4 - 0.5)
