"""The command line: wiring only. Every command says what it read, what it wrote and what the next step is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline import __version__
from pipeline.cli_coding import register as register_coding
from pipeline.cli_common import SurveyFile
from pipeline.cli_exchange import register as register_exchange
from pipeline.cli_progress import progress_bars
from pipeline.cli_review import app as review
from pipeline.cli_trace import register as register_trace
from pipeline.errors import INTERRUPTED, STOPPED, ConfigError, DuidingError, problem, quoted

app = typer.Typer(
    name="duiding",
    help="From the open answers of a Dutch survey to percentages that can be published.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode=None,
)
register_exchange(review)
app.add_typer(review)
#: What to do about an error that is no `DuidingError`; what --debug shows may quote an answer.
SHOW_WHERE = "run it again as 'duiding --debug ...' and report what that shows, after taking out any text of an answer"
EncoderName = Annotated[str | None, typer.Option(help="A sentence-transformers model: folder or name.")]


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="On an error, show where in the program it arose.")] = False,
) -> None:
    if version:
        typer.echo(f"duiding {__version__}")
        raise typer.Exit


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder for the new survey.")] = Path(),
    file: Annotated[Path | None, typer.Option(help="The survey's data file; its columns are filled in.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Put the two demo surveys there instead.")] = False,
) -> None:
    """Make a survey.yaml to fill in, or a demo."""
    from pipeline.scaffold import copy_demo, write_scaffold

    if demo:
        if file is not None:
            raise ConfigError(
                problem(
                    place="--demo and --file",
                    found="two that don't go together",
                    expected="the demo, or a survey of your own file",
                    do="leave one of the two out",
                )
            )
        made = copy_demo(folder)
        typer.echo(f"Wrote the demo surveys: {', '.join(str(path) for path in made)}")
        first, review_of_first = quoted(made[0].parent), quoted(made[0].with_name("review.jsonl"))
        typer.echo(f"Next: duiding review import {review_of_first} {first}, then: duiding run {first}")
        return
    path = write_scaffold(folder, file)
    typer.echo(f"Wrote {path}")
    typer.echo(f"Next: look it over, then: duiding check {quoted(path)}")


@app.command()
def check(survey: SurveyFile = Path("survey.yaml")) -> None:
    """Look at the survey's file: is it fit to code? Writes nothing."""
    from pipeline.cli_show import show_check, show_lost, show_published, show_zero_shot
    from pipeline.config import load_survey
    from pipeline.intake.prepare import prepare
    from pipeline.job import check_inputs

    found = load_survey(survey)
    check_inputs(found, encoder=True)
    with progress_bars() as progress:
        intake = prepare(found, lambda done, total: progress("intake", done, total))
    show_check(found, intake)
    show_zero_shot(found)
    show_lost(found, intake)
    show_published(found, set(intake.answers["group"].dropna()))
    typer.echo(f"Next: duiding run {quoted(survey)}")


@app.command()
def run(survey: SurveyFile = Path("survey.yaml")) -> None:
    """Code the answers and make tables and report.

    Read, clean, pseudonymise, code, estimate, report; a stage is only done again when its input changed.
    """
    from pipeline.cli_show import show_run
    from pipeline.job import run as run_job

    with progress_bars() as progress:
        result = run_job(survey, progress=progress)
    show_run(result)


@app.command()
def report(
    survey: SurveyFile = Path("survey.yaml"),
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Bring the report up to date; open it."""
    from pipeline.cli_show import kept_versions
    from pipeline.job import run as run_job

    with progress_bars() as progress:
        result = run_job(survey, progress=progress)
    for line in kept_versions(result):
        typer.echo(line)
    for name in result.workspace.note("report")["files"]:
        typer.echo(f"  {result.workspace.path(name)}")
    typer.echo(f"Page: {result.report}")
    if open_page:
        import webbrowser

        webbrowser.open(result.report.as_uri())


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="JSONL with coded answers: survey, question, text, codes.")],
    codebook: Annotated[str | None, typer.Option(help="A codebook file, or the name of a shipped one.")] = None,
    examples: Annotated[Path | None, typer.Option(help="JSONL with coded examples to learn the codebook from.")] = None,
    encoder: EncoderName = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, also on a terminal.")] = False,
) -> None:
    """Compare the coding with answers of known codes."""
    from pipeline.cli_show import show_evaluation
    from pipeline.coding.evaluate import evaluate as compare
    from pipeline.intake.pseudonymise import pseudonymise

    with progress_bars() as progress:
        found = compare(
            file,
            codebook=codebook,
            examples=examples,
            encoder=encoder,
            clean=pseudonymise,
            progress=lambda done, total: progress("coding", done, total),
        )
    if as_json or not sys.stdout.isatty():
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        show_evaluation(found)


@app.command()
def codebooks() -> None:
    """List the codebooks that ship with Duiding."""
    from pipeline.codebook import load_codebook, shipped_codebooks

    for name in shipped_codebooks():
        book = load_codebook(name)
        typer.echo(f"{name}: {book.title} ({len(book.codes)} codes, version {book.version})")


register_coding(app)
register_trace(app)


def main() -> None:
    """Run the command line: a problem the user can solve is one line on standard error and exit code 2.

    So is any other error, with exit code 1. Its own message is not shown: it may quote an answer.
    """
    debug = "--debug" in sys.argv
    try:
        app()
    except DuidingError as error:
        if debug:
            raise
        typer.echo(f"duiding: {error}", err=True)
        sys.exit(2)
    except PermissionError as error:  # the workspace of a colleague, who alone can read it
        if debug:
            raise
        do = "mend its permissions, or ask whoever made it"
        typer.echo(f"duiding: {problem(file=error.filename, found='no permission to use it', do=do)}", err=True)
        sys.exit(2)
    except MemoryError:
        typer.echo("duiding: not enough memory for this file. Next: close other programs or split the file.", err=True)
        sys.exit(2)
    except SystemExit as stopped:
        if stopped.code == INTERRUPTED:  # what Typer makes of Ctrl-C
            typer.echo(f"duiding: {STOPPED}", err=True)
        raise
    except Exception as error:
        if debug:
            raise
        reason = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
        found = f"an unexpected error ({type(error).__name__}{reason})"
        typer.echo(f"duiding: {problem(found=found, do=SHOW_WHERE)}", err=True)
        sys.exit(1)
