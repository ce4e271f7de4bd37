"""Questions that nobody wrote an answer to: said where people look, and never called coded."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

CODEBOOK = """
aim: open
codes:
  - {id: alfa, label: Alfa, definition: Gaat over alfa.}
  - {id: beta, label: Beta, definition: Gaat over beta.}
  - {id: gamma, label: Gamma, definition: Gaat over gamma.}
"""
SURVEY = """
title: Wijkonderzoek
wave: 2026
input: {file: a.csv, respondent: nr}
questions:
  - {id: keuze, title: Waar gaat het over, column: toelichting, codebook: cb.yaml, ticks_column: keuze}
  - {id: leeg, title: Nog iets, column: leeg, codebook: cb.yaml}
report: {formats: [html]}
"""


@pytest.fixture
def ticked(write: Callable[..., Path]) -> Path:
    """Sixty people who ticked one of three codes and wrote nothing: 30, 27 and 3; returns survey.yaml."""
    ticks = ["Alfa"] * 30 + ["Beta"] * 27 + ["Gamma"] * 3
    write("cb.yaml", CODEBOOK)
    write("a.csv", "nr;keuze;toelichting;leeg\n" + "".join(f"{at};{tick};;\n" for at, tick in enumerate(ticks)))
    return write("survey.yaml", SURVEY)


def test_a_question_without_answers_has_a_chapter_a_line_and_no_codes(
    ticked: Path, duiding: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    out = duiding("run", ticked).stdout
    assert "! leeg: no answers to code in 2026, so no percentages" in out
    assert "without examples" not in out
    page = (ticked.parent / "duiding-werk" / "rapport" / "rapport.html").read_text(encoding="utf-8")
    chapter = page.split('<section id="vraag-leeg"')[1].split("</section>")[0]
    assert "<h2>Nog iets</h2>" in chapter
    assert "Op deze vraag kwamen in 2026 geen antwoorden die in te delen zijn." in chapter
    assert "zero-shot" not in page
    assert "Codeboek, Nog iets" in page


def test_the_answers_that_are_listed_do_not_tell_a_figure_left_out(
    ticked: Path, duiding: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """57 listed answers beside 60 people would say that three people gave the one code that is left out."""
    duiding("run", ticked)
    page = (ticked.parent / "duiding-werk" / "rapport" / "rapport.html").read_text(encoding="utf-8")
    payload = json.loads(re.findall(r'data-question="keuze">(.*?)</script>', page, re.DOTALL)[0])
    assert payload["answers"] == []
    assert 'class="open"' not in page
    assert "Klik op een percentage" not in page
    assert "50%" in page
    assert "45%" in page


def test_a_small_figure_more_is_left_out_so_that_answers_can_be_listed(
    ticked: Path, duiding: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    ticks = ["Alfa"] * 190 + ["Beta"] * 7 + ["Gamma"] * 3
    rows = "".join(f"{at};{tick};;\n" for at, tick in enumerate(ticks))
    ticked.with_name("a.csv").write_text("nr;keuze;toelichting;leeg\n" + rows, encoding="utf-8")
    duiding("run", ticked)
    page = (ticked.parent / "duiding-werk" / "rapport" / "rapport.html").read_text(encoding="utf-8")
    payload = json.loads(re.findall(r'data-question="keuze">(.*?)</script>', page, re.DOTALL)[0])
    assert len(payload["answers"]) == 190
    assert re.findall(r'data-c="(\w+)">•', page) == ["beta", "gamma"]
