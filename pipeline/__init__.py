"""Duiding: from the open answers of a Dutch survey to percentages that can be published.

Eight names are the public library; each is imported only when it is first used, so `import pipeline` stays cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.codebook import load_codebook
    from pipeline.coding.classify import code_answers
    from pipeline.config import load_survey
    from pipeline.estimates.compare import compare_shares
    from pipeline.estimates.response import response_reliability
    from pipeline.estimates.shares import estimate_shares
    from pipeline.intake.pseudonymise import pseudonymise
    from pipeline.job import run

__version__ = "0.1.0"

__all__ = [
    "code_answers",
    "compare_shares",
    "estimate_shares",
    "load_codebook",
    "load_survey",
    "pseudonymise",
    "response_reliability",
    "run",
]

_HOME = {
    "code_answers": "pipeline.coding.classify",
    "compare_shares": "pipeline.estimates.compare",
    "estimate_shares": "pipeline.estimates.shares",
    "load_codebook": "pipeline.codebook",
    "load_survey": "pipeline.config",
    "pseudonymise": "pipeline.intake.pseudonymise",
    "response_reliability": "pipeline.estimates.response",
    "run": "pipeline.job",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'pipeline' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
