"""Respondents' text made safe for files that can't hold every character."""

from __future__ import annotations

import re
from typing import Final

#: Control characters and lone surrogates: XML can't hold them, and nobody can read them.
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
CELL: Final = 32_700  # characters Excel takes in one cell, with room for the dots


def plain(text: str, longest: int = CELL) -> str:
    r"""Return a text without characters that Office files can't hold, cut to what one cell can hold.

    >>> plain("een\x00brief")
    'eenbrief'
    """
    clean = _UNREADABLE.sub("", text)
    return clean if len(clean) <= longest else clean[: longest - 2] + " …"
