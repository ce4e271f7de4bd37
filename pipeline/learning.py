"""Learn from what was reviewed: a new model beside the old one, kept in the workspace when it is better."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.coding_inputs import encoder_name, examples_of
from pipeline.config import Question, Survey, load_survey
from pipeline.errors import ConfigError, problem, quoted
from pipeline.learned import FOLDER, drawn, forget, keep, learned_models, own_examples, together
from pipeline.workspace import Workspace, read_table

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.codebook import Codebook
    from pipeline.coding.learn import Comparison, Judged
    from pipeline.review.events import Event

NOTHING_REVIEWED, TOO_FEW_AUDITED, NOT_BETTER, SAME, BETTER = (
    "nothing_reviewed", "too_few_audited", "not_better", "same", "better",
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


def learn(survey: Survey | str | Path, *, progress: Callable[[str, int, int], None] | None = None) -> list[Lesson]:
    """Refit the model of every codebook on its examples and the answers reviewed for training; keep what is better.

    Questions with the same codebook and examples learn together. An answer that the audit drew is never learned from,
    nor is a training answer with the same words; the audit only says which of the two models is better. The next
    `duiding run` uses the model.

    Raises:
        DuidingError: the survey was not run yet, or a file of the workspace is damaged.
    """
    from pipeline.coding.learn import lessons
    from pipeline.review.reviewed import current_events, reviewed_codings

    if not isinstance(survey, Survey):
        survey = load_survey(survey)
    workspace = Workspace(survey.workspace_path)
    with workspace.lock():
        answers = coded_answers(survey, workspace)
        texts = dict(zip(answers["answer_id"].astype(str), answers["text"].astype(str), strict=True))
        codings = reviewed_codings(workspace, {question.id: survey.codebook(question) for question in survey.questions})
        events = current_events(workspace)
        groups = together(survey)
        out = []
        for done, questions in enumerate(groups):
            if progress is not None:
                progress("learn", done, len(groups))
            judged: dict[str, list[Judged]] = {"training": [], "audit": [], "second": []}
            for question in questions:
                _add_judged(judged, codings, texts, survey, question)
            held_out = drawn(workspace, questions, texts)
            held_out |= {one.answer_id: one.text for one in (*judged["audit"], *judged["second"])}
            teach = lessons(judged["training"], held_out)
            lesson = _learn_one(survey, workspace, questions, judged["audit"], teach)
            out.append(replace(lesson, unused=_unused(events, survey, questions, judged, teach)))
        tried = {name for lesson in out if lesson.outcome == NOT_BETTER for name in lesson.questions}
        forget(survey, workspace, tried)
        if progress is not None:
            progress("learn", len(groups), len(groups))
    return out


def most_drawn(survey: str | Path) -> dict[str, int]:
    """Return per role of the sample the most answers that were drawn of one question."""
    from pipeline.review.sample import read_sample

    sizes = read_sample(Workspace(load_survey(survey).workspace_path)).groupby(["role", "question"]).size()
    return {str(role): int(n) for role, n in sizes.groupby(level="role").max().items()}


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
    events: list[Event], survey: Survey, questions: list[Question], judged: Mapping[str, list[Judged]],
    teach: list[Judged],
) -> tuple[Unused, ...]:  # fmt: skip
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
    taught = {one.answer_id for one in teach}
    out["training", SAID_IN_AUDIT] = {one.answer_id for one in judged["training"] if one.codes} - taught
    return tuple(Unused(role, why, len(ids)) for (role, why), ids in sorted(out.items()) if ids)


def _learn_one(
    survey: Survey, workspace: Workspace, questions: list[Question], audit: list[Judged], teach: list[Judged]
) -> Lesson:
    from pipeline.coding.classify import find_model
    from pipeline.coding.examples import examples_digest
    from pipeline.coding.fit import fit_model
    from pipeline.coding.learn import MIN_AUDIT, as_examples, compare_models
    from pipeline.coding.networks import network_for

    book: Codebook = survey.codebook(questions[0])
    names = tuple(question.id for question in questions)
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
    keep(workspace, names, new, [one.answer_id for one in teach], own_examples(survey, questions[0]), survey.seed)
    return Lesson(names, BETTER, len(teach), len(audit), comparison)


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
