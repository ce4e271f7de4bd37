"""Learning from reviewed answers: the new model against the old one, on answers that neither has learned from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.codebook import Codebook
from pipeline.coding.choose import choose
from pipeline.coding.examples import Example
from pipeline.coding.model import CodeModel

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.coding.embed import Encoder

MIN_AUDIT = 30  # with fewer audited answers a difference between two models says nothing
DRAWS = 1000
AGREE = 0.9  # share of the bootstrap draws in which the new model must have the higher micro-F1


@dataclass(frozen=True)
class Judged:
    """A reviewed answer: its text, which codes were judged, and which of those hold."""

    answer_id: str
    text: str
    judged: frozenset[str]
    codes: frozenset[str]


@dataclass(frozen=True)
class Figures:
    """How a model did on the audit: share (0-1) of answers whose likeliest code holds, and F1."""

    n: int
    top1: float
    micro_f1: float
    macro_f1: float

    def to_json(self) -> dict[str, float | int]:
        """Return plain numbers."""
        return {"n": self.n, "top1": self.top1, "micro_f1": self.micro_f1, "macro_f1": self.macro_f1}


@dataclass(frozen=True)
class Comparison:
    """Before and after, and the share of paired bootstrap draws in which the new model had the higher micro-F1."""

    before: Figures
    after: Figures
    agree: float

    @property
    def better(self) -> bool:
        """Whether the new model may replace the old one."""
        return self.before.n >= MIN_AUDIT and self.after.micro_f1 > self.before.micro_f1 and self.agree >= AGREE


def judged_answers(
    codings: pd.DataFrame, texts: Mapping[str, str], codebook: Codebook, role: str, given: Collection[str] = ()
) -> list[Judged]:
    """Return the answers reviewed in one role, by id.

    A facet of which not every code was judged (the codebook grew since) or whose code is `given` (the scheme that the
    question is about) is left out: it says nothing about the words of the answer. That no code holds is
    a judgement too.
    """
    facets = [{code.id for code in codebook.in_facet(facet.id)} for facet in codebook.facet_list()]
    facets = [codes for codes in facets if not codes & set(given)]
    out = []
    for answer_id, rows in codings[codings["role"] == role].groupby("answer_id", sort=True):
        text = texts.get(str(answer_id))
        if text is None:
            continue
        seen, holds = set(rows["code"]), set(rows.loc[rows["applied"], "code"])
        judged = set().union(*(codes for codes in facets if codes <= seen))
        if judged:
            out.append(Judged(str(answer_id), text, frozenset(judged), frozenset(judged & holds)))
    return out


def lessons(training: Sequence[Judged], held_out: Mapping[str, str]) -> list[Judged]:
    """Return the training answers to learn from: none that is in the audit (answer id -> text), by id or word for word.

    What the audit drew and nobody coded yet is held out as well: it will be coded. An answer to which no code applies
    teaches nothing: a model is learned from the codes that hold.
    """
    again = learned_again({one.answer_id: one.text for one in training}, held_out)
    return [one for one in training if one.codes and one.answer_id not in again]


def learned_again(learned: Mapping[str, str], held_out: Mapping[str, str]) -> set[str]:
    """Return the ids of the learned answers that are held out, by id or word for word; both are answer id -> text.

    >>> sorted(learned_again({"1": "Niet bereikbaar", "2": "Te duur"}, {"2": "Duur", "3": "niet  bereikbaar"}))
    ['1', '2']
    """
    said = {_same(text) for text in held_out.values()} - {""}  # no text is known of what is gone
    return {key for key, text in learned.items() if key in held_out or _same(text) in said}


def _same(text: str) -> str:
    return " ".join(text.lower().split())


def as_examples(answers: Sequence[Judged], model: CodeModel, encoder: Encoder) -> list[Example]:
    """Return reviewed answers as examples.

    A reviewer ticks codes without an order, but the ranking model learns from the primary one: among the codes that
    hold, that is the one the present model finds likeliest.
    """
    if not answers:
        return []
    likely: list[dict[str, float]] = [{} for _ in answers]
    for name, probability in model.probabilities([one.text for one in answers], encoder).items():
        for column, code in enumerate(model.facets[name].codes):
            for row in range(len(answers)):
                likely[row][code] = float(probability[row, column])
    return [
        Example(one.text, tuple(sorted(one.codes, key=lambda code, row=row: (-likely[row].get(code, 0.0), code))))  # type: ignore[misc]
        for row, one in enumerate(answers)
    ]


def compare_models(
    old: CodeModel, new: CodeModel, encoder: Encoder, audit: Sequence[Judged], codebook: Codebook, *, seed: int
) -> Comparison:
    """Compare two models on the same audited answers; paired bootstrap over answers (Efron & Tibshirani 1993, ch. 16).

    Both models choose codes as `duiding run` does. top1 counts, per answer and judged facet, whether the likeliest
    code is among those that hold: reviewers name no primary code.
    """
    import numpy as np

    counts = [_counts(model, encoder, audit, codebook) for model in (old, new)]
    before, after = (_figures(count) for count in counts)
    draw = np.random.default_rng(seed).integers(0, max(len(audit), 1), (DRAWS, len(audit)))
    per_answer = [np.stack([count[key].sum(axis=1) for key in ("hits", "given", "wanted")]) for count in counts]
    f1 = []
    for table in per_answer:
        hits, given, wanted = (row[draw].sum(axis=1) for row in table)
        f1.append(2 * hits / np.maximum(given + wanted, 1))
    return Comparison(before, after, float((f1[1] > f1[0]).mean()) if len(audit) else 0.0)


def _counts(model: CodeModel, encoder: Encoder, audit: Sequence[Judged], codebook: Codebook) -> dict[str, Any]:
    """Return per answer and code what was given, wanted and both, shape (n_answers, n_codes), and the first choices."""
    import numpy as np

    order = {code.id: column for column, code in enumerate(codebook.codes)}
    given, wanted, judged = (np.zeros((len(audit), len(order)), dtype=bool) for _ in range(3))
    for row, one in enumerate(audit):
        wanted[row, [order[code] for code in one.codes]] = True
        judged[row, [order[code] for code in one.judged]] = True
    right: list[bool] = []
    probabilities = model.probabilities([one.text for one in audit], encoder) if audit else {}
    for facet in codebook.facet_list():
        if facet.id not in probabilities:
            continue
        learned, probability = model.facets[facet.id], probabilities[facet.id]
        columns = [order[code] for code in learned.codes]
        given[:, columns] = choose(probability, learned, facet)
        top = probability.argmax(axis=1)
        for row in np.flatnonzero(wanted[:, columns].any(axis=1)):
            right.append(bool(wanted[row, columns[top[row]]]))
    given &= judged
    return {"hits": given & wanted, "given": given, "wanted": wanted, "right": right, "n": len(audit)}


def _figures(count: Mapping[str, Any]) -> Figures:
    import numpy as np

    hits, given, wanted = (count[key].sum(axis=0) for key in ("hits", "given", "wanted"))
    per_code = 2 * hits / np.maximum(given + wanted, 1)
    return Figures(
        count["n"],
        round(float(np.mean(count["right"])), 4) if count["right"] else 0.0,
        round(2 * float(hits.sum()) / max(float(given.sum() + wanted.sum()), 1.0), 4),
        round(float(per_code[wanted > 0].mean()), 4) if (wanted > 0).any() else 0.0,
    )
