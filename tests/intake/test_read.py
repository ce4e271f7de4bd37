"""From file to answers: every row is accounted for, ticks count beside the box, mistakes are named without text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import load_survey
from pipeline.errors import TableError
from pipeline.intake.prepare import prepare
from pipeline.intake.read import read_answers


def statuses(path: Path) -> dict[str, str]:
    answers = prepare(load_survey(path)).answers
    return dict(zip(answers["answer_id"], answers["status"], strict=True))


def test_one_row_per_respondent_and_question(small_survey: Path) -> None:
    raw = read_answers(load_survey(small_survey))
    assert raw.answers["answer_id"].tolist() == [f"{n}:beter" for n in range(1, 7)]
    assert raw.answers["group"].fillna("?").tolist() == ["Noord", "Noord", "Zuid", "Zuid", "?", "Zuid"]
    assert set(raw.answers["wave"]) == {"2026"}
    assert raw.ticks["answer_id"].tolist() == ["2:beter", "5:beter"]


def test_status_of_every_row(small_survey: Path) -> None:
    assert statuses(small_survey) == {
        "1:beter": "answer",
        "2:beter": "empty",
        "3:beter": "answer",
        "4:beter": "non_answer",
        "5:beter": "nothing_to_improve",
        "6:beter": "empty",
    }


def test_long_layout_weights_and_rows_of_other_questions(write: Callable[..., Path]) -> None:
    write("klein.yaml", "codes: [A, Anders]\nresidual: anders\n")
    write("d.csv", "nr;vraag;antwoord;w\n1;beter;a;0,5\n1;goed;b;0,5\n2;beter;c;2\n2;leeftijd;40;2\n")
    path = write(
        "survey.yaml",
        "title: t\nwave: 1\n"
        "input: {file: d.csv, respondent: nr, layout: long, question: vraag, text: antwoord, weight: w}\n"
        "questions: [{id: beter, codebook: klein.yaml}, {id: goed, codebook: klein.yaml}]\n",
    )
    raw = read_answers(load_survey(path))
    assert raw.answers["answer_id"].tolist() == ["1:beter", "2:beter", "1:goed"]
    assert raw.answers["weight"].tolist() == [0.5, 2.0, 0.5]
    assert raw.dropped.to_numpy().tolist() == [["5", "its question is not in survey.yaml"]]
    assert len(raw.answers) + len(raw.dropped) == raw.n_rows


def test_labels_in_one_tick_column(small_survey: Path, write: Callable[..., Path]) -> None:
    write(
        "data.csv", "nr;plaats;t;beter\n1;N;Telefoon;\n2;N;Telefoon;Geld;\n".replace("Telefoon;Geld", '"Telefoon;Geld"')
    )
    small_survey.write_text(small_survey.read_text().replace("ticks: {t1: Telefoon}", "ticks_column: t"))
    raw = read_answers(load_survey(small_survey))
    assert raw.ticks.to_numpy().tolist() == [["1:beter", "telefoon"], ["2:beter", "telefoon"], ["2:beter", "geld"]]


@pytest.mark.parametrize("identity", ["jan@voorbeeld.nl", "111222333"])
def test_an_id_that_is_personal_is_replaced_by_the_row(small_survey: Path, identity: str) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("\n1;", f"\n{identity};"))
    assert set(read_answers(load_survey(small_survey)).answers["respondent_id"]) == {f"r000{n}" for n in range(1, 7)}


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("nr;plaats", "id;plaats", ["input.respondent", "no column 'nr'"]),
        ("nr;plaats;t1;beter", "nr;plats;t1;beter", ["no column 'plaats'", "did you mean 'plats'"]),
        ("\n3;", "\n1;", ["column nr, rows 2, 4", "the same respondent id"]),
        ("\n3;", "\n;", ["row 4, column nr", "no respondent id"]),
        ("2;Noord;1;", "2;Noord;geheim;", ["row 3, column t1", "neither yes nor no"]),
    ],
)
def test_a_mistake_names_row_and_column_but_no_text(small_survey: Path, old: str, new: str, parts: list[str]) -> None:
    data = small_survey.with_name("data.csv")
    assert old in data.read_text()
    data.write_text(data.read_text().replace(old, new, 1).replace("wachtrij", "geheim"))
    assert "geheim" in data.read_text()
    with pytest.raises(TableError) as caught:
        read_answers(load_survey(small_survey))
    for part in ["data.csv", *parts]:
        assert part in str(caught.value)
    for text in ("geheim", "rondkomen", "tevreden", "n.v.t."):
        assert text not in str(caught.value)


def test_a_wrong_delimiter_is_recognised(small_survey: Path) -> None:
    small_survey.write_text(small_survey.read_text().replace("input: {", 'input: {delimiter: ",", '))
    with pytest.raises(TableError, match="check the delimiter"):
        read_answers(load_survey(small_survey))


def test_hard_texts_are_handled(small_survey: Path) -> None:
    lines = [
        "nr;plaats;t1;beter",
        f"1;N;;{'Ik bel en wacht. ' * 60_000}",
        "2;N;;👍👍",
        "3;N;;\u202eterug\u202c naar \x00af",
    ]
    lines += ["4;N;;يجب أن يردوا على الهاتف", "5;N;;They should answer the phone much faster please"]
    small_survey.with_name("data.csv").write_text("\n".join(lines), encoding="utf-8")
    found = statuses(small_survey)
    assert found["1:beter"] == "answer"
    assert found["2:beter"] == "non_answer"
    assert found["3:beter"] == "answer"
    assert found["4:beter"] == found["5:beter"] == "other_language"


def test_a_column_of_only_empties(small_survey: Path) -> None:
    small_survey.with_name("data.csv").write_text("nr;plaats;t1;beter\n1;N;;\n2;N;;\n")
    assert set(statuses(small_survey).values()) == {"empty"}
