from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from pipeline.report.build import ReportData, build_report
from pipeline.report.numbers import percent
from pipeline.report.options import Options

from .synthetic import NASTY, participatiewet

CELL = re.compile(r'data-q="([^"]+)" data-g="([^"]+)" data-c="([^"]+)">([^<]*)<')


@pytest.fixture(scope="module")
def page(report: Path) -> str:
    return (report / "rapport.html").read_text(encoding="utf-8")


def published(data: ReportData) -> dict[tuple[str, str, str], str]:
    rows = data.shares.to_dict("records")
    return {(r["question"], r["group"], r["code"]): "•" if r["suppressed"] else percent(r["share"]) for r in rows}


@pytest.mark.parametrize("which", ["participatiewet", "minimabeleid"])
def test_every_percentage_of_this_year_is_that_of_shares(
    which: str, data: ReportData, schemes: ReportData, page: str, schemes_page: Path
) -> None:
    text, source = (page, data) if which == "participatiewet" else (schemes_page.read_text(encoding="utf-8"), schemes)
    expected = published(source)
    cells = CELL.findall(text)
    assert {(q, g, c) for q, g, c, _ in cells} == set(expected)
    for question, group, code, shown in cells:
        assert shown == expected[question, group, code]


def test_every_percentage_in_the_text_is_in_a_table(data: ReportData, page: str) -> None:
    assert data.reference is not None
    shown = set(published(data).values()) | {percent(share) for share in data.reference["share"]}
    for paragraph in re.findall(r'<div class="text (?:lead|body)">(.*?)</div>', page, re.DOTALL):
        assert set(re.findall(r"<?\d+%", paragraph)) <= shown | {"30%", "29%", "28%"} or "nagekeken" in paragraph


def test_tables_and_figures_are_numbered_in_reading_order(page: str) -> None:
    for word in ("Tabel", "Figuur"):
        found = [int(number) for number in re.findall(rf"<b>{word} (\d+)</b>", page)]
        assert found == list(range(1, len(found) + 1))


@pytest.mark.parametrize("which", ["data", "schemes", "small"])
def test_the_levels_of_headings_follow_each_other(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    build_report(request.getfixturevalue(which), tmp_path, formats=("html",))
    text = (tmp_path / "rapport.html").read_text(encoding="utf-8")
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", text)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_is_well_formed_and_asks_for_nothing(page: str) -> None:
    class Checker(HTMLParser):
        void = frozenset({"meta", "link", "input", "br", "wbr", "img", "path", "rect"})

        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.ids: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            values = dict(attrs)
            for name in ("src", "href"):
                assert not (values.get(name) or "").startswith(("http", "//")), values
            self.ids += [value for value in (values.get("id"),) if value]
            if tag not in self.void:
                self.open.append(tag)

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            if tag not in self.void:
                assert self.open.pop() == tag

    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert len(checker.ids) == len(set(checker.ids))
    styles = "".join(re.findall(r"<style>(.*?)</style>", page, re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles


@pytest.mark.parametrize("name", ["answers", "settings", "theme", "t1", "samenvatting"])
def test_a_question_may_have_any_id(small: ReportData, tmp_path: Path, name: str) -> None:
    old = small.survey.questions[0].id

    def renamed(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(question=table["question"].replace(old, name))

    questions = [one.model_copy(update={"id": name}) if one.id == old else one for one in small.survey.questions]
    data = replace(
        small,
        survey=small.survey.model_copy(update={"questions": tuple(questions)}),
        codebooks={name if key == old else key: book for key, book in small.codebooks.items()},
        answers=renamed(small.answers), shares=renamed(small.shares), comparisons=None, reference=None,
    )  # fmt: skip
    build_report(data, tmp_path, formats=("html",))
    page = re.sub(r"<script.*?</script>", "", (tmp_path / "rapport.html").read_text(encoding="utf-8"), flags=re.DOTALL)
    ids = re.findall(r'<\w+[^>]* id="([^"]+)"', page)
    assert [one for one in ids if ids.count(one) > 1] == []
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_what_respondents_write_cannot_become_markup(page: str) -> None:
    assert page.count("<script") == page.count("</script>") == 4  # settings, two questions, the page's own
    assert "<img" not in page
    payload = re.search(r'data-question="succes">(.*?)</script>', page, re.DOTALL)
    assert payload is not None
    texts = [answer[1] for answer in json.loads(payload[1])["answers"]]
    for nasty in NASTY.values():
        assert nasty in texts


def test_held_back_figures_are_not_in_the_page_in_any_form(data: ReportData, page: str) -> None:
    for question, group, code in [key for key, text in published(data).items() if text == "•"]:
        assert f'data-q="{question}" data-g="{group}" data-c="{code}"><' not in page
        assert f'class="open" data-q="{question}" data-g="{group}" data-c="{code}"' not in page


def test_the_same_data_gives_the_same_bytes(data: ReportData, report: Path, tmp_path: Path) -> None:
    build_report(participatiewet(), tmp_path, formats=("html", "csv"))
    for path in tmp_path.rglob("*.*"):
        assert path.read_bytes() == (report / path.relative_to(tmp_path)).read_bytes(), path.name


def test_in_english(tmp_path: Path) -> None:
    build_report(participatiewet(language="en"), tmp_path, formats=("html",))
    text = (tmp_path / "rapport.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in text
    assert "The strong point named most often is" in text
    assert "Tabel" not in text


def test_many_answers_go_to_files_beside_the_page(data: ReportData, tmp_path: Path) -> None:
    written = build_report(data, tmp_path, formats=("html",), options=Options(answers_in_page=100))
    assert [path.name for path in written] == ["rapport.html", "succes.js", "verbeter.js"]
    text = (tmp_path / "rapport.html").read_text(encoding="utf-8")
    assert "rapport-antwoorden” naast deze pagina" in text
    assert 'class="payload"' not in text


def test_without_comparisons_reference_response_groups_or_scores(data: ReportData, tmp_path: Path) -> None:
    shares = data.shares[data.shares["group"] == "Totaal"].drop(columns="suppressed")
    bare = ReportData(data.survey, data.codebooks, data.answers.drop(columns="group"), data.codings, shares)
    written = build_report(bare, tmp_path)
    assert {path.suffix for path in written} == {".html", ".csv", ".xlsx", ".docx", ".sav", ".parquet"}
    text = (tmp_path / "rapport.html").read_text(encoding="utf-8")
    assert "Referentiegroep" not in text
    assert 'name="view"' not in text


def test_unreviewed_figures_are_called_provisional(small: ReportData, page: str, tmp_path: Path) -> None:
    machine = small.codings[small.codings["role"] == "machine"]
    shares = small.shares.assign(n_reviewed=0, method="machine_count", flag="coding_error_not_in_interval")
    build_report(replace(small, codings=machine, shares=shares), tmp_path, formats=("html",))
    assert "Voorlopige cijfers" in (tmp_path / "rapport.html").read_text(encoding="utf-8")
    assert "Voorlopige cijfers" not in page


def test_an_accounting_that_does_not_add_up_shows_the_gap(small: ReportData, tmp_path: Path) -> None:
    build_report(replace(small, accounting=[("read", 100), ("answer", 90)]), tmp_path, formats=("csv",))
    text = next(tmp_path.glob("tabellen/*-antwoorden.csv")).read_text(encoding="utf-8-sig")
    assert text.splitlines()[-1] == "Niet verantwoord;10"


def test_an_unknown_format_is_refused(small: ReportData, tmp_path: Path) -> None:
    from pipeline.errors import ConfigError

    with pytest.raises(ConfigError, match="unknown format 'xslx'.*did you mean 'xlsx'"):
        build_report(small, tmp_path, formats=("xslx",))


def test_a_question_is_printed_only_as_this_survey_asked_it(small: ReportData, tmp_path: Path) -> None:
    """The shipped codebook holds the words of another questionnaire."""
    shipped, question = small.codebooks["succes"].question, small.survey.questions[0]
    own = question.model_copy(update={"asked": "Wat ging er goed aan de balie?"})
    for asked in (question, own):
        survey = small.survey.model_copy(update={"questions": (asked,)})
        build_report(replace(small, survey=survey), tmp_path, formats=("html",))
        page = (tmp_path / "rapport.html").read_text(encoding="utf-8")
        assert shipped not in page
        assert (own.asked in page) == (asked is own)


def test_codes_that_reviewers_were_not_asked_about_are_named_as_provisional(small: ReportData, tmp_path: Path) -> None:
    code = small.codebooks["succes"].codes[0]
    unasked = small.shares["code"] == code.id
    flags = small.shares["flag"].astype(object).mask(unasked, "coding_error_not_in_interval")
    shares = small.shares.assign(n_reviewed=small.shares["n_reviewed"].mask(unasked, 0), flag=flags)
    build_report(replace(small, shares=shares), tmp_path, formats=("html", "csv"))
    text = (tmp_path / "rapport.html").read_text(encoding="utf-8")
    assert f"Voorlopig, want niet door mensen nagekeken: {code.label}." in text
    assert "Voorlopige cijfers" not in text
    (table,) = (tmp_path / "tabellen").glob("*succes-totaal.csv")
    found = pd.read_csv(table, sep=";", encoding="utf-8-sig")
    assert found.loc[found["Status"] == "voorlopig", found.columns[0]].tolist() == [code.label]
