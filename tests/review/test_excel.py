"""The Excel round trip: out with drop-down lists, coded, and back without loss; mistakes are named by cell."""

import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from pipeline import cli
from pipeline.errors import ReviewError
from pipeline.review.adjudicate import open_conflicts
from pipeline.review.draw import draw
from pipeline.review.events import Event, add_events, journal_file, read_journal
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


@pytest.mark.parametrize("who", ["second", "blind"])
def test_the_second_coder_and_a_blind_first_one_get_no_machine_codes(made: Made, tmp_path: Path, who: str) -> None:
    path = tmp_path / "blind.xlsx"
    n = {"second": 9, "blind": 36}[who]
    assert export_workbook(made.workspace, made.survey, path, **{who: True}) == {"verbeter": n, "ervaring": n}
    book = openpyxl.load_workbook(path)
    for name in book.sheetnames[:-1]:
        sheet = book[name]
        marks = sheet.iter_rows(min_row=2, min_col=4, max_col=column(sheet, "Klaar"), values_only=True)
        assert not any(value for row in marks for value in row)
        assert {row[-1].value for row in sheet.iter_rows(min_row=2)} == {"-"}
    edit(path, lambda book: fill(book["1 verbeter"], 2, ("Anders",)))
    import_workbook(made.workspace, made.survey, path, coder="bo")
    (event,) = read_journal(made.workspace)
    assert (event.role == "second", event.origin) == (who == "second", "manual")


def saved(file: Path, at: str, change: Callable[[Any], object] = lambda book: None) -> Path:
    """Change a workbook and let it say that it was saved at this time."""
    edit(file, change)
    parts = {}
    with zipfile.ZipFile(file) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    core = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + at.encode(), parts["docProps/core.xml"])
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, core if name == "docProps/core.xml" else content)
    return file


def exported(book: Any, at: str) -> None:
    for row in (2, 3):
        book["_duiding"].cell(row, 6).value = at


def test_an_older_copy_of_a_workbook_undoes_nothing(made: Made, file: Path, tmp_path: Path) -> None:
    saved(file, "2022-11-01T10:00:00Z", lambda book: fill(book["1 verbeter"], 2, ("Anders",)))
    copy = tmp_path / "kopie.xlsx"
    shutil.copy(file, copy)
    code = made.survey.codebook(made.survey.questions[0]).codes[0]
    saved(file, "2022-11-02T10:00:00Z", lambda book: fill(book["1 verbeter"], 2, (code.label,)))
    assert import_workbook(made.workspace, made.survey, file, coder="anna").n_new == 1
    (event,) = read_journal(made.workspace)
    assert event.at == "2022-11-02T10:00:00.000000Z", "when the workbook was saved"
    old = import_workbook(made.workspace, made.survey, copy, coder="anna")
    assert (old.n_new, old.compared.older) == (0, (event.answer_id,))
    saved(file, "2022-11-03T10:00:00Z", lambda book: fill(book["1 verbeter"], 2, ("Anders",)))
    new = import_workbook(made.workspace, made.survey, file, coder="anna")
    assert (new.n_new, new.compared.replaced) == (1, (event.answer_id,))


def test_what_was_coded_elsewhere_since_the_export_goes_on_to_count(made: Made, file: Path) -> None:
    code = made.survey.codebook(made.survey.questions[0]).codes[0]

    def change(book: Any) -> None:
        exported(book, "2022-11-01T10:00:00Z")
        fill(book["1 verbeter"], 2, ("Anders",))

    saved(file, "2022-11-03T10:00:00Z", change)
    import_workbook(made.workspace, made.survey, file, coder="anna")
    (mine,) = read_journal(made.workspace)
    other = replace(mine, codes=(code.id,), coder="bo", annotation="uuid", at="2022-11-02T10:00:00.000000Z")
    journal_file(made.workspace).unlink()
    add_events(made.workspace, [other])
    found = import_workbook(made.workspace, made.survey, file, coder="anna")
    assert (found.n_new, found.elsewhere) == (1, (mine.answer_id,))
    assert set(reviewed_codings(made.workspace)["coder"]) == {"bo"}
    assert [conflict.answer_id for conflict in open_conflicts(made.workspace)] == [mine.answer_id], "someone decides"


def test_an_older_copy_of_a_workbook_does_not_bring_back_its_notes(made: Made, file: Path, tmp_path: Path) -> None:
    def noted(copy: Path, day: int, note: str) -> set[str]:
        shutil.copy(file, copy)
        saved(copy, f"2022-11-0{day}T10:00:00Z", lambda book: fill(book["1 verbeter"], 2, ("Anders",), Notitie=note))
        import_workbook(made.workspace, made.survey, copy, coder="anna", clean_notes=list)
        kept = json.loads(made.workspace.path("review", "notes.json").read_text("utf-8"))
        return {found["note"] for found in kept.values()}

    assert noted(tmp_path / "nieuw.xlsx", 2, "nieuw") == {"nieuw"}
    assert noted(tmp_path / "oud.xlsx", 1, "oud") == {"nieuw"}
    assert noted(tmp_path / "leeg.xlsx", 3, "") == {""}


def test_a_workbook_of_an_audit_that_was_not_drawn_here_is_named(make_survey: Make, made: Made, file: Path) -> None:
    other = make_survey(40, title=made.survey.title)
    edit(file, lambda book: [fill(book["1 verbeter"], row, ("Anders",)) for row in (2, 3, 4)])
    shown = CliRunner().invoke(cli.app, ["review", "import", str(file), str(other.survey.file), "--coder", "anna"])
    assert "3 answers were never drawn here: they teach, and feed no percentages" in shown.output, shown.exception
    assert f"duiding review export rest.xlsx {other.survey.file} --audit N" in shown.output
    assert set(reviewed_codings(other.workspace)["role"]) == {"training"}
    draw(other.workspace, other.survey, audit=36, questions=["verbeter"])
    assert set(reviewed_codings(other.workspace)["role"]) == {"audit"}, "drawn here too, and first in its order"


def test_every_mistake_is_named_at_once(made: Made, file: Path) -> None:
    def change(book: Any) -> None:
        book["1 verbeter"]["E5"].value = "misschien"
        book["1 verbeter"]["F5"].value = "ook"
        book["2 ervaring"]["C4"].value = "andere tekst"

    with pytest.raises(ReviewError, match="3 mistakes: sheet 1 verbeter, cell E5: not a choice .*cell F5.*cell C4"):
        import_workbook(made.workspace, made.survey, edit(file, change), coder="a")
    edit(file, lambda book: [setattr(book["1 verbeter"].cell(row, 5), "value", "?") for row in range(2, 30)])
    with pytest.raises(ReviewError, match=r"30 mistakes: .*and 10 more. Next") as caught:
        import_workbook(made.workspace, made.survey, file, coder="a")
    assert "\n" not in str(caught.value)


def test_a_column_with_remarks_is_left_alone(made: Made, file: Path) -> None:
    def remark(book: Any) -> None:
        sheet = book["1 verbeter"]
        fill(sheet, 2, ("Anders",))
        sheet.cell(1, sheet.max_column + 1).value = "Opmerking"
        sheet.cell(2, sheet.max_column).value = "nog bespreken"

    found = import_workbook(made.workspace, made.survey, edit(file, remark), coder="a")
    assert (found.n_new, found.not_read) == (1, ("sheet 1 verbeter, cell R1",))


def test_sorting_takes_the_hidden_machine_codes_along(file: Path) -> None:
    sheet = openpyxl.load_workbook(file)["1 verbeter"]
    assert sheet.auto_filter.ref == sheet.dimensions == "A1:Q37"
    assert sheet["Q1"].value == "machine"


def test_the_second_coder_is_somebody_else(made: Made, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "tweede.xlsx"
    export_workbook(made.workspace, made.survey, path, second=True)
    edit(path, lambda book: fill(book["1 verbeter"], 2, ("Anders",)))
    twice = openpyxl.load_workbook(path)["1 verbeter"]["A2"].value
    rows = {row[0].value: row[0].row for row in openpyxl.load_workbook(file)["1 verbeter"].iter_rows(min_row=2)}
    edit(file, lambda book: fill(book["1 verbeter"], rows[twice], ("Anders",)))
    import_workbook(made.workspace, made.survey, file, coder="anna")
    with pytest.raises(ReviewError, match=f"first and second coding of 1 answers by one coder: {twice}"):
        import_workbook(made.workspace, made.survey, path, coder="Anna")
    assert len(read_journal(made.workspace)) == 1
    assert import_workbook(made.workspace, made.survey, path, coder="bo").n_new == 1


def test_disagreements_are_decided_in_a_workbook(made: Made, tmp_path: Path) -> None:
    twice = read_sample(made.workspace).query("question == 'verbeter' and role == 'second'")["answer_id"].tolist()
    codebook = made.survey.codebook(made.survey.questions[0])
    codes = [code.id for code in codebook.codes]

    def coding(answer_id: str, role: str, code: str) -> Event:
        return Event(
            answer_id=answer_id, question="verbeter", codebook=codebook.digest, codes=(code,), judged=tuple(codes),
            coder=role, role=role, at="2022-11-01T10:00:00.000000Z", origin="manual", annotation=f"{role}/{answer_id}",
        )  # fmt: skip

    path = tmp_path / "besluiten.xlsx"
    with pytest.raises(ReviewError, match="no answers on which coders disagree"):
        export_workbook(made.workspace, made.survey, path, decide=True)
    first = [coding(answer_id, "audit", codes[0]) for answer_id in twice]
    second = [coding(answer_id, "second", codes[i < 2]) for i, answer_id in enumerate(twice)]
    add_events(made.workspace, [*first, *second])
    assert export_workbook(made.workspace, made.survey, path, decide=True) == {"verbeter": 2}
    book = openpyxl.load_workbook(path)
    sheet = book["1 verbeter"]
    shown = {sheet["D2"].value[3:], sheet["E2"].value[3:]}
    assert shown == {codebook.by_id[code].label for code in codes[:2]}, "A and B, without whose they are"

    def decide(book: Any) -> None:
        sheet = book["1 verbeter"]
        sheet.cell(2, 6).value, sheet.cell(2, column(sheet, "Klaar")).value = "x", "ja"

    found = import_workbook(made.workspace, made.survey, edit(path, decide), coder="audit")
    assert (found.n_new, found.n_open, found.elsewhere) == (1, 1, ())
    decided = sheet["A2"].value
    assert [conflict.answer_id for conflict in open_conflicts(made.workspace)] == [a for a in twice[:2] if a != decided]
    assert applied(reviewed_codings(made.workspace), "verbeter")[decided, "audit"] == {codes[0]}


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
    with pytest.raises(ReviewError, match=r"nergens.xlsx: no such file. Next: "):
        import_workbook(made.workspace, made.survey, tmp_path / "nergens.xlsx", coder="a")


def test_a_workbook_of_elsewhere(made: Made, make_survey: Make, tmp_path: Path, file: Path) -> None:
    other = make_survey(40, title="Een heel andere enquête")
    with pytest.raises(ReviewError, match="a workbook of another survey"):
        import_workbook(other.workspace, other.survey, file, coder="a")
    edit(file, lambda book: book["_duiding"].delete_cols(4, 3))
    with pytest.raises(ReviewError, match="a workbook of another survey"):
        import_workbook(made.workspace, made.survey, file, coder="a")
    openpyxl.Workbook().save(tmp_path / "eigen.xlsx")
    with pytest.raises(ReviewError, match="not made by Duiding"):
        import_workbook(made.workspace, made.survey, tmp_path / "eigen.xlsx", coder="a")
    with pytest.raises(ReviewError, match="--coder: not given; .* Next: say who: duiding review import"):
        import_workbook(made.workspace, made.survey, file, coder=" ")


@pytest.mark.parametrize("decide", [False, True])
def test_a_question_that_is_not_there_is_named_with_those_that_are(made: Made, tmp_path: Path, decide: bool) -> None:
    with pytest.raises(ReviewError, match="--question: no question 'nee'. Next: use one of: ervaring, verbeter"):
        export_workbook(made.workspace, made.survey, tmp_path / "x.xlsx", questions=["nee"], decide=decide)


def test_nothing_left_to_code(make_survey: Make, tmp_path: Path) -> None:
    made = make_survey(20)
    with pytest.raises(ReviewError, match="nothing is left to code"):
        export_workbook(made.workspace, made.survey, tmp_path / "x.xlsx")
    assert read_sample(made.workspace).empty
    with pytest.raises(ReviewError, match="for a second coder. Next: .*x.xlsx --for-second-coder --second 0.2'"):
        export_workbook(made.workspace, made.survey, tmp_path / "x.xlsx", second=True)


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
