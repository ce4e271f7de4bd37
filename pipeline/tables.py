"""The tables that flow between the stages: long pandas frames, checked at every boundary."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.errors import TableError, nearest, problem

if TYPE_CHECKING:
    import pandas as pd

ANSWER: Final = "answer"
FOREIGN: Final = "other_language"
STATUSES: Final = (ANSWER, "empty", "non_answer", "nothing_to_improve", FOREIGN)
ROLES: Final = ("machine", "tick", "audit", "training", "second")
REVIEW_ROLES: Final = ("audit", "training", "second")


@dataclass(frozen=True)
class Column:
    """One column: its kind, whether it may be missing, and the values it may hold."""

    kind: str  # text | number | integer | boolean | time
    optional: bool = False  # the column may be absent: it is then added, empty
    nullable: bool = False
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Contract:
    """A table's name, its columns and the columns that identify a row."""

    name: str
    key: tuple[str, ...]
    columns: dict[str, Column]


_SHARE: Final = Column("number", nullable=True, low=0.0, high=1.0)

ANSWERS: Final = Contract(
    "answers",
    ("answer_id",),
    {
        "answer_id": Column("text"),
        "respondent_id": Column("text"),
        "question": Column("text"),
        "group": Column("text", optional=True, nullable=True),
        "wave": Column("text", optional=True, nullable=True),
        "text": Column("text", optional=True, nullable=True),
        "weight": Column("number", optional=True, nullable=True, low=0.0),
        "status": Column("text", values=STATUSES),
    },
)
SCORES: Final = Contract(
    "scores",
    ("answer_id", "code"),
    {"answer_id": Column("text"), "code": Column("text"), "score": Column("number", low=0.0, high=1.0)},
)
CODINGS: Final = Contract(
    "codings",
    ("answer_id", "code", "coder", "role"),
    {
        "answer_id": Column("text"),
        "code": Column("text"),
        "applied": Column("boolean"),
        "coder": Column("text"),
        "role": Column("text", values=ROLES),
        "at": Column("time", optional=True, nullable=True),
    },
)
SAMPLE: Final = Contract(
    "sample",
    ("answer_id", "role"),
    {
        "answer_id": Column("text"),
        "question": Column("text"),
        "role": Column("text", values=REVIEW_ROLES),
        "inclusion_probability": Column("number", nullable=True, low=0.0, high=1.0),
        "stratum": Column("text", optional=True, nullable=True),
        "number": Column("number", optional=True, nullable=True, low=0.0, high=1.0),  # the order of the audit
    },
)
SHARES: Final = Contract(
    "shares",
    ("question", "group", "wave", "code"),
    {
        "question": Column("text"),
        "group": Column("text"),
        "wave": Column("text", nullable=True),
        "code": Column("text"),
        "n_answers": Column("integer", low=0.0),
        "n_reviewed": Column("integer", low=0.0),
        "share": _SHARE,
        "low": _SHARE,
        "high": _SHARE,
        "method": Column("text"),
        "flag": Column("text", nullable=True),
    },
)
_DIFFERENCE: Final = Column("number", nullable=True, low=-1.0, high=1.0)
COMPARISONS: Final = Contract(
    "comparisons",
    ("question", "code", "left", "right"),
    {
        "question": Column("text"),
        "code": Column("text"),
        "left": Column("text"),
        "right": Column("text"),
        "difference": _DIFFERENCE,
        "low": _DIFFERENCE,
        "high": _DIFFERENCE,
        "p_value": _SHARE,
        "q_value": _SHARE,
        "flag": Column("text", nullable=True),
    },
)


_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MONTHS: Final = ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
                  "november", "december")  # fmt: skip
_SEASONS: Final = {"voorjaar": 4, "lente": 4, "zomer": 7, "najaar": 10, "herfst": 10}
_MONTH: Final = _SEASONS | {part: n for n, name in enumerate(_MONTHS, 1) for part in (name, name[:3])} | {"mrt": 3}


def wave_order(wave: str) -> tuple[int, ...]:
    """Return what a wave is sorted by: the numbers in its name, the year first, a season or month as its number.

    >>> sorted(["najaar 2025", "10", "2025 voorjaar", "9", "2024"], key=wave_order)
    ['9', '10', '2024', '2025 voorjaar', 'najaar 2025']
    """
    years = [int(year) for year in _YEAR.findall(wave)]
    found = re.findall(r"\d+|[^\W\d_]+", _YEAR.sub(" ", wave).lower())
    numbers = [int(one) if one.isdigit() else _MONTH.get(one, -1) for one in found]
    return *years, *(number for number in numbers if number >= 0)


def earlier_waves(waves: Iterable[str], now: str) -> list[str]:
    """Return the waves before `now`, newest first: all others, but for those that by their names came later."""
    place = wave_order(now)
    before = {wave for wave in waves if wave and wave != now and not (place and wave_order(wave) > place)}
    return sorted(before, key=lambda wave: (wave_order(wave), wave), reverse=True)


def check_table(table: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return the table with its contract's columns first and in their dtypes; other columns are kept.

    Raises:
        TableError: a column is missing, there twice, of the wrong kind, out of range, or the key is not unique.
            The message names table, column and row label, never a value.
    """
    import pandas as pd

    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        found = f"column '{twice}' is there twice"
        raise TableError(problem(place=f"table {contract.name}", found=found, do="rename or drop one"))
    checked = {}
    for name, column in contract.columns.items():
        if name not in table.columns:
            if not column.optional:
                near = nearest(name, [str(found) for found in table.columns])
                raise TableError(
                    problem(
                        place=f"table {contract.name}",
                        found=f"column '{name}' is missing",
                        do=f"rename '{near}' to '{name}'" if near else "add it",
                    )
                )
            values = pd.Series(None, index=table.index, dtype="object")
        else:
            values = table[name]
        checked[name] = _as_kind(values, name, column, contract.name)
    rest = {name: table[name] for name in table.columns if name not in contract.columns}
    out = pd.DataFrame(checked | rest, index=table.index, copy=False)
    out.attrs = dict(table.attrs)
    duplicated = out.duplicated(list(contract.key), keep=False)
    if duplicated.any():
        raise TableError(
            problem(
                place=f"table {contract.name}, row {_first(duplicated)}",
                found=f"{int(duplicated.sum())} rows share their key",
                expected=f"{' + '.join(contract.key)} to be unique",
            )
        )
    return out


def _first(mask: pd.Series[bool]) -> str:
    return str(mask.idxmax())


def _as_kind(values: pd.Series, name: str, column: Column, table: str) -> pd.Series:
    import pandas as pd

    def wrong(bad: pd.Series[bool], found: str, expected: str) -> TableError:
        place = f"table {table}, column {name}, row {_first(bad)}"
        return TableError(problem(place=place, found=found, expected=expected))

    missing = values.isna()
    if not column.nullable and missing.any():
        raise wrong(missing, "a missing value", "every row to have one")
    if column.kind == "text":
        if values.dtype == "str":
            out = values
        else:
            out = values.astype("str") if not missing.any() else values.astype("object").where(~missing).astype("str")
        if column.values:
            bad = ~missing & ~out.isin(column.values)
            if bad.any():
                raise wrong(bad, "an unknown value", "one of " + ", ".join(column.values))
        return out
    if column.kind == "boolean":
        if values.dtype == bool:
            return values
        bad = ~values.isin([True, False])
        if bad.any():
            raise wrong(bad, "not true or false", "true or false")
        return values.astype(bool)
    if column.kind == "time":
        if missing.all():  # the times of machine codings: nothing to read in what can be millions of rows
            return pd.Series(pd.NaT, index=values.index, dtype="datetime64[s, UTC]")
        parsed = pd.to_datetime(
            values, errors="coerce", utc=True, format="ISO8601"
        )  # with and without parts of a second
        bad = parsed.isna() & ~missing
        if bad.any():
            raise wrong(bad, "not a time", "an ISO 8601 time")
        return parsed
    numbers = pd.to_numeric(values, errors="coerce")
    bad = numbers.isna() & ~missing
    if bad.any():
        raise wrong(bad, "not a number", "a number")
    if column.low is not None and (numbers < column.low).any():
        raise wrong(numbers < column.low, "a number that is too low", f"at least {column.low:g}")
    if column.high is not None and (numbers > column.high).any():
        raise wrong(numbers > column.high, "a number that is too high", f"at most {column.high:g}")
    if column.kind == "integer":
        bad = numbers != numbers.round()
        if bad.any():
            raise wrong(bad, "not a whole number", "a whole number")
        return numbers.astype("int64")
    return numbers.astype("float64")


def meant_answer(answer_id: str, answers: pd.DataFrame) -> str:
    """Return the answer of the same respondent that was meant, or an empty string: never another person's answer."""
    number, colon, name = answer_id.strip().casefold().rpartition(":")
    if not colon:  # with another sign between the two, what follows must be no more of the respondent's number
        found = re.fullmatch(r"(.+?)[\s;,._/-]+([a-z][\w-]*)", name)
        number, name = found.groups() if found else ("", "")
    theirs = {
        str(question): str(one)
        for one, respondent, question in answers[["answer_id", "respondent_id", "question"]].itertuples(index=False)
        if str(respondent).casefold() == number.strip()
    }
    return theirs.get(nearest(name.strip(), theirs), "")
