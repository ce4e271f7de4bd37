"""The commands about the classifier: `duiding learn` and `duiding explain`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli_common import SurveyFile
from pipeline.cli_progress import progress_bars
from pipeline.errors import quoted

if TYPE_CHECKING:
    from pipeline.coding.explain import CodeReason, Explanation
    from pipeline.learning import Lesson

OPPOSITE = {"praise": "criticism", "criticism": "praise"}
AUDIT, TRAINING = 120, 100  # how many more answers to have reviewed
UNUSED = {
    "old_codes": "not used, for they were reviewed before a code was added or renamed: nobody judged that code",
    "text_changed": "not used, for they have another text now than when people read them",
    "answer_gone": "not used, for they are not in the survey now, or their question is not",
    "said_in_audit": "not used, for the audit drew them or the same words",
    "no_code": "not used, for no code applies to them, and a model learns from codes that do (in the audit they count)",
}
LEAST_WORD = 0.05  # log-odds that a word must add to be named


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""

    @app.command()
    def learn(survey: SurveyFile = Path("survey.yaml")) -> None:
        """Teach the classifier what reviewers decided, if it gains by it.

        Only answers reviewed for training are learned from; the audit tells whether the new model is better.
        """
        from pipeline.learning import learn as learn_survey
        from pipeline.learning import most_drawn

        with progress_bars() as progress:
            found = learn_survey(survey, progress=progress)
        for lesson in found:
            for line in lesson_lines(lesson):
                typer.echo(line)
        typer.echo(next_step(found, survey, most_drawn(survey)))

    @app.command()
    def explain(
        answer_id: Annotated[str, typer.Argument(help="The answer_id, as the tables and the review show it.")],
        survey: SurveyFile = Path("survey.yaml"),
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    ) -> None:
        """Say which words and examples made the machine code as it did."""
        from pipeline.explaining import explain_answer

        found = explain_answer(survey, answer_id)
        if as_json:
            typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
        else:
            for line in explanation_lines(found):
                typer.echo(line)


def next_step(lessons: Sequence[Lesson], survey: Path, drawn: Mapping[str, int]) -> str:
    """Return what to do after learning: use the new model, or have the answers reviewed that it lacked.

    `drawn` has per role the most answers that were drawn of one question: the options are totals, and what was reviewed
    is not drawn again.
    """
    from pipeline.learning import BETTER, GONE, NOTHING_REVIEWED, OLD_CODES, TOO_FEW_AUDITED

    outcomes = {lesson.outcome for lesson in lessons}
    if BETTER in outcomes:
        return f"Next: code the answers again with the new model: duiding run {quoted(survey)}"
    options = f" --audit {drawn.get('audit', 0) + AUDIT}" if TOO_FEW_AUDITED in outcomes else ""
    if NOTHING_REVIEWED in outcomes or not options:
        options += f" --training {drawn.get('training', 0) + TRAINING}"
    reasons = {part.why for lesson in lessons for part in lesson.unused}
    what = "have answers reviewed with the codes of now" if OLD_CODES in reasons else "have more answers reviewed"
    if GONE in reasons:
        what = f"if a question's id or the file was changed by mistake, change it back; otherwise {what}"
    return f"Next: {what}: duiding review push {quoted(survey)}{options}"


def lesson_lines(lesson: Lesson) -> list[str]:
    """Return what came of learning, and which reviewed answers could not be used for it."""
    return [*_outcome_lines(lesson), *(f"  {n} reviewed for {role}: {UNUSED[why]}" for role, why, n in lesson.unused)]


def _outcome_lines(lesson: Lesson) -> list[str]:
    """Return what came of learning, with before and after when both were measured."""
    from pipeline.coding.learn import AGREE, MIN_AUDIT
    from pipeline.learning import BETTER, NOTHING_REVIEWED, SAME, TOO_FEW_AUDITED

    head = ", ".join(lesson.questions)
    if lesson.outcome == NOTHING_REVIEWED:
        if there := sum(part.n for part in lesson.unused if part.role == "training"):
            return [f"{head}: nothing to learn from; none of the {there} answers reviewed for training can be used"]
        return [f"{head}: nothing to learn from; no answers were reviewed for training"]
    seen = f"{lesson.n_learned} answers reviewed for training, {lesson.n_audit} audited"
    if lesson.outcome == TOO_FEW_AUDITED:
        return [f"{head}: {seen}: kept the old model; below {MIN_AUDIT} audited answers none can be called better"]
    if lesson.outcome == SAME:
        return [f"{head}: {seen}: nothing new since the model in use was learned"]
    lines = [f"{head}: {seen}"]
    if lesson.comparison is not None:
        before, after = lesson.comparison.before, lesson.comparison.after
        lines.append(f"  {'':8}{'top1':>8}{'micro-F1':>10}{'macro-F1':>10}")
        for name, row in (("before", before), ("after", after)):
            lines.append(f"  {name:8}{row.top1:>8.3f}{row.micro_f1:>10.3f}{row.macro_f1:>10.3f}")
        share = f"{lesson.comparison.agree:.0%} of the resampled audits"
        if lesson.outcome == BETTER:
            lines.append(f"  The new model is better (in {share}) and takes over.")
        else:
            lines.append(
                f"  Kept the old model: the new one is better in {share} only (at least {AGREE:.0%} is asked)."
            )
    return lines


def explanation_lines(found: Explanation) -> list[str]:
    """Return an explanation as an analyst reads it."""
    lines = [f'"{found.text}"']
    if found.start == "zero-shot":
        lines.append("! Zero-shot: this codebook has no examples; coded from its own words alone.")
    for reason in found.reasons:
        lines += ["", *_reason_lines(reason)]
    return lines


def _reason_lines(reason: CodeReason) -> list[str]:
    if reason.given:
        return [f"{reason.label}: given by the question"]
    lines = [f"{reason.label} ({reason.score:.0%})"]
    if reason.lacks:
        lines.append(f"  because there is {OPPOSITE[reason.lacks]} in it and no {reason.lacks}, which was asked for")
    strong = [word for word in reason.words if abs(word.weight) >= LEAST_WORD]
    for title, words in (
        ("for", sorted((w for w in strong if w.weight > 0), key=lambda w: -w.weight)),
        ("against", sorted((w for w in strong if w.weight < 0), key=lambda w: w.weight)),
    ):
        if words:
            lines.append(f"  words {title}: " + ", ".join(f"{w.text} {w.weight:+.2f}" for w in words[:8]))
    if not reason.lacks:
        lines.append(f"  meaning of the whole sentence: {reason.vector:+.2f}")
    for near in reason.examples:
        lines.append(f'  like the example ({near.similarity:.2f}): "{near.text[:120]}"')
    return lines
