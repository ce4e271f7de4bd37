"""The whole report as content: summary, chapters, response and method note."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from pipeline.config import Question
from pipeline.report import provisional
from pipeline.report.content import Block, Cell, Chapter, Column, Document, Heading, Row, Table, Terms, Text, View
from pipeline.report.context import Context
from pipeline.report.experience_chapter import (
    experience_chapter,
    is_experience,
    overview_chapter,
    overview_sentences,
)
from pipeline.report.numbers import count, percent
from pipeline.report.question_chapter import headline, question_chapter
from pipeline.report.values import number, text


def make_document(
    context: Context,
    versions: Mapping[str, str],
    accounting: Sequence[tuple[str, int]],
    agreement: pd.DataFrame | None,
    min_cell: int,
) -> Document:
    """Return the report's content, its tables and figures numbered in reading order."""
    figures, survey = context.figures, context.figures.survey
    schemes = [question for question in survey.questions if is_experience(context, question)]
    points = [question for question in survey.questions if question not in schemes]
    answered = [question for question in schemes if question in figures.questions]
    summary = _summary(context, [question for question in points if question in figures.questions], answered)
    chapters = [_chapter(context, question, question_chapter) for question in points]
    if answered:
        chapters.append(overview_chapter(context, answered))
    chapters += [_chapter(context, question, experience_chapter) for question in schemes]
    closing = [
        chapter
        for chapter in (_response_chapter(context), _method(context, versions, accounting, agreement, min_cell))
        if chapter
    ]
    return Document(
        title=survey.title,
        wave=survey.wave,
        total=context.total,
        group_label=survey.group_label,
        groups=figures.groups,
        facts=_facts(context),
        summary=summary,
        chapters=tuple(chapters),
        closing=tuple(closing),
        provisional=provisional.banner(context) if context.book.texts else "",
    )


def _chapter(context: Context, question: Question, made: Callable[[Context, Question], Chapter]) -> Chapter:
    """Return the chapter of a question; a single sentence when no answer to it could be coded."""
    if question in context.figures.questions:
        return made(context, question)
    sentence = context.say("no_answers", wave=context.figures.survey.wave)
    part = context.say("part_experience" if is_experience(context, question) else "part_points")
    view = View(context.total, (Text((sentence,)),))
    figures = context.figures
    return Chapter(question.id, figures.subject(question), figures.asked(question), (view,), part)


def _facts(context: Context) -> tuple[tuple[str, str], ...]:
    say = context.say
    facts = []
    for row in context.figures.response:
        if row["group"] == context.total:
            facts.append((count(number(row.get("returned")), say.language), say("fact_returned")))
            if response := number(row.get("response")):
                facts.append((percent(response), say("fact_response")))
    texts = context.book.texts
    if texts:
        facts.append((count(len(texts), say.language), say("fact_answers")))
    if reviewed := sum(one.reviewed for one in texts):
        facts.append((count(reviewed, say.language), say("fact_reviewed")))
    return tuple(facts)


def _summary(context: Context, points: Sequence[Question], schemes: Sequence[Question]) -> Chapter:
    views = [View(group, tuple(_summary_blocks(context, points, schemes, group)))
             for group in (context.total, *context.figures.groups)]  # fmt: skip
    return Chapter("samenvatting", context.say("chapter_summary"), "", tuple(views))


def _summary_blocks(
    context: Context, points: Sequence[Question], schemes: Sequence[Question], group: str
) -> list[Block]:
    """Return per question its sentences, then the caution for indicative groups."""
    say, figures = context.say, context.figures
    blocks: list[Block] = []
    for question in points:
        if group in context.views(question):
            blocks.append(Heading(provisional.titled(context, figures.title(question), [question], group)))
            blocks.append(Text((" ".join(headline(context, question, group)),)))
    asked = [question for question in schemes if group in context.views(question)]
    if asked and (sentences := overview_sentences(context, asked, group)):
        title = provisional.titled(context, say("chapter_experience"), asked, group)
        blocks += [Heading(title), Text((" ".join(sentences),))]
    if group == context.total:
        blocks += context.caution(group)
    uncertain = [one for one in figures.groups if figures.indicative(one) and group in (one, context.total)]
    if len(uncertain) == 1:
        blocks += context.caution(uncertain[0])
    elif uncertain:
        counts = say.listed([count(figures.returned(one), say.language) for one in uncertain])
        blocks.append(Text((say("cautions", groups=say.listed(uncertain), counts=counts),), "caution"))
    return blocks


def _response_chapter(context: Context) -> Chapter | None:
    say, figures = context.say, context.figures
    if not figures.response:
        return None
    columns = [
        Column(say("col_invited"), "count"),
        Column(say("col_returned"), "count"),
        Column(say("col_response"), "percent"),
        Column(say("col_confidence"), "decimal"),
        Column(say("col_word"), "text"),
    ]
    rows, known, total = [], 0, 0
    for row in figures.response:
        confidence = number(row.get("confidence"))
        cells = (
            Cell(number(row.get("invited"))), Cell(number(row.get("returned"))), Cell(number(row.get("response"))),
            Cell(confidence), Cell(say.maybe(f"word_{text(row.get('word'))}", text(row.get("word")))),
        )  # fmt: skip
        is_total = row["group"] == figures.total
        returned = int(number(row.get("returned")) or 0)
        total, known = (returned, known) if is_total else (total, known + returned)
        rows.append(Row(str(row["group"]), cells, weight="total" if is_total else "normal"))
    margin = number(figures.response[0].get("margin"))
    invited = [row.cells[0].value is not None for row in rows]
    about = "note_confidence" if any(invited) else "note_confidence_without"
    notes = [say(about, margin=percent(margin))] if margin else []
    if any(invited) and not all(invited):
        notes.append(say("note_not_invited"))
    if total and known and total > known:
        notes.append(context.unknown_group(total - known))
    if not any(invited):  # nobody knows how many were invited: no columns about it
        columns = [column for place, column in enumerate(columns) if place not in (0, 2)]
        rows = [replace(row, cells=(row.cells[1], *row.cells[3:])) for row in rows]
    table = Table(context.next_table(), "respons", say("title_response"), figures.survey.group_label, tuple(columns),
                  tuple(rows), tuple(notes))  # fmt: skip
    cautions = [block for group in (figures.total, *figures.groups) for block in context.caution(group)]
    blocks: list[Block] = [table]
    if cautions:
        blocks.append(Text(tuple(line for block in cautions for line in block.paragraphs), "caution"))
    return Chapter("respons", say("chapter_response"), "", (View(figures.total, tuple(blocks)),), say("part_closing"))


def _method(
    context: Context,
    versions: Mapping[str, str],
    accounting: Sequence[tuple[str, int]],
    agreement: pd.DataFrame | None,
    min_cell: int,
) -> Chapter:
    say, language = context.say, context.say.language
    answers = context.book.texts
    reviewed = sum(one.reviewed for one in answers)
    coded = count(len(answers), language)
    paragraphs = [say("method_coding"), *provisional.method_zero_shot(context)] if answers else []
    if context.book.ticked:
        paragraphs.append(say("method_ticks"))
    if reviewed:
        share = percent(reviewed / len(answers))
        paragraphs += provisional.method(context, count(reviewed, language), coded, share)
    elif answers:
        paragraphs += [say("method_unreviewed", answers=coded), say("method_no_differences")]
    else:
        paragraphs.append(say("method_differences"))
    small_hidden = context.figures.small_cells_hidden
    disclosure = say("method_disclosure" if small_hidden else "method_disclosure_answers", min_cell=min_cell,
                     unit=context.unit)  # fmt: skip
    if small_hidden and context.figures.groups:
        disclosure += " " + say("method_groups", unit=context.unit)
    paragraphs[1:1] = [say("method_reading")]
    paragraphs.append(disclosure)
    blocks: list[Block] = [Text(tuple(paragraphs))]
    if accounting:
        blocks.append(_accounting_table(context, accounting))
    if agreement is not None and not agreement.empty:
        blocks.append(_agreement_table(context, agreement))
    if versions:
        blocks += [
            Heading(say("versions")),
            Terms(tuple((_version(context, key), value) for key, value in versions.items())),
        ]
    view = View(context.total, tuple(blocks))
    return Chapter("verantwoording", say("chapter_method"), "", (view,), say("part_closing"))


def _version(context: Context, key: str) -> str:
    """Return what a version is of: `model succes` and `codebook succes` are those of one question."""
    what, _, question = key.partition(" ")
    titles = {found.id: context.figures.title(found) for found in context.figures.survey.questions}
    name = context.say.maybe(f"version_{what}", what)
    return f"{name}, {titles.get(question, question)}" if question else name


def _accounting_table(context: Context, accounting: Sequence[tuple[str, int]]) -> Table:
    """Return what was read and where it went; a difference is shown, never hidden."""
    say = context.say
    (first, read), parts = accounting[0], accounting[1:]
    rows = [Row(say.maybe(f"acc_{first}", first), (Cell(float(read)),), weight="total")]
    rows += [Row(say.maybe(f"acc_{label}", label), (Cell(float(number)),)) for label, number in parts if number]
    if parts and (gap := read - sum(number for _, number in parts)):
        rows.append(Row(say("accounting_gap"), (Cell(float(gap)),)))
    columns = (Column(say("col_count"), "count"),)
    waves = context.figures.waves_in_file
    notes = (say("note_accounting_waves", waves=say.listed(list(waves))),) if len(waves) > 1 else ()
    return Table(
        context.next_table(), "antwoorden", say("title_accounting"), say("col_step"), columns, tuple(rows), notes
    )


def _agreement_table(context: Context, agreement: pd.DataFrame) -> Table:
    """Return the agreement per code: the first columns name what, the measures that are there follow."""
    say = context.say
    measures = [str(name) for name in agreement.columns if str(name) in _MEASURES]
    columns = tuple(Column(say.maybe(f"agreement_{_MEASURES[name][0]}", name), _MEASURES[name][1]) for name in measures)
    rows = []
    for record in agreement.to_dict("records"):
        question, code = text(record.get("question")), text(record.get("code"))
        rows.append(Row(_about(context, question, code), tuple(Cell(number(record[name])) for name in measures)))
    return Table(
        context.next_table(), "overeenstemming", say("title_agreement"), say("code_stub"), columns, tuple(rows)
    )


_MEASURES: dict[str, tuple[str, Any]] = {
    "n": ("n", "count"), "n_answers": ("n", "count"), "alpha": ("alpha", "ratio"), "kappa": ("kappa", "ratio"),
    "percent_agreement": ("percent", "percent"), "agreement": ("percent", "percent"), "f1": ("f1", "ratio"),
}  # fmt: skip


def _about(context: Context, question: str, code: str) -> str:
    book = context.figures.codebooks.get(question)
    label = book.by_id[code].label if book and code in book.by_id else code or context.say("overall")
    titles = {found.id: context.figures.title(found) for found in context.figures.questions}
    return f"{titles[question]}: {label}" if question in titles else label
