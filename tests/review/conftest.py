"""A small coded survey in a workspace, and real Label Studio servers to review it on."""

import contextlib
import os
import random
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pandas as pd
import platformdirs
import pytest
from label_studio_sdk import LabelStudio

from pipeline.config import Survey, load_survey
from pipeline.review import server
from pipeline.review.client import TOKEN_VARIABLE, URL_VARIABLE, address, connected
from pipeline.review.environment import VARIABLE, VERSION, default_environment, executable, installed_version
from pipeline.review.labeling import Choice
from pipeline.review.projects import find_projects, list_tasks
from pipeline.review.tasks import choice_of
from pipeline.workspace import Workspace, write_table

SURVEY = """
title: "{title}"
wave: 2022
input: {{file: antwoorden.csv}}
questions:
  - {{id: verbeter, column: verbeter, codebook: participatiewet-verbeter, title: "Wat kan er beter?"}}
  - {{id: ervaring, column: ervaring, codebook: minimabeleid-ervaring, fixed_codes: [volwassenen]}}
seed: 7
"""
NASTY = """<script>document.title='x'</script> <b>vet</b> & "dubbel" 'enkel' \\n 😀 ]]> {{naam}} $antwoord é"""
WORDS = "snel bellen brief uitleg wachten hulp regels begrip werk geld formulier gesprek tijd samen".split()


class Made(NamedTuple):
    """A survey and its workspace."""

    survey: Survey
    workspace: Workspace


def text_of(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(2, 12)))


def code_survey(made: Made, n: int, model: str = "m1", seed: int = 3) -> None:
    """Write answers, scores and codings as `duiding run` would: n answers per question, the same for every seed."""
    rng, texts = random.Random(seed), random.Random(3)
    answers, scores, codings, note = [], [], [], {}
    for question in made.survey.questions:
        codebook = made.survey.codebook(question)
        facets = [(facet, codebook.in_facet(facet.id)) for facet in codebook.facet_list()]
        for i in range(n):
            answer_id = f"{1000 + i}:{question.id}"
            text = NASTY if i == 0 else text_of(texts)
            group = ("Hengelo", "Borne", "Haaksbergen")[i % 3]
            status = "empty" if i % 10 == 9 else "answer"
            text = text if status == "answer" else ""
            answers.append((answer_id, str(1000 + i), question.id, group, "2022", text, status))
            if status == "empty":
                continue
            for facet, codes in facets:
                chosen = {rng.choice(codes).id} | ({rng.choice(codes).id} if facet.choice == "many" else set())
                for code in codes:
                    score = rng.uniform(0.55, 0.99) if code.id in chosen else rng.uniform(0.01, 0.4)
                    scores.append((answer_id, code.id, score))
                    codings.append((answer_id, code.id, code.id in chosen, model, "machine"))
        note[question.id] = {"codebook": codebook.digest, "model": model}
    columns = ["answer_id", "respondent_id", "question", "group", "wave", "text", "status"]
    tables = {
        "answers": pd.DataFrame(answers, columns=columns),
        "scores": pd.DataFrame(scores, columns=["answer_id", "code", "score"]),
        "codings": pd.DataFrame(codings, columns=["answer_id", "code", "applied", "coder", "role"]),
    }
    for name, table in tables.items():
        write_table(made.workspace.path(f"{name}.parquet"), table)
    made.workspace.done("coding", model, [made.workspace.path("codings.parquet")], note)


@pytest.fixture
def make_survey(tmp_path: Path) -> Callable[..., Made]:
    """Return a function that makes a coded survey of `n` answers per question in a folder of its own."""

    def make(n: int = 30, title: str | None = None, yaml: str = SURVEY) -> Made:
        folder = tmp_path / f"survey-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "survey.yaml").write_text(yaml.format(title=title or f"Proef {tmp_path.name}"), encoding="utf-8")
        survey = load_survey(folder)
        made = Made(survey, Workspace(survey.workspace_path))
        code_survey(made, n)
        return made

    return make


@pytest.fixture(scope="session")
def environment() -> Path:
    """The server's Python environment; made beforehand by `duiding review start` or .ci/run, never by a test."""
    found = Path(os.environ.get(VARIABLE) or default_environment())
    if not executable(found).is_file() or installed_version(found) != VERSION:
        message = f"no Label Studio {VERSION} in {found}; set {VARIABLE}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return found


@pytest.fixture(scope="session")
def template(environment: Path) -> Path:
    """A data folder whose database is made already (a minute, once per machine); copying it starts in seconds."""
    cache = Path(platformdirs.user_cache_dir("duiding")) / f"label-studio-template-{VERSION}"
    if not (cache / "klaar").is_file():
        shutil.rmtree(cache, ignore_errors=True)
        workspace = Workspace(cache)
        server.start(workspace, environment=environment)
        server.stop(workspace)
        (cache / "klaar").touch()
    return server.server_folder(Workspace(cache))


@contextlib.contextmanager
def running(folder: Path, template: Path, environment: Path) -> Iterator[server.LocalServer]:
    """Start a server of its own for a workspace folder, from a copy of the template."""
    workspace = Workspace(folder)
    shutil.copytree(template, server.server_folder(workspace), dirs_exist_ok=True)
    try:
        yield server.start(workspace, environment=environment)
    finally:
        server.stop(workspace)


@pytest.fixture(scope="session")
def label_studio(
    template: Path, environment: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[server.LocalServer]:
    """One real server for all tests; every test has a survey title, and so projects, of its own."""
    with running(tmp_path_factory.mktemp("server"), template, environment) as found:
        yield found


@pytest.fixture
def on_server(label_studio: server.LocalServer, monkeypatch: pytest.MonkeyPatch) -> server.LocalServer:
    """Point the commands at the shared server, as an analyst with a team server does."""
    monkeypatch.setenv(URL_VARIABLE, label_studio.url)
    monkeypatch.setenv(TOKEN_VARIABLE, label_studio.token)
    return label_studio


@pytest.fixture
def analyst(on_server: server.LocalServer) -> Iterator[LabelStudio]:
    """The analyst's own client, to look at what is on the server."""
    with httpx.Client(timeout=60, trust_env=False) as session:
        yield LabelStudio(base_url=on_server.url, api_key=on_server.token, httpx_client=session)


class Colleague(NamedTuple):
    """A reviewer with an account on the server: a client that speaks as that person, and a personal access token."""

    email: str
    password: str
    client: LabelStudio
    personal_token: str

    def code(self, task: int, regions: list[dict[str, Any]], **more: Any) -> Any:
        return self.client.annotations.create(id=task, result=regions, lead_time=4.0, **more)


@pytest.fixture
def colleague(on_server: server.LocalServer) -> Iterator[Callable[[str], Colleague]]:
    """Give a function that signs a reviewer up through the invite link, as people do."""

    def sign_up(name: str) -> Colleague:
        email, password = f"{name}-{uuid.uuid4().hex[:8]}@voorbeeld.nl", "een-lang-wachtwoord"
        with httpx.Client(base_url=on_server.url, follow_redirects=True, trust_env=False) as browser:
            invite = browser.get("/api/invite", headers={"Authorization": f"Token {on_server.token}"}).json()
            page = browser.get(invite["invite_url"])
            secret = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page.text)
            assert secret is not None
            form = {"csrfmiddlewaretoken": secret[1], "email": email, "password": password}
            browser.post(str(page.url), data=form, headers={"Referer": on_server.url}).raise_for_status()
            token = browser.get("/api/current-user/token").json()["token"]
            headers = {"X-CSRFToken": browser.cookies["csrftoken"], "Referer": on_server.url}
            personal = browser.post("/api/token/", headers=headers).json()["token"]
        client = LabelStudio(base_url=on_server.url, api_key=token, httpx_client=session)
        return Colleague(email, password, client, personal)

    with httpx.Client(timeout=60, trust_env=False) as session:
        yield sign_up


def project_of(made: Made, question: str, kind: str = "main") -> int:
    where = address(made.workspace)
    with connected(where) as client:
        return find_projects(client, where, made.survey)[question, kind].id


def tasks_of(made: Made, question: str, kind: str = "main") -> dict[str, int]:
    """Return answer id -> task id on the server."""
    where = address(made.workspace)
    with connected(where) as client:
        listed = list_tasks(client, where, find_projects(client, where, made.survey)[question, kind])
    assert len({task["data"]["answer_id"] for task in listed}) == len(listed), "a task is there twice"
    return {task["data"]["answer_id"]: task["id"] for task in listed}


def choice(made: Made, question: str) -> Choice:
    found = next(item for item in made.survey.questions if item.id == question)
    return choice_of(found, made.survey.codebook(found))


def applied(table: pd.DataFrame, question: str) -> dict[tuple[str, str], set[str]]:
    """Return (answer id, role) -> the codes that a codings table says hold."""
    rows = table[table["question"] == question]
    return {
        (str(key[0]), str(key[1])): set(part.loc[part["applied"], "code"])
        for key, part in rows.groupby(["answer_id", "role"])
    }
