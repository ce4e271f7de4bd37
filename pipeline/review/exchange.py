"""Codings in and out as JSON lines (the journal's format), to share, keep under version control or merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.codebook import Codebook
from pipeline.config import Survey
from pipeline.errors import ReviewError, did_you_mean, problem, quoted
from pipeline.review.coders import Coders
from pipeline.review.designs import Draw, draws_of, join_draws, open_draws, parse_draw
from pipeline.review.events import (
    Compared,
    Event,
    add_events,
    compare_with,
    latest,
    parse_event,
    read_journal,
    read_lines,
)
from pipeline.review.files import one_at_a_time
from pipeline.review.reviewed import with_sample_roles
from pipeline.review.sample import read_sample, write_sample
from pipeline.review.texts import Fingerprints, current_texts
from pipeline.workspace import Workspace, read_table, write_text


@dataclass(frozen=True)
class Imported:
    """How many lines were read, how many were news, and how many audit lines are of answers that were never drawn.

    `compared` names the answers whose coding was replaced, and those of which the journal has a newer one.
    """

    n_read: int
    n_new: int
    n_not_drawn: int
    compared: Compared


def export_jsonl(workspace: Workspace, path: Path) -> int:
    """Write the last coding per annotation, with the inclusion probabilities of the sample; return how many.

    What was drawn and is not coded yet has a line of its own, so that the sample is whole where the file is imported.
    A file that is there already is replaced (see `refuse_other`).

    Raises:
        ReviewError: the journal is damaged.
    """
    sample = read_sample(workspace)
    drawn = {
        (answer_id, role): (None if probability != probability else float(probability), stratum)
        for answer_id, role, probability, stratum in zip(
            sample["answer_id"], sample["role"], sample["inclusion_probability"], sample["stratum"], strict=True
        )
    }
    texts = current_texts(workspace)
    events = with_sample_roles(read_journal(workspace), sample, texts)
    lines = []
    for event in events:
        probability, stratum = drawn.get((event.answer_id, event.role), (None, None))
        named = str(stratum) if isinstance(stratum, str) else None
        lines.append(replace(event, inclusion_probability=probability, stratum=named).line())
    lines += [draw.line() for draw in open_draws(sample, events, texts)]
    write_text(path, "".join(line + "\n" for line in lines))
    return len(events)


def refuse_other(workspace: Workspace, survey: Survey, path: Path) -> None:
    """Refuse to write over anything but an earlier export of this workspace.

    Raises:
        ReviewError: the file is there already and holds something else, or the journal is damaged.
    """
    if path.exists() and not _was_exported(workspace, path):
        take_in = f"duiding review import {quoted(path)} {quoted(survey.file)}"
        raise ReviewError(
            problem(file=path, found="there already, and it holds something else than codings that are here",
                    do=f"give another name, or --force; a colleague's codings: {take_in}")
        )  # fmt: skip


def _was_exported(workspace: Workspace, path: Path) -> bool:
    """Return whether nothing is lost with a file: its lines are codings of the journal, none newer, and draws of here.

    A colleague's export that was not imported yet looks like our own otherwise.
    """
    known, sample = latest(read_journal(workspace)), read_sample(workspace)
    drawn = set(zip(sample["answer_id"], sample["role"], strict=True))
    try:
        for line, raw in read_lines(path):
            if isinstance(raw, dict) and "open" in raw:
                draw = parse_draw(raw, file=path, line=line)
                if (draw.answer_id, draw.role) not in drawn:
                    return False
                continue
            event = parse_event(raw, file=path, line=line)
            if event.annotation not in known or event.at > known[event.annotation].at:
                return False
    except ReviewError:
        return False
    return True


def import_jsonl(workspace: Workspace, survey: Survey, path: Path) -> Imported:
    """Add the codings of a JSON lines file to the journal, all of them or none; a second time adds nothing.

    A line with an `inclusion_probability` puts its answer in the sample when it was not drawn here; an audit line
    without one, of an answer that was not drawn here, is kept but counts as training: nothing can be estimated from it.

    Raises:
        ReviewError: a line breaks the format, or names a question, answer or code that does not exist, or the file is
            of another audit than the one drawn here.
    """
    with one_at_a_time(workspace):
        codebooks = {question.id: survey.codebook(question) for question in survey.questions}
        coders = Coders(workspace)
        told: dict[int, Event | Draw] = {}  # by line
        for line, raw in read_lines(path):
            if isinstance(raw, dict) and "open" in raw:
                told[line] = parse_draw(raw, file=path, line=line)
            else:
                told[line] = _parse(_under_a_name(raw, coders), path, line, codebooks)
        events = [one for one in told.values() if isinstance(one, Event)]
        draws = [one for one in told.values() if isinstance(one, Draw)]
        if not events:
            raise ReviewError(
                problem(file=path, found="no codings in it", expected="one coding per line",
                        do="ask for the file that 'duiding review export' wrote")
            )  # fmt: skip
        table = workspace.path("answers.parquet")
        answers = read_table(table) if table.exists() else None
        if answers is not None:
            _check_answers(told, dict(zip(answers["answer_id"], answers["question"], strict=True)), path)
        sample = read_sample(workspace)
        extended = join_draws(sample, [*draws_of(events), *draws], answers, seed=survey.seed, file=path)
        roles = set(zip(extended["answer_id"], extended["role"], strict=True))
        if len(extended):
            write_sample(workspace, extended)
        plain = [replace(event, inclusion_probability=None, stratum=None) for event in events]
        journal = read_journal(workspace)
        compared = compare_with(journal, plain)
        new = add_events(workspace, _with_fingerprints(workspace, journal, plain))
        coders.save()
        audited = {event.answer_id for event in events if event.role == "audit"}
        lost = {answer_id for answer_id in audited if (answer_id, "audit") not in roles}
        return Imported(len(events), len(new), len(lost), compared)


def _under_a_name(raw: object, coders: Coders) -> object:
    """Return a line with a name in the place of its coder's login, also where the annotation is called after it."""
    if not isinstance(raw, dict) or not isinstance(raw.get("coder"), str) or coders.is_name(raw["coder"]):
        return raw
    login, name = raw["coder"], coders.name(raw["coder"])
    known = raw.get("annotation")
    renamed = {"annotation": known.replace(login, name)} if login and isinstance(known, str) else {}
    return {**raw, "coder": name, **renamed}


def _with_fingerprints(workspace: Workspace, journal: Sequence[Event], events: Sequence[Event]) -> list[Event]:
    """Return the events with fingerprints: their own, the one in the journal, else that of the text as it is now.

    So a file that is imported again does not vouch for a text that changed since.
    """
    texts, prints, known = current_texts(workspace), Fingerprints(workspace), latest(journal)
    if texts is None:
        return list(events)
    out = []
    for event in events:
        before = known.get(event.annotation)
        if prints.ours(event.fingerprint):
            out.append(event)
        elif before is not None and before.content == event.content:
            out.append(replace(event, fingerprint=before.fingerprint))
        else:
            out.append(replace(event, fingerprint=prints.of(texts.get(event.answer_id, ""))))
    return out


def _parse(raw: object, path: Path, line: int, codebooks: Mapping[str, Codebook]) -> Event:
    question = raw.get("question") if isinstance(raw, dict) else None
    codebook = codebooks.get(question) if isinstance(question, str) else None
    if isinstance(question, str) and codebook is None:
        raise ReviewError(
            problem(file=path, place=f"line {line}", found=f"no question '{question[:60]}' in this survey",
                    do=did_you_mean(question, codebooks))
        )  # fmt: skip
    judged = None
    if isinstance(raw, dict) and codebook is not None:
        if raw.get("codebook") == codebook.digest:
            judged = list(codebook.by_id)
        elif "judged" not in raw and "codebook" in raw:
            raise ReviewError(
                problem(file=path, place=f"line {line}", found="coded with another version of the codebook",
                        expected=f"version {codebook.digest}, or a field 'judged' with the codes of that version")
            )  # fmt: skip
    event = parse_event(raw, file=path, line=line, judged=judged)
    for code in event.codes:
        if codebook is not None and code not in codebook.by_id and not event.problem:
            codebook.resolve(code, file=path, place=f"line {line}")
    return event


def _check_answers(told: Mapping[int, Event | Draw], questions: Mapping[str, str], path: Path) -> None:
    for line, one in told.items():
        if questions.get(one.answer_id) != one.question:
            raise ReviewError(
                problem(file=path, place=f"line {line}", found=f"no answer {one.answer_id} to {one.question}",
                        expected="codings of this survey's answers", do="run 'duiding run' on the file they came from")
            )  # fmt: skip
