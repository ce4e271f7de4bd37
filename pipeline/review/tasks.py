"""The tasks that reviewers get: one per sampled answer, with the machine's codes as a prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.codebook import Codebook
from pipeline.config import Question
from pipeline.review.labeling import REASONS, TEXT, Choice, to_result
from pipeline.review.sample import random_number
from pipeline.review.training import certainty
from pipeline.tables import ANSWER
from pipeline.workspace import Workspace, key_of, read_table

if TYPE_CHECKING:
    import pandas as pd

BATCH = 2500
Progress = Callable[[str, int, int], None]
#: Question, answer id -> text, answer id -> the machine's codes -> answer id -> why it chose those, in Dutch.
Explain = Callable[[Question, Mapping[str, str], Mapping[str, Sequence[str]]], Mapping[str, str]]
#: What each role is called on the server, in Dutch.
ROLE_NAMES = {"audit": "steekproef", "training": "leren", "second": "tweede"}


@dataclass(frozen=True)
class Machine:
    """The machine's codes of one question: codes and certainty (0-1) per answer, and the version that gave them."""

    codes: Mapping[str, tuple[str, ...]]
    certainty: Mapping[str, float]
    version: str


def machine_codes(workspace: Workspace, question: Question, codebook: Codebook, answer_ids: Iterable[str]) -> Machine:
    """Return what the machine coded for one question, read from the workspace; empty when it did not code yet.

    The version names the model and ends in a hash of its codes, so any change of them is a new version.

    Raises:
        TableError: a table of the workspace is damaged.
    """
    wanted = set(answer_ids)
    path = workspace.path("codings.parquet")
    if not path.exists():
        return Machine({}, {}, "")
    rows = read_table(path)
    rows = rows[(rows["role"] == "machine") & rows["answer_id"].isin(wanted)]
    codes: dict[str, list[str]] = {}
    for answer_id, code, applied in zip(rows["answer_id"], rows["code"], rows["applied"], strict=True):
        codes.setdefault(str(answer_id), []).extend([str(code)] if applied else [])
    certain: dict[str, float] = {}
    if workspace.path("scores.parquet").exists():
        scores = read_table(workspace.path("scores.parquet"))
        certain = certainty(scores[scores["answer_id"].isin(wanted)], rows)
    made = workspace.note("coding").get(question.id)
    model = str(made.get("model", "")) if isinstance(made, dict) else ""
    content = key_of(codes={key: sorted(value) for key, value in codes.items()}, codebook=codebook.digest)
    version = f"{model[:40] or 'machine'}+{content[:8]}"
    return Machine({key: tuple(value) for key, value in codes.items()}, certain, version)


def choice_of(question: Question, codebook: Codebook) -> Choice:
    """Return what a reviewer of this question chooses from; the question's fixed codes are given."""
    return Choice(codebook, tuple(codebook.resolve(code) for code in question.fixed_codes))


def task_data(
    answers: pd.DataFrame, roles: Mapping[str, str], *, question: Question, codebook: Codebook, seed: int
) -> dict[str, dict[str, str]]:
    """Return answer id -> the fields of its task, for the sampled answers that have a text to code.

    `volgorde` is the permanent random number as text (the server sorts text): the order to review the audit in.
    """
    frame = answers[answers["answer_id"].isin(list(roles)) & (answers["status"] == ANSWER)]
    out = {}
    for answer_id, group, text in zip(frame["answer_id"], frame["group"].fillna(""), frame["text"], strict=True):
        if isinstance(text, str) and text.strip():
            out[str(answer_id)] = {
                "answer_id": str(answer_id),
                "vraag": question.title or codebook.question or codebook.title or question.id,
                "groep": str(group),
                "antwoord": text,
                "rol": ROLE_NAMES[roles[str(answer_id)]],
                "volgorde": f"{random_number(str(answer_id), seed, 'audit'):.9f}",
                "codeur": "",
            }
    return out


def assign_reviewers(
    tasks: Mapping[str, dict[str, str]],
    reviewers: Sequence[str],
    earlier: Mapping[str, str],
    *,
    done: Iterable[str] = (),
    avoid: Mapping[str, str] | None = None,
) -> None:
    """Divide the tasks over the reviewers in review order; who has a task keeps it while still a reviewer.

    `avoid` (answer id -> reviewer) is who must not get it: the first coder, when this is the second coding; a task that
    nobody else can get is left to nobody. Without reviewers, and when done, everything stays with whoever has it.
    """
    finished, avoid = set(done), avoid or {}
    load = dict.fromkeys(reviewers, 0)
    waiting = []
    for answer_id in sorted(tasks, key=lambda key: (tasks[key]["rol"], tasks[key]["volgorde"])):
        who = earlier.get(answer_id, "")
        mine = who in load and who != avoid.get(answer_id)
        if not reviewers or answer_id in finished or mine:
            tasks[answer_id]["codeur"] = who
            if who in load:
                load[who] += 1
        else:
            waiting.append(answer_id)
    for answer_id in waiting:
        free = [name for name in reviewers if name != avoid.get(answer_id)]
        if not free:
            tasks[answer_id]["codeur"] = ""
            continue
        who = min(free, key=lambda name: (load[name], reviewers.index(name)))
        tasks[answer_id]["codeur"] = who
        load[who] += 1


def add_reasons(
    tasks: Mapping[str, dict[str, str]], machine: Machine, question: Question, explain: Explain | None,
    progress: Progress = lambda what, done, total: None,
) -> bool:  # fmt: skip
    """Add to every task why the machine chose its codes (field `uitleg`, may be empty); nothing when none is known.

    Returns:
        Whether the tasks have the field now, so that their page must show it.
    """
    coded = [key for key in tasks if key in machine.codes]
    if explain is None or not coded:
        return False
    found: dict[str, str] = {}
    for start in range(0, len(coded), BATCH):
        batch = coded[start : start + BATCH]
        texts = {key: tasks[key][TEXT] for key in batch}
        found |= explain(question, texts, {key: machine.codes[key] for key in batch})
        progress(f"{question.id}: codes explained", start + len(batch), len(coded))
    if found:
        for key, data in tasks.items():
            data[REASONS] = found.get(key, "")
    return bool(found)


def prediction(choice: Choice, machine: Machine, answer_id: str) -> dict[str, Any] | None:
    """Return the Label Studio prediction of one answer; None when the machine did not code it.

    The score is the machine's certainty, so ascending order is most uncertain first.
    """
    codes = machine.codes.get(answer_id)
    if codes is None:
        return None
    score = round(float(machine.certainty.get(answer_id, 0.5)), 4)
    return {"model_version": machine.version, "score": score, "result": to_result(choice, codes)}
