"""From file to answers: every row is accounted for, ticks count beside the box, mistakes are named without text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.config import load_survey
from pipeline.errors import ConfigError, TableError
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


@pytest.mark.parametrize(
    "identity",
    [
        "jan@voorbeeld.nl",
        "111222333",
        "111.222.333",
        "1112 22 333",
        "BSN111222333",
        "0612345678",
        "06-12345678",
        "612345678",
        "NL91ABNA0417164300",
        "Jan Jansen",
        "jan_jansen",
        "door een medewerker",
    ],
)
def test_ids_that_are_personal_are_numbered_and_it_is_said(small_survey: Path, identity: str) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("\n1;", f"\n{identity};"))
    raw = read_answers(load_survey(small_survey))
    assert raw.answers["respondent_id"].tolist() == [f"r000{n}" for n in range(1, 7)]
    assert len(raw.notes) == 1
    assert "Column nr: 1 of 6 ids" in raw.notes[0]
    assert identity not in raw.notes[0]


@pytest.mark.parametrize(
    "identity", ["00000000", "123456789", "1112223", "2026-00018", "R_3Jan8bQ", "R2026-001234", "Resp 12"]
)
def test_ids_that_fail_the_bsn_test_stay(small_survey: Path, identity: str) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("\n1;", f"\n{identity};"))
    raw = read_answers(load_survey(small_survey))
    assert identity.replace(" ", "_") in set(raw.answers["respondent_id"])
    assert raw.notes == ()


LONG = """title: t
wave: 1
input: {file: d.csv, respondent: mail, layout: long, question: vraag, text: antwoord}
questions: [{id: beter, column: "Wat kan beter?", codebook: klein.yaml}, {id: goed, codebook: klein.yaml}]
"""


def test_one_person_with_a_personal_id_is_one_respondent_in_the_long_layout(write: Callable[..., Path]) -> None:
    write("klein.yaml", "codes: [A, Anders]\nresidual: anders\n")
    write("d.csv", "mail;vraag;antwoord\na@x.nl;Wat kan beter?;a\nb@x.nl;goed;b\na@x.nl;goed;c\n")
    raw = read_answers(load_survey(write("survey.yaml", LONG)))
    assert raw.answers["answer_id"].tolist() == ["r0001:beter", "r0002:goed", "r0001:goed"]


def test_double_answers_in_the_long_layout_are_named_by_row(write: Callable[..., Path]) -> None:
    write("klein.yaml", "codes: [A, Anders]\nresidual: anders\n")
    write("d.csv", "mail;vraag;antwoord\na@x.nl;goed;a\n\nb@x.nl;goed;b\na@x.nl;goed;geheim\n")
    with pytest.raises(TableError, match="rows 2, 5: the same respondent and question 'goed'") as caught:
        read_answers(load_survey(write("survey.yaml", LONG)))
    assert "geheim" not in str(caught.value)


def test_a_file_without_a_header_row_shows_none_of_its_first_row(small_survey: Path) -> None:
    small_survey.with_name("data.csv").write_text("1;Hengelo;;Mevrouw geheim hielp mij slecht\n2;Borne;;goed\n")
    with pytest.raises(TableError, match="no column 'nr'.*put the column names in the first line") as caught:
        read_answers(load_survey(small_survey))
    for word in ("geheim", "Hengelo"):
        assert word not in str(caught.value)


@pytest.mark.parametrize(
    "first", ["1;beter;;Mevrouw geheim hielp", "nr.;Hengelo;;beter nietgeheim", "1;geheim;x;beter"]
)
def test_a_first_row_with_the_name_of_a_column_by_chance_is_not_shown(small_survey: Path, first: str) -> None:
    small_survey.with_name("data.csv").write_text(f"{first}\n2;Borne;;goed\n")
    with pytest.raises(TableError, match="no column") as caught:
        read_answers(load_survey(small_survey))
    for word in ("geheim", "Hengelo"):
        assert word not in str(caught.value)


def test_a_first_row_of_answers_is_not_shown_as_what_may_be_meant(small_survey: Path) -> None:
    small_survey.with_name("data.csv").write_text("1;Noord;;beter luisteren\n2;Zuid;;goed\n")
    text = (
        small_survey.read_text().replace(", respondent: nr, group: plaats", "").replace(", ticks: {t1: Telefoon}", "")
    )
    small_survey.write_text(text.replace("column: beter", "column: beterluister"))
    with pytest.raises(TableError, match="it holds none that survey.yaml names") as caught:
        read_answers(load_survey(small_survey))
    assert "luisteren" not in str(caught.value)


def test_a_name_that_differs_in_capitals_and_marks_only_is_meant(small_survey: Path) -> None:
    small_survey.with_name("data.csv").write_text("Nr.;Gemeente;x;opmerking\n1;Noord;;goed\n")
    with pytest.raises(TableError, match=r"no column 'nr'.*did you mean 'Nr\.'\?"):
        read_answers(load_survey(small_survey))


def test_a_slip_in_the_name_of_one_of_two_columns_is_seen(small_survey: Path) -> None:
    small_survey.with_name("data.csv").write_text("nr;betre\n1;goed\n")
    text = small_survey.read_text().replace(", group: plaats", "").replace(", ticks: {t1: Telefoon}", "")
    small_survey.write_text(text)
    with pytest.raises(TableError, match=r"no column 'beter'.*did you mean 'betre'\?"):
        read_answers(load_survey(small_survey))


def test_a_file_that_knows_its_columns_shows_them(small_survey: Path) -> None:
    pd.DataFrame({"nummer": ["1"], "gemeente": ["Noord"]}).to_parquet(small_survey.with_name("data.parquet"))
    small_survey.write_text(small_survey.read_text().replace("data.csv", "data.parquet"))
    with pytest.raises(TableError, match="no column 'nr'.*use one of: gemeente, nummer"):
        read_answers(load_survey(small_survey))


def test_a_header_that_is_surely_one_is_shown(small_survey: Path) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("nr;plaats;t1;beter", "nr;plaats;t1;opmerking"))
    with pytest.raises(TableError, match="no column 'beter'.*use one of: nr, opmerking, plaats, t1"):
        read_answers(load_survey(small_survey))


def test_a_title_above_the_header_of_a_sheet_is_explained(small_survey: Path) -> None:
    rows = [("Enquête 2026", None, None, None), ("nr", "plaats", "t1", "beter"), (1, "Noord", "", "wacht")]
    with pd.ExcelWriter(small_survey.with_name("data.xlsx")) as out:
        pd.DataFrame(rows).to_excel(out, index=False, header=False, sheet_name="Blad")
    small_survey.write_text(small_survey.read_text().replace("data.csv", "data.xlsx"))
    with pytest.raises(TableError, match="sheet 'Blad', input.respondent: no column 'nr'.*first row that is filled"):
        read_answers(load_survey(small_survey))


def test_formulas_without_a_result_in_a_column_of_the_survey_are_said(small_survey: Path) -> None:
    rows = [("nr", "plaats", "t1", "beter", "x"), (1, "Noord", "", "=A1", "=A2")]
    with pd.ExcelWriter(small_survey.with_name("data.xlsx"), engine="openpyxl") as out:
        pd.DataFrame(rows).to_excel(out, index=False, header=False)
    small_survey.write_text(small_survey.read_text().replace("data.csv", "data.xlsx"))
    notes = read_answers(load_survey(small_survey)).notes
    assert len(notes) == 1
    assert notes[0].startswith("Column beter: 1 formulas have no stored result")


def test_names_with_line_breaks_are_found_however_they_are_written(small_survey: Path) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("t1;beter", 't1;"Wat kan\u00a0er\nbeter?"'))
    small_survey.write_text(small_survey.read_text().replace("column: beter", 'column: "Wat kan er\\nbeter?"'))
    assert len(read_answers(load_survey(small_survey)).answers) == 6


@pytest.mark.parametrize(("yes", "no"), [("Genoemd", "Niet genoemd"), ("Named", "Not named"), ("Gekozen", "")])
def test_words_for_a_tick(small_survey: Path, yes: str, no: str) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("Noord;1;", f"Noord;{yes};").replace("Zuid;0;", f"Zuid;{no};"))
    assert read_answers(load_survey(small_survey)).ticks["answer_id"].tolist() == ["2:beter", "5:beter"]


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("nr;plaats", "id;plaats", ["input.respondent", "no column 'nr'"]),
        ("nr;plaats;t1;beter", "nr;plats;t1;beter", ["no column 'plaats'", "did you mean 'plats'"]),
        ("\n3;", "\n1;", ["column nr, rows 2, 4", "the same respondent id"]),
        ("\n3;", "\n;", ["row 4, column nr", "no respondent id"]),
        ("2;Noord;1;", "2;Noord;geheim;", ["row 3, column t1", "neither yes nor no"]),
        ("2;Noord;1;", "\n2;Noord;geheim;", ["row 4, column t1"]),
        ("4;Zuid", "4;Totaal", ["row 5, column plaats", "a group is called 'Totaal'"]),
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


@pytest.mark.parametrize(
    ("weights", "found"),
    [
        (["1", "inf"], "row 3, column w: a weight that is not a number"),
        (["0", "0,0"], "column w: every weight is 0"),
    ],
)
def test_weights_that_cannot_be_used(small_survey: Path, weights: list[str], found: str) -> None:
    lines = [f"{n};Noord;;wacht;{weight}" for n, weight in enumerate(weights)]
    small_survey.with_name("data.csv").write_text("\n".join(["nr;plaats;t1;beter;w", *lines]))
    small_survey.write_text(small_survey.read_text().replace("group: plaats", "group: plaats, weight: w"))
    with pytest.raises(TableError, match=found):
        read_answers(load_survey(small_survey))


def test_a_file_without_the_surveys_wave_is_refused(small_survey: Path) -> None:
    small_survey.with_name("data.csv").write_text("nr;plaats;t1;beter;jaar\n1;Noord;;wacht;2025\n")
    small_survey.write_text(small_survey.read_text().replace("group: plaats", "group: plaats, wave: jaar"))
    with pytest.raises(TableError, match="column jaar: no row is of wave '2026'.*did you mean '2025'"):
        read_answers(load_survey(small_survey))


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


def test_a_mistyped_group_of_a_question_is_refused(small_survey: Path) -> None:
    text = small_survey.read_text()
    small_survey.write_text(text.replace("column: beter", "column: beter, groups: [Nord, Zuid]"))
    with pytest.raises(ConfigError, match="question beter, groups: no row is of group 'Nord'.*did you mean 'Noord'"):
        read_answers(load_survey(small_survey))
    small_survey.write_text(text.replace("column: beter", "column: beter, groups: [Zuid, Buiten]"))
    raw = read_answers(load_survey(small_survey))
    assert set(raw.answers["group"]) == {"Zuid"}, "a place without respondents may be named"


@pytest.mark.parametrize(
    ("column", "old", "new", "said"),
    [
        ("nr", "\n1;", "\n#N/A;", "no respondent id"),
        ("plaats", "3;Zuid", "3;#N/B", "Column plaats: 1 cells hold an error of Excel"),
    ],
)
def test_errors_of_excel_are_no_ids_and_no_groups(
    small_survey: Path, column: str, old: str, new: str, said: str
) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace(old, new))
    if column == "nr":
        with pytest.raises(TableError, match=said):
            read_answers(load_survey(small_survey))
        return
    raw = read_answers(load_survey(small_survey))
    assert raw.answers["group"].fillna("?").tolist() == ["Noord", "Noord", "?", "Zuid", "?", "Zuid"]
    assert raw.notes[0].startswith(said)


def test_the_message_on_a_missing_column_names_the_delimiter(small_survey: Path) -> None:
    small_survey.with_name("data.csv").write_text("a;b\n1;2\n")
    with pytest.raises(TableError, match=r"no column 'nr' \(delimiter ';'\).*'input.delimiter'"):
        read_answers(load_survey(small_survey))


def test_a_phone_number_as_the_name_of_a_group_is_refused(small_survey: Path) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("3;Zuid", "3;bel 06-12345678"))
    with pytest.raises(TableError, match="row 4, column plaats: .*in the name of a group") as caught:
        read_answers(load_survey(small_survey))
    assert "12345678" not in str(caught.value)


@pytest.mark.parametrize("group", ["mevrouw Jansen van de balie", "geholpen"])
def test_a_group_of_one_that_looks_like_text_is_said(small_survey: Path, group: str) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("3;Zuid", f"3;{group}"))
    notes = read_answers(load_survey(small_survey)).notes
    assert len(notes) == 1
    assert "column plaats: 1 groups have one respondent" in notes[0].replace("Column", "column")
    assert "(row 4)" in notes[0]
    assert group not in notes[0]


@pytest.mark.parametrize("group", ["Hendrik-Ido-Ambacht", "Jan van Galenbuurt"])
def test_places_called_after_people_are_groups(small_survey: Path, group: str) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("Zuid", group))
    raw = read_answers(load_survey(small_survey))
    assert group in set(raw.answers["group"])
    assert raw.notes == ()


def test_an_id_in_several_waves_is_another_respondent_in_each(small_survey: Path) -> None:
    rows = ["nr;plaats;t1;beter;jaar", "1;Noord;;a;2025", "2;Noord;;b;2025", "1;Zuid;1;c;2026.0", "3;Zuid;;d;"]
    small_survey.with_name("data.csv").write_text("\n".join(rows))
    small_survey.write_text(small_survey.read_text().replace("group: plaats", "group: plaats, wave: jaar"))
    raw = read_answers(load_survey(small_survey))
    assert raw.answers["answer_id"].tolist() == ["1_2025:beter", "2_2025:beter", "1_2026:beter", "3_2026:beter"]
    assert raw.answers["wave"].tolist() == ["2025", "2025", "2026", "2026"]
    assert raw.ticks["answer_id"].tolist() == ["1_2026:beter"]
    assert "1 ids occur in more than one wave" in raw.notes[0]
    small_survey.with_name("data.csv").write_text("\n".join([*rows, "1;Zuid;;e;2026"]))
    with pytest.raises(TableError, match="rows 4, 6: the same respondent id"):
        read_answers(load_survey(small_survey))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("1;N;1;beter;a\n1;Z;1;goed;b\n", "rows 2, 3, column plaats: more than one group of the same respondent"),
        ("1;N;1;beter;a\n1;;1;goed;b\n", "column plaats"),
        ("1;N;1;beter;a\n1;N;2;goed;b\n", "column w: more than one weight of the same respondent"),
    ],
)
def test_a_respondent_of_a_long_file_has_one_group_and_weight(
    write: Callable[..., Path], rows: str, found: str
) -> None:
    write("klein.yaml", "codes: [A, Anders]\nresidual: anders\n")
    write("d.csv", "mail;plaats;w;vraag;antwoord\n" + rows)
    path = write(
        "survey.yaml", LONG.replace('"Wat kan beter?"', "beter").replace("mail,", "mail, group: plaats, weight: w,")
    )
    with pytest.raises(TableError, match=found):
        read_answers(load_survey(path))


@pytest.mark.parametrize(("yes", "no"), [("1.0", "0.0"), ("1,0", "99.0")])
def test_ticks_as_decimal_numbers(small_survey: Path, yes: str, no: str) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(data.read_text().replace("Noord;1;", f"Noord;{yes};").replace("Zuid;0;", f"Zuid;{no};"))
    assert read_answers(load_survey(small_survey)).ticks["answer_id"].tolist() == ["2:beter", "5:beter"]


def test_groups_that_differ_in_capitals_only_are_said(small_survey: Path) -> None:
    data = small_survey.with_name("data.csv")
    data.write_text(
        "nr;plaats;t1;beter\n1;Noord;;wacht\n2;Zuid;;wacht\n3;NOORD;;wacht\n4;Noord;;wacht\n5;NOORD;;wacht\n"
    )
    (note,) = read_answers(load_survey(small_survey)).notes
    assert note.startswith(
        "Column plaats: 2 groups have a name that differs from another's in capitals only (row 2, 4)"
    )


@pytest.mark.parametrize(("answers", "said"), [("7,8.5,12-01-2026,", True), ("7,Te duur,👍,Slecht bereikbaar", False)])
def test_answers_without_a_letter_are_said(small_survey: Path, answers: str, said: bool) -> None:
    rows = "".join(f"{n};Noord;;{answer}\n" for n, answer in enumerate(answers.split(","), start=1))
    small_survey.with_name("data.csv").write_text("nr;plaats;t1;beter\n" + rows, encoding="utf-8")
    notes = read_answers(load_survey(small_survey)).notes
    assert [note.partition(",")[0] for note in notes] == ["Question beter: 3 of its 3 answers hold no letter"] * said
