"""Send sampled answers to Label Studio: adds what is missing, renews what changed, never touches an annotation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.config import Question, Survey
from pipeline.errors import ReviewError, problem
from pipeline.review.client import SLOW, Address, address, connected, speaking
from pipeline.review.division import earlier_reviewers, refuse_one_coder_twice
from pipeline.review.draw import check_questions
from pipeline.review.events import latest, read_journal
from pipeline.review.files import one_at_a_time
from pipeline.review.labeling import TEXT, Choice
from pipeline.review.projects import (
    Project,
    find_projects,
    list_tasks,
    make_project,
    refuse_removed,
    remember,
    stays_blind,
    update_project,
)
from pipeline.review.pull import pull_project
from pipeline.review.reviewed import current_events
from pipeline.review.sample import read_sample
from pipeline.review.tasks import (
    BATCH,
    Explain,
    Machine,
    Progress,
    add_reasons,
    assign_reviewers,
    choice_of,
    machine_codes,
    prediction,
    task_data,
)
from pipeline.review.views import LOOKING_BACK, ensure_views, wanted_views
from pipeline.tables import ANSWERS, check_table
from pipeline.workspace import Workspace, read_table

if TYPE_CHECKING:
    import pandas as pd
    from label_studio_sdk import LabelStudio


@dataclass(frozen=True)
class Pushed:
    """What a push did for one question and kind of work; `links`: view title -> address to code at.

    `divided_as_before` are the reviewers of earlier pushes, when none were named now and their work was extended.
    `blind` says whether the first coder sees no machine codes.
    """

    question: str
    kind: str
    added: int
    renewed: int
    predictions: int
    there: int
    coded_before: int
    links: Mapping[str, str]
    divided_as_before: tuple[str, ...] = ()
    blind: bool = False


def push(
    workspace: Workspace,
    survey: Survey,
    *,
    questions: Sequence[str] = (),
    reviewers: Sequence[str] = (),
    blind: bool = False,
    explain: Explain | None = None,
    progress: Progress = lambda what, done, total: None,
) -> list[Pushed]:
    """Send the sample to the server; a second push changes nothing, an interrupted one is completed.

    With `blind` no machine codes are shown to the first coder either (the second coder never sees them); a project that
    was made blind stays so. Without `reviewers` new work goes to those of earlier pushes. `explain` says why the
    machine chose its codes; who does not see those does not see that either.

    Raises:
        ReviewError: a question does not exist, nothing was drawn, the server is down or refuses, a code in use was
            removed from the codebook, the machine's codes were shown already to who must not see them, or a coder would
            be the second one as well.
    """
    check_questions(survey, questions)
    with one_at_a_time(workspace):
        sample = read_sample(workspace)
        if sample.empty:
            raise ReviewError(
                problem(file=workspace.folder, found="no answers drawn for review",
                        do="run 'duiding review push --audit 120'")
            )  # fmt: skip
        answers = check_table(read_table(workspace.path("answers.parquet")), ANSWERS)
        where = address(workspace)
        with connected(where) as client:
            projects = find_projects(client, where, survey)
            out = []
            for question in survey.questions:
                part = sample[sample["question"] == question.id]
                if part.empty or (questions and question.id not in questions):
                    continue
                work = _Work(workspace, survey, question, client, where, answers, tuple(reviewers), explain, progress)
                second = part["role"] == "second"
                work.twice = frozenset(part.loc[second, "answer_id"])
                work.refuse_one_coder_twice(projects)
                for kind, rows in (("main", part[~second]), ("second", part[second])):
                    if not rows.empty:
                        out.append(work.push(kind, rows, projects, blind=blind))
            return out


class _Work:
    """The pushing of one question."""

    def __init__(
        self, workspace: Workspace, survey: Survey, question: Question, client: LabelStudio, where: Address,
        answers: pd.DataFrame, reviewers: tuple[str, ...], explain: Explain | None, progress: Progress,
    ) -> None:  # fmt: skip
        self.workspace, self.survey, self.question = workspace, survey, question
        self.client, self.where, self.reviewers = client, where, reviewers
        self.explain, self.progress = explain, progress
        self.codebook = survey.codebook(question)
        self.choice: Choice = choice_of(question, self.codebook)
        self.answers = answers[answers["question"] == question.id]
        self.first_coder: dict[str, str] = {}
        self.twice: frozenset[str] = frozenset()
        self.main_reviewers: tuple[str, ...] = ()

    def push(self, kind: str, rows: pd.DataFrame, projects: dict[tuple[str, str], Project], *, blind: bool) -> Pushed:
        roles = {str(key): str(role) for key, role in zip(rows["answer_id"], rows["role"], strict=True)}
        project = projects.get((self.question.id, kind))
        blind = kind == "second" or stays_blind(self.where, self.question, project, asked=blind)
        if project is not None and project.digest != self.codebook.digest:
            pull_project(self.workspace, self.client, self.where, project, self.choice)  # made with the old codebook
        self._refuse_codes_gone_from_journal()
        data = task_data(self.answers, roles, question=self.question, codebook=self.codebook, seed=self.survey.seed)
        machine = Machine({}, {}, "")
        if not blind:
            machine = machine_codes(self.workspace, self.question, self.codebook, self.answers["answer_id"])
        reasons = add_reasons(data, machine, self.question, self.explain, self.progress)
        page = (self.client, self.where, self.survey, self.question)
        if project is None:
            project = make_project(*page, kind, self.choice, reasons=reasons, blind=blind)
        else:
            update_project(*page, project, self.choice, reasons=reasons, blind=blind)
        remember(self.workspace, [(self.question.id, kind)])
        there = self._existing(project, data)
        coded = self._coded_before(kind) - set(there)
        wanted = {key: value for key, value in data.items() if key not in coded}
        reviewers = self.reviewers or earlier_reviewers(there, self.main_reviewers if kind == "second" else ())
        assign_reviewers(
            wanted, reviewers, {key: str(task["data"].get("codeur", "")) for key, task in there.items()},
            done=[key for key, task in there.items() if task["annotations"]], avoid=self.first_coder,
        )  # fmt: skip
        if kind == "main":
            self.first_coder = {key: value["codeur"] for key, value in wanted.items()}
            self.main_reviewers = tuple(reviewers)
        renewed = self._renew(there, wanted)
        added = self._add([value for key, value in wanted.items() if key not in there], project, machine)
        sent = self._renew_predictions(project, there, machine) if machine.version else 0
        if machine.version and project.model_version != machine.version:
            with speaking(self.where, f"setting the model version of {self.question.id}"):
                self.client.projects.update(id=project.id, model_version=machine.version)
        links = self._views(project, wanted, there) if wanted else {}
        as_before = tuple(reviewers) if added and not self.reviewers else ()
        return Pushed(
            self.question.id, kind, added, renewed, sent, len(there), len(coded & set(data)), links, as_before, blind
        )

    def refuse_one_coder_twice(self, projects: Mapping[tuple[str, str], Project]) -> None:
        """Refuse, before anything is sent, to have one named reviewer code answers both first and second."""
        if len(set(self.reviewers)) == 1 and self.twice:
            found = [projects.get((self.question.id, kind)) for kind in ("main", "second")]
            main, second = ({} if project is None else self._listed(project) for project in found)
            coded = self._coded_before("main"), self._coded_before("second")
            refuse_one_coder_twice(self.question.id, self.reviewers, self.twice, main, second, *coded)

    def _listed(self, project: Project) -> dict[str, dict[str, Any]]:
        return {str(task["data"].get("answer_id")): task for task in list_tasks(self.client, self.where, project)}

    def _views(
        self, project: Project, tasks: Mapping[str, dict[str, str]], there: Mapping[str, dict[str, Any]]
    ) -> dict[str, str]:
        roles = sorted({data["rol"] for data in tasks.values()})
        having = sorted({data["codeur"] for data in tasks.values()} - {""})
        reviewers = [*(self.reviewers or having)]
        done = {key for key, task in there.items() if task["annotations"]}
        if reviewers and any(not data["codeur"] for key, data in tasks.items() if key not in done):
            reviewers.append("")  # a view of everybody's work, or nobody would see what is nobody's
        views = ensure_views(self.client, self.where, project, wanted_views(reviewers, roles))
        return {
            title: f"{self.where.url}/projects/{project.id}/data?tab={view}&labeling=1"
            for title, view in views.items()
            if title not in LOOKING_BACK
        }

    def _refuse_codes_gone_from_journal(self) -> None:
        counts: Counter[str] = Counter()
        for event in latest(read_journal(self.workspace)).values():
            if event.question == self.question.id and event.counts:
                counts.update(code for code in event.codes if code not in self.codebook.by_id)
        refuse_removed(self.question, dict(counts))

    def _coded_before(self, kind: str) -> set[str]:
        second = kind == "second"
        events = current_events(self.workspace)
        return {event.answer_id for event in events if event.counts and (event.role == "second") == second}

    def _existing(self, project: Project, wanted: Mapping[str, dict[str, str]]) -> dict[str, dict[str, Any]]:
        """Return answer id -> task; doubles that an interrupted push left behind are removed if nobody coded them.

        A task that was coded with another text than its answer has now stays as it was read, and is passed over.
        """
        found: dict[str, dict[str, Any]] = {}
        for task in list_tasks(self.client, self.where, project):
            answer_id = str(task["data"].get("answer_id"))
            now = wanted.get(answer_id)
            if task["annotations"] and now is not None and task["data"].get(TEXT) != now[TEXT]:
                continue
            other = found.get(answer_id)
            found[answer_id] = task if other is None else max((task, other), key=_worth)
            spare = None if other is None else min((task, other), key=_worth)
            if spare is not None and spare["annotations"] == 0:
                with speaking(self.where, f"removing a double task of {self.question.id}"):
                    self.client.tasks.delete(id=str(spare["id"]))
        return found

    def _renew(self, there: Mapping[str, dict[str, Any]], wanted: Mapping[str, dict[str, str]]) -> int:
        changed = [(task, wanted[key]) for key, task in there.items() if key in wanted and task["data"] != wanted[key]]
        for done, (task, data) in enumerate(changed, start=1):
            with speaking(self.where, f"renewing a task of {self.question.id}"):
                self.client.tasks.update(id=str(task["id"]), data=data)
            self.progress(f"{self.question.id}: tasks renewed", done, len(changed))
        return len(changed)

    def _add(self, tasks: Sequence[dict[str, str]], project: Project, machine: Machine) -> int:
        ordered = sorted(tasks, key=lambda data: (data["rol"], data["volgorde"]))
        for start in range(0, len(ordered), BATCH):
            batch: list[Any] = []
            for data in ordered[start : start + BATCH]:
                guess = prediction(self.choice, machine, data["answer_id"])
                batch.append({"data": data, "predictions": [guess] if guess else []})
            with speaking(self.where, f"sending tasks of {self.question.id}"):
                self.client.projects.import_tasks(id=project.id, request=batch, request_options=SLOW)
            self.progress(f"{self.question.id}: tasks sent", min(start + BATCH, len(ordered)), len(ordered))
        return len(ordered)

    def _renew_predictions(self, project: Project, there: Mapping[str, dict[str, Any]], machine: Machine) -> int:
        """Send predictions of this version to the tasks that lack them (new tasks brought theirs along)."""
        if not there:
            return 0
        with speaking(self.where, f"listing the machine codes of {self.question.id}"):
            have = {int(found.task) for found in self.client.predictions.list(project=project.id, request_options=SLOW)
                    if found.model_version == machine.version}  # fmt: skip
        missing: list[Any] = []
        for answer_id, task in there.items():
            guess = prediction(self.choice, machine, answer_id)
            if guess is not None and task["id"] not in have:
                missing.append({"task": task["id"], **guess})
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            with speaking(self.where, f"sending machine codes of {self.question.id}"):
                made = self.client.projects.import_predictions(id=project.id, request=batch, request_options=SLOW)
            if made.created != len(batch):
                raise ReviewError(
                    problem(file=self.where.url, place=f"machine codes of {self.question.id}",
                            found=f"the server took {made.created} of {len(batch)}", do="run the same command again")
                )  # fmt: skip
            self.progress(f"{self.question.id}: machine codes sent", start + len(batch), len(missing))
        return len(missing)


def _worth(task: Mapping[str, Any]) -> tuple[int, int]:
    """Return what decides which of two equal tasks stays: the coded one, else the older one."""
    return int(task["annotations"]), -int(task["id"])
