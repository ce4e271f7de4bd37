"""Push 10,000 tasks with machine codes and reasons to a real Label Studio on SQLite, annotate them, and pull them back.

    DUIDING_LABEL_STUDIO_ENV=... python benchmarks/review_throughput.py [N]

Aims: push >= 400 tasks/s without the reasons, those in well under a minute, pull of 10,000 annotated tasks <= 60 s;
push and pull again, with nothing to do, are timed as well.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.coding.classify import code_answers
from pipeline.config import load_survey
from pipeline.explaining import TaskExplainer
from pipeline.review import server
from pipeline.review.client import address, connected
from pipeline.review.draw import draw
from pipeline.review.labeling import to_result
from pipeline.review.projects import find_projects
from pipeline.review.pull import pull
from pipeline.review.push import push
from pipeline.review.reviewed import reviewed_codings
from pipeline.review.tasks import choice_of, machine_codes
from pipeline.workspace import Workspace, write_table

SURVEY = """
title: Doorvoer
wave: 2022
input: {file: antwoorden.csv}
questions: [{id: verbeter, column: verbeter, codebook: participatiewet-verbeter}]
"""
WORDS = "snel bellen brief uitleg wachten hulp regels begrip werk geld formulier gesprek tijd samen".split()


def prepare(folder: Path, n: int) -> tuple[Any, Workspace]:
    (folder / "survey.yaml").write_text(SURVEY, encoding="utf-8")
    survey = load_survey(folder)
    workspace = Workspace(survey.workspace_path)
    rng = random.Random(1)
    book = survey.codebook(survey.questions[0])
    ids = [f"{i}:verbeter" for i in range(n)]
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(3, 40))) for _ in ids]
    answers = {"answer_id": ids, "respondent_id": ids, "question": "verbeter", "group": "Hengelo", "wave": "2022",
               "text": texts, "status": "answer"}  # fmt: skip
    coded = code_answers(pd.DataFrame(answers), book, cache=workspace.path("modellen"))
    for name, table in (("answers", pd.DataFrame(answers)), ("scores", coded.scores), ("codings", coded.codings)):
        write_table(workspace.path(f"{name}.parquet"), table)
    note = {"verbeter": {"codebook": book.digest, "model": coded.model, "start": coded.start}}
    workspace.done("coding", "benchmark", [workspace.path("codings.parquet")], note)
    return survey, workspace


def timed(what: str, n: int, seconds: float, aim: str) -> None:
    print(f"{what:<38} {seconds:7.1f} s  {n / seconds:7.0f} tasks/s   {aim}", flush=True)


def main(n: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        survey, workspace = prepare(Path(name), n)
        draw(workspace, survey, audit=n)
        server.start(workspace, say=print)
        try:
            reasons = explained(survey, workspace)
            start = time.perf_counter()
            added = push(workspace, survey, explain=lambda *_: reasons)[0].added
            seconds = time.perf_counter() - start
            timed(f"push of {added} tasks, codes and reasons", n, seconds, "aim: >= 400 tasks/s")
            start = time.perf_counter()
            (again,) = push(workspace, survey, explain=lambda *_: reasons)
            assert (again.added, again.renewed) == (0, 0)
            timed("push again, nothing to do", n, time.perf_counter() - start, "")
            annotate(survey, workspace)
            start = time.perf_counter()
            news = len(pull(workspace, survey)[0].news)
            seconds = time.perf_counter() - start
            timed(f"pull of {news} annotated tasks", n, seconds, "aim: 10,000 in <= 60 s")
            start = time.perf_counter()
            assert not pull(workspace, survey)[0].news
            timed("pull again, nothing new", n, time.perf_counter() - start, "")
            start = time.perf_counter()
            table = reviewed_codings(workspace)
            timed(f"reviewed_codings, {len(table)} rows", n, time.perf_counter() - start, "")
        finally:
            server.stop(workspace)


def explained(survey: Any, workspace: Workspace) -> dict[str, str]:
    """Return why the machine coded every answer as it did; model, encoder and examples are loaded within the time."""
    question = survey.questions[0]
    answers = pd.read_parquet(workspace.path("answers.parquet"))
    texts = dict(zip(answers["answer_id"], answers["text"], strict=True))
    codes = machine_codes(workspace, question, survey.codebook(question), texts).codes
    start = time.perf_counter()
    found = TaskExplainer(survey, workspace)(question, texts, codes)
    timed(f"reasons of {len(found)} answers", len(texts), time.perf_counter() - start, "aim: 10,000 in <= 60 s")
    return found


def annotate(survey: Any, workspace: Workspace) -> None:
    """Replace the tasks by the same ones with an annotation each: annotations one by one go at 10 a second."""
    where = address(workspace)
    page = choice_of(survey.questions[0], survey.codebook(survey.questions[0]))
    with connected(where) as client:
        project = find_projects(client, where, survey)["verbeter", "main"].id
        listed = client.tasks.list(project=project, fields="task_only", include="id,data", page_size=1000)
        data = [task.data for task in listed]
        client.tasks.delete_all_tasks(id=project, request_options={"timeout_in_seconds": 600})
        for start in range(0, len(data), 2500):
            batch: list[Any] = [
                {"data": fields, "annotations": [{"result": to_result(page, ["werk", "tijd"])}],
                 "predictions": [{"model_version": "m", "score": 0.5, "result": to_result(page, ["werk"])}]}
                for fields in data[start : start + 2500]
            ]  # fmt: skip
            client.projects.import_tasks(id=project, request=batch, request_options={"timeout_in_seconds": 600})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
