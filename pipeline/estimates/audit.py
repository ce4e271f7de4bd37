"""What each audited answer stands for: weights from the audit's design, and the reviewers' verdict per answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import TableError, problem

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

REVIEWERS: Final = ("audit", "second", "training")


@dataclass(frozen=True)
class Design:
    """The audit's design per answer: drawn or not, its inclusion probability (nan: unknown) and its stratum."""

    drawn: Bools
    probability: Floats
    stratum: Ints


@dataclass(frozen=True)
class Standing:
    """The audited answers of one question and wave that may speak for others, and how many each speaks for."""

    weight: Floats  # (rows,) 0 where the answer speaks for no other
    assumed_random: bool
    incomplete: bool


def read_design(sample: pd.DataFrame | None, answers: pd.DataFrame) -> Design:
    """Return the design of the audit draws in `sample`, aligned with `answers`.

    Raises:
        TableError: an audited answer had no chance to be drawn (inclusion probability 0).
    """
    drawn = np.zeros(len(answers), dtype=bool)
    probability = np.full(len(answers), np.nan)
    stratum = np.full(len(answers), -1, dtype=np.int64)
    if sample is not None and len(sample):
        audit = sample[sample["role"] == "audit"]
        position = pd.Index(answers["answer_id"]).get_indexer(pd.Index(audit["answer_id"]))
        found = position >= 0
        chance = audit["inclusion_probability"].to_numpy(dtype=float)
        if (chance <= 0).any():
            raise TableError(
                problem(place="table sample, column inclusion_probability", found="an audit draw with probability 0",
                        expected="a probability above 0 and at most 1, or empty when it is unknown")
            )  # fmt: skip
        layer = pd.Categorical(audit["stratum"]).codes if "stratum" in audit else np.full(len(audit), -1)
        drawn[position[found]] = True
        probability[position[found]] = chance[found]
        stratum[position[found]] = np.asarray(layer, dtype=np.int64)[found]
    return Design(drawn, probability, stratum)


def standing(design: Design, rows: Ints, reviewed: Bools, text: Bools) -> Standing:
    """Return how many unreviewed answers each audited one stands for; only the proportions matter.

    An answer drawn with probability p stands for 1/p answers, itself included, so for 1/p - 1 unreviewed ones. Drawn
    answers that nobody reviewed yet count as missing at random inside their stratum. When the design gives every
    answer the same chance, or is not known, each stands for as many as any other. Audited answers that were not
    drawn stand for none.

    Args:
        design: of all answers.
        rows: positions of the answers to one question in one wave.
        reviewed: which of these were audited.
        text: which of these hold text to code.
    """
    drawn = design.drawn[rows] & text
    if not (drawn & reviewed).any():
        return Standing(reviewed.astype(float), assumed_random=bool(reviewed.any()), incomplete=False)
    incomplete = bool((drawn & ~reviewed).any())
    usable = drawn & reviewed
    chance, stratum = design.probability[rows], design.stratum[rows] + 1
    if np.isnan(chance[drawn]).any():
        return Standing(usable.astype(float), assumed_random=True, incomplete=incomplete)
    asked = np.bincount(stratum[drawn], minlength=1).astype(float)
    done = np.bincount(stratum[usable], minlength=len(asked)).astype(float)
    each = np.zeros(len(rows))
    each[usable] = asked[stratum[usable]] / done[stratum[usable]] / chance[usable]
    same = np.ptp(each[usable]) <= 1e-9 * each[usable].max()
    weight = np.where(usable, 1.0, 0.0) if same else np.where(usable, np.maximum(each - 1.0, 0.0), 0.0)
    if not weight.any():
        weight = usable.astype(float)
    return Standing(weight, assumed_random=False, incomplete=incomplete)


def verdicts(position: Ints, code: Ints, applied: Bools, n_codes: int) -> tuple[Ints, Bools, Bools]:
    """Return the reviewed answers (sorted positions), which codes hold and which were asked, (n_reviewed, n_codes).

    A code without a row was not asked, which is not a no. More than one auditor: the majority decides, and a tie means
    that the code holds.
    """
    unique, row = np.unique(position, return_inverse=True)
    cell = row * n_codes + code
    size = len(unique) * n_codes
    votes = np.bincount(cell, minlength=size)
    yes = np.bincount(cell, weights=applied, minlength=size)
    shape = (len(unique), n_codes)
    return unique, ((votes > 0) & (2 * yes >= votes)).reshape(shape), (votes > 0).reshape(shape)


def best_review(
    position: Ints, code: Ints, applied: Bools, role: NDArray[np.object_], among: Bools
) -> tuple[Ints, Ints, Bools]:
    """Return position, code and applied of the reviews of the answers in `among`, of the best reviewer each has.

    Used for answers in another language: audit before second coding before training.
    """
    taken = np.zeros(len(among), dtype=bool)
    chosen = np.zeros(len(position), dtype=bool)
    for reviewer in REVIEWERS:
        here = (role == reviewer) & among[position] & ~taken[position]
        chosen |= here
        taken[position[here]] = True
    return position[chosen], code[chosen], applied[chosen]
