"""Ticks beside an open box: the items a respondent chose from a list; each is a coding with its own role."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.codebook import Codebook
from pipeline.config import Question
from pipeline.errors import CodebookError, TableError, problem

if TYPE_CHECKING:
    import pandas as pd

_TICKED = frozenset("1 ja j yes y x v true waar aangekruist aangevinkt genoemd gekozen ✓ ✔ ☑".split())
_TICKED |= frozenset("checked selected named mentioned chosen".split())
_NOT_TICKED = frozenset("0 2 99 nee n no false onwaar -".split()) | {""}
_DECIMAL = re.compile(r"(?<=\d)[.,]0\Z")  # "1.0" is how some programs write a 1
_NOT = ("niet ", "not ", "un")  # "niet aangekruist", "not selected", "unchecked"


def read_ticks(
    question: Question, codebook: Codebook, table: pd.DataFrame, answer_ids: pd.Series, path: Path
) -> pd.DataFrame:
    """Return the ticks of one question: answer_id and code, each pair once.

    Raises:
        TableError: a tick is neither yes nor no, or names no code; the message never shows what was typed.
    """
    import pandas as pd

    found: dict[tuple[str, str], None] = {}
    ids = answer_ids.to_dict()
    for column, code in question.ticks.items():
        code_id = codebook.resolve(code)
        names = {codebook.by_id[code_id].label.casefold(), column.casefold()}
        for row, value in table[column].items():
            plain = _DECIMAL.sub("", str(value).strip().casefold())
            if plain in _TICKED or plain in names:
                found[(ids[row], code_id)] = None
            elif plain not in _NOT_TICKED and not plain.startswith(_NOT):
                raise TableError(
                    problem(
                        file=path,
                        place=f"row {row}, column {column}",
                        found="a tick that is neither yes nor no",
                        expected="1/0, ja/nee, x or empty",
                        do="recode the column, or use 'ticks_column' if it holds labels",
                    )
                )
    if question.ticks_column:
        for row, value in table[question.ticks_column].items():
            for name in filter(str.strip, str(value).split(question.ticks_separator)):
                place = f"row {row}, column {question.ticks_column}"
                found[(ids[row], _code_of(name, codebook, path, place))] = None
    return pd.DataFrame(list(found), columns=["answer_id", "code"], dtype="object")


def _code_of(name: str, codebook: Codebook, path: Path, place: str) -> str:
    try:
        return codebook.resolve(name)
    except CodebookError:  # its message shows the name, and here that can be what a respondent typed
        found = f"a label that is not in codebook '{codebook.id}'"
        do = "correct it in the file, or check 'ticks_separator'"
        raise TableError(problem(file=path, place=place, found=found, do=do)) from None
