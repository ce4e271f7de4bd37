"""What the tests of `estimates.compare` say: more often, less often, or no difference shown."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from pipeline.tables import wave_order

HIGHER: Final = "hoger"
LOWER: Final = "lager"
NONE: Final = "geen aantoonbaar verschil"
REFERENCE: Final = "reference"
_REST: Final = "rest"
_QUESTIONS: Final = "questions"


class Verdicts:
    """Looks up the word of a comparison of the left side (a group, this wave) with the right one.

    The columns left_group, left_wave, right_group, right_wave and kind say what was compared; without them the names
    do ("Hengelo", "2018", "Hengelo 2018"). What is neither a known group nor a wave is the rest of the groups.
    """

    def __init__(
        self, comparisons: pd.DataFrame | None, groups: tuple[str, ...], total: str, reference: str, wave: str
    ) -> None:
        self._groups = sorted((*groups, total, reference), key=len, reverse=True)
        self._total, self._reference, self._wave = total, reference, wave
        self._words: dict[tuple[str, str, str, str], str] = {}
        self._notes: dict[tuple[str, str, str, str], str] = {}
        if comparisons is not None:
            rows = [{str(key): value for key, value in row.items()} for row in comparisons.to_dict("records")]
            # of several waves of the reference group the newest is shown, and this wave's own before all
            for row in sorted(
                rows, key=lambda row: (_text(row.get("right_wave")) == wave, wave_order(_text(row.get("right_wave"))))
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
        left, left_wave = self._side(row, "left")
        right, right_wave = self._side(row, "right")
        group = _text(row.get("group")) or left or self._total
        if _text(row.get("kind")) == _QUESTIONS:
            other = _QUESTIONS
        elif self._reference == right:
            other = REFERENCE
        elif _text(row.get("kind")) == "wave" or (right_wave and right_wave != (left_wave or self._wave)):
            other = right_wave
        elif right in ("", self._total):
            other = _REST
        else:
            return  # two groups against each other: not shown, only each against the rest
        key = (str(row["question"]), str(row["code"]), group, other)
        self._words[key] = _word(row)
        self._notes[key] = "" if self._words[key] else _text(row.get("reason"))

    def _side(self, row: dict[str, object], side: str) -> tuple[str, str]:
        """Return the group and the wave that one side names; both may be empty."""
        if f"{side}_group" in row:
            group = _text(row[f"{side}_group"])
            return group if group in self._groups else "", _text(row.get(f"{side}_wave"))
        name = str(row[side])
        for group in self._groups:
            if name == group:
                return group, ""
            if name.startswith(group) and _is_wave(rest := name[len(group) :].strip(" ·|,:()/-")):
                return group, rest
        return ("", name) if _is_wave(name) else ("", "")


def _is_wave(text: str) -> bool:
    return bool(text) and text[0].isdigit()


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)) else str(value)


def _word(row: dict[str, object]) -> str:
    """Return the row's word; tables without the column get it from q (else p) below .05 and the sign."""
    if "word" in row:
        return _text(row["word"])
    chance = _text(row.get("q_value")) or _text(row.get("p_value"))
    difference = _text(row.get("difference"))
    if not chance or not difference:
        return ""
    if float(chance) >= 0.05:
        return NONE
    return HIGHER if float(difference) > 0 else LOWER
