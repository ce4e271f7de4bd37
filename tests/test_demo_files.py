"""The demo's files: made by build.py, the sizes and shares of the published survey, the truth kept apart."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import load_workbook

from pipeline.bundled import bundled
from pipeline.codebook import load_codebook, shipped_codebooks
from pipeline.config import load_survey
from pipeline.workspace import Workspace, read_table

SURVEYS = ("participatiewet", "minimabeleid")
ROUNDED = 0.02
#: Of the personal data in the demo's answers, at least this share is gone after the intake.
RECALL = {"numbers": 0.98, "persons": 0.95}


def truth(name: str) -> list[dict[str, Any]]:
    text = bundled("annotations", "demo", f"{name}_waar.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def cells(path: Path) -> list[tuple[object, ...]]:
    book = load_workbook(path, read_only=True)
    rows = list(book["Data"].iter_rows(values_only=True))
    book.close()
    return rows


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo folder as build.py makes it in a folder that holds its sources only."""
    folder = tmp_path_factory.mktemp("annotations")
    shutil.copytree(bundled("annotations", "reference"), folder / "reference")
    shutil.copytree(bundled("annotations", "demo", "source"), folder / "demo" / "source")
    script = shutil.copy(bundled("annotations", "demo", "build.py"), folder / "demo")
    spec = importlib.util.spec_from_file_location("build_demo", script)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_demo"] = module
    spec.loader.exec_module(module)
    module.participatiewet()
    module.minimabeleid()
    return folder / "demo"


@pytest.mark.parametrize("name", ["minimabeleid.csv", "minimabeleid_waar.jsonl", "participatiewet_waar.jsonl"])
def test_the_files_are_what_the_script_makes(rebuilt: Path, name: str) -> None:
    same = (rebuilt / name).read_bytes() == bundled("annotations", "demo", name).read_bytes()
    assert same, "run: python annotations/demo/build.py"


def test_the_workbook_is_what_the_script_makes(rebuilt: Path) -> None:
    made, kept = cells(rebuilt / "participatiewet.xlsx"), cells(bundled("annotations", "demo", "participatiewet.xlsx"))
    assert len(made) == len(kept)
    assert not [number for number, (left, right) in enumerate(zip(made, kept, strict=True), 1) if left != right]


def test_respondents_per_municipality() -> None:
    header, *rows = cells(bundled("annotations", "demo", "participatiewet.xlsx"))
    place = header.index("Gemeente")
    assert Counter(row[place] for row in rows) == {"Hengelo": 274, "Haaksbergen": 54, "Borne": 61}
    with bundled("annotations", "demo", "minimabeleid.csv").open(encoding="utf-8-sig", newline="") as stream:
        found = Counter(row["Gemeente"] for row in csv.DictReader(stream, delimiter=";"))
    assert found == {"Hengelo": 117, "Haaksbergen": 36, "Borne": 23, "": 72}


def test_the_invited_numbers_are_the_published_ones() -> None:
    survey = load_survey(bundled("annotations", "demo", "participatiewet.yaml"))
    assert survey.response.invited == {"Hengelo": 1700, "Haaksbergen": 310, "Borne": 290}


def published(question: str) -> dict[str, dict[str, float]]:
    """Return group -> code -> the share published for 2022."""
    book = load_codebook(f"participatiewet-{question}")
    out: dict[str, dict[str, float]] = {}
    path = bundled("annotations", "reference", "participatiewet.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream, delimiter=";"):
            if row["question"] == question and row["wave"] == "2022" and row["group"] != "Referentiegroep":
                out.setdefault(row["group"], {})[book.resolve(row["code"])] = float(row["share"])
    return out


@pytest.mark.parametrize("question", ["succes", "verbeter"])
def test_the_true_shares_are_close_to_the_published_ones(question: str) -> None:
    rows = [row for row in truth("participatiewet") if row["question"] == question]
    rows = [row for row in rows if row["ticks"] or row["status"] in ("answer", "other_language")]
    found = published(question)
    assert len(found) >= 3
    far = []
    for group, shares in found.items():
        base = [row for row in rows if group in ("Totaal", row["group"])]
        counts = Counter(code for row in base for code in {*row["codes"], *row["ticks"]})
        for code, share in shares.items():
            difference = counts[code] / len(base) - share
            if abs(difference) > ROUNDED:
                far.append((group, code, round(difference, 3)))
    assert not far


def test_the_truth_is_valid() -> None:
    for name in SURVEYS:
        survey = load_survey(bundled("annotations", "demo", f"{name}.yaml"))
        books = {question.id: survey.codebook(question) for question in survey.questions}
        for row in truth(name):
            assert set(row["codes"]) | set(row["ticks"]) <= set(books[row["question"]].by_id), row["answer_id"]


def test_no_text_is_in_the_truth() -> None:
    for name in SURVEYS:
        keys = {key for row in truth(name) for key in row}
        assert keys == {"answer_id", "question", "group", "status", "codes", "ticks", "personal"}


def test_the_main_job_never_reads_the_truth(demo_run: tuple[Path, set[str]]) -> None:
    """Neither the truth nor the sources that hold it are opened."""
    folder, opened = demo_run
    assert len(list(folder.rglob("shares.parquet"))) == len(SURVEYS)
    assert any(name.endswith("/participatiewet.xlsx") for name in opened)
    assert not [name for name in opened if "_waar" in name or "demo/source/" in name]
    assert not list(folder.rglob("*_waar*"))


def left_over(demo: Path) -> pd.DataFrame:
    """Return per piece of personal data: the answer it is in, its kind, and whether it is still there after intake."""
    rows = []
    for name in SURVEYS:
        workspace = Workspace(load_survey(demo / name).workspace_path)
        answers = read_table(workspace.path("answers.parquet"))
        texts = dict(zip(answers["answer_id"], answers["text"], strict=True))
        for row in truth(name):
            for item in row["personal"]:
                kind = "numbers" if re.search(r"[\d@]", item) else "persons"
                parts = set(re.findall(r"[\w@.-]+", item)) - {"de", "el", "ten", "ter", "Oude"}
                there = any(re.search(rf"(?<!\w){re.escape(part)}(?!\w)", texts[row["answer_id"]]) for part in parts)
                rows.append((row["answer_id"], kind, there))
    return pd.DataFrame(rows, columns=["answer_id", "kind", "there"])


@pytest.mark.parametrize("kind", sorted(RECALL))
def test_personal_data_is_gone_after_the_intake(demo: Path, kind: str) -> None:
    """No part of it, such as a house number or a surname, may be left in the answer it was in."""
    found = left_over(demo)
    found = found[found["kind"] == kind]
    recall = 1 - found["there"].mean()
    print(f"{kind}: {recall:.3f} of {len(found)} removed")
    assert len(found) >= 20
    assert recall >= RECALL[kind], sorted(found.loc[found["there"], "answer_id"])


def test_every_codebook_has_a_demo_question() -> None:
    used = {
        question.codebook
        for name in SURVEYS
        for question in load_survey(bundled("annotations", "demo", f"{name}.yaml")).questions
    }
    assert used == set(shipped_codebooks())
