"""How long `estimate_shares` takes, and its memory, on a million answers: `python benchmarks/estimate_speed.py`."""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd

from pipeline.estimates.shares import estimate_shares

LIMIT_SECONDS, LIMIT_GB = 10.0, 3.0


def survey(n_answers: int, n_codes: int, n_groups: int, n_audit: int, seed: int = 1) -> tuple[pd.DataFrame, ...]:
    """Return answers, machine codings of every answer and code (with those that do not apply), audit and sample."""
    rng = np.random.default_rng(seed)
    ids = pd.Series(np.char.add("a", np.arange(n_answers).astype("U8")), dtype="str")
    codes = [f"code-{number:02d}" for number in range(n_codes)]
    prevalence = np.geomspace(0.01, 0.4, n_codes)
    answers = pd.DataFrame(
        {
            "answer_id": ids,
            "respondent_id": ids.str.replace("a", "r"),
            "question": "verbeter",
            "group": pd.Series(np.array([f"g{g:02d}" for g in range(n_groups)])[rng.integers(0, n_groups, n_answers)]),
            "wave": "2022",
            "text": "",
            "weight": 1.0,
            "status": "answer",
        }
    )
    truth = rng.random((n_answers, n_codes), dtype=np.float32) < prevalence
    machine = np.where(
        truth, rng.random(truth.shape, dtype=np.float32) < 0.85, rng.random(truth.shape, dtype=np.float32) < 0.02
    )
    repeated = ids.repeat(n_codes).reset_index(drop=True)
    codings = pd.DataFrame(
        {
            "answer_id": repeated,
            "code": pd.Series(np.tile(codes, n_answers), dtype="str"),
            "applied": machine.ravel(),
            "coder": pd.Series(["machine"], dtype="str").repeat(n_answers * n_codes).to_numpy(),
            "role": pd.Series(["machine"], dtype="str").repeat(n_answers * n_codes).to_numpy(),
        }
    )
    drawn = rng.choice(n_answers, n_audit, replace=False)
    audit = pd.DataFrame(
        {
            "answer_id": ids.iloc[drawn].repeat(n_codes).to_numpy(),
            "code": np.tile(codes, n_audit),
            "applied": truth[drawn].ravel(),
            "coder": "anna",
            "role": "audit",
        }
    )
    sample = pd.DataFrame(
        {
            "answer_id": ids.iloc[drawn].to_numpy(),
            "question": "verbeter",
            "role": "audit",
            "inclusion_probability": n_audit / n_answers,
            "stratum": "all",
        }
    )
    return answers, pd.concat([codings, audit], ignore_index=True), sample


def main() -> None:
    """Print rows, seconds and peak memory; exit with 1 when over the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--codes", type=int, default=10)
    parser.add_argument("--groups", type=int, default=20)
    parser.add_argument("--audit", type=int, default=4_000)
    options = parser.parse_args()
    answers, codings, sample = survey(options.answers, options.codes, options.groups, options.audit)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    started = time.perf_counter()
    shares = estimate_shares(codings, sample, answers)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{len(answers):,} answers, {len(codings):,} codings -> {len(shares)} shares: {seconds:.1f} s, "
          f"peak {peak:.2f} GB (of which the input {before:.2f} GB)")  # fmt: skip
    if seconds > LIMIT_SECONDS or peak > LIMIT_GB:
        raise SystemExit(f"over the limit of {LIMIT_SECONDS:g} s and {LIMIT_GB:g} GB")


if __name__ == "__main__":
    main()
