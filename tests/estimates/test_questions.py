"""A question is called higher or lower than the others only when that is more than chance."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.estimates.compare import BARS, HIGHER, LOWER, NO_DIFFERENCE, NOT_COMPARABLE
from pipeline.estimates.intervals import wilson
from pipeline.estimates.questions import compare_questions
from pipeline.estimates.shares import NO_CODING_ERROR, TOO_SMALL

ASKED = {"positief": ["kindpakket", "leergeld", "menzis"]}


def shares(of: dict[str, tuple[int, int]], wave: str = "2022", group: str = "Totaal") -> pd.DataFrame:
    """Return the shares of questions in which so many of so many answers are positive."""
    rows = []
    for question, (hits, n) in of.items():
        low, high = wilson(hits / n, n)
        rows.append((question, group, wave, "positief", n, 0, hits / n, float(low), float(high), "counted", None))
    names = ["question", "group", "wave", "code", "n_answers", "n_reviewed", "share", "low", "high", "method", "flag"]
    return pd.DataFrame(rows, columns=names)


def words(table: pd.DataFrame) -> dict[str, str]:
    return dict(zip(table["question"], table["word"], strict=True))


def test_the_highest_of_equals_by_chance_is_not_called_higher() -> None:
    found = words(
        compare_questions(shares({"kindpakket": (20, 45), "leergeld": (5, 15), "menzis": (16, 45)}), ASKED, "2022")
    )
    assert found == dict.fromkeys(ASKED["positief"], NO_DIFFERENCE)


def test_what_differs_from_the_others_together_is_called_so() -> None:
    table = compare_questions(shares({"kindpakket": (36, 45), "leergeld": (20, 60), "menzis": (14, 45)}), ASKED, "2022")
    assert words(table) == {"kindpakket": HIGHER, "leergeld": LOWER, "menzis": LOWER}
    first = table.set_index("question").loc["kindpakket"]
    assert first["right_share"] == pytest.approx(34 / 105)
    assert first["low"] > 0


def test_only_the_questions_asked_in_this_wave_and_shown_in_this_group_take_part() -> None:
    now = shares({"kindpakket": (36, 45), "leergeld": (14, 45), "menzis": (14, 45)})
    now.loc[now["question"] == "menzis", ["share", "low", "high"]] = None
    table = pd.concat([now, shares({"kindpakket": (0, 45)}, "2018"), shares({"kindpakket": (9, 45)}, group="Borne"),
                       shares({"succes": (0, 99)})], ignore_index=True)  # fmt: skip
    assert words(compare_questions(table, ASKED, "2022")) == {"kindpakket": HIGHER, "leergeld": LOWER}


def test_one_question_has_nothing_to_differ_from() -> None:
    assert compare_questions(shares({"kindpakket": (36, 45)}), ASKED, "2022").empty


def test_counts_of_the_machine_are_not_compared_and_say_why() -> None:
    table = shares({"kindpakket": (36, 45), "leergeld": (20, 60), "menzis": (14, 45)}).assign(flag=NO_CODING_ERROR)
    found = compare_questions(table, ASKED, "2022")
    assert found["word"].isna().all()
    assert set(found["reason"]) == {BARS[NO_CODING_ERROR]}
    assert set(found["flag"]) == {NOT_COMPARABLE}
    assert found[["difference", "low", "high", "p_value", "q_value"]].isna().all(axis=None)


def test_a_provisional_question_is_not_among_the_others_either() -> None:
    table = shares({"kindpakket": (36, 45), "leergeld": (14, 45), "menzis": (45, 45)})
    table.loc[table["question"] == "menzis", "flag"] = f"audit_incomplete; {TOO_SMALL}"
    found = compare_questions(table, ASKED, "2022").set_index("question")
    assert found["word"].dropna().to_dict() == {"kindpakket": HIGHER, "leergeld": LOWER}
    assert found.loc["kindpakket", "right_share"] == pytest.approx(14 / 45)
    assert found["reason"].dropna().to_dict() == {"menzis": BARS[TOO_SMALL]}


def test_where_all_others_are_provisional_there_is_nothing_to_compare_with() -> None:
    table = shares({"kindpakket": (36, 45), "leergeld": (14, 45)})
    table.loc[table["question"] == "leergeld", "flag"] = NO_CODING_ERROR
    found = compare_questions(table, ASKED, "2022")
    assert found["word"].isna().all()
    assert found["difference"].isna().all()
    assert set(found["reason"]) == {BARS[NO_CODING_ERROR]}
