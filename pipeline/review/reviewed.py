"""What the reviewers decided, as tables: the codings that count, every coding, and the disagreements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.codebook import Codebook
from pipeline.review.events import Event, latest, read_journal
from pipeline.review.sample import read_sample
from pipeline.review.texts import current_texts, marked
from pipeline.tables import CODINGS, check_table
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd


def with_sample_roles(
    events: Sequence[Event], sample: pd.DataFrame, texts: Mapping[str, str] | None = None
) -> list[Event]:
    """Return the last event per annotation, in the role that its answer has in the sample.

    An answer chosen for training that the audit later drew as well counts as audit once it is its turn (see
    `before_their_turn`); a coding of an answer that was never drawn can only be training, because its inclusion
    probability is unknown.
    """
    early = before_their_turn(events, sample, texts)
    roles: dict[str, str] = dict.fromkeys(early, "training")
    for answer_id, role in zip(sample["answer_id"], sample["role"], strict=True):
        if (role == "audit" and answer_id not in early) or (role == "training" and answer_id not in roles):
            roles[str(answer_id)] = str(role)
    return [
        event if event.role == "second" else replace(event, role=roles.get(event.answer_id, "training"))
        for event in latest(events).values()
    ]


def before_their_turn(
    events: Sequence[Event], sample: pd.DataFrame, texts: Mapping[str, str] | None = None
) -> set[str]:
    """Return the audited answers that were coded for training, and whose turn in the audit has not come yet.

    What was coded for training was chosen: it is uncertain. Counted as soon as a larger audit draws it, it would stand
    for the answers of the audit that nobody coded yet, and percentages would be wrong. So it waits until every answer
    of its stratum with a lower permanent random number was dealt with: coded, skipped or gone (with `texts`, answer id
    -> text). In a sample without those numbers it waits for all the others.
    """
    taught = {event.annotation for event in events if event.role == "training"}
    own = [event for event in events if event.role != "second" and not event.adjudicated]
    dealt_with = {event.answer_id for event in own if event.annotation not in taught}
    chosen = {event.answer_id for event in own} - dealt_with
    audit = sample[sample["role"] == "audit"]
    if audit.empty or not chosen & set(audit["answer_id"]):
        return set()
    if texts is not None:
        dealt_with |= {key for key in map(str, audit["answer_id"]) if not texts.get(key, "").strip()}
    early: set[str] = set()
    for _, stratum in audit.sort_values("number").groupby(["question", "stratum"], dropna=False):
        ids = [str(answer_id) for answer_id in stratum["answer_id"]]
        left = [place for place, answer_id in enumerate(ids) if answer_id not in dealt_with | chosen]
        if left:
            turn = 0 if stratum["number"].isna().any() else left[0]
            early |= chosen & set(ids[turn:])
    return early


def current_events(workspace: Workspace, texts: Mapping[str, str] | None = None) -> list[Event]:
    """Return the last event per annotation in its sample role; one of another text, or of no answer, does not count.

    Args:
        workspace: with the journal, the sample and the answers of the last run.
        texts: answer id -> text, when they are newer than those of the last run.

    Raises:
        ReviewError: the journal is damaged.
    """
    texts = current_texts(workspace) if texts is None else texts
    return marked(workspace, with_sample_roles(read_journal(workspace), read_sample(workspace), texts), texts)


def deciding(events: Iterable[Event]) -> dict[tuple[str, str], Event]:
    """Return per answer and role the one coding that counts: the adjudicated one, else the last one given."""
    out: dict[tuple[str, str], Event] = {}
    for event in sorted(events, key=lambda event: (event.adjudicated, event.at, event.annotation)):
        if event.counts:
            out[(event.answer_id, event.role)] = event
    return out


def second_by_first(events: Iterable[Event]) -> list[str]:
    """Return the answers whose second coding is by their first coder: one person, so nothing to compare."""
    own = deciding(event for event in events if not event.adjudicated)
    first = {key: event.coder for (key, role), event in own.items() if role == "audit"}
    return sorted(key for (key, role), event in own.items() if role == "second" and first.get(key) == event.coder)


@dataclass(frozen=True)
class Conflict:
    """An answer that coders coded differently, with their codings; `kind`: `two_annotations` or `second_coder`."""

    answer_id: str
    question: str
    kind: str
    codings: tuple[Event, ...]


def conflicts(events: Iterable[Event]) -> list[Conflict]:
    """Return the answers on which codings differ and that nobody adjudicated yet, in order of answer id.

    Codes that only one of the codebook versions knew are not compared. Codings newer than the adjudication reopen it.
    """
    per_answer: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.counts:
            per_answer[event.answer_id].append(event)
    out = []
    for answer_id, found in sorted(per_answer.items()):
        settled = max((event.at for event in found if event.adjudicated), default="")
        last: dict[tuple[str, str], Event] = {}
        for event in sorted(found, key=lambda event: (event.at, event.annotation)):
            if not event.adjudicated:
                last[(event.coder, event.role)] = event
        codings = tuple(last.values())
        common = set.intersection(*(set(event.judged) for event in codings)) if codings else set()
        if len({frozenset(event.codes) & common for event in codings}) < 2:
            continue
        if settled and max(event.at for event in codings) <= settled:
            continue
        kind = "second_coder" if any(event.role == "second" for event in codings) else "two_annotations"
        out.append(Conflict(answer_id, codings[0].question, kind, codings))
    return out


def to_codings(events: Iterable[Event], codebooks: Mapping[str, Codebook] | None = None) -> pd.DataFrame:
    """Return events as a codings table: one row per code that was judged, applied or not.

    With `codebooks` (question -> codebook), codes that a codebook no longer has are left out.
    """
    import pandas as pd

    names = ("answer_id", "code", "applied", "coder", "role", "at", "question", "origin", "doubt", "note", "skipped")
    columns: dict[str, list[object]] = {name: [] for name in names}
    for event in events:
        valid = codebooks[event.question].by_id if codebooks and event.question in codebooks else None
        chosen = set(event.codes)
        for code in event.judged:
            if valid is not None and code not in valid:
                continue
            row = (event.answer_id, code, code in chosen, event.coder, event.role, event.at, event.question)
            for name, value in zip(names, (*row, event.origin, event.doubt, event.note, event.skipped), strict=True):
                columns[name].append(value)
    table = pd.DataFrame(columns)
    for name in ("doubt", "note", "skipped"):
        table[name] = table[name].astype(bool)
    return check_table(table, CODINGS)


def reviewed_codings(workspace: Workspace, codebooks: Mapping[str, Codebook] | None = None) -> pd.DataFrame:
    """Return the codings that count: per answer and role one coder's, one row per code of the codebook.

    Skipped answers, answers without any code, codes that don't exist and codings of a text that changed since are left
    out (`duiding review status` lists them). Beyond the contract the columns are question, origin (accepted, changed,
    manual), doubt, note and skipped.

    Raises:
        ReviewError: the journal is damaged.
    """
    decided = sorted(deciding(current_events(workspace)).items())
    return to_codings([event for _, event in decided], codebooks)
