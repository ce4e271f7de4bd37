"""Values of a table as plain numbers and texts: pandas has several that mean missing."""

from __future__ import annotations

import math

import pandas as pd


def number(value: object) -> float | None:
    """Return a number, or None for what is missing."""
    if value is None or value is pd.NA:
        return None
    found = float(value)  # type: ignore[arg-type]
    return None if math.isnan(found) else found


def text(value: object) -> str:
    """Return a text, empty for what is missing."""
    return "" if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)) else str(value)
