"""The server's own environment is made once, an interrupted one again, and a chosen one is never touched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import ReviewError
from pipeline.review import environment
from pipeline.review.environment import VARIABLE, VERSION, ensure_environment


def fake(folder: Path, version: str) -> Path:
    (folder / "lib" / "python3.11" / "site-packages" / f"label_studio-{version}.dist-info").mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin" / "label-studio").touch()
    return folder


def test_a_chosen_environment_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fake(tmp_path / "env", VERSION)
    assert ensure_environment(found) == found
    monkeypatch.setenv(VARIABLE, str(found))
    assert ensure_environment() == found


def test_a_chosen_environment_with_another_version_is_refused(tmp_path: Path) -> None:
    found = fake(tmp_path / "env", "1.0.0")
    with pytest.raises(ReviewError, match=r"found|Label Studio 1\.0\.0; expected .*label-studio==" + VERSION):
        ensure_environment(found)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with pytest.raises(ReviewError, match="no Label Studio"):
        ensure_environment(tmp_path / "other")


def test_a_missing_one_is_made_and_an_interrupted_one_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    target = tmp_path / "made"
    monkeypatch.setattr(environment, "default_environment", lambda: target)
    commands: list[list[str]] = []

    def stop(command: list[str], **more: object) -> None:
        commands.append(command)
        if "pip" in command:
            raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(subprocess, "run", stop)
    with pytest.raises(ReviewError, match=r"installing Label Studio .* failed \(exit 1\)"):
        ensure_environment()
    fake(target, VERSION)
    monkeypatch.setattr(subprocess, "run", lambda command, **more: commands.append(command))
    assert ensure_environment() == target
    assert commands[0] == [sys.executable, "-m", "venv", str(target)]
    assert commands[-1][-3:] == [f"label-studio=={VERSION}", "-c", str(environment.CONSTRAINTS)]
    commands.clear()
    assert ensure_environment() == target
    assert commands == [], "once is enough"


def test_the_pins_are_exact() -> None:
    lines = environment.CONSTRAINTS.read_text(encoding="utf-8").split()
    assert all("==" in line for line in lines)


def test_importing_the_commands_is_cheap() -> None:
    script = (
        "import sys; import pipeline.cli_review\n"
        "heavy = {'pandas', 'numpy', 'torch', 'label_studio_sdk', 'httpx', 'sklearn', 'openpyxl', 'xlsxwriter'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ)
    assert out.stdout.strip() == "[]"
