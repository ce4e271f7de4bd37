"""Response and reliability as the printed reports give them."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.errors import TableError
from pipeline.estimates.response import confidence_level, response_reliability

INVITED = {"Hengelo": 1700, "Haaksbergen": 310, "Borne": 290, "Totaal": 2300}
RETURNED = {"Hengelo": 274, "Haaksbergen": 54, "Borne": 61, "Totaal": 389}


def test_the_printed_table_is_reproduced() -> None:
    """Klantbelevingsonderzoek Participatiewet 2022, table 4: response and confidence level at a margin of 5%.

    The total is 96.952, so it rounds to 97.0 where the report prints 96.9; the other three round as printed.
    """
    table = response_reliability(RETURNED, INVITED).set_index("group")
    assert (100 * table["confidence"]).round(1).to_dict() == {
        "Hengelo": 92.9, "Haaksbergen": 58.1, "Borne": 62.1, "Totaal": 97.0,
    }  # fmt: skip
    assert 100 * table.loc["Totaal", "confidence"] == pytest.approx(96.952, abs=0.001)
    assert (100 * table["response"]).round().astype(int).to_dict() == {
        "Hengelo": 16, "Haaksbergen": 17, "Borne": 21, "Totaal": 17,
    }  # fmt: skip
    assert table["word"].to_dict() == {
        "Hengelo": "representatief", "Haaksbergen": "indicatief", "Borne": "indicatief", "Totaal": "representatief",
    }  # fmt: skip


def test_the_other_survey_is_reproduced() -> None:
    """Klantbelevingsonderzoek Minimabeleid 2022, summary: 248 of 2,694, printed as 90%."""
    assert round(100 * confidence_level(248, 2694)) == 90


def test_frames_serve_as_well_as_dicts() -> None:
    frames = [pd.DataFrame({"group": list(counts), "n": list(counts.values())}) for counts in (RETURNED, INVITED)]
    pd.testing.assert_frame_equal(response_reliability(*frames), response_reliability(RETURNED, INVITED))


def test_everyone_answered_is_certain_and_no_one_says_nothing() -> None:
    table = response_reliability({"A": 150}, {"A": 150, "B": 20})
    assert table["confidence"].tolist() == [1.0, 0.0]
    assert table["word"].tolist() == ["representatief", "indicatief"]


def test_a_group_without_a_number_of_invited_is_held_to_the_same_bar() -> None:
    """As if very many were invited: 270 people give 90% confidence at a margin of 5%, 265 people do not."""
    table = response_reliability({"A": 25, "B": 270, "C": 265}, {"A": 40}).set_index("group")
    assert table["response"].isna().to_dict() == {"A": False, "B": True, "C": True}
    assert table["confidence"]["B"] == pytest.approx(response_reliability({"B": 270}, {"B": 10**9})["confidence"][0])
    assert table["word"].to_dict() == {"A": "indicatief", "B": "representatief", "C": "indicatief"}


@pytest.mark.parametrize(("returned", "invited"), [({"A": 20}, {"A": 10}), ({"A": -1}, {"A": 10})])
def test_impossible_counts_are_refused(returned: dict[str, int], invited: dict[str, int]) -> None:
    with pytest.raises(TableError, match="survey.yaml"):
        response_reliability(returned, invited)
