"""The main job: read, clean, pseudonymise, code, estimate, report; a stage is redone only when its input changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import __version__
from pipeline.coding_inputs import encoder_name, examples_of
from pipeline.config import Survey, examples_file, load_survey
from pipeline.errors import TableError, did_you_mean, problem
from pipeline.learned import learned_models
from pipeline.percentages import Progress, check_invited, codebooks, estimates_stage
from pipeline.publish import check_quoted, report_stage
from pipeline.tables import ANSWER, FOREIGN
from pipeline.workspace import Workspace, file_hash, key_of, read_table, write_table

if TYPE_CHECKING:
    import pandas as pd


#: Raise a number when its stage computes something else from the same input; workspaces then redo it.
STAGES = {"intake": 4, "coding": 3}
TABLES = ("answers", "ticks", "scores", "codings", "shares", "comparisons", "response", "reference")


@dataclass
class Step:
    """One stage of a run: whether it was still fresh, what it counted, and which changed old results it left."""

    name: str
    fresh: bool
    note: dict[str, Any]
    left: list[str] = field(default_factory=list)


@dataclass
class Result:
    """What a run did and where its results are; the tables are read from the workspace when asked for."""

    survey: Survey
    workspace: Workspace
    steps: list[Step] = field(default_factory=list)

    @property
    def unchanged(self) -> bool:
        """Whether every stage was still fresh, so that no work was done."""
        return all(step.fresh for step in self.steps)

    @property
    def accounting(self) -> list[tuple[str, int]]:
        """How the rows of the input add up, as (what, count)."""
        counts: list[tuple[str, int]] = [(str(a), int(b)) for a, b in self.workspace.note("intake")["accounting"]]
        return counts

    def table(self, name: str) -> pd.DataFrame:
        """Return a result table: answers, ticks, scores, codings, shares, comparisons, response or reference.

        The reference has the columns question, code, group, wave, share (0-1) and n; it has no rows where survey.yaml
        names none.

        Raises:
            TableError: there is no table of that name, or its file is missing or damaged.
        """
        if name not in TABLES:
            raise TableError(problem(place="table", found=f"no table '{name[:60]}'", do=did_you_mean(name, TABLES)))
        if name == "reference" and self.survey.reference is None:
            from pipeline.intake.reference import no_reference

            return no_reference()
        return read_table(self.workspace.path(f"{name}.parquet"))

    @property
    def report(self) -> Path:
        """The page."""
        return self.workspace.path("rapport", "rapport.html")


def run(
    survey: Survey | str | Path, *, formats: Iterable[str] | None = None, progress: Progress | None = None
) -> Result:
    """Do the main job for a survey, from its file to tables and report, and return where everything is.

    A stage whose input has not changed since the last run is not done again. A run that was cut off anywhere is
    completed by the next one, with the same result.

    Args:
        survey: a survey, or the path of its survey.yaml.
        formats: of the report, instead of those that survey.yaml asks for; html and csv are always made.
        progress: called with (stage, done, total) as work goes on.

    Raises:
        DuidingError: something the user gave is wrong; the message says what, where, and what to do.
    """
    if not isinstance(survey, Survey):
        survey = load_survey(survey)
    workspace = Workspace(survey.workspace_path)
    result = Result(survey, workspace)
    say = progress or (lambda stage, done, total: None)
    check_inputs(survey)
    with workspace.lock():
        result.steps.append(_intake(survey, workspace, say))
        check_invited(survey, result.table("answers"))
        check_quoted(survey, workspace)
        result.steps.append(_coding(survey, workspace, say))
        result.steps.append(_step(workspace, "estimates", *estimates_stage(survey, workspace, say)))
        result.steps.append(_step(workspace, "report", *report_stage(survey, workspace, say, formats)))
    return result


def check_inputs(survey: Survey, *, encoder: bool = False) -> None:
    """Look at what a run needs besides the data: codebooks, examples, Word template, reference, the encoder if asked.

    Raises:
        DuidingError: one of them is missing or wrong; the run would stop on it, perhaps after hours.
    """
    from pipeline.coding.examples import examples_for
    from pipeline.coding.fit import check_choices
    from pipeline.intake.reference import read_reference

    for question in survey.questions:
        check_choices(survey.codebook(question))
        examples_for(survey.codebook(question), examples_file(survey, question))
    if survey.report.template:
        from pipeline.report.word import open_template

        open_template(survey.path(survey.report.template))
    read_reference(survey)
    if encoder and survey.encoder is not None:
        from pipeline.coding.embed import load_encoder

        load_encoder(encoder_name(survey))


def _step(workspace: Workspace, name: str, key: str, work: Callable[[], tuple[list[Path], dict[str, Any]]]) -> Step:
    fresh, left = workspace.is_fresh(name, key), list[str]()
    if not fresh:
        outputs, note = work()
        left = workspace.done(name, key, outputs, note)
    return Step(name, fresh, workspace.note(name), left)


def _intake(survey: Survey, workspace: Workspace, say: Progress) -> Step:
    source = survey.path(survey.input.file)
    if not source.is_file():
        from pipeline.intake.formats import read_file

        read_file(survey.input, source)  # raises, saying what is wrong
    key = key_of(
        stage=STAGES["intake"],
        version=__version__,
        file=file_hash(source),
        input=survey.input.model_dump(mode="json"),
        questions=[question.model_dump(mode="json", exclude={"asked"}) for question in survey.questions],
        codebooks={name: book.digest for name, book in codebooks(survey).items()},
        wave=survey.wave,
    )

    def work() -> tuple[list[Path], dict[str, Any]]:
        from pipeline.intake.prepare import prepare

        found = prepare(survey, lambda done, total: say("intake", done, total))
        paths = {name: workspace.path(f"{name}.parquet") for name in ("answers", "ticks", "dropped")}
        write_table(paths["answers"], found.answers)
        write_table(paths["ticks"], found.ticks)
        write_table(paths["dropped"], found.dropped)
        status = found.answers["status"].value_counts()
        ticked = set(found.ticks["answer_id"])
        without_text = ~found.answers["status"].isin([ANSWER, FOREIGN])  # a foreign answer awaits a person
        only_ticked = without_text & found.answers["answer_id"].isin(ticked)
        note = {
            "rows": found.n_rows,
            "respondents": int(found.answers["respondent_id"].nunique()),
            "replaced": found.n_replaced,
            "notes": list(found.notes),
            "dropped": len(found.dropped),
            "only_ticked": int(only_ticked.sum()),
            "status": {name: int(number) for name, number in sorted(status.items())},
            "accounting": _accounting(found.answers, only_ticked, len(found.dropped)),
        }
        return list(paths.values()), note

    return _step(workspace, "intake", key, work)


def _accounting(answers: pd.DataFrame, only_ticked: pd.Series[bool], dropped: int) -> list[tuple[str, int]]:
    """Return read = coded + ticked only + set aside, with the reasons; the parts add up to the first line."""
    left = answers.loc[~only_ticked, "status"].value_counts()
    parts = [("coded", int(left.get(ANSWER, 0))), ("ticked_only", int(only_ticked.sum()))]
    parts += [(name, int(left.get(name, 0))) for name in ("empty", "non_answer", "nothing_to_improve", FOREIGN)]
    parts.append(("dropped", dropped))
    return [("read", sum(number for _, number in parts)), *parts]


def _coding(survey: Survey, workspace: Workspace, say: Progress) -> Step:
    from pipeline.coding.encoder_files import encoder_digest
    from pipeline.coding.examples import examples_digest, examples_for, left_out
    from pipeline.coding.model_files import files_of
    from pipeline.coding.networks import network_digest

    books = codebooks(survey)
    encoder = encoder_name(survey)
    learned = learned_models(survey, workspace)
    examples = {
        question.id: examples_for(books[question.id], examples_file(survey, question)) for question in survey.questions
    }
    key = key_of(
        stage=STAGES["coding"],
        version=__version__,
        answers=file_hash(workspace.path("answers.parquet")),
        codebooks={name: [book.digest, examples_digest(examples[name])] for name, book in books.items()},
        fixed=[question.fixed_codes for question in survey.questions],
        encoder=encoder_digest(encoder),
        networks=[network_digest(book) for book in books.values()],
        seed=survey.seed,
        learned={name: [file_hash(file) for file in files_of(path)] for name, path in learned.items()},
    )

    def work() -> tuple[list[Path], dict[str, Any]]:
        import pandas as pd

        from pipeline.coding.classify import code_answers

        answers = read_table(workspace.path("answers.parquet"))
        ticks = read_table(workspace.path("ticks.parquet"))
        scores, codings, note = [], [ticks], {}
        total, before = int((answers["status"] == ANSWER).sum()), 0
        for question in survey.questions:
            rows = answers[(answers["question"] == question.id) & (answers["status"] == ANSWER)]
            offset = before
            coded = code_answers(
                rows,
                books[question.id],
                encoder=encoder,
                examples=examples_of(survey, question),
                fixed_codes=question.fixed_codes,
                seed=survey.seed,
                cache=workspace.path("modellen"),
                learned=learned.get(question.id),
                progress=lambda done, _, offset=offset: say("coding", offset + done, total),  # type: ignore[misc]
            )
            before += len(rows)
            say("coding", before, total)
            scores.append(coded.scores)
            codings.append(coded.codings)
            note[question.id] = {
                "codebook": books[question.id].digest,
                "model": coded.model,
                "start": coded.start,
                "left_out": left_out(books[question.id]) if question.examples is None else 0,
            }
        paths = [workspace.path("scores.parquet"), workspace.path("codings.parquet")]
        write_table(paths[0], pd.concat(scores, ignore_index=True))
        write_table(paths[1], pd.concat(codings, ignore_index=True))
        return paths, note

    return _step(workspace, "coding", key, work)
