"""The tables and charts of shares: one view's points, the municipalities compared, the years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pipeline.codebook import Code, slug
from pipeline.config import Question
from pipeline.report import provisional
from pipeline.report.content import Bar, Cell, Column, Figure, Row, Table
from pipeline.report.context import Context, margin
from pipeline.report.labels import Messages
from pipeline.report.numbers import count
from pipeline.report.verdicts import REFERENCE

_MOST_PANELS = 12


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
    rows, marked, hidden, reasons = [], False, False, {}
    for code in context.sorted_codes(question, codes, group):
        share = figures.share(question.id, group, code.id)
        cell = context.cell(question.id, group, code.id, against(question.id, group, code.id) if shown_beside else "")
        cells = [cell, margin(share)]
        if overall and has_reference:
            published = figures.reference(question.id, code.id)
            cells.append(Cell(published.share if published else None))
            reasons[code.label] = figures.verdicts.not_comparable(question.id, group, code.id, REFERENCE)
        elif not overall:
            cells.append(context.cell(question.id, context.total, code.id))
        marked, hidden = marked or bool(cell.mark), hidden or any(found.hidden for found in cells)
        status = provisional.status(context, question, [group], code.id)
        rows.append(Row(code.label, tuple(cells), code.id, _weight(context, question, code), status))
    added = sum(row.cells[0].value for row in rows if isinstance(row.cells[0].value, float))
    several = "note_over_hundred" if added > 1.005 else "note_multiple"
    notes = [say("note_themes" if what == "theme" else several), say("note_margin")]
    if shown_beside and any(against(question.id, group, code.id) for code in codes):
        notes.append(say("note_marks_reference" if overall else "note_marks_rest"))
    if has_reference and (n := _reference_n(context, question, codes)):
        notes.append(say("note_reference", label=figures.survey.reference_group, n=count(n, say.language)))
    if not figures.provisional(question.id, group):  # of a provisional figure the flag says why nothing is compared
        notes += _reason_notes(context, reasons, say("the_reference"))
    notes += _flag_notes(context, question, codes, group)
    notes += hidden_notes(context, hidden)
    return Table(context.next_table(), f"{question.id}-{slug(group)}", title, say(f"{what}_stub"),
                 tuple(columns), tuple(rows), tuple(notes))  # fmt: skip


def points_figure(
    context: Context, question: Question, codes: Sequence[Code], group: str, title: str, table: Table, first: str = ""
) -> Figure | None:
    """Return the bar chart of one view, in the order of its table; None when no bar would stand for anyone.

    `first` is the sentence that says which point is named most.
    """
    overall = group == context.total
    bars, anyone = [], False
    for code in context.sorted_codes(question, codes, group):
        share = context.figures.share(question.id, group, code.id)
        beside = context.figures.reference(question.id, code.id) if overall else None
        if not overall:
            beside = context.figures.share(question.id, context.total, code.id)
        if share is not None and share.share is not None:
            bars.append(Bar(code.label, share.share, share.low, share.high, beside.share if beside else None))
            anyone = anyone or share.anyone
    if not anyone:
        return None
    say = context.say
    alt = say("alt_bars", title=title, first=f" {first}" if first else "", table=table.number)
    legend = [(f"{context.figures.survey.wave}" if overall else group, "bar"), (say("legend_margin"), "whisker")]
    if any(bar.reference is not None for bar in bars):
        legend.append((context.figures.survey.reference_group if overall else context.total, "reference"))
    notes = [say("note_figure_points", table=table.number)] if len(bars) < len(codes) else []
    return Figure(context.next_figure(), title, alt, "bars", tuple(bars),
                  tuple(legend), tuple(notes))  # fmt: skip


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
        status = provisional.status(context, question, [context.total, *groups], code.id)
        rows.append(Row(code.label, tuple(cells), code.id, _weight(context, question, code), status))
    notes = [say("note_heat")]
    if any(figures.verdicts.against_rest(question.id, group, code.id) for group in groups for code in codes):
        notes.append(say("note_marks_rest"))
    unknown = figures.n_answers(question.id, context.total) - sum(figures.n_answers(question.id, one) for one in groups)
    if unknown > 0:
        notes.append(context.unknown_group(unknown))
    notes += provisional.notes(context, [(question, group) for group in (context.total, *groups)], codes)
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
    columns += [
        Column(wave, "percent", _n_in_words(context, figures.n_earlier(question.id, group, wave))) for wave in waves
    ]
    verdicts, rows, hidden, reasons = figures.verdicts, [], False, {}
    for code in codes:
        cell = context.cell(question.id, group, code.id, verdicts.against_wave(question.id, group, code.id, waves[0]))
        cells = [cell]
        for wave in waves:
            earlier = figures.earlier(question.id, group, code.id, wave)
            cells.append(Cell(earlier.share if earlier else None, hidden=bool(earlier and earlier.suppressed)))
        reasons[code.label] = verdicts.not_comparable(question.id, group, code.id, waves[0])
        hidden = hidden or any(found.hidden for found in cells)
        status = provisional.status(context, question, [group], code.id)
        rows.append(Row(code.label, tuple(cells), code.id, _weight(context, question, code), status))
    blank = any(cell.value is None and not cell.hidden for row in rows for cell in row.cells)
    notes = [say("note_years")] if blank else []
    for name, computed in (("published", False), ("computed", True)):
        if named := [wave for wave in waves if (wave in figures.waves_in_file) == computed]:
            notes.append(say(f"note_years_{name}", waves=say.listed(named)))
    if any(verdicts.against_wave(question.id, group, code.id, waves[0]) for code in codes):
        notes.append(say("note_marks_wave", wave=waves[0]))
    notes += _reason_notes(context, reasons, waves[0])
    notes += provisional.notes(context, [(question, group)], codes)
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
    left_out = len(data[1]) < len(table.rows) or any(None in values for _, values in panels)
    notes = [context.say("note_figure_years", table=table.number)] if left_out else []
    return Figure(context.next_figure(), title, alt, "lines", data, notes=tuple(notes))


def hidden_notes(context: Context, hidden: bool) -> list[str]:
    """Return the note on held-back figures, when there are any."""
    return [context.say("note_hidden")] if hidden else []


def _flag_notes(context: Context, question: Question, codes: Sequence[Code], group: str) -> list[str]:
    """Return what the estimates flagged, in words, each once."""
    flags = sorted(context.figures.flags(question.id, group))
    found = [note for flag in flags if (note := context.say.maybe(f"flag_{flag}", ""))]
    apart = provisional.not_asked(context, question, group, codes)
    return [*provisional.without_examples(context, [question]), *found, *apart]


def _n(context: Context, question: Question, group: str) -> str:
    n = context.figures.n_answers(question.id, group)
    if not n:
        return ""
    lines = [_n_in_words(context, n)]
    lines += [context.say("indicative")] if context.figures.indicative(group) else []
    of_all = context.figures.provisional(question.id, context.total)  # then the title says it
    lines += [context.say("provisional_word")] if not of_all and context.figures.provisional(question.id, group) else []
    return "\n".join(lines)


def _n_in_words(context: Context, n: int) -> str:
    return context.say("col_n_short", number=count(n, context.say.language)) if n else ""


def _reference_n(context: Context, question: Question, codes: Sequence[Code]) -> int:
    found = (context.figures.reference(question.id, code.id) for code in codes)
    return max((share.n for share in found if share), default=0)


def _weight(context: Context, question: Question, code: Code) -> Literal["normal", "residual"]:
    return "residual" if code.id in context.residual(question) else "normal"


#: How a reason not to compare begins, and the message that says it to a reader.
_REASONS = (
    ("code added", "reason_added"),
    ("code removed", "reason_removed"),
    ("code redefined", "reason_redefined"),
    ("codes were added to", "reason_residual"),
    ("codes were moved", "reason_net"),
    ("coding drifted", "reason_drift"),
    ("no audit", "reason_unaudited"),
    ("audit too small", "reason_too_small"),
    ("no number of respondents", "reason_without_n"),
)


def translated(reason: str, say: Messages) -> str:
    """Return one reason in the report's language; one that it does not know stays as it is."""
    key = next((key for start, key in _REASONS if reason.startswith(start)), None)
    return say(key) if key else reason


def _reason_notes(context: Context, reasons: Mapping[str, str], other: str) -> list[str]:
    """Return per reason which points are not compared with `other`; `reasons` has a text per label, or none."""
    say = context.say
    found: dict[str, list[str]] = {}
    for label, text in reasons.items():
        for part in text.split("; ") if text else []:
            found.setdefault(translated(part, say), []).append(label)
    why: dict[tuple[str, ...], list[str]] = {}  # points with the same reasons are named once
    for reason, labels in sorted(found.items()):
        why.setdefault(tuple(labels), []).append(reason)
    return [
        say("note_not_comparable", other=other, reason="; ".join(because),
            labels=say("all_points") if len(labels) == len(reasons) > 1 else say.listed(list(labels)))
        for labels, because in why.items()
    ]  # fmt: skip
