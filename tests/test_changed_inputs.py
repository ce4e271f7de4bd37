"""Whatever changes between two runs, the workspace holds what a clean one would: nothing old, nothing more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.job import Result, run
from pipeline.workspace import Workspace

CODEBOOK = """
id: balie
aim: verbeter
residual: anders
codes:
  - {id: dienst, label: Dienst}
  - {id: wachttijd, label: Wachttijd, definition: Te lang wachten, keywords: [wachten, rij]}
  - {id: uitleg, label: Uitleg, definition: Onduidelijke uitleg, keywords: [uitleg, brief]}
  - {id: anders, label: Anders}
"""
SURVEY = """
title: Balie
wave: 2026
input: {file: data.csv, respondent: nr, group: plaats}
reference: ref.csv
report: {formats: [html, csv, parquet]}
questions:
  - {id: eerder, title: Eerder, column: eerder, codebook: balie.yaml}
  - {id: nu, title: Nu, column: nu, codebook: balie.yaml, groups: [Noord, Zuid], earlier_codebooks: {2020: oud.yaml}}
"""
TEXTS = ("Ik moest lang wachten in de rij", "De uitleg in de brief was onduidelijk", "De deur was groen en zwaar")
DATA = "nr;plaats;eerder;nu\n" + "".join(
    f"{n};{('Noord', 'Zuid')[n % 2]};{TEXTS[n % 3]} {n};{TEXTS[n % 2]} {n}\n" for n in range(24)
)
REFERENCE = "question;code;group;wave;share;n\n" + "".join(
    f"nu;{code};Totaal;{wave};0.30;100\n" for code in ("Wachttijd", "Uitleg") for wave in (2020, 2022)
)


@pytest.fixture
def desk(tmp_path: Path, run_like: Callable[[Path], Result]) -> Path:
    """24 respondents, two questions, an older codebook and published figures of two years, run; returns survey.yaml."""
    folder = tmp_path / "balie"
    folder.mkdir()
    (folder / "balie.yaml").write_text(CODEBOOK)
    (folder / "oud.yaml").write_text(CODEBOOK.replace("Te lang wachten", "Iets heel anders"))
    (folder / "data.csv").write_text(DATA)
    (folder / "ref.csv").write_text(REFERENCE)
    (folder / "survey.yaml").write_text(SURVEY)
    run_like(folder / "survey.yaml")
    return folder / "survey.yaml"


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(survey: Path) -> None:
        file = survey.with_name(name)
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return change


def results(workspace: Path) -> dict[str, bytes]:
    """Every result file and its bytes; the models that coding keeps for itself are none."""
    files = [path for path in workspace.rglob("*") if path.is_file() and path.name != ".lock"]
    names = {path.relative_to(workspace).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if not name.startswith("modellen/")}


CHANGES = {
    "a net is made": edit("balie.yaml", "{id: wachttijd,", "{id: wachttijd, parent: dienst,"),
    "a keyword": edit("balie.yaml", "[wachten, rij]", "[wachten, groen]"),
    "the older codebook": edit("oud.yaml", "Onduidelijke uitleg", "Weer iets anders"),
    "the wave of the older codebook": edit("survey.yaml", "{2020: oud.yaml}", "{2022: oud.yaml}"),
    "a published figure": edit("ref.csv", "Wachttijd;Totaal;2022;0.30", "Wachttijd;Totaal;2022;0.40"),
    "no published figures": edit("survey.yaml", "reference: ref.csv\n", ""),
    "a row that is left out": edit("data.csv", "nr;plaats;eerder;nu\n", "nr;plaats;eerder;nu\n99;Oost;;Wachten\n"),
    "how many were invited": edit(
        "survey.yaml", "reference:", "response: {invited: {Noord: 40, Zuid: 50}}\nreference:"
    ),
    "the smallest cell": edit("survey.yaml", "report: {", "report: {min_cell: 11, "),
    "the total's name": edit("survey.yaml", "reference:", "total_label: Allen\nreference:"),
    "a question less": edit(
        "survey.yaml", "  - {id: eerder, title: Eerder, column: eerder, codebook: balie.yaml}\n", ""
    ),
    "a format less": edit("survey.yaml", ", parquet]", "]"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_after_a_change_the_results_are_those_of_a_clean_workspace(desk: Path, change: Callable[[Path], None]) -> None:
    before = results(desk.with_name("duiding-werk"))
    change(desk)
    after = results(run(desk).workspace.folder)
    desk.write_text(desk.read_text() + "workspace: schoon\n")
    clean = results(run(desk).workspace.folder)
    assert sorted(after) == sorted(clean)
    assert [name for name in clean if after[name] != clean[name]] == []
    assert before != after


def test_what_someone_changed_is_kept_and_named(desk: Path) -> None:
    folder = desk.with_name("duiding-werk") / "gecodeerd"
    (folder / "gecodeerd.parquet").write_bytes(b"mine now")
    desk.write_text(desk.read_text().replace(", parquet]", "]"))
    result = run(desk)
    assert result.workspace.note("report")["kept"] == [str(Path("gecodeerd", "gecodeerd.bewerkt-1.parquet"))]
    assert not (folder / "gecodeerd.parquet").exists()
    assert (folder / "gecodeerd.bewerkt-1.parquet").read_bytes() == b"mine now"
    run(desk)
    assert (folder / "gecodeerd.bewerkt-1.parquet").read_bytes() == b"mine now"


def test_what_is_not_as_a_run_left_it_is_left_and_named(desk: Path) -> None:
    """Of a run that was cut off nobody knows who changed what, so it keeps its name."""
    folder = desk.with_name("duiding-werk") / "gecodeerd"
    workspace = Workspace(folder.parent)
    workspace.begin("report")
    (folder / "gecodeerd.parquet").write_bytes(b"half")
    desk.write_text(desk.read_text().replace(", parquet]", "]"))
    result = run(desk)
    assert [step.left for step in result.steps] == [[], [], [], [str(Path("gecodeerd", "gecodeerd.parquet"))]]
    assert (folder / "gecodeerd.parquet").read_bytes() == b"half"
    assert [step.left for step in run(desk).steps] == [[]] * 4
