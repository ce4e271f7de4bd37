"""How far the review is, and when stopping can be defended."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import cli, cli_review
from pipeline.cli_show import show_run
from pipeline.errors import ReviewError
from pipeline.job import Result
from pipeline.planning import Planner
from pipeline.review.describe import describe
from pipeline.review.draw import draw
from pipeline.review.events import Event, add_events
from pipeline.review.progress import Width, review_progress
from pipeline.review.sample import in_random_order, read_sample
from pipeline.workspace import read_table, write_table

from .conftest import Made, code_survey

Make = Callable[..., Made]


def code(made: Made, role: str, coder: str, n: int | None = None, codes: str = "werk", **more: object) -> None:
    """Code the first n sampled answers to `verbeter` in a role, in review order."""
    sample = read_sample(made.workspace).query("question == 'verbeter' and role == @role")
    codebook = made.survey.codebook(made.survey.questions[0])
    events = []
    for i, answer_id in enumerate(in_random_order(sample["answer_id"], made.survey.seed, "audit")[:n]):
        values = {
            "answer_id": answer_id, "question": "verbeter", "codebook": codebook.digest,
            "codes": ("werk" if i % 2 else codes,), "judged": tuple(codebook.by_id), "coder": coder, "role": role,
            "at": f"2022-11-01T10:{i // 60:02d}:{i % 60:02d}.000000Z", "origin": "accepted", "seconds": 12.0,
            "annotation": f"{coder}/{role}/{answer_id}",
        }  # fmt: skip
        events.append(Event(**{**values, **more}))  # type: ignore[arg-type]
    add_events(made.workspace, events)


@pytest.fixture
def made(make_survey: Make) -> Made:
    found = make_survey(100)
    draw(found.workspace, found.survey, audit=60, second=0.5, questions=["verbeter"])
    return found


def test_nothing_done_yet(made: Made) -> None:
    (state,) = review_progress(made.workspace, made.survey)
    assert (state.drawn, state.done, state.left) == ({"audit": 60, "second": 30}, {}, 90)
    assert not state.defensible
    assert state.objections == ("none of the 60 audited answers is coded",)


def test_done_and_left_per_coder_with_speed(made: Made) -> None:
    code(made, "audit", "anna", 40)
    code(made, "second", "bo", 10)
    (state,) = review_progress(made.workspace, made.survey)
    assert (state.done, state.left) == ({"audit": 40, "second": 10}, 40)
    assert [(c.name, c.n, c.per_hour) for c in state.coders] == [("anna", 40, 300.0), ("bo", 10, 300.0)]


def test_stopping_is_defensible_when_the_interval_is_narrow_and_coders_agree(made: Made) -> None:
    code(made, "audit", "anna", codes="tijd")
    code(made, "second", "bo")
    twice = set(read_sample(made.workspace).query("role == 'second'")["answer_id"])
    (state,) = review_progress(made.workspace, made.survey, expect=lambda question, audited: Width(0.04))
    assert state.open_conflicts
    assert any("adjudicate" in objection for objection in state.objections)
    assert len(twice) == state.people[0].n

    code(made, "second", "bo", codes="tijd", at="2022-11-02T10:00:00.000000Z")
    first = {event.answer_id: event.codes for event in _events(made) if event.role == "audit"}
    second = [event for event in _events(made) if event.role == "second"]
    add_events(made.workspace, [replace(event, codes=first[event.answer_id]) for event in second])
    (state,) = review_progress(made.workspace, made.survey, expect=lambda question, audited: Width(0.04))
    assert state.objections == ()
    assert state.people[0].alpha == 1.0
    (wide,) = review_progress(made.workspace, made.survey, expect=lambda question, audited: Width(0.071))
    assert wide.objections == ("the widest interval is ±7.1 points, more than ±5.0",)


def test_one_person_twice_is_not_two_people(made: Made) -> None:
    code(made, "audit", "anna")
    code(made, "second", "anna")
    (state,) = review_progress(made.workspace, made.survey, expect=lambda question, audited: Width(0.04))
    assert (state.people, state.machine_second, len(state.own_second)) == ((), (), 30)
    assert state.objections == ("only 0 answers were coded by two people, too few to know how well they agree",)
    shown = CliRunner().invoke(cli_review.app, ["status", str(made.survey.file)])
    assert "coded twice by one and the same coder, which is no second opinion: 30 (" in shown.output
    code(made, "second", "bo", at="2022-11-02T10:00:00.000000Z")
    (state,) = review_progress(made.workspace, made.survey, expect=lambda question, audited: Width(0.04))
    assert (state.people[0].n, state.own_second) == (30, ())


def test_a_code_added_later_is_no_disagreement(made: Made) -> None:
    known = tuple(made.survey.codebook(made.survey.questions[0]).by_id)
    code(made, "audit", "anna", judged=tuple(name for name in known if name != "tijd"), codes="werk")
    code(made, "second", "bo", codes="werk")
    second = [event for event in _events(made) if event.role == "second"]
    add_events(made.workspace, [replace(event, codes=(*event.codes, "tijd")) for event in second])
    (state,) = review_progress(made.workspace, made.survey)
    assert state.people[0].percent == 1.0
    assert {found.code: found.n for found in state.people}["tijd"] == 0


def _events(made: Made) -> list[Event]:
    from pipeline.review.events import latest, read_journal

    return list(latest(read_journal(made.workspace)).values())


def test_skips_are_an_objection(made: Made) -> None:
    code(made, "audit", "anna", skipped=True, codes="werk", n=20)
    (state,) = review_progress(made.workspace, made.survey, expect=lambda question, audited: Width(0.04))
    assert len(state.skipped) == 20
    code(made, "audit", "bo", n=50)
    code(made, "audit", "cas", n=5, skipped=True)
    (state,) = review_progress(made.workspace, made.survey, expect=lambda question, audited: Width(0.04))
    assert state.skipped == ()


def test_the_second_coder_does_not_take_away_the_first_ones_skips(made: Made) -> None:
    code(made, "second", "bo")
    code(made, "audit", "anna", n=20, skipped=True)
    code(made, "audit", "cas", n=1)
    (state,) = review_progress(made.workspace, made.survey, expect=lambda question, audited: Width(0.04))
    assert len(state.skipped) == 19
    assert "19 of 60 audited answers were skipped, and skipping is not random" in state.objections


@pytest.mark.parametrize(
    ("manual", "said"),
    [(0, "who saw its codes"), (20, "who saw its codes of 40 answers"), (60, "who did not see its codes")],
)
def test_status_says_of_the_first_coder_what_was_shown(made: Made, manual: int, said: str) -> None:
    code(made, "audit", "anna")
    code(made, "audit", "anna", n=manual, origin="manual", doubt=True)
    (state,) = review_progress(made.workspace, made.survey)
    assert f"  machine and first coder ({said}), 60 answers" in "\n".join(describe(state, str))


def test_an_option_that_does_nothing_here_is_refused(made: Made, tmp_path: Path) -> None:
    file, lines, run = str(made.survey.file), tmp_path / "x.jsonl", CliRunner().invoke
    for options in (["--question", "verbeter"], ["--blind"], ["--audit", "70"], ["--second", "0.0"]):
        refused = run(cli.app, ["review", "export", str(lines), file, *options])
        assert isinstance(refused.exception, ReviewError)
        assert f"{options[0]}: only for a workbook (.xlsx)" in str(refused.exception)
    assert not lines.exists()
    code(made, "audit", "coder-0a1b2c3d", n=3)
    assert run(cli.app, ["review", "export", str(lines), file, "--force"]).exit_code == 0
    refused = run(cli.app, ["review", "import", str(lines), file, "--coder", "anna"])
    assert "--coder: only for a workbook (.xlsx); expected every coding in it names" in str(refused.exception)


def test_status_tells_it_in_words_without_any_answer(made: Made) -> None:
    code(made, "audit", "anna", codes="tijd")
    code(made, "second", "bo")
    shown = CliRunner().invoke(cli_review.app, ["status", str(made.survey.file)])
    assert shown.exit_code == 0, shown.exception
    assert "verbeter: audit 60 of 60, second 30 of 30; 0 left" in shown.output
    assert "anna: 60 coded, about 300 an hour" in shown.output
    assert "tijd: alpha" in shown.output
    assert "the other gave: werk" in shown.output
    assert "Stopping now is not defensible:" in shown.output
    assert "with 60 audited answers the part of the margin that coding errors add is at most ±" in shown.output
    assert "formulier" not in shown.output


def test_the_planner_speaks_before_anything_is_drawn(make_survey: Make) -> None:
    made = make_survey(100)
    shown = CliRunner().invoke(cli_review.app, ["status", str(made.survey.file)])
    assert "answers the part of the margin that coding errors add is at most ±" in shown.output
    assert "Server: none yet (duiding review start)" in shown.output


def test_the_plan_is_of_the_surveys_own_wave(make_survey: Make) -> None:
    """Of 120 drawn from all years only those of this year shorten this year's intervals."""
    made = make_survey(200)
    file = made.workspace.path("answers.parquet")
    answers = read_table(file)
    earlier = answers["respondent_id"].astype(int) < 1150
    write_table(file, answers.assign(wave=answers["wave"].where(~earlier, "2018")))
    plan = Planner(made.survey, made.workspace).plan("verbeter", 120)
    assert plan is not None
    assert (plan.drawn, plan.own) == (120, 30)
    shown = CliRunner().invoke(cli_review.app, ["status", str(made.survey.file)]).output
    assert "verbeter: with 120 audited answers (30 of 2022, 90 of earlier waves) the part of the margin" in shown

    draw(made.workspace, made.survey, audit=120, questions=["verbeter"])
    code(made, "audit", "anna")
    then = set(answers.loc[earlier, "answer_id"])
    old = [event for event in _events(made) if event.answer_id in then]
    only = made.workspace.path("review", "review.jsonl")
    only.unlink()
    add_events(made.workspace, old)
    shown = CliRunner().invoke(cli_review.app, ["status", str(made.survey.file)]).output
    assert f"with {len(old)} audited answers (0 of 2022, {len(old)} of earlier waves)" in shown
    assert re.search(
        r"the part of the margin that coding errors add is ±[34]\d\.\d points, more than", shown
    )  # nothing known
    assert "Stopping now is not defensible" in shown


def test_answers_that_came_after_the_audit_are_named(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    code_survey(made, 120)
    shown = CliRunner().invoke(cli_review.app, ["status", str(made.survey.file)]).output
    assert "! verbeter: 18 answers came after the audit was drawn and had no chance to be in it" in shown
    file = [made.workspace.path("answers.parquet")]
    made.workspace.done("intake", "k", file, {"accounting": [], "replaced": 0, "notes": []})
    made.workspace.done("estimates", "k", file, {"audited": 60})
    show_run(Result(made.survey, made.workspace))
    assert "! verbeter: 18 answers came after the audit was drawn" in " ".join(capsys.readouterr().out.split())


def test_excel_and_json_lines_from_the_command_line(make_survey: Make, tmp_path: Path) -> None:
    made = make_survey(100)
    file, run = str(made.survey.file), CliRunner().invoke
    book, lines = str(tmp_path / "nakijken.xlsx"), str(tmp_path / "codings.jsonl")
    exported = run(cli.app, ["review", "export", book, file, "--audit", "20"])
    assert "verbeter 20 answers" in exported.output, exported.exception
    assert "0 answers marked ready" in run(cli.app, ["review", "import", book, file, "--coder", "anna"]).output
    code(made, "audit", "coder-0a1b2c3d")
    assert "Wrote 20 codings" in run(cli.app, ["review", "export", lines, file]).output
    assert all("antwoord" not in json.loads(line) for line in Path(lines).read_text("utf-8").splitlines())
    assert "20 codings read, 0 new" in run(cli.app, ["review", "import", lines, file]).output
    assert isinstance(run(cli.app, ["review", "export", "x.txt", file]).exception, ReviewError)


def test_without_a_server_the_next_step_is_named(made: Made) -> None:
    for command in ("push", "pull"):
        failed = CliRunner().invoke(cli_review.app, [command, str(made.survey.file)])
        assert isinstance(failed.exception, ReviewError)
        assert "no Label Studio server yet. Next: run 'duiding review start'" in str(failed.exception)
