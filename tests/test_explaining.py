"""The reasons that reviewers see: of the codes they are shown, or none."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.coding.explain_text import ZERO_SHOT_LINE
from pipeline.config import Question, load_survey
from pipeline.errors import ConfigError
from pipeline.explaining import OTHER_MODEL, TaskExplainer, explain_answer
from pipeline.job import run
from pipeline.workspace import Workspace, read_table

EXAMPLES = """{"text": "Mevrouw Jansen belde nooit terug", "codes": ["Telefoon"]}
{"text": "Altijd in gesprek", "codes": ["Telefoon"]}
{"text": "Van dit bedrag kan ik niet rondkomen", "codes": ["Geld"]}
{"text": "Het is mooi weer", "codes": ["Anders"]}
"""


class Coded(NamedTuple):
    """One question of a survey that was run, and what its reviewers are shown."""

    file: Path
    question: Question
    texts: dict[str, str]
    codes: dict[str, list[str]]

    def explain(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return what a new explainer says, and what it leaves out."""
        survey = load_survey(self.file)
        explainer = TaskExplainer(survey, Workspace(survey.workspace_path))
        return explainer(self.question, self.texts, self.codes), explainer.left_out


def coded(file: Path) -> Coded:
    result = run(file)
    answers, codings = result.table("answers"), result.table("codings")
    answers = answers[answers["status"] == "answer"]
    rows = codings[codings["applied"] & (codings["role"] == "machine")]
    codes = {key: list(part["code"]) for key, part in rows.groupby("answer_id")}
    texts = dict(zip(answers["answer_id"], answers["text"], strict=True))
    return Coded(file, result.survey.questions[0], texts, {key: codes[key] for key in texts})


@pytest.fixture
def zero_shot(small_survey: Path) -> Coded:
    return coded(small_survey)


@pytest.fixture
def with_examples(small_survey: Path, write: Callable[..., Path]) -> Coded:
    write("voorbeelden.jsonl", EXAMPLES)
    text = small_survey.read_text("utf-8").replace("klein.yaml,", "klein.yaml, examples: voorbeelden.jsonl,")
    return coded(write("survey.yaml", text))


def test_every_answer_gets_its_words_and_nearest_examples(with_examples: Coded) -> None:
    found, left_out = with_examples.explain()
    assert set(found) == set(with_examples.texts)
    assert left_out == {}
    money = next(key for key, text in with_examples.texts.items() if "rondkomen" in text)
    assert found[money].startswith("• Geld (")
    assert "‘rondkomen’" in found[money]
    assert "“Van dit bedrag kan ik niet rondkomen”" in found[money]
    assert with_examples.explain()[0] == found, "a second time says the same"


def test_a_users_examples_are_shown_without_personal_data(with_examples: Coded) -> None:
    shown = "".join(with_examples.explain()[0].values())
    assert "Mevrouw … belde nooit terug" in shown
    assert "Jansen" not in shown


def test_no_file_of_the_workspace_holds_personal_data_of_a_users_examples(with_examples: Coded) -> None:
    folder = load_survey(with_examples.file).workspace_path
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert any(file.parent.name == "modellen" and b"belde" in file.read_bytes() for file in files)
    assert [file.name for file in files if b"jansen" in file.read_bytes().lower()] == []


def test_what_the_readme_says_to_delete_leaves_no_word_of_an_example(with_examples: Coded) -> None:
    folder = load_survey(with_examples.file).workspace_path
    files = [file for file in folder.rglob("*") if file.is_file() and b"belde" in file.read_bytes()]
    assert {file.parent.name for file in files} == {"modellen"}
    with_examples.file.with_name("voorbeelden.jsonl").write_text(EXAMPLES.partition("\n")[2], encoding="utf-8")
    shutil.rmtree(folder / "modellen")
    run(with_examples.file)
    assert list(folder.joinpath("modellen").iterdir())
    assert [file for file in folder.rglob("*") if file.is_file() and b"belde" in file.read_bytes()] == []


def test_evaluate_learns_from_a_users_examples_what_a_run_learns(
    with_examples: Coded, write: Callable[..., Path], duiding: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    answers, folder = write("f.jsonl", '{"text": "Altijd bezet", "codes": ["Telefoon"]}\n'), with_examples.file.parent
    done = duiding("evaluate", answers, "--codebook", folder / "klein.yaml", "--examples", folder / "voorbeelden.jsonl")
    (found,) = json.loads(done.stdout)["per_question"].values()
    workspace = Workspace(load_survey(with_examples.file).workspace_path)
    assert found["model"] == workspace.note("coding")["beter"]["model"]


def test_a_codebook_without_examples_says_so(zero_shot: Coded) -> None:
    found, _ = zero_shot.explain()
    assert found
    assert all(text.startswith(ZERO_SHOT_LINE) and "Lijkt op" not in text for text in found.values())


def test_codes_of_another_model_than_the_one_in_use_are_not_explained(
    zero_shot: Coded, write: Callable[..., Path]
) -> None:
    before = sorted(Workspace(load_survey(zero_shot.file).workspace_path).path("modellen").iterdir())
    write("klein.yaml", zero_shot.file.with_name("klein.yaml").read_text("utf-8").replace("rondkomen", "armoede"))
    assert zero_shot.explain() == ({}, {"beter": OTHER_MODEL})
    after = sorted(Workspace(load_survey(zero_shot.file).workspace_path).path("modellen").iterdir())
    assert after == before, "and no model is learned for it"


def test_the_analyst_is_told_of_the_model_that_coded_and_nothing_is_learned(
    zero_shot: Coded, write: Callable[..., Path]
) -> None:
    models = Workspace(load_survey(zero_shot.file).workspace_path).path("modellen")
    before, first = sorted(models.iterdir()), next(iter(zero_shot.texts))
    assert {reason.code for reason in explain_answer(zero_shot.file, first).reasons} == set(zero_shot.codes[first])
    write("klein.yaml", zero_shot.file.with_name("klein.yaml").read_text("utf-8").replace("rondkomen", "armoede"))
    with pytest.raises(ConfigError, match="another model coded them than the one in use now; 'duiding run'"):
        explain_answer(zero_shot.file, first)
    assert sorted(models.iterdir()) == before


def test_the_analyst_sees_own_examples_without_personal_data(with_examples: Coded) -> None:
    found = [explain_answer(with_examples.file, answer_id) for answer_id in with_examples.texts]
    near = {example.text for one in found for reason in one.reasons for example in reason.examples}
    assert "Mevrouw … belde nooit terug" in near
    assert not any("Jansen" in text for text in near)


def test_an_answer_to_a_question_that_is_gone_is_one_line(
    zero_shot: Coded, write: Callable[..., Path], duiding: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    write("survey.yaml", zero_shot.file.read_text("utf-8").replace("id: beter", "id: nieuw"))
    done = duiding("explain", next(iter(zero_shot.texts)), zero_shot.file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert (
        f"question 'beter' is no longer in survey.yaml. Next: run again: duiding run {zero_shot.file}." in done.stderr
    )


@pytest.mark.parametrize(
    ("answer_id", "why"),
    [("2:beter", "the box is empty"), ("4:beter", "nothing to code"), ("5:beter", "nothing to improve"),
     ("7:beter", "another language, and set aside for a person")],
)  # fmt: skip
def test_why_an_answer_was_not_coded(small_survey: Path, write: Callable[..., Path], answer_id: str, why: str) -> None:
    data = small_survey.with_name("data.csv").read_text("utf-8")
    write("data.csv", data + "7;Zuid;;Thank you very much for helping my family\n")
    coded(small_survey)
    with pytest.raises(ConfigError, match=f"not coded: .*{why}") as found:
        explain_answer(small_survey, answer_id)
    assert "did you mean" not in str(found.value)


@pytest.mark.parametrize("typed", ["1:betr", "1:Beter", "1-beter", " 1 : beter"])
def test_a_mistyped_id_of_the_same_respondent_is_suggested(zero_shot: Coded, typed: str) -> None:
    with pytest.raises(ConfigError, match="did you mean '1:beter'"):
        explain_answer(zero_shot.file, typed)


@pytest.mark.parametrize("typed", ["11:beter", "8:beter", "1-2:beter", "1.5:beter", "1-2", "1:x", "1", "beter", ""])
def test_another_respondents_answer_is_never_suggested(zero_shot: Coded, typed: str) -> None:
    with pytest.raises(ConfigError, match=r"no such answer.*'duiding trace' or from gecodeerd\.csv") as found:
        explain_answer(zero_shot.file, typed)
    assert "did you mean" not in str(found.value)


def test_other_codes_than_the_model_gives_are_not_explained(zero_shot: Coded) -> None:
    first, *others = zero_shot.texts
    zero_shot.codes[first] = [code for code in ("telefoon", "geld", "anders") if code not in zero_shot.codes[first]]
    found, left_out = zero_shot.explain()
    assert (set(found), left_out) == (set(others), {})


def test_a_damaged_model_leaves_the_reasons_out_and_is_named(zero_shot: Coded) -> None:
    survey = load_survey(zero_shot.file)
    for file in Workspace(survey.workspace_path).path("modellen").glob("*.safetensors"):
        file.write_bytes(b"x")
    found, left_out = zero_shot.explain()
    assert found == {}
    assert "damaged" in left_out["beter"]
    assert not any(text in left_out["beter"] for text in zero_shot.texts.values())


def test_given_codes_are_not_explained(demo: Path) -> None:
    survey = load_survey(demo / "minimabeleid")
    workspace = Workspace(survey.workspace_path)
    question = next(one for one in survey.questions if one.fixed_codes)
    answers, codings = (read_table(workspace.path(f"{name}.parquet")) for name in ("answers", "codings"))
    answers = answers[(answers["question"] == question.id) & (answers["status"] == "answer")].head(20)
    rows = codings[codings["applied"] & (codings["role"] == "machine")]
    codes = {key: list(part["code"]) for key, part in rows.groupby("answer_id")}
    found = TaskExplainer(survey, workspace)(
        question, dict(zip(answers["answer_id"], answers["text"], strict=True)), codes
    )
    book = survey.codebook(question)
    given = book.by_id[book.resolve(question.fixed_codes[0])].label
    assert len(found) == len(answers)
    for answer_id, text in found.items():
        assert len(text.splitlines()) == len(codes[answer_id]) - 1
        assert not any(line.startswith(f"• {given} (") for line in text.splitlines())
