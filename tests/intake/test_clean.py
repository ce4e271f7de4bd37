"""Cleaning and status, as a table of what a respondent typed and what it is."""

from __future__ import annotations

import pytest

from pipeline.intake.clean import clean_text, status_of
from pipeline.intake.language import is_other_language


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("  veel   spaties\t", "veel spaties"),
        ("regel een\r\n\r\n  regel twee ", "regel een\nregel twee"),
        ("financiÃ«le hulp", "financiële hulp"),
        ("cliÃ«nt zei â€œneeâ€\x9d", 'cliënt zei "nee"'),
        ("nul\x00byte\ufeff", "nulbyte"),
        ("zoe\u0308ven", "zoëven"),
        ("SÃO Paulo", "SÃO Paulo"),
        ("_x000D_", ""),
    ],
)
def test_clean(typed: str, clean: str) -> None:
    assert clean_text(typed).replace("“", '"').replace("”", '"') == clean
    assert clean_text(clean_text(typed)) == clean_text(typed)


@pytest.mark.parametrize(
    "text",
    [
        "geen",
        "N.v.t.",
        "-",
        "...",
        "Weet ik niet",
        "geen idee",
        "Ik heb geen mening",
        "niks",
        "?",
        "Geen ervaring mee",
        "x",
        "nvt nvt",
        "Geen antwoord gegeven",
        "zeg ik niet",
        "Wil ik niet zeggen.",
        "n.b.",
    ],
)
def test_non_answers(text: str) -> None:
    assert status_of(text, "succes") == "non_answer"


@pytest.mark.parametrize(
    "text",
    [
        "alles gaat goed",
        "Ik ben tevreden!",
        "geen klachten",
        "Niets, het gaat prima zo.",
        "Er hoeft niets beter",
        "Kan niet beter",
        "ga zo door",
        "geen verbeterpunten, ben heel tevreden",
        "Niets. Ik ben blij dat het er is",
    ],
)
def test_nothing_to_improve_only_when_asked_what_should_improve(text: str) -> None:
    assert status_of(text, "verbeter") == "nothing_to_improve"
    assert status_of(text, "succes") in ("answer", "non_answer")


@pytest.mark.parametrize(
    "text",
    [
        "Alles goed, maar bel wat vaker terug",
        "het gaat niet goed",
        "beter luisteren",
        "Geen vaste contactpersoon",
        "meer geld",
        "Niets doen ze voor mij",
        "geen geld",
        "niet tevreden over de telefoon",
        "anders communiceren",
    ],
)
def test_a_point_for_improvement_is_an_answer(text: str) -> None:
    assert status_of(text, "verbeter") == "answer"


@pytest.mark.parametrize(
    "text",
    [
        "Thank you very much for helping my family",
        "They never answer the phone and nobody calls back",
        "Yardımınız için çok teşekkür ederim",
        "Dziękuję bardzo za pomoc w trudnej sytuacji",
        "شكرا جزيلا",
        "ድጋፍ ጽቡቕ ኣሎ",
    ],
)
def test_other_languages_are_flagged(text: str) -> None:
    assert is_other_language(text)


@pytest.mark.parametrize(
    "text",
    [
        "super service",
        "Laptop en internet",
        "goeie klik met mn coach",
        "mevrouw help me good with papier van gemeente",
        "Snel geregeld, top",
        "Dat ze mij serieus nemen",
        "👍",
        "sport kids",
        "Alles perfect",
        "K heb altied good contact had",
    ],
)
def test_dutch_in_all_its_forms_is_not(text: str) -> None:
    assert not is_other_language(text)
