"""The projects on the server: one per question and kind of work, found back by its description."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.config import Question, Survey
from pipeline.errors import ReviewError, problem
from pipeline.review.client import SLOW, Address, speaking
from pipeline.review.files import review_folder, write_private
from pipeline.review.labeling import Choice, codes_in_config, instruction, label_config
from pipeline.workspace import Workspace, key_of

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

KINDS = ("main", "second", "decide")
_TITLES = {"main": "", "second": " (tweede codeur)", "decide": " (knopen doorhakken)"}
TITLE_LENGTH = 50


@dataclass(frozen=True)
class Project:
    """A project on the server; `digest` is the codebook it was made with; `blind`: it shows no machine codes."""

    id: int
    question: str
    kind: str
    digest: str
    config: str
    model_version: str
    n_tasks: int
    blind: bool = False


def survey_key(survey: Survey) -> str:
    """Return what ties projects to a survey: a hash of its title and wave, so another computer finds them too."""
    return key_of(title=survey.title, wave=survey.wave)[:12]


def title_of(survey: Survey, question: Question, kind: str) -> str:
    """Return the project's title, at most 50 characters: survey, wave and question, the suffix always whole."""
    suffix = _TITLES[kind]
    name = f"{survey.title[:18].rstrip()} {survey.wave}: {question.title or question.id}"
    return name[: TITLE_LENGTH - len(suffix)].rstrip() + suffix


def find_projects(client: LabelStudio, where: Address, survey: Survey) -> dict[tuple[str, str], Project]:
    """Return the survey's projects on the server by question and kind; of doubles (made at once) the oldest.

    Raises:
        ReviewError: the server can't be reached or refuses.
    """
    out: dict[tuple[str, str], Project] = {}
    with speaking(where, "listing projects"):
        listed: Iterable[Any] = client.projects.list(page_size=200)
        for found in listed:
            words = (found.description or "").split()
            if len(words) != 5 or words[:2] != ["duiding", survey_key(survey)] or words[3] not in KINDS:
                continue
            project = Project(
                id=int(found.id), question=words[2], kind=words[3], digest=words[4], config=found.label_config or "",
                model_version=found.model_version or "", n_tasks=int(found.task_number or 0),
                blind=found.show_collab_predictions is False,
            )  # fmt: skip
            if (words[2], words[3]) not in out or project.id < out[words[2], words[3]].id:
                out[words[2], words[3]] = project
    return out


def make_project(
    client: LabelStudio, where: Address, survey: Survey, question: Question, kind: str, choice: Choice,
    *, reasons: bool = False, blind: bool = False,
) -> Project:  # fmt: skip
    """Make the project of a question and kind; with `reasons` its page has a panel for them.

    Whether machine codes are shown is kept in the project itself, so that a later push from anywhere keeps to it.

    Raises:
        ReviewError: the server can't be reached or refuses.
    """
    config = label_config(choice, compare=kind == "decide", reasons=reasons)
    with speaking(where, f"making the project of {question.id}"):
        made = client.projects.create(
            title=title_of(survey, question, kind), description=_description(survey, question, kind, choice),
            label_config=config, expert_instruction=instruction(choice), show_instruction=False,
            show_collab_predictions=kind == "main" and not blind, enable_empty_annotation=False,
        )  # fmt: skip
    return Project(int(made.id or 0), question.id, kind, choice.codebook.digest, config, "", 0, blind)


def update_project(
    client: LabelStudio, where: Address, survey: Survey, question: Question, project: Project, choice: Choice,
    *, reasons: bool = False, blind: bool = False,
) -> bool:  # fmt: skip
    """Give the project today's codebook and page (see `make_project`) and return whether that changed it.

    Raises:
        ReviewError: annotations use a code that the codebook no longer has; they are listed and nothing is changed.
    """
    config = label_config(choice, compare=project.kind == "decide", reasons=reasons)
    hide = blind and not project.blind
    if project.config == config and project.digest == choice.codebook.digest and not hide:
        return False
    gone = set(codes_in_config(project.config)) - set(codes_in_config(config))
    if gone:
        used = _used_codes(export_tasks(client, where, project), gone)
        refuse_removed(question, used)
    with speaking(where, f"renewing the codebook of {question.id}"):
        client.projects.update(
            id=project.id, label_config=config, expert_instruction=instruction(choice),
            title=title_of(survey, question, project.kind),
            description=_description(survey, question, project.kind, choice),
            show_collab_predictions=project.kind == "main" and not blind,
        )  # fmt: skip
    return True


def stays_blind(where: Address, question: Question, project: Project | None, *, asked: bool) -> bool:
    """Return whether the first coder sees no machine codes: as the project began, whatever is asked later.

    Raises:
        ReviewError: blind coding is asked of a project that showed machine codes already.
    """
    if project is None or project.blind or not asked:
        return asked or (project is not None and project.blind)
    if project.model_version:
        raise ReviewError(
            problem(file=where.url, place=f"question {question.id}",
                    found="its tasks show the machine's codes already, so blind coding is not possible any more",
                    do="leave --blind out; or run 'duiding review pull', delete the project and push --blind again")
        )  # fmt: skip
    return True


def refuse_removed(question: Question, used: Mapping[str, int]) -> None:
    """Raise when removed codes are in use.

    Raises:
        ReviewError: with the list of codes and how many codings use each.
    """
    if used:
        listed = ", ".join(f"{code} ({n})" for code, n in sorted(used.items()))
        raise ReviewError(
            problem(file=f"codebook {question.codebook}", place=f"question {question.id}",
                    found=f"codes were removed that coders used: {listed}",
                    do="put them back, or have those answers coded anew first; nothing was changed on the server")
        )  # fmt: skip


def _used_codes(tasks: Sequence[Mapping[str, Any]], gone: set[str]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for task in tasks:
        for annotation in task.get("annotations") or []:
            for region in annotation.get("result") or []:
                for code in (region.get("value") or {}).get("choices") or []:
                    counts.update([code] if code in gone else [])
    return dict(counts)


def list_tasks(client: LabelStudio, where: Address, project: Project) -> list[dict[str, Any]]:
    """Return the project's tasks as `id`, `data` and the number of `annotations` (skips counted).

    Raises:
        ReviewError: the server can't be reached or refuses.
    """
    if project.n_tasks == 0:
        return []
    with speaking(where, f"listing the tasks of {project.question}"):
        listed: Iterable[Any] = client.tasks.list(
            project=project.id, fields="task_only", page_size=1000, request_options=SLOW,
            include="id,data,total_annotations,cancelled_annotations",
        )  # fmt: skip
        return [
            {"id": int(item.id), "data": dict(item.data or {}),
             "annotations": int(item.total_annotations or 0) + int(getattr(item, "cancelled_annotations", 0) or 0)}
            for item in listed
        ]  # fmt: skip


def export_tasks(client: LabelStudio, where: Address, project: Project) -> list[dict[str, Any]]:
    """Return the project's annotated and skipped tasks, with their annotations.

    Raises:
        ReviewError: the server can't be reached, refuses, or breaks off.
    """
    with speaking(where, f"fetching the codings of {project.question}"):
        blocks = client.projects.exports.download_sync(project.id, export_type="JSON", request_options=SLOW)
        content = b"".join(blocks)
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise ReviewError(
            problem(file=where.url, place=f"fetching the codings of {project.question}",
                    found="the reply broke off half-way", do="run the same command again; nothing is lost")
        )  # fmt: skip
    return found


def _description(survey: Survey, question: Question, kind: str, choice: Choice) -> str:
    return f"duiding {survey_key(survey)} {question.id} {kind} {choice.codebook.digest}"


def remembered(workspace: Workspace) -> set[tuple[str, str]]:
    """Return the (question, kind) pairs whose project was once on the server."""
    try:
        found = json.loads((review_folder(workspace) / "projects.json").read_text(encoding="utf-8"))
        return {(str(name), str(kind)) for name, kind in found}
    except (OSError, ValueError):
        return set()


def remember(workspace: Workspace, known: Iterable[tuple[str, str]]) -> None:
    """Write down which projects are on the server, so that one deleted by hand is noticed."""
    before = remembered(workspace)
    if not set(known) <= before:
        write_private(review_folder(workspace) / "projects.json", json.dumps(sorted(before | set(known))) + "\n")
