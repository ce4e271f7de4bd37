"""What was drawn elsewhere, as lines of an exchange file, and joined with what was drawn here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ReviewError, did_you_mean, problem
from pipeline.review.events import Event, checked
from pipeline.review.sample import in_random_order, random_number
from pipeline.tables import ANSWER

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Draw:
    """An answer that was drawn with a known chance: a line of an exchange file, of an answer that is not coded yet."""

    answer_id: str
    question: str
    role: str
    inclusion_probability: float
    stratum: str

    def line(self) -> str:
        """Return the draw as one JSON line."""
        return json.dumps({**asdict(self), "open": True}, ensure_ascii=False)


_FIELDS = (*(field.name for field in fields(Draw)), "open")


def parse_draw(raw: dict[str, object], *, file: str | Path, line: int) -> Draw:
    """Return the draw in one parsed JSON line, one with a field `open`.

    Raises:
        ReviewError: a field is missing, unknown or of the wrong kind; the message names the line.
    """
    place = f"line {line}"
    for name in sorted(set(raw) - set(_FIELDS)):
        do = did_you_mean(name[:40], _FIELDS)
        raise ReviewError(problem(file=file, place=place, found=f"unknown field '{name[:40]}' of an open draw", do=do))
    for name in _FIELDS:
        if raw.get(name) is None:
            raise ReviewError(problem(file=file, place=place, found=f"field '{name}' is missing", do=f"add '{name}'"))
    return Draw(**{name: checked(name, value, file, place) for name, value in raw.items() if name != "open"})


def open_draws(sample: pd.DataFrame, events: Iterable[Event], there: Iterable[str] | None) -> list[Draw]:
    """Return what was drawn with a known chance and is in none of the events; with `there` only of those answers.

    Without them a sample that is exported halfway looks smaller than it is: its answers would stand for too few.
    """
    told = {(event.answer_id, event.role) for event in events}
    known = None if there is None else set(there)
    out = []
    drawn = sample[sample["inclusion_probability"].notna()]
    names = [field.name for field in fields(Draw)]
    for key, question, role, probability, stratum in zip(*(drawn[name] for name in names), strict=True):
        if (key, role) not in told and (known is None or key in known):
            out.append(Draw(key, question, role, float(probability), stratum if isinstance(stratum, str) else question))
    return out


def draws_of(events: Iterable[Event]) -> list[Draw]:
    """Return the draws that lines with codings tell of: those with an inclusion probability."""
    return [
        Draw(event.answer_id, event.question, event.role, event.inclusion_probability, event.stratum or event.question)
        for event in events
        if event.inclusion_probability is not None
    ]


def join_draws(
    sample: pd.DataFrame, draws: Sequence[Draw], answers: pd.DataFrame | None, *, seed: int, file: Path
) -> pd.DataFrame:
    """Return the sample with what was drawn elsewhere.

    Of two audits of which one holds the other, all answers of a stratum have the chance of the larger one: that is the
    chance with which they were drawn, whichever was there first.

    Raises:
        ReviewError: neither audit of a question holds the other, so no chance is known.
    """
    import pandas as pd

    from pipeline.tables import SAMPLE, check_table

    if not draws:
        return sample
    given = pd.DataFrame([asdict(draw) for draw in draws]).drop_duplicates(["answer_id", "role"])
    given["number"] = [random_number(key, seed, "audit") for key in given["answer_id"]]
    given = check_table(given, SAMPLE)
    known = set(zip(sample["answer_id"], sample["role"], strict=True))
    new = given[[key not in known for key in zip(given["answer_id"], given["role"], strict=True)]]
    out = pd.concat([table for table in (sample, new) if len(table)], ignore_index=True)
    audited = set(out.loc[out["role"] == "audit", "answer_id"])
    out = out[(out["role"] != "training") | ~out["answer_id"].isin(audited)].reset_index(drop=True)
    for question, theirs in given[given["role"] == "audit"].groupby("question"):
        ours = sample[(sample["question"] == question) & (sample["role"] == "audit")]
        here = (out["question"] == question) & (out["role"] == "audit")
        if ours.empty:
            continue
        mine = None if answers is None else answers[(answers["question"] == question) & (answers["status"] == ANSWER)]
        if not _one_design(ours, theirs, mine, seed):
            raise ReviewError(
                problem(file=file, place=f"audit of {question}",
                        found="another audit than the one drawn here, and neither holds the other",
                        expected="an audit drawn with the same seed and, or not, with --by-group as here",
                        do="import it where nothing was drawn, or leave its inclusion_probability out: it then teaches")
            )  # fmt: skip
        chances = out.loc[here].groupby("stratum")["inclusion_probability"]
        out.loc[here, "inclusion_probability"] = chances.transform("max")
    return out


def _one_design(ours: pd.DataFrame, theirs: pd.DataFrame, frame: pd.DataFrame | None, seed: int) -> bool:
    """Return whether of two audits of a question one holds the other, in every stratum; `frame`: its answers.

    A part of an audit, in a file of an older version, is told from another audit by the random order that both follow.
    """
    strata, others = ({str(name): part for name, part in audit.groupby("stratum")} for audit in (ours, theirs))
    if not (set(strata) <= set(others) or set(others) <= set(strata)):
        return False
    for name in set(strata) & set(others):
        small, large = sorted((strata[name], others[name]), key=lambda part: part["inclusion_probability"].max())
        if not set(small["answer_id"]) <= set(large["answer_id"]) and (
            frame is None or not all(_in_order(part, name, frame, seed) for part in (small, large))
        ):
            return False
    return True


def _in_order(part: pd.DataFrame, stratum: str, frame: pd.DataFrame, seed: int) -> bool:
    """Return whether all these answers are among the lowest permanent random numbers of their stratum."""
    _, divided, group = stratum.partition("/")
    ids = frame.loc[frame["group"].fillna("") == group, "answer_id"] if divided else frame["answer_id"]
    n = round(part["inclusion_probability"].max() * len(ids))
    return set(part["answer_id"]) <= set(in_random_order(ids, seed, "audit")[:n])
