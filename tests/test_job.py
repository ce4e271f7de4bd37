"""The main job: everything adds up, nothing is done twice, and a kill at any point costs nothing."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from pipeline.errors import ConfigError, DuidingError, TableError
from pipeline.intake.reference import COLUMNS
from pipeline.job import TABLES, run


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what every file of a folder holds: tables as text, archives (.docx, .xlsx) unpacked."""
    for name, content in outputs(folder).items():
        if name.endswith(".parquet"):
            yield name, pd.read_parquet(folder / name).to_csv().encode()
        elif zipfile.is_zipfile(folder / name):
            with zipfile.ZipFile(folder / name) as archive:
                yield from ((f"{name}/{part}", archive.read(part)) for part in archive.namelist())
        else:
            yield name, content


def outputs(folder: Path) -> dict[str, bytes]:
    """Every result file and its bytes."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_second_run_does_no_work(small_survey: Path) -> None:
    first = run(small_survey)
    assert not first.unchanged
    before = {path: path.stat().st_mtime_ns for path in first.workspace.folder.rglob("*.parquet")}
    second = run(small_survey)
    assert second.unchanged
    assert before == {path: path.stat().st_mtime_ns for path in second.workspace.folder.rglob("*.parquet")}


def test_every_table_can_be_had_also_where_there_is_no_reference(small_survey: Path) -> None:
    result = run(small_survey)
    assert len(result.table("reference")) == 0
    assert list(result.table("reference").columns) == list(COLUMNS)
    assert all(len(result.table(name).columns) for name in TABLES)
    with pytest.raises(TableError, match="no table 'share'.*did you mean 'shares'"):
        result.table("share")


def test_read_is_coded_plus_set_aside(small_survey: Path) -> None:
    counts = dict(run(small_survey).accounting)
    assert counts.pop("read") == sum(counts.values()) == 6
    assert counts["coded"] == 2
    assert counts["ticked_only"] == 2
    assert counts["non_answer"] == 1


def test_a_ticked_answer_in_another_language_is_not_only_ticked(small_survey: Path) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text() + "7;Zuid;1;They should answer the phone much faster please\n")
    counts = dict(run(small_survey).accounting)
    assert (counts["ticked_only"], counts["other_language"]) == (2, 1)


def test_what_is_missing_beside_the_data_stops_a_run_before_it_starts(small_survey: Path) -> None:
    text = small_survey.read_text()
    small_survey.write_text(text.replace("codebook: klein.yaml", "codebook: klein.yaml, examples: weg.jsonl"))
    with pytest.raises(DuidingError, match="weg.jsonl"):
        run(small_survey)
    small_survey.write_text(text + "report: {template: weg.docx}\n")
    with pytest.raises(DuidingError, match="weg.docx: report.template: no such file"):
        run(small_survey)
    assert not small_survey.with_name("duiding-werk").exists()


def test_only_what_changed_is_done_again(small_survey: Path) -> None:
    run(small_survey)
    text = small_survey.read_text()
    small_survey.write_text(text.replace("Klein onderzoek", "Andere titel"))
    assert [step.name for step in run(small_survey).steps if not step.fresh] == ["report"]
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text() + "7;Zuid;;Neem de telefoon op\n")
    assert [step.fresh for step in run(small_survey).steps] == [False] * 4


def test_the_words_of_a_question_are_only_printed(small_survey: Path) -> None:
    run(small_survey)
    text = small_survey.read_text()
    small_survey.write_text(text.replace("{id: beter,", "{id: beter, asked: 'Wat kan er volgens u beter?',"))
    again = run(small_survey)
    assert [step.name for step in again.steps if not step.fresh] == ["report"]
    assert "Wat kan er volgens u beter?" in again.report.read_text(encoding="utf-8")


def test_a_result_that_was_touched_is_made_again(small_survey: Path) -> None:
    result = run(small_survey)
    shares = result.table("shares")
    result.workspace.path("shares.parquet").write_bytes(b"touched")
    again = run(small_survey)
    assert not again.unchanged
    pd.testing.assert_frame_equal(again.table("shares"), shares)


def test_the_same_input_gives_the_same_bytes(small_survey: Path, tmp_path: Path) -> None:
    first = outputs(run(small_survey).workspace.folder)
    small_survey.write_text(small_survey.read_text() + "workspace: elders\n")
    second = outputs(run(small_survey).workspace.folder)
    assert set(first) == set(second)
    changed = [name for name in first if first[name] != second[name]]
    assert changed == []


def test_no_personal_data_reaches_the_workspace(small_survey: Path) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text() + "8;Zuid;;Mevrouw Verhoeven belt nooit terug op 06-12345678\n")
    found = list(contents(run(small_survey).workspace.folder))
    for personal in (b"Verhoeven", b"06-12345678"):
        assert [name for name, content in found if personal in content] == []
    titled = {name for name, content in found if b"Klein onderzoek" in content}  # archives are searched too
    assert {"rapport/rapport.html", "rapport/rapport.docx/word/document.xml"} <= titled
    assert [name for name, content in found if name.endswith(".parquet") and b"belt nooit terug" in content]


def test_a_codebook_with_nothing_to_choose_from_stops_a_run_before_it_starts(small_survey: Path) -> None:
    small_survey.with_name("klein.yaml").write_text("id: klein\ncodes: [Telefoon]\n")
    with pytest.raises(DuidingError, match="codebook klein: fewer than two codes"):
        run(small_survey)
    assert not small_survey.with_name("duiding-werk").exists()


@pytest.mark.parametrize(("pinned", "problem"), [("3:beter", ""), ("7:beter", "7:beter"), ("6:beter", "6:beter")])
def test_a_pinned_answer_that_cannot_be_quoted_is_named(small_survey: Path, pinned: str, problem: str) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text() + "7;Zuid;;Niemand hielp mij rondkomen in kamer 10234\n")
    small_survey.write_text(small_survey.read_text() + f"report: {{pin: ['{pinned}']}}\n")
    if not problem:
        assert run(small_survey).report.is_file()
        return
    with pytest.raises(ConfigError, match=rf"report\.pin: answer '{problem}' cannot be quoted") as caught:
        run(small_survey)
    assert "10234" not in str(caught.value)


#: Runs the survey in the first folder, and those in the others in processes that are killed before their n-th write.
SCRIPT = """
import os, signal, sys
from pipeline import job, workspace
job.run(os.path.join(sys.argv[1], "survey.yaml"))
for folder in sys.argv[2:]:
    child = os.fork()
    if child:
        print(os.path.basename(folder), os.waitpid(child, 0)[1])
        continue
    left, write = int(os.path.basename(folder)), workspace.Path.replace
    def replace(self, target):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return write(self, target)
    workspace.Path.replace = replace
    job.run(os.path.join(folder, "survey.yaml"))
    os._exit(0)  # not reached
"""


def test_killed_before_any_write_the_next_run_completes_with_the_same_result(
    small_survey: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cut_off = tmp_path_factory.mktemp("cut-off")
    folders = [shutil.copytree(small_survey.parent, cut_off / str(writes)) for writes in (0, 1, 4, 6, 9, 12)]
    command = [sys.executable, "-c", SCRIPT, str(small_survey.parent), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n") == [f"{folder.name} {signal.SIGKILL:d}" for folder in folders] + [""], done.stderr
    clean = outputs(small_survey.parent / "duiding-werk")
    for folder in folders:
        after = outputs(run(folder / "survey.yaml").workspace.folder)
        assert {name: len(content) for name, content in after.items()} == {n: len(c) for n, c in clean.items()}
        assert [name for name in after if after[name] != clean[name]] == [], f"killed before write {folder.name}"


def test_killed_from_outside_while_working(small_survey: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "run", str(small_survey)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = small_survey.parent / "duiding-werk"
    while process.poll() is None and not (folder / "manifest.json").exists():
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert run(small_survey).report.is_file()


def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(
    small_survey: Path, no_space: Callable[[], None]
) -> None:
    no_space()
    with pytest.raises(DuidingError, match="No space left on device"):
        run(small_survey)
    left = [path.name for path in (small_survey.parent / "duiding-werk").rglob("*") if path.is_file()]
    assert set(left) <= {".lock"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_write_permission_is_one_line(small_survey: Path) -> None:
    small_survey.parent.chmod(0o500)
    try:
        with pytest.raises(DuidingError, match="cannot be written"):
            run(small_survey)
    finally:
        small_survey.parent.chmod(0o700)


def test_a_workspace_that_is_a_file_is_one_line(small_survey: Path) -> None:
    (small_survey.parent / "duiding-werk").write_text("in the way")
    with pytest.raises(DuidingError, match="cannot be written"):
        run(small_survey)


@pytest.mark.parametrize("key", ["pin", "ban"])
def test_an_answer_to_quote_that_does_not_exist_is_named(small_survey: Path, key: str) -> None:
    good = small_survey.read_text()
    small_survey.write_text(good + f"report: {{{key}: ['1:betr']}}\n")
    with pytest.raises(DuidingError, match=rf"survey.yaml: report.{key}: no answer '1:betr'.*did you mean '1:beter'"):
        run(small_survey)
    small_survey.write_text(good + f"report: {{{key}: ['1:beter']}}\n")
    assert run(small_survey).report.is_file()


def test_a_report_that_someone_edited_is_kept_under_another_name(small_survey: Path) -> None:
    page = run(small_survey).report
    page.write_text("Met mijn eigen woorden")
    result = run(small_survey)
    assert page.with_name("rapport.bewerkt-1.html").read_text() == "Met mijn eigen woorden"
    assert result.workspace.note("report")["kept"] == ["rapport/rapport.bewerkt-1.html"]
    assert "<html" in page.read_text()
