"""Make the demo's review files: the codings that two people would give to a random audit of the demo's answers.

The codes are the true ones (`*_waar.jsonl`) with honest slips: about one code in 25 is forgotten, taken for another or
added. Half of the audit is coded by each coder, a fifth of it again by the other one, blind; a few are doubted. What is
in another language is read by a person too: those codings carry no chance of being drawn, so they count for their own
answers only. All answers were coded without seeing the machine's codes.

After a change in source/, in a codebook or in the intake, run `python annotations/demo/build_review.py` (after
build.py); the result is the same every time. `duiding review import` reads it.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.codebook import Codebook
from pipeline.config import Survey, load_survey
from pipeline.intake.prepare import prepare
from pipeline.review.events import Event
from pipeline.review.labeling import Choice, check_codes, problem_of
from pipeline.review.sample import draw_audit, draw_second
from pipeline.review.tasks import choice_of
from pipeline.scaffold import DEMOS, copy_demo

HERE = Path(__file__).parent
SEED = 20221107
START = datetime(2022, 11, 7, 9, 0, tzinfo=UTC)
CODERS = ("coder-a1f09c27", "coder-b7d3e415")
AUDIT, AUDIT_EXPERIENCE = 120, 25
SECOND, SLIP, DOUBT = 0.2, 0.04, 0.03


def read_truth(name: str) -> dict[str, dict[str, Any]]:
    """Return answer id -> its line in NAME_waar.jsonl."""
    lines = (HERE / f"{name}_waar.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["answer_id"]: row for row in map(json.loads, lines)}


class Coder:
    """Someone who codes answers one after another, from the truth, with a slip now and then."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self._draw = random.Random(f"{SEED}/{number}")
        self._clock = START + timedelta(days=number)

    def code(
        self, choice: Choice, question: str, answer_id: str, true: Iterable[str], role: str,
        probability: float | None = None, stratum: str | None = None,
    ) -> Event:  # fmt: skip
        """Return the coding of one answer."""
        codes = self._slipped(choice, [code for code in true if code not in choice.fixed])
        seconds = round(self._draw.uniform(5, 35), 1)
        self._clock += timedelta(seconds=seconds + 2)
        if self._clock.hour >= 17:
            self._clock = self._clock.replace(hour=9) + timedelta(days=2)
        return Event(
            answer_id=answer_id, question=question, codebook=choice.codebook.digest, codes=codes,
            judged=choice.judged(), coder=self.name, role=role, at=self._clock.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            origin="manual", annotation=f"demo/{self.name}/{role}/{answer_id}",
            doubt=self._draw.random() < DOUBT, problem=problem_of(choice, codes), seconds=seconds,
            inclusion_probability=probability, stratum=stratum,
        )  # fmt: skip

    def _slipped(self, choice: Choice, true: list[str]) -> tuple[str, ...]:
        found: list[str] = []
        for code in true:
            kind = self._draw.choice(("forgotten", "taken", "added")) if self._draw.random() < SLIP else ""
            others = [other for other in _beside(choice.codebook, code) if other not in true]
            one = _is_single(choice.codebook, code)
            alone = sum(_facet(choice.codebook, other) == _facet(choice.codebook, code) for other in true) == 1
            if kind == "forgotten" and not alone:
                continue
            if kind and others and (kind == "taken" or alone or one):
                found.append(self._draw.choice(others))
                continue
            found += [code, self._draw.choice(others)] if kind == "added" and others else [code]
        return check_codes(choice, [*dict.fromkeys(found)])[0]


def _facet(book: Codebook, code: str) -> str:
    return book.by_id[code].facet or ""


def _beside(book: Codebook, code: str) -> list[str]:
    return [other.id for other in book.in_facet(_facet(book, code)) if other.id != code]


def _is_single(book: Codebook, code: str) -> bool:
    return any(facet.id == _facet(book, code) and facet.choice == "one" for facet in book.facet_list())


def complete(choice: Choice, true: Iterable[str]) -> list[str]:
    """Return the true codes, with the residual in every facet of the page that has none (a coder must choose one)."""
    codes = list(true)
    for facet, offered in choice.facets():
        if facet.residual is not None and not {code.id for code in offered} & set(codes):
            codes.append(facet.residual)
    return codes


def review(survey: Survey, name: str) -> Iterator[Event]:
    """Yield the codings of one survey."""
    truth = read_truth(name)
    answers = prepare(survey).answers
    coders = [Coder(coder, number) for number, coder in enumerate(CODERS)]
    for question in survey.questions:
        choice = choice_of(question, survey.codebook(question))
        size = AUDIT_EXPERIENCE if question.id.startswith("ervaring-") else AUDIT
        audit = draw_audit(answers, {question.id: size}, seed=survey.seed)
        second = set(draw_second(audit, SECOND, seed=survey.seed)["answer_id"])
        chance = dict(zip(audit["answer_id"], audit["inclusion_probability"].astype(float), strict=True))
        for number, answer_id in enumerate(audit["answer_id"]):
            true = complete(choice, truth[answer_id]["codes"])
            first, other = coders[number % 2], coders[1 - number % 2]
            p = chance[answer_id]
            yield first.code(choice, question.id, answer_id, true, "audit", p, question.id)
            if answer_id in second:
                again = p * len(second) / len(audit)
                yield other.code(choice, question.id, answer_id, true, "second", again, question.id)
        foreign = answers[(answers["question"] == question.id) & (answers["status"] == "other_language")]
        for number, answer_id in enumerate(sorted(foreign["answer_id"])):
            true = complete(choice, truth[answer_id]["codes"])
            yield coders[number % 2].code(choice, question.id, answer_id, true, "training")


def main() -> None:
    """Write review-NAME.jsonl for every demo survey."""
    with tempfile.TemporaryDirectory() as folder:
        for name, file in zip(DEMOS, copy_demo(Path(folder)), strict=True):
            lines = [event.line() for event in review(load_survey(file), name)]
            (HERE / f"review-{name}.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
            print(f"review-{name}.jsonl: {len(lines)} codings")


if __name__ == "__main__":
    main()
