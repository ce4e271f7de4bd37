"""What goes wrong with servers: each time one clear line, nothing lost, and the same command again does the job."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from label_studio_sdk import LabelStudio
from typer.testing import CliRunner

from pipeline import cli_review
from pipeline.errors import ReviewError
from pipeline.review import pull as pull_module
from pipeline.review import push as push_module
from pipeline.review import server
from pipeline.review.client import TOKEN_VARIABLE, URL_VARIABLE
from pipeline.review.draw import draw
from pipeline.review.events import journal_file, read_journal
from pipeline.review.labeling import to_result
from pipeline.review.pull import pull
from pipeline.review.push import push
from pipeline.review.reviewed import reviewed_codings
from pipeline.workspace import Workspace

from .conftest import NASTY, Made, choice, project_of, running, tasks_of

pytestmark = pytest.mark.server
Make = Callable[..., Made]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def own(template: Path, environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A server that may be killed, apart from the shared one."""
    folder = tmp_path_factory.mktemp("own")
    with running(folder, template, environment):
        yield Workspace(folder)


@pytest.fixture
def killable(own: Workspace, environment: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Point the commands at the server that may be killed, and return what kills it without warning."""
    up = server.start(own, environment=environment)
    monkeypatch.setenv(URL_VARIABLE, up.url)
    monkeypatch.setenv(TOKEN_VARIABLE, up.token)

    def kill() -> None:
        known = server.local_server(own)
        assert known is not None
        os.killpg(known.pid, signal.SIGKILL)
        while server.is_running(own):
            time.sleep(0.05)

    return kill


def code_all(made: Made, client: LabelStudio, codes: list[str]) -> set[str]:
    """Annotate every task of the project at once, by importing them with their annotation (hundreds per second)."""
    project = project_of(made, "verbeter")
    page = choice(made, "verbeter")
    tasks = [task.data for task in client.tasks.list(project=project)]
    client.tasks.delete_all_tasks(id=project)
    batch: list[Any] = [{"data": data, "annotations": [{"result": to_result(page, codes)}]} for data in tasks]
    client.projects.import_tasks(id=project, request=batch)
    return {str(data["answer_id"]) for data in tasks}


def clear(error: ReviewError, *words: str) -> None:
    """Check that the message is one line with a next step, and holds no answer and no secret."""
    message = str(error)
    assert "\n" not in message
    assert "Next: " in message
    for word in words:
        assert word in message
    assert NASTY[:20] not in message
    assert "sessionid" not in message


def test_a_server_that_is_down(make_survey: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_survey(20)
    draw(made.workspace, made.survey, audit=5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv(URL_VARIABLE, url)
    monkeypatch.setenv(TOKEN_VARIABLE, "x" * 40)
    for command in (push, pull):
        with pytest.raises(ReviewError) as caught:
            command(made.workspace, made.survey)
        clear(caught.value, url, "does not answer", "nothing is lost")


def test_a_wrong_token(make_survey: Make, on_server: server.LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_survey(20)
    draw(made.workspace, made.survey, audit=5)
    monkeypatch.setenv(TOKEN_VARIABLE, "0" * 40)
    with pytest.raises(ReviewError) as caught:
        push(made.workspace, made.survey)
    clear(caught.value, on_server.url, "token is refused (401", TOKEN_VARIABLE)
    monkeypatch.setenv(TOKEN_VARIABLE, "é")
    with pytest.raises(ReviewError) as caught:
        push(made.workspace, made.survey)
    clear(caught.value, TOKEN_VARIABLE, "not a token")


def test_the_server_is_killed_in_the_middle_of_a_push_and_of_a_pull(
    make_survey: Make, killable: Callable[[], None], own: Workspace, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_survey(200)
    draw(made.workspace, made.survey, audit=150)
    monkeypatch.setattr(push_module, "BATCH", 50)
    with pytest.raises(ReviewError) as caught:
        push(made.workspace, made.survey, progress=lambda what, done, total: killable() if done == 100 else None)
    clear(caught.value, "sending tasks of verbeter", "does not answer")
    up = server.start(own, environment=environment)
    pushed = {p.question: (p.there, p.added) for p in push(made.workspace, made.survey)}
    assert pushed == {"verbeter": (100, 50), "ervaring": (0, 150)}

    from pipeline.review.client import Address, connected

    with connected(Address(up.url, up.token, own=False)) as client:
        coded = code_all(made, client, ["werk"])
    fetch = pull_module.export_tasks

    def killed_while_fetching(*arguments: Any) -> Any:
        if arguments[2].question == "verbeter":
            killable()
        return fetch(*arguments)

    monkeypatch.setattr(pull_module, "export_tasks", killed_while_fetching)
    with pytest.raises(ReviewError) as caught:
        pull(made.workspace, made.survey)
    clear(caught.value, "fetching the codings of verbeter", "does not answer")
    monkeypatch.setattr(pull_module, "export_tasks", fetch)
    server.start(own, environment=environment)
    pull(made.workspace, made.survey)
    assert set(reviewed_codings(made.workspace)["answer_id"]) == coded


def run_and_kill(made: Made, what: str, after: float) -> int:
    """Run a command in a process of its own, kill it without warning, and return its exit code."""
    script = (
        f"from pipeline.config import load_survey; from pipeline.workspace import Workspace\n"
        f"from pipeline.review import push as module; module.BATCH = 200\n"
        f"from pipeline.review.{what} import {what}\n"
        f"survey = load_survey({str(made.survey.file)!r})\n"
        f"print('ready', flush=True)\n{what}(Workspace(survey.workspace_path), survey)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode


def test_the_command_is_killed_in_the_middle_of_a_push_and_of_a_pull(
    make_survey: Make, on_server: server.LocalServer, analyst: LabelStudio
) -> None:
    made = make_survey(900)
    draw(made.workspace, made.survey, audit=800, questions=["verbeter"])
    killed = [run_and_kill(made, "push", after) for after in (2.2, 2.8, 3.4)]
    assert -signal.SIGKILL in killed
    push(made.workspace, made.survey)
    assert len(tasks_of(made, "verbeter")) == 800

    coded = code_all(made, analyst, ["tijd"])
    killed = [run_and_kill(made, "pull", after) for after in (1.8, 2.2, 2.6)]
    assert -signal.SIGKILL in killed
    pull(made.workspace, made.survey)
    events = read_journal(made.workspace)
    assert {event.answer_id for event in events} == coded
    assert len(events) == len({event.annotation for event in events}) == 800
    left_over = [path.name for path in made.workspace.path("review").iterdir() if path.name.startswith(".review")]
    assert left_over == []


def test_two_pushes_at_once(make_survey: Make, on_server: server.LocalServer) -> None:
    made = make_survey(400)
    draw(made.workspace, made.survey, audit=300, questions=["verbeter"])
    results: list[Any] = []

    def one() -> None:
        results.append(push(made.workspace, made.survey)[0])

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((p.there, p.added) for p in results) == [(0, 300), (300, 0)]
    assert len(tasks_of(made, "verbeter")) == 300


def test_start_stop_and_status_from_the_command_line(
    make_survey: Make, template: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    made = make_survey(30)
    monkeypatch.setenv("DUIDING_LABEL_STUDIO_ENV", str(environment))
    shutil.copytree(template, server.server_folder(made.workspace))
    run = CliRunner().invoke
    file = str(made.survey.file)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        failed = run(cli_review.app, ["start", file, "--port", str(taken)])
        assert isinstance(failed.exception, ReviewError)
        clear(failed.exception, f"port {taken}", "already taken")
        monkeypatch.setattr(server, "FIRST_PORT", taken)
        started = run(cli_review.app, ["start", file])
    try:
        assert started.exit_code == 0, started.output
        address = re.search(r"http://127\.0\.0\.1:(\d+)", started.output)
        assert address is not None
        assert int(address[1]) != taken
        folder = server.server_folder(made.workspace)
        assert stat.S_IMODE(server.credentials_file(made.workspace).stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((folder / "server.log").stat().st_mode) == 0o600
        known = server.local_server(made.workspace)
        assert known is not None
        assert known.password not in started.output
        assert known.token not in started.output
        listening = subprocess.run(["ss", "-ltnH"], capture_output=True, text=True, check=False).stdout
        if listening:
            assert f"127.0.0.1:{known.port}" in listening
            assert f"0.0.0.0:{known.port}" not in listening
        assert "was already up" in run(cli_review.app, ["start", file]).output
        pushed = run(
            cli_review.app, ["push", file, "--audit", "12", "--second", "0.5", "--reviewer", "anna", "--reviewer", "bo"]
        )
        assert pushed.exit_code == 0, pushed.exception
        assert "the part of the margin that coding errors add is at most" in pushed.output
        assert "anna: steekproef: http://127.0.0.1" in pushed.output
        assert "0 of 12" in run(cli_review.app, ["status", file]).output or "audit 0 of 12" in pushed.output
    finally:
        stopped = run(cli_review.app, ["stop", file])
    assert "is stopped" in stopped.output
    assert "was not running" in run(cli_review.app, ["stop", file]).output
    assert "stopped (duiding review start)" in run(cli_review.app, ["status", file]).output
    for text in ("snel", "bellen", "<script>"):
        assert text not in pushed.output


def test_a_port_file_that_points_to_a_stranger_is_not_stopped(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        server._save(workspace, server.LocalServer(1, stranger.pid, "a", "b", "c"))
        assert server.stop(workspace) is False
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_nothing_of_an_answer_is_left_in_the_journal(make_survey: Make, on_server: Any, analyst: LabelStudio) -> None:
    made = make_survey(60)
    draw(made.workspace, made.survey, audit=54, questions=["verbeter"])
    push(made.workspace, made.survey)
    code_all(made, analyst, ["werk"])
    pull(made.workspace, made.survey)
    text = journal_file(made.workspace).read_text(encoding="utf-8")
    assert text.count("\n") == 54
    assert "script" not in text
    assert "formulier" not in text
