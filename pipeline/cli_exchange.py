"""The `duiding review` commands that need no server: codings to and from Excel and JSON lines; wiring only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_common import (
    Audit,
    ByGroup,
    OfQuestion,
    Second,
    SurveyFile,
    Training,
    draw_sample,
    load,
    say_next,
    say_set_aside,
)
from pipeline.errors import quoted

if TYPE_CHECKING:
    from pipeline.review.events import Compared


def register(app: typer.Typer) -> None:
    """Add the commands to `duiding review`."""
    app.command(name="export")(export)
    app.command(name="import")(import_)


def export(
    file: Annotated[
        Path, typer.Argument(help="Where to write: .xlsx to code in Excel, .jsonl to share codings.")
    ] = Path("nakijken.xlsx"),
    survey: SurveyFile = Path("survey.yaml"),
    excel: Annotated[bool, typer.Option("--excel", help="To Excel, whatever the file is called.")] = False,
    audit: Audit = 0,
    training: Training = 0,
    second: Second = None,
    by_group: ByGroup = False,
    for_second: Annotated[bool, typer.Option("--for-second-coder", help="The blind second coding.")] = False,
    blind: Annotated[bool, typer.Option("--blind", help="Show no machine codes to the first coder either.")] = False,
    decide: Annotated[
        bool, typer.Option("--adjudicate", help="What coders disagree on, for someone to decide.")
    ] = False,
    question: OfQuestion = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
) -> None:
    """Write what is left to code to Excel, or all codings as JSONL."""
    from pipeline.errors import ReviewError, problem
    from pipeline.review.files import refuse_own

    found, workspace = load(survey)
    if excel and file.suffix.lower() != ".xlsx":
        file = file.with_suffix(".xlsx")
    refuse_own(workspace, found, file)
    suffix = file.suffix.lower()
    if suffix == ".jsonl":
        from pipeline.review.exchange import export_jsonl, refuse_other

        options = {
            "--audit": audit, "--training": training, "--second": second is not None, "--by-group": by_group,
            "--for-second-coder": for_second, "--blind": blind, "--adjudicate": decide, "--question": question,
        }  # fmt: skip
        _refuse_options(file, [name for name, given in options.items() if given], "all codings are written")
        if not force:
            refuse_other(workspace, found, file)
        typer.echo(f"Wrote {export_jsonl(workspace, file)} codings to {file}")
        return
    if suffix != ".xlsx":
        raise ReviewError(problem(file=file, found="unknown kind of file", expected=".xlsx or .jsonl"))
    from pipeline.review.excel_write import export_workbook, refuse_filled_in

    if not force:
        refuse_filled_in(found, file)
    draw_sample(found, workspace, audit, training, second, by_group, question or [])
    counts = export_workbook(
        workspace, found, file, second=for_second, decide=decide, blind=blind, questions=question or [], force=force
    )
    say_set_aside(found, workspace)
    typer.echo(f"Wrote {file}: " + ", ".join(f"{name} {n} answers" for name, n in counts.items()))
    typer.echo("It holds answers, and only you can read it: share it as carefully as the survey.")
    typer.echo(f"Next: duiding review import {quoted(file)} {quoted(survey)} --coder NAME")


def import_(
    file: Annotated[Path, typer.Argument(help="A workbook that was coded (.xlsx), or codings (.jsonl).")],
    survey: SurveyFile = Path("survey.yaml"),
    coder: Annotated[str, typer.Option(help="Who coded the workbook; needed for .xlsx.")] = "",
) -> None:
    """Read codings back from Excel or JSON lines.

    A second time changes nothing.
    """
    from pipeline.errors import ReviewError, problem

    found, workspace = load(survey)
    suffix = file.suffix.lower()
    if suffix not in (".xlsx", ".jsonl"):
        do = "save a workbook as .xlsx"
        raise ReviewError(problem(file=file, found="unknown kind of file", expected=".xlsx or .jsonl", do=do))
    if suffix == ".xlsx":
        from pipeline.intake.pseudonymise import pseudonymise
        from pipeline.review.describe import some
        from pipeline.review.excel_read import import_workbook

        done = import_workbook(workspace, found, file, coder=coder, clean_notes=pseudonymise)
        typer.echo(f"{done.n_ready} answers marked ready, {done.n_new} new; {done.n_open} not ready yet")
        _compared(done.compared)
        if done.elsewhere:
            typer.echo(
                f"{len(done.elsewhere)} were coded otherwise elsewhere after this workbook was exported; that coding "
                f"goes on to count: {some(done.elsewhere)}"
            )
        _not_drawn(len(done.not_drawn), survey)
        for place in done.not_read:
            typer.echo(f"{place}: this column is not of the workbook as it was exported; it was not read")
    else:
        from pipeline.review.exchange import import_jsonl

        _refuse_options(file, ["--coder"] if coder else [], "every coding in it names its own coder")
        lines = import_jsonl(workspace, found, file)
        typer.echo(f"{lines.n_read} codings read, {lines.n_new} new")
        _compared(lines.compared)
        _not_drawn(lines.n_not_drawn, survey)
    say_next(workspace, survey)


def _refuse_options(file: Path, given: list[str], why: str) -> None:
    from pipeline.errors import ReviewError, problem

    if given:
        raise ReviewError(
            problem(file=file, place=", ".join(given), found="only for a workbook (.xlsx)", expected=why,
                    do=f"leave {' and '.join(given)} out")
        )  # fmt: skip


def _not_drawn(n: int, survey: Path) -> None:
    if n:
        typer.echo(
            f"{n} answers were never drawn here: they teach, and feed no percentages. If they are of an audit drawn "
            "elsewhere, import the .jsonl that 'duiding review export' makes there, or draw that audit here: "
            f"duiding review export rest.xlsx {quoted(survey)} --audit N"
        )


def _compared(found: Compared) -> None:
    from pipeline.review.describe import some

    if found.replaced:
        typer.echo(f"{len(found.replaced)} replace an earlier coding: {some(found.replaced)}")
    if found.older:
        typer.echo(f"{len(found.older)} are older than what the journal holds and were left out: {some(found.older)}")
