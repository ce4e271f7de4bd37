"""`duiding learn` and `duiding explain`: better models take over, worse ones don't, the audit is never learned from."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli_coding import register
from pipeline.coding.encoder_files import encoder_digest
from pipeline.config import load_survey
from pipeline.errors import ConfigError, ModelError, TableError
from pipeline.explaining import explain_answer
from pipeline.job import run
from pipeline.learned import (
    OTHER_CODEBOOK,
    OTHER_ENCODER,
    OTHER_EXAMPLES,
    OTHER_SEED,
    learned_models,
    missing_models,
    passed_over,
    set_aside,
)
from pipeline.learning import (
    BETTER,
    NOT_BETTER,
    NOTHING_REVIEWED,
    SAME,
    TOO_FEW_AUDITED,
    learn,
)
from pipeline.review.events import Event, add_events
from pipeline.review.reviewed import reviewed_codings
from pipeline.review.sample import write_sample
from pipeline.workspace import Workspace, read_table

Command = Callable[..., subprocess.CompletedProcess[str]]
#: What people say about the telephone and money in words that the codebook does not have.
SAID = {
    "telefoon": ["doorverbonden naar de verkeerde", "niemand pakt op", "ingesproken en nooit teruggebeld",
                 "keuzemenu doorlopen", "receptie verbreekt steeds", "altijd in gesprek"],
    "geld": ["boodschappen zijn onbetaalbaar", "huur niet te voldoen", "rood staan halverwege",
             "kinderen geen schoenen kunnen kopen", "schulden lopen op", "voedselbank nodig"],
    "anders": ["parkeren lastig", "koffie smaakt vies", "gebouw ongezellig", "fietsenstalling vol",
               "wc was smerig", "stoelen zijn hard"],
}  # fmt: skip
AROUND = ["{} dit jaar", "bij mij: {}", "vaak {}", "{} helaas", "al maanden {}", "{}, jammer", "weer {}", "{} vind ik"]
ROWS = [(code, frame.format(said)) for frame in AROUND for code, all_said in SAID.items() for said in all_said]
SURVEY = """
title: Klein onderzoek
wave: 2026
input: {file: data.csv, respondent: nr}
questions:
  - {id: beter, column: beter, codebook: klein.yaml}
report: {formats: []}
"""
CODEBOOK = """
id: klein
residual: anders
codes:
  - {id: telefoon, label: Telefoon, keywords: [bellen]}
  - {id: geld, label: Geld, keywords: [bedrag]}
  - {id: anders, label: Anders, definition: Iets anders}
"""


@pytest.fixture
def survey(write: Callable[..., Path], run_like: Callable[[Path], object]) -> Path:
    """144 answers, coded zero-shot, none reviewed."""
    write("klein.yaml", CODEBOOK)
    write("data.csv", "nr;beter\n" + "".join(f"{n};{text}\n" for n, (_, text) in enumerate(ROWS)))
    path = write("survey.yaml", SURVEY)
    run_like(path)
    return path


def review(path: Path, *, training: int, audit: int, shift: int = 0, none: str = "") -> Workspace:
    """Review the first answers for training and the last for the audit.

    `shift` makes the training codes wrong; to what is about `none` no code applies.
    """
    survey = load_survey(path)
    workspace = Workspace(survey.workspace_path)
    book = survey.codebook(survey.questions[0])
    codes = list(book.by_id)
    answers = read_table(workspace.path("answers.parquet"))
    truth = {text: code for code, text in ROWS}
    ids = list(zip(answers["answer_id"], answers["text"], strict=True))
    parts = [("training", ids[:training]), ("audit", ids[len(ids) - audit :])]
    events, rows = [], []
    for role, chosen in parts:
        for answer_id, text in chosen:
            code = truth[text]
            if role == "training" and shift:
                code = codes[(codes.index(code) + shift) % 3]
            events.append(
                Event(answer_id, "beter", book.digest, () if code == none else (code,), tuple(codes), "Anna", role,
                      "2026-01-01T10:00:00.000000Z", "manual", f"Anna/{role}/{answer_id}/{shift}")
            )  # fmt: skip
            rows.append((answer_id, "beter", role, audit / len(ids) if role == "audit" else None, "beter"))
    add_events(workspace, events)
    names = ["answer_id", "question", "role", "inclusion_probability", "stratum"]
    write_sample(workspace, pd.DataFrame(rows, columns=names))
    return workspace


def test_a_better_model_takes_over_at_the_next_run(survey: Path) -> None:
    before = run(survey).workspace.note("coding")["beter"]
    workspace = review(survey, training=90, audit=40)
    (lesson,) = learn(survey)
    assert lesson.outcome == BETTER
    assert (lesson.n_learned, lesson.n_audit) == (90, 40)
    assert lesson.comparison is not None
    assert lesson.comparison.after.micro_f1 > lesson.comparison.before.micro_f1 + 0.2
    result = run(survey)
    assert not result.unchanged
    after = workspace.note("coding")["beter"]
    assert (before["start"], after["start"]) == ("zero-shot", "learned")
    assert after["codebook"] == load_survey(survey).codebook(load_survey(survey).questions[0]).digest
    codings = result.table("codings").merge(result.table("answers")[["answer_id", "text"]], on="answer_id")
    truth = {text: code for code, text in ROWS}
    audited = codings[codings["applied"]].tail(40)
    assert (audited["code"] == audited["text"].map(truth)).mean() > 0.8
    assert run(survey).unchanged
    assert learn(survey)[0].outcome == SAME


def test_a_model_that_is_not_better_is_not_used(survey: Path) -> None:
    review(survey, training=90, audit=40)
    learn(survey)
    run(survey)
    workspace = review(survey, training=90, audit=40, shift=1)  # a later, careless coder
    (lesson,) = learn(survey)
    assert lesson.outcome == NOT_BETTER
    used = workspace.note("coding")["beter"]["model"]
    assert run(survey).workspace.note("coding")["beter"]["model"] == used


def test_what_the_audit_draws_later_must_not_have_been_learned_from(survey: Path) -> None:
    workspace = review(survey, training=90, audit=40)
    learn(survey)
    loaded = load_survey(survey)
    assert set(learned_models(loaded, workspace)) == {"beter"}
    review(survey, training=0, audit=140)
    assert learned_models(loaded, workspace) == {}
    run(survey)
    assert workspace.note("coding")["beter"]["start"] == "zero-shot"


def test_a_model_set_aside_is_named_until_there_is_another(
    survey: Path, write: Callable[..., Path], duiding: Command
) -> None:
    said = [text for _, text in ROWS]
    said[100] = said[0]
    write("data.csv", "nr;beter\n" + "".join(f"{n};{text}\n" for n, text in enumerate(said)))
    run(survey)
    workspace = review(survey, training=90, audit=40)
    learn(survey)
    loaded = load_survey(survey)
    assert set(learned_models(loaded, workspace)) == {"beter"}
    review(survey, training=0, audit=44)
    assert set_aside(loaded, workspace) == {"beter": 1}, "another answer, but the same words"
    assert learned_models(loaded, workspace) == {}
    line = (
        "! beter: the model that was learned is not used any more, for the audit drew 1 of the answers (or words) that"
    )
    assert f"{line} it learned from. Next: duiding learn {survey}" in duiding("run", survey).stdout
    (lesson,) = learn(survey)
    assert lesson.n_learned == 89
    assert set_aside(loaded, workspace) == {}


def test_answers_to_which_no_code_applies_count_in_the_audit(survey: Path, write: Callable[..., Path]) -> None:
    write("klein.yaml", "\n".join(line for line in CODEBOOK.splitlines() if "anders" not in line))
    run(survey)
    workspace = review(survey, training=90, audit=40, none="anders")
    (lesson,) = learn(survey)
    assert lesson.comparison is not None
    assert (lesson.n_learned, lesson.comparison.before.n) == (60, 40)
    assert lesson.unused == (("training", "no_code", 30),)
    book = load_survey(survey).codebook(load_survey(survey).questions[0])
    machine = read_table(workspace.path("codings.parquet")).query("role == 'machine'")
    reviewed = reviewed_codings(workspace).query("role == 'audit'")
    both = reviewed.merge(machine, on=["answer_id", "code"], suffixes=("", "_machine"))
    assert len(both) == 40 * len(book.by_id)
    hits = (both["applied"] & both["applied_machine"]).sum()
    f1 = 2 * hits / (both["applied"].sum() + both["applied_machine"].sum())
    assert lesson.comparison.before.micro_f1 == pytest.approx(f1, abs=1e-4), "as review status has it"


def test_answers_in_the_words_of_the_audit_are_counted_beside_those_learned_from(
    survey: Path, write: Callable[..., Path]
) -> None:
    texts = [text for _, text in ROWS]
    texts[:3] = texts[-3:]  # of the answers reviewed for training three say what the audit reads as well
    write("data.csv", "nr;beter\n" + "".join(f"{n};{text}\n" for n, text in enumerate(texts)))
    run(survey)
    review(survey, training=90, audit=40)
    (lesson,) = learn(survey)
    assert lesson.n_learned == 87
    assert lesson.unused == (("training", "said_in_audit", 3),)


def test_another_codebook_version_passes_the_model_over(survey: Path, write: Callable[..., Path]) -> None:
    workspace = review(survey, training=90, audit=40)
    learn(survey)
    write("klein.yaml", CODEBOOK.replace("bedrag", "uitkering"))
    assert learned_models(load_survey(survey), workspace) == {}


def test_a_model_that_is_passed_over_is_named_with_the_reason(
    survey: Path, write: Callable[..., Path], duiding: Command
) -> None:
    workspace = review(survey, training=90, audit=40)
    learn(survey)
    assert "not coded by the model that was learned" not in duiding("run", survey).stdout
    write("survey.yaml", f"{SURVEY}encoder: x/another\n")
    assert passed_over(load_survey(survey), workspace) == {"beter": OTHER_ENCODER}
    write("klein.yaml", CODEBOOK.replace("bedrag", "uitkering"))
    assert passed_over(load_survey(survey), workspace) == {"beter": f"{OTHER_CODEBOOK} and {OTHER_ENCODER}"}
    write("survey.yaml", SURVEY)
    said = duiding("run", survey).stdout
    line = f"! beter: not coded by the model that was learned, for {OTHER_CODEBOOK}: run 'duiding learn' again\n"
    assert said.count(line) == 1


def write_examples(write: Callable[..., Path], codes: dict[str, str]) -> None:
    write("eigen.jsonl", "".join(f'{{"text": "{text}", "codes": ["{code}"]}}\n' for text, code in codes.items()))


WITH_EXAMPLES = SURVEY.replace("codebook: klein.yaml", "codebook: klein.yaml, examples: eigen.jsonl")


OWN_EXAMPLES = {"de lijn was bezet": "telefoon", "te weinig geld": "geld", "de stoelen": "anders"}


@pytest.fixture
def with_examples(survey: Path, write: Callable[..., Path]) -> Workspace:
    """The workspace of a survey with own examples, for which a model was learned."""
    write_examples(write, OWN_EXAMPLES)
    write("survey.yaml", WITH_EXAMPLES)
    workspace = review(survey, training=90, audit=40)
    assert learn(survey)[0].outcome == BETTER
    return workspace


def test_a_model_learned_from_other_examples_or_with_another_seed_is_passed_over(
    survey: Path, write: Callable[..., Path], with_examples: Workspace
) -> None:
    def reason() -> dict[str, str]:
        return passed_over(load_survey(survey), with_examples)

    assert reason() == {}
    write_examples(write, OWN_EXAMPLES | {"de wachtrij": "anders"})
    assert reason() == {"beter": OTHER_EXAMPLES}, "one more"
    write_examples(write, OWN_EXAMPLES | {"de stoelen": "geld"})
    assert reason() == {"beter": OTHER_EXAMPLES}, "the same one with another code"
    write("eigen.jsonl", "{")
    assert reason() == {"beter": OTHER_EXAMPLES}, "nobody can tell"
    with pytest.raises(TableError, match=r"eigen\.jsonl: line 1: not valid JSON"):
        run(survey)
    write("survey.yaml", SURVEY)
    assert reason() == {"beter": OTHER_EXAMPLES}, "none"
    write_examples(write, OWN_EXAMPLES)
    write("survey.yaml", f"{WITH_EXAMPLES}seed: 2\n")
    assert reason() == {"beter": OTHER_SEED}
    (first, code), *others = OWN_EXAMPLES.items()
    lines = [
        {"codes": [code.capitalize()], "text": first},
        *({"text": text, "category": code} for text, code in others),
    ]
    write("anders.jsonl", "\n\n".join(json.dumps(line) for line in lines))
    write("survey.yaml", WITH_EXAMPLES.replace("eigen", "anders"))
    assert reason() == {}, "the same ones, written otherwise in another file"


def test_a_model_learned_again_has_the_examples_and_the_seed_of_now(
    survey: Path, write: Callable[..., Path], duiding: Command, with_examples: Workspace
) -> None:
    loaded = load_survey(survey)
    learned = learned_models(loaded, with_examples)["beter"].name
    write_examples(write, OWN_EXAMPLES | {"de stoelen": "geld"})
    write("survey.yaml", f"{WITH_EXAMPLES}seed: 2\n")
    said = duiding("run", survey).stdout
    reason = f"{OTHER_EXAMPLES} and {OTHER_SEED}"
    line = f"! beter: not coded by the model that was learned, for {reason}: run 'duiding learn' again\n"
    assert said.count(line) == 1
    assert not learned.endswith(with_examples.note("coding")["beter"]["model"])
    assert learn(survey)[0].outcome == BETTER
    assert passed_over(load_survey(survey), with_examples) == {}
    assert "not coded by the model that was learned" not in duiding("run", survey).stdout


def test_a_record_from_before_examples_and_seed_were_kept_in_it_is_still_used(
    survey: Path, write: Callable[..., Path]
) -> None:
    workspace = review(survey, training=90, audit=40)
    learn(survey)
    path = workspace.path("modellen", "geleerd.json")
    record = json.loads(path.read_text())
    assert (record["beter"].pop("examples"), record["beter"].pop("seed")) == ("shipped", 1)
    path.write_text(json.dumps(record))
    write("survey.yaml", f"{SURVEY}seed: 2\n")
    assert passed_over(load_survey(survey), workspace) == {}
    run(survey)
    assert workspace.note("coding")["beter"]["start"] == "learned"


BESIDE = "  - {id: goed, column: beter, codebook: klein.yaml}\n"
BESIDE_FIRST = SURVEY.replace("questions:\n", f"questions:\n{BESIDE}")


def test_a_question_that_is_added_later_is_coded_by_the_model_of_its_codebook(
    survey: Path, write: Callable[..., Path], duiding: Command
) -> None:
    workspace = review(survey, training=90, audit=40)
    learn(survey)
    learned = learned_models(load_survey(survey), workspace)["beter"]
    write("eigen.yaml", CODEBOOK.replace("bedrag", "uitkering"))
    write("survey.yaml", BESIDE_FIRST.replace("klein", "eigen", 1))
    assert learned_models(load_survey(survey), workspace) == {"beter": learned}, "the other has its own codebook"
    write("survey.yaml", BESIDE_FIRST)
    assert learned_models(load_survey(survey), workspace) == {"goed": learned, "beter": learned}
    run(survey)
    note = workspace.note("coding")
    assert note["goed"]["start"] == "learned"
    assert note["goed"]["model"] == note["beter"]["model"]
    said = duiding("learn", survey).stdout
    assert "goed, beter: 90 answers reviewed for training, 40 audited: nothing new since the model in use" in said


def test_questions_that_learn_together_share_one_model(survey: Path, write: Callable[..., Path]) -> None:
    write("survey.yaml", BESIDE_FIRST)
    run(survey)
    workspace = review(survey, training=90, audit=40)
    (lesson,) = learn(survey)
    assert (lesson.questions, lesson.outcome) == (("goed", "beter"), BETTER)
    assert len(list(workspace.path("modellen").glob("geleerd-*.safetensors"))) == 1
    write("survey.yaml", SURVEY)
    assert set(learned_models(load_survey(survey), workspace)) == {"beter"}, "also when the other is taken out"


def test_of_the_models_on_record_the_one_that_fits_and_learned_most_codes_all(
    survey: Path, write: Callable[..., Path]
) -> None:
    write("survey.yaml", BESIDE_FIRST)
    loaded = load_survey(survey)
    workspace = Workspace(loaded.workspace_path)
    digests = {"codebook": loaded.codebook(loaded.questions[0]).digest, "encoder": encoder_digest(None)}
    few = digests | {"model": "geleerd-goed-x", "answers": ["1"]}
    many = digests | {"model": "geleerd-beter-x", "answers": ["2", "3"]}

    def used(**record: dict[str, Any]) -> tuple[set[tuple[str, str]], dict[str, str]]:
        workspace.path("modellen", "geleerd.json").write_text(json.dumps(record))
        files = missing_models(loaded, workspace).items()
        return {(name, found[0].stem) for name, found in files}, passed_over(loaded, workspace)

    for_both = {("goed", "geleerd-beter-x"), ("beter", "geleerd-beter-x")}
    assert used(goed=few, beter=many) == (for_both, {})
    assert used(goed=few | {"codebook": "x", "answers": ["1", "2", "3"]}, beter=many) == (for_both, {})
    assert used(beter=many | {"codebook": "x"}) == (set(), {"beter": OTHER_CODEBOOK}), (
        "nothing was learned for the other"
    )


def test_of_two_models_the_one_that_may_still_be_used_codes_all(survey: Path, write: Callable[..., Path]) -> None:
    workspace = review(survey, training=90, audit=40)
    assert learn(survey)[0].outcome == BETTER
    write("survey.yaml", BESIDE_FIRST)
    run(survey)
    loaded, record = load_survey(survey), workspace.path("modellen", "geleerd.json")
    (entry,) = json.loads(record.read_text()).values()
    drawn = [str(key) for key in read_table(workspace.path("answers.parquet"))["answer_id"] if key.endswith("beter")]
    more = entry | {"model": "geleerd-goed-x", "answers": sorted({*entry["answers"], drawn[-1]})}
    record.write_text(json.dumps({"beter": entry, "goed": more}))
    used = workspace.path("modellen", entry["model"])
    assert learned_models(loaded, workspace) == {"goed": used, "beter": used}, "the other learned from the audit"
    assert (set_aside(loaded, workspace), missing_models(loaded, workspace)) == ({}, {})
    assert learn(survey)[0].outcome == SAME
    assert json.loads(record.read_text()) == {"beter": entry}
    record.write_text(json.dumps({"beter": entry, "goed": more | {"answers": [*entry["answers"], "elsewhere"]}}))
    assert learned_models(loaded, workspace) == {"goed": used, "beter": used}, "the files of the other are gone"


def test_a_model_that_fits_no_more_is_forgotten_when_none_is_better(survey: Path, write: Callable[..., Path]) -> None:
    workspace = review(survey, training=90, audit=40)
    assert learn(survey)[0].outcome == BETTER
    write("survey.yaml", f"{SURVEY}seed: 2\n")
    assert passed_over(load_survey(survey), workspace) == {"beter": OTHER_SEED}
    review(survey, training=90, audit=40, shift=1)
    assert learn(survey)[0].outcome == NOT_BETTER
    assert passed_over(load_survey(survey), workspace) == {}
    assert not list(workspace.path("modellen").glob("geleerd-*"))


def test_without_enough_reviewed_answers_the_old_model_stays(survey: Path) -> None:
    assert learn(survey)[0].outcome == NOTHING_REVIEWED
    review(survey, training=50, audit=10)
    assert learn(survey)[0].outcome == TOO_FEW_AUDITED


def test_a_survey_that_was_not_run_says_what_to_do(survey: Path, tmp_path: Path) -> None:
    load_survey(survey).workspace_path.rename(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="Next: duiding run .*survey.yaml"):
        learn(survey)


def test_a_damaged_record_is_named(survey: Path) -> None:
    workspace = Workspace(load_survey(survey).workspace_path)
    workspace.path("modellen", "geleerd.json").write_text("{")
    with pytest.raises(ModelError, match=r"geleerd\.json: damaged"):
        run(survey)


@pytest.mark.parametrize(
    "entry", [{"answers": 3}, {"answers": [3]}, {"model": 3}, {"codebook": None}, {"examples": 3}, {"seed": "1"}]
)
def test_a_record_with_a_wrong_type_inside_is_damaged(survey: Path, entry: dict[str, Any]) -> None:
    workspace = Workspace(load_survey(survey).workspace_path)
    whole = {"model": "geleerd-beter-x", "codebook": "x", "encoder": "x", "answers": []}
    workspace.path("modellen", "geleerd.json").write_text(json.dumps({"beter": whole | entry}))
    with pytest.raises(ModelError, match=r"geleerd\.json: damaged"):
        run(survey)
    with pytest.raises(ModelError, match=r"geleerd\.json: damaged"):
        learned_models(load_survey(survey), workspace)


def test_a_learned_model_that_is_damaged_or_gone_is_named(survey: Path, duiding: Command) -> None:
    workspace = review(survey, training=90, audit=40)
    assert learn(survey)[0].outcome == BETTER
    (numbers,) = workspace.path("modellen").glob("geleerd-*.safetensors")
    words = numbers.with_suffix(".json")
    numbers.write_bytes(numbers.read_bytes()[:100])
    with pytest.raises(ModelError) as found:
        run(survey)
    assert f"{numbers.name} and {words.name}, then run 'duiding learn' again" in str(found.value)
    assert "then learned again" not in str(found.value)
    numbers.unlink()
    done = duiding("run", survey)
    assert done.returncode == 0, done.stderr
    assert (
        f"! beter: not coded by the model that was learned, for {numbers.name} is missing: duiding learn" in done.stdout
    )
    assert learn(survey)[0].outcome == BETTER, "and learned again it is whole"
    assert "! beter: not coded by" not in duiding("run", survey).stdout


def test_reviews_from_before_a_code_was_added_are_counted(
    survey: Path, write: Callable[..., Path], duiding: Command
) -> None:
    review(survey, training=80, audit=0)
    write("klein.yaml", CODEBOOK + "  - {id: balie, label: Balie}\n")
    said = duiding("learn", survey).stdout
    assert "none of the 80 answers reviewed for training can be used" in said
    assert "80 reviewed for training: not used, for they were reviewed before a code was added" in said
    assert f"reviewed with the codes of now: duiding review push {survey} --training 180" in said


@pytest.mark.parametrize("run_again", [False, True])
def test_reviews_of_a_question_that_was_renamed_are_counted(
    survey: Path, write: Callable[..., Path], duiding: Command, run_again: bool
) -> None:
    review(survey, training=80, audit=0)
    write("survey.yaml", SURVEY.replace("id: beter", "id: nieuw"))
    if run_again:
        run(survey)
    said = duiding("learn", survey).stdout
    assert "80 reviewed for training: not used, for they are not in the survey now, or their question is not" in said
    assert "Next: if a question's id or the file was changed by mistake, change it back; otherwise" in said


def test_the_next_step_is_what_was_lacking(survey: Path, duiding: Command) -> None:
    assert (
        f"Next: have more answers reviewed: duiding review push {survey} --training 100"
        in duiding("learn", survey).stdout
    )
    review(survey, training=50, audit=10)
    said = duiding("learn", survey).stdout
    assert f"Next: have more answers reviewed: duiding review push {survey} --audit 130\n" in said


def test_the_commands_say_what_happened(survey: Path) -> None:
    app = typer.Typer()
    register(app)
    workspace = review(survey, training=90, audit=40)
    said = CliRunner().invoke(app, ["learn", str(survey)]).output
    assert "before" in said and "after" in said and "takes over" in said
    assert f"Next: code the answers again with the new model: duiding run {survey}" in said
    answers = read_table(workspace.path("answers.parquet"))
    answer_id, text = answers.loc[0, ["answer_id", "text"]]
    other = CliRunner().invoke(app, ["explain", answer_id, str(survey)])
    assert "another model coded them than the one in use now" in str(other.exception), "learned, but not yet used"
    run(survey)
    said = CliRunner().invoke(app, ["explain", answer_id, str(survey)]).output
    assert said.startswith(f'"{text}"')
    assert "words for: " in said
    found = json.loads(CliRunner().invoke(app, ["explain", answer_id, str(survey), "--json"]).output)
    assert [word["text"] for word in found["reasons"][0]["words"]] == text.split()


def test_an_answer_that_is_not_there(survey: Path) -> None:
    with pytest.raises(ConfigError, match="no such answer"):
        explain_answer(survey, "nergens")
