"""A project of just the answers on which coders disagree, with both codings shown, for someone to decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.config import Survey
from pipeline.errors import ReviewError, problem
from pipeline.review.client import SLOW, address, connected, speaking
from pipeline.review.files import one_at_a_time
from pipeline.review.labeling import COMPARED, Choice
from pipeline.review.projects import find_projects, list_tasks, make_project, update_project
from pipeline.review.reviewed import Conflict, conflicts, current_events
from pipeline.review.sample import random_number
from pipeline.review.tasks import choice_of, task_data
from pipeline.review.views import decision_views, ensure_views
from pipeline.tables import ANSWERS, check_table
from pipeline.workspace import Workspace, key_of, read_table


@dataclass(frozen=True)
class Adjudication:
    """The open conflicts of one question: how many, how many were new on the server, and where to decide them."""

    question: str
    n_open: int
    added: int
    link: str


def open_conflicts(workspace: Workspace) -> list[Conflict]:
    """Return the answers that still wait for a decision.

    Raises:
        ReviewError: the journal is damaged.
    """
    return conflicts(current_events(workspace))


def adjudicate(workspace: Workspace, survey: Survey) -> list[Adjudication]:
    """Make or complete the adjudication projects; a second time adds nothing.

    The codings are called A and B, in an order that does not give away whose they are. The decision comes back with
    the next pull and is the one that counts.

    Raises:
        ReviewError: the server is down or refuses.
    """
    with one_at_a_time(workspace):
        found = open_conflicts(workspace)
        if not found:
            return []
        where = address(workspace)
        with connected(where) as client:
            projects = find_projects(client, where, survey)
            answers = check_table(read_table(workspace.path("answers.parquet")), ANSWERS)
            out = []
            for question in survey.questions:
                mine = {conflict.answer_id: conflict for conflict in found if conflict.question == question.id}
                if not mine:
                    continue
                codebook = survey.codebook(question)
                choice = choice_of(question, codebook)
                project = projects.get((question.id, "decide"))
                if project is None:
                    project = make_project(client, where, survey, question, "decide", choice)
                else:
                    update_project(client, where, survey, question, project, choice)
                roles = {key: _role(conflict) for key, conflict in mine.items()}
                tasks = task_data(answers, roles, question=question, codebook=codebook, seed=survey.seed)
                there = {(task["data"].get("answer_id"), task["data"].get("geschil"))
                         for task in list_tasks(client, where, project)}  # fmt: skip
                batch: list[Any] = []
                for key, data in tasks.items():
                    shown = codings_shown(mine[key], choice, survey.seed)
                    mark = key_of(codings=sorted(event.annotation + event.at for event in mine[key].codings))
                    if (key, mark) not in there:
                        batch.append({"data": {**data, **shown, "geschil": mark}})
                if batch:
                    with speaking(where, f"sending the answers to decide of {question.id}"):
                        client.projects.import_tasks(id=project.id, request=batch, request_options=SLOW)
                if len(tasks) < len(mine):
                    missing = ", ".join(sorted(set(mine) - set(tasks))[:5])
                    raise ReviewError(
                        problem(file=workspace.path("answers.parquet"), place=f"question {question.id}",
                                found=f"coded answers that are not in the survey any more: {missing}",
                                do="run 'duiding run' with the file that they came from")
                    )  # fmt: skip
                view = ensure_views(client, where, project, decision_views())
                link = f"{where.url}/projects/{project.id}/data?tab={view['Te beslissen']}&labeling=1"
                out.append(Adjudication(question.id, len(mine), len(batch), link))
            return out


def _role(conflict: Conflict) -> str:
    first = [event.role for event in conflict.codings if event.role != "second"]
    return first[0] if first else "audit"


def codings_shown(conflict: Conflict, choice: Choice, seed: int) -> dict[str, str]:
    """Return the distinct codings as text, in a random but fixed order; more than two are listed in the second."""
    offered = choice.offered()
    texts = {
        " + ".join(choice.codebook.by_id[code].label for code in offered if code in event.codes) or "(geen)"
        for event in conflict.codings
    }
    ordered = sorted(texts, key=lambda text: random_number(conflict.answer_id + text, seed, "decide"))
    names = [f"{letter}: {text}" for letter, text in zip("ABCDEFGH", ordered, strict=False)]
    return {COMPARED[0]: names[0], COMPARED[1]: "  |  ".join(names[1:])}
