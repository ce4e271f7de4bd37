"""Who gets which task: new work goes to earlier reviewers when nobody is named, and nobody codes an answer twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.errors import ReviewError, problem

Tasks = Mapping[str, Mapping[str, Any]]


def _who(task: Mapping[str, Any]) -> str:
    return str(task["data"].get("codeur", ""))


def earlier_reviewers(there: Tasks, first: Sequence[str] = ()) -> tuple[str, ...]:
    """Return between whom to divide new work when nobody is named: who has open work, else who ever had any.

    `there` are the tasks on the server; a second coding that nobody has yet goes to the `first` coders, crosswise, when
    they are two or more.
    """
    having = {_who(task) for task in there.values()} - {""}
    busy = {_who(task) for task in there.values() if not task["annotations"]} - {""}
    if not having and len(first) > 1:
        return tuple(first)
    return tuple(sorted(busy or having))


def refuse_one_coder_twice(
    question: str, reviewers: Sequence[str], twice: Iterable[str], main: Tasks, second: Tasks,
    coded_first: Iterable[str], coded_second: Iterable[str],
) -> None:  # fmt: skip
    """Refuse to have one named reviewer code answers both first and second.

    `twice` are the answers to code twice, `main` and `second` the tasks on the server, `coded_first` and `coded_second`
    the answers that the journal holds a coding of. What was coded first elsewhere (in Excel) was coded by someone else.

    Raises:
        ReviewError: with how many answers it concerns.
    """
    if len(set(reviewers)) != 1:
        return
    done = {key for key, task in second.items() if task["annotations"]} | set(coded_second)
    others = {key for key, task in main.items() if task["annotations"] and _who(task) != reviewers[0]}
    own = set(twice) - done - others - (set(coded_first) - set(main))
    if own:
        raise ReviewError(
            problem(place=f"question {question}",
                    found=f"{reviewers[0]} would be first and second coder of {len(own)} answers",
                    expected="another person as the second coder",
                    do="name two or more people: --reviewer NAME --reviewer NAME")
        )  # fmt: skip
