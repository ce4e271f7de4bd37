"""What an analyst can choose about the report, beside what survey.yaml already says of the survey."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FORMATS = ("html", "csv", "xlsx", "docx", "sav", "parquet")


@dataclass(frozen=True)
class Options:
    """Choices with sensible defaults; ids in `pin` and `ban` are answer ids."""

    quotes_per_code: int = 3
    pin: tuple[str, ...] = ()
    ban: tuple[str, ...] = ()
    longest_quote: int = 320
    min_cell: int = 5
    answers_in_page: int = 3_000
    template: Path | None = None
