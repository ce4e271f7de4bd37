"""Push and pull on a server in memory: everybody's work is seen, blind stays blind, nothing changes in silence."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from pipeline.errors import ReviewError
from pipeline.review import pull as pull_module
from pipeline.review import push as push_module
from pipeline.review.client import Address
from pipeline.review.draw import draw
from pipeline.review.labeling import to_result
from pipeline.review.pull import pull
from pipeline.review.push import push
from pipeline.review.reviewed import reviewed_codings
from pipeline.review.views import decision_views
from pipeline.workspace import read_table, write_table

from .conftest import Made, choice
from .fake_server import FakeServer

Make = Callable[..., Made]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    """A server in memory that push and pull talk to."""
    found = FakeServer()

    @contextlib.contextmanager
    def connected(where: Address) -> Iterator[FakeServer]:
        yield found

    for module in (push_module, pull_module):
        monkeypatch.setattr(module, "connected", connected)
        monkeypatch.setattr(module, "address", lambda workspace: Address("http://fake", "t", own=False))
    return found


@pytest.fixture
def made(make_survey: Make, fake: FakeServer) -> Made:
    found = make_survey(60)
    draw(found.workspace, found.survey, audit=12, second=0.5, questions=["verbeter"])
    return found


def coders(fake: FakeServer, kind: str = "main") -> dict[str, str]:
    return {key: task["data"]["codeur"] for key, task in fake.of(fake.project("verbeter", kind)).items()}


def test_a_question_that_is_not_there_is_named_with_those_that_are(made: Made, fake: FakeServer) -> None:
    with pytest.raises(ReviewError, match="--question: no question 'nee'. Next: use one of: ervaring, verbeter"):
        push(made.workspace, made.survey, questions=["verbeter", "nee"])
    assert not fake.made


def test_new_work_goes_to_the_reviewers_of_earlier_pushes_when_nobody_is_named(made: Made, fake: FakeServer) -> None:
    push(made.workspace, made.survey, reviewers=["anna", "bo"])
    before = coders(fake)
    draw(made.workspace, made.survey, audit=20, questions=["verbeter"])
    main, _ = push(made.workspace, made.survey)
    assert main.divided_as_before == ("anna", "bo")
    assert Counter(coders(fake).values()) == {"anna": 10, "bo": 10}
    assert before.items() <= coders(fake).items()
    assert push(made.workspace, made.survey)[0].divided_as_before == ()


def test_work_of_nobody_has_a_view(make_survey: Make, fake: FakeServer) -> None:
    made = make_survey(60)
    draw(made.workspace, made.survey, audit=12, questions=["verbeter"])
    assert set(push(made.workspace, made.survey, reviewers=["anna"])[0].links) == {"anna: steekproef"}
    draw(made.workspace, made.survey, second=0.5, questions=["verbeter"])
    _, second = push(made.workspace, made.survey)
    assert set(coders(fake, "second").values()) == {""}, "not anna's own"
    assert set(second.links) == {"Tweede codering"}
    first, *_ = fake.of(fake.project("verbeter", "second")).values()
    first["data"]["codeur"] = "bo"
    for task in fake.of(fake.project("verbeter")).values():
        task["data"]["codeur"] = "bo" if task["data"]["answer_id"] != first["data"]["answer_id"] else "anna"
    _, second = push(made.workspace, made.survey)
    assert set(second.links) == {"bo: tweede codering", "Tweede codering"}


def test_a_second_coding_asked_later_goes_crosswise_to_the_first_coders(made: Made, fake: FakeServer) -> None:
    push(made.workspace, made.survey, reviewers=["anna", "bo"], questions=["verbeter"])
    first, second = coders(fake), coders(fake, "second")
    assert all(second[key] != first[key] for key in second)


def test_one_person_is_not_first_and_second_coder(made: Made, fake: FakeServer) -> None:
    with pytest.raises(ReviewError, match="anna would be first and second coder of 6 answers.*name two or more"):
        push(made.workspace, made.survey, reviewers=["anna"])
    assert not fake.saved, "nothing was sent"
    push(made.workspace, made.survey, reviewers=["anna", "bo"])
    for task in fake.of(fake.project("verbeter")).values():
        task["data"]["codeur"] = "bo"
        fake.code(task, to_result(choice(made, "verbeter"), ["werk"]))
    push(made.workspace, made.survey, reviewers=["anna"])
    assert set(coders(fake, "second").values()) == {"anna"}, "who coded none of them first may code them second"


def test_blind_stays_blind(made: Made, fake: FakeServer) -> None:
    assert push(made.workspace, made.survey, blind=True)[0].blind
    assert fake.guesses == []
    assert fake.made[fake.project("verbeter")].show_collab_predictions is False
    again = push(made.workspace, made.survey)
    assert again[0].blind, "as it was made, whoever pushes later"
    assert fake.guesses == []


def test_what_showed_machine_codes_cannot_become_blind(made: Made, fake: FakeServer) -> None:
    push(made.workspace, made.survey)
    assert len(fake.guesses) == 12
    with pytest.raises(ReviewError, match="show the machine's codes already.*leave --blind out"):
        push(made.workspace, made.survey, blind=True)


def test_a_skip_that_was_coded_afterwards_is_named(made: Made, fake: FakeServer) -> None:
    push(made.workspace, made.survey, reviewers=["anna", "bo"])
    (one, task), (_, other), *_ = fake.of(fake.project("verbeter")).items()
    page = choice(made, "verbeter")
    guess = {"result": to_result(page, ["werk"])}
    skip = fake.code(task, to_result(page, ["werk"]), was_cancelled=True, prediction=guess)
    fake.code(other, to_result(page, ["werk"]), was_cancelled=True, prediction=guess)
    assert pull(made.workspace, made.survey)[0].coded_skips == (), "skipped with the machine's codes as they stood"
    skip["result"] = to_result(page, ["werk", "tijd"])
    found = pull(made.workspace, made.survey)[0]
    assert (found.news, found.coded_skips) == ((), (one,))
    skip |= {"result": to_result(page, ["werk"]), "updated_at": "2022-11-01T10:05:00.000000Z"}
    assert pull(made.workspace, made.survey)[0].coded_skips == (one,), "saved again, with the machine's codes"
    skip |= {"was_cancelled": False}
    found = pull(made.workspace, made.survey)[0]
    assert (len(found.news), found.coded_skips) == (1, ())
    assert set(reviewed_codings(made.workspace)["answer_id"]) == {one}


def test_a_coding_deleted_on_the_server_is_named_and_counts(made: Made, fake: FakeServer) -> None:
    push(made.workspace, made.survey, reviewers=["anna", "bo"])
    (one, task), (_, other), *_ = fake.of(fake.project("verbeter")).items()
    for each in (task, other):
        fake.code(each, to_result(choice(made, "verbeter"), ["werk"]))
    assert pull(made.workspace, made.survey)[0].gone == ()
    task["annotations"].clear()
    found = pull(made.workspace, made.survey)
    assert [(f.kind, f.news, f.gone) for f in found] == [("main", (), (one,)), ("second", (), ())]
    assert one in set(reviewed_codings(made.workspace)["answer_id"])


def test_what_was_skipped_when_deciding_has_a_view() -> None:
    assert [view["title"] for view in decision_views()] == ["Te beslissen", "Overgeslagen"]


def test_an_answer_whose_text_changed_is_sent_anew_and_its_old_coding_does_not_count(
    made: Made, fake: FakeServer
) -> None:
    push(made.workspace, made.survey, reviewers=["anna", "bo"])
    number = fake.project("verbeter")
    (one, task), (two, _), *_ = fake.of(number).items()
    page = choice(made, "verbeter")
    fake.code(task, to_result(page, ["werk"]))
    pull(made.workspace, made.survey)
    assert one in set(reviewed_codings(made.workspace)["answer_id"])
    path = made.workspace.path("answers.parquet")
    answers = read_table(path)
    answers.loc[answers["answer_id"].isin([one, two]), "text"] = "een ander antwoord"
    write_table(path, answers)
    assert reviewed_codings(made.workspace).empty
    before = dict(task["data"])
    pushed, _ = push(made.workspace, made.survey)
    assert (pushed.added, pushed.renewed) == (1, 1), "the coded one anew, the other in its place"
    assert task["data"] == before, "what was coded stays as it was read"
    assert fake.of(number)[two]["data"]["antwoord"] == "een ander antwoord"
    assert not any(found.news for found in pull(made.workspace, made.survey))
    assert push(made.workspace, made.survey)[0].added == 0
    fake.code(fake.of(number)[one], to_result(page, ["tijd"]))
    pull(made.workspace, made.survey)
    codings = reviewed_codings(made.workspace)
    assert set(codings.loc[codings["applied"], "code"]) == {"tijd"}
