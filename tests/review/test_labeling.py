"""From codebook to labeling page, and from codes to results and back."""

import random
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest

from pipeline.codebook import load_codebook, parse_codebook, shipped_codebooks
from pipeline.review.labeling import (
    HOTKEYS,
    REASONS,
    Choice,
    codes_in_config,
    from_result,
    instruction,
    label_config,
    to_result,
)
from pipeline.review.projects import title_of
from pipeline.review.tasks import Machine, add_reasons, assign_reviewers

from .conftest import Made


def choices(page: str) -> list[ET.Element]:
    return [item for item in ET.fromstring(page).iter("Choices") if item.get("name", "").startswith("codes")]


def test_nine_codes_get_the_keys_one_to_nine_and_their_definition_as_hint() -> None:
    choice = Choice(load_codebook("participatiewet-verbeter"))
    (block,) = choices(label_config(choice))
    assert [item.get("hotkey") for item in block] == list("123456789")
    assert [item.get("alias") for item in block] == list(choice.codebook.by_id)
    assert all(item.get("hint") for item in block)
    assert (block.get("choice"), block.get("required")) == ("multiple", "true")


@pytest.mark.parametrize("name", shipped_codebooks())
def test_every_shipped_codebook_makes_a_page_with_distinct_keys(name: str) -> None:
    page = label_config(Choice(load_codebook(name)))
    keys = [item.get("hotkey") for item in ET.fromstring(page).iter("Choice") if item.get("hotkey")]
    assert len(keys) == len(set(keys))
    assert keys.count("t") == 1, "t is for doubt"


def test_a_scheme_that_is_given_is_not_asked_and_is_in_the_result() -> None:
    choice = Choice(load_codebook("minimabeleid-ervaring"), ("kindpakket",))
    valence, theme = choices(label_config(choice))
    assert (valence.get("choice"), theme.get("choice")) == ("single", "multiple")
    assert "kindpakket" not in codes_in_config(label_config(choice))
    labels = from_result(choice, to_result(choice, ["positief", "blij"]))
    assert (set(labels.codes), labels.problem) == ({"positief", "blij", "kindpakket"}, "")


def test_results_come_back_as_the_codes_that_went_in() -> None:
    rng = random.Random(1)
    for name in shipped_codebooks():
        choice = Choice(load_codebook(name))
        for _ in range(50):
            wanted = set()
            for facet, codes in choice.facets():
                n = 1 if facet.choice == "one" else rng.randint(1, len(codes))
                wanted |= {code.id for code in rng.sample(codes, n)}
            labels = from_result(choice, to_result(choice, wanted))
            assert (set(labels.codes), labels.problem, labels.doubt, labels.note) == (wanted, "", False, "")


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        ([], "empty"),
        (["positief"], "empty"),
        (["blij"], "empty"),
        (["positief", "negatief", "blij"], "several_in_facet"),
        (["positief", "blij", "x"], "unknown_code"),
    ],
)
def test_what_is_no_finished_coding_is_named(codes: list[str], problem: str) -> None:
    choice = Choice(load_codebook("minimabeleid-ervaring"), ("kindpakket",))
    result = [{"from_name": "codes_thema", "value": {"choices": codes}}]
    assert from_result(choice, result).problem == problem


@pytest.mark.parametrize("result", [[{}], [{"value": None}], [{"from_name": "notitie", "value": {"text": "los"}}]])
def test_odd_results_are_survived(result: list[dict[str, object]]) -> None:
    labels = from_result(Choice(load_codebook("participatiewet-succes")), result)
    assert labels.problem == "empty"


def test_reasons_are_in_a_closed_panel_below_the_codes_on_pages_that_have_them() -> None:
    choice = Choice(load_codebook("minimabeleid-ervaring"))
    page, plain = label_config(choice, reasons=True), label_config(choice)
    (panel,) = ET.fromstring(page).iter("Collapse")
    assert panel.get("open") is None, "Label Studio opens a panel when told to"
    assert [item.get("value") for item in panel.iter("Header")] == [f"${REASONS}"]
    assert page.index("<Collapse") > page.rindex("</Choices>")
    assert "<Collapse" not in plain
    assert f"${REASONS}" not in plain
    assert "<Collapse" not in label_config(choice, compare=True)
    assert codes_in_config(page) == codes_in_config(plain)


def test_reasons_are_asked_of_coded_answers_only_and_every_task_gets_the_field(
    make_survey: Callable[..., Made],
) -> None:
    question = make_survey(1).survey.questions[0]
    tasks = {key: {"answer_id": key, "antwoord": f"tekst {key}"} for key in ("a", "b", "c")}
    machine = Machine({"a": ("werk",), "b": ("tijd",)}, {}, "m1")
    asked: list[tuple[object, ...]] = []

    def explain(*given: object) -> dict[str, str]:
        asked.append(given)
        return {"a": "door ‘werk’"}

    assert add_reasons(tasks, machine, question, explain)
    assert asked == [(question, {"a": "tekst a", "b": "tekst b"}, {"a": ("werk",), "b": ("tijd",)})]
    assert {key: data[REASONS] for key, data in tasks.items()} == {"a": "door ‘werk’", "b": "", "c": ""}


def test_without_machine_codes_or_reasons_tasks_stay_as_they_are(make_survey: Callable[..., Made]) -> None:
    question = make_survey(1).survey.questions[0]
    tasks = {"a": {"answer_id": "a", "antwoord": "tekst"}}
    before, coded, blind = {"a": dict(tasks["a"])}, Machine({"a": ("werk",)}, {}, "m1"), Machine({}, {}, "")
    assert not add_reasons(tasks, coded, question, None)
    assert not add_reasons(tasks, coded, question, lambda *_: {})
    assert not add_reasons(tasks, blind, question, lambda *_: {"a": "mag niet"})
    assert tasks == before


def test_the_page_says_what_its_keys_do_not() -> None:
    choice = Choice(load_codebook("participatiewet-verbeter"))
    assert "na een notitie eerst Enter" in label_config(choice)
    assert "eerst Cancel skip" in label_config(choice)
    assert "Zonder Cancel skip blijft het overgeslagen" in instruction(choice)


def test_labels_with_markup_stay_labels() -> None:
    codebook = parse_codebook({"codes": [{"id": "a", "label": '<b>"R&D"</b>', "definition": "x < y & z"}]}, file="x")
    choice = Choice(codebook)
    (block,) = choices(label_config(choice))
    assert block[0].get("value") == '<b>"R&D"</b>'
    assert "<b>&quot;R&amp;D&quot;</b>" not in instruction(choice)
    assert "&lt;b&gt;" in instruction(choice)


def test_more_codes_than_keys() -> None:
    codebook = parse_codebook({"codes": [f"Code {i}" for i in range(60)]}, file="x")
    (block,) = choices(label_config(Choice(codebook)))
    assert len(block) == 60
    assert sum(item.get("hotkey") is not None for item in block) == len(HOTKEYS)


def test_work_is_divided_evenly_and_kept() -> None:
    tasks = {f"a{i}": {"rol": "steekproef", "volgorde": f"{i:03d}", "codeur": ""} for i in range(10)}
    assign_reviewers(tasks, ["anna", "bo"], {})
    first = {key: data["codeur"] for key, data in tasks.items()}
    assert sorted(first.values()) == ["anna"] * 5 + ["bo"] * 5
    assign_reviewers(tasks, ["anna", "bo", "cas"], first, done=["a0"])
    assert {key: data["codeur"] for key, data in tasks.items()} == first
    assign_reviewers(tasks, ["bo"], first, done=["a0"])
    assert {data["codeur"] for key, data in tasks.items() if key != "a0"} == {"bo"}
    assert tasks["a0"]["codeur"] == first["a0"], "what is done stays with who did it"
    assign_reviewers(tasks, ["anna", "bo"], {}, avoid=first)
    assert all(data["codeur"] != first[key] for key, data in tasks.items())


@pytest.mark.parametrize("kind", ["main", "second", "decide"])
def test_a_project_title_fits_and_keeps_its_kind(make_survey: Callable[..., Made], kind: str) -> None:
    made = make_survey(10)
    question = made.survey.questions[0].model_copy(update={"title": "Een heel lange vraag " * 9})
    title = title_of(made.survey, question, kind)
    assert len(title) <= 50
    assert title.startswith("Proef"), "two surveys on one server are told apart"
    assert "2022: Een" in title
    assert ("tweede" in title, "knopen" in title) == (kind == "second", kind == "decide")
