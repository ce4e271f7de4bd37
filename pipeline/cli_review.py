"""The `duiding review` commands: wiring only; the analyst reads English here, reviewers read Dutch on the server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_progress import progress_bars

if TYPE_CHECKING:
    from pipeline.config import Survey
    from pipeline.review.events import Compared
    from pipeline.workspace import Workspace

app = typer.Typer(
    name="review", help="Let people check the coding, in Label Studio or Excel.", no_args_is_help=True,
    pretty_exceptions_enable=False, pretty_exceptions_show_locals=False, rich_markup_mode=None,
)  # fmt: skip
SurveyFile = Annotated[Path, typer.Argument(help="survey.yaml, or the folder it is in.", show_default="here")]
Audit = Annotated[int, typer.Option(min=0, help="Random answers per question, in all; they feed the percentages.")]
Training = Annotated[int, typer.Option(min=0, help="Answers per question that teach most, in all.")]
Second = Annotated[
    float | None, typer.Option(min=0.0, max=1.0, help="Share of the audit that a second coder codes, blind.")
]
ByGroup = Annotated[bool, typer.Option("--by-group", help="Spread the audit over the groups (municipalities).")]
OfQuestion = Annotated[list[str] | None, typer.Option("--question", help="Only this question; may be repeated.")]


@app.command()
def start(
    survey: SurveyFile = Path("survey.yaml"),
    port: Annotated[int | None, typer.Option(min=1024, max=65535, help="Port on 127.0.0.1.")] = None,
    python_env: Annotated[Path | None, typer.Option(help="An environment that has Label Studio already.")] = None,
) -> None:
    """Bring up a Label Studio of this survey's own, on this computer only."""
    from pipeline.review.client import address, connected
    from pipeline.review.sample import read_sample
    from pipeline.review.server import credentials_file, is_running
    from pipeline.review.server import start as start_server

    _, workspace = _load(survey)
    elsewhere = _elsewhere()
    if elsewhere:
        where = address(workspace)
        with connected(where):
            _say(f"Using the Label Studio at {where.url} (DUIDING_LABEL_STUDIO_URL); its token works.")
    else:
        was_up = is_running(workspace)
        server = start_server(workspace, port=port, environment=python_env, say=_say)
        _say(f"Label Studio {'was already' if was_up else 'is'} up: {server.url}")
        _say(f"Login and password are in {credentials_file(workspace)} (only you can read it).")
        _say("Colleagues get an account through the invite link under Organization, 'Add People'.")
    drawn = " --audit 120 --reviewer NAME" if read_sample(workspace).empty else ""
    _say(f"Next: duiding review push {survey}{drawn}")


@app.command()
def stop(survey: SurveyFile = Path("survey.yaml")) -> None:
    """Stop this survey's own Label Studio; its data stays."""
    from pipeline.review.server import stop as stop_server

    _, workspace = _load(survey)
    _say("Label Studio is stopped." if stop_server(workspace) else "Label Studio was not running.")


@app.command()
def push(
    survey: SurveyFile = Path("survey.yaml"),
    audit: Audit = 0,
    training: Training = 0,
    second: Second = None,
    by_group: ByGroup = False,
    reviewer: Annotated[list[str] | None, typer.Option(help="Who codes; repeat it to divide the work.")] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Show no machine codes to the first coder either.")] = False,
    question: OfQuestion = None,
) -> None:
    """Draw answers (when asked) and send them to Label Studio; doing it twice changes nothing."""
    from pipeline.explaining import TaskExplainer
    from pipeline.review.push import push as push_tasks

    found, workspace = _load(survey)
    _draw(found, workspace, audit, training, second, by_group, question or [])
    explain = TaskExplainer(found, workspace)
    with progress_bars() as progress:
        pushed = push_tasks(
            workspace, found, questions=question or [], reviewers=reviewer or [], blind=blind, explain=explain,
            progress=progress,
        )  # fmt: skip
    for done in pushed:
        kind = " (second coder)" if done.kind == "second" else ""
        _say(
            f"{done.question}{kind}: {done.added} tasks sent, {done.renewed} renewed, {done.predictions} machine codes "
            f"renewed, {done.there} were there, {done.coded_before} were coded before"
        )
        if done.divided_as_before:
            _say(f"  divided over {', '.join(done.divided_as_before)}, as before; --reviewer NAME divides it anew")
        if done.blind and not blind and done.kind == "main":
            _say("  without machine codes: this project was made with --blind and stays blind")
        for title, link in done.links.items():
            _say(f"  {title}: {link}")
    for name, why in explain.left_out.items():
        _say(f"{name}: the tasks don't tell why the machine coded as it did: {why}")
    _undrawn(workspace)
    _say(f"Next: have them coded, then: duiding review pull {survey}")


@app.command()
def pull(survey: SurveyFile = Path("survey.yaml")) -> None:
    """Fetch what was coded into the workspace; what is there already is left alone."""
    from pipeline.intake.pseudonymise import pseudonymise
    from pipeline.review.events import journal_file
    from pipeline.review.pull import pull as pull_codings

    found, workspace = _load(survey)
    pulled = pull_codings(workspace, found, clean_notes=pseudonymise)
    for one in pulled:
        _say(f"{one.question} ({one.kind}): {one.n_annotations} codings there, {len(one.news)} new")
        for event in one.wrong:
            _say(f"  {event.answer_id}: does not count ({event.problem.replace('_', ' ')}); have it coded again")
        if one.coded_skips:
            _say(f"  skipped, though codes were filled in: {_some(one.coded_skips)}; if those are meant, open them in "
                 "the view Overgeslagen, press 'Cancel skip' and then save")  # fmt: skip
        if one.gone:
            _say(f"  deleted on the server, but kept here and counting: {_some(one.gone)}; coding anew replaces it")
    _say(f"Wrote {journal_file(workspace)}")
    _disagree_or_next(workspace, survey)


@app.command()
def adjudicate(survey: SurveyFile = Path("survey.yaml")) -> None:
    """Make a project of the answers that coders disagree on, for someone to decide."""
    from pipeline.review.adjudicate import adjudicate as make_projects

    found, workspace = _load(survey)
    made = make_projects(workspace, found)
    for one in made:
        _say(f"{one.question}: {one.n_open} to decide ({one.added} sent now): {one.link}")
    _say(f"Next: decide them, then: duiding review pull {survey}" if made else "Nothing to decide.")


@app.command()
def status(
    survey: SurveyFile = Path("survey.yaml"),
    margin: Annotated[float, typer.Option(min=0.001, max=0.5, help="Half the width wanted of every interval.")] = 0.05,
) -> None:
    """Say what is done and left, how well coders agree, and whether stopping now is defensible."""
    from pipeline.planning import Planner
    from pipeline.review.coders import Coders
    from pipeline.review.describe import describe, describe_lost
    from pipeline.review.progress import review_progress
    from pipeline.review.reviewed import current_events
    from pipeline.review.server import is_running, local_server
    from pipeline.review.texts import lost

    found, workspace = _load(survey)
    local = local_server(workspace)
    if _elsewhere():
        _say("Server: the one in DUIDING_LABEL_STUDIO_URL")
    elif local is None:
        _say("Server: none yet (duiding review start)")
    else:
        _say(f"Server: {local.url} is {'up' if is_running(workspace) else 'stopped (duiding review start)'}")
    planner = Planner(found, workspace)
    states = review_progress(workspace, found, half_width=planner.half_width, margin=margin)
    coders = Coders(workspace)
    for line in describe_lost(lost(current_events(workspace))):
        _say(line)
    for state in states:
        _say("\n" + "\n".join(describe(state, coders.login, planner.needed(state.question, margin), margin)))
    if not states:
        _say(planner.advice(margin))
    _undrawn(workspace)
    _say("Counted up to the last 'duiding review pull'.")


@app.command(name="export")
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
    force: Annotated[bool, typer.Option("--force", help="Replace a workbook that is there already.")] = False,
) -> None:
    """Write what is left to code to Excel (.xlsx), or all codings to JSON lines (.jsonl)."""
    from pipeline.errors import ReviewError, problem

    found, workspace = _load(survey)
    if excel:
        file = file.with_suffix(".xlsx")
    if file.suffix == ".jsonl":
        from pipeline.review.exchange import export_jsonl

        _say(f"Wrote {export_jsonl(workspace, file)} codings to {file}")
        return
    if file.suffix != ".xlsx":
        raise ReviewError(problem(file=file, found="unknown kind of file", expected=".xlsx or .jsonl"))
    from pipeline.review.excel_write import export_workbook, refuse_filled_in

    if not force:
        refuse_filled_in(file)
    _draw(found, workspace, audit, training, second, by_group, question or [])
    counts = export_workbook(
        workspace, found, file, second=for_second, decide=decide, blind=blind, questions=question or [], force=force
    )
    _say(f"Wrote {file}: " + ", ".join(f"{name} {n} answers" for name, n in counts.items()))
    _say(f"It holds answers: share it as carefully as the survey. Next: duiding review import {file} --coder NAME")


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="A workbook that was coded (.xlsx), or codings (.jsonl).")],
    survey: SurveyFile = Path("survey.yaml"),
    coder: Annotated[str, typer.Option(help="Who coded the workbook; needed for .xlsx.")] = "",
) -> None:
    """Read codings back from Excel or JSON lines; a second time changes nothing."""
    found, workspace = _load(survey)
    if file.suffix == ".xlsx":
        from pipeline.intake.pseudonymise import pseudonymise
        from pipeline.review.excel_read import import_workbook

        done = import_workbook(workspace, found, file, coder=coder, clean_notes=pseudonymise)
        _say(f"{done.n_ready} answers marked ready, {done.n_new} new; {done.n_open} not ready yet")
        _compared(done.compared)
        if done.elsewhere:
            _say(f"{len(done.elsewhere)} were coded otherwise elsewhere after this workbook was exported; that coding "
                 f"goes on to count: {_some(done.elsewhere)}")  # fmt: skip
        for place in done.not_read:
            _say(f"{place}: this column is not of the workbook as it was exported; it was not read")
    else:
        from pipeline.review.exchange import import_jsonl

        lines = import_jsonl(workspace, found, file)
        _say(f"{lines.n_read} codings read, {lines.n_new} new")
        _compared(lines.compared)
        if lines.n_not_drawn:
            _say(f"{lines.n_not_drawn} audited answers were never drawn here: they teach, and feed no percentages")
    _disagree_or_next(workspace, survey)


def _disagree_or_next(workspace: Workspace, survey: Path) -> None:
    from pipeline.review.adjudicate import open_conflicts

    waiting = [conflict.answer_id for conflict in open_conflicts(workspace)]
    if not waiting:
        _say(f"Next: duiding review status {survey}, then duiding run {survey}")
        return
    _say(f"Coders disagree on {len(waiting)} answers: {_some(waiting)}")
    _say(f"Next: duiding review adjudicate {survey}; without a server: "
         f"duiding review export besluiten.xlsx {survey} --adjudicate")  # fmt: skip


def _undrawn(workspace: Workspace) -> None:
    from pipeline.review.draw import came_later

    for question, n in came_later(workspace).items():
        _say(f"! {question}: {n} answers came after the audit was drawn and had no chance to be in it; "
             "the same --audit again draws from all of them")  # fmt: skip


def _compared(found: Compared) -> None:
    if found.replaced:
        _say(f"{len(found.replaced)} replace an earlier coding: {_some(found.replaced)}")
    if found.older:
        _say(f"{len(found.older)} are older than what the journal holds and were left out: {_some(found.older)}")


def _some(ids: Sequence[str], most: int = 10) -> str:
    return ", ".join(ids[:most]) + (", ..." if len(ids) > most else "")


def _draw(
    survey: Survey, workspace: Workspace, audit: int, training: int, second: float | None, by_group: bool,
    questions: Sequence[str],
) -> None:  # fmt: skip
    from pipeline.planning import Planner, plan_line
    from pipeline.review.draw import draw

    if not (audit or training or second is not None):
        return
    sample = draw(
        workspace, survey, audit=audit, training=training, second=second, by_group=by_group, questions=questions
    )
    planner = Planner(survey, workspace)
    for name, rows in sample.groupby("question"):
        counts = rows["role"].value_counts()
        _say(f"{name}: drawn " + ", ".join(f"{role} {n}" for role, n in counts.items()))
        n = int(counts.get("audit", 0))
        width = planner.half_width(str(name), n)
        if width is not None:
            _say("  " + plan_line(str(name), n, width, planner.needed(str(name), 0.03), 0.03))


def _load(survey: Path) -> tuple[Survey, Workspace]:
    from pipeline.config import load_survey
    from pipeline.workspace import Workspace

    found = load_survey(survey)
    return found, Workspace(found.workspace_path)


def _elsewhere() -> bool:
    import os

    return bool(os.environ.get("DUIDING_LABEL_STUDIO_URL", "").strip())


def _say(text: str) -> None:
    typer.echo(text)
