"""The `duiding review` commands that need Label Studio, and `status`: wiring only.

The analyst reads English here; reviewers read Dutch on the server.
"""

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
from pipeline.cli_progress import progress_bars
from pipeline.errors import quoted

if TYPE_CHECKING:
    from pipeline.workspace import Workspace

app = typer.Typer(
    name="review", help="Let people check the coding, in Label Studio or Excel.", no_args_is_help=True,
    pretty_exceptions_enable=False, pretty_exceptions_show_locals=False, rich_markup_mode=None,
)  # fmt: skip


@app.command()
def start(
    survey: SurveyFile = Path("survey.yaml"),
    port: Annotated[int | None, typer.Option(min=1024, max=65535, help="Port on 127.0.0.1.")] = None,
    python_env: Annotated[Path | None, typer.Option(help="An environment that has Label Studio already.")] = None,
) -> None:
    """Bring up this survey's own Label Studio, on this computer."""
    from pipeline.review.client import address, connected
    from pipeline.review.sample import read_sample
    from pipeline.review.server import credentials_file, is_running
    from pipeline.review.server import start as start_server

    _, workspace = load(survey)
    elsewhere = _elsewhere()
    if elsewhere:
        where = address(workspace)
        with connected(where):
            typer.echo(f"Using the Label Studio at {where.url} (DUIDING_LABEL_STUDIO_URL); its token works.")
    else:
        was_up = is_running(workspace)
        server = start_server(workspace, port=port, environment=python_env, say=typer.echo)
        typer.echo(f"Label Studio {'was already' if was_up else 'is'} up: {server.url}")
        typer.echo(f"Login and password are in {credentials_file(workspace)} (only you can read it).")
        typer.echo("Colleagues get an account through the invite link under Organization, 'Add People'.")
    drawn = " --audit 120 --reviewer NAME" if read_sample(workspace).empty else ""
    typer.echo(f"Next: duiding review push {quoted(survey)}{drawn}")


@app.command()
def stop(survey: SurveyFile = Path("survey.yaml")) -> None:
    """Stop this survey's own Label Studio; its data stays."""
    from pipeline.review.server import stop as stop_server

    _, workspace = load(survey)
    typer.echo("Label Studio is stopped." if stop_server(workspace) else "Label Studio was not running.")


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
    """Draw answers when asked, and send them to Label Studio.

    Doing it twice changes nothing.
    """
    from pipeline.explaining import TaskExplainer
    from pipeline.review.push import push as push_tasks

    found, workspace = load(survey)
    draw_sample(found, workspace, audit, training, second, by_group, question or [])
    explain = TaskExplainer(found, workspace)
    with progress_bars() as progress:
        pushed = push_tasks(
            workspace, found, questions=question or [], reviewers=reviewer or [], blind=blind, explain=explain,
            progress=progress,
        )  # fmt: skip
    for done in pushed:
        kind = " (second coder)" if done.kind == "second" else ""
        typer.echo(
            f"{done.question}{kind}: {done.added} tasks sent, {done.renewed} renewed, {done.predictions} machine codes "
            f"renewed, {done.there} were there, {done.coded_before} were coded before"
        )
        if done.divided_as_before:
            typer.echo(
                f"  divided over {', '.join(done.divided_as_before)}, as before; --reviewer NAME divides it anew"
            )
        if done.blind and not blind and done.kind == "main":
            typer.echo("  without machine codes: this project was made with --blind and stays blind")
        for title, link in done.links.items():
            typer.echo(f"  {title}: {link}")
    for name, why in explain.left_out.items():
        typer.echo(f"{name}: the tasks don't tell why the machine coded as it did: {why}")
    _undrawn(workspace)
    say_set_aside(found, workspace)
    typer.echo(f"Next: have them coded, then: duiding review pull {quoted(survey)}")


@app.command()
def pull(survey: SurveyFile = Path("survey.yaml")) -> None:
    """Fetch what was coded; what is there already is left alone."""
    from pipeline.intake.pseudonymise import pseudonymise
    from pipeline.review.describe import some
    from pipeline.review.events import journal_file
    from pipeline.review.pull import pull as pull_codings

    found, workspace = load(survey)
    pulled = pull_codings(workspace, found, clean_notes=pseudonymise)
    for one in pulled:
        typer.echo(f"{one.question} ({one.kind}): {one.n_annotations} codings there, {len(one.news)} new")
        for event in one.wrong:
            typer.echo(f"  {event.answer_id}: does not count ({event.problem.replace('_', ' ')}); have it coded again")
        if one.coded_skips:
            typer.echo(
                f"  skipped, though codes were filled in: {some(one.coded_skips)}; if those are meant, open them in "
                "the view Overgeslagen, press 'Cancel skip' and then save"
            )
        if one.gone:
            typer.echo(
                f"  deleted on the server, but kept here and counting: {some(one.gone)}; coding anew replaces it"
            )
    typer.echo(f"Wrote {journal_file(workspace)}")
    say_next(workspace, survey)


@app.command()
def adjudicate(survey: SurveyFile = Path("survey.yaml")) -> None:
    """Make a project of the answers that coders disagree on."""
    from pipeline.review.adjudicate import adjudicate as make_projects

    found, workspace = load(survey)
    made = make_projects(workspace, found)
    for one in made:
        typer.echo(f"{one.question}: {one.n_open} to decide ({one.added} sent now): {one.link}")
    typer.echo(f"Next: decide them, then: duiding review pull {quoted(survey)}" if made else "Nothing to decide.")


@app.command()
def status(
    survey: SurveyFile = Path("survey.yaml"),
    margin: Annotated[float, typer.Option(min=0.001, max=0.5, help="Half the width wanted of every interval.")] = 0.05,
) -> None:
    """Say what is done and left, and whether stopping is defensible.

    How well coders agree is part of it, per code.
    """
    from pipeline.planning import Planner, plan_line
    from pipeline.review.coders import Coders
    from pipeline.review.describe import describe, describe_lost
    from pipeline.review.progress import review_progress
    from pipeline.review.reviewed import current_events
    from pipeline.review.server import is_running, local_server
    from pipeline.review.texts import lost

    found, workspace = load(survey)
    local = local_server(workspace)
    if _elsewhere():
        typer.echo("Server: the one in DUIDING_LABEL_STUDIO_URL")
    elif local is None:
        typer.echo("Server: none yet (duiding review start)")
    else:
        typer.echo(f"Server: {local.url} is {'up' if is_running(workspace) else 'stopped (duiding review start)'}")
    planner = Planner(found, workspace)
    states = review_progress(
        workspace, found, expect=lambda question, audited: planner.expect(question, audited, margin), margin=margin
    )
    coders = Coders(workspace)
    for line in describe_lost(lost(current_events(workspace))):
        typer.echo(line)
    for state in states:
        plan = planner.plan(state.question, state.audited, margin) if state.audited else None
        expected = "" if plan is None else plan_line(plan, found.wave)
        typer.echo("\n" + "\n".join(describe(state, coders.login, expected)))
    if not states:
        typer.echo(planner.advice(margin))
    _undrawn(workspace)
    typer.echo("Counted up to the last 'duiding review pull'.")


def _undrawn(workspace: Workspace) -> None:
    from pipeline.review.draw import came_later

    for question, n in came_later(workspace).items():
        typer.echo(
            f"! {question}: {n} answers came after the audit was drawn and had no chance to be in it; "
            "the same --audit again draws from all of them"
        )


def _elsewhere() -> bool:
    import os

    return bool(os.environ.get("DUIDING_LABEL_STUDIO_URL", "").strip())
