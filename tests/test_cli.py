"""The command line as someone sees it the first time: what it prints, and one line when something is wrong."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import __main__ as start
from pipeline import cli
from pipeline.cli_show import show_check, show_run
from pipeline.config import load_survey
from pipeline.intake.prepare import prepare
from pipeline.intake.read import read_answers
from pipeline.job import run
from pipeline.scaffold import write_scaffold
from pipeline.workspace import Workspace

Command = Callable[..., subprocess.CompletedProcess[str]]


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line as a program of its own; the fixture `duiding` runs it in this process."""
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_names_every_command() -> None:
    shown = program("--help").stdout
    for command in ("init", "check", "run", "evaluate", "report"):
        assert command in shown


def test_from_a_file_to_a_report(write: Callable[..., Path], tmp_path: Path, duiding: Command) -> None:
    rows = [f"{n};Borne;Ik kan ze nooit telefonisch bereiken, steeds in de wacht {n}" for n in range(1, 8)]
    data = write("antwoorden.csv", "respnr;gemeente;wat moet beter\n" + "\n".join(rows) + "\n")
    made = duiding("init", tmp_path / "nieuw", "--file", data)
    assert made.returncode == 0, made.stderr
    survey = tmp_path / "nieuw" / "survey.yaml"
    text = survey.read_text(encoding="utf-8")
    assert 'respondent: "respnr"' in text
    assert 'group: "gemeente"' in text
    assert 'column: "wat moet beter"' in text
    assert duiding("check", survey).returncode == 0
    survey.write_text(text.replace("codeboek.yaml", "participatiewet-verbeter"), encoding="utf-8")
    checked = duiding("check", survey)
    assert checked.returncode == 0, checked.stderr
    assert "7 rows, 7 respondents" in checked.stdout
    assert "only 7 answers" in checked.stdout
    done = duiding("run", tmp_path / "nieuw")
    assert done.returncode == 0, done.stderr
    assert "7 answers read" in done.stdout
    assert "Next:" in done.stdout
    again = duiding("run", tmp_path / "nieuw")
    assert "no work to do" in again.stdout
    assert "wacht" not in done.stdout + done.stderr + again.stdout


def test_init_takes_whole_words_for_ids_groups_and_weights(write: Callable[..., Path], tmp_path: Path) -> None:
    header = "Mening over beleid;Gemeentelijke toeslag;Leeftijdsgewicht;ResponseID;Gemeentenaam;Weegfactor"
    rows = [f"Het is goed {n};ja;jong;R_{n};Borne;1,{n}" for n in range(9)]
    path = write_scaffold(tmp_path / "nieuw", write("a.csv", "\n".join([header, *rows])))
    found = load_survey(path).input
    assert (found.respondent, found.group, found.weight) == ("ResponseID", "Gemeentenaam", "Weegfactor")


@pytest.mark.parametrize(
    ("name", "values"), [("Mijn id", "Jan {}"), ("Leeftijdsgewicht", "jong {}"), ("Gemeentelijke id-kaart", "ja {}")]
)
def test_init_takes_no_column_whose_values_do_not_fit(
    write: Callable[..., Path], tmp_path: Path, name: str, values: str
) -> None:
    rows = [values.format(n) + ";x" for n in range(9)]
    found = load_survey(write_scaffold(tmp_path / "nieuw", write("a.csv", "\n".join([f"{name};x", *rows])))).input
    assert (found.respondent, found.group, found.weight) == (None, None, None)


@pytest.mark.parametrize("value", ["2026-01-{:02d} 10:00:00", "respondent{}@voorbeeld.nl", "https://enquete.nl/r/{}/a"])
def test_init_takes_no_dates_or_addresses_for_open_answers(
    write: Callable[..., Path], tmp_path: Path, value: str
) -> None:
    rows = [f"{value.format(n)};Ik stond {n} minuten in de rij" for n in range(1, 10)]
    path = write_scaffold(tmp_path / "nieuw", write("a.csv", "\n".join(["Ingevuld;Wat kan beter?", *rows])))
    assert [question.column for question in load_survey(path).questions] == ["Wat kan beter?"]


def test_the_next_command_can_be_run_as_it_stands(write: Callable[..., Path], tmp_path: Path, duiding: Command) -> None:
    data = write(
        "a.csv", "respnr;wat moet beter\n" + "".join(f"{n};Ik sta te lang in de wacht {n}\n" for n in range(9))
    )
    made = duiding("init", tmp_path / "map met spatie", "--file", data)
    command = shlex.split(made.stdout.splitlines()[-1].partition("then: ")[2])
    assert command == ["duiding", "check", str(tmp_path / "map met spatie" / "survey.yaml")]
    assert shlex.split(duiding(*command[1:]).stdout.splitlines()[-1])[1:] == ["duiding", "run", command[2]]


def test_init_with_a_file_that_is_not_there_writes_nothing(tmp_path: Path, duiding: Command) -> None:
    done = duiding("init", tmp_path / "nieuw", "--file", tmp_path / "weg.xlsx")
    assert done.returncode == 2
    assert not (tmp_path / "nieuw").exists()


def test_what_init_writes_of_a_hard_header_can_be_read(write: Callable[..., Path], tmp_path: Path) -> None:
    rows = [f'{n};"Ik moest erg lang wachten {n}"' for n in range(20)]
    header = 'nr;"Wat vindt u\n""van"" de\u00a0balie\\kassa?"'
    write_scaffold(tmp_path / "nieuw", write("a.csv", "\n".join([header, *rows])))
    survey = load_survey(tmp_path / "nieuw")
    assert survey.questions[0].column == 'Wat vindt u "van" de balie\\kassa?'
    assert len(read_answers(survey).answers) == 20


def test_square_brackets_in_a_title_or_group_are_shown_as_they_are(
    small_survey: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = small_survey.read_text().replace("Klein onderzoek", '"Onderzoek [concept] [/b] :smile:"')
    small_survey.write_text(text)
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("Noord", "[/Noord]"))
    survey = load_survey(small_survey)
    show_check(survey, prepare(survey))
    show_run(run(survey))
    shown = capsys.readouterr().out
    assert shown.count("Onderzoek [concept] [/b] :smile: (2026)") == 2
    assert "[/Noord] 2" in shown


def test_ids_that_are_numbered_are_said_by_check_and_run(
    small_survey: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("\n1;", "\njan@voorbeeld.nl;"))
    survey = load_survey(small_survey)
    show_check(survey, prepare(survey))
    show_run(run(survey))
    assert capsys.readouterr().out.count("! Column nr: 1 of 6 ids") == 2


@pytest.mark.parametrize(
    ("rows", "question", "why"),
    [
        ("vraag;tekst\n{}beter;Te lang wachten\n", "column: beeter", "no row of column 'vraag' says 'beeter'"),
        ("groep;tekst\n{}Noord;Te lang wachten\n", "column: tekst, groups: [Oost]", "no row is of one of its 'groups'"),
    ],
)
def test_a_question_without_a_row_says_what_kept_them_away(
    write: Callable[..., Path], duiding: Command, rows: str, question: str, why: str
) -> None:
    write("data.csv", "nr;" + rows.format("1;"))
    source = "layout: long, question: vraag, text: tekst" if "vraag" in rows else "group: groep"
    survey = write(
        "survey.yaml",
        f"title: Klein\nwave: 2026\ninput: {{file: data.csv, respondent: nr, {source}}}\n"
        f"questions:\n  - {{id: beter, {question}, codebook: participatiewet-verbeter}}\n",
    )
    shown = duiding("check", survey).stdout
    assert f"! beter: no answers at all; {why}\n" in shown
    assert "row number" not in shown, "nobody is known by a row number where nobody answered"


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ("report: {template: weg.docx}", "report.template: no such file"),
        ("encoder: ./weg", "no such model folder"),
        ("reference: weg.csv", "reference: no such file"),
        ("reference: participatiewet.cvs", "did you mean 'participatiewet.csv'?"),
        (
            "report: {pin: ['1:beeter']}",
            "report.pin: no answer '1:beeter' in this survey. Next: did you mean '1:beter'?",
        ),
        ("report: {ban: ['11:beter']}", "'11:beter' in this survey. Next: take the id from 'duiding trace'"),
    ],
)
def test_check_stops_on_what_run_would_stop_on(small_survey: Path, setting: str, part: str, duiding: Command) -> None:
    small_survey.write_text(small_survey.read_text() + setting + "\n")
    done = duiding("check", small_survey)
    assert done.returncode == 2
    assert part in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("command", ["check", "run"])
def test_what_is_wrong_with_the_invited_stops_check_and_run_before_the_coding(
    small_survey: Path, command: str, duiding: Command
) -> None:
    text = small_survey.read_text()
    small_survey.write_text(text + "response: {invited: {Noord: 9, Zuit: 9}}\n")
    done = duiding(command, small_survey)
    assert done.returncode == 2
    assert "response.invited.Zuit" in done.stderr
    assert "did you mean 'Zuid'?" in done.stderr
    small_survey.write_text(text + "response: {invited: {Noord: 9, Zuid: 2}}\n")
    done = duiding(command, small_survey)
    assert done.returncode == 2
    assert "response.invited.Zuid: 2 invited and 3 respondents" in done.stderr
    assert not list(small_survey.parent.rglob("scores.parquet"))


def test_an_invited_group_without_respondents_is_said_by_check_and_run(
    small_survey: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_survey.write_text(small_survey.read_text() + "response: {invited: {Noord: 9, Zuid: 9, Tubbergen: 9}}\n")
    survey = load_survey(small_survey)
    show_check(survey, prepare(survey))
    show_run(run(survey))
    assert capsys.readouterr().out.count("! response.invited.Tubbergen: nobody") == 2


def test_ctrl_c_says_that_nothing_is_lost(
    small_survey: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.job.run", interrupted)
    monkeypatch.setattr(sys, "argv", ["duiding", "run", str(small_survey)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 130
    assert "duiding: stopped; nothing is lost." in capsys.readouterr().err


def test_ctrl_c_while_the_command_line_is_imported_ends_as_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupting:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "pipeline.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "pipeline.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    with pytest.raises(SystemExit) as stopped:
        start.main()
    assert stopped.value.code == 130
    assert capsys.readouterr().err == "duiding: stopped; nothing is lost. Next: run the same command again to go on.\n"


def test_the_command_starts_where_ctrl_c_is_heard() -> None:
    settings = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text(encoding="utf-8"))
    assert settings["project"]["scripts"] == {"duiding": "pipeline.__main__:main"}


def test_check_names_the_largest_groups_and_counts_the_rest(small_survey: Path, duiding: Command) -> None:
    rows = [f"{n};Wijk {n // 2 + 100};;Ik sta te lang in de wacht" for n in range(85)]
    small_survey.with_name("data.csv").write_text("\n".join(["nr;plaats;t1;beter", *rows]))
    shown = duiding("check", small_survey).stdout.splitlines()[1]
    assert shown.count("Wijk") == 30
    assert "Wijk 142" not in shown, "the smallest"
    assert shown.endswith(", and 13 more")


def test_init_makes_a_demo_or_a_survey_of_a_file(write: Callable[..., Path], tmp_path: Path, duiding: Command) -> None:
    done = duiding("init", tmp_path / "nieuw", "--demo", "--file", write("a.csv", "nr;beter\n1;x\n"))
    assert done.returncode == 2
    assert done.stderr.startswith("duiding: --demo and --file: ")
    assert not (tmp_path / "nieuw").exists()


def test_init_does_not_overwrite(small_survey: Path, duiding: Command) -> None:
    done = duiding("init", small_survey.parent)
    assert done.returncode == 2
    assert "there is one already" in done.stderr


def test_a_data_file_that_is_not_there_is_looked_for_beside_it(small_survey: Path, duiding: Command) -> None:
    text = small_survey.read_text()
    for name, do in (("dta.csv", "did you mean 'data.csv'?"), ("leeg/x.csv", "correct 'input.file'")):
        (small_survey.parent / "leeg").mkdir(exist_ok=True)
        small_survey.write_text(text.replace("data.csv", name))
        assert f"{name}: input.file: no such file. Next: {do}" in duiding("check", small_survey).stderr
    done = duiding("init", small_survey.parent / "nieuw", "--file", small_survey.with_name("geen.xlsx"))
    assert "--file: no such file. Next: correct '--file'" in done.stderr


@pytest.mark.parametrize(
    ("prepare", "parts"),
    [
        (lambda folder: (folder / "data.csv").unlink(), ["data.csv", "no such file"]),
        (lambda folder: (folder / "data.csv").write_text(""), ["data.csv", "empty"]),
        (lambda folder: (folder / "klein.yaml").write_text("codes: [A, A]"), ["klein.yaml", "two codes"]),
        (lambda folder: (folder / "survey.yaml").write_text("titel: x"), ["survey.yaml", "unknown key 'titel'"]),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    small_survey: Path, prepare: Callable[[Path], object], parts: list[str], duiding: Command
) -> None:
    prepare(small_survey.parent)
    done = duiding("run", small_survey)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    for part in parts:
        assert part in done.stderr
    assert "Traceback" in program("--debug", "run", small_survey).stderr


@pytest.mark.parametrize(
    ("error", "named"),
    [(ValueError("wat iemand schreef"), "ValueError"), (OSError(5, "no answer", "x"), "OSError: no answer")],
)
def test_an_unexpected_error_is_one_line_that_names_debug_and_quotes_nothing(
    small_survey: Path, monkeypatch: pytest.MonkeyPatch, duiding: Command, error: Exception, named: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("pipeline.job.run", broken)
    done = duiding("run", small_survey)
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"duiding: an unexpected error ({named}). Next: run it again as 'duiding --debug ...'"
    )
    assert len(done.stderr.splitlines()) == 1
    assert "wat iemand schreef" not in done.stderr
    with pytest.raises(type(error)):
        duiding("--debug", "run", small_survey)


def test_what_may_not_be_used_is_one_line_with_its_place(
    small_survey: Path, monkeypatch: pytest.MonkeyPatch, duiding: Command
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "werk/answers.parquet")

    monkeypatch.setattr("pipeline.job.run", denied)
    done = duiding("run", small_survey)
    assert done.returncode == 2
    assert done.stderr.startswith("duiding: werk/answers.parquet: no permission to use it. Next: ")
    monkeypatch.setattr(Path, "read_text", denied)
    with pytest.raises(PermissionError):
        _ = Workspace(small_survey.parent).manifest  # of a colleague: 'no results yet' would not be true


def test_evaluate_prints_json(write: Callable[..., Path], duiding: Command) -> None:
    line = {
        "survey": "participatiewet",
        "question": "succes",
        "text": "Mijn klantmanager is top",
        "codes": ["Mijn klantmanager"],
    }
    done = duiding("evaluate", write("f.jsonl", json.dumps(line)), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"n", "top1", "hit", "codes_per_answer", "micro_f1", "macro_f1", "per_question"} <= set(found)


def test_version() -> None:
    assert program("--version").stdout.startswith("duiding ")
