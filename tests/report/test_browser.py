"""The page as a reader meets it, in headless Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipeline.report.build import ReportData, build_report, make_context
from pipeline.report.options import Options

from .synthetic import NASTY

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = next((path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists()), "")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    if not CHROMIUM:
        pytest.skip("no chromium here")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


class Visit:
    """A page that remembers every request, console message and error."""

    def __init__(self, browser, path: Path, width: int = 1366, scheme: str = "light") -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.trouble: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.trouble.append(message.text))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def open_cell(self, question: str, group: str, code: str) -> None:
        self.page.locator(f'button.open[data-q="{question}"][data-g="{group}"][data-c="{code}"]:visible').first.click()
        self.page.wait_for_selector("dialog[open]")


@pytest.fixture
def visit(browser, report: Path) -> Iterator[Visit]:
    made = Visit(browser, report / "rapport.html")
    yield made
    assert made.trouble == []
    assert [url for url in made.requests if not url.startswith(("file:", "data:"))] == []
    made.page.close()


def test_a_percentage_opens_its_answers(visit: Visit, data: ReportData) -> None:
    book = make_context(data, Options()).book
    visit.open_cell("succes", "Totaal", "klantmanager")
    expected = book.behind("succes", "Totaal", "klantmanager")
    assert visit.page.inner_text("#answers-title") == "Mijn klantmanager"
    assert f"{len(expected)} antwoorden met deze code" in visit.page.inner_text("#answers-note")
    while visit.page.is_visible("#answers-more"):
        visit.page.click("#answers-more")
    who = visit.page.locator("#answers-list .who").all_inner_texts()
    assert {line.split(" · ")[0] for line in who} == {f"antwoord {book.numbers[one.answer_id]}" for one in expected}
    assert any("nagekeken door anna (steekproef)" in line for line in who)
    assert "linear-nl 1.0" in visit.page.inner_text("#answers-versions")
    assert data.codebooks["succes"].digest in visit.page.inner_text("#answers-versions")


def test_nasty_answers_are_text(visit: Visit) -> None:
    visit.open_cell("succes", "Totaal", "klantmanager")
    visit.page.fill("#answers-search", "goed geholpen")
    assert NASTY["script"] in visit.page.locator("#answers-list .answer").all_inner_texts()
    visit.page.fill("#answers-search", "voorjaar toen ik mijn baan")
    visit.page.locator(".whole").first.click()
    assert len(visit.page.locator("#answers-list .answer").first.inner_text()) > 4_900
    visit.page.fill("#answers-search", "الموظف")
    assert visit.page.evaluate("getComputedStyle(document.querySelector('.answer')).direction") == "rtl"
    assert "gekaapt" not in visit.page.title()


def test_the_keyboard_is_enough(visit: Visit) -> None:
    button = visit.page.locator("button.open:visible").first
    button.focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector("dialog[open]")
    visit.page.keyboard.press("Escape")
    assert visit.page.locator("dialog[open]").count() == 0
    assert button.evaluate("one => one === document.activeElement")
    visit.page.locator("[name=view]").first.focus()
    visit.page.keyboard.press("ArrowRight")
    assert visit.page.locator('.view[data-group="Hengelo"]:visible').count() > 0


def test_filter_by_municipality(visit: Visit, data: ReportData) -> None:
    visit.page.click("text=Borne >> nth=0")
    groups = {view.get_attribute("data-group") for view in visit.page.locator(".view:not(.always):visible").all()}
    assert groups == {"Borne"}
    book = make_context(data, Options()).book
    code = next(c.id for c in data.codebooks["succes"].codes if book.may_open("succes", "Borne", c.id))
    visit.open_cell("succes", "Borne", code)
    expected = book.behind("succes", "Borne", code)
    who = visit.page.locator("#answers-list .who").all_inner_texts()
    assert {line.split(" · ")[0] for line in who} == {f"antwoord {book.numbers[one.answer_id]}" for one in expected}
    assert all(" · Borne · " in line for line in who)


@pytest.mark.parametrize(("width", "scheme"), [(1366, "light"), (390, "light"), (1366, "dark"), (390, "dark")])
def test_nothing_is_wider_than_the_page(browser, schemes_page: Path, width: int, scheme: str) -> None:
    visit = Visit(browser, schemes_page, width, scheme)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    shown = visit.page.evaluate(
        "[...document.querySelectorAll('svg')].filter(x => x.checkVisibility()).map(x => x.className.baseVal)"
    )
    assert set(shown) == {"narrow" if width == 390 else "wide"}
    paper = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 24, 29)")
    assert visit.trouble == []
    visit.page.close()


def test_answers_beside_the_page_load_when_asked(browser, small: ReportData, tmp_path: Path) -> None:
    build_report(small, tmp_path, formats=("html",), options=Options(answers_in_page=100))
    visit = Visit(browser, tmp_path / "rapport.html")
    assert not any(url.endswith(".js") for url in visit.requests)
    visit.open_cell("succes", "Totaal", "klantmanager")
    assert visit.page.locator("#answers-list .who").count() == 40
    assert [Path(url).name for url in visit.requests if url.endswith(".js")] == ["succes.js"]
    assert visit.trouble == []
    visit.page.close()
    (tmp_path / "rapport-antwoorden" / "succes.js").unlink()
    alone = Visit(browser, tmp_path / "rapport.html")
    alone.open_cell("succes", "Totaal", "klantmanager")
    assert "niet gevonden" in alone.page.inner_text("#answers-note")
    alone.page.close()


def test_a_table_of_many_municipalities_is_printed_whole(browser, data: ReportData, tmp_path: Path) -> None:
    """What does not fit the width of the paper is not there: it can't be scrolled to."""
    names = ["Nieuwegein-Vreeswijk en omstreken", "Geertruidenberg", "Noordoostpolder"]
    names += [f"Hendrik-Ido-Ambacht {number}" for number in range(6)]
    borne = data.shares[data.shares["group"] == "Borne"]
    shares = pd.concat([data.shares, *(borne.assign(group=name) for name in names)], ignore_index=True)
    build_report(replace(data, shares=shares, comparisons=None), tmp_path, formats=("html",))
    visit = Visit(browser, tmp_path / "rapport.html", width=665)  # A4 less its margins
    visit.page.emulate_media(media="print")
    table = visit.page.locator("table.heat.many").first
    assert table.locator("thead th").count() == 14
    assert table.evaluate("table => table.getBoundingClientRect().right") <= 666
    visit.page.close()


def test_printing_gives_every_municipality(browser, report: Path) -> None:
    visit = Visit(browser, report / "rapport.html")
    visit.page.emulate_media(media="print")
    groups = {
        view.get_attribute("data-group") for view in visit.page.locator(".chapter:not(.summary) .view:visible").all()
    }
    assert groups == {"Totaal", "Hengelo", "Haaksbergen", "Borne"}
    assert not visit.page.is_visible(".bar")
    visit.page.close()
