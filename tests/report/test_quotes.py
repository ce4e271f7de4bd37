from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.report.build import ReportData, make_context
from pipeline.report.coded import coded_answers
from pipeline.report.lineage import AnswerBook
from pipeline.report.lookup import Figures
from pipeline.report.options import Options
from pipeline.report.quotes import pick_quotes, shortened

DEFAULT = Options()


def chosen(data: ReportData, options: Options = DEFAULT) -> pd.DataFrame:
    figures = Figures(data.survey, data.codebooks, data.shares, data.comparisons, data.response, data.reference)
    book = AnswerBook(figures, coded_answers(data.answers, data.codings), options.min_cell)
    return pick_quotes(figures, book, data.scores, options)


def of_code(quotes: pd.DataFrame, code: str = "klantmanager", group: str = "Totaal") -> list[str]:
    found = quotes[(quotes["code"] == code) & (quotes["group"] == group) & (quotes["question"] == "succes")]
    return found.sort_values("rank")["answer_id"].tolist()


@pytest.mark.parametrize("status", ["non_answer", "nothing_to_improve", "other_language", "empty"])
def test_only_what_names_a_point_is_quoted(data: ReportData, status: str) -> None:
    """'nvt' beside a tick counts in the share, and says nothing."""
    first = of_code(chosen(data))[0]
    aside = data.answers.assign(status=data.answers["status"].where(data.answers["answer_id"] != first, status))
    assert first not in of_code(chosen(replace(data, answers=aside), Options(pin=(first,))))


def test_a_text_about_something_else_is_not_quoted_under_what_was_ticked_beside_it(data: ReportData) -> None:
    first = of_code(chosen(data))[0]
    apart = data.codings[(data.codings["answer_id"] != first) | (data.codings["code"] != "klantmanager")]
    rows = [(first, "vangnet", "model", "machine"), (first, "klantmanager", "respondent", "tick")]
    own = pd.DataFrame(rows, columns=["answer_id", "code", "coder", "role"]).assign(applied=True)
    pinned = Options(pin=(first,))
    elsewhere = chosen(replace(data, codings=pd.concat([apart, own], ignore_index=True)), pinned)
    assert first not in of_code(elsewhere)
    assert first in of_code(elsewhere, "vangnet")
    same = own.assign(code="klantmanager")  # the text is about what was ticked
    assert first in of_code(chosen(replace(data, codings=pd.concat([apart, same], ignore_index=True)), pinned))


def test_reviewed_answers_come_first(data: ReportData) -> None:
    reviewed = set(data.codings.loc[data.codings["role"] == "audit", "answer_id"])
    assert set(of_code(chosen(data))) <= reviewed


def test_the_same_data_gives_the_same_quotes_whatever_the_order_of_rows(data: ReportData) -> None:
    shuffled = replace(data, answers=data.answers.sample(frac=1, random_state=3), codings=data.codings[::-1])
    keys = ["question", "group", "code", "rank", "answer_id"]
    left, right = chosen(data)[keys], chosen(shuffled)[keys]
    pd.testing.assert_frame_equal(left, right)


def test_pinned_comes_first_and_banned_never(data: ReportData) -> None:
    before = of_code(chosen(data))
    carriers = data.codings.loc[data.codings["code"] == "klantmanager", "answer_id"]
    other = next(one for one in carriers if one not in before and one.startswith("succes"))
    after = of_code(chosen(data, Options(pin=(other,), ban=(before[0],))))
    assert after[0] == other
    assert before[0] not in after


def test_doubted_answers_are_never_quoted(data: ReportData) -> None:
    before = of_code(chosen(data))
    codings = data.codings.assign(doubt=data.codings["answer_id"].isin(before))
    assert not set(before) & set(of_code(chosen(replace(data, codings=codings))))


def test_answers_on_which_coders_disagree_are_never_quoted(data: ReportData) -> None:
    before = of_code(chosen(data))
    second = pd.DataFrame([(before[0], "vangnet", True, "cor", "second")], columns=data.codings.columns)
    disputed = replace(data, codings=pd.concat([data.codings, second], ignore_index=True))
    assert before[0] not in of_code(chosen(disputed))


def test_only_open_cells_are_quoted(data: ReportData) -> None:
    quotes = chosen(data, Options(min_cell=12))
    shares = data.shares.set_index(["question", "group", "code"])
    for row in quotes.to_dict("records"):
        cell = shares.loc[(row["question"], row["group"], row["code"])]
        assert not cell["suppressed"]
        if row["group"] != "Totaal":
            assert cell["share"] * cell["n_answers"] >= 12


def test_quotes_differ_from_each_other(data: ReportData) -> None:
    alike = replace(data, answers=data.answers.assign(text="Mijn klantmanager dacht goed met mij mee."))
    assert len(of_code(chosen(alike))) == 1
    assert len(of_code(chosen(data))) == 3


@pytest.mark.parametrize(
    "text", ["bel mij op 06 1234 5678", "mail jan@voorbeeld.nl", "BSN 123456782", "zie www.site.nl"]
)
def test_what_looks_personal_is_not_quoted(data: ReportData, text: str) -> None:
    first = of_code(chosen(data))[0]
    answers = data.answers.assign(text=data.answers["text"].where(data.answers["answer_id"] != first, text))
    assert first not in of_code(chosen(replace(data, answers=answers), Options(pin=(first,))))


def test_long_answers_are_cut_after_a_sentence() -> None:
    story = "Eerst dit. " * 20 + "Dan nog iets heel anders zonder einde " * 20
    cut = shortened(story, 320)
    assert len(cut) <= 322
    assert cut.endswith(". …")
    assert shortened("woord " * 200, 50).endswith("woord …")


def test_quotes_in_the_report_are_in_the_order_of_its_table(data: ReportData) -> None:
    context = make_context(data, Options())
    question = context.figures.questions[0]
    codes = context.figures.codebooks[question.id].codes
    listed = context.quote_list(question, "Totaal", codes)
    assert listed is not None
    in_table = [code.label for code in context.sorted_codes(question, codes, "Totaal")]
    assert [part.label for part in listed.parts] == [
        label for label in in_table if label in {p.label for p in listed.parts}
    ]
