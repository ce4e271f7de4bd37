"""The chapter of one question: for all municipalities together, and a view for each of them."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.codebook import Code
from pipeline.config import Question
from pipeline.report import provisional, wording
from pipeline.report.content import Block, Chapter, Heading, Text, View
from pipeline.report.context import Context
from pipeline.report.share_tables import compare_table, points_figure, points_table, years_figure, years_table
from pipeline.report.wording import Point


def question_chapter(context: Context, question: Question) -> Chapter:
    """Return the chapter of a question whose codebook is one list of points."""
    views = tuple(View(group, tuple(_view(context, question, group))) for group in context.views(question))
    figures = context.figures
    return Chapter(question.id, figures.title(question), figures.asked(question), views, context.say("part_points"))


def headline(context: Context, question: Question, group: str) -> list[str]:
    """Return the few sentences for the summary: the ranking, and what differs from the reference or the others."""
    say, codes, overall = context.say, all_codes(context, question), group == context.total
    points = points_of(context, question, group, codes, "reference" if overall else "rest")
    aim = context.figures.codebooks[question.id].aim
    than = say("than_reference") if overall else say("than_rest")
    return wording.ranking(points, say, aim) + wording.outstanding(points, say, than)


def summary_sentences(context: Context, question: Question, group: str) -> list[str]:
    """Return the sentences that say what a view's table shows."""
    figures, say = context.figures, context.say
    aim = figures.codebooks[question.id].aim
    codes = all_codes(context, question)
    overall = group == context.total
    sentences = wording.ranking(points_of(context, question, group, codes, "rest"), say, aim)
    if overall:
        sentences += wording.against_reference(points_of(context, question, group, codes, "reference"), say)
    else:
        sentences += wording.against_rest(points_of(context, question, group, codes, "rest"), say)
    if waves := figures.earlier_waves(question.id, group):
        sentences += wording.against_earlier(points_of(context, question, group, codes, waves[0]), say, waves[0])
    return sentences


def all_codes(context: Context, question: Question) -> list[Code]:
    """Return the codes of all facets that are counted, in codebook order."""
    return [code for _, codes in context.figures.facets(question) for code in codes]


def _view(context: Context, question: Question, group: str) -> list[Block]:
    figures, say = context.figures, context.say
    codes, wave = all_codes(context, question), figures.survey.wave
    title = figures.title(question).rstrip(" ?!.")  # it goes on: ', 2022', 'per gemeente'
    overall = group == context.total

    def named(words: str) -> str:
        return provisional.titled(context, words, [question], group)

    about = named(say("title_shares" if overall else "title_shares_group", title=title, group=group, wave=wave))
    answered = [wording.answered(figures.n_answers(question.id, group), say)]
    if figures.codebooks[question.id].aim == "verbeter":
        answered.append(say("set_aside_verbeter"))
    blocks: list[Block] = [Text((" ".join(answered),), "body"), *provisional.caution(context, [question], group)]
    blocks.append(Text((" ".join(summary_sentences(context, question, group)),), "lead"))
    blocks += context.caution(group)
    table = points_table(context, question, codes, group, about)
    blocks.append(table)
    first = wording.first(points_of(context, question, group, codes, "rest"), say, figures.codebooks[question.id].aim)
    if figure := points_figure(context, question, codes, group, about, table, first):
        blocks.append(figure)
    compare = named(say("title_compare", title=title, wave=wave, unit=context.unit))
    if overall and (compared := compare_table(context, question, codes, compare)):
        blocks += [Heading(say("heading_compare", unit=context.unit)), compared]
    years = named(say("title_years", title=title, group=say("all_groups") if overall else group))
    if over_time := years_table(context, question, codes, group, years):
        blocks += [Heading(say("heading_years")), over_time]
        if figure := years_figure(context, over_time, years):
            blocks.append(figure)
    if quotes := context.quote_list(question, group, codes):
        blocks += [quotes]
    return blocks


def points_of(context: Context, question: Question, group: str, codes: Sequence[Code], other: str) -> list[Point]:
    """Return the codes as points, beside what `other` names: `reference`, `rest`, or an earlier wave."""
    figures, residual = context.figures, context.residual(question)
    points = []
    shown = {code.id for code in codes if (found := figures.share(question.id, group, code.id)) and found.share}
    for code in context.sorted_codes(question, codes, group):
        share = figures.share(question.id, group, code.id)
        beside = None
        if other == "reference":
            beside = figures.reference(question.id, code.id)
            word = figures.verdicts.against_reference(question.id, group, code.id)
        elif other == "rest":
            word = figures.verdicts.against_rest(question.id, group, code.id)
        else:
            beside = figures.earlier(question.id, group, code.id, other)
            word = figures.verdicts.against_wave(question.id, group, code.id, other)
        points.append(
            Point(
                code.label,
                share.share if share else None,
                beside.share if beside else None,
                word,
                residual=code.id in residual,
                under=code.parent in shown,
                ranked=share is not None and not share.surpassed,
                few=share is not None and not share.suppressed and not share.anyone,
                hidden=share is not None and share.suppressed,
            )
        )
    return points
