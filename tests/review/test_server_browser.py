"""The labeling page as a reviewer uses it: in a real browser, with the keyboard."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from label_studio_sdk import LabelStudio

from pipeline.review.draw import draw
from pipeline.review.events import read_journal
from pipeline.review.pull import pull
from pipeline.review.push import push
from pipeline.review.reviewed import reviewed_codings
from pipeline.review.sample import random_number, read_sample

from .conftest import Colleague, Made, applied

pytestmark = [pytest.mark.server, pytest.mark.browser]
CHROMIUM = os.environ.get("DUIDING_CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

PANEL = ".duiding-uitleg .ant-collapse-header"
WHY = """• Begeleiding naar werk (87%): door ‘werk’, ‘hulp’. Lijkt op: “Hulp <b>bij</b> werk” / “Naar werk”
• Anders (62%): door het antwoord als geheel."""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Any]:
    """A page of headless Chromium at the size of a plain office laptop."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).is_file():
        pytest.fail(f"no {CHROMIUM}") if os.environ.get("CI") else pytest.skip(f"no {CHROMIUM}")
    with sync_api.sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / "chromium"), executable_path=CHROMIUM, headless=True, args=FLAGS,
            viewport={"width": 1366, "height": 768},
        )  # fmt: skip
        yield context.pages[0]
        context.close()


def log_in(page: Any, url: str, who: Colleague) -> None:
    page.goto(f"{url}/user/login/")
    page.fill("input[name=email]", who.email)
    page.fill("input[name=password]", who.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda found: "/login" not in found, wait_until="commit")


def checked(page: Any) -> set[str]:
    return {str(box.get_attribute("name")) for box in page.query_selector_all(".duiding-codes input:checked")}


def reasons_shown(page: Any) -> str | None:
    """Return the reasons in the panel as they can be read on the page; None while it is closed."""
    (text,) = page.locator(".duiding-uitleg .ant-collapse-content-box").all()
    return text.inner_text().strip() if text.is_visible() else None


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # playwright
def test_a_reviewer_codes_with_the_keyboard(
    make_survey: Callable[..., Made], colleague: Callable[[str], Colleague], analyst: LabelStudio, page: Any,
    on_server: Any, tmp_path: Path,
) -> None:  # fmt: skip
    made = make_survey(30)
    draw(made.workspace, made.survey, audit=5, questions=["verbeter"])
    pushed = push(
        made.workspace, made.survey, reviewers=["anna"], explain=lambda _, texts, codes: dict.fromkeys(texts, WHY)
    )
    link = pushed[0].links["anna: steekproef"]
    labels = {code.label: code.id for code in made.survey.codebook(made.survey.questions[0]).codes}
    wishes: list[str] = []
    page.on("request", lambda request: wishes.append(request.url))
    log_in(page, on_server.url, colleague("anna"))
    page.goto(link)
    page.wait_for_selector(".duiding-codes input")
    page.wait_for_selector("button[aria-label='Submit current annotation']")
    page.wait_for_function("document.querySelectorAll('.duiding-codes input:checked').length > 0")

    project = int(link.split("/projects/")[1].split("/")[0])
    by_order = sorted(analyst.tasks.list(project=project, fields="all"), key=lambda task: task.data["volgorde"])
    first = by_order[0]
    assert page.inner_text(".lsf-richtext__line").strip() == first.data["antwoord"].strip(), "the audit in random order"
    shown = {labels[name] for name in checked(page)}
    guessed = {code for region in first.predictions[0].result for code in region["value"]["choices"]}
    assert shown == guessed, "the machine's codes are there already"
    assert page.locator(".duiding-codes sup").all_inner_texts() == [f"[{i}]" for i in range(1, 10)]
    fits = "(() => {const m = document.querySelector('.lsf-main-content'); return m.scrollHeight <= m.clientHeight})()"
    assert page.evaluate(fits), "nine codes fit without scrolling"
    assert page.locator("button[aria-label='Submit current annotation']").is_visible()
    page.screenshot(path=str(tmp_path / "pagina.png"))

    assert reasons_shown(page) is None, "the reasons are there, but closed: first the answer, then the machine"
    page.focus(".duiding-voet :is(input[type=text], textarea)")
    page.keyboard.press("Tab")
    page.wait_for_selector("text=/Lijkt op/", state="visible")
    assert reasons_shown(page) == WHY
    assert page.evaluate("document.querySelector('.duiding-uitleg script') === null"), "reasons are text"
    page.screenshot(path=str(tmp_path / "uitleg.png"))

    page.keyboard.press("9")
    page.keyboard.press("t")
    page.click(PANEL)
    page.keyboard.press("Tab")
    assert reasons_shown(page) == WHY, "a click opens them too, until the next click"
    wanted = {labels[name] for name in checked(page)}
    assert wanted ^ shown == {"anders"}
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        "before => document.querySelector('.lsf-richtext__line')?.innerText.trim() !== before",
        arg=first.data["antwoord"].strip(),
    )
    page.wait_for_function("document.querySelectorAll('.duiding-codes input:checked').length > 0")
    assert page.inner_text(".lsf-richtext__line").strip() == by_order[1].data["antwoord"].strip()
    assert reasons_shown(page) is None, "closed again at the next answer"
    page.click(".duiding-voet :is(input[type=text], textarea)")
    page.keyboard.type("navragen")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")  # as the page says: after a note Enter first
    page.wait_for_function(
        "before => document.querySelector('.lsf-richtext__line')?.innerText.trim() !== before",
        arg=by_order[1].data["antwoord"].strip(),
    )

    page.hover(".duiding-codes label >> nth=0")
    page.wait_for_selector("text=/De klant vindt dat de gemeente/")
    page.keyboard.press("Control+Space")
    page.wait_for_function(
        "before => document.querySelector('.lsf-richtext__line')?.innerText.trim() !== before",
        arg=by_order[2].data["antwoord"].strip(),
    )

    assert pull(made.workspace, made.survey)[0].coded_skips == ()
    assert [e.answer_id for e in read_journal(made.workspace) if e.skipped] == [by_order[2].data["answer_id"]]
    table = reviewed_codings(made.workspace)
    ids = [task.data["answer_id"] for task in by_order[:2]]
    assert set(table["answer_id"]) == set(ids)
    changed, accepted = (table[table["answer_id"] == answer_id] for answer_id in ids)
    assert (set(changed["origin"]), set(accepted["origin"])) == ({"changed"}, {"accepted"})
    assert applied(table, "verbeter")[ids[0], "audit"] == wanted
    assert changed["doubt"].all()
    assert not accepted["doubt"].any()
    skipped = next(view.id for view in analyst.views.list(project=project) if view.data["title"] == "Overgeslagen")
    page.goto(f"{on_server.url}/projects/{project}/data?tab={skipped}")
    page.get_by_text(by_order[2].data["antwoord"].strip()[:20]).first.wait_for()
    assert "from_name" not in page.inner_text("body"), "the list shows the answer, not how the server keeps codes"
    page.screenshot(path=str(tmp_path / "overgeslagen.png"))
    page.goto(f"{on_server.url}/projects/{project}/data?tab={skipped}&task={by_order[2].id}")
    cancel = page.get_by_text("Cancel skip", exact=True)
    cancel.wait_for()
    page.keyboard.press("9")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(1500)
    found = pull(made.workspace, made.survey)[0]
    assert (found.news, found.coded_skips) == ((), (by_order[2].data["answer_id"],)), "the server keeps it a skip"
    cancel.click()
    page.wait_for_selector("button[aria-label='Submit current annotation']")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(1500)
    found = pull(made.workspace, made.survey)[0]
    assert ([event.skipped for event in found.news], found.coded_skips) == ([False], ()), "'Cancel skip' helps"
    outside = {url for url in wishes if not url.startswith((on_server.url, "data:", "blob:"))}
    assert outside == set(), "the page asks nothing of other servers"


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # playwright
def test_a_page_without_reasons_has_no_panel(
    make_survey: Callable[..., Made], colleague: Callable[[str], Colleague], page: Any, on_server: Any
) -> None:
    made = make_survey(30)
    draw(made.workspace, made.survey, audit=5, second=1.0, questions=["verbeter"])

    sample = read_sample(made.workspace)
    first = min(sample["answer_id"], key=lambda key: random_number(key, made.survey.seed, "audit"))

    def explain(_: object, texts: Mapping[str, str], codes: object) -> dict[str, str]:
        return {key: WHY for key in texts if key != first}

    main, second = push(made.workspace, made.survey, explain=explain)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    log_in(page, on_server.url, colleague("anna"))
    page.goto(second.links["Tweede codering"])
    page.wait_for_selector(".duiding-codes input")
    assert page.locator(".duiding-uitleg").count() == 0, "the second coder's page"
    page.goto(main.links["Steekproef"])
    page.wait_for_selector(".duiding-codes input")
    page.wait_for_selector(PANEL, state="hidden")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(PANEL, state="visible")
    apart = make_survey(30, title=f"Blind {made.survey.title}")
    draw(apart.workspace, apart.survey, audit=5, questions=["verbeter"])
    (blind,) = push(apart.workspace, apart.survey, blind=True, explain=explain)
    page.goto(blind.links["Steekproef"])
    page.wait_for_selector(".duiding-codes input")
    assert page.locator(".duiding-uitleg").count() == 0, "a blind page"
    assert checked(page) == set()
    assert push(apart.workspace, apart.survey, explain=explain)[0].blind
    page.goto(blind.links["Steekproef"])
    page.wait_for_selector(".duiding-codes input")
    assert checked(page) == set(), "a later push without --blind keeps it so"
    assert wrong == []
