"""Which answers are reviewed: at random with known chances, growing without losing anyone, training apart."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import ReviewError
from pipeline.estimates.shares import estimate_shares
from pipeline.percentages import all_codings
from pipeline.review.describe import describe
from pipeline.review.draw import came_later, draw
from pipeline.review.events import Event, add_events
from pipeline.review.progress import review_progress
from pipeline.review.reviewed import reviewed_codings
from pipeline.review.sample import (
    combine,
    draw_audit,
    draw_second,
    empty_sample,
    in_random_order,
    read_sample,
    sample_file,
    write_sample,
)
from pipeline.review.training import certainty, choose_training
from pipeline.workspace import read_table, write_table

from .conftest import Made, code_survey

GROUPS = {"Hengelo": 328, "Haaksbergen": 60, "Borne": 12}


@pytest.fixture
def answers() -> pd.DataFrame:
    groups = [group for group, n in GROUPS.items() for _ in range(n)]
    ids = [f"{i}:q" for i in range(len(groups))]
    status = ["answer"] * len(ids)
    frame = pd.DataFrame({"answer_id": ids, "question": "q", "group": groups, "status": status})
    frame["text"] = [f"tekst {i % 40} over {'geld' if i % 3 else 'tijd'}" for i in range(len(ids))]
    empty = frame.head(1).assign(answer_id="leeg", status="empty", text="")
    return pd.concat([frame, empty], ignore_index=True)


def test_the_audit_is_random_with_its_chance_kept(answers: pd.DataFrame) -> None:
    audit = draw_audit(answers, {"q": 100}, seed=1)
    assert len(audit) == 100
    assert set(audit["inclusion_probability"]) == {100 / 400}
    assert "leeg" not in set(audit["answer_id"])
    assert draw_audit(answers, {"q": 100}, seed=1).equals(audit)
    assert set(draw_audit(answers, {"q": 100}, seed=2)["answer_id"]) != set(audit["answer_id"])


def test_every_answer_has_the_same_chance(answers: pd.DataFrame) -> None:
    frame = answers.head(20)
    counts = pd.Series(0, index=frame["answer_id"])
    for seed in range(400):
        counts[draw_audit(frame, {"q": 5}, seed=seed)["answer_id"]] += 1
    assert abs(counts / 400 - 0.25).max() < 4 * np.sqrt(0.25 * 0.75 / 400)


def test_a_small_group_gets_enough(answers: pd.DataFrame) -> None:
    audit = draw_audit(answers, {"q": 100}, seed=1, by_group=True)
    assert audit["stratum"].value_counts().to_dict() == {"q/Hengelo": 76, "q/Haaksbergen": 14, "q/Borne": 10}
    chance = audit.drop_duplicates("stratum").set_index("stratum")["inclusion_probability"]
    assert chance["q/Borne"] == pytest.approx(10 / 12)
    assert sum(1 / audit["inclusion_probability"]) == pytest.approx(400), "the weights add up to the answers"


@pytest.mark.parametrize("by_group", [False, True])
def test_a_larger_audit_holds_the_smaller_one(answers: pd.DataFrame, by_group: bool) -> None:
    small = draw_audit(answers, {"q": 60}, seed=1)
    large = draw_audit(answers, {"q": 90}, seed=1, by_group=by_group, earlier=small)
    assert set(small["answer_id"]) <= set(large["answer_id"])
    smaller = draw_audit(answers, {"q": 10}, seed=1, earlier=large)
    assert set(large["answer_id"]) <= set(smaller["answer_id"])


def test_more_than_there_is_takes_all(answers: pd.DataFrame) -> None:
    audit = draw_audit(answers, {"q": 5000}, seed=1)
    assert len(audit) == 400
    assert set(audit["inclusion_probability"]) == {1.0}
    assert draw_audit(answers.head(0), {"q": 5}, seed=1).empty


def test_the_second_coding_is_a_part_of_the_audit(answers: pd.DataFrame) -> None:
    audit = draw_audit(answers, {"q": 100}, seed=1, by_group=True)
    second = draw_second(audit, 0.2, seed=1)
    assert set(second["answer_id"]) < set(audit["answer_id"])
    assert len(second) == 16 + 3 + 2, "a fifth of each group, rounded up"
    assert set(second["role"]) == {"second"}
    larger = draw_audit(answers, {"q": 200}, seed=1, by_group=True, earlier=audit)
    again = draw_second(larger, 0.2, seed=1, earlier=second)
    assert set(second["answer_id"]) <= set(again["answer_id"])
    with pytest.raises(ReviewError, match="share 1.5"):
        draw_second(audit, 1.5, seed=1)


def test_training_is_uncertain_and_varied_and_apart_from_the_audit(answers: pd.DataFrame) -> None:
    certain = {answer_id: 0.99 if i % 2 else 0.2 for i, answer_id in enumerate(answers["answer_id"])}
    taken = frozenset(answers["answer_id"][:5])
    chosen = choose_training(answers, certain, {"q": 15}, seed=1, exclude=taken)
    assert len(chosen) == 15
    assert not taken & set(chosen["answer_id"])
    texts = answers.set_index("answer_id").loc[chosen["answer_id"], "text"]
    assert texts.is_unique
    assert np.mean([certain[answer_id] < 0.5 for answer_id in chosen["answer_id"]]) > 0.8
    assert chosen["inclusion_probability"].isna().all(), "its chance is unknown, so it feeds no estimate"
    assert choose_training(answers, certain, {"q": 15}, seed=1, exclude=taken).equals(chosen)
    assert len(choose_training(answers, {}, {"q": 10_000}, seed=1)) == answers["text"].nunique() - 1


def test_an_answer_that_the_audit_draws_leaves_the_training_set(answers: pd.DataFrame) -> None:
    training = choose_training(answers, {}, {"q": 30}, seed=1)
    sample = combine(empty_sample(), training, questions=["q"])
    sample = combine(sample, draw_audit(answers, {"q": 200}, seed=1, earlier=sample), questions=["q"])
    audit = set(sample.loc[sample["role"] == "audit", "answer_id"])
    assert audit & set(training["answer_id"])
    assert not audit & set(sample.loc[sample["role"] == "training", "answer_id"])


def test_certainty_is_the_chance_that_all_codes_are_right() -> None:
    scores = pd.DataFrame({"answer_id": ["a", "a", "b"], "code": ["x", "y", "x"], "score": [0.9, 0.2, 0.5]})
    assert certainty(scores) == pytest.approx({"a": 0.72, "b": 0.5})
    applied = scores.assign(applied=[True, True, False])
    assert certainty(scores, applied) == pytest.approx({"a": 0.18, "b": 0.5})
    assert certainty(scores.head(0)) == {}


def test_drawing_again_changes_nothing_and_more_only_adds(make_survey: Callable[..., Made]) -> None:
    made = make_survey(60)
    first = draw(made.workspace, made.survey, audit=20, training=5, second=0.2, by_group=True)
    written = sample_file(made.workspace).read_bytes()
    again = draw(made.workspace, made.survey, audit=20, training=5, second=0.2, by_group=True)
    assert sample_file(made.workspace).read_bytes() == written
    assert len(again) == len(first)
    more = draw(made.workspace, made.survey, audit=30, questions=["verbeter"])
    key = ["answer_id", "role"]
    lost = first.merge(more, on=key, how="left", indicator=True)["_merge"].eq("left_only")
    assert not first.loc[lost & (first["role"] != "training").to_numpy(), key].size
    assert read_sample(made.workspace).groupby(["question", "role"]).size()["verbeter", "audit"] == 30


def test_a_question_that_does_not_exist(make_survey: Callable[..., Made]) -> None:
    made = make_survey(20)
    with pytest.raises(ReviewError, match="did you mean 'verbeter'"):
        draw(made.workspace, made.survey, audit=5, questions=["verbetr"])


def test_training_is_a_total(make_survey: Callable[..., Made]) -> None:
    made = make_survey(60)
    first = draw(made.workspace, made.survey, training=5, questions=["verbeter"])
    assert draw(made.workspace, made.survey, training=5, questions=["verbeter"]).equals(first)
    more = draw(made.workspace, made.survey, training=8, questions=["verbeter"])
    assert len(more) == 8
    assert set(first["answer_id"]) < set(more["answer_id"])


def test_answers_that_came_after_the_audit_are_counted(make_survey: Callable[..., Made]) -> None:
    made = make_survey(60)
    draw(made.workspace, made.survey, audit=17, by_group=True, questions=["verbeter"])
    assert came_later(made.workspace) == {}
    code_survey(made, 80)
    assert came_later(made.workspace) == {"verbeter": 18}
    draw(made.workspace, made.survey, audit=17, by_group=True, questions=["verbeter"])
    assert came_later(made.workspace) == {}, "drawn from all of them now"


def code_all(made: Made, role: str, ids: list[str], **more: object) -> None:
    """Code answers to `verbeter`, all of them with the same code."""
    book = made.survey.codebook(made.survey.questions[0])
    event = Event(
        answer_id="", question="verbeter", codebook=book.digest, codes=("werk",), judged=tuple(book.by_id),
        coder="anna", role=role, at="2022-11-01T10:00:00.000000Z", origin="accepted", annotation="",
    )  # fmt: skip
    add_events(made.workspace, [replace(event, answer_id=key, annotation=key, **more) for key in ids])  # type: ignore[arg-type]


def shares_of(made: Made) -> pd.DataFrame:
    answers = read_table(made.workspace.path("answers.parquet"))
    sample = read_sample(made.workspace)
    found = estimate_shares(all_codings(made.survey, made.workspace), sample if len(sample) else None, answers)
    return found[found["question"] == "verbeter"].reset_index(drop=True)


def audited_in_order(made: Made) -> list[bool]:
    """Return of the drawn audit, in its random order, what counts as audited."""
    codings = reviewed_codings(made.workspace)
    done = set(codings.loc[codings["role"] == "audit", "answer_id"])
    drawn = read_sample(made.workspace).query("role == 'audit'")["answer_id"]
    return [key in done for key in in_random_order(drawn, made.survey.seed, "audit")]


def test_a_larger_audit_does_not_count_what_was_chosen_before_its_turn(make_survey: Callable[..., Made]) -> None:
    made = make_survey(130)
    draw(made.workspace, made.survey, audit=30, training=40, questions=["verbeter"])
    before = read_sample(made.workspace)
    for role in ("audit", "training"):
        code_all(made, role, before.loc[before["role"] == role, "answer_id"].tolist())
    shares = shares_of(made)
    draw(made.workspace, made.survey, audit=80, questions=["verbeter"])
    chosen = set(before.loc[before["role"] == "training", "answer_id"])
    drawn = read_sample(made.workspace).query("role == 'audit'")["answer_id"]
    assert len(chosen & set(drawn)) > 10, "many were chosen for training before"
    assert audited_in_order(made) == [True] * 30 + [False] * 50
    (state,) = review_progress(made.workspace, made.survey)
    assert (state.done["audit"], set(state.waiting)) == (30, chosen & set(drawn))
    assert state.left == sum(read_sample(made.workspace)["question"] == "verbeter") - 70, (
        "the chosen need no coding again"
    )
    assert f"counting when it is their turn: {len(state.waiting)} (" in "".join(describe(state, str))
    figures = ["code", "share", "low", "high", "n_reviewed"]
    pd.testing.assert_frame_equal(shares_of(made)[figures], shares[figures])

    left = [key for key in in_random_order(drawn, made.survey.seed, "audit")[30:] if key not in chosen]
    for n, key in enumerate(left):
        code_all(made, "audit", [key], skipped=n == 3)
        skipped = [key for key in left[: n + 1] if key == left[3]]
        counts = audited_in_order(made)
        done = sum(counts) + len(skipped)
        assert sum(counts[:done]) == sum(counts), "what counts is the first part of the random order"
    assert sum(audited_in_order(made)) == 79, "in the end all count, but for the one that was skipped"


def test_without_the_order_what_was_chosen_waits_for_the_whole_audit(make_survey: Callable[..., Made]) -> None:
    made = make_survey(60)
    audit = draw(made.workspace, made.survey, audit=10, questions=["verbeter"])
    ids = audit["answer_id"].tolist()
    write_sample(made.workspace, audit.drop(columns="number"))
    code_all(made, "training", ids[:3])
    code_all(made, "audit", ids[3:9])
    assert sum(audited_in_order(made)) == 6
    code_all(made, "audit", ids[9:])
    assert sum(audited_in_order(made)) == 10


def test_what_is_gone_or_has_no_text_now_holds_nobody_up(make_survey: Callable[..., Made]) -> None:
    made = make_survey(60)
    audit = draw(made.workspace, made.survey, audit=10, questions=["verbeter"])
    ids = in_random_order(audit["answer_id"], made.survey.seed, "audit")
    code_all(made, "training", ids[1:])
    assert not any(audited_in_order(made))
    path = made.workspace.path("answers.parquet")
    answers = read_table(path)
    write_table(path, answers[answers["answer_id"] != ids[0]])
    assert sum(audited_in_order(made)) == 9
