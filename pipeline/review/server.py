"""A Label Studio of the workspace's own: start, stop, state; on 127.0.0.1 only, secrets readable by the owner only."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pipeline.errors import ReviewError, problem
from pipeline.review.environment import ensure_environment, executable
from pipeline.review.files import review_folder, write_private
from pipeline.workspace import Workspace

HOST = "127.0.0.1"
FIRST_PORT = 8080
LOGIN = "analist@duiding.localhost"
START_SECONDS = 300
#: Servers that this very process started: they outlive it, so they are not waited for until they are stopped.
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}
_SETTINGS = {
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_SENTRY_DSN": "",
    "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_DJANGO_DB": "sqlite",
    "DEBUG": "false",
}


@dataclass(frozen=True)
class LocalServer:
    """What is needed to reach and stop the workspace's own server."""

    port: int
    pid: int
    login: str
    password: str
    token: str

    @property
    def url(self) -> str:
        """The address."""
        return f"http://{HOST}:{self.port}"


def server_folder(workspace: Workspace) -> Path:
    """Return the folder with the server's database, log and credentials."""
    return review_folder(workspace) / "server"


def credentials_file(workspace: Workspace) -> Path:
    """Return the file (mode 600) with login, password and token."""
    return server_folder(workspace) / "credentials.json"


def local_server(workspace: Workspace) -> LocalServer | None:
    """Return the workspace's own server as last started, or None when there never was one."""
    try:
        return LocalServer(**json.loads(credentials_file(workspace).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def is_running(workspace: Workspace) -> bool:
    """Return whether the workspace's own server answers, with its own token, on its own port."""
    known = local_server(workspace)
    return known is not None and known.pid > 0 and _is_ours(known)


def start(
    workspace: Workspace,
    *,
    port: int | None = None,
    environment: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> LocalServer:
    """Bring the server up, or return the one that is up already.

    Raises:
        ReviewError: the asked port is taken, the environment can't be made, or the server does not come up.
    """
    known = local_server(workspace)
    if known is not None and known.pid > 0 and _is_ours(known):
        return known
    home = ensure_environment(environment, say)
    chosen = _choose_port(port, known.port if known else None)
    server = replace(known, port=chosen, pid=0) if known else _new(chosen)
    _save(workspace, server)  # before the start: the token acts only in a database that was made with it
    say(f"Starting Label Studio on {server.url} (the first time takes a minute).")
    process = _launch(workspace, server, home)
    server = replace(server, pid=process.pid)
    _save(workspace, server)
    try:
        _wait(workspace, server, process)
    except BaseException:
        _end(process.pid)
        _save(workspace, replace(server, pid=0))
        raise
    return server


def stop(workspace: Workspace) -> bool:
    """Stop the server and return whether it was running; its data stays."""
    known = local_server(workspace)
    if known is None or known.pid <= 0:
        return False
    ran = _is_label_studio(known.pid)
    if ran:
        _end(known.pid)
    _save(workspace, replace(known, pid=0))
    return ran


def _new(port: int) -> LocalServer:
    return LocalServer(port=port, pid=0, login=LOGIN, password=secrets.token_urlsafe(18), token=secrets.token_hex(20))


def _save(workspace: Workspace, server: LocalServer) -> None:
    folder = server_folder(workspace)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_private(credentials_file(workspace), json.dumps(asdict(server), indent=1) + "\n")


def _choose_port(asked: int | None, last: int | None) -> int:
    if asked is not None:
        if not _is_free(asked):
            raise ReviewError(
                problem(place=f"port {asked}", found="already taken by another program",
                        do="leave --port out and a free one is chosen")
            )  # fmt: skip
        return asked
    for candidate in ([last] if last else []) + list(range(FIRST_PORT, FIRST_PORT + 20)):
        if _is_free(candidate):
            return candidate
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _launch(workspace: Workspace, server: LocalServer, home: Path) -> subprocess.Popen[bytes]:
    folder = server_folder(workspace).absolute()
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("LABEL_STUDIO_", "POSTGRE_"))},
        **_SETTINGS,
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "LABEL_STUDIO_USERNAME": server.login,
        "LABEL_STUDIO_PASSWORD": server.password,
        "LABEL_STUDIO_USER_TOKEN": server.token,
    }
    log = os.open(folder / "server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)  # it may quote answers
    command = [str(executable(home)), "start", "--no-browser", "--internal-host", HOST, "--port", str(server.port)]
    try:
        process = subprocess.Popen(
            command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, umask=0o077,
        )  # fmt: skip
    except OSError as error:
        raise ReviewError(
            problem(file=command[0], found=f"cannot be run ({error.strerror})", do="run 'duiding review start' again")
        ) from error
    finally:
        os.close(log)
    for pid, child in list(_CHILDREN.items()):
        if child.poll() is not None:  # ended from outside
            del _CHILDREN[pid]
    _CHILDREN[process.pid] = process
    return process


def _wait(workspace: Workspace, server: LocalServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    log = server_folder(workspace) / "server.log"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ReviewError(
                problem(file=log, found=f"Label Studio stopped while starting (exit {process.returncode})",
                        do="read the end of that log, then run 'duiding review start' again")
            )  # fmt: skip
        if _answers(server):
            if not _is_ours(server):
                raise ReviewError(
                    problem(place=server.url, found="another program, or a Label Studio with another token, answers",
                            do="run 'duiding review start' again; it takes another port")
                )  # fmt: skip
            return
        time.sleep(0.3)
    raise ReviewError(
        problem(file=log, found=f"Label Studio did not come up in {START_SECONDS} s", do="run the same command again")
    )


def _answers(server: LocalServer) -> bool:
    import httpx

    try:
        return httpx.get(f"{server.url}/health", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _is_ours(server: LocalServer) -> bool:
    import httpx

    try:
        reply = httpx.get(
            f"{server.url}/api/current-user/whoami", headers={"Authorization": f"Token {server.token}"}, timeout=10,
            trust_env=False,
        )  # fmt: skip
    except httpx.HTTPError:
        return False
    return reply.status_code == 200


def _is_label_studio(pid: int) -> bool:
    """Return whether a process is a Label Studio: a number in a file may since belong to another program."""
    try:
        found = subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return False
    return "label-studio" in found or "label_studio" in found


def _end(pid: int) -> None:
    """End a server that was started here: ask, wait, then insist."""
    for how, seconds in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, how)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            child = _CHILDREN.get(pid)
            if child is not None and child.poll() is not None:
                del _CHILDREN[pid]
                return
            if child is None and not _is_label_studio(pid):
                return
            time.sleep(0.1)
