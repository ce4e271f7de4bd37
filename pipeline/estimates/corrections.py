"""The share of each code and the interval of its coding error: five ways to combine machine codes with an audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.estimates.evidence import Evidence, ratio
from pipeline.estimates.intervals import add_parts, finite_n, normal_quantile, predicted_share, wilson

Floats = NDArray[np.float64]

# Numbers of respondents are whole. The continuity correction for a discrete distribution would be to round a bound to
# the nearest whole number (0.5); 0.4 keeps a little to the safe side. It matters below some 1,000 respondents only.
TO_WHOLE: Final = 0.4


@dataclass(frozen=True)
class Estimate:
    """Share with the bounds of its coding error, each of shape (groups, codes)."""

    share: Floats
    low: Floats
    high: Floats


def post_stratified(evidence: Evidence, level: float) -> Estimate:
    """Return shares from the audit post-stratified on the machine's decision (the default).

    share = (known + sum over decisions of unreviewed x hit rate of the audit) / all. The interval adds the Jeffreys
    beta-binomial intervals of both decisions; for small numbers it is widened to whole respondents.
    Sources: Cochran (1977), section 5A.9 (post-stratification); Brown, Cai & DasGupta (2001) (Jeffreys); Zou & Donner
    (2008) (adding intervals).
    """
    size, hits = evidence.audit_size()
    rate = np.where(size > 0, ratio(hits, size), 0.5)
    low, high = predicted_share(hits, size, evidence.open_size(), level)
    total = _total(evidence)
    part = ratio(evidence.open, total[..., None])
    share = ratio(evidence.known, total) + (part * rate).sum(axis=-1)
    bounds = add_parts(share, *(_moved(share, part[..., h], rate[..., h], low[..., h], high[..., h]) for h in (0, 1)))
    return _possible(evidence, share, *bounds)


def wilson_audit(evidence: Evidence, level: float) -> Estimate:
    """Return shares from the audit alone: Wilson's interval with finite population correction, machine codes unused."""
    merged = evidence.without_machine()
    size, hits = (values[..., 0] for values in merged.audit_size())
    open_part, open_size = merged.open[..., 0], merged.open_size()[..., 0]
    rate = np.where(size > 0, ratio(hits, size), 0.5)
    low, high = wilson(rate, finite_n(size, size + open_size), level)
    return _from_rate(evidence, rate, low, high, size, open_size, open_part)


def difference(evidence: Evidence, level: float) -> Estimate:
    """Return shares by the difference estimator: the machine's share plus the mean error in the audit; Wald interval.

    Source: Särndal, Swensson & Wretman (1992), Model Assisted Survey Sampling, section 6.3.
    """
    return _wald(evidence, level, tuned=False)


def ppi(evidence: Evidence, level: float) -> Estimate:
    """Return shares by prediction-powered inference with the tuned weight (PPI++) and its Wald interval.

    Source: Angelopoulos, Duchi & Zrnic (2023), PPI++: Efficient Prediction-Powered Inference, arXiv 2311.01453,
    equations 2 and 6, for a mean and a finite population.
    """
    return _wald(evidence, level, tuned=True)


def machine_count(evidence: Evidence, level: float) -> Estimate:
    """Return the plain counts of machine codes, ticks and reviewed codes; coding error is taken to be none."""
    share = ratio(evidence.known + evidence.open[..., 1], _total(evidence))
    return Estimate(share, share, share)


METHODS: Final[dict[str, Callable[[Evidence, float], Estimate]]] = {
    "post_stratified": post_stratified,
    "wilson_audit": wilson_audit,
    "difference": difference,
    "ppi": ppi,
    "machine_count": machine_count,
}


def _total(evidence: Evidence) -> Floats:
    return np.broadcast_to(evidence.total[:, None], evidence.known.shape)


def _moved(share: Floats, part: Floats, rate: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    return share + part * (low - rate), share + part * (high - rate)


def _wald(evidence: Evidence, level: float, *, tuned: bool) -> Estimate:
    size, hits = evidence.audit_size()
    open_size = evidence.open_size()
    n, y, f, both = size.sum(-1), hits.sum(-1), size[..., 1], hits[..., 1]
    everyone = n + open_size.sum(-1)
    mean_y, mean_f, overall_f = ratio(y, n), ratio(f, n), ratio(f + open_size[..., 1], everyone)
    covariance = ratio(both, n) - mean_y * mean_f
    slope = ratio(covariance, mean_f * (1 - mean_f)) if tuned else np.ones_like(n)
    rate = mean_y + slope * (overall_f - mean_f)
    variance = mean_y * (1 - mean_y) + slope**2 * mean_f * (1 - mean_f) - 2 * slope * covariance
    half = normal_quantile(level) * np.sqrt(np.maximum(variance, 0) / np.maximum(n, 1) * (1 - ratio(n, everyone)))
    rate, half = np.where(n > 0, rate, 0.5), np.where(n > 0, half, 0.5)
    low, high = np.clip(rate - half, 0, 1), np.clip(rate + half, 0, 1)
    return _from_rate(evidence, np.clip(rate, 0, 1), low, high, n, open_size.sum(-1), evidence.open.sum(-1))


def _from_rate(
    evidence: Evidence, rate: Floats, low: Floats, high: Floats, size: Floats, open_size: Floats, open_part: Floats
) -> Estimate:
    """Turn bounds for all answers an audit of `size` was drawn from into bounds with the reviewed ones known."""
    _, hits = evidence.without_machine().audit_size()
    total = _total(evidence)

    def share_at(value: Floats) -> Floats:
        unreviewed = np.clip(ratio(value * (size + open_size) - hits[..., 0], open_size), 0.0, 1.0)
        return ratio(evidence.known + open_part * unreviewed, total)

    return _possible(evidence, share_at(rate), share_at(low), share_at(high))


def _possible(evidence: Evidence, share: Floats, low: Floats, high: Floats) -> Estimate:
    """Keep an interval to whole respondents and to what is possible; without open answers it has no width."""
    total, n = _total(evidence), np.broadcast_to(evidence.size()[:, None], evidence.known.shape)
    least, most = ratio(evidence.known, total), ratio(evidence.known + evidence.open.sum(-1), total)
    low, high = ratio(np.floor(low * n + TO_WHOLE), n), ratio(np.ceil(high * n - TO_WHOLE), n)
    share = np.clip(share, least, most)
    exact = evidence.open.sum(-1) <= 0
    low = np.where(exact, share, np.minimum(np.maximum(low, least), share))
    high = np.where(exact, share, np.maximum(np.minimum(high, most), share))
    return Estimate(share, low, high)
