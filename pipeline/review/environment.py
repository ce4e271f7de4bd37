"""The Python environment of the Label Studio server: its own, made once, because the server pins old libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import ReviewError, problem

VERSION = "1.23.2"
VARIABLE = "DUIDING_LABEL_STUDIO_ENV"
CONSTRAINTS = Path(__file__).with_name("label-studio-constraints.txt")
_FINISHED = "duiding-finished"


def default_environment() -> Path:
    """Return where the server's environment is made unless the user says otherwise."""
    import platformdirs

    return Path(platformdirs.user_data_dir("duiding")) / f"label-studio-{VERSION}"


def executable(environment: Path, name: str = "label-studio") -> Path:
    """Return a command of an environment."""
    return environment / ("Scripts" if os.name == "nt" else "bin") / (f"{name}.exe" if os.name == "nt" else name)


def installed_version(environment: Path) -> str:
    """Return the Label Studio version in an environment; empty when there is none."""
    for found in sorted(environment.glob("lib*/**/site-packages/label_studio-*.dist-info")) + sorted(
        environment.glob("Lib/site-packages/label_studio-*.dist-info")
    ):
        return found.name.removeprefix("label_studio-").removesuffix(".dist-info")
    return ""


def ensure_environment(chosen: Path | None = None, say: Callable[[str], None] = lambda line: None) -> Path:
    """Return an environment with the right Label Studio; one that the user did not choose is made when missing.

    Raises:
        ReviewError: the chosen environment has no or another Label Studio, or making one failed.
    """
    named = chosen or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    environment = (named or default_environment()).expanduser().absolute()
    found = installed_version(environment) if executable(environment).is_file() else ""
    if named is not None and environment.is_dir() and any(environment.iterdir()) and not _unfinished(environment):
        if found != VERSION:
            raise ReviewError(
                problem(file=environment, found=f"Label Studio {found}" if found else "no Label Studio",
                        expected=f"an environment with label-studio=={VERSION}",
                        do=f"install it there, or leave {VARIABLE} and --python-env out and Duiding makes one")
            )  # fmt: skip
        return environment
    if found == VERSION and not _unfinished(environment):
        return environment
    say(f"Installing Label Studio {VERSION} in {environment} (once; about 1 GB, a few minutes).")
    _make(environment)
    return environment


def _unfinished(environment: Path) -> bool:
    """Return whether Duiding began this environment and was interrupted."""
    return (environment / "duiding-started").is_file() and not (environment / _FINISHED).is_file()


def _make(environment: Path) -> None:
    log = environment / "install.log"
    try:
        environment.mkdir(parents=True, exist_ok=True)
        (environment / "duiding-started").touch()
        (environment / _FINISHED).unlink(missing_ok=True)
        with log.open("wb") as stream:
            for command in (
                [sys.executable, "-m", "venv", str(environment)],
                [str(executable(environment, "python")), "-m", "pip", "install", "--disable-pip-version-check",
                 f"label-studio=={VERSION}", "-c", str(CONSTRAINTS)],
            ):  # fmt: skip
                subprocess.run(command, check=True, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL)
        (environment / _FINISHED).touch()
    except subprocess.CalledProcessError as error:
        raise ReviewError(
            problem(file=environment, found=f"installing Label Studio {VERSION} failed (exit {error.returncode})",
                    do=f"read {log}, mend it and run the same command again; or point {VARIABLE} to an environment "
                       f"that has label-studio=={VERSION}")
        ) from error  # fmt: skip
    except OSError as error:
        raise ReviewError(
            problem(file=environment, found=f"cannot be written ({error.strerror})",
                    do=f"set {VARIABLE} to a folder that can be written")
        ) from error  # fmt: skip
