"""Learn from what was reviewed: a new model beside the old one, kept in the workspace when it is better."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.coding_inputs import encoder_name, examples_of
from pipeline.config import Question, Survey, examples_file, load_survey
from pipeline.errors import ConfigError, DuidingError, ModelError, problem, quoted
from pipeline.workspace import Workspace, read_table, write_text

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.codebook import Codebook
    from pipeline.coding.learn import Comparison, Judged
    from pipeline.review.events import Event

FOLDER = "modellen"
RECORD = "geleerd.json"
SHIPPED = "shipped"  # instead of a digest in the record, where survey.yaml names no examples
NOTHING_REVIEWED, TOO_FEW_AUDITED, NOT_BETTER, SAME, BETTER = (
    "nothing_reviewed", "too_few_audited", "not_better", "same", "better",
)  # fmt: skip
OTHER_CODEBOOK, OTHER_ENCODER, OTHER_EXAMPLES, OTHER_SEED = (
    "its codebook has changed since", "the encoder is another one now",
    "its 'examples' have changed since", "the 'seed' is another one now",
)  # fmt: skip
OLD_CODES, CHANGED, GONE, SAID_IN_AUDIT, NO_CODE = (
    "old_codes", "text_changed", "answer_gone", "said_in_audit", "no_code",
)  # fmt: skip


class Unused(NamedTuple):
    """How many answers reviewed in a role can't be used, and why."""

    role: str
    why: str
    n: int


@dataclass(frozen=True)
class Lesson:
    """What came of learning for the questions that share a codebook; `better`: the new model is now in use."""

    questions: tuple[str, ...]
    outcome: str
    n_learned: int
    n_audit: int
    comparison: Comparison | None = None
    unused: tuple[Unused, ...] = ()


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
    for questions in _together(survey):
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
    for questions in _together(survey):
        drawn = _drawn(workspace, questions, texts)
        for question in questions:
            if (entry := record.get(question.id)) is not None and not _misfit(survey, question, entry):
                path = workspace.path(FOLDER, entry["model"])
                again = learned_again({key: texts.get(key, "") for key in entry["answers"]}, drawn)
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
    if "examples" in entry and entry["examples"] != _own_examples(survey, question):
        reasons.append(OTHER_EXAMPLES)
    reasons += [OTHER_SEED] if entry.get("seed", survey.seed) != survey.seed else []
    return " and ".join(reasons)


def _own_examples(survey: Survey, question: Question) -> str:
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


def _together(survey: Survey) -> list[list[Question]]:
    """Return the questions that learn together, for they have the same codebook and examples."""
    out: dict[tuple[str, Path | None], list[Question]] = defaultdict(list)
    for question in survey.questions:
        out[survey.codebook(question).digest, examples_file(survey, question)].append(question)
    return list(out.values())


def _drawn(workspace: Workspace, questions: list[Question], texts: Mapping[str, str]) -> dict[str, str]:
    """Return answer id -> text of what was drawn for audit or second coding, coded or not."""
    from pipeline.review.sample import read_sample

    sample = read_sample(workspace)
    mine = sample["question"].isin([question.id for question in questions]) & (sample["role"] != "training")
    return {str(key): texts.get(str(key), "") for key in sample.loc[mine, "answer_id"]}


def learn(survey: Survey | str | Path, *, progress: Callable[[str, int, int], None] | None = None) -> list[Lesson]:
    """Refit the model of every codebook on its examples and the answers reviewed for training; keep what is better.

    Questions with the same codebook and examples learn together. An answer that the audit drew is never learned from,
    nor is a training answer with the same words; the audit only says which of the two models is better. The next
    `duiding run` uses the model.

    Raises:
        DuidingError: the survey was not run yet, or a file of the workspace is damaged.
    """
    from pipeline.review.reviewed import current_events, reviewed_codings

    if not isinstance(survey, Survey):
        survey = load_survey(survey)
    workspace = Workspace(survey.workspace_path)
    with workspace.lock():
        answers = coded_answers(survey, workspace)
        texts = dict(zip(answers["answer_id"].astype(str), answers["text"].astype(str), strict=True))
        codings = reviewed_codings(workspace, {question.id: survey.codebook(question) for question in survey.questions})
        events = current_events(workspace)
        together = _together(survey)
        out = []
        for done, questions in enumerate(together):
            if progress is not None:
                progress("learn", done, len(together))
            judged: dict[str, list[Judged]] = {"training": [], "audit": [], "second": []}
            for question in questions:
                _add_judged(judged, codings, texts, survey, question)
            held_out = _drawn(workspace, questions, texts)
            held_out |= {one.answer_id: one.text for one in (*judged["audit"], *judged["second"])}
            lesson = _learn_one(survey, workspace, questions, judged, held_out)
            out.append(replace(lesson, unused=_unused(events, survey, questions, judged, lesson)))
        _forget(survey, workspace, out)
        if progress is not None:
            progress("learn", len(together), len(together))
    return out


def most_drawn(survey: str | Path) -> dict[str, int]:
    """Return per role of the sample the most answers that were drawn of one question."""
    from pipeline.review.sample import read_sample

    drawn = read_sample(Workspace(load_survey(survey).workspace_path)).groupby(["role", "question"]).size()
    return {str(role): int(n) for role, n in drawn.groupby(level="role").max().items()}


def _add_judged(
    judged: dict[str, list[Judged]], codings: Any, texts: Mapping[str, str], survey: Survey, question: Question
) -> None:
    from pipeline.coding.learn import judged_answers

    book = survey.codebook(question)
    given = {book.resolve(code) for code in question.fixed_codes}
    rows = codings[codings["question"] == question.id]
    for role, found in judged.items():
        found += judged_answers(rows, texts, book, role, given)


def _unused(
    events: list[Event], survey: Survey, questions: list[Question], judged: Mapping[str, list[Judged]], lesson: Lesson
) -> tuple[Unused, ...]:
    """Return the reviewed answers that say nothing here, by role and reason: people did that work, so it is named."""
    book = survey.codebook(questions[0])
    mine, known = {question.id for question in questions}, {question.id for question in survey.questions}
    used = {(role, one.answer_id) for role, found in judged.items() for one in found}
    out: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in events:
        # of a question that was renamed or removed, the codebook tells that it was about the same
        lost = event.question not in known and event.codebook == book.digest and event.problem in ("", CHANGED, GONE)
        if event.role not in ("training", "audit") or event.skipped or (event.role, event.answer_id) in used:
            continue
        if lost or (event.question in mine and event.problem == GONE):
            out[event.role, GONE].add(event.answer_id)
        elif event.question not in mine:
            continue
        elif event.problem == CHANGED:
            out[event.role, CHANGED].add(event.answer_id)
        elif not event.problem and not set(book.by_id) <= set(event.judged):
            out[event.role, OLD_CODES].add(event.answer_id)
    out["training", NO_CODE] = {one.answer_id for one in judged["training"] if not one.codes}
    if lesson.outcome == NOTHING_REVIEWED:
        out["training", SAID_IN_AUDIT] = {one.answer_id for one in judged["training"] if one.codes}
    return tuple(Unused(role, why, len(ids)) for (role, why), ids in sorted(out.items()) if ids)


def _learn_one(
    survey: Survey, workspace: Workspace, questions: list[Question], judged: Mapping[str, list[Judged]],
    held_out: Mapping[str, str],
) -> Lesson:  # fmt: skip
    from pipeline.coding.classify import find_model
    from pipeline.coding.examples import examples_digest
    from pipeline.coding.fit import fit_model
    from pipeline.coding.learn import MIN_AUDIT, as_examples, compare_models, lessons
    from pipeline.coding.networks import network_for

    book: Codebook = survey.codebook(questions[0])
    names = tuple(question.id for question in questions)
    audit = judged["audit"]
    teach = lessons(judged["training"], held_out)
    if not teach:
        return Lesson(names, NOTHING_REVIEWED, 0, len(audit))
    if len(audit) < MIN_AUDIT:
        return Lesson(names, TOO_FEW_AUDITED, len(teach), len(audit))
    in_use = learned_models(survey, workspace).get(names[0])
    given = examples_of(survey, questions[0])
    name, cache = encoder_name(survey), workspace.path(FOLDER)
    first, encoder = find_model(book, encoder=name, examples=given, seed=survey.seed, cache=cache)
    old, _ = find_model(book, encoder=name, examples=given, seed=survey.seed, cache=cache, learned=in_use)
    examples = [*given, *as_examples(teach, first, encoder)]
    if old.examples_digest == examples_digest(examples):
        return Lesson(names, SAME, len(teach), len(audit))
    new = fit_model(book, examples, encoder, seed=survey.seed, network=network_for(book))
    comparison = compare_models(old, new, encoder, audit, book, seed=survey.seed)
    if not comparison.better:
        return Lesson(names, NOT_BETTER, len(teach), len(audit), comparison)
    new.info |= {"learned_from": len(teach), "before": comparison.before.to_json(), "after": comparison.after.to_json()}
    _keep(workspace, names, new, [one.answer_id for one in teach], _own_examples(survey, questions[0]), survey.seed)
    return Lesson(names, BETTER, len(teach), len(audit), comparison)


def _keep(
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


def _forget(survey: Survey, workspace: Workspace, lessons: Sequence[Lesson]) -> None:
    """Drop models that were set aside (no later audit is smaller), and those that fit no more where none was better.

    Else `duiding run` would say for good that they are passed over and that learning is to be tried again.
    """
    record, found = _read_record(workspace), _on_record(survey, workspace)
    useless = {name for lesson in lessons if lesson.outcome == NOT_BETTER for name in lesson.questions}
    gone = {
        name for name in record if (name in found and found[name].n_drawn) or (name in useless and name not in found)
    }
    if gone:
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


def coded_answers(survey: Survey, workspace: Workspace) -> pd.DataFrame:
    """Return the answers of a survey that was run.

    Raises:
        ConfigError: it was not run yet.
        TableError: the table is damaged.
    """
    path = workspace.path("answers.parquet")
    if not path.is_file():
        raise ConfigError(
            problem(file=workspace.folder, found="nothing was coded yet", do=f"duiding run {quoted(survey.file)}")
        )
    return read_table(path)
