"""The table contracts: what is checked at every boundary, and that no value is shown when a check fails."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.errors import TableError
from pipeline.tables import ANSWERS, CODINGS, SCORES, check_table

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
