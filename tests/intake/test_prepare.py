"""The intake as one step: on every core where that pays, with the same result."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipeline import processes
from pipeline.config import load_survey
from pipeline.intake import prepare as room
from pipeline.intake.prepare import prepare


def test_other_processes_give_the_same_answers(small_survey: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text() + "8;Zuid;;Mevrouw Verhoeven belt nooit terug op 06-12345678\n9;;;Alles is duur\n")
    survey = load_survey(small_survey)
    wanted = prepare(survey)
    monkeypatch.setattr(room, "BATCH", 2)
    monkeypatch.setattr(room, "PAYS_FROM", 2)
    monkeypatch.setattr(processes, "_cores", lambda: 2)
    here, counted = room.pseudonymise, list[tuple[int, int]]()
    calls = list[list[str]]()

    def elsewhere(batch: list[str]) -> list[str]:
        calls.append(batch)  # in another process, so that this list stays empty
        return here(batch)

    monkeypatch.setattr(room, "pseudonymise", elsewhere)
    found = prepare(survey, lambda done, total: counted.append((done, total)))
    assert calls == []
    assert counted == [(2, 6), (4, 6), (6, 6)]
    pd.testing.assert_frame_equal(found.answers, wanted.answers)
    assert found.n_replaced == wanted.n_replaced == 1
