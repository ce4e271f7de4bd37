"""Builders of small surveys for the tests of the estimates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

CODING_COLUMNS = ["answer_id", "code", "applied", "coder", "role"]


def make_answers(
    groups: Sequence[str | None],
    *,
    question: str = "verbeter",
    wave: str | None = "2022",
    status: Sequence[str] | str = "answer",
    weight: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Return one answer per group named, `a0`, `a1`, ... of respondents `r0`, `r1`, ..."""
    n = len(groups)
    return pd.DataFrame(
        {
            "answer_id": [f"a{number}" for number in range(n)],
            "respondent_id": [f"r{number}" for number in range(n)],
            "question": question,
            "group": list(groups),
            "wave": wave,
            "text": "…",
            "weight": list(weight) if weight is not None else [None] * n,
            "status": [status] * n if isinstance(status, str) else list(status),
        }
    )


def make_codings(role: str, codes: Mapping[str, Mapping[str, bool]], coder: str = "") -> pd.DataFrame:
    """Return codings from answer -> code -> applied."""
    rows = [
        (answer, code, applied, coder or role, role)
        for answer, given in codes.items()
        for code, applied in given.items()
    ]
    return pd.DataFrame(rows, columns=CODING_COLUMNS)


def make_survey(
    n: int = 300,
    n_audit: int = 100,
    *,
    prevalences: Sequence[float] = (0.3, 0.1, 0.02),
    groups: Iterable[str] = ("Hengelo", "Borne", "Haaksbergen"),
    wave: str = "2022",
    sensitivity: float = 0.85,
    specificity: float = 0.98,
    seed: int = 1,
) -> SimpleNamespace:
    """Return answers, codings (machine and audit), sample and truth (answers x codes) of a made-up survey."""
    rng = np.random.default_rng(seed)
    answers = make_answers(list(rng.choice(list(groups), n)), wave=wave)
    codes = [f"code-{number}" for number in range(len(prevalences))]
    truth = rng.random((n, len(codes))) < np.array(prevalences)
    machine = np.where(truth, rng.random(truth.shape) < sensitivity, rng.random(truth.shape) > specificity)
    drawn = np.sort(rng.choice(n, n_audit, replace=False))

    def table(role: str, values: np.ndarray, rows: Sequence[int]) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "answer_id": np.repeat(answers["answer_id"].to_numpy()[list(rows)], len(codes)),
                "code": codes * len(rows),
                "applied": values[list(rows)].ravel(),
                "coder": role,
                "role": role,
            }
        )

    sample = pd.DataFrame(
        {
            "answer_id": answers["answer_id"].iloc[drawn].to_numpy(),
            "question": "verbeter",
            "role": "audit",
            "inclusion_probability": n_audit / n,
            "stratum": None,
        }
    )
    codings = pd.concat([table("machine", machine, range(n)), table("audit", truth, drawn)], ignore_index=True)
    return SimpleNamespace(answers=answers, codings=codings, sample=sample, truth=truth, codes=codes, drawn=drawn)


@pytest.fixture(scope="session")
def survey() -> Callable[..., SimpleNamespace]:
    return make_survey


@pytest.fixture(scope="session")
def answers_of() -> Callable[..., pd.DataFrame]:
    return make_answers


@pytest.fixture(scope="session")
def codings_of() -> Callable[..., pd.DataFrame]:
    return make_codings
