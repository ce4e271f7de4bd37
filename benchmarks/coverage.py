"""Do the intervals cover as often as they say? A seeded simulation: `python benchmarks/coverage.py`.

For every combination of answers, prevalence, audit size and classifier, many surveys are drawn; per survey the share's
interval is made by the functions that `estimate_shares` uses, and compared with the true share. Beside it stand plain
counting of machine codes, Wilson's interval on the audit alone, and PPI++. Exits with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.estimates.borrow import borrow_rates, borrowed_worth
from pipeline.estimates.compare import difference_interval
from pipeline.estimates.corrections import post_stratified, ppi
from pipeline.estimates.evidence import Evidence
from pipeline.estimates.intervals import add_parts, finite_n, wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ANSWERS = (150, 400, 3_000, 50_000)
PREVALENCES = (0.01, 0.02, 0.05, 0.10, 0.20, 0.40)
AUDITS = (50, 100, 200, 400)
CLASSIFIERS = ((0.60, 0.99), (0.75, 0.98), (0.90, 0.97), (0.50, 0.50))
LEVEL = 0.95


@dataclass(frozen=True)
class Cell:
    """One combination; `audit` is at most `answers`."""

    answers: int
    prevalence: float
    audit: int
    sensitivity: float
    specificity: float

    @property
    def reviewed_all(self) -> bool:
        """Whether the audit holds every answer."""
        return self.audit >= self.answers


def grid() -> list[Cell]:
    """Return the combinations of the project's bar."""
    return [
        Cell(n, p, min(audit, n), *classifier)
        for n, p, audit, classifier in itertools.product(ANSWERS, PREVALENCES, AUDITS, CLASSIFIERS)
    ]


def draw(cell: Cell, reps: int, rng: np.random.Generator, holders: Ints | None = None) -> tuple[Evidence, Floats]:
    """Return the evidence of `reps` surveys (first axis) with a simple random audit each, and their true shares.

    The number of answers to which the code holds is prevalence x answers, rounded, unless `holders` gives it.
    """
    size, audit = cell.answers, cell.audit
    k = np.full(reps, round(cell.prevalence * size)) if holders is None else holders
    right, wrong = rng.binomial(k, cell.sensitivity), rng.binomial(size - k, 1 - cell.specificity)
    kinds = np.stack([k - right, size - k - wrong, right, wrong], axis=1)  # holds and not, uncoded then coded
    drawn = np.zeros_like(kinds)
    left: Ints = np.full(reps, audit)
    behind: Ints = np.full(reps, size)
    for kind in range(4):
        behind = behind - kinds[:, kind]
        drawn[:, kind] = rng.hypergeometric(kinds[:, kind], behind, left)
        left = left - drawn[:, kind]
    return _evidence(kinds[:, None, :], drawn[:, None, :]), k / size


def _evidence(kinds: Ints, drawn: Ints) -> Evidence:
    """Return evidence from counts of shape (groups, codes, 4): holds and not, uncoded then coded."""
    size = kinds[:, 0].sum(axis=-1).astype(float)
    reviewed = drawn[:, 0].sum(axis=-1).astype(float)
    hits = drawn[..., [0, 2]].astype(float)
    audited = hits + drawn[..., [1, 3]].astype(float)
    unreviewed = (kinds - drawn)[..., [0, 2]] + (kinds - drawn)[..., [1, 3]].astype(float)
    return Evidence(
        n=size, n_reviewed=reviewed, total=size, total_squared=size, counted=kinds[..., 2:].sum(axis=-1).astype(float),
        known=hits.sum(axis=-1), open=unreviewed, open_squared=unreviewed, audited=audited, audited_squared=audited,
        hits=hits,
    )  # fmt: skip


def simulate(cell: Cell, reps: int, seed: int) -> dict[str, float]:
    """Return coverage and mean width of every method in one cell."""
    rng = np.random.default_rng(
        [seed, cell.answers, round(1000 * cell.prevalence), cell.audit, round(100 * cell.sensitivity)]
    )
    evidence, truth = draw(cell, reps, rng)
    own, tuned = post_stratified(evidence, LEVEL), ppi(evidence, LEVEL)
    in_audit = evidence.hits.sum(axis=(-1, -2)) / cell.audit
    machine = evidence.counted[:, 0] / cell.answers
    intervals = {
        "duiding": (own.low[:, 0], own.high[:, 0]),
        "raw": wilson(machine, cell.answers, LEVEL),
        "wilson": wilson(in_audit, cell.audit, LEVEL),
        "wilson_fpc": wilson(in_audit, finite_n(cell.audit, cell.answers), LEVEL),
        "ppi": (tuned.low[:, 0], tuned.high[:, 0]),
    }
    out: dict[str, float] = {"answers": cell.answers, "prevalence": cell.prevalence, "audit": cell.audit,
                             "sensitivity": cell.sensitivity, "specificity": cell.specificity}  # fmt: skip
    for name, (low, high) in intervals.items():
        out[f"{name}_coverage"] = float(((low <= truth + 1e-9) & (high >= truth - 1e-9)).mean())
        out[f"{name}_width"] = float((high - low).mean())
    out["bias"] = float((own.share[:, 0] - truth).mean())
    return out


def summary(table: pd.DataFrame) -> list[tuple[str, float, bool]]:
    """Return each bar with the figure reached and whether it holds; fully audited cells count for coverage only."""
    part = table[table["audit"] < table["answers"]]
    ratio = part["duiding_width"] / part["wilson_width"]
    fpc = part["duiding_width"] / part["wilson_fpc_width"]
    good, useless = part["sensitivity"] >= 0.75, part["specificity"] == 0.5
    coverage, lowest = part["duiding_coverage"], table["duiding_coverage"].min()
    return [
        ("mean coverage, cells with unreviewed answers, >= 0.94", coverage.mean(), coverage.mean() >= 0.94),
        ("lowest coverage of a cell, >= 0.925", lowest, lowest >= 0.925),
        ("mean width / Wilson's where sensitivity >= .75, <= 0.70", ratio[good].mean(), ratio[good].mean() <= 0.70),
        ("  the same against Wilson with finite population correction", fpc[good].mean(), fpc[good].mean() <= 0.70),
        ("largest width / Wilson's, useless classifier, <= 1.05", ratio[useless].max(), ratio[useless].max() <= 1.05),
        ("largest width / Wilson's in any cell, <= 1.05", ratio.max(), ratio.max() <= 1.05),
        ("  mean with a useless classifier, Wilson with fpc (no bar)", fpc[useless].mean(), True),
        ("  largest with a useless classifier, Wilson with fpc (no bar)", fpc[useless].max(), True),
        ("mean coverage of counting machine codes (no bar)", part["raw_coverage"].mean(), True),
        ("mean coverage of Wilson on the audit (no bar)", part["wilson_coverage"].mean(), True),
        ("mean coverage of PPI++ (no bar)", part["ppi_coverage"].mean(), True),
        ("lowest coverage of PPI++ (no bar)", part["ppi_coverage"].min(), True),
        ("mean width of PPI++ / Wilson's, sensitivity >= .75 (no bar)",
         (part["ppi_width"] / part["wilson_width"])[good].mean(), True),
    ]  # fmt: skip


def combined(reps: int, seed: int) -> pd.DataFrame:
    """Return coverage of the combined interval: respondents are a sample of customers, their answers are audited."""
    rows = []
    for customers, respondents, p, audit, classifier in itertools.product(
        (500, 2_300, 10**9), (250, 400), (0.02, 0.10, 0.40), (100, 200), CLASSIFIERS[1:]
    ):
        rng = np.random.default_rng([seed, customers, respondents, round(100 * p), audit, round(100 * classifier[0])])
        holders = (
            rng.hypergeometric(round(customers * p), customers - round(customers * p), respondents, reps)
            if customers < 10**9
            else rng.binomial(respondents, p, reps)
        )
        truth = round(customers * p) / customers
        evidence, _ = draw(Cell(respondents, p, audit, *classifier), reps, rng, holders)
        estimate = post_stratified(evidence, LEVEL)
        share = estimate.share[:, 0]
        sampling = wilson(share, finite_n(respondents, customers), LEVEL)
        low, high = add_parts(share, (estimate.low[:, 0], estimate.high[:, 0]), sampling)
        raw = wilson(evidence.counted[:, 0] / respondents, finite_n(respondents, customers), LEVEL)
        rows.append({"customers": customers, "respondents": respondents, "prevalence": p, "audit": audit,
                     "sensitivity": classifier[0], "coverage": ((low <= truth) & (high >= truth)).mean(),
                     "sampling_only": ((sampling[0] <= truth) & (sampling[1] >= truth)).mean(),
                     "raw": ((raw[0] <= truth) & (raw[1] >= truth)).mean(), "width": (high - low).mean()})  # fmt: skip
    return pd.DataFrame(rows)


GROUP_SCENES = (  # groups, mean size, audit, spread of prevalence and of error rates between groups (logit scale)
    ("20 groups, all alike", 20, 100, 200, 0.0, 0.0),
    ("20 groups, sd 0.5", 20, 100, 200, 0.5, 0.3),
    ("20 large groups, sd 0.5", 20, 500, 400, 0.5, 0.3),
    ("20 groups, sd 1.0", 20, 100, 200, 1.0, 0.5),
    ("4 groups, sd 0.3", 4, 150, 150, 0.3, 0.2),
    ("3 groups, sd 0.5", 3, 150, 100, 0.5, 0.3),
)


def groups(reps: int, seed: int) -> pd.DataFrame:
    """Return coverage and width in groups with fewer than 50 audited answers, with and without borrowing."""
    rows = []
    for label, n_groups, size, audit, spread, error_spread in GROUP_SCENES:
        for classifier in CLASSIFIERS:
            rng = np.random.default_rng([seed, n_groups, size, round(10 * spread), round(100 * classifier[0])])
            hit: dict[str, list[float]] = {"borrowed": [], "own": [], "borrowed_width": [], "own_width": []}
            for _ in range(reps):
                evidence, truth = _grouped(rng, n_groups, size, audit, spread, error_spread, classifier)
                whole = evidence.summed()
                lent, _ = borrow_rates(evidence, whole, 50, borrowed_worth(evidence, whole))
                small = (evidence.audit_size()[0].sum(axis=-1).min(axis=-1) < 50) & (evidence.n > 0)
                if not small.any():
                    continue
                for name, used in (("borrowed", lent), ("own", evidence)):
                    estimate = post_stratified(used, LEVEL)
                    inside = (estimate.low <= truth + 1e-9) & (estimate.high >= truth - 1e-9)
                    hit[name].append(float(inside[small].mean()))
                    hit[f"{name}_width"].append(float((estimate.high - estimate.low)[small].mean()))
            rows.append({"groups": label, "sensitivity": classifier[0],
                         **{name: float(np.mean(values)) for name, values in hit.items()}})  # fmt: skip
    return pd.DataFrame(rows)


def _grouped(
    rng: np.random.Generator, n_groups: int, mean_size: int, audit: int, spread: float, error_spread: float,
    classifier: tuple[float, float],
) -> tuple[Evidence, Floats]:  # fmt: skip
    """Return evidence and true shares of groups that differ in prevalence and error rates; ten codes."""
    sizes = np.maximum(rng.lognormal(np.log(mean_size), 0.7, n_groups).round().astype(int), 12)
    group = np.repeat(np.arange(n_groups), sizes)
    n = len(group)
    audited = np.zeros(n, dtype=bool)
    audited[rng.choice(n, min(audit, n // 2), replace=False)] = True

    def varied(share: float, sd: float) -> Floats:
        return np.asarray(1 / (1 + np.exp(-(np.log(share / (1 - share)) + sd * rng.standard_normal(n_groups)))))

    kinds, drawn = [], []
    for p in (0.02, 0.02, 0.05, 0.05, 0.10, 0.10, 0.20, 0.20, 0.40, 0.40):
        holds = rng.random(n) < varied(p, spread)[group]
        sensitivity, specificity = (varied(rate, error_spread)[group] for rate in classifier)
        coded = np.where(holds, rng.random(n) < sensitivity, rng.random(n) > specificity)
        kind = group * 4 + coded * 2 + ~holds
        kinds.append(np.bincount(kind, minlength=4 * n_groups).reshape(n_groups, 4))
        drawn.append(np.bincount(kind[audited], minlength=4 * n_groups).reshape(n_groups, 4))
    counts, seen = np.stack(kinds, axis=1), np.stack(drawn, axis=1)
    return _evidence(counts, seen), counts[..., [0, 2]].sum(axis=-1) / sizes[:, None]


def differences(reps: int, seed: int) -> pd.DataFrame:
    """Return how often the interval of a difference between two waves leaves out the true one (bar: about .05)."""
    rows = []
    for p, change, classifier in itertools.product((0.02, 0.05, 0.10, 0.30), (0.0, 0.05), CLASSIFIERS[:3]):
        rng = np.random.default_rng([seed, round(100 * p), round(100 * change), round(100 * classifier[0])])
        sides = []
        for share in (p + change, p):
            holders = rng.binomial(400, share, reps)
            evidence, _ = draw(Cell(400, share, 150, *classifier), reps, rng, holders)
            estimate = post_stratified(evidence, LEVEL)
            mid = estimate.share[:, 0]
            sampling = wilson(mid, 400, LEVEL)
            sides.append((mid, *add_parts(mid, (estimate.low[:, 0], estimate.high[:, 0]), sampling)))
        _, low, high = difference_interval(sides[0], sides[1])
        rows.append({"prevalence": p, "change": change, "sensitivity": classifier[0],
                     "missed": float(((low > change) | (high < change)).mean()),
                     "called_different": float(((low > 0) | (high < 0)).mean())})  # fmt: skip
    return pd.DataFrame(rows)


def main() -> None:
    """Print the tables and the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reps", type=int, default=10_000, help="surveys per cell")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--csv", help="also write the cells to this file")
    options = parser.parse_args()
    table = pd.DataFrame([simulate(cell, options.reps, options.seed) for cell in grid()])
    with pd.option_context("display.width", 250, "display.max_rows", None, "display.max_columns", None):
        print(table.round(4).to_string(index=False))
        print(f"\nCombined interval (coding and sampling), {options.reps} surveys per row")
        print(combined(options.reps, options.seed).round(3).to_string(index=False))
        print(f"\nSmall groups: coverage and width, {options.reps // 100} surveys per row")
        print(groups(max(options.reps // 100, 10), options.seed).round(3).to_string(index=False))
        print(f"\nDifference between two waves (400 respondents, 150 audited), {options.reps} pairs per row")
        print(differences(options.reps, options.seed).round(3).to_string(index=False))
    if options.csv:
        table.to_csv(options.csv, index=False)
    bars = summary(table)
    print(f"\nBars, {len(table)} cells x {options.reps} surveys, seed {options.seed}")
    for name, value, holds in bars:
        print(f"{value:7.3f}  {'yes' if holds else 'NO '}  {name}")
    if not all(holds for _, _, holds in bars):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
