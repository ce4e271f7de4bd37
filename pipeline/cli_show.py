"""What the commands print: tables for a person at a terminal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from pipeline.errors import quoted
from pipeline.tables import ANSWER, STATUSES

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.config import Question, Survey
    from pipeline.intake.prepare import Intake
    from pipeline.job import Result

STATUS_WORDS = {
    "read": "answers read",
    "coded": "coded",
    "ticked_only": "only ticked, no text to code",
    ANSWER: "answer",
    "empty": "empty",
    "non_answer": "no answer in it (geen, n.v.t., ...)",
    "nothing_to_improve": "nothing to improve",
    "other_language": "other language, for a person",
    "dropped": "not in this survey",
}
FEW = 50
MOST_GROUPS = 30


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, markup=False, emoji=False)  # a title or group is no markup


def show_check(survey: Survey, intake: Intake) -> None:
    """Print what was found per question, and what to look at before coding.

    Raises:
        ConfigError: survey.yaml has wrong numbers of invited (see `check_invited`), or names an answer to quote that is
            not there (see `check_quoted`).
    """
    from pipeline.percentages import check_invited
    from pipeline.publish import check_quoted

    check_quoted(survey, intake.answers)
    console = _console()
    answers = intake.answers
    warnings = [*intake.notes, *check_invited(survey, answers)]
    people = answers.drop_duplicates("respondent_id")
    console.print(f"{survey.title} ({survey.wave}): {intake.n_rows} rows, {len(people)} respondents")
    groups = people["group"].fillna("(unknown)").value_counts()
    if survey.input.group:
        shown = [f"{group} {number}" for group, number in groups.head(MOST_GROUPS).items()]
        if len(groups) > MOST_GROUPS:
            shown.append(f"and {len(groups) - MOST_GROUPS} more")
        console.print("  " + ", ".join(shown))
    ticked = set(intake.ticks["answer_id"])
    table = Table(box=None, pad_edge=False)
    for name in ("question", *STATUSES, "with ticks"):
        left = name == "question"
        table.add_column(name.replace("_", " "), justify="left" if left else "right", no_wrap=left)
    for question in survey.questions:
        rows = answers[answers["question"] == question.id]
        counts = rows["status"].value_counts()
        n_ticked = int(rows["answer_id"].isin(ticked).sum())
        table.add_row(question.id, *(str(int(counts.get(status, 0))) for status in STATUSES), str(n_ticked))
        usable = int(((rows["status"] == ANSWER) | rows["answer_id"].isin(ticked)).sum())
        if usable == 0:
            why = _no_rows(survey, question) if rows.empty else "check its column"
            warnings.append(f"{question.id}: no answers at all; {why}")
        elif usable < FEW:
            warnings.append(f"{question.id}: only {usable} answers; percentages will be indicative")
    console.print(table)
    console.print(f"Personal data was found and replaced in {intake.n_replaced} answers.")
    for row, reason in intake.dropped.head(5).itertuples(index=False):
        warnings.append(f"row {row} left out: {reason}")
    if len(intake.dropped) > 5:
        warnings.append(f"... and {len(intake.dropped) - 5} more rows left out")
    for warning in warnings:
        console.print(f"! {warning}")
    for line in _row_ids(people["respondent_id"]):
        console.print(line)
    if not warnings:
        console.print("Fit to code.")


def _no_rows(survey: Survey, question: Question) -> str:
    """Return why a question has no row in the file: its name in a long file, or the groups that were asked."""
    if survey.input.layout == "wide":
        return "no row is of one of its 'groups'"
    named = f"no row of column '{survey.input.question}' says '{question.column or question.id}'"
    return f"{named} in one of its 'groups'" if question.groups else named


def _row_ids(respondents: pd.Series) -> list[str]:
    """Return the warning that answers are known by their row only, so that reviewed codings can end up elsewhere."""
    if respondents.empty or not respondents.astype(str).str.fullmatch(r"r\d{4,}").all():
        return []
    return [
        "! Answers are known by their row number: don't insert, delete or sort rows once people have reviewed some. "
        "Next: name a column with ids that are not personal under 'input.respondent'"
    ]


def show_zero_shot(survey: Survey) -> None:
    """Print which questions have no examples to learn from, nor a model that learned from a review."""
    from pipeline.coding.examples import examples_for
    from pipeline.config import examples_file
    from pipeline.learned import learned_models
    from pipeline.workspace import Workspace

    learned = learned_models(survey, Workspace(survey.workspace_path))
    found = [
        question.id
        for question in survey.questions
        if question.id not in learned and not examples_for(survey.codebook(question), examples_file(survey, question))
    ]
    if found:
        _console().print(
            f"! No examples to learn from: {', '.join(found)}. A run codes from the codebook's words alone (zero-shot)."
        )


def show_lost(survey: Survey, intake: Intake) -> None:
    """Print which reviewed answers have another text in the file now, or are not in it."""
    from pipeline.review.describe import describe_lost
    from pipeline.review.reviewed import current_events
    from pipeline.review.texts import lost, texts_of
    from pipeline.workspace import Workspace

    workspace = Workspace(survey.workspace_path)
    if not workspace.path("review", "review.jsonl").is_file():
        return
    for line in describe_lost(lost(current_events(workspace, texts_of(intake.answers)))):
        _console().print(line)


def show_published(survey: Survey, groups: Collection[str]) -> None:
    """Print what cannot be right in the published figures that this survey, with these groups, is compared with."""
    from pipeline.estimates.consistency import check_published
    from pipeline.intake.reference import read_reference, reference_notes, reference_path
    from pipeline.percentages import codebooks, nets

    path, reference = reference_path(survey), read_reference(survey)
    if path is None or reference is None:
        return
    reference["in_total"] = reference["group"] != survey.reference_group
    under = nets(codebooks(survey))
    found = check_published(reference, total=survey.total_label, nets=under, file=path.name)
    console = _console()
    for note in reference_notes(survey, groups):
        console.print(f"! {path.name}: {note}")
    if found.empty:
        console.print(f"{path.name}: {len(reference)} published figures, no slips found.")
        return
    console.print(f"! {path.name}: {len(found)} slips in {len(reference)} published figures; look them up before use:")
    for file, place, what in found.itertuples(index=False):
        console.print(f"  {file}: {place}: {what}")


def show_run(result: Result) -> None:
    """Print what a run did, where the results are, and the next step."""
    from pipeline.learned import missing_models, passed_over, set_aside_lines
    from pipeline.percentages import check_invited
    from pipeline.publish import zero_shot
    from pipeline.review.describe import describe_lost
    from pipeline.review.draw import came_later
    from pipeline.review.texts import Lost

    console = _console()
    counts = result.accounting
    if result.unchanged:
        console.print("Nothing changed since the last run: no work to do.")
    console.print(f"{result.survey.title} ({result.survey.wave})")
    for what, number in counts:
        if number or what in ("read", "coded"):
            indent = "" if what == "read" else "  "
            console.print(f"{indent}{number:>7,} {STATUS_WORDS[what]}")
    console.print(f"Personal data replaced in {result.workspace.note('intake')['replaced']} answers.")
    for note in [*result.workspace.note("intake")["notes"], *check_invited(result.survey, result.table("answers"))]:
        console.print(f"! {note}")
    if left := [name for step in result.steps for name in step.left]:
        console.print(f"! Not of this run, and left because it is not as an earlier run left it: {', '.join(left)}.")
    coded = dict(counts).get("coded", 0)
    estimates = result.workspace.note("estimates")
    for question in estimates.get("silent", []):
        console.print(f"! {question}: no answers to code in {result.survey.wave}, so no percentages; check its column")
    starts = sorted(zero_shot(result.workspace) - set(estimates.get("silent", [])))
    if starts and coded:
        console.print(
            f"! Coded from the codebook's words alone, without examples: {', '.join(starts)}. Check them before use."
        )
    coding = result.workspace.note("coding")
    lacking = {name: found["left_out"] for name, found in coding.items() if found.get("left_out")}
    if lacking:
        counts_of = ", ".join(f"{name} {number}" for name, number in lacking.items())
        console.print(f"! Shipped examples left out, for they name a code that your codebook lacks: {counts_of}.")
    for name, files in missing_models(result.survey, result.workspace).items():
        gone = " and ".join(file.name for file in files)
        console.print(f"! {name}: not coded by the model that was learned, for {gone} is missing: duiding learn")
    for line in set_aside_lines(result.survey, result.workspace):
        console.print(line)
    for name, reason in passed_over(result.survey, result.workspace).items():
        console.print(f"! {name}: not coded by the model that was learned, for {reason}: run 'duiding learn' again")
    audited, provisional = estimates.get("audited", 0), estimates.get("provisional", [])
    if audited and provisional:
        named = ", ".join(provisional)
        console.print(f"! {audited:,} answers were checked by people, but none or too few of: {named}.")
        console.print("  Those percentages are provisional: duiding review --help")
    elif audited:
        console.print(f"{audited:,} answers were checked by people; the percentages are corrected for coding errors.")
        for question, n in came_later(result.workspace).items():
            console.print(
                f"! {question}: {n:,} answers came after the audit was drawn and had no chance to be checked: "
                "duiding review push with the same --audit"
            )
    elif coded:
        console.print("! Nobody checked the coding yet, so the percentages are provisional: duiding review --help")
    lost = Lost(tuple(estimates.get("changed", ())), tuple(estimates.get("gone", ())))
    for line in [*describe_lost(lost), *_row_ids(result.table("answers")["respondent_id"])]:
        console.print(line)
    for line in kept_versions(result):
        console.print(line)
    console.print(f"Page:   {result.report}")
    console.print(f"Tables: {result.report.parent / 'tabellen'}")
    console.print(f"Coded:  {result.workspace.path('gecodeerd', 'gecodeerd.csv')} (yours alone, not for publishing)")
    console.print(f"Next: open the page: duiding report {quoted(result.survey.file)} --open")


def kept_versions(result: Result) -> list[str]:
    """Return which files of the report this run found changed by someone, and under what name it kept those."""
    if any(step.name == "report" and step.fresh for step in result.steps):
        return []
    kept = result.workspace.note("report").get("kept", [])
    return [f"! Changed by someone since the last run, so kept as {result.workspace.path(name)}" for name in kept]


def show_evaluation(found: Mapping[str, Any]) -> None:
    """Print the figures of an evaluation, per question and per code."""
    console = _console()
    summary = {name: value for name, value in found.items() if name != "per_question"}
    console.print("  ".join(f"{name} {_number(value)}" for name, value in summary.items()))
    for question, part in found["per_question"].items():
        start = " (zero-shot: no examples)" if part.get("start") == "zero-shot" else ""
        console.print(f"\n{question}{start}: n {part['n']}")
        for name, measured in _measured(part).items():
            table = Table(box=None, pad_edge=False, title=name or None, title_justify="left")
            for column in ("code", "n", "precision", "recall", "f1"):
                table.add_column(column, justify="left" if column == "code" else "right")
            for label, code in measured["per_code"].items():
                cells = [_number(code[key]) for key in ("n", "precision", "recall", "f1")]
                table.add_row(label, *cells)
            console.print(table)


def _measured(part: Mapping[str, Any]) -> dict[str, Any]:
    if "per_code" in part:
        return {"": part}
    return part.get("facets") or {name: part[name] for name in ("valence", "theme") if name in part}


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
