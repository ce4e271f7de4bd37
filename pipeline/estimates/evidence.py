"""From respondents to counts: per group, code and machine decision what is known, what is open, what audits found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.estimates.units import Units

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Evidence:
    """Sums per group (first axis), per code, and per machine decision (last axis: not coded, coded).

    An answer is settled for a code when a tick or a review says whether it holds; of the others only the machine's
    decision is known. All are sums of weights (without weights: counts), so they add up over groups. The last group
    is that of the respondents whose group is not known.
    """

    n: Floats  # (groups,) respondents
    n_reviewed: Floats  # (groups,) of which reviewed
    total: Floats  # (groups,) sum of weights
    total_squared: Floats  # (groups,) sum of squared weights
    counted: Floats  # (groups, codes) ticked or coded by the machine, before any correction
    known: Floats  # (groups, codes) ticked, or reviewed and found to hold
    open: Floats  # (groups, codes, 2) neither ticked nor reviewed
    open_squared: Floats  # (groups, codes, 2)
    audited: Floats  # (groups, codes, 2) audited, each weighed by the unreviewed answers it speaks for
    audited_squared: Floats  # (groups, codes, 2)
    hits: Floats  # (groups, codes, 2) the part of `audited` where the code holds

    @property
    def has_audit(self) -> bool:
        """Whether any audited answer speaks for the unreviewed ones."""
        return bool((self.audited > 0).any())

    def summed(self) -> Evidence:
        """Return the evidence of all groups together, as one group."""
        return self._map(lambda values: values.sum(axis=0, keepdims=True))

    def rest(self) -> Evidence:
        """Return for each group the evidence of all others together."""
        return self._map(lambda values: np.maximum(values.sum(axis=0, keepdims=True) - values, 0.0))

    def without_machine(self) -> Evidence:
        """Return the evidence with the machine's decision forgotten (last axis of length 1)."""
        names = ("open", "open_squared", "audited", "audited_squared", "hits")
        return replace(self, **{name: getattr(self, name).sum(axis=-1, keepdims=True) for name in names})

    def audit_size(self) -> tuple[Floats, Floats]:
        """Return the audited answers and the hits among them as effective numbers, (sum w)^2 / sum w^2 (Kish 1965)."""
        size = ratio(self.audited**2, self.audited_squared)
        return size, size * ratio(self.hits, self.audited)

    def open_size(self) -> Floats:
        """Return the effective number of unreviewed answers."""
        return ratio(self.open**2, self.open_squared)

    def size(self) -> Floats:
        """Return the effective number of respondents, shape (groups,)."""
        return ratio(self.total**2, self.total_squared)

    def _map(self, change: Callable[[Floats], Floats]) -> Evidence:
        return Evidence(**{field.name: change(getattr(self, field.name)) for field in fields(self)})


def ratio(top: Any, bottom: Any) -> Floats:
    """Return top / bottom, 0 where there is nothing to divide by."""
    top, bottom = np.broadcast_arrays(np.asarray(top, dtype=float), np.asarray(bottom, dtype=float))
    out: Floats = np.divide(top, bottom, out=np.zeros(top.shape), where=bottom > 0)
    return out


def count_evidence(units: Units) -> Evidence:
    """Return the sums per group, code and machine decision of one question's respondents."""
    groups, codes = len(units.groups) + 1, len(units.codes)
    open_answers = ~units.settled[:, None] & ~units.ticked & ~units.found
    surely = units.ticked | units.found
    speaking = np.flatnonzero(units.stands_for > 0)
    speech = (units.weight * units.stands_for)[speaking]
    w = units.weight

    def per_group(weights: Floats, chosen: Bools | slice = slice(None)) -> Floats:
        return np.bincount(units.group[chosen], weights=weights[chosen], minlength=groups).astype(float)

    def per_decision(code: int, rows: Any, weights: Floats) -> Floats:
        cell = units.group[rows] * 2 + units.machine[rows, code]
        return np.bincount(cell, weights=weights, minlength=groups * 2).reshape(groups, 2).astype(float)

    counted, known = np.zeros((groups, codes)), np.zeros((groups, codes))
    shape = (groups, codes, 2)
    sums = {name: np.zeros(shape) for name in ("open", "open_squared", "audited", "audited_squared", "hits")}
    for code in range(codes):
        certain = surely[:, code] & (units.stands_for == 0) & units.settled
        counted[:, code] = per_group(w, units.ticked[:, code] | units.machine[:, code] | certain)
        known[:, code] = per_group(w, surely[:, code])
        rows = np.flatnonzero(open_answers[:, code])
        sums["open"][:, code] = per_decision(code, rows, w[rows])
        sums["open_squared"][:, code] = per_decision(code, rows, w[rows] ** 2)
        free = ~units.ticked[speaking, code]
        rows, weights = speaking[free], speech[free]
        sums["audited"][:, code] = per_decision(code, rows, weights)
        sums["audited_squared"][:, code] = per_decision(code, rows, weights**2)
        sums["hits"][:, code] = per_decision(code, rows, weights * units.found[rows, code])
    return Evidence(
        n=per_group(np.ones(len(w))),
        n_reviewed=per_group(units.reviewed.astype(float)),
        total=per_group(w),
        total_squared=per_group(w**2),
        counted=counted,
        known=known,
        **sums,
    )
