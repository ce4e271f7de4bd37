"""The chapters on the experience with schemes: an overview, then per scheme judgement, themes and quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.codebook import Code, slug
from pipeline.config import Question
from pipeline.report import provisional, wording
from pipeline.report.content import Block, Cell, Chapter, Column, Figure, QuoteList, Row, Table, Text, View
from pipeline.report.context import Context, margin
from pipeline.report.lookup import Share
from pipeline.report.numbers import percent
from pipeline.report.question_chapter import points_of
from pipeline.report.share_tables import hidden_notes, points_table
from pipeline.report.verdicts import HIGHER, LOWER


def is_experience(context: Context, question: Question) -> bool:
    """Return whether a question has a judgement (a facet with one code per answer) beside its themes."""
    book, given = context.figures.codebooks[question.id], context.figures.given(question.id)
    judged = [{code.id for code in book.in_facet(facet.id)} for facet in book.facet_list() if facet.choice == "one"]
    return any(codes and not codes & given for codes in judged)


def overview_chapter(context: Context, questions: Sequence[Question]) -> Chapter:
    """Return the judgement on all schemes at a glance, for all municipalities and for each."""
    say, views = context.say, []
    for group in (context.total, *context.figures.groups):
        asked = [question for question in questions if group in context.views(question)]
        if asked:
            views.append(View(group, tuple(_overview(context, asked, group))))
    return Chapter("ervaringen", say("chapter_experience"), "", tuple(views), say("part_experience"))


def experience_chapter(context: Context, question: Question) -> Chapter:
    """Return the chapter of one scheme."""
    views = tuple(View(group, tuple(_view(context, question, group))) for group in context.views(question))
    figures = context.figures
    return Chapter(
        question.id, figures.subject(question), figures.asked(question), views, context.say("part_experience")
    )


def overview_sentences(context: Context, questions: Sequence[Question], group: str) -> list[str]:
    """Return which schemes people judge differently from the others together, and which have too few answers."""
    say, sentences, alike = context.say, [], []
    for code, name in (("positief", "positive"), ("negatief", "negative")):
        verdicts = context.figures.verdicts
        tested = [(question, verdicts.against_questions(question.id, group, code)) for question in questions]
        found = []
        for word, key in ((HIGHER, "more"), (LOWER, "less")):
            if differing := [question for question, verdict in tested if verdict == word]:
                labels = _with_share(context, differing, group, code)
                found.append(say(f"schemes_{key}_{name}", labels=say.listed(labels)))
        sentences += found
        if any(verdict for _, verdict in tested) and not found:
            alike.append(name)
    if alike:
        sentences.append(say(f"schemes_alike_{alike[0]}" if len(alike) == 1 else "schemes_alike"))
    silent = [
        f"‘{context.figures.subject(question)}’"
        for question in questions
        if all(share is None or share.share is None for share in _judgement_shares(context, question, group))
    ]
    if silent:
        sentences.append(say("few_answers_here", schemes=say.listed(silent)))
    return sentences


def _with_share(context: Context, questions: Sequence[Question], group: str, code: str) -> list[str]:
    """Return the schemes with their share of a judgement, the largest first."""
    found = [(context.figures.subject(question), context.figures.share(question.id, group, code))
             for question in questions]  # fmt: skip
    known = [(title, share.share) for title, share in found if share and share.share is not None]
    return [f"‘{title}’ ({percent(share)})" for title, share in sorted(known, key=lambda pair: -pair[1])]


def _judgement_shares(context: Context, question: Question, group: str) -> list[Share | None]:
    return [context.figures.share(question.id, group, code.id) for code in judgement(context, question)]


def judgement(context: Context, question: Question) -> tuple[Code, ...]:
    """Return the codes of the judgement, from positive to negative."""
    order = ("positief", "positive", "gemengd", "mixed", "neutraal", "neutral", "negatief", "negative")
    for facet, codes in context.figures.facets(question):
        if facet.choice == "one":
            return tuple(sorted(codes, key=lambda code: order.index(code.id) if code.id in order else len(order)))
    return ()


def _themes(context: Context, question: Question) -> list[Code]:
    facets = context.figures.facets(question)
    return [code for facet, codes in facets if facet.choice == "many" for code in codes]


def _overview(context: Context, questions: Sequence[Question], group: str) -> list[Block]:
    say = context.say
    title = provisional.titled(context, say("title_overview", group=_group_words(context, group)), questions, group)
    rows = [(context.figures.subject(question), question, group) for question in questions]
    table = _judgement_table(context, rows, f"oordeel-{slug(group)}", title, say("col_scheme"))
    blocks: list[Block] = [Text((say("experience_intro"),), "body"), *provisional.caution(context, questions, group)]
    if sentences := overview_sentences(context, questions, group):
        blocks.append(Text((" ".join(sentences),), "lead"))
    blocks += context.caution(group)
    figure = _judgement_figure(context, table, questions[0], title)
    return [*blocks, table, *([figure] if figure else [])]


def _view(context: Context, question: Question, group: str) -> list[Block]:
    say, title = context.say, context.figures.subject(question)
    overall = group == context.total
    n = context.figures.n_answers(question.id, group)
    named = title if overall else f"{title}, {group}"
    codes = judgement(context, question)
    shares = [(code.label, found.share if (found := context.figures.share(question.id, group, code.id)) else None)
              for code in codes]  # fmt: skip
    sentences = wording.valence(shares, n, say)
    themes = _themes(context, question)
    if leading := wording.first_theme(points_of(context, question, group, themes, "rest"), say):
        sentences.append(leading)
    blocks: list[Block] = [*provisional.caution(context, [question], group), Text((" ".join(sentences),), "lead")]
    if overall and len(groups := context.views(question)) > 1:
        rows = [(one, question, one) for one in groups]
        valence = provisional.titled(context, say("title_valence", title=title), [question], group)
        table = _judgement_table(context, rows, f"{question.id}-oordeel", valence, context.figures.survey.group_label)
        blocks += [table]
        if figure := _judgement_figure(context, table, question, valence):
            blocks.append(figure)
    if any((found := context.figures.share(question.id, group, code.id)) and not found.suppressed for code in themes):
        about = provisional.titled(context, say("title_themes", title=named), [question], group)
        blocks.append(points_table(context, question, themes, group, about, "theme"))
    if quotes := _quotes(context, question, group, [*codes, *themes]):
        blocks.append(quotes)
    return blocks


def _quotes(context: Context, question: Question, group: str, codes: Sequence[Code]) -> QuoteList | None:
    """Return quotes by judgement, positive first; by theme where the judgement has none to show."""
    by_judgement = context.quote_list(question, group, [code for code in codes if code in judgement(context, question)])
    found = by_judgement or context.quote_list(question, group, codes)
    return (
        replace(found, parts=tuple(replace(part, label=_titled(part.label)) for part in found.parts)) if found else None
    )


def _judgement_table(
    context: Context, rows: Sequence[tuple[str, Question, str]], key: str, title: str, stub: str
) -> Table:
    say, codes = context.say, judgement(context, rows[0][1])
    columns = [Column(say("col_n"), "count")]
    for code in reversed(codes):
        named = say("col_margin_of", label=code.label.lower())
        columns = [Column(_titled(code.label), "percent"), Column(named, "interval"), *columns]
    made, hidden = [], False
    states = [provisional.status(context, question, [group]) for _, question, group in rows]
    for (label, question, group), status in zip(rows, states, strict=True):
        cells = []
        for code in codes:
            share = context.figures.share(question.id, group, code.id)
            cells += [context.cell(question.id, group, code.id), margin(share)]
        hidden = hidden or any(cell.hidden for cell in cells)
        n = context.figures.n_answers(question.id, group)
        total = label == context.total
        shown = say("title_provisional", title=label) if status and not all(states) else label
        made.append(Row(shown, (*cells, Cell(float(n))), weight="total" if total else "normal", status=status))
    notes = [say("note_one"), say("note_margin")]
    notes += provisional.notes(context, [(question, group) for _, question, group in rows], codes)
    notes += [*hidden_notes(context, hidden)]
    unknown = _unknown_group(context, rows)
    if unknown > 0:
        notes.append(context.unknown_group(unknown))
    return Table(context.next_table(), key, title, stub, tuple(columns), tuple(made), tuple(notes))


def _unknown_group(context: Context, rows: Sequence[tuple[str, Question, str]]) -> int:
    """Return how many answers of a table by group belong to no group; 0 for other tables."""
    n = {group: context.figures.n_answers(question.id, group) for _, question, group in rows}
    same = len({question.id for _, question, _ in rows}) == 1
    return n.get(context.total, 0) - sum(n[one] for one in n if one != context.total) if same and len(n) > 1 else 0


def _judgement_figure(context: Context, table: Table, question: Question, title: str) -> Figure | None:
    codes = judgement(context, question)
    bars = []
    for row in table.rows:
        shares = [cell for cell, column in zip(row.cells, table.columns, strict=True) if column.kind == "percent"]
        values = [cell.value if isinstance(cell.value, float) else None for cell in shares]
        if all(value is not None for value in values) and any(values):  # a gap would stretch the rest
            bars.append((row.label, tuple(values)))
    if not bars:
        return None
    alt = context.say("alt_stacked", labels=context.say.listed([code.label.lower() for code in codes]),
                      table=table.number)  # fmt: skip
    legend = tuple((_titled(code.label), code.id) for code in codes)
    notes = [context.say("note_figure_rows", table=table.number)] if len(bars) < len(table.rows) else []
    return Figure(context.next_figure(), title, alt, "stacked", tuple(bars), legend, tuple(notes))


def _titled(label: str) -> str:
    return label[:1].upper() + label[1:]


def _group_words(context: Context, group: str) -> str:
    return context.say("all_groups") if group == context.total else group
