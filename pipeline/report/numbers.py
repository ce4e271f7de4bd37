"""Numbers as a Dutch (or English) reader expects them: `26%`, `7,6`, `2.300`."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

HIDDEN = "•"
UNKNOWN = ""


def whole_percent(share: float) -> int:
    """Return a share (0-1) as a whole percentage, halves up: the one rounding of tables, charts and sentences.

    >>> whole_percent(0.255), whole_percent(0.285), whole_percent(1 / 3)
    (26, 29, 33)
    """
    return int(Decimal(f"{share * 100:.9f}").quantize(Decimal(1), rounding=ROUND_HALF_UP))


def percent(share: float | None) -> str:
    """Return a share (0-1) as a whole percentage; what is not nought never reads as nought.

    >>> percent(0.26), percent(0.004), percent(0.0), percent(None)
    ('26%', '<1%', '0%', '')
    """
    if share is None or math.isnan(share):
        return UNKNOWN
    rounded = whole_percent(share)
    return "<1%" if rounded == 0 and share > 0 else f"{rounded}%"


def interval(low: float | None, high: float | None) -> str:
    """Return the interval of a share (0-1 twice).

    >>> interval(0.21, 0.314)
    '21–31%'
    """
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return UNKNOWN
    first, last = whole_percent(low), whole_percent(high)
    return f"{last}%" if first == last else f"{first}–{last}%"


def count(number: float | None, language: str = "nl") -> str:
    """Return a whole number with its thousands marked.

    >>> count(2300), count(2300, "en"), count(61)
    ('2.300', '2,300', '61')
    """
    if number is None or math.isnan(number):
        return UNKNOWN
    text = f"{round(number):,}"
    return text if language == "en" else text.replace(",", ".")


def decimal(number: float | None, language: str = "nl", digits: int = 1) -> str:
    """Return a number with decimals, such as a grade or a confidence level.

    >>> decimal(7.55), decimal(92.9, "en")
    ('7,6', '92.9')
    """
    if number is None or math.isnan(number):
        return UNKNOWN
    step = Decimal(1).scaleb(-digits)
    text = str(Decimal(f"{number:.9f}").quantize(step, rounding=ROUND_HALF_UP))
    return text if language == "en" else text.replace(".", ",")
