"""The journal `review.jsonl`: one line per thing a coder did, only ever added to, without any answer's text.

It is also the exchange format: `duiding review export FILE.jsonl` writes it and `duiding review import` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.errors import ReviewError, did_you_mean, problem
from pipeline.review.files import review_folder
from pipeline.tables import REVIEW_ROLES
from pipeline.validation import read_text
from pipeline.workspace import Workspace, write_text

ORIGINS = ("accepted", "changed", "manual")
PROBLEMS = ("", "empty", "unknown_code", "several_in_facet", "text_changed", "answer_gone")

#: Of an annotation that the server gives no time of. The same at every pull, so that it is not news.
NO_TIME = "1970-01-01T00:00:00.000000Z"


@dataclass(frozen=True)
class Event:
    """One coding of one answer by one coder.

    `codes` hold, the other codes in `judged` don't; `codebook` is the codebook's digest; `origin` says whether the
    machine's codes were accepted, changed or not shown; `annotation` identifies the act, so a later line with the same
    one replaces it. `fingerprint` is that of the text that was read (see `review.texts`). `inclusion_probability` and
    `stratum` travel along in an exchange file only.
    """

    answer_id: str
    question: str
    codebook: str
    codes: tuple[str, ...]
    judged: tuple[str, ...]
    coder: str
    role: str
    at: str
    origin: str
    annotation: str
    doubt: bool = False
    skipped: bool = False
    note: bool = False
    problem: str = ""
    seconds: float | None = None
    adjudicated: bool = False
    fingerprint: str = ""
    inclusion_probability: float | None = None
    stratum: str | None = None

    @property
    def counts(self) -> bool:
        """Whether this is a finished coding: not skipped and nothing wrong with it."""
        return not self.skipped and not self.problem

    @property
    def content(self) -> tuple[object, ...]:
        """What must differ for this to be news about the same annotation."""
        return (self.answer_id, frozenset(self.codes), self.coder, self.doubt, self.skipped, self.note, self.problem)

    def is_news(self, before: Event) -> bool:
        """Whether this tells something that an earlier line on the same annotation does not."""
        known = self.fingerprint and before.fingerprint
        return self.content != before.content or bool(known and self.fingerprint != before.fingerprint)

    def line(self) -> str:
        """Return the event as one JSON line; fields at their default are left out."""
        shown = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.default is MISSING or getattr(self, field.name) != field.default
        }
        return json.dumps(shown, ensure_ascii=False)


_FIELDS = {field.name: field for field in fields(Event)}
_REQUIRED = tuple(name for name, field in _FIELDS.items() if field.default is MISSING)


def journal_file(workspace: Workspace) -> Path:
    """Return the path of the workspace's journal."""
    return review_folder(workspace) / "review.jsonl"


def parse_event(raw: object, *, file: str | Path, line: int, judged: Sequence[str] | None = None) -> Event:
    """Return the event in one parsed JSON line; `judged` is used where the line does not list it.

    Raises:
        ReviewError: a field is missing, unknown or of the wrong kind; the message names the line.
    """
    place = f"line {line}"
    if not isinstance(raw, dict):
        raise ReviewError(problem(file=file, place=place, found="not a JSON object", expected="one object per line"))
    unknown = sorted(set(raw) - set(_FIELDS))
    if unknown:
        raise ReviewError(
            problem(file=file, place=place, found=f"unknown field '{str(unknown[0])[:40]}'",
                    do=did_you_mean(str(unknown[0]), _FIELDS))
        )  # fmt: skip
    values = dict(raw)
    if "judged" not in values and judged is not None:
        values["judged"] = list(judged)
    values.setdefault("origin", "manual")
    values.setdefault("annotation", f"{values.get('coder')}/{values.get('role')}/{values.get('answer_id')}")
    for name in _REQUIRED:
        if name not in values:
            raise ReviewError(problem(file=file, place=place, found=f"field '{name}' is missing", do=f"add '{name}'"))
    for name, value in values.items():
        values[name] = checked(name, value, file, place)
    if not set(values["codes"]) <= set(values["judged"]) and not values.get("problem"):
        raise ReviewError(
            problem(file=file, place=place, found="a code in 'codes' is not in the codebook it was coded with",
                    expected="every code to be in 'judged'")
        )  # fmt: skip
    return Event(**values)


def checked(name: str, value: object, file: str | Path, place: str) -> Any:
    """Return the value of one field of a line, in its type.

    Raises:
        ReviewError: it is of the wrong kind; the message names the line and the field.
    """

    def wrong(expected: str) -> ReviewError:
        return ReviewError(
            problem(file=file, place=f"{place}, {name}", found="a value of the wrong kind", expected=expected)
        )

    if name in ("codes", "judged"):
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise wrong("a list of code ids")
        return tuple(value)
    if name in ("doubt", "skipped", "note", "adjudicated"):
        if not isinstance(value, bool):
            raise wrong("true or false")
        return value
    if name in ("seconds", "inclusion_probability"):
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise wrong("a number")
        if name == "inclusion_probability" and not 0 < value <= 1:
            raise wrong("a number above 0 and at most 1")
        return float(value)
    if name == "stratum" and value is None:
        return None
    allowed = {"role": REVIEW_ROLES, "origin": ORIGINS, "problem": PROBLEMS}.get(name)
    if not isinstance(value, str) or (allowed is not None and value not in allowed):
        raise wrong("one of " + ", ".join(item for item in allowed if item) if allowed else "text")
    if name == "at":
        return utc(value) or _raise(wrong("an ISO 8601 time with a time zone"))
    return value


def _raise(error: ReviewError) -> object:
    raise error


def utc(text: str) -> str:
    """Return a time as ISO 8601 in UTC with microseconds; empty when it is no time with a zone.

    >>> utc("2022-11-01T10:00:00+01:00")
    '2022-11-01T09:00:00.000000Z'
    """
    try:
        found = datetime.fromisoformat(text)
        return "" if found.tzinfo is None else found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (ValueError, OverflowError):  # the first hours of the year 1 were in no year in UTC
        return ""


def read_lines(path: Path, *, own: bool = False) -> list[tuple[int, Any]]:
    """Return the parsed JSON lines with their numbers.

    Of our `own` journal a last line that was cut off half-way is left out: the writer was stopped there, and what it
    was to write comes again. A file that someone handed over is whole, or something is wrong with it.

    Raises:
        ReviewError: the file can't be read or a line is not JSON.
    """
    text = read_text(path, ReviewError)
    out = []
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            out.append((number, json.loads(line)))
        except ValueError as error:
            if own and number == len(lines):  # no newline after it
                continue
            do = "restore the file from a copy" if own else "ask for the file that 'duiding review export' wrote"
            place = f"line {number}"
            raise ReviewError(
                problem(file=path, place=place, found="not valid JSON", expected="one coding per line", do=do)
            ) from error
    return out


def read_journal(workspace: Workspace) -> list[Event]:
    """Return every event of the workspace's journal, oldest line first.

    Raises:
        ReviewError: the journal is damaged.
    """
    path = journal_file(workspace)
    if not path.exists():
        return []
    return [parse_event(raw, file=path, line=number) for number, raw in read_lines(path, own=True)]


def latest(events: Iterable[Event]) -> dict[str, Event]:
    """Return, per annotation, what was coded last; of equal times the last line."""
    out: dict[str, Event] = {}
    for event in events:
        if event.annotation not in out or event.at >= out[event.annotation].at:
            out[event.annotation] = event
    return out


@dataclass(frozen=True)
class Compared:
    """Answer ids of codings that replace what the journal holds, and of those that are older and change nothing."""

    replaced: tuple[str, ...]
    older: tuple[str, ...]


def compare_with(journal: Iterable[Event], events: Iterable[Event]) -> Compared:
    """Return which of these codings differ from the journal's coding of the same annotation: newer, and older."""
    known = latest(journal)
    pairs = [(event, known[name]) for name, event in latest(events).items() if name in known]
    differ = [(event, before) for event, before in pairs if event.content != before.content]
    return Compared(
        tuple(sorted(event.answer_id for event, before in differ if event.at >= before.at)),
        tuple(sorted(event.answer_id for event, before in differ if event.at < before.at)),
    )


def add_events(workspace: Workspace, events: Sequence[Event]) -> list[Event]:
    """Add the events that are news to the journal, all of them or none, and return them.

    What is older than the journal's coding of the same annotation is no news: the newest coding counts.
    """
    path = journal_file(workspace)
    known = latest(read_journal(workspace))
    news: dict[str, Event] = {}
    for event in events:
        before = news.get(event.annotation) or known.get(event.annotation)
        if before is None or (event.is_news(before) and event.at >= before.at):
            news[event.annotation] = event
    if not news:
        return []
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    old = old[: old.rfind("\n") + 1]
    write_text(path, old + "".join(event.line() + "\n" for event in news.values()))
    return list(news.values())
