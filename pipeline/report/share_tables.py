"""The tables and charts of shares: one view's points, the municipalities compared, the years."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pipeline.codebook import Code, slug
from pipeline.config import Question
from pipeline.report.content import Bar, Cell, Column, Figure, Row, Table
from pipeline.report.context import Context, margin
from pipeline.report.labels import Messages
from pipeline.report.numbers import count, percent

_MOST_PANELS = 12
_UNREVIEWED = "coding_error_not_in_interval"


def points_table(
    context: Context, question: Question, codes: Sequence[Code], group: str, title: str, what: str = "code"
) -> Table:
    """Return the table of one view: this year, its margin, and what it is compared with.

    `what` is `code` for the points that people name and `theme` for what their stories are about.
    """
    figures, say = context.figures, context.say
    overall = group == context.total
    has_reference = overall and any(figures.reference(question.id, code.id) for code in codes)
    against = figures.verdicts.against_reference if overall else figures.verdicts.against_rest
    shown_beside = has_reference or not overall
    columns = [
        Column(context.say("this_year"), "percent", _n(context, question, group)),
        Column(say("col_margin"), "interval"),
    ]
    if shown_beside:
        columns.append(Column(figures.survey.reference_group if overall else context.total, "percent"))
    rows, marked, hidden = [], False, False
    for code in context.sorted_codes(question, codes, group):
        share = figures.share(question.id, group, code.id)
        cell = context.cell(question.id, group, code.id, against(question.id, group, code.id) if shown_beside else "")
        cells = [cell, margin(share)]
        if overall and has_reference:
            published = figures.reference(question.id, code.id)
            cells.append(Cell(published.share if published else None))
        elif not overall:
            cells.append(context.cell(question.id, context.total, code.id))
        marked, hidden = marked or bool(cell.mark), hidden or any(found.hidden for found in cells)
        rows.append(Row(code.label, tuple(cells), code.id, _weight(context, question, code)))
    added = sum(row.cells[0].value for row in rows if isinstance(row.cells[0].value, float))
    several = "note_over_hundred" if added > 1.005 else "note_multiple"
    notes = [say("note_themes" if what == "theme" else several), say("note_margin")]
    if shown_beside and any(against(question.id, group, code.id) for code in codes):
        notes.append(say("note_marks_reference" if overall else "note_marks_rest"))
    if has_reference and (n := _reference_n(context, question, codes)):
        notes.append(say("note_reference", n=count(n, say.language)))
    notes += _flag_notes(context, question, codes, group)
    notes += hidden_notes(context, hidden)
    return Table(context.next_table(), f"{question.id}-{slug(group)}", title, say(f"{what}_stub"),
                 tuple(columns), tuple(rows), tuple(notes))  # fmt: skip


def points_figure(
    context: Context, question: Question, codes: Sequence[Code], group: str, title: str, table: Table
) -> Figure | None:
    """Return the bar chart of one view, in the order of its table; None when nothing can be drawn."""
    overall = group == context.total
    bars = []
    for code in context.sorted_codes(question, codes, group):
        share = context.figures.share(question.id, group, code.id)
        beside = context.figures.reference(question.id, code.id) if overall else None
        if not overall:
            beside = context.figures.share(question.id, context.total, code.id)
        if share is not None and share.share is not None:
            bars.append(Bar(code.label, share.share, share.low, share.high, beside.share if beside else None))
    if not bars:
        return None
    say = context.say
    alt = say("alt_bars", title=title, label=bars[0].label, share=percent(bars[0].share), table=table.number)
    legend = [(f"{context.figures.survey.wave}" if overall else group, "bar"), (say("legend_margin"), "whisker")]
    if any(bar.reference is not None for bar in bars):
        legend.append((context.figures.survey.reference_group if overall else context.total, "reference"))
    return Figure(
        context.next_figure(), f"f-{question.id}-{slug(group)}", title, alt, "bars", tuple(bars), tuple(legend)
    )


def compare_table(context: Context, question: Question, codes: Sequence[Code], title: str) -> Table | None:
    """Return the heat map code x municipality; None when there are fewer than two groups."""
    figures, say = context.figures, context.say
    groups = figures.groups_of(question)
    if len(groups) < 2:
        return None
    columns = [Column(context.total, "percent", _n(context, question, context.total))]
    columns += [Column(group, "percent", _n(context, question, group), heat=True) for group in groups]
    rows, hidden = [], False
    for code in context.sorted_codes(question, codes, context.total):
        cells = [context.cell(question.id, context.total, code.id)]
        cells += [
            context.cell(question.id, group, code.id, figures.verdicts.against_rest(question.id, group, code.id))
            for group in groups
        ]
        hidden = hidden or any(cell.hidden for cell in cells)
        rows.append(Row(code.label, tuple(cells), code.id, _weight(context, question, code)))
    notes = [say("note_heat")]
    if any(figures.verdicts.against_rest(question.id, group, code.id) for group in groups for code in codes):
        notes.append(say("note_marks_rest"))
    unknown = figures.n_answers(question.id, context.total) - sum(figures.n_answers(question.id, one) for one in groups)
    if unknown > 0:
        notes.append(say("note_unknown_group", number=count(unknown, say.language)))
    notes += hidden_notes(context, hidden)
    return Table(context.next_table(), f"{question.id}-vergelijking", title, say("code_stub"), tuple(columns),
                 tuple(rows), tuple(notes))  # fmt: skip


def years_table(context: Context, question: Question, codes: Sequence[Code], group: str, title: str) -> Table | None:
    """Return a view's table over the years, newest first, in codebook order; None without earlier years."""
    figures, say = context.figures, context.say
    waves = figures.earlier_waves(question.id, group)
    if not waves:
        return None
    columns = [Column(figures.survey.wave, "percent", _n(context, question, group))]
    columns += [Column(wave, "percent") for wave in waves]
    verdicts, rows, hidden, reasons = figures.verdicts, [], False, {}
    for code in codes:
        cell = context.cell(question.id, group, code.id, verdicts.against_wave(question.id, group, code.id, waves[0]))
        cells = [cell]
        for wave in waves:
            earlier = figures.earlier(question.id, group, code.id, wave)
            cells.append(Cell(earlier.share if earlier else None, hidden=bool(earlier and earlier.suppressed)))
        if reason := verdicts.not_comparable(question.id, group, code.id, waves[0]):
            reasons[code.label] = translated(reason, say)
        hidden = hidden or any(found.hidden for found in cells)
        rows.append(Row(code.label, tuple(cells), code.id, _weight(context, question, code)))
    notes = [say("note_years")]
    if any(verdicts.against_wave(question.id, group, code.id, waves[0]) for code in codes):
        notes.append(say("note_marks_wave", wave=waves[0]))
    for reason in sorted(set(reasons.values())):
        labels = say.listed([label for label, found in reasons.items() if found == reason])
        notes.append(say("note_not_comparable", wave=waves[0], labels=labels, reason=reason))
    notes += hidden_notes(context, hidden)
    return Table(context.next_table(), f"{question.id}-{slug(group)}-jaren", title, say("code_stub"), tuple(columns),
                 tuple(rows), tuple(notes))  # fmt: skip


def years_figure(context: Context, table: Table, title: str) -> Figure | None:
    """Return small line charts, one per point, oldest year first; None when there are fewer than two years."""
    waves = [column.label for column in table.columns][::-1]
    panels = []
    for row in table.rows:
        values = [cell.value if isinstance(cell.value, float) else None for cell in row.cells][::-1]
        if sum(value is not None for value in values) > 1:
            panels.append((row.label, tuple(values)))
    if not panels:
        return None
    alt = context.say("alt_lines", waves=context.say.listed(waves), table=table.number)
    data = (tuple(waves), tuple(panels[:_MOST_PANELS]))
    return Figure(context.next_figure(), f"f-{table.key}", title, alt, "lines", data)


def hidden_notes(context: Context, hidden: bool) -> list[str]:
    """Return the note on held-back figures, when there are any."""
    return [context.say("note_hidden")] if hidden else []


def _flag_notes(context: Context, question: Question, codes: Sequence[Code], group: str) -> list[str]:
    """Return what the estimates flagged, in words, each once."""
    found = [(code.label, share) for code in codes if (share := context.figures.share(question.id, group, code.id))]
    flags = dict.fromkeys(flag.strip() for _, share in found for flag in share.flag.split(";"))
    notes = {flag: context.say.maybe(f"flag_{flag}", "") for flag in flags}
    if _UNREVIEWED in notes and context.figures.reviewed(question.id):  # codes added or renamed since the review
        labels = context.say.listed([label for label, share in found if _UNREVIEWED in share.flag])
        notes[_UNREVIEWED] = context.say("note_not_asked", labels=labels)
    return [note for note in notes.values() if note]


def _n(context: Context, question: Question, group: str) -> str:
    n = context.figures.n_answers(question.id, group)
    text = context.say("col_n_short", number=count(n, context.say.language)) if n else ""
    return f"{text}\n{context.say('indicative')}" if text and context.figures.indicative(group) else text


def _reference_n(context: Context, question: Question, codes: Sequence[Code]) -> int:
    found = (context.figures.reference(question.id, code.id) for code in codes)
    return max((share.n for share in found if share), default=0)


def _weight(context: Context, question: Question, code: Code) -> Literal["normal", "residual"]:
    return "residual" if code.id in context.residual(question) else "normal"


#: How the gate between waves begins a reason, and the message that says it to a reader.
_REASONS = (
    ("code added", "reason_added"),
    ("code removed", "reason_removed"),
    ("code redefined", "reason_redefined"),
    ("codes were added to", "reason_residual"),
    ("codes were moved", "reason_net"),
    ("coding drifted", "reason_drift"),
    ("no audit in", "reason_unaudited"),
)


def translated(reason: str, say: Messages) -> str:
    """Return the gate's reasons in the report's language; one that it does not know stays as it is."""
    parts = []
    for part in reason.split("; "):
        key = next((key for start, key in _REASONS if part.startswith(start)), None)
        parts.append(say(key) if key else part)
    return "; ".join(dict.fromkeys(parts))
