"""Error rates that an audit cannot show: a small group borrows from the question, an unaudited code from the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.estimates.evidence import Evidence, ratio

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Chosen by simulation (docs/percentages.md): groups whose shares differ by a factor two keep their coverage.
MOST_BORROWED: Final = 40.0
CAUTION: Final = 2.0

# So little that it gives an answer type without audit a rate, and is nothing beside a single audited answer.
TRACE: Final = 1e-9


def borrow_rates(evidence: Evidence, whole: Evidence, enough: float, worth: Floats) -> tuple[Evidence, Bools]:
    """Return the evidence in which groups with fewer than `enough` audited answers borrow, and where it mattered.

    A borrowing group gets, per code and machine decision, `worth` answers with the hit rate of the whole question
    added to its own audit, but never more than the audit of the others holds. Where neither holds an answer a trace is
    lent: the rate is then the question's, and the interval stays that of no audit at all.

    Args:
        evidence: of the groups.
        whole: of all groups together.
        enough: number of audited answers from which a group stands on its own.
        worth: per machine decision, from `borrowed_worth`.

    Returns:
        Evidence, and which cells rest on what was borrowed, shape (groups, codes).
    """
    size, _ = evidence.audit_size()
    borrows = (size.sum(axis=-1).min(axis=-1) < enough) & (evidence.n > 0)
    all_size, all_hits = whole.audit_size()
    rate = ratio(all_hits, all_size)
    lendable = np.maximum(all_size - size, 0.0)
    extra = np.where(borrows[:, None, None], np.minimum(lendable, worth), 0.0)
    extra = np.where((size + extra <= 0) & (lendable > 0), TRACE, extra)
    weight = np.where(evidence.audited > 0, ratio(evidence.audited_squared, evidence.audited), 1.0)
    lent = replace(
        evidence,
        audited=evidence.audited + extra * weight,
        audited_squared=evidence.audited_squared + extra * weight**2,
        hits=evidence.hits + extra * weight * rate,
    )
    return lent, np.asarray(((extra > 0) & (evidence.open > 0)).any(axis=-1), dtype=bool)


def rates_of_all_codes(evidence: Evidence) -> Evidence:
    """Return the evidence in which a code without audited answers of a machine decision has the rate of all codes.

    Only a trace is lent, so the interval stays that of no audit at all.
    """
    rate = ratio(evidence.hits.sum(axis=1, keepdims=True), evidence.audited.sum(axis=1, keepdims=True))
    known = (evidence.audited > 0).any(axis=1, keepdims=True)
    extra = np.where((evidence.audited <= 0) & known, TRACE, 0.0)
    return replace(
        evidence,
        audited=evidence.audited + extra,
        audited_squared=evidence.audited_squared + extra,
        hits=evidence.hits + extra * rate,
    )


def borrowed_worth(evidence: Evidence, whole: Evidence) -> Floats:
    """Return how many audited answers of its own the question's rate is worth to a group, shape (codes, 2).

    Groups differ in their hit rates p by a variance v on the logit scale, so with an intraclass correlation
    r = v p (1 - p); a rate known for all groups together says as much about one group as 1/r - 1 answers of its own
    (beta-binomial). v is estimated by moments per machine decision, over all groups and codes, from Pearson's
    X2 = sum n (p - p0)^2 / (p0 (1 - p0)), whose mean is about G - 1 + r sum (n - 1)(1 - n/N); `CAUTION` standard
    errors are added, so that a question with little audit lends little.
    Source: Williams (1982), Applied Statistics 31, 144-148 (extra-binomial variation, model III; X2 for moments).
    """
    size, hits = evidence.audit_size()
    all_size, all_hits = whole.audit_size()
    rate = ratio(all_hits, all_size)
    usable = (size > 0) & (rate > 0) & (rate < 1)
    chi = np.where(usable, ratio(size * (ratio(hits, size) - rate) ** 2, rate * (1 - rate)), 0.0).sum(axis=0)
    freedom = np.maximum(usable.sum(axis=0) - 1, 0)
    slope = np.where(usable, np.maximum(size - 1, 0.0) * (1 - ratio(size, all_size)), 0.0).sum(axis=0)
    smooth = (all_hits[0] + 0.5) / (all_size[0] + 1.0)
    spread = smooth * (1 - smooth)
    seen = (spread**2 * slope).sum(axis=0)
    excess = (spread * (chi - freedom)).sum(axis=0)
    noise = np.sqrt(2.0 * (spread**2 * freedom).sum(axis=0))
    variance = np.maximum(ratio(excess, seen), 0.0) + CAUTION * ratio(noise, seen)
    correlation = variance * spread
    worth = np.where(correlation > 0, ratio(1.0, correlation) - 1.0, 0.0)
    return np.clip(worth, 0.0, MOST_BORROWED)
