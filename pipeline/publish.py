"""The last part of the main job: from percentages to the report."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import __version__
from pipeline.config import Survey
from pipeline.errors import ConfigError, problem, quoted
from pipeline.percentages import Progress, Work, all_codings, codebooks, review_files
from pipeline.tables import ANSWER, meant_answer
from pipeline.workspace import Workspace, file_hash, key_of, read_table

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.report.build import ReportData
    from pipeline.report.options import Options

#: Raise this when the stage computes something else from the same input; workspaces then redo it.
STAGE = 9
TABLES = ("answers", "codings", "scores", "shares", "comparisons", "response")


def report_stage(
    survey: Survey, workspace: Workspace, say: Progress, formats: Iterable[str] | None
) -> tuple[str, Work]:
    """Return the key of the stage that writes the report, and the work itself."""
    wanted = sorted({"html", "csv", *(survey.report.formats if formats is None else formats)})
    template = survey.path(survey.report.template) if survey.report.template else None
    key = key_of(
        stage=STAGE,
        version=__version__,
        tables=[file_hash(workspace.path(f"{name}.parquet")) for name in TABLES],
        reference=file_hash(workspace.path("reference.parquet")) if survey.reference else None,
        notes=[workspace.note("intake"), workspace.note("coding")],
        review=[file_hash(path) if path.is_file() else None for path in review_files(workspace)],
        survey=survey.digest,
        formats=wanted,
        template=file_hash(template) if template else None,
        codebooks={name: book.digest for name, book in codebooks(survey).items()},
    )
    return key, lambda: _write_report(survey, workspace, say, wanted)


def report_data(survey: Survey, workspace: Workspace) -> ReportData:
    """Return what a report is made from, as the last run left it in the workspace.

    Raises:
        ConfigError: a question or its codebook is another one now than the last run coded.
        TableError: a table is missing or damaged.
    """
    from pipeline.report.build import ReportData

    books = codebooks(survey)
    coding = workspace.note("coding")
    versions = {"duiding": __version__}
    for name, book in books.items():
        if coding.get(name, {}).get("codebook") != book.digest:
            found = "not coded yet" if name not in coding else "coded with another version of its codebook"
            raise ConfigError(
                problem(
                    file=survey.file, place=f"question {name}", found=found, do=f"duiding run {quoted(survey.file)}"
                )
            )
        versions[f"codebook {name}"] = f"{book.version} ({book.digest})"
        versions[f"model {name}"] = str(coding[name]["model"])
    reference = workspace.path("reference.parquet")
    return ReportData(
        survey=survey,
        codebooks=books,
        answers=read_table(workspace.path("answers.parquet")),
        codings=all_codings(survey, workspace),
        scores=read_table(workspace.path("scores.parquet")),
        shares=read_table(workspace.path("shares.parquet")),
        comparisons=read_table(workspace.path("comparisons.parquet")),
        response=read_table(workspace.path("response.parquet")),
        reference=read_table(reference) if survey.reference and reference.is_file() else None,
        versions=versions,
        accounting=[(str(what), int(number)) for what, number in workspace.note("intake")["accounting"]],
        agreement=_agreement(survey, workspace),
        zero_shot=zero_shot(workspace),
    )


def zero_shot(workspace: Workspace) -> set[str]:
    """Return the questions of which the last run coded answers from their codebook's words alone."""
    answers = read_table(workspace.path("answers.parquet"))
    texts = set(answers.loc[answers["status"] == ANSWER, "question"])
    started = {name for name, found in workspace.note("coding").items() if found.get("start") == "zero-shot"}
    return started & texts


def _agreement(survey: Survey, workspace: Workspace) -> pd.DataFrame:
    """Return per question how well first and second coder agree on whole answers, where enough were coded by both."""
    import pandas as pd

    from pipeline.review.progress import MINIMUM_TWICE, review_progress

    overall = [(found.question, found.people[0]) for found in review_progress(workspace, survey) if found.people]
    rows = [(question, "", one.n, one.percent, one.alpha) for question, one in overall if one.n >= MINIMUM_TWICE]
    return pd.DataFrame(rows, columns=["question", "code", "n", "percent_agreement", "alpha"])


def report_options(survey: Survey) -> Options:
    """Return the report's options as survey.yaml gives them."""
    from pipeline.report.options import Options

    settings = survey.report
    return Options(
        quotes_per_code=settings.quotes_per_code,
        pin=settings.pin,
        ban=settings.ban,
        longest_quote=settings.longest_quote,
        min_cell=settings.min_cell,
        template=survey.path(settings.template) if settings.template else None,
    )


def check_quoted(survey: Survey, answers: pd.DataFrame) -> None:
    """Check that the answers named in `report.pin` and `report.ban` exist, and that the first may be quoted.

    Raises:
        ConfigError: an id is no answer of this survey, or its text is not fit to be quoted.
    """
    named = [(key, name) for key in ("pin", "ban") for name in getattr(survey.report, key)]
    if not named:
        return
    from pipeline.report.quotes import may_be_quoted

    known = dict(zip(answers["answer_id"], answers["text"].fillna(""), strict=True))
    for key, name in named:
        if name not in known:
            near = meant_answer(name, answers)
            do = f"did you mean '{near}'?" if near else "take the id from 'duiding trace'"
            found = f"no answer '{name[:40]}' in this survey"
            raise ConfigError(problem(file=survey.file, place=f"report.{key}", found=found, do=do))
        if key == "pin" and not may_be_quoted(known[name]):
            found = f"answer '{name[:40]}' cannot be quoted: no words, or what looks like personal data"
            raise ConfigError(problem(file=survey.file, place="report.pin", found=found, do="pin another answer"))


def _write_report(
    survey: Survey, workspace: Workspace, say: Progress, formats: list[str]
) -> tuple[list[Path], dict[str, Any]]:
    from pipeline.report.build import build_report

    kept = workspace.begin("report")
    paths = build_report(
        report_data(survey, workspace),
        workspace.path("rapport"),
        coded_folder=workspace.path("gecodeerd"),
        formats=formats,
        options=report_options(survey),
        progress=lambda done, total: say("report", done, total),
    )
    return paths, {"files": [str(path.relative_to(workspace.folder)) for path in paths], "kept": kept}
