"""Who is counted in response and reliability: the people of the survey's own wave, against those who were invited."""

from __future__ import annotations

import pandas as pd
import pytest

from pipeline.config import Input, Question, Response, Survey
from pipeline.errors import ConfigError
from pipeline.percentages import check_invited, response_table


def survey(**response: object) -> Survey:
    return Survey(
        title="Proef",
        wave="2022",
        input=Input(file="antwoorden.csv"),
        questions=(Question(id="q", column="q", codebook="participatiewet-succes"),),
        response=Response.model_validate(response),
    )


def answers(*people: tuple[str | None, str, int]) -> pd.DataFrame:
    """Return the answers of so many people per group and wave, each to two questions."""
    rows = [
        (f"{group}-{wave}-{number}", group, wave, question)
        for group, wave, n in people
        for number in range(n)
        for question in ("q", "p")
    ]
    return pd.DataFrame(rows, columns=["respondent_id", "group", "wave", "question"])


def test_earlier_waves_in_the_file_are_no_response_to_this_one() -> None:
    people = answers(("Almelo", "2018", 100), ("Borne", "2018", 100), ("Almelo", "2022", 75), ("Borne", "2022", 75))
    table = response_table(survey(invited={"Almelo": 600, "Borne": 500}), people).set_index("group")
    assert table["returned"].to_dict() == {"Almelo": 75, "Borne": 75, "Totaal": 150}
    assert table["response"]["Totaal"] == pytest.approx(150 / 1100)
    assert table["word"]["Totaal"] == "indicatief"


def test_there_is_no_response_in_all_when_a_group_has_no_number_of_invited() -> None:
    people = answers(("Almelo", "2022", 60), ("Borne", "2022", 40), ("Delden", "2022", 50), (None, "2022", 1))
    table = response_table(survey(invited={"Almelo": 300, "Borne": 200}), people).set_index("group")
    assert table["returned"].to_dict() == {"Almelo": 60, "Borne": 40, "Delden": 50, "Totaal": 151}
    assert table.loc[["Delden", "Totaal"], ["invited", "response"]].isna().all(axis=None)
    assert table["response"]["Almelo"] == pytest.approx(0.2)


def test_people_without_a_group_count_in_all_when_every_group_has_a_number() -> None:
    people = answers(("Almelo", "2022", 60), ("Borne", "2022", 40), (None, "2022", 1))
    table = response_table(survey(invited={"Almelo": 300, "Borne": 200}), people).set_index("group")
    assert table["response"]["Totaal"] == pytest.approx(101 / 500)


def test_the_number_of_invited_in_all_is_enough_for_the_response() -> None:
    people = answers(("Almelo", "2022", 60), ("Borne", "2022", 40))
    table = response_table(survey(invited_total=900), people).set_index("group")
    assert table["response"]["Totaal"] == pytest.approx(100 / 900)
    assert table["word"].to_dict() == {"Totaal": "indicatief", "Almelo": "indicatief", "Borne": "indicatief"}


def test_a_mistyped_group_of_invited_is_no_municipality() -> None:
    people = answers(("Hengelo", "2022", 60), ("Borne", "2022", 40))
    with pytest.raises(ConfigError, match=r"response\.invited\.Henglo: .*did you mean 'Hengelo'\?"):
        check_invited(survey(invited={"Henglo": 300, "Borne": 200}), people)


def test_an_invited_group_in_which_nobody_answered_is_told_of() -> None:
    people = answers(("Hengelo", "2022", 60), ("Almelo", "2018", 9), (None, "2022", 1))
    notes = check_invited(survey(invited={"Hengelo": 300, "Tubbergen": 200, "Almelo": 90, "Totaal": 700}), people)
    assert notes == [f"response.invited.{group}: nobody in this group answered" for group in ("Tubbergen", "Almelo")]
    assert check_invited(survey(invited={"Hengelo": 300, "Hengelo-Zuid": 9}), people) == [
        "response.invited.Hengelo-Zuid: nobody in this group answered"
    ]


@pytest.mark.parametrize(
    ("response", "found"),
    [
        ({"invited": {"Hengelo": 59}}, r"response\.invited\.Hengelo: 59 invited and 60 respondents"),
        ({"invited": {"Hengelo": 60}}, r"response\.invited: 60 invited and 61 respondents in all.*'invited_total'"),
        ({"invited_total": 60}, r"response\.invited_total: 60 invited and 61 respondents in all"),
    ],
)
def test_fewer_invited_than_answered_names_the_key(response: dict[str, object], found: str) -> None:
    with pytest.raises(ConfigError, match=found):
        check_invited(survey(**response), answers(("Hengelo", "2022", 60), (None, "2022", 1)))
