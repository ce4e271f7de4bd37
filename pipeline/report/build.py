"""Make the report: tables in, files out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.codebook import Codebook
from pipeline.config import Survey
from pipeline.errors import ConfigError, did_you_mean, problem
from pipeline.report.coded import coded_answers
from pipeline.report.content import Document
from pipeline.report.context import Context, quotes_by_cell
from pipeline.report.document import make_document
from pipeline.report.labels import Messages
from pipeline.report.lineage import AnswerBook
from pipeline.report.lookup import Figures
from pipeline.report.options import FORMATS, Options
from pipeline.report.quotes import pick_quotes

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class ReportData:
    """Everything a report is made from, tables as in the design's contracts.

    Attributes:
        codebooks: question id -> codebook.
        shares: also `suppressed`, `machine_share` when there.
        comparisons: from `compare_shares` and `compare_questions`, with the columns that these add to the contract.
        response: group, invited, returned, response, confidence (shares 0-1), margin, word.
        reference: published figures: question, code, group, wave, share, n.
        versions: `duiding`, and per question id `model ID` and `codebook ID`.
        accounting: what was read first, then the parts it falls into.
        agreement: question, code and any of n, alpha, kappa, percent_agreement, f1.
        zero_shot: ids of the questions whose codebook had no examples to learn from.
    """

    survey: Survey
    codebooks: dict[str, Codebook]
    answers: pd.DataFrame
    codings: pd.DataFrame
    shares: pd.DataFrame
    scores: pd.DataFrame | None = None
    comparisons: pd.DataFrame | None = None
    response: pd.DataFrame | None = None
    reference: pd.DataFrame | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    accounting: Sequence[tuple[str, int]] = ()
    agreement: pd.DataFrame | None = None
    zero_shot: Set[str] = frozenset()


def build_report(
    data: ReportData,
    folder: Path,
    *,
    formats: Sequence[str] = FORMATS,
    coded_folder: Path | None = None,
    progress: Progress | None = None,
    options: Options | None = None,
) -> list[Path]:
    """Write the report in the formats asked for and return the files written.

    The same data gives the same bytes for the page and the CSV tables. The coded file, which is not for publishing,
    goes to `coded_folder` (the report's own when it is not given). `progress` is told what is being written.

    Raises:
        ConfigError: a format that does not exist.
        DuidingError: a file can't be written; nothing half-written stays.
    """
    for name in formats:
        if name not in FORMATS:
            raise ConfigError(
                problem(place="formats", found=f"unknown format '{name}'", do=did_you_mean(name, FORMATS))
            )
    tell = progress or (lambda done, total: None)
    options = options or Options()
    context = make_context(data, options)
    document = make_document(context, data.versions, data.accounting, data.agreement, options.min_cell)
    written: list[Path] = []
    for done, name in enumerate(format_ for format_ in FORMATS if format_ in formats):
        tell(done, len(formats))
        written += _write(name, document, context, data, folder, coded_folder or folder, options)
    tell(len(formats), len(formats))
    return written


def _write(
    name: str, document: Document, context: Context, data: ReportData, folder: Path, coded: Path, options: Options
) -> list[Path]:
    """Write one format; what a format needs is imported only then."""
    if name == "html":
        from pipeline.report.html import write_page

        return write_page(document, context, data.versions, folder, options)
    if name == "csv":
        from pipeline.report.coded_file import coded_file, write_csv
        from pipeline.report.csv_files import write_tables

        tables = write_tables(document, folder / "tabellen", context.say)
        return [*tables, *write_csv(coded_file(context), coded / "gecodeerd.csv")]
    if name == "xlsx":
        from pipeline.report.excel import write_workbook

        return write_workbook(document, context, folder / "rapport.xlsx")
    if name == "docx":
        from pipeline.report.word import write_word

        return write_word(document, context, folder / "rapport.docx", options.template)
    from pipeline.report.coded_file import coded_file, write_parquet, write_sav

    write = write_sav if name == "sav" else write_parquet
    return write(coded_file(context), coded / f"gecodeerd.{name}")


def make_context(data: ReportData, options: Options) -> Context:
    """Return what the chapters are made with."""
    figures = Figures(data.survey, data.codebooks, data.shares, data.comparisons, data.response, data.reference)
    book = AnswerBook(figures, coded_answers(data.answers, data.codings), options.min_cell)
    quotes = pick_quotes(figures, book, data.scores, options)
    return Context(figures, book, Messages(data.survey.report.language), quotes_by_cell(quotes),
                   data.survey.report.residual_last, data.zero_shot)  # fmt: skip
