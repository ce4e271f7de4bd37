"""How well coders agree: percent agreement, Cohen's kappa, Krippendorff's alpha, F1; and which codes get confused.

Sources: Cohen (1960), "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20,
37-46; Krippendorff (2011), "Computing Krippendorff's alpha-reliability"; Passonneau (2006), "Measuring agreement on
set-valued items (MASI)", LREC. Krippendorff's floor for tentative conclusions is .667.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLOOR = 0.667
BOOTSTRAPS = 1000
Codes = frozenset[str]
Coded = Mapping[str, Codes]


def nominal(left: Hashable, right: Hashable) -> float:
    """Distance between two categories: 0 when equal, else 1."""
    return float(left != right)


def masi(left: Codes, right: Codes) -> float:
    """Distance (0-1) between two sets of codes: 1 - Jaccard * monotonicity (Passonneau 2006).

    >>> round(masi(frozenset("ab"), frozenset("a")), 3)
    0.667
    """
    if left == right:
        return 0.0
    both, either = len(left & right), len(left | right)
    shape = 2 / 3 if both in (len(left), len(right)) else 1 / 3 if both else 0.0
    return 1.0 - shape * both / either


def krippendorff_alpha(units: Sequence[Sequence[Hashable]], distance: Callable[..., float] = nominal) -> float:
    """Return Krippendorff's alpha of units, each with the values that coders gave it (any number; missing left out).

    1 is perfect, 0 is chance; nan when nothing can be compared or only one value was ever used.

    >>> round(krippendorff_alpha([(0, 1), (1, 1), (0, 0), (0, 0), (1, 0)]), 3)
    0.25
    """
    pairable = [tuple(unit) for unit in units if len(unit) > 1]
    totals: Counter[Hashable] = Counter(value for unit in pairable for value in unit)
    n = sum(totals.values())
    if n < 2 or len(totals) < 2:
        return math.nan
    observed = 0.0
    for unit in pairable:
        counts = Counter(unit)
        apart = sum(counts[a] * counts[b] * distance(a, b) for a in counts for b in counts if a != b)
        observed += apart / (len(unit) - 1)
    expected = sum(totals[a] * totals[b] * distance(a, b) for a in totals for b in totals if a != b) / (n - 1)
    return 1.0 - observed / expected if expected else math.nan


def cohen_kappa(left: Sequence[Hashable], right: Sequence[Hashable]) -> float:
    """Return Cohen's kappa of two coders over the same units; nan when both only ever used one and the same value.

    >>> round(cohen_kappa("aabb", "aabc"), 3)
    0.6
    """
    n = len(left)
    if n == 0:
        return math.nan
    same = sum(a == b for a, b in zip(left, right, strict=True)) / n
    first, second = Counter(left), Counter(right)
    chance = sum(first[value] * second[value] for value in first) / n**2
    return (same - chance) / (1 - chance) if chance < 1 else math.nan


def f1_interval(both: int, only_left: int, only_right: int, z: float = 1.959964) -> tuple[float, float, float]:
    """Return F1 of two coders on one code, with its bounds; nan when neither used it.

    F1 = 2J / (1 + J) with J the share of "both" among the answers that either gave the code; J gets Wilson's interval.

    >>> tuple(round(value, 2) for value in f1_interval(40, 10, 10))
    (0.8, 0.7, 0.87)
    """
    n = both + only_left + only_right
    if n == 0:
        return math.nan, math.nan, math.nan
    share = both / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = (max(0.0, centre - half) if both else 0.0), min(1.0, centre + half)
    return 2 * share / (1 + share), 2 * low / (1 + low), 2 * high / (1 + high)


@dataclass(frozen=True)
class Agreement:
    """Agreement of two coders on one code (or on whole answers: code is empty); shares and F1 are 0-1.

    `flag` is `low` when alpha is below .667, `unused` when neither used the code (or was asked about it). `confused`
    holds, for a low code, what the other coder gave instead: (code or "" for nothing else, how often, example answer
    ids).
    """

    code: str
    n: int
    percent: float
    kappa: float
    alpha: float
    f1: float
    low: float
    high: float
    flag: str = ""
    confused: tuple[tuple[str, int, tuple[str, ...]], ...] = ()


def compare_coders(
    left: Coded, right: Coded, codes: Sequence[str], *, asked: Coded | None = None, seed: int = 1
) -> list[Agreement]:
    """Return the agreement of two codings of the same answers: over whole answers first, then per code.

    Only answers that both coded count, and of those only the codes that both were `asked` about (all when left out): a
    code that came into the codebook later was not denied. The overall alpha takes the distance between sets of codes
    (MASI), the overall F1 adds up all codes (micro) and its interval comes from resampling answers.
    """
    shared = sorted(set(left) & set(right))
    if not shared:
        return []
    known = frozenset(codes)
    both_asked = {key: known if asked is None else known & asked.get(key, known) for key in shared}
    whole = [(left[key] & both_asked[key], right[key] & both_asked[key]) for key in shared]
    out = [_overall(whole, seed)]
    for code in codes:
        ids = [key for key in shared if code in both_asked[key]]
        pairs = [pair for key, pair in zip(shared, whole, strict=True) if code in both_asked[key]]
        if not pairs:
            out.append(Agreement(code, 0, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, "unused"))
            continue
        mine = [code in a for a, _ in pairs]
        theirs = [code in b for _, b in pairs]
        both = sum(a and b for a, b in zip(mine, theirs, strict=True))
        alpha = krippendorff_alpha(list(zip(mine, theirs, strict=True)))
        flag = "unused" if not any(mine) and not any(theirs) else "low" if alpha < FLOOR else ""
        f1, low, high = f1_interval(both, sum(mine) - both, sum(theirs) - both)
        confused = _confused(code, ids, pairs) if flag == "low" else ()
        percent = sum(a == b for a, b in zip(mine, theirs, strict=True)) / len(pairs)
        out.append(
            Agreement(code, len(pairs), percent, cohen_kappa(mine, theirs), alpha, f1, low, high, flag, confused)
        )
    return out


def _overall(pairs: Sequence[tuple[Codes, Codes]], seed: int) -> Agreement:
    counts = np.array([(len(a & b), len(a), len(b)) for a, b in pairs], dtype=float)

    def f1(rows: NDArray[np.float64]) -> float:
        total = rows[:, 1].sum() + rows[:, 2].sum()
        return float(2 * rows[:, 0].sum() / total) if total else math.nan

    rng = np.random.default_rng(seed)
    drawn = [f1(counts[rng.integers(0, len(counts), len(counts))]) for _ in range(BOOTSTRAPS)]
    known = [value for value in drawn if not math.isnan(value)]
    low, high = (float(x) for x in np.quantile(known, [0.025, 0.975])) if known else (math.nan, math.nan)
    alpha = krippendorff_alpha(pairs, masi)
    kappa = cohen_kappa([a for a, _ in pairs], [b for _, b in pairs])
    percent = sum(a == b for a, b in pairs) / len(pairs)
    return Agreement("", len(pairs), percent, kappa, alpha, f1(counts), low, high, "low" if alpha < FLOOR else "")


def _confused(
    code: str, ids: Sequence[str], pairs: Sequence[tuple[Codes, Codes]], examples: int = 5
) -> tuple[tuple[str, int, tuple[str, ...]], ...]:
    """Return what one coder gave where the other gave `code`, most frequent first."""
    instead: dict[str, list[str]] = {}
    for answer_id, (a, b) in zip(ids, pairs, strict=True):
        if (code in a) == (code in b):
            continue
        other = (b - a) if code in a else (a - b)
        for name in sorted(other) or [""]:
            instead.setdefault(name, []).append(answer_id)
    ordered = sorted(instead.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((name, len(found), tuple(found[:examples])) for name, found in ordered)
