"""How many answers to audit: the interval to expect from an audit, and the audit a wanted interval asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import TableError, problem
from pipeline.estimates.evidence import count_evidence, ratio
from pipeline.estimates.intervals import add_parts, finite_n, predicted_share, wilson
from pipeline.estimates.shares import LEAST_AUDIT
from pipeline.estimates.units import collect_units
from pipeline.estimates.waves import audit_quality

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST: Final = 30
GUESS: Final = (0.75, 0.98)


def expected_width(
    share: Any,
    n_answers: Any,
    n_audit: Any,
    *,
    sensitivity: Any,
    specificity: Any,
    level: float = 0.95,
    known: Any = 0.0,
    open_part: Any = 1.0,
    sample: Any = np.inf,
) -> Floats:
    """Return the width to expect of the interval of `post_stratified`, at the counts an audit yields on average.

    It holds the coding error and, where `sample` is finite, the sampling error, added up as `estimate_shares` does.

    Args:
        share: true share of the code among the answers to review, 0-1; as are `sensitivity` and `specificity`.
        n_answers: answers to review: with text, and without a tick for this code.
        n_audit: of which audited, drawn at random.
        sensitivity: share of the answers where the code holds that the machine gives it.
        specificity: share of the others that the machine does not give it.
        level: of the interval.
        known: share of the respondents who ticked the code.
        open_part: share of the respondents whose answers are the answers to review.
        sample: respondents as a sample of all customers (`finite_n`); infinite: the coding error alone.
    """
    p, m, n, se, sp = np.broadcast_arrays(
        *(np.asarray(value, dtype=float) for value in (share, n_answers, n_audit, sensitivity, specificity))
    )
    coded = np.stack([p * (1 - se) + (1 - p) * sp, p * se + (1 - p) * (1 - sp)])
    rate = ratio(np.stack([p * (1 - se), p * se]), coded)
    unread = coded * (1 - np.minimum(ratio(n, m), 1.0))
    low, high = predicted_share(n * coded * rate, n * coded, unread * m, level)
    whole = known + open_part * p
    bounds = [(whole + open_part * unread[h] * (low[h] - rate[h]), whole + open_part * unread[h] * (high[h] - rate[h]))
              for h in (0, 1)]  # fmt: skip
    lowest, highest = add_parts(whole, *bounds, wilson(whole, sample, level))
    return np.asarray(highest - lowest, dtype=float)


def plan_base(
    codings: pd.DataFrame,
    answers: pd.DataFrame,
    sample: pd.DataFrame | None,
    *,
    codes: Mapping[str, Sequence[str]] | None = None,
    nets: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> pd.DataFrame:
    """Return what an audit is planned on, per question and code (or net) of one wave's answers.

    Args:
        codings: contract CODINGS.
        answers: contract ANSWERS, of one wave.
        sample: contract SAMPLE; None when the audit's design is not known.
        codes: question -> codes, as given to `estimate_shares`.
        nets: question -> net -> codes, as given to `estimate_shares`.

    Returns:
        question, code, share (0-1, among the answers to review: the audit's, once it holds at least 20 answers, or
        else the machine's), sensitivity and specificity (the audit's; missing where it does not tell), known and
        open_part (see `expected_width`), n_respondents (effective number).
    """
    parts = []
    unread = codings[codings["role"].isin(["machine", "tick"])]
    for units in collect_units(unread, answers, None, codes or {}, nets or {}):
        whole = count_evidence(units).summed()
        to_review = whole.open[0].sum(axis=-1)
        parts.append(pd.DataFrame({
            "question": units.question, "code": list(units.codes), "machine": ratio(whole.open[0, :, 1], to_review),
            "known": ratio(whole.known[0], whole.total[0]), "open_part": ratio(to_review, whole.total[0]),
            "n_respondents": float(whole.size()[0]),
        }))  # fmt: skip
    columns = ["question", "code", "machine", "known", "open_part", "n_respondents"]
    if not parts:
        return pd.DataFrame(columns=[*columns, "share", "sensitivity", "specificity"]).drop(columns="machine")
    table = pd.concat(parts, ignore_index=True)
    found = audit_quality(codings, answers, sample, nets)
    table = table.merge(found[found["n_reviewed"] >= LEAST_AUDIT], on=["question", "code"], how="left")
    coded, uncoded = table["machine"], 1 - table["machine"]
    right = coded * table["true_positive"] / (table["true_positive"] + table["false_positive"])
    missed = uncoded * table["false_negative"] / (table["false_negative"] + table["true_negative"])
    held = right.fillna(0.0).where(coded > 0, 0.0) + missed  # post-stratified, as the estimate is
    measured = held.notna() & (right.notna() | (coded == 0))
    table["share"] = held.where(measured, coded)
    table["sensitivity"] = (right / held).clip(0, 1).where(measured & (held > 0))
    table["specificity"] = ((uncoded - missed) / (1 - held)).clip(0, 1).where(measured & (held < 1))
    return table[["question", "code", "share", "sensitivity", "specificity", *columns[3:]]]


def expected_widths(
    quality: pd.DataFrame,
    n_answers: int,
    n_audit: Any,
    *,
    customers: float = np.nan,
    level: float = 0.95,
    share: str = "share",
) -> tuple[Floats, Floats]:
    """Return per row of `quality` the expected width of the coding interval, and of the whole one.

    Args:
        quality: as for `plan_audit`.
        n_answers: answers to the question that hold text.
        n_audit: of which audited, one number or one per row.
        customers: of whom the respondents are a sample; nan: very many.
        level: of the intervals.
        share: name of the column with the share.
    """

    def column(name: str, missing: float) -> Floats:
        values = quality[name].astype(float).fillna(missing) if name in quality else np.full(len(quality), missing)
        return np.asarray(values, dtype=float)

    se, sp = (column(name, guess) for name, guess in zip(("sensitivity", "specificity"), GUESS, strict=True))
    respondents, open_part = column("n_respondents", np.inf), column("open_part", 1.0)
    to_review = np.where(np.isinf(respondents), float(n_answers), respondents * open_part)
    audited = ratio(to_review * n_audit, n_answers)
    size = finite_n(respondents, np.where(customers < respondents, np.nan, customers))
    coding, whole = (
        expected_width(
            column(share, np.nan), to_review, audited, sensitivity=se, specificity=sp, level=level,
            known=column("known", 0.0), open_part=open_part, sample=sample,
        )
        for sample in (np.inf, size)
    )  # fmt: skip
    return coding, whole


def plan_audit(
    quality: pd.DataFrame,
    n_answers: int,
    width: float,
    *,
    customers: float = np.nan,
    level: float = 0.95,
    share: str = "share",
) -> pd.DataFrame:
    """Return per code the smallest audit whose interval is expected to be at most `width` wide.

    The audit of a question serves all its codes, so it needs the largest of these. Codes with no known quality are
    planned with a sensitivity of 0.75 and a specificity of 0.98. No audit makes an interval shorter than the sampling
    error allows: n_audit is then every answer, and expected_width is more than `width`.

    Args:
        quality: columns code, `share` (expected share 0-1: of an earlier wave or the machine's) and, where known,
            sensitivity and specificity (from `audit_quality`); with n_respondents, known and open_part (all from
            `plan_base`) the interval holds the sampling error too, and without them the coding error alone.
        n_answers: answers to the question.
        width: wanted width of the interval, a share 0-1 (0.10: five points either way).
        customers: of whom the respondents are a sample; nan: very many.
        level: of the interval.
        share: name of the column with the share.

    Returns:
        The rows of `quality` with n_audit, expected_width and wilson_width (the same audit without the machine, coding
        error alone).

    Raises:
        TableError: the width is not a share, or a column is missing.
    """
    if not 0 < width < 1:
        raise TableError(problem(place="plan_audit", found=f"width {width:g}", expected="a share between 0 and 1"))
    for name in ("code", share):
        if name not in quality:
            raise TableError(problem(place="plan_audit", found=f"column '{name}' is missing", do="add it"))

    def wide(n: Any) -> Floats:
        return expected_widths(quality, n_answers, n, customers=customers, level=level, share=share)[1]

    least: Ints = np.full(len(quality), min(LEAST, n_answers))
    most: Ints = np.full(len(quality), n_answers)
    while (least < most).any():  # the width falls as the audit grows
        middle = (least + most) // 2
        fits = wide(middle) <= width
        least, most = np.where(fits, least, np.minimum(middle + 1, most)), np.where(fits, middle, most)
    low, high = wilson(quality[share].to_numpy(dtype=float), most, level)
    return quality.assign(n_audit=most, expected_width=wide(most), wilson_width=high - low)
