"""The table contracts: what is checked at every boundary, and that no value is shown when a check fails."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.errors import TableError
from pipeline.tables import ANSWERS, CODINGS, SCORES, check_table, earlier_waves

SECRET = "Mevrouw Jansen woont op nummer 12"


def answers(**changes: object) -> pd.DataFrame:
    row: dict[str, object] = {
        "answer_id": "1:a",
        "respondent_id": "1",
        "question": "a",
        "text": "t",
        "status": "answer",
    }
    return pd.DataFrame([row | changes])


def test_optional_columns_are_added_and_extra_ones_kept() -> None:
    checked = check_table(answers(mine=7), ANSWERS)
    assert list(checked.columns[:8]) == list(ANSWERS.columns)
    assert checked["mine"].tolist() == [7]
    assert checked["weight"].isna().all()


@pytest.mark.parametrize(
    ("table", "contract", "parts"),
    [
        (answers().rename(columns={"status": "staus"}), ANSWERS, ["column 'status' is missing", "rename 'staus'"]),
        (pd.concat([answers(), answers()[["text"]]], axis=1), ANSWERS, ["column 'text' is there twice"]),
        (answers(status=SECRET), ANSWERS, ["column status, row 0", "unknown value", "non_answer"]),
        (answers(weight=-1), ANSWERS, ["weight", "too low"]),
        (answers(weight=SECRET), ANSWERS, ["weight", "not a number"]),
        (answers(answer_id=None), ANSWERS, ["answer_id", "missing value"]),
        (pd.concat([answers(), answers()]), ANSWERS, ["2 rows share their key"]),
        (pd.DataFrame({"answer_id": ["1"], "code": ["x"], "score": [1.2]}), SCORES, ["score", "too high"]),
        (
            pd.DataFrame({"answer_id": ["1"], "code": ["x"], "applied": [SECRET], "coder": ["c"], "role": ["audit"]}),
            CODINGS,
            ["applied", "true or false"],
        ),
    ],
)
def test_a_broken_contract_names_table_column_and_row_but_no_value(
    table: pd.DataFrame, contract: object, parts: list[str]
) -> None:
    with pytest.raises(TableError) as caught:
        check_table(table, contract)  # type: ignore[arg-type]
    for part in parts:
        assert part in str(caught.value)
    assert "Jansen" not in str(caught.value)


def test_times_may_be_written_in_every_form_of_iso_8601() -> None:
    times = ["2024-01-01T10:00:00Z", "2024-01-01T10:00:00.5+01:00", "2024-01-01", None]
    codings = pd.DataFrame({"answer_id": list("abcd"), "code": "x", "applied": True, "coder": "c", "role": "audit"})
    found = check_table(codings.assign(at=times), CODINGS)["at"]
    assert [str(time) for time in found[:3]] == [
        "2024-01-01 10:00:00+00:00", "2024-01-01 09:00:00.500000+00:00", "2024-01-01 00:00:00+00:00"
    ]  # fmt: skip
    assert found.isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("now", "others", "earlier"),
    [
        ("2025 najaar", ["2024 najaar", "2025 voorjaar", "2024 voorjaar"],
         ["2025 voorjaar", "2024 najaar", "2024 voorjaar"]),
        ("10", ["9", "8"], ["9", "8"]),
        ("2022", ["2018", "2024", "", "2015"], ["2018", "2015"]),
        ("maart 2025", ["november 2024", "januari 2025", "mei 2025"], ["januari 2025", "november 2024"]),
        ("Q2 2025", ["Q1 2025", "Q3 2025", "Q4 2024"], ["Q1 2025", "Q4 2024"]),
        ("eenmeting", ["nulmeting"], ["nulmeting"]),
        ("nulmeting", ["2019"], ["2019"]),
    ],
)  # fmt: skip
def test_earlier_waves_come_newest_first(now: str, others: list[str], earlier: list[str]) -> None:
    assert earlier_waves([now, *others], now) == earlier
