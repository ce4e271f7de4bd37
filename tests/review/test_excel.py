"""The Excel round trip: out with drop-down lists, coded, and back without loss; mistakes are named by cell."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipeline.errors import ReviewError
from pipeline.review.draw import draw
from pipeline.review.events import read_journal
from pipeline.review.excel_read import import_workbook
from pipeline.review.excel_write import export_workbook
from pipeline.review.reviewed import reviewed_codings
from pipeline.review.sample import read_sample
from pipeline.workspace import read_table, write_table

from .conftest import NASTY, Made, applied

Make = Callable[..., Made]


@pytest.fixture
def made(make_survey: Make) -> Made:
    found = make_survey(40)
    draw(found.workspace, found.survey, audit=36, second=0.25)
    return found


@pytest.fixture
def file(made: Made, tmp_path: Path) -> Path:
    export_workbook(made.workspace, made.survey, tmp_path / "nakijken.xlsx")
    return tmp_path / "nakijken.xlsx"


def edit(file: Path, change: Callable[[Any], object]) -> Path:
    book = openpyxl.load_workbook(file)
    change(book)
    book.save(file)
    return file


def column(sheet: Any, name: str) -> int:
    return [cell.value for cell in sheet[1]].index(name) + 1


def labels(made: Made, *codes: str) -> tuple[str, ...]:
    by_id = made.survey.codebook(made.survey.questions[1]).by_id
    return tuple(by_id[code].label for code in codes)


def fill(sheet: Any, row: int, marks: tuple[str, ...], **more: str) -> None:
    """Put an x under these codes (and nowhere else) and mark the row ready."""
    header = [cell.value for cell in sheet[1]]
    for number, name in enumerate(header[3 : header.index("Twijfel")], start=4):
        sheet.cell(row, number).value = "x" if name in marks else None
    for name, value in {"Klaar": "ja", **more}.items():
        sheet.cell(row, column(sheet, name)).value = value


def test_the_workbook_shows_answers_and_machine_codes_with_lists_to_choose_from(made: Made, file: Path) -> None:
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["1 verbeter", "2 ervaring", "_duiding"]
    assert book["_duiding"].sheet_state == "veryHidden"
    sheet = book["1 verbeter"]
    assert sheet.max_row == 37
    names = [code.label for code in made.survey.codebook(made.survey.questions[0]).codes]
    assert [cell.value for cell in sheet[1]][3:12] == names
    assert {tuple(rule.formula1 for rule in sheet.data_validations.dataValidation)} == {('"x"', '"ja"')}
    texts = {row[0].value: row[2].value for row in sheet.iter_rows(min_row=2)}
    assert texts["1000:verbeter"] == NASTY, "shown as it is, not as a formula"
    assert any(cell.value == "x" for row in sheet.iter_rows(min_row=2, min_col=4, max_col=12) for cell in row)
    assert sheet["D1"].comment.text.startswith("De klant vindt")


def test_what_is_marked_ready_comes_back_and_again_changes_nothing(made: Made, file: Path) -> None:
    given: dict[tuple[str, str], set[str]] = {}

    def code(book: Any) -> None:
        sheet = book["1 verbeter"]
        codes = made.survey.codebook(made.survey.questions[0]).codes
        for row in range(2, 20):
            chosen = codes[row % 9], codes[(row * 2 + 1) % 9]
            fill(sheet, row, tuple(code.label for code in chosen), Twijfel="x" if row == 2 else "", Notitie="Zie Jan")
            given[sheet.cell(row, 1).value, "audit"] = {code.id for code in chosen}
        fill(sheet, 20, (), Overslaan="x")
        fill(book["2 ervaring"], 2, labels(made, "positief", "blij"))

    edit(file, code)
    found = import_workbook(made.workspace, made.survey, file, coder="anna@x.nl", clean_notes=lambda n: ["-"] * len(n))
    assert (found.n_ready, found.n_new, found.n_open) == (20, 20, 52)
    table = reviewed_codings(made.workspace)
    assert applied(table, "verbeter") == given
    (scheme,) = applied(table, "ervaring").values()
    assert scheme == {"positief", "blij", "volwassenen"}, "the scheme of the question is given"
    assert table["doubt"].sum() == 9
    assert {event.skipped for event in read_journal(made.workspace)} == {True, False}
    assert "anna@x.nl" not in made.workspace.path("review", "review.jsonl").read_text("utf-8")
    assert "Zie Jan" not in made.workspace.path("review", "notes.json").read_text("utf-8")
    assert import_workbook(made.workspace, made.survey, file, coder="anna@x.nl").n_new == 0
    with pytest.raises(ReviewError, match="someone may have filled it in"):
        export_workbook(made.workspace, made.survey, file)
    assert export_workbook(made.workspace, made.survey, file, force=True) == {"verbeter": 18, "ervaring": 35}


def test_untouched_machine_codes_are_accepted_unchanged(made: Made, file: Path) -> None:
    def ready(book: Any) -> None:
        sheet = book["1 verbeter"]
        for row in (2, 3):
            sheet.cell(row, column(sheet, "Klaar")).value = "JA"
        sheet.cell(3, 4).value = None if sheet.cell(3, 4).value else "x"

    import_workbook(made.workspace, made.survey, edit(file, ready), coder="a")
    assert [event.origin for event in read_journal(made.workspace)] == ["accepted", "changed"]


def test_the_second_coder_gets_no_machine_codes(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "tweede.xlsx"
    assert export_workbook(made.workspace, made.survey, path, second=True) == {"verbeter": 9, "ervaring": 9}
    book = openpyxl.load_workbook(path)
    for name in book.sheetnames[:-1]:
        sheet = book[name]
        marks = sheet.iter_rows(min_row=2, min_col=4, max_col=column(sheet, "Klaar"), values_only=True)
        assert not any(value for row in marks for value in row)
        assert {row[-1].value for row in sheet.iter_rows(min_row=2)} == {"-"}
    edit(path, lambda book: fill(book["1 verbeter"], 2, ("Anders",)))
    import_workbook(made.workspace, made.survey, path, coder="bo")
    (event,) = read_journal(made.workspace)
    assert (event.role, event.origin) == ("second", "manual")


def test_rows_may_be_sorted(made: Made, file: Path) -> None:
    def turn(book: Any) -> None:
        sheet = book["1 verbeter"]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        for number, values in enumerate(reversed(rows), start=2):
            for place, value in enumerate(values, start=1):
                sheet.cell(number, place).value = value
        fill(sheet, 2, ("Anders",))

    assert import_workbook(made.workspace, made.survey, edit(file, turn), coder="a").n_new == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: setattr(s["E5"], "value", "misschien"), "cell E5: not a choice; expected x or empty"),
        (lambda s: setattr(s["A4"], "value", "onbekend"), "cell A4: not the id of an answer to this question"),
        (lambda s: setattr(s["A4"], "value", s["A3"].value), "cell A4: the same answer twice"),
        (lambda s: setattr(s["C4"], "value", "andere tekst"), "cell C4: this is not the text of that answer"),
        (lambda s: setattr(s["D1"], "value", "Eigen naam"), "cell D1: the columns were changed; expected 'Rekening"),
        (lambda s: fill(s, 3, ()), "cell D3: ready, but a code is missing"),
        (lambda s: s.delete_cols(5), "the columns were changed"),
        (lambda s: setattr(s.cell(3, column(s, "Klaar")), "value", "nee"), "not a choice; expected ja or empty"),
    ],
)
def test_a_mistake_is_named_by_its_cell_and_nothing_is_imported(
    made: Made, file: Path, change: Callable[[Any], object], message: str
) -> None:
    def both(book: Any) -> None:
        fill(book["1 verbeter"], 2, ("Anders",))
        change(book["1 verbeter"])

    with pytest.raises(ReviewError) as caught:
        import_workbook(made.workspace, made.survey, edit(file, both), coder="a")
    assert message in str(caught.value)
    assert "andere tekst" not in str(caught.value)
    assert read_journal(made.workspace) == []


def test_two_valences_are_refused(made: Made, file: Path) -> None:
    edit(file, lambda book: fill(book["2 ervaring"], 2, labels(made, "positief", "negatief", "duurt-lang")))
    with pytest.raises(ReviewError, match="two codes where one can hold"):
        import_workbook(made.workspace, made.survey, file, coder="a")


@pytest.mark.parametrize("content", [b"", b"geen werkmap", b"PK\x03\x04kapot"])
def test_a_file_that_is_no_workbook(made: Made, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(ReviewError, match="not an Excel workbook"):
        import_workbook(made.workspace, made.survey, path, coder="a")
    with pytest.raises(ReviewError, match="cannot be read"):
        import_workbook(made.workspace, made.survey, tmp_path / "nergens.xlsx", coder="a")


def test_a_workbook_of_elsewhere(made: Made, make_survey: Make, tmp_path: Path, file: Path) -> None:
    other = make_survey(40, title="Een heel andere enquête")
    with pytest.raises(ReviewError, match="a workbook of another survey"):
        import_workbook(other.workspace, other.survey, file, coder="a")
    openpyxl.Workbook().save(tmp_path / "eigen.xlsx")
    with pytest.raises(ReviewError, match="not made by Duiding"):
        import_workbook(made.workspace, made.survey, tmp_path / "eigen.xlsx", coder="a")
    with pytest.raises(ReviewError, match="--coder: not given; .* Next: say who: duiding review import"):
        import_workbook(made.workspace, made.survey, file, coder=" ")


def test_nothing_left_to_code(make_survey: Make, tmp_path: Path) -> None:
    made = make_survey(20)
    with pytest.raises(ReviewError, match="nothing is left to code"):
        export_workbook(made.workspace, made.survey, tmp_path / "x.xlsx")
    assert read_sample(made.workspace).empty


def test_an_answer_whose_text_changed_since_is_to_be_coded_again(made: Made, file: Path, tmp_path: Path) -> None:
    edit(file, lambda book: fill(book.worksheets[0], 2, (book.worksheets[0].cell(1, 4).value,)))
    import_workbook(made.workspace, made.survey, file, coder="anna")
    (first,) = read_journal(made.workspace)
    counts = export_workbook(made.workspace, made.survey, tmp_path / "rest.xlsx")
    path = made.workspace.path("answers.parquet")
    answers = read_table(path)
    write_table(path, answers.assign(text=answers["text"].mask(answers["answer_id"] == first.answer_id, "Heel anders")))
    again = export_workbook(made.workspace, made.survey, tmp_path / "opnieuw.xlsx")
    assert again["verbeter"] == counts["verbeter"] + 1


def test_no_answer_passes_through_the_systems_temporary_folder(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there is no such folder"))
    assert export_workbook(made.workspace, made.survey, tmp_path / "nieuw.xlsx")
