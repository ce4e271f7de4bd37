"""Intervals for one share, and how intervals of independent parts add up. All arguments may be arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv
from scipy.stats import norm

Floats = NDArray[np.float64]


def normal_quantile(level: float) -> float:
    """Return z so that a standard normal lies in (-z, z) with probability `level`.

    >>> round(normal_quantile(0.95), 3)
    1.96
    """
    return float(norm.ppf(0.5 + level / 2))


def wilson(share: Any, n: Any, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return Wilson's score interval; `n` may be an effective sample size, infinite (zero width) or 0 (no knowledge).

    Source: Wilson (1927), JASA 22, 209-212; Newcombe (1998), Statistics in Medicine 17, 857-872, method 3.

    >>> low, high = wilson(81 / 263, 263)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2553, 0.3662)
    """
    share, n = np.broadcast_arrays(np.asarray(share, dtype=float), np.asarray(n, dtype=float))
    z2 = normal_quantile(level) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    low = np.where(n > 0, np.minimum(centre - half, share), 0.0)
    high = np.where(n > 0, np.maximum(centre + half, share), 1.0)
    return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def finite_n(n: Any, population: Any) -> Floats:
    """Return the sample size that, without the correction, would give the variance of `n` out of a finite population.

    A missing population (nan) is an infinite one. Source: Cochran (1977), Sampling Techniques, equation 3.8:
    var(p) = PQ/n * (N - n)/(N - 1).

    >>> float(finite_n(100, 1000)).__round__(1), float(finite_n(100, float("nan"))), float(finite_n(100, 100))
    (111.0, 100.0, inf)
    """
    n, population = np.broadcast_arrays(np.asarray(n, dtype=float), np.asarray(population, dtype=float))
    with np.errstate(divide="ignore", invalid="ignore"):
        corrected = n * (population - 1) / (population - n)
    out = np.where(n >= population, np.inf, corrected)
    return np.asarray(np.where(np.isnan(population), n, out), dtype=float)


def add_parts(share: Any, *parts: tuple[Any, Any]) -> tuple[Floats, Floats]:
    """Return the interval of a sum of independent parts, each given by its bounds when the other parts are held fixed.

    Distances to the bounds add up as squares, separately downwards and upwards ("method of variance estimates
    recovery"). Source: Zou & Donner (2008), Statistics in Medicine 27, 1693-1702; Newcombe (1998), 873-890, method 10.

    >>> low, high = add_parts(0.5, (0.2, 0.8), (0.1, 0.9))
    >>> float(low), float(high)
    (0.0, 1.0)
    """
    share = np.asarray(share, dtype=float)
    down = sum(np.square(share - np.asarray(low)) for low, _ in parts)
    up = sum(np.square(np.asarray(high) - share) for _, high in parts)
    return np.clip(share - np.sqrt(down), 0.0, 1.0), np.clip(share + np.sqrt(up), 0.0, 1.0)


def predicted_share(hits: Any, n: Any, unreviewed: Any, level: float, prior: float = 0.5) -> tuple[Floats, Floats]:
    """Return bounds for the share of hits among `unreviewed` answers, given `hits` out of `n` reviewed ones.

    The number of hits among the unreviewed is beta-binomial under a Beta(prior, prior) (Jeffreys: one half); it is
    approximated by the beta distribution with the same mean and variance, which is exact for many unreviewed answers:
    A' + 1 = m (A + 1) / (A + m), A = n + 2 * prior. No hit seen: the lower bound is 0; nothing but hits: the upper
    bound is 1. Source: Brown, Cai & DasGupta (2001), Statistical Science 16, 101-133, section 4.1.
    """
    hits, n, m = np.broadcast_arrays(*(np.asarray(value, dtype=float) for value in (hits, n, unreviewed)))
    strength = n + 2 * prior
    mean = (hits + prior) / strength
    with np.errstate(divide="ignore", invalid="ignore"):
        matched = np.where(np.isinf(m), strength, m * (strength + 1) / (strength + m) - 1)
    matched = np.maximum(matched, 1e-6)
    tail = (1 - level) / 2
    low = betaincinv(matched * mean, matched * (1 - mean), tail)
    high = betaincinv(matched * mean, matched * (1 - mean), 1 - tail)
    low = np.where(hits <= 0, 0.0, low)
    high = np.where(hits >= n, 1.0, high)
    nothing = m <= 0
    return np.where(nothing, mean, low), np.where(nothing, mean, high)
