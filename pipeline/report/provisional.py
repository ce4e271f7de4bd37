"""What the report says of figures that no audit carries yet: in its banner, chapters, tables and method note."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.codebook import Code
from pipeline.config import Question
from pipeline.report.content import Text
from pipeline.report.context import Context
from pipeline.report.lookup import PROVISIONAL


def provisional_questions(context: Context) -> list[Question]:
    """Return the questions whose figures are provisional for all groups together."""
    return [one for one in context.figures.questions if context.figures.provisional(one.id, context.total)]


def banner(context: Context) -> str:
    """Return what stands above the whole report: that its figures are provisional, or which are; else nothing."""
    found = provisional_questions(context)
    if not found:
        return ""
    if len(found) == len(context.figures.questions):
        return context.say("provisional")
    return context.say("provisional_some", questions=_names(context, found))


def titled(context: Context, title: str, questions: Sequence[Question], group: str) -> str:
    """Return the title of a table or heading, marked when its figures, or some of them, are provisional."""
    found = [context.figures.provisional(question.id, group) for question in questions]
    if not any(found):
        return title
    return context.say("title_provisional" if all(found) else "title_partly_provisional", title=title)


def status(context: Context, question: Question, groups: Sequence[str], code: str = "") -> str:
    """Return the status of a table's row: empty, provisional, or for which groups it is provisional."""
    found = [group for group in groups if context.figures.provisional(question.id, group, code)]
    if not found:
        return ""
    if found[0] == groups[0]:  # a table's first group is all of them together, or its only one
        return context.say("provisional_word")
    return context.say("provisional_for", groups=context.say.listed(found))


def caution(context: Context, questions: Sequence[Question], group: str) -> list[Text]:
    """Return the caution at the head of a view: its figures are provisional, or those on some questions."""
    found = [question for question in questions if context.figures.provisional(question.id, group)]
    if not found:
        return []
    if len(found) == len(questions):
        return [Text((context.say("provisional_here"),), "caution")]
    return [Text((context.say("provisional_some", questions=_names(context, found)),), "caution")]


def notes(context: Context, cells: Sequence[tuple[Question, str]], codes: Sequence[Code]) -> list[str]:
    """Return the notes below a table with the figures of these questions, groups and codes, each once."""
    flags = {flag for question, group in cells for flag in context.figures.flags(question.id, group)}
    out = without_examples(context, [question for question, _ in cells])
    out += [context.say(f"flag_{flag}") for flag in PROVISIONAL if flag in flags]
    apart = (note for question, group in cells for note in not_asked(context, question, group, codes))
    return [*out, *dict.fromkeys(apart)]


def not_asked(context: Context, question: Question, group: str, codes: Sequence[Code]) -> list[str]:
    """Return the notes on codes that are provisional while others are not: added or renamed since the review."""
    figures = context.figures
    if figures.provisional(question.id, group):
        return []
    shares = {code.label: figures.share(question.id, group, code.id) for code in codes}
    found = {flag: [label for label, share in shares.items() if share and flag in share.flags] for flag in PROVISIONAL}
    return [context.say(f"note_{flag}", labels=context.say.listed(labels)) for flag, labels in found.items() if labels]


def without_examples(context: Context, questions: Sequence[Question]) -> list[str]:
    """Return the note that answers were coded zero-shot, when those to one of these questions were."""
    return [context.say("note_zero_shot")] if any(one.id in context.zero_shot for one in questions) else []


def method(context: Context, reviewed: str, answers: str, share: str) -> list[str]:
    """Return what was reviewed of the answers, as numbers in words, and what that means for figures and differences."""
    say, found = context.say, provisional_questions(context)
    audited = [question for question in context.figures.questions if question not in found]
    if not found:
        return [say("method_reviewed", reviewed=reviewed, answers=answers, share=share), say("method_differences")]
    if not audited:
        return [say("method_taught", reviewed=reviewed, answers=answers, share=share), say("method_no_differences")]
    names = {"audited": _names(context, audited), "provisional": _names(context, found)}
    return [
        say("method_partly", reviewed=reviewed, answers=answers, share=share, **names),
        f"{say('method_differences')} {say('method_no_differences')}",
    ]


def method_zero_shot(context: Context) -> list[str]:
    """Return which questions were coded without examples, and what that means; nothing when none was."""
    found = [question for question in context.figures.questions if question.id in context.zero_shot]
    return [context.say("method_zero_shot", questions=_names(context, found))] if found else []


def _names(context: Context, questions: Sequence[Question]) -> str:
    figures = context.figures
    names = [figures.subject(one) if one.fixed_codes else figures.title(one) for one in questions]
    return context.say.listed([f"‘{name}’" for name in names])
