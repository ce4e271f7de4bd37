"""Codes of which an answer has exactly one: their shares of a group add up to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.estimates.corrections import Estimate
from pipeline.estimates.units import Units

Floats = NDArray[np.float64]

_HALVINGS = 100
_NOISE = 1e-12  # of halving: nobody is exactly nought


def held(units: Units, members: Sequence[int]) -> Floats:
    """Return the sum of weights x number of these codes per group, shape (groups,), the unknown group last.

    What was reviewed or ticked counts as it is; an answer that nobody reviewed yet has one of them.
    """
    number = (units.ticked | units.found)[:, list(members)].sum(axis=1).astype(float)
    number = np.where(units.settled, number, np.maximum(number, 1.0))
    return np.bincount(units.group, weights=units.weight * number, minlength=len(units.groups) + 1).astype(float)


def balanced(estimate: Estimate, members: Sequence[int], wanted: Floats) -> Estimate:
    """Return the estimate with the shares of these codes moved so that they add up to `wanted`, shape (groups,).

    Each is estimated on its own, so that together they hold more or less than everyone. The nearest shares that add up
    are taken, where a share that is less sure moves more (in proportion to the square of its interval's width) and
    none leaves its interval. The intervals stay.

    Source: Deming & Stephan (1940), Annals of Mathematical Statistics 11 (least squares adjustment to a known sum).
    """
    columns = list(members)
    share, low, high = (values[:, columns] for values in (estimate.share, estimate.low, estimate.high))
    room = (high - low) ** 2
    least = np.where(room > 0, room, np.inf).min(axis=1)
    furthest = np.where(np.isfinite(least), 1.0 / least, 0.0)
    below, above = -furthest, furthest

    def moved(step: Floats) -> Floats:
        return np.asarray(np.clip(share + step[:, None] * room, low, high), dtype=float)

    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        short = moved(middle).sum(axis=1) < wanted
        below, above = np.where(short, middle, below), np.where(short, above, middle)
    found = moved((below + above) / 2)
    for bound in (low, high, np.zeros_like(found), np.ones_like(found)):
        found = np.where(np.abs(found - bound) < _NOISE, bound, found)
    shares = estimate.share.copy()
    shares[:, columns] = found
    return replace(estimate, share=shares)
