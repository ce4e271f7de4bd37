"""What the tests of `estimates.compare` say: more often, less often, or no difference shown."""

from __future__ import annotations

from typing import Final

import pandas as pd

from pipeline.report.values import text
from pipeline.tables import wave_order

HIGHER: Final = "hoger"
LOWER: Final = "lager"
NONE: Final = "geen aantoonbaar verschil"
REFERENCE: Final = "reference"
_REST: Final = "rest"
_WAVE: Final = "wave"
_QUESTIONS: Final = "questions"


class Verdicts:
    """Looks up the word of a comparison of the left side (a group, this wave) with the right one.

    Args:
        comparisons: from `compare_shares` and `compare_questions`.
        reference: name of the reference group; comparisons with other published groups are not shown.
        wave: the survey's own.
    """

    def __init__(self, comparisons: pd.DataFrame | None, reference: str, wave: str) -> None:
        self._reference = reference
        self._words: dict[tuple[str, str, str, str], str] = {}
        self._notes: dict[tuple[str, str, str, str], str] = {}
        if comparisons is not None:
            rows = [{str(key): value for key, value in row.items()} for row in comparisons.to_dict("records")]
            # of several waves of the reference group the newest is shown, and this wave's own before all
            for row in sorted(
                rows, key=lambda row: (text(row["right_wave"]) == wave, wave_order(text(row["right_wave"])))
            ):
                self._add(row)

    def against_reference(self, question: str, group: str, code: str) -> str:
        """Return the word for a group against the reference group; empty when not tested."""
        return self._words.get((question, code, group, REFERENCE), "")

    def against_rest(self, question: str, group: str, code: str) -> str:
        """Return the word for a group against the other groups; empty when not tested."""
        return self._words.get((question, code, group, _REST), "")

    def against_questions(self, question: str, group: str, code: str) -> str:
        """Return the word for a question against the other questions that were judged; empty when not tested."""
        return self._words.get((question, code, group, _QUESTIONS), "")

    def against_wave(self, question: str, group: str, code: str, wave: str) -> str:
        """Return the word for this wave against an earlier one in a group; empty when not tested."""
        return self._words.get((question, code, group, wave), "")

    def not_comparable(self, question: str, group: str, code: str, other: str) -> str:
        """Return why this wave can't be compared with an earlier one, or with `REFERENCE`; empty when it can."""
        return self._notes.get((question, code, group, other), "")

    def _add(self, row: dict[str, object]) -> None:
        kind = text(row["kind"])
        if kind == REFERENCE and text(row["right_group"]) != self._reference:
            return
        other = text(row["right_wave"]) if kind == _WAVE else kind
        key = (str(row["question"]), str(row["code"]), text(row["left_group"]), other)
        self._words[key] = text(row["word"])
        self._notes[key] = "" if self._words[key] else text(row.get("reason"))
