"""The journal and what is read out of it: nothing twice, nothing lost, the right coding counts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ReviewError
from pipeline.estimates.shares import estimate_shares
from pipeline.percentages import all_codings
from pipeline.review.coders import Coders
from pipeline.review.draw import came_later, draw
from pipeline.review.events import (
    Compared,
    Event,
    add_events,
    compare_with,
    journal_file,
    latest,
    parse_event,
    read_journal,
    utc,
)
from pipeline.review.exchange import export_jsonl, import_jsonl
from pipeline.review.pull import coded_at, keep_notes
from pipeline.review.reviewed import conflicts, current_events, deciding, reviewed_codings
from pipeline.review.sample import empty_sample, in_random_order, read_sample, write_sample
from pipeline.review.texts import Fingerprints, Lost, lost
from pipeline.workspace import Workspace, read_table, write_table

from .conftest import SURVEY, Made, applied

Make = Callable[..., Made]


def event(answer: str = "a", codes: str = "x", **more: Any) -> Event:
    values: dict[str, Any] = {
        "answer_id": answer, "question": "q", "codebook": "0" * 16, "codes": tuple(codes), "judged": ("x", "y", "z"),
        "coder": "anna", "role": "audit", "at": "2022-11-01T10:00:00.000000Z", "origin": "accepted",
        "annotation": f"{more.get('coder', 'anna')}/{more.get('role', 'audit')}/{answer}",
    }  # fmt: skip
    return Event(**{**values, **more})


def sampled(workspace: Workspace, *answers: str, role: str = "audit") -> None:
    rows = pd.DataFrame({"answer_id": answers, "question": "q", "role": role, "inclusion_probability": 0.5})
    before = read_sample(workspace)
    write_sample(workspace, pd.concat([before, rows.assign(stratum="q")]) if len(before) else rows.assign(stratum="q"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "werk")


texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)


@given(
    answer=texts, codes=st.sets(st.sampled_from("xyz")), coder=texts, doubt=st.booleans(), skipped=st.booleans(),
    seconds=st.none() | st.floats(0, 1e6), role=st.sampled_from(["audit", "training", "second"]),
    problem=st.sampled_from(["", "empty", "unknown_code"]),
)  # fmt: skip
def test_a_line_reads_back_as_the_event_it_was(answer: str, codes: set[str], **more: Any) -> None:
    given = event(answer, "".join(sorted(codes)), annotation="1", **more)
    line = given.line()
    assert "\n" not in line
    assert parse_event(json.loads(line), file="x", line=1) == given


def test_only_news_is_added_and_nothing_is_taken_away(workspace: Workspace) -> None:
    assert len(add_events(workspace, [event("a"), event("b")])) == 2
    before = journal_file(workspace).read_text("utf-8")
    assert add_events(workspace, [event("a", at="2023-01-01T00:00:00.000000Z"), event("b")]) == []
    assert journal_file(workspace).read_text("utf-8") == before
    add_events(workspace, [event("a", "y")])
    after = journal_file(workspace).read_text("utf-8")
    assert after.startswith(before)
    assert latest(read_journal(workspace))["anna/audit/a"].codes == ("y",)
    add_events(workspace, [event("a", "x")])
    assert journal_file(workspace).read_text("utf-8").startswith(after), "back to the first choice is news too"


def test_an_older_coding_never_undoes_a_newer_one(workspace: Workspace) -> None:
    corrected = event("a", "y", at="2022-11-02T10:00:00.000000Z")
    add_events(workspace, [event("a", "x"), corrected])
    before = journal_file(workspace).read_text("utf-8")
    old = [event("a", "x"), event("b")]
    assert compare_with(read_journal(workspace), old) == Compared((), ("a",))
    assert [found.answer_id for found in add_events(workspace, old)] == ["b"]
    assert latest(read_journal(workspace))["anna/audit/a"] == corrected
    journal_file(workspace).write_text(before + event("a", "x").line() + "\n", encoding="utf-8")
    assert latest(read_journal(workspace))["anna/audit/a"] == corrected, "whatever the order of the lines"
    newer = event("a", "z", at="2022-11-03T10:00:00.000000Z")
    assert compare_with(read_journal(workspace), [newer]) == Compared(("a",), ())
    assert add_events(workspace, [newer]) == [newer]


def test_a_line_that_was_cut_off_is_written_again(workspace: Workspace) -> None:
    add_events(workspace, [event("a"), event("b")])
    path = journal_file(workspace)
    path.write_text(path.read_text("utf-8")[:-30], encoding="utf-8")
    assert [found.answer_id for found in read_journal(workspace)] == ["a"]
    add_events(workspace, [event("a"), event("b")])
    assert [found.answer_id for found in read_journal(workspace)] == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"code": []}, "line 2: unknown field 'code'. Next: did you mean 'codes'"),
        ({"codes": "x"}, "line 2, codes: a value of the wrong kind; expected a list of code ids"),
        ({"codes": ["w"]}, "line 2: a code in 'codes' is not in the codebook"),
        ({"role": "boss"}, "line 2, role: a value of the wrong kind; expected one of audit, training, second"),
        ({"at": "gisteren"}, "line 2, at: a value of the wrong kind; expected an ISO 8601 time with a time zone"),
        ({"doubt": "ja"}, "line 2, doubt: a value of the wrong kind"),
        ({"inclusion_probability": 0}, "line 2, inclusion_probability"),
        ({"coder": None}, "line 2, coder"),
    ],
)  # fmt: skip
def test_a_damaged_line_is_named_without_its_content(
    workspace: Workspace, change: dict[str, Any], message: str
) -> None:
    add_events(workspace, [event("a")])
    bad = {**json.loads(event("geheim").line()), **change}
    with journal_file(workspace).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(bad) + "\n")
    with pytest.raises(ReviewError) as caught:
        read_journal(workspace)
    assert message in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_line_that_is_no_json(workspace: Workspace) -> None:
    add_events(workspace, [event("a")])
    path = journal_file(workspace)
    path.write_text("kapot\n" + path.read_text("utf-8"), encoding="utf-8")
    with pytest.raises(ReviewError, match="line 1: not valid JSON"):
        read_journal(workspace)


def test_the_last_coding_counts_and_a_decision_goes_first() -> None:
    early, late = event("a", "x"), event("a", "y", coder="bo", at="2022-11-02T10:00:00.000000Z")
    assert deciding([late, early])["a", "audit"] == late
    decided = event("a", "z", coder="chef", at="2022-11-01T11:00:00.000000Z", adjudicated=True)
    assert deciding([decided, late, early])["a", "audit"] == decided
    assert deciding([early, event("a", coder="bo", skipped=True)])["a", "audit"] == early
    assert deciding([event("a", "", problem="empty")]) == {}


def test_disagreement_is_a_conflict_until_it_is_decided() -> None:
    first, second = event("a", "x"), event("a", "y", coder="bo", role="second")
    assert [(c.answer_id, c.kind) for c in conflicts([first, second])] == [("a", "second_coder")]
    assert [c.kind for c in conflicts([first, event("a", "y", coder="bo")])] == ["two_annotations"]
    decided = event("a", "x", coder="chef", at="2022-11-03T10:00:00.000000Z", adjudicated=True)
    assert conflicts([first, second, decided]) == []
    later = event("a", "z", coder="bo", role="second", at="2022-11-04T10:00:00.000000Z")
    assert len(conflicts([first, later, decided])) == 1, "a newer coding opens it again"
    assert conflicts([first, event("a", "x", coder="bo", role="second")]) == []
    assert conflicts([first, event("a", "xy", coder="bo", judged=("x", "z"))]) == [], "y was not asked of both"


def test_reviewed_codings_hold_every_code_and_the_role_of_the_sample(workspace: Workspace) -> None:
    sampled(workspace, "a")
    sampled(workspace, "b", role="training")
    add_events(workspace, [event("a", "xy", role="training", doubt=True), event("b", "z"), event("never", "z")])
    table = reviewed_codings(workspace)
    assert applied(table, "q") == {("a", "audit"): {"x", "y"}, ("b", "training"): {"z"}, ("never", "training"): {"z"}}
    assert len(table) == 9
    assert table.loc[table["answer_id"] == "a", "doubt"].all()
    assert reviewed_codings(Workspace(workspace.folder / "leeg")).empty


def lines_of(made: Made, n: int, **more: Any) -> list[dict[str, Any]]:
    codebook = made.survey.codebook(made.survey.questions[0])
    return [
        {"answer_id": f"{1000 + i}:verbeter", "question": "verbeter", "codebook": codebook.digest, "codes": ["werk"],
         "coder": "demo", "role": "audit", "at": "2022-11-01T10:00:00+01:00", **more}
        for i in range(n)
    ]  # fmt: skip


def write_lines(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_a_short_line_is_enough_to_import(make_survey: Make, tmp_path: Path) -> None:
    made = make_survey(30)
    file = write_lines(tmp_path / "demo.jsonl", lines_of(made, 5, inclusion_probability=0.2))
    found = import_jsonl(made.workspace, made.survey, file)
    assert (found.n_read, found.n_new, found.n_not_drawn) == (5, 5, 0)
    table = reviewed_codings(made.workspace)
    assert list(applied(table, "verbeter").values()) == [{"werk"}] * 5
    assert set(table["role"]) == {"audit"}
    assert set(read_sample(made.workspace)["inclusion_probability"]) == {0.2}
    assert import_jsonl(made.workspace, made.survey, file).n_new == 0


def test_an_audit_line_without_a_known_chance_only_teaches(make_survey: Make, tmp_path: Path) -> None:
    made = make_survey(30)
    found = import_jsonl(made.workspace, made.survey, write_lines(tmp_path / "x.jsonl", lines_of(made, 3)))
    assert found.n_not_drawn == 3
    assert set(reviewed_codings(made.workspace)["role"]) == {"training"}


def test_what_is_exported_can_be_imported_elsewhere(make_survey: Make, tmp_path: Path) -> None:
    made, other = make_survey(30, title="een"), make_survey(30, title="ander")
    draw(made.workspace, made.survey, audit=10, by_group=True)
    ids = set(read_sample(made.workspace)["answer_id"])
    lines = [line for line in lines_of(made, 30) if line["answer_id"] in ids]
    import_jsonl(made.workspace, made.survey, write_lines(tmp_path / "in.jsonl", lines))
    assert export_jsonl(made.workspace, tmp_path / "uit.jsonl") == len(lines)
    import_jsonl(other.workspace, other.survey, tmp_path / "uit.jsonl")
    assert reviewed_codings(other.workspace).equals(reviewed_codings(made.workspace))
    mine = read_sample(made.workspace).merge(read_sample(other.workspace), on=["answer_id", "role"])
    assert (mine["inclusion_probability_x"] == mine["inclusion_probability_y"]).all()


def audit_of(made: Made) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the audit of `verbeter` and the shares that follow from it."""
    sample = read_sample(made.workspace)
    answers = read_table(made.workspace.path("answers.parquet"))
    shares = estimate_shares(all_codings(made.survey, made.workspace), sample, answers)
    audit = sample[(sample["question"] == "verbeter") & (sample["role"] == "audit")]
    figures = ["group", "code", "share", "low", "high", "n_reviewed", "flag"]
    return audit.reset_index(drop=True), shares.loc[shares["question"] == "verbeter", figures].reset_index(drop=True)


def code_drawn(made: Made, n: int, path: Path) -> Path:
    """Code the first n answers drawn, in random order and not all alike, and export the codings."""
    drawn = read_sample(made.workspace).query("question == 'verbeter' and role == 'audit'")["answer_id"]
    ids = in_random_order(drawn, made.survey.seed, "audit")[:n]
    rest = lines_of(made, 1)[0] | {"seconds": 3.0}
    lines = [rest | {"answer_id": key, "codes": ["werk", "tijd", "anders"][i % 3 :][:1]} for i, key in enumerate(ids)]
    import_jsonl(made.workspace, made.survey, write_lines(path, lines))
    assert export_jsonl(made.workspace, path) == n
    return path


@pytest.mark.parametrize("by_group", [False, True])
@pytest.mark.parametrize("n", [25, 60])
def test_codings_of_a_larger_audit_give_the_same_shares_whatever_was_drawn_first(
    make_survey: Make, tmp_path: Path, by_group: bool, n: int
) -> None:
    made, alone, drawn, later = (make_survey(120) for _ in range(4))
    draw(made.workspace, made.survey, audit=60, by_group=by_group, questions=["verbeter"])
    file = code_drawn(made, n, tmp_path / "x.jsonl")
    for other in (alone, drawn, later):
        if other is drawn:
            draw(other.workspace, other.survey, audit=20, by_group=by_group, questions=["verbeter"])
        import_jsonl(other.workspace, other.survey, file)
        if other is later:
            draw(other.workspace, other.survey, audit=20, by_group=by_group, questions=["verbeter"])
        assert came_later(other.workspace) == {}
        for mine, theirs in zip(audit_of(made), audit_of(other), strict=True):
            pd.testing.assert_frame_equal(mine, theirs)


def test_codings_of_a_smaller_audit_leave_the_larger_one_as_it_is(make_survey: Make, tmp_path: Path) -> None:
    made, other = make_survey(120), make_survey(120)
    draw(made.workspace, made.survey, audit=20, questions=["verbeter"])
    draw(other.workspace, other.survey, audit=60, questions=["verbeter"])
    before = read_sample(other.workspace)
    import_jsonl(other.workspace, other.survey, code_drawn(made, 20, tmp_path / "x.jsonl"))
    pd.testing.assert_frame_equal(read_sample(other.workspace), before)


@pytest.mark.parametrize("how", ["by_group", "seed", "seed, as many"])
def test_codings_of_another_audit_than_the_one_drawn_here_are_refused(
    make_survey: Make, tmp_path: Path, how: str
) -> None:
    made, other = (
        make_survey(120, yaml=SURVEY if how == "by_group" else SURVEY.replace("seed: 7", "seed: 8")),
        make_survey(120),
    )
    draw(made.workspace, made.survey, audit=60, by_group=how == "by_group", questions=["verbeter"])
    draw(other.workspace, other.survey, audit=60 if how == "seed, as many" else 20, questions=["verbeter"])
    before = read_sample(other.workspace)
    with pytest.raises(ReviewError, match="x.jsonl: audit of verbeter: another audit than the one drawn here"):
        import_jsonl(other.workspace, other.survey, code_drawn(made, 60, tmp_path / "x.jsonl"))
    assert read_sample(other.workspace).equals(before)
    assert read_journal(other.workspace) == []


def test_parts_of_one_audit_in_older_files_come_together(make_survey: Make, tmp_path: Path) -> None:
    made, other = make_survey(120), make_survey(120)
    draw(made.workspace, made.survey, audit=60, questions=["verbeter"])
    lines = code_drawn(made, 60, tmp_path / "x.jsonl").read_text("utf-8").splitlines()
    for part in (lines[::2], lines[1::2]):  # without the open draws, as older versions wrote them
        (tmp_path / "deel.jsonl").write_text("\n".join(part) + "\n", encoding="utf-8")
        import_jsonl(other.workspace, other.survey, tmp_path / "deel.jsonl")
    for mine, theirs in zip(audit_of(made), audit_of(other), strict=True):
        pd.testing.assert_frame_equal(mine, theirs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"code": []}, "line 3: unknown field 'code' of an open draw"),
        ({"role": "boss"}, "line 3, role: a value of the wrong kind"),
        ({"inclusion_probability": None}, "line 3: field 'inclusion_probability' is missing"),
        ({"answer_id": "9:verbeter"}, "no answer 9:verbeter to verbeter"),
    ],
)  # fmt: skip
def test_an_open_draw_that_does_not_fit_is_named(
    make_survey: Make, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    made = make_survey(30)
    draw = {"answer_id": "1003:verbeter", "question": "verbeter", "role": "audit", "inclusion_probability": 0.2,
            "stratum": "verbeter", "open": True}  # fmt: skip
    file = write_lines(tmp_path / "x.jsonl", [*lines_of(made, 2, inclusion_probability=0.2), {**draw, **change}])
    with pytest.raises(ReviewError) as caught:
        import_jsonl(made.workspace, made.survey, file)
    assert message in str(caught.value)
    assert read_sample(made.workspace).equals(empty_sample())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": "verbetr"}, "no question 'verbetr' in this survey. Next: did you mean 'verbeter'"),
        ({"answer_id": "9:verbeter"}, "no answer 9:verbeter to verbeter"),
        ({"codebook": "0" * 16}, "coded with another version of the codebook"),
        ({"codes": ["wek"]}, "not in the codebook it was coded with"),
    ],
)  # fmt: skip
def test_a_line_that_does_not_fit_stops_the_whole_import(
    make_survey: Make, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    made = make_survey(30)
    lines = [*lines_of(made, 2), {**lines_of(made, 3)[2], **change}]
    with pytest.raises(ReviewError, match="line 3|coding 3") as caught:
        import_jsonl(made.workspace, made.survey, write_lines(tmp_path / "x.jsonl", lines))
    assert message in str(caught.value)
    assert read_journal(made.workspace) == []
    assert read_sample(made.workspace).equals(empty_sample())


def retype(made: Made, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Change the answers, as a run on another version of the file would."""
    path = made.workspace.path("answers.parquet")
    write_table(path, change(read_table(path)))


def move_texts(answers: pd.DataFrame) -> pd.DataFrame:
    """As after a row was inserted on top: every id stands for the text above it."""
    return answers.assign(text=answers["text"].shift(1, fill_value="Een nieuw antwoord"))


def test_a_coding_does_not_count_for_another_text(make_survey: Make, tmp_path: Path) -> None:
    made = make_survey(30)
    file = write_lines(tmp_path / "x.jsonl", lines_of(made, 5, inclusion_probability=0.2))
    import_jsonl(made.workspace, made.survey, file)
    before = read_table(made.workspace.path("answers.parquet"))
    retype(made, move_texts)
    assert reviewed_codings(made.workspace).empty
    assert len(lost(current_events(made.workspace)).changed) == 5
    assert import_jsonl(made.workspace, made.survey, file).n_new == 0
    assert reviewed_codings(made.workspace).empty, "importing it again does not vouch for the new texts"
    retype(made, lambda _: before)
    assert reviewed_codings(made.workspace)["answer_id"].nunique() == 5
    assert lost(current_events(made.workspace)) == Lost()


def test_a_coding_of_an_answer_that_is_gone_does_not_count(make_survey: Make, tmp_path: Path) -> None:
    made = make_survey(30)
    lines = lines_of(made, 5, inclusion_probability=0.2)
    import_jsonl(made.workspace, made.survey, write_lines(tmp_path / "x.jsonl", lines))
    retype(made, lambda answers: answers.assign(answer_id=answers["answer_id"].str.replace(":verbeter", ":beter")))
    assert reviewed_codings(made.workspace).empty
    assert lost(current_events(made.workspace)).gone == tuple(line["answer_id"] for line in lines)


def test_a_journal_without_fingerprints_is_taken_at_its_word(make_survey: Make) -> None:
    made = make_survey(30)
    sampled(made.workspace, "1000:verbeter")
    add_events(made.workspace, [event("1000:verbeter")])
    retype(made, move_texts)
    assert set(reviewed_codings(made.workspace)["answer_id"]) == {"1000:verbeter"}


def test_a_fingerprint_tells_nothing_without_the_key_that_stays_here(workspace: Workspace, tmp_path: Path) -> None:
    prints, elsewhere = Fingerprints(workspace), Fingerprints(Workspace(tmp_path / "elders"))
    made = prints.of("Goed.")
    assert made == Fingerprints(workspace).of("Goed.") != elsewhere.of("Goed.")
    assert not elsewhere.differs(made, "Slecht.")
    assert Fingerprints(workspace).differs(made, "Slecht.")
    assert workspace.path("review", "fingerprint.key").stat().st_mode & 0o777 == 0o600


def test_a_login_in_a_file_stays_out_of_the_journal(make_survey: Make, tmp_path: Path) -> None:
    made = make_survey(30)
    lines = lines_of(made, 2, coder="anna@gemeente.nl") + lines_of(made, 3, coder="coder-0a1b2c3d")[2:]
    lines[1]["annotation"] = "excel/anna@gemeente.nl/first/1001:verbeter"
    import_jsonl(made.workspace, made.survey, write_lines(tmp_path / "x.jsonl", lines))
    assert "anna" not in journal_file(made.workspace).read_text("utf-8")
    first, second, third = read_journal(made.workspace)
    assert (first.coder, third.coder) == (second.coder, "coder-0a1b2c3d")
    assert Coders(made.workspace).login(first.coder) == "anna@gemeente.nl"


def test_an_annotation_without_a_time_leaves_a_journal_that_can_be_read(workspace: Workspace) -> None:
    assert coded_at({"created_at": "2022-11-01T10:00:00Z"}) == "2022-11-01T10:00:00.000000Z"
    add_events(workspace, [event("a", "x", at=coded_at({})), event("a", "y", coder="bo")])
    assert deciding(read_journal(workspace))["a", "audit"].codes == ("y",), "a coding with a time is newer"


def test_a_file_that_someone_handed_over_is_whole(make_survey: Make, tmp_path: Path) -> None:
    made = make_survey(30)
    file = write_lines(tmp_path / "x.jsonl", lines_of(made, 3))
    whole = file.read_text("utf-8")
    for content, message in (
        (whole[:-30], "line 3: not valid JSON"),
        ("dit is geen JSON", "line 1: not valid JSON"),
        ("", "no codings in it"),
        ("\n\n", "no codings in it"),
    ):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(ReviewError) as caught:
            import_jsonl(made.workspace, made.survey, file)
        assert message in str(caught.value)
        assert "Next: ask for the file that 'duiding review export' wrote" in str(caught.value)
    assert read_journal(made.workspace) == []


@pytest.mark.parametrize("content", ["{", "[]", '{"salt": "x"}'])
def test_a_damaged_list_of_coders_is_not_taken_for_an_empty_one(workspace: Workspace, content: str) -> None:
    """With another salt everybody would get another name: anna's second coding would be another person's."""
    file = workspace.path("review", "coders.json")
    coders = Coders(workspace)
    coders.name("anna")
    coders.save()
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ReviewError, match=r"coders\.json: damaged.*restore it from a copy"):
        Coders(workspace)
    assert file.read_text(encoding="utf-8") == content


def test_damaged_notes_are_not_written_over(workspace: Workspace) -> None:
    file = workspace.path("review", "notes.json")
    coded = event(note=True)
    keep_notes(workspace, [coded], {coded.annotation: "eerst"}, list)
    file.write_text(file.read_text("utf-8")[:-3], encoding="utf-8")
    with pytest.raises(ReviewError, match=r"notes\.json: damaged"):
        keep_notes(workspace, [coded], {coded.annotation: "later"}, list)
    assert "eerst" in file.read_text("utf-8")


def test_a_line_about_no_answer_of_this_survey_is_named(make_survey: Make, tmp_path: Path) -> None:
    made = make_survey(30)
    first, second = lines_of(made, 2)
    file = write_lines(tmp_path / "x.jsonl", [first, second | {"answer_id": "9:verbeter"}])
    file.write_text("\n" + file.read_text("utf-8"), encoding="utf-8")
    with pytest.raises(ReviewError, match="x.jsonl: line 3: no answer 9:verbeter to verbeter"):
        import_jsonl(made.workspace, made.survey, file)


def test_a_time_before_there_was_one_in_utc_is_no_time() -> None:
    assert utc("0001-01-01T00:00:00+05:00") == ""


def test_an_older_note_undoes_nothing_and_one_that_was_removed_goes(workspace: Workspace) -> None:
    def keep(at: str, text: str, clean: Any = list) -> dict[str, str]:
        coded = event(at=f"2022-11-0{at}T10:00:00.000000Z", note=bool(text))
        keep_notes(workspace, [coded], {coded.annotation: text} if text else {}, clean)
        path = workspace.path("review", "notes.json")
        kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return {key: found["note"] for key, found in kept.items() if found["note"]}

    name = "anna/audit/a"
    assert keep("1", "") == {}
    assert keep("2", "nieuw") == {name: "nieuw"}
    assert keep("1", "oud") == {name: "nieuw"}
    assert keep("1", "") == {name: "nieuw"}
    assert keep("3", "", None) == {name: "nieuw"}, "notes are left alone where they can't be pseudonymised"
    assert keep("3", "") == {}
    assert keep("2", "nieuw") == {}, "an older file does not bring it back"
    assert keep("4", "weer") == {name: "weer"}
    workspace.path("review", "notes.json").write_text(json.dumps({name: "van vroeger"}), encoding="utf-8")
    assert keep("1", "oud") == {name: "oud"}, "of a note without a time any coding is as new"
