"""The models that `duiding learn` made: which is on record for a question, and whether it may be used."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.coding_inputs import encoder_name
from pipeline.config import Question, Survey, examples_file
from pipeline.errors import DuidingError, ModelError, problem, quoted
from pipeline.workspace import Workspace, write_text

FOLDER = "modellen"
RECORD = "geleerd.json"
SHIPPED = "shipped"  # instead of a digest in the record, where survey.yaml names no examples
OTHER_CODEBOOK, OTHER_ENCODER, OTHER_EXAMPLES, OTHER_SEED = (
    "its codebook has changed since", "the encoder is another one now",
    "its 'examples' have changed since", "the 'seed' is another one now",
)  # fmt: skip


@dataclass(frozen=True)
class _Learned:
    """A learned model that fits what survey.yaml names, and what keeps it from being used, if anything does.

    `n_drawn` of the answers that it learned from were drawn for the audit later.
    """

    path: Path
    n_answers: int
    n_drawn: int
    missing: tuple[Path, ...]

    @property
    def usable(self) -> bool:
        return not self.n_drawn and not self.missing


def learned_models(survey: Survey, workspace: Workspace) -> dict[str, Path]:
    """Return question id -> the model that was learned for it and may be used.

    A model that no longer fits what survey.yaml names is passed over (see `passed_over`), and so is one that learned
    from an answer that the audit drew later (see `set_aside`).
    """
    return {name: model.path for name, model in _for_questions(survey, workspace).items() if model.usable}


def missing_models(survey: Survey, workspace: Workspace) -> dict[str, list[Path]]:
    """Return question id -> the files that are missing of a learned model that would else be used."""
    found = _for_questions(survey, workspace)
    return {name: list(model.missing) for name, model in found.items() if model.missing and not model.n_drawn}


def passed_over(survey: Survey, workspace: Workspace) -> dict[str, str]:
    """Return question id -> why the model that was learned for it no longer fits what survey.yaml names now.

    Where the model of another question codes it now, it is not named.
    """
    record, fitting = _read_record(workspace), _for_questions(survey, workspace)
    return {
        question.id: _misfit(survey, question, record[question.id])
        for question in survey.questions
        if question.id in record and question.id not in fitting
    }


def _for_questions(survey: Survey, workspace: Workspace) -> dict[str, _Learned]:
    """Return question id -> the learned model that fits it: one for all questions that learn together.

    So a question that was added later has it too. Where some have another, because they were not in the survey when the
    others learned, one that may be used goes before, and then the one that learned from most answers.
    """
    found = _on_record(survey, workspace)
    out: dict[str, _Learned] = {}
    for questions in together(survey):
        names = [question.id for question in questions]
        if fitting := [found[name] for name in names if name in found]:
            out |= dict.fromkeys(names, max(fitting, key=lambda model: (model.usable, model.n_answers)))
    return out


def _on_record(survey: Survey, workspace: Workspace) -> dict[str, _Learned]:
    """Return question id -> the model that was learned for it, where that still fits what survey.yaml names."""
    from pipeline.coding.learn import learned_again
    from pipeline.coding.model_files import files_of

    record = _read_record(workspace)
    if not record:
        return {}
    texts, out = _texts(workspace), {}
    for questions in together(survey):
        held_out = drawn(workspace, questions, texts)
        for question in questions:
            if (entry := record.get(question.id)) is not None and not _misfit(survey, question, entry):
                path = workspace.path(FOLDER, entry["model"])
                again = learned_again({key: texts.get(key, "") for key in entry["answers"]}, held_out)
                missing = tuple(file for file in files_of(path) if not file.is_file())
                out[question.id] = _Learned(path, len(entry["answers"]), len(again), missing)
    return out


def _misfit(survey: Survey, question: Question, entry: Mapping[str, Any]) -> str:
    """Return why a model on record does not fit what survey.yaml names for a question; "" when it does.

    Records of before examples and seed were kept in them say nothing of these, so the model is taken to fit.
    """
    from pipeline.coding.encoder_files import encoder_digest

    reasons = [OTHER_CODEBOOK] if entry["codebook"] != survey.codebook(question).digest else []
    reasons += [OTHER_ENCODER] if entry["encoder"] != encoder_digest(encoder_name(survey)) else []
    if "examples" in entry and entry["examples"] != own_examples(survey, question):
        reasons.append(OTHER_EXAMPLES)
    reasons += [OTHER_SEED] if entry.get("seed", survey.seed) != survey.seed else []
    return " and ".join(reasons)


def own_examples(survey: Survey, question: Question) -> str:
    """Return the digest of the examples that survey.yaml names for a question; of a file that can't be read none.

    `run` says what is wrong with such a file. Those that ship come with Duiding, and stay out: a new version of it must
    not undo what was learned.
    """
    from pipeline.coding.examples import examples_digest, load_examples

    if (file := examples_file(survey, question)) is None:
        return SHIPPED
    try:
        return examples_digest(load_examples(file, survey.codebook(question)))
    except DuidingError:
        return ""


def set_aside(survey: Survey, workspace: Workspace) -> dict[str, int]:
    """Return question id -> how many answers that its learned model learned from the audit drew later.

    Such a model is not used: it must not judge itself. Answers with the same words count as the same. One that is
    passed over for another reason is not named.
    """
    return {name: model.n_drawn for name, model in _for_questions(survey, workspace).items() if model.n_drawn}


def set_aside_lines(survey: Survey, workspace: Workspace) -> list[str]:
    """Return what to say of learned models that were set aside, with the next step."""
    return [
        f"! {name}: the model that was learned is not used any more, for the audit drew {n} of the answers (or words) "
        f"that it learned from. Next: duiding learn {quoted(survey.file)}"
        for name, n in set_aside(survey, workspace).items()
    ]


def _texts(workspace: Workspace) -> dict[str, str]:
    from pipeline.review.texts import current_texts

    return current_texts(workspace) or {}


def together(survey: Survey) -> list[list[Question]]:
    """Return the questions that learn together, for they have the same codebook and examples."""
    out: dict[tuple[str, Path | None], list[Question]] = defaultdict(list)
    for question in survey.questions:
        out[survey.codebook(question).digest, examples_file(survey, question)].append(question)
    return list(out.values())


def drawn(workspace: Workspace, questions: list[Question], texts: Mapping[str, str]) -> dict[str, str]:
    """Return answer id -> text of what was drawn for audit or second coding, coded or not."""
    from pipeline.review.sample import read_sample

    sample = read_sample(workspace)
    mine = sample["question"].isin([question.id for question in questions]) & (sample["role"] != "training")
    return {str(key): texts.get(str(key), "") for key in sample.loc[mine, "answer_id"]}


def keep(
    workspace: Workspace, questions: tuple[str, ...], model: Any, answer_ids: list[str], examples: str, seed: int
) -> None:
    """Write the model, then the record that points to it: cut off anywhere, the old model stays in use."""
    from pipeline.coding.model_files import LEARNED, save_model

    name = f"{LEARNED}{questions[0]}-{model.version}"
    save_model(model, workspace.path(FOLDER, name))
    entry = {
        "model": name,
        "codebook": model.codebook_digest,
        "encoder": model.encoder_digest,
        "examples": examples,
        "seed": seed,
        "answers": sorted(answer_ids),
    }
    _write_record(workspace, _read_record(workspace) | dict.fromkeys(questions, entry))


def forget(survey: Survey, workspace: Workspace, tried: Collection[str]) -> None:
    """Drop models that were set aside (no later audit is smaller), and those of questions `tried` that fit no more.

    Else `duiding run` would say for good that they are passed over and that learning is to be tried again.
    """
    record, found = _read_record(workspace), _on_record(survey, workspace)
    aside = {name for name, model in found.items() if model.n_drawn}
    if gone := record.keys() & (aside | (set(tried) - found.keys())):
        _write_record(workspace, {name: entry for name, entry in record.items() if name not in gone})


def _write_record(workspace: Workspace, record: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the record, and remove the models that are not in it."""
    from pipeline.coding.model_files import LEARNED

    write_text(workspace.path(FOLDER, RECORD), json.dumps(record, indent=1, sort_keys=True))
    in_use = {entry["model"] for entry in record.values()}
    for file in workspace.path(FOLDER).glob(f"{LEARNED}*"):
        if file.stem not in in_use:
            file.unlink(missing_ok=True)


def _read_record(workspace: Workspace) -> dict[str, dict[str, Any]]:
    path = workspace.path(FOLDER, RECORD)
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        for entry in found.values():
            ids = entry["answers"]
            named = all(isinstance(entry[key], str) for key in ("model", "codebook", "encoder"))
            named = named and isinstance(entry.get("examples", ""), str) and isinstance(entry.get("seed", 0), int)
            if not named or not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
                raise ValueError("types")
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(problem(file=path, found="damaged", do="remove it; then run 'duiding learn' again")) from error
    return dict(found)
