"""The review as people do it, on a real Label Studio: push, code, pull, disagree, decide, change the codebook."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import yaml
from label_studio_sdk import LabelStudio

from pipeline.bundled import bundled
from pipeline.config import Question, load_survey
from pipeline.errors import ReviewError
from pipeline.review.adjudicate import adjudicate, open_conflicts
from pipeline.review.client import TOKEN_VARIABLE, address
from pipeline.review.draw import draw
from pipeline.review.events import journal_file, read_journal
from pipeline.review.labeling import DOUBT, REASONS, TEXT, to_result
from pipeline.review.projects import export_tasks, find_projects
from pipeline.review.pull import pull
from pipeline.review.push import push
from pipeline.review.reviewed import reviewed_codings
from pipeline.review.sample import read_sample
from pipeline.workspace import Workspace

from .conftest import SURVEY, Colleague, Made, applied, choice, code_survey, project_of, tasks_of

pytestmark = pytest.mark.server
Make = Callable[..., Made]
Sign = Callable[[str], Colleague]


def doubt() -> dict[str, Any]:
    return {"from_name": DOUBT, "to_name": TEXT, "type": "choices", "value": {"choices": [DOUBT]}}


def test_two_reviewers_get_back_exactly_what_they_coded(make_survey: Make, colleague: Sign) -> None:
    made = make_survey(40)
    draw(made.workspace, made.survey, audit=12, training=4, second=0.5)
    anna, bo = colleague("anna"), colleague("bo")
    pushed = push(made.workspace, made.survey, reviewers=["anna", "bo"])
    assert sorted((p.question, p.kind, p.added) for p in pushed) == [
        ("ervaring", "main", 16), ("ervaring", "second", 6), ("verbeter", "main", 16), ("verbeter", "second", 6),
    ]  # fmt: skip
    given: dict[str, dict[tuple[str, str], set[str]]] = {}
    sample = read_sample(made.workspace)
    coded = {"verbeter": ["informatie", "tijd"], "ervaring": ["negatief", "duurt-lang", "informatie"]}
    for question, codes in coded.items():
        page = choice(made, question)
        roles = sample[sample["question"] == question].set_index("answer_id")["role"]
        given[question] = {}
        for kind, who in (("main", anna), ("second", bo)):
            for i, (answer_id, task) in enumerate(sorted(tasks_of(made, question, kind).items())):
                chosen = codes[: 2 + i % 2] if kind == "main" else codes[:2]
                who.code(task, [*to_result(page, chosen), *([doubt()] if i == 0 else [])])
                role = "second" if kind == "second" else next(r for r in roles.loc[[answer_id]] if r != "second")
                given[question][answer_id, role] = {*chosen, *page.fixed}
    first = pull(made.workspace, made.survey)
    assert sum(len(one.news) for one in first) == 44
    table = reviewed_codings(made.workspace)
    for question, expected in given.items():
        assert applied(table, question) == expected
        codebook = choice(made, question).codebook
        per_answer = table[table["question"] == question].groupby(["answer_id", "role"])["code"].agg(set)
        assert all(codes == set(codebook.by_id) for codes in per_answer), "one row per code of the codebook"
    assert table.loc[table["role"] == "second", "origin"].unique().tolist() == ["manual"]
    assert set(table["origin"]) == {"changed", "manual"}
    assert table.groupby("question")["doubt"].any().all()
    assert str(table["at"].dtype).endswith("UTC]")
    assert "voorbeeld.nl" not in journal_file(made.workspace).read_text(encoding="utf-8")

    before = journal_file(made.workspace).read_bytes()
    assert not any(one.news for one in pull(made.workspace, made.survey))
    assert journal_file(made.workspace).read_bytes() == before
    again = push(made.workspace, made.survey)
    assert all((p.added, p.renewed, p.predictions) == (0, 0, 0) for p in again)


def test_the_second_coder_sees_neither_machine_nor_first_coder(make_survey: Make, analyst: LabelStudio) -> None:
    made = make_survey(30)
    draw(made.workspace, made.survey, audit=10, second=1.0, questions=["verbeter"])
    push(made.workspace, made.survey, reviewers=["anna", "bo"])
    main, second = project_of(made, "verbeter"), project_of(made, "verbeter", "second")
    assert main != second
    assert analyst.predictions.list(project=second) == []
    assert len(analyst.predictions.list(project=main)) == 10
    data = {kind: {t.data["answer_id"]: t.data["codeur"] for t in analyst.tasks.list(project=number)}
            for kind, number in (("first", main), ("second", second))}  # fmt: skip
    assert all(data["first"][key] != data["second"][key] for key in data["second"]), "nobody codes an answer twice"
    views = {str(view.data["title"]) for view in analyst.views.list(project=main)}
    assert {"anna: steekproef", "bo: steekproef", "Overgeslagen", "Twijfel"} <= views


def test_reasons_go_where_machine_codes_go_and_nowhere_else(
    make_survey: Make, analyst: LabelStudio, colleague: Sign
) -> None:
    made = make_survey(30)
    draw(made.workspace, made.survey, audit=6, second=1.0, questions=["verbeter"])

    def explain(question: Question, texts: Mapping[str, str], codes: Mapping[str, Sequence[str]]) -> dict[str, str]:
        return {key: f"{version}: {', '.join(codes[key])} door ‘{text.split()[0]}’" for key, text in texts.items()}

    def on_server(kind: str) -> tuple[dict[str, str | None], bool]:
        project = find_projects(analyst, address(made.workspace), made.survey)["verbeter", kind]
        listed = analyst.tasks.list(project=project.id)
        return {task.data["answer_id"]: task.data.get(REASONS) for task in listed}, "<Collapse" in project.config

    version = "m1"
    main, second = push(made.workspace, made.survey, explain=explain)
    assert (main.added, second.added) == (6, 6)
    reasons, panel = on_server("main")
    assert panel
    assert all(str(text).startswith("m1: ") for text in reasons.values())
    assert on_server("second") == (dict.fromkeys(reasons), False), "the second coder sees no reasons"
    again = push(made.workspace, made.survey, explain=explain)
    assert all((p.added, p.renewed, p.predictions) == (0, 0, 0) for p in again), "the same reasons change nothing"

    anna, bo, page = colleague("anna"), colleague("bo"), choice(made, "verbeter")
    tasks = tasks_of(made, "verbeter")
    one = min(tasks)
    anna.code(tasks[one], to_result(page, ["werk"]))
    bo.code(tasks_of(made, "verbeter", "second")[one], to_result(page, ["tijd"]))
    pull(made.workspace, made.survey)
    version = "m2"
    assert push(made.workspace, made.survey, explain=explain)[0].renewed == 6
    assert all(str(text).startswith("m2: ") for text in on_server("main")[0].values())
    assert not any(pulled.news for pulled in pull(made.workspace, made.survey)), "what was coded is left alone"

    assert adjudicate(made.workspace, made.survey)[0].added == 1
    assert on_server("decide") == ({one: None}, False), "nor does who decides"
    with pytest.raises(ReviewError, match="show the machine's codes already"):
        push(made.workspace, made.survey, blind=True, explain=explain)
    assert on_server("main")[1], "nothing was changed"
    assert applied(reviewed_codings(made.workspace), "verbeter")[one, "audit"] == {"werk"}
    assert tasks_of(made, "verbeter") == tasks


def test_answers_with_markup_arrive_as_they_are(make_survey: Make, analyst: LabelStudio) -> None:
    made = make_survey(30)
    draw(made.workspace, made.survey, audit=27, questions=["verbeter"])
    push(made.workspace, made.survey)
    texts = {t.data["answer_id"]: t.data["antwoord"] for t in analyst.tasks.list(project=project_of(made, "verbeter"))}
    assert "<script>" in texts["1000:verbeter"]
    assert "😀" in texts["1000:verbeter"]


def test_a_new_model_renews_predictions_and_keeps_annotations(
    make_survey: Make, analyst: LabelStudio, colleague: Sign
) -> None:
    made = make_survey(30)
    draw(made.workspace, made.survey, audit=10, questions=["verbeter"])
    push(made.workspace, made.survey)
    tasks = tasks_of(made, "verbeter")
    one = min(tasks)
    colleague("anna").code(tasks[one], to_result(choice(made, "verbeter"), ["werk"]))
    code_survey(made, 30, model="m2", seed=99)
    pushed = push(made.workspace, made.survey)[0]
    assert (pushed.added, pushed.predictions) == (0, 10)
    assert push(made.workspace, made.survey)[0].predictions == 0
    assert (analyst.projects.get(id=project_of(made, "verbeter")).model_version or "").startswith("m2+")
    pull(made.workspace, made.survey)
    assert applied(reviewed_codings(made.workspace), "verbeter")[one, "audit"] == {"werk"}


def test_the_codebook_may_change_but_not_lose_a_code_in_use(
    make_survey: Make, analyst: LabelStudio, colleague: Sign
) -> None:
    made = make_survey(30)
    folder = made.survey.file.parent
    book = yaml.safe_load(bundled("annotations", "codebooks", "participatiewet-verbeter.yaml").read_text("utf-8"))
    mine = folder / "eigen.yaml"
    text = SURVEY.format(title=made.survey.title).replace("participatiewet-verbeter", "eigen.yaml")

    def edit(change: Callable[[list[dict[str, Any]]], object]) -> Made:
        change(book["codes"])
        mine.write_text(yaml.safe_dump(book, allow_unicode=True), encoding="utf-8")
        (folder / "survey.yaml").write_text(text, encoding="utf-8")
        survey = load_survey(folder)
        return Made(survey, Workspace(survey.workspace_path))

    made = edit(lambda codes: None)
    draw(made.workspace, made.survey, audit=10, questions=["verbeter"])
    push(made.workspace, made.survey)
    tasks = tasks_of(made, "verbeter")
    one = min(tasks)
    colleague("anna").code(tasks[one], to_result(choice(made, "verbeter"), ["wisselingen", "werk"]))

    wider = edit(lambda codes: codes.insert(0, {"id": "nieuw", "label": "Nieuwe code"}))
    push(wider.workspace, wider.survey)
    table = reviewed_codings(wider.workspace)
    assert applied(table, "verbeter") == {(one, "audit"): {"wisselingen", "werk"}}, "pulled before the page changed"
    assert "nieuw" not in set(table["code"]), "the coder was not asked about a code that came later"

    without = edit(lambda codes: codes.remove(next(c for c in codes if c["id"] == "wisselingen")))
    journal = journal_file(without.workspace).read_bytes()
    with pytest.raises(ReviewError, match=r"wisselingen \(1\)"):
        push(without.workspace, without.survey)
    assert journal_file(without.workspace).read_bytes() == journal
    assert "wisselingen" in set(reviewed_codings(without.workspace).query("applied")["code"])

    unused = edit(lambda codes: codes.append({"id": "wisselingen", "label": "Minder wisselingen klantmanagers"}))
    unused = edit(lambda codes: codes.remove(next(c for c in codes if c["id"] == "tijd")))
    push(unused.workspace, unused.survey)
    where = address(unused.workspace)
    config = find_projects(analyst, where, unused.survey)["verbeter", "main"].config
    assert 'alias="tijd"' not in config
    assert 'alias="nieuw"' in config


def test_disagreements_are_decided_and_the_decision_counts(
    make_survey: Make, analyst: LabelStudio, colleague: Sign
) -> None:
    made = make_survey(30)
    draw(made.workspace, made.survey, audit=6, second=1.0, questions=["verbeter"])
    push(made.workspace, made.survey)
    anna, bo, chief = colleague("anna"), colleague("bo"), colleague("chef")
    page = choice(made, "verbeter")
    first, second = tasks_of(made, "verbeter"), tasks_of(made, "verbeter", "second")
    apart, *same = sorted(first)
    for answer_id in first:
        anna.code(first[answer_id], to_result(page, ["werk"]))
        bo.code(second[answer_id], to_result(page, ["tijd"] if answer_id == apart else ["werk"]))
    twice = same[0]
    bo.code(first[twice], to_result(page, ["informatie"]))
    pull(made.workspace, made.survey)
    assert [(c.answer_id, c.kind) for c in open_conflicts(made.workspace)] == [
        (apart, "second_coder"), (twice, "second_coder"),
    ]  # fmt: skip
    assert adjudicate(made.workspace, made.survey)[0].added == 2
    assert adjudicate(made.workspace, made.survey)[0].added == 0
    decide = tasks_of(made, "verbeter", "decide")
    shown = analyst.tasks.get(id=str(decide[apart])).data or {}
    assert {shown["codering_a"][:1], shown["codering_b"][:1]} == {"A", "B"}
    for task in decide.values():
        chief.code(task, to_result(page, ["tijd", "werk"]))
    pull(made.workspace, made.survey)
    assert open_conflicts(made.workspace) == []
    table = applied(reviewed_codings(made.workspace), "verbeter")
    assert table[apart, "audit"] == table[twice, "audit"] == {"tijd", "werk"}
    assert table[apart, "second"] == {"tijd"}, "the blind coding itself stays as it was"
    assert adjudicate(made.workspace, made.survey) == []


def test_what_cannot_count_is_kept_and_named(make_survey: Make, colleague: Sign) -> None:
    made = make_survey(30)
    draw(made.workspace, made.survey, audit=8, questions=["verbeter"])
    push(made.workspace, made.survey)
    anna, page = colleague("anna"), choice(made, "verbeter")
    tasks = sorted(tasks_of(made, "verbeter").items())
    anna.code(tasks[0][1], [])
    bad = to_result(page, ["werk"])
    bad[0]["value"]["choices"] = ["bestaat-niet"]
    mended = anna.code(tasks[1][1], bad)
    anna.code(tasks[2][1], [], was_cancelled=True)
    note = {"from_name": "notitie", "to_name": TEXT, "type": "textarea", "value": {"text": ["Mevrouw Jansen belde"]}}
    anna.code(tasks[3][1], [*to_result(page, ["werk"]), note])
    pulled = pull(made.workspace, made.survey, clean_notes=lambda notes: ["[naam] belde" for _ in notes])
    assert {(event.answer_id, event.problem) for event in pulled[0].wrong} == {
        (tasks[0][0], "empty"), (tasks[1][0], "unknown_code"),
    }  # fmt: skip
    by_answer = {event.answer_id: event for event in read_journal(made.workspace)}
    assert by_answer[tasks[2][0]].skipped
    assert by_answer[tasks[3][0]].note
    assert set(reviewed_codings(made.workspace)["answer_id"]) == {tasks[3][0]}
    everything = "".join(p.read_text("utf-8") for p in made.workspace.path("review").glob("*.json*"))
    assert "Jansen" not in everything
    assert "[naam] belde" in (made.workspace.path("review", "notes.json")).read_text("utf-8")
    anna.client.annotations.update(id=mended.id, result=to_result(page, ["werk"]))
    assert [event.problem for event in pull(made.workspace, made.survey)[0].news] == [""]
    assert tasks[1][0] in set(reviewed_codings(made.workspace)["answer_id"])
    lines = journal_file(made.workspace).read_text("utf-8").splitlines()
    assert len(lines) == 5, "the first try stays in the journal"
    assert all("antwoord" not in json.loads(line) for line in lines)


@pytest.mark.filterwarnings("ignore:The `parse_obj` method is deprecated")  # in the SDK
def test_a_personal_access_token_works_until_it_is_withdrawn(
    make_survey: Make, colleague: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_survey(30)
    anna = colleague("anna")
    draw(made.workspace, made.survey, audit=5, questions=["verbeter"])
    monkeypatch.setenv(TOKEN_VARIABLE, anna.personal_token)
    assert push(made.workspace, made.survey)[0].added == 5
    anna.client.tokens.blacklist(refresh=anna.personal_token)
    with pytest.raises(ReviewError, match="token is refused"):
        pull(made.workspace, made.survey)


def test_a_project_deleted_by_hand_is_made_again_without_losing_work(
    make_survey: Make, analyst: LabelStudio, colleague: Sign
) -> None:
    made = make_survey(30)
    draw(made.workspace, made.survey, audit=8, questions=["verbeter"])
    push(made.workspace, made.survey)
    anna, page = colleague("anna"), choice(made, "verbeter")
    for _, task in sorted(tasks_of(made, "verbeter").items())[:3]:
        anna.code(task, to_result(page, ["werk"]))
    pull(made.workspace, made.survey)
    analyst.projects.delete(id=project_of(made, "verbeter"))
    with pytest.raises(ReviewError, match="verbeter .*not on the server.*duiding review push"):
        pull(made.workspace, made.survey)
    pushed = push(made.workspace, made.survey)[0]
    assert (pushed.added, pushed.coded_before) == (5, 3)
    pull(made.workspace, made.survey)
    assert reviewed_codings(made.workspace)["answer_id"].nunique() == 3


def test_the_audit_grows_without_losing_anyone(make_survey: Make, colleague: Sign) -> None:
    made = make_survey(40)
    draw(made.workspace, made.survey, audit=8, questions=["verbeter"])
    push(made.workspace, made.survey, reviewers=["anna"])
    before = set(tasks_of(made, "verbeter"))
    draw(made.workspace, made.survey, audit=14, questions=["verbeter"])
    pushed = push(made.workspace, made.survey, reviewers=["anna"])[0]
    assert (pushed.there, pushed.added, pushed.renewed) == (8, 6, 0)
    assert before < set(tasks_of(made, "verbeter"))


def test_what_a_push_left_double_is_cleared_up(make_survey: Make, analyst: LabelStudio) -> None:
    made = make_survey(30)
    draw(made.workspace, made.survey, audit=6, questions=["verbeter"])
    push(made.workspace, made.survey)
    where = address(made.workspace)
    project = find_projects(analyst, where, made.survey)["verbeter", "main"]
    tasks = tasks_of(made, "verbeter")
    again: list[Any] = [{"data": analyst.tasks.get(id=str(number)).data} for number in tasks.values()]
    analyst.projects.import_tasks(id=project.id, request=again)
    push(made.workspace, made.survey)
    assert tasks_of(made, "verbeter") == tasks
    assert export_tasks(analyst, where, project) == []
