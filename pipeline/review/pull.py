"""Fetch the coders' annotations into the journal: only what is new, all of a project or none of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipeline.config import Survey
from pipeline.errors import ReviewError, problem
from pipeline.review.client import Address, address, connected, speaking
from pipeline.review.coders import Coders
from pipeline.review.events import NO_TIME, Event, add_events, latest, read_journal, utc
from pipeline.review.files import one_at_a_time, read_kept, review_folder, write_private
from pipeline.review.labeling import TEXT, Choice, codes_in_config, from_result
from pipeline.review.projects import Project, export_tasks, find_projects, list_tasks, remember, remembered
from pipeline.review.tasks import choice_of
from pipeline.review.texts import Fingerprints
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

_ROLES = {"steekproef": "audit", "leren": "training", "tweede": "second"}
#: A save gives an annotation the time it was made and the time it was changed, less than this apart (seconds).
ONE_SAVE = 2.0
CleanNotes = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class Pulled:
    """What a pull found in one project: annotations there, news for the journal, and codings that can't count.

    `coded_skips` are answers that count as skipped although codes were filled in after (or before) the skip; `gone` are
    answers whose coding is in the journal, and counts, but is not on the server any more.
    """

    question: str
    kind: str
    n_annotations: int
    news: tuple[Event, ...]
    coded_skips: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def wrong(self) -> list[Event]:
        """The new codings that don't count because something is wrong with them."""
        return [event for event in self.news if event.problem]


def pull(workspace: Workspace, survey: Survey, *, clean_notes: CleanNotes | None = None) -> list[Pulled]:
    """Fetch every project of the survey; a second pull adds nothing, an interrupted one is completed by the next.

    Notes are only kept (in `notes.json`, mode 600, never in the journal) when `clean_notes` takes personal data out.

    Raises:
        ReviewError: the server is down or refuses, or has no project of this survey.
    """
    with one_at_a_time(workspace):
        where = address(workspace)
        with connected(where) as client:
            projects = find_projects(client, where, survey)
            questions = {question.id: question for question in survey.questions}
            remember(workspace, projects)
            out = []
            for (name, _), project in sorted(projects.items()):
                if name in questions:
                    choice = choice_of(questions[name], survey.codebook(questions[name]))
                    out.append(pull_project(workspace, client, where, project, choice, clean_notes))
            lost = {key for key in remembered(workspace) - set(projects) if key[0] in questions and key[1] != "decide"}
            gone = sorted(f"{name} ({kind})" for name, kind in lost)
            if gone or not projects:
                raise ReviewError(
                    problem(file=where.url, place=", ".join(gone), found="the project is not on the server (any more)",
                            do="'duiding review push' makes it (again); all that was pulled before is kept")
                )  # fmt: skip
            return out


def pull_project(
    workspace: Workspace, client: LabelStudio, where: Address, project: Project, choice: Choice,
    clean_notes: CleanNotes | None = None,
) -> Pulled:  # fmt: skip
    """Fetch one project into the journal.

    Raises:
        ReviewError: the server can't be reached, refuses, or breaks off.
    """
    tasks = export_tasks(client, where, project)
    with speaking(where, "listing coders"):
        logins = {int(user.id): str(user.email or user.username or user.id) for user in client.users.list()}
    coders, prints = Coders(workspace), Fingerprints(workspace)
    events, notes, coded_skips = [], {}, set()
    ours = [task for task in tasks if (task.get("data") or {}).get("answer_id")]  # people may add tasks of their own
    for task in ours:
        for annotation in task.get("annotations") or []:
            event, note = _event(task, annotation, project, choice, logins, coders)
            events.append(replace(event, fingerprint=prints.of(str(task["data"].get(TEXT, "")))))
            if event.skipped and _holds_codes(annotation, choice):
                coded_skips.add(event.answer_id)
            if note:
                notes[event.annotation] = note
    coders.save()
    keep_notes(workspace, events, notes, clean_notes)
    gone = _missing(read_journal(workspace), events, project)
    if gone:  # a task that is not there was coded before its project was made again
        gone &= {str(task["data"].get("answer_id")) for task in list_tasks(client, where, project)}
    news = tuple(add_events(workspace, events))
    return Pulled(project.question, project.kind, len(events), news, tuple(sorted(coded_skips)), tuple(sorted(gone)))


def _holds_codes(annotation: Mapping[str, Any], choice: Choice) -> bool:
    """Return whether a skipped annotation looks coded: changed after it was made, or other codes than the machine's.

    Label Studio keeps a skip a skip when its codes are changed and saved; only 'Cancel skip' makes it a coding.
    """
    labels = from_result(choice, annotation.get("result") or [])
    if labels.problem or set(labels.codes) <= set(choice.fixed):
        return False
    made, changed = (utc(str(annotation.get(name))) for name in ("created_at", "updated_at"))
    later = bool(made and changed) and _seconds(changed) - _seconds(made) > ONE_SAVE
    return later or _origin(choice, annotation, labels.codes) != "accepted"


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _missing(journal: Sequence[Event], events: Sequence[Event], project: Project) -> set[str]:
    """Return the answers with a coding of this project in the journal that the server does not have (any more).

    The ids of codings that came from a file (Excel, JSON lines) hold a slash; those were never on the server.
    """
    found = {event.annotation for event in events}
    return {
        event.answer_id for event in latest(journal).values()
        if event.counts and event.annotation not in found and "/" not in event.annotation
        and event.question == project.question and event.adjudicated == (project.kind == "decide")
        and (event.adjudicated or (event.role == "second") == (project.kind == "second"))
    }  # fmt: skip


def _event(
    task: Mapping[str, Any], annotation: Mapping[str, Any], project: Project, choice: Choice,
    logins: Mapping[int, str], coders: Coders,
) -> tuple[Event, str]:  # fmt: skip
    data = task.get("data") or {}
    offered = codes_in_config(project.config)  # what the coder saw, which an edited codebook may not be
    gone = tuple(code for code in offered if code not in choice.codebook.by_id)
    new = set(choice.offered()) - set(offered)
    labels = from_result(choice, annotation.get("result") or [], gone)
    skipped = bool(annotation.get("was_cancelled"))
    who = annotation.get("completed_by")
    user = int(who["id"]) if isinstance(who, dict) else int(who or 0)
    seconds = annotation.get("lead_time")
    event = Event(
        answer_id=str(data.get("answer_id", "")),
        question=project.question,
        codebook=project.digest,
        codes=() if skipped else labels.codes,
        judged=(*(code for code in choice.judged() if code not in new), *gone),
        coder=coders.name(logins.get(user, f"user-{user}")),
        role="second" if project.kind == "second" else _ROLES.get(str(data.get("rol")), "training"),
        at=coded_at(annotation),
        origin=_origin(choice, annotation, labels.codes),
        annotation=str(annotation.get("unique_id") or f"{project.id}-{annotation.get('id')}"),
        doubt=labels.doubt,
        skipped=skipped,
        note=bool(labels.note),
        problem="" if skipped else labels.problem,
        seconds=round(float(seconds), 1) if seconds is not None else None,
        adjudicated=project.kind == "decide",
    )
    return event, labels.note


def coded_at(annotation: Mapping[str, Any]) -> str:
    """Return when it was coded; without a time that can be read, the beginning of time: any other coding is newer."""
    times = (utc(str(annotation.get(name))) for name in ("updated_at", "created_at"))
    return next((time for time in times if time), NO_TIME)


def _origin(choice: Choice, annotation: Mapping[str, Any], codes: tuple[str, ...]) -> str:
    """Return whether the machine's codes that this annotation began with were kept."""
    shown = annotation.get("prediction") or {}
    if not shown.get("result"):
        return "manual"
    return "accepted" if from_result(choice, shown["result"]).codes == codes else "changed"


def keep_notes(
    workspace: Workspace, events: Sequence[Event], notes: Mapping[str, str], clean: CleanNotes | None
) -> None:
    """Keep the notes of codings, by annotation, without personal data in `notes.json` (mode 600), each with its time.

    What is older than the note that is kept undoes nothing; a note that is not there any more is taken out. Without
    `clean` they stay where they are.

    Raises:
        ReviewError: the file with notes is damaged, or it can't be read or written.
    """
    if clean is None:
        return
    path = review_folder(workspace) / "notes.json"
    kept = read_kept(path, "restore it from a copy, or remove it with the notes that were in it")
    # older versions kept no time: any coding is as new
    kept = {key: {"at": NO_TIME, "note": old} if isinstance(old, str) else old for key, old in kept.items()}
    cleaned = dict(zip(notes, clean(list(notes.values())), strict=True)) if notes else {}
    wanted = dict(kept)
    for event in sorted(events, key=lambda event: event.at):
        note, before = cleaned.get(event.annotation), wanted.get(event.annotation)
        if before is not None and event.at < before["at"]:
            continue
        if note or before is not None:  # of what was taken out only the time is kept, or an older file brings it back
            wanted[event.annotation] = {"at": event.at, "note": note or ""}
    if wanted != kept:
        write_private(path, json.dumps(wanted, ensure_ascii=False, indent=0, sort_keys=True) + "\n")
