"""Percentages that can be defended: shares per question, group, wave and code with honest intervals.

A table that counts machine codes as truth is wrong by as much as the machine errs, and its interval does not show it. A
random part of the answers is therefore audited: read by a person. Of the audited answers the truth is known; for the
others the audit tells how often a code holds where the machine gave it, and how often where it did not. The share is
what is known plus what these two rates say about the rest (post-stratification on the machine's decision).

Two errors are kept apart. Coding error: what the unreviewed answers may hold (Jeffreys beta-binomial intervals of both
rates, added as squares). Sampling error: these respondents are a part of all customers (Wilson's interval with finite
population correction). `low` and `high` hold both, again added as squares. Nothing is drawn at random.

Why this and not prediction-powered inference, the difference estimator or the audit alone; how it was tested, and where
it falls short: docs/percentages.md. The steps: `units` (codings -> respondents), `evidence` (respondents -> counts),
`borrow` (error rates for small groups), `corrections` (counts -> shares), and this file (shares -> table).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import TableError, did_you_mean, nearest, problem
from pipeline.estimates.borrow import borrow_rates, borrowed_worth, rates_of_all_codes
from pipeline.estimates.corrections import METHODS, Estimate
from pipeline.estimates.evidence import Evidence, count_evidence, ratio
from pipeline.estimates.facets import balanced, held
from pipeline.estimates.intervals import add_parts, finite_n, wilson
from pipeline.estimates.units import Units, collect_units
from pipeline.tables import ANSWER, ANSWERS, CODINGS, SAMPLE, SHARES, check_table

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_Sum = tuple[Sequence[int], Floats]  # codes of which every answer has one, and what they add up to, shape (groups,)

NO_CODING_ERROR: Final = "coding_error_not_in_interval"
BORROWED: Final = "error_rates_borrowed"
ASSUMED_RANDOM: Final = "audit_assumed_random"
INCOMPLETE: Final = "audit_incomplete"
TOO_SMALL: Final = "audit_too_small"
#: What rests on the machine alone, or nearly so: such figures are provisional, and no difference is claimed for them.
PROVISIONAL: Final = (NO_CODING_ERROR, TOO_SMALL)
COUNTED: Final = "counted"
IN_METHOD: Final = {BORROWED: "error rates of the whole question", ASSUMED_RANDOM: "audit assumed simple random"}
MIN_GROUP_AUDIT: Final = 50
LEAST_AUDIT: Final = 20  # audited answers, borrowed ones included, that carry a figure


def estimate_shares(
    codings: pd.DataFrame,
    sample: pd.DataFrame | None,
    answers: pd.DataFrame,
    level: float = 0.95,
    *,
    method: str = "post_stratified",
    population: Mapping[str, int] | None = None,
    population_wave: str | None = None,
    nets: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    codes: Mapping[str, Sequence[str]] | None = None,
    one_of: Mapping[str, Sequence[Sequence[str]]] | None = None,
    total: str = "Totaal",
    min_group_audit: int = MIN_GROUP_AUDIT,
) -> pd.DataFrame:
    """Return the share of respondents to whom each code applies, with intervals.

    The base of a share are the respondents who answered the question: an answer with status `answer`, or a tick (also
    where the box was left empty), or an answer in another language that a person reviewed. An audit coding replaces
    the machine's for its answer; ticks always add; training and second codings are not used. How shares and
    intervals are made, and why, is in docs/percentages.md.

    Args:
        codings: contract CODINGS. A review has a row for every code that was asked, applied or not. A code without a
            row was not asked: its share rests on the machine and on the reviews that did ask for it.
        sample: contract SAMPLE. None while there are audit codings: the audit is taken to be a simple random sample of
            each question's answers, and `method` says so.
        answers: contract ANSWERS.
        level: of the intervals, a share 0-1.
        method: `post_stratified`, or the alternatives `wilson_audit`, `difference`, `ppi`, `machine_count`.
        population: group -> number of customers, for the finite population correction; the total under the name
            `total`, or else their sum when every group is named. A group that is not named has an infinite population.
        population_wave: the wave that `population` is of; another wave's is infinite. Left out: it is of every wave.
        nets: question -> net -> the codes under it (any depth); a net gets a row of its own.
        codes: question -> codes that get a row even if they never occur; the rows keep this order.
        one_of: question -> sets of codes of which every answer has exactly one; their shares of a group add up.
        total: name of the row for all groups together, respondents without a group included.
        min_group_audit: a group with fewer audited answers than this borrows error rates from the whole question.

    Returns:
        Contract SHARES, with besides: kind (`code` or `net`), level, machine_share (before correction), coding_low and
        coding_high (coding error alone: these respondents), sampling_low and sampling_high (sampling error alone: all
        customers); low and high hold both. n_people: respondents to whom the code applies, estimated without weights
        (disclosure control counts people). rest_share, rest_low, rest_high, rest_n_answers, rest_flag (only what makes
        figures provisional): the same for all other groups together. A group in which nobody weighs anything has no
        share. Sorted by question, wave and group (the total last).

    Raises:
        TableError: a table breaks its contract, a group has the total's name, or one in `population` is mistyped.
    """
    if method not in METHODS:
        raise TableError(problem(place="estimate_shares", found=f"unknown method '{method}'",
                                 do=did_you_mean(method, METHODS)))  # fmt: skip
    if not 0 < level < 1:
        raise TableError(problem(place="estimate_shares", found=f"level {level:g}", expected="between 0 and 1"))
    answers = check_table(answers, ANSWERS)
    if (answers["group"] == total).any():
        raise TableError(
            problem(place="table answers, column group", found=f"a group is called '{total}'",
                    expected="that name only for all groups together", do="choose another total label")
        )  # fmt: skip
    named, there = set(population or {}), {str(name) for name in answers["group"].dropna().unique()}
    for name in sorted(named - there - {total}):
        if near := nearest(name, there - named):
            raise TableError(problem(place="estimate_shares, population", found=f"no group '{name}' in the answers",
                                     do=f"did you mean '{near}'?"))  # fmt: skip
    sample = None if sample is None else check_table(sample, SAMPLE)
    found = collect_units(_needed(codings, answers), answers, sample, codes or {}, nets or {})
    parts = []
    for (question, wave), together in groupby(found, key=lambda units: (units.question, units.wave)):
        alike = list(together)
        its_own = population_wave is None or wave is None or wave == population_wave
        people = (population or {}) if its_own else {}
        sets = _asked_together((one_of or {}).get(question, ()), alike)
        parts.append(_together([
            _question_shares(units, method, level, people, total, min_group_audit, sets) for units in alike
        ]))  # fmt: skip
    shares = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({name: [] for name in SHARES.columns})
    return check_table(shares, SHARES)


def _needed(codings: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the codings that can matter, checked.

    Machine codes that do not apply are most of a table and say nothing more; only those of the first answer to each
    question are kept, for they name the codes that were never applied.
    """
    if not {"applied", "role", "answer_id"} <= set(codings.columns) or codings["applied"].isna().any():
        return check_table(codings, CODINGS)
    first = answers[answers["status"] == ANSWER].groupby(["question", "wave"], dropna=False)["answer_id"].min()
    matters = codings["applied"].astype(bool) | (codings["role"] != "machine") | codings["answer_id"].isin(list(first))
    return check_table(codings[matters], CODINGS)


def customers_of(population: Mapping[str, int], groups: Sequence[str], total: str) -> tuple[Floats, Floats]:
    """Return the customers of `groups` (the last: unknown) and of all together; nan where it is not known."""
    people = {str(group): float(number) for group, number in population.items()}
    known = set(groups) <= set(people)
    everyone = people.get(total, sum(people.values()) if people and known else np.nan)
    return np.array([people.get(name, np.nan) for name in groups] + [np.nan]), np.array([everyone])


def _question_shares(
    units: Units, method: str, level: float, population: Mapping[str, int], total: str, min_group_audit: int,
    one_of: Sequence[Sequence[str]],
) -> pd.DataFrame:  # fmt: skip
    known = count_evidence(units)
    used = method if known.summed().has_audit else "machine_count"
    evidence, rest, whole, borrowed = _lent(known, used, min_group_audit)
    customers, everyone = customers_of(population, units.groups, total)
    sums = _sums(units, one_of)
    of_rest = [(members, found.sum() - found) for members, found in sums]
    groups = _estimate(evidence, used, level, customers, sums)
    others = _estimate(rest, used, level, everyone - customers, of_rest)
    together = _estimate(whole, used, level, everyone, _of_all(sums))
    groups["n_people"], together["n_people"] = _people(units, used, level, min_group_audit, one_of)
    for name in ("share", "low", "high"):
        groups[f"rest_{name}"] = others[name]
    for name in ("n_answers", "open", "thin"):
        groups[f"rest_{name}"] = others[name]
    groups["borrowed"] = borrowed.astype(float)
    of_groups = _frame(units, [*units.groups, ""], groups, used).iloc[: len(units.groups) * len(units.codes)]
    of_total = _frame(units, [total], together, used)
    frame = pd.concat([of_groups[of_groups["n_answers"] > 0], of_total], ignore_index=True)
    frame["level"] = level
    return frame


def _asked_together(one_of: Sequence[Sequence[str]], alike: Sequence[Units]) -> list[Sequence[str]]:
    """Return the sets of codes that were asked of the same answers: only those must add up."""
    return [codes for codes in one_of if sum(not set(codes).isdisjoint(units.codes) for units in alike) == 1]


def _together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of one question and wave by group and code; codes asked of other answers came apart."""
    frame = pd.concat(parts, ignore_index=True)
    order = {group: number for number, group in enumerate(dict.fromkeys(frame["group"]))}
    rows = frame.assign(group=frame["group"].map(order)).sort_values(["group", "place"], kind="stable").index
    return frame.loc[rows].drop(columns="place")


def _lent(evidence: Evidence, method: str, min_group_audit: int) -> tuple[Evidence, Evidence, Evidence, Bools]:
    """Return the evidence of the groups, of their rests and of all together, and which cells of groups borrowed."""
    whole, rest = evidence.summed(), evidence.rest()
    if method != "post_stratified":
        return evidence, rest, whole, np.zeros(evidence.known.shape, dtype=bool)
    worth, whole = borrowed_worth(evidence, whole), rates_of_all_codes(whole)
    lent, borrowed = borrow_rates(evidence, whole, min_group_audit, worth)
    return lent, borrow_rates(rest, whole, min_group_audit, worth)[0], whole, borrowed


def _sums(units: Units, one_of: Sequence[Sequence[str]]) -> list[_Sum]:
    places = [[place for place, code in enumerate(units.codes) if code in members] for members in one_of]
    return [(members, held(units, members)) for members in places if members]


def _of_all(sums: Sequence[_Sum]) -> list[_Sum]:
    return [(members, found.sum(keepdims=True)) for members, found in sums]


def _people(
    units: Units, method: str, level: float, min_group_audit: int, one_of: Sequence[Sequence[str]]
) -> tuple[Floats, Floats]:
    """Return to how many respondents each code applies, per group and in all: the share where nobody weighs more."""
    plain = replace(units, weight=np.ones_like(units.weight))
    evidence, _, whole, _ = _lent(count_evidence(plain), method, min_group_audit)
    sums = _sums(plain, one_of)
    of_groups, of_all = _balanced(evidence, method, level, sums), _balanced(whole, method, level, _of_all(sums))
    return of_groups.share * evidence.n[:, None], of_all.share * whole.n[:, None]


def _balanced(evidence: Evidence, method: str, level: float, sums: Sequence[_Sum]) -> Estimate:
    """Return the estimate; the shares of the codes in `sums` add up to what they must."""
    estimate = METHODS[method](evidence, level)
    for members, weight in sums:
        estimate = balanced(estimate, members, ratio(weight, evidence.total))
    return estimate


def _estimate(
    evidence: Evidence, method: str, level: float, customers: Floats, sums: Sequence[_Sum]
) -> dict[str, Floats]:
    """Return every number of a row as arrays of shape (groups, codes)."""
    estimate = _balanced(evidence, method, level, sums)
    shape = estimate.share.shape
    # fewer customers than respondents cannot be: the number is then not believed
    size = finite_n(evidence.size(), np.where(customers < evidence.size(), np.nan, customers))[:, None]
    coding = (estimate.low, estimate.high)
    sampling = wilson(estimate.share, np.broadcast_to(size, shape), level)
    low, high = add_parts(estimate.share, coding, sampling)
    nobody = np.broadcast_to((evidence.total <= 0)[:, None], shape)  # or nobody who weighs anything
    numbers = {
        "share": estimate.share,
        "low": low,
        "high": high,
        "machine_share": ratio(evidence.counted, evidence.total[:, None]),
        "coding_low": coding[0],
        "coding_high": coding[1],
        "sampling_low": sampling[0],
        "sampling_high": sampling[1],
    }
    numbers = {name: np.where(nobody, np.nan, values) for name, values in numbers.items()}
    numbers["n_answers"] = np.broadcast_to(evidence.n[:, None], shape)
    numbers["n_reviewed"] = np.broadcast_to(evidence.n_reviewed[:, None], shape)
    numbers["open"] = evidence.open.sum(axis=-1)
    audited = evidence.audit_size()[0].sum(axis=-1)
    thin = (audited < LEAST_AUDIT) & (audited < evidence.open_size().sum(axis=-1))
    numbers["thin"] = thin.astype(float)
    return numbers


def _frame(units: Units, names: Sequence[str], numbers: dict[str, Floats], method: str) -> pd.DataFrame:
    """Return one row per group and code."""
    n_codes = len(units.codes)
    flat = {name: np.asarray(values).ravel() for name, values in numbers.items()}
    estimated = flat.pop("open") > 0
    thin = flat.pop("thin").astype(bool) & estimated
    rest_open, rest_thin = (flat.pop(f"rest_{name}", np.zeros(len(estimated))) > 0 for name in ("open", "thin"))
    borrowed = flat.pop("borrowed", np.zeros(len(estimated), dtype=bool)).astype(bool) & estimated
    frame = pd.DataFrame(
        {
            "question": units.question,
            "group": np.repeat(np.array(names, dtype=object), n_codes),
            "wave": pd.Series([units.wave] * len(estimated), dtype=object),
            "code": np.tile(np.array(units.codes, dtype=object), len(names)),
            "place": np.tile(units.place, len(names)),
            "kind": np.tile([("net" if code in units.nets else "code") for code in units.codes], len(names)),
            **flat,
        }
    )
    corrected = method != "machine_count"
    pieces = [(BORROWED, borrowed), (ASSUMED_RANDOM, estimated & corrected & units.assumed_random),
              (INCOMPLETE, estimated & corrected & units.incomplete), (TOO_SMALL, thin & corrected),
              (NO_CODING_ERROR, estimated & (not corrected))]  # fmt: skip
    frame["rest_flag"] = None
    frame.loc[rest_open & (rest_thin | (not corrected)), "rest_flag"] = TOO_SMALL if corrected else NO_CODING_ERROR
    frame["method"] = np.where(estimated, method, COUNTED)
    frame["flag"] = None
    for flag, applies in pieces:
        frame.loc[applies, "flag"] = [flag if old is None else f"{old}; {flag}" for old in frame["flag"][applies]]
        if flag in IN_METHOD:
            frame.loc[applies, "method"] += f", {IN_METHOD[flag]}"
    return frame
