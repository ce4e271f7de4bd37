"""The sentences, against sentences written by hand."""

from __future__ import annotations

import string

import pytest

from pipeline.report import wording
from pipeline.report.labels import LANGUAGES, Messages, message_table
from pipeline.report.wording import Point

NL, EN = Messages("nl"), Messages("en")
SUCCES = [
    Point("Mijn klantmanager", 0.39, 0.20, "hoger"),
    Point("Stiptheid uitbetaling uitkering", 0.28, 0.28, "geen aantoonbaar verschil"),
    Point("Klantvriendelijkheid/behulpzaamheid", 0.26, 0.26, "geen aantoonbaar verschil"),
    Point("Dat er een vangnet is", 0.14, 0.14, "geen aantoonbaar verschil"),
    Point("Anders", 0.50, 0.04, residual=True),
]


def text(sentences: list[str]) -> str:
    return " ".join(sentences)


def test_first_second_and_third() -> None:
    assert text(wording.ranking(SUCCES, NL, "succes")) == (
        "Het vaakst genoemde succespunt is ‘Mijn klantmanager’ (39%). "
        "Daarna volgen ‘Stiptheid uitbetaling uitkering’ (28%) en ‘Klantvriendelijkheid/behulpzaamheid’ (26%)."
    )


def test_in_english() -> None:
    assert text(wording.ranking(SUCCES[:2], EN, "verbeter")) == (
        "The point to improve named most often is ‘Mijn klantmanager’ (39%). "
        "Next comes ‘Stiptheid uitbetaling uitkering’ (28%)."
    )


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({"A": 0.3}, "Het vaakst genoemde succespunt is ‘A’ (30%)."),
        ({"A": 0.3, "B": 0.2}, "Het vaakst genoemde succespunt is ‘A’ (30%). Daarna volgt ‘B’ (20%)."),
        # a tie is a tie on the percentage as printed, not on what is behind the comma
        (
            {"A": 0.304, "B": 0.296, "C": 0.1},
            "‘A’ en ‘B’ worden het vaakst genoemd als succespunt (elk 30%). Daarna volgt ‘C’ (10%).",
        ),
        (
            {"A": 0.3, "B": 0.2, "C": 0.2},
            "Het vaakst genoemde succespunt is ‘A’ (30%). Daarna volgen ‘B’ en ‘C’ (elk 20%).",
        ),
        (
            {"A": 0.39, "B": 0.28, "C": 0.26, "D": 0.26},
            "Het vaakst genoemde succespunt is ‘A’ (39%). Daarna volgen ‘B’ (28%), ‘C’ en ‘D’ (elk 26%).",
        ),
        (
            {"A": 0.2, "B": 0.2, "C": 0.2, "D": 0.1},
            "‘A’, ‘B’ en ‘C’ worden het vaakst genoemd als succespunt (elk 20%).",
        ),
        ({"A": 0.0, "B": None}, "Er zijn te weinig antwoorden om een volgorde te geven."),
        ({"A": 0.004}, "Het vaakst genoemde succespunt is ‘A’ (<1%)."),
        ({"A": 0.3, "B": None, "C": 0.0}, "Het vaakst genoemde succespunt is ‘A’ (30%)."),
    ],
)
def test_ties_agreement_and_gaps(shares: dict[str, float | None], expected: str) -> None:
    points = [Point(label, share) for label, share in shares.items()]
    assert text(wording.ranking(points, NL, "succes")) == expected


def test_a_net_is_not_followed_by_its_own_codes() -> None:
    points = [Point("Communicatie", 0.92), Point("Brieven", 0.6, under=True), Point("Snelheid", 0.3)]
    expected = "Het vaakst genoemde verbeterpunt is ‘Communicatie’ (92%). Daarna volgt ‘Snelheid’ (30%)."
    assert text(wording.ranking(points, NL, "verbeter")) == expected


def test_many_points_on_one_rank_are_counted_not_listed() -> None:
    points = [Point(letter, 0.1) for letter in "ABCDEFGH"]
    assert text(wording.ranking(points, NL, "verbeter")) == (
        "‘A’, ‘B’, ‘C’, ‘D’ en 4 andere punten worden het vaakst genoemd als verbeterpunt (elk 10%)."
    )


def test_against_the_reference_group() -> None:
    assert text(wording.against_reference(SUCCES, NL)) == (
        "In de referentiegroep staat ‘Stiptheid uitbetaling uitkering’ bovenaan (28%). "
        "‘Mijn klantmanager’ (39% tegen 20%) wordt hier vaker genoemd dan in de referentiegroep. "
        "Bij de andere punten is geen verschil met de referentiegroep aangetoond."
    )


def test_the_same_point_leads_and_nothing_differs() -> None:
    points = [Point("A", 0.26, 0.26, "geen aantoonbaar verschil"), Point("B", 0.2, 0.14, "geen aantoonbaar verschil")]
    assert text(wording.against_reference(points, NL)) == (
        "Ook in de referentiegroep staat ‘A’ bovenaan (26%). "
        "Er is bij geen enkel punt een verschil met de referentiegroep aangetoond."
    )


def test_several_points_less_often_and_one_left() -> None:
    points = [
        Point("A", 0.11, 0.17, "lager"),
        Point("B", 0.10, 0.19, "lager"),
        Point("C", 0.05, 0.05, "geen aantoonbaar verschil"),
    ]
    assert text(wording.against_earlier(points, NL, "2018")) == (
        "‘A’ (11% tegen 17%) en ‘B’ (10% tegen 19%) worden hier minder vaak genoemd dan in 2018. "
        "Bij het andere punt is geen verschil met 2018 aangetoond."
    )


def test_a_difference_that_rounding_hides_is_said() -> None:
    points = [Point("A", 0.2640, 0.2560, "hoger")]
    assert text(wording.against_earlier(points, NL, "2018")) == (
        "‘A’ (afgerond beide 26%) wordt hier vaker genoemd dan in 2018."
    )


def test_what_was_not_tested_is_not_mentioned() -> None:
    points = [Point("A", 0.3, 0.1), Point("B", 0.2, None, "")]
    assert wording.against_rest(points, NL) == []
    assert text(wording.against_reference(points, NL)) == "Ook in de referentiegroep staat ‘A’ bovenaan (10%)."


def test_against_the_rest_gives_only_the_own_share() -> None:
    points = [Point("A", 0.3, 0.1, "hoger")]
    assert text(wording.against_rest(points, NL)) == "‘A’ (30%) wordt hier vaker genoemd dan bij de rest."


@pytest.mark.parametrize(
    ("returned", "start"),
    [(61, "In Borne deden 61 mensen mee."), (1, "In Borne deed 1 persoon mee."), (0, "De uitkomsten voor Borne zijn")],
)
def test_caution_agrees_in_number(returned: int, start: str) -> None:
    sentence = wording.caution("Borne", returned, NL)
    assert sentence.startswith(start)
    assert "indicatief" in sentence


def test_answered_has_thousands_points() -> None:
    assert wording.answered(2300, NL) == "2.300 mensen gaven antwoord op deze vraag."
    assert wording.answered(1, NL) == "1 persoon gaf antwoord op deze vraag."
    assert wording.answered(2300, EN) == "2,300 people answered this question."


def test_valence_runs_from_large_to_small() -> None:
    shares = [("Positief", 0.62), ("Gemengd", 0.18), ("Neutraal", 0.0), ("Negatief", 0.20)]
    assert text(wording.valence(shares, 41, NL)) == (
        "Van de 41 mensen die hun ervaring opschreven is 62% positief, 20% negatief en 18% gemengd."
    )
    assert text(wording.valence([("Positief", None)], 3, NL)) == (
        "De oordelen zijn hier weggelaten om personen te beschermen."
    )
    assert text(wording.valence([], 0, NL)).startswith("Te weinig mensen")


def test_less_than_half_a_person_is_not_worth_a_word() -> None:
    """2% of six people is nobody."""
    shares = [("Positief", None), ("Gemengd", 0.02), ("Negatief", 0.5)]
    assert text(wording.valence(shares, 6, NL)) == "Van de 6 mensen die hun ervaring opschreven is 50% negatief."


def test_a_difference_is_said_without_a_percentage_of_nobody() -> None:
    points = [Point("a", 0.004, word="lager", few=True), Point("b", 0.3, word="hoger")]
    assert text(wording.against_rest(points, NL)) == (
        "‘b’ (30%) wordt hier vaker genoemd dan bij de rest. ‘a’ wordt hier minder vaak genoemd dan bij de rest."
    )
    assert "‘a’" not in text(wording.ranking(points, NL, "succes"))


def test_nothing_is_ranked_that_a_point_left_out_may_exceed() -> None:
    points = [Point("a", 0.3), Point("b", 0.2), Point("c", 0.1, ranked=False), Point("d", None, hidden=True)]
    assert text(wording.ranking(points, NL, "succes")) == (
        "Het vaakst genoemde succespunt is ‘a’ (30%). Daarna volgt ‘b’ (20%)."
    )
    assert text(wording.ranking(points[2:], NL, "succes")) == (
        "Hier is geen volgorde te geven, omdat er cijfers zijn weggelaten om personen te beschermen."
    )


def test_every_message_has_the_same_places_to_fill_in_both_languages() -> None:
    def places(message: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(message) if name}

    for key, message in message_table().items():
        assert set(message) == set(LANGUAGES), key
        assert places(message["nl"]) == places(message["en"]), key
