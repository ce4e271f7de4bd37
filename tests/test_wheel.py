"""The wheel carries everything: it works unpacked, in an empty folder, where the checkout cannot be seen."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import pipeline
from pipeline.codebook import shipped_codebooks
from pipeline.coding.networks import NETWORKS

ROOT = Path(__file__).parents[1]
DATA = "pipeline/_data"
ENCODER = ("config_sentence_transformers.json", "model.safetensors", "modules.json", "tokenizer.json")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the build backend itself: nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run_from(unpacked: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the unpacked wheel and the dependencies; `-S` leaves out an editable install of the checkout."""
    libraries = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    path = os.pathsep.join([str(unpacked), *libraries])
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "120"}
    command = [sys.executable, "-S", "-P", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_wheel_is_named_after_the_version(wheel: Path) -> None:
    assert wheel.name == f"duiding-{pipeline.__version__}-py3-none-any.whl"


def test_the_wheel_carries_its_data(names: set[str]) -> None:
    wanted = {f"{DATA}/models/duiding-nl-static/{name}" for name in ENCODER}
    for network in NETWORKS:
        files = ("network.json", "network.safetensors", "LICENSE", "README.md")
        wanted |= {f"{DATA}/models/{network}/{file}" for file in files}
    for name in shipped_codebooks():
        wanted |= {f"{DATA}/annotations/codebooks/{name}.yaml", f"{DATA}/annotations/examples/{name}.jsonl"}
        wanted |= {f"{DATA}/models/classifiers/{name}.json", f"{DATA}/models/classifiers/{name}.safetensors"}
    for folder in ("demo", "reference"):
        here = [path for path in (ROOT / "annotations" / folder).glob("*.*") if path.is_file()]
        wanted |= {f"{DATA}/annotations/{folder}/{path.name}" for path in here}
    assert sorted(wanted - names) == []


def test_the_wheel_carries_every_file_of_the_package(names: set[str]) -> None:
    here = [path for path in (ROOT / "pipeline").rglob("*.*") if path.is_file() and "__pycache__" not in path.parts]
    assert sorted({path.relative_to(ROOT).as_posix() for path in here} - names) == []


def test_the_wheel_carries_nothing_else(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert tops == {"pipeline", f"duiding-{pipeline.__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name]


def test_the_licences_travel_along(names: set[str]) -> None:
    folder = f"duiding-{pipeline.__version__}.dist-info/licenses"
    wanted = {f"{folder}/LICENSE", *(f"{folder}/models/{name}/LICENSE" for name in ("duiding-nl-static", *NETWORKS))}
    assert sorted(wanted - names) == []


def test_python_sees_the_wheel_and_not_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    code = "import pipeline, pipeline.bundled as b; print(pipeline.__file__); print(b.bundled('annotations'))"
    done = run_from(unpacked, tmp_path, "-c", code)
    assert [Path(line).is_relative_to(unpacked) for line in done.stdout.splitlines()] == [True, True], done.stderr


def test_codebooks_are_listed(unpacked: Path, tmp_path: Path) -> None:
    done = run_from(unpacked, tmp_path, "-m", "pipeline", "codebooks")
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == shipped_codebooks()


def test_the_demo_is_laid_out_in_an_empty_folder(unpacked: Path, tmp_path: Path) -> None:
    done = run_from(unpacked, tmp_path, "-m", "pipeline", "init", "demo", "--demo")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
    surveys = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("survey.yaml"))
    assert surveys == ["demo/minimabeleid/survey.yaml", "demo/participatiewet/survey.yaml"]
    assert not list(tmp_path.rglob("*_waar.jsonl")), "the truth is not for the analyst"


def test_answers_are_coded_with_what_the_wheel_carries(unpacked: Path, tmp_path: Path) -> None:
    rows = ["nr;goed"] + [f"{number};{text}" for number, text in enumerate(["Altijd op tijd betaald", "n.v.t."], 1)]
    (tmp_path / "data.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "survey.yaml").write_text(
        "title: Proef\nwave: 2026\ninput: {file: data.csv, respondent: nr}\n"
        "questions: [{id: goed, column: goed, codebook: participatiewet-succes}]\nreport: {formats: [html]}\n",
        encoding="utf-8",
    )
    done = run_from(unpacked, tmp_path, "-m", "pipeline", "run")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "2 answers read" in done.stdout
    assert "betaald" not in done.stdout + done.stderr
    assert (tmp_path / "duiding-werk" / "rapport" / "rapport.html").is_file()
    kept = tmp_path / "duiding-werk" / "modellen"
    assert not kept.exists() or not list(kept.iterdir()), "the shipped classifier does not fit: run make models"
