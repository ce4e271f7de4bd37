"""A gate between waves: what changed in the codebook or in the coding, so that two measurements cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from pipeline.codebook import Code, Codebook
from pipeline.errors import TableError, problem
from pipeline.estimates.compare import q_values
from pipeline.estimates.evidence import Evidence, count_evidence, ratio
from pipeline.estimates.units import collect_units
from pipeline.tables import ANSWERS, CODINGS, SAMPLE, SHARES, check_table

MEANING: Final = ("definition", "include", "exclude", "facet")
GATE: Final = ("question", "code", "left_wave", "right_wave", "reason")


def codebook_changes(old: Codebook, new: Codebook) -> pd.DataFrame:
    """Return code, change (`added`, `removed`, `redefined`, `renamed`, `moved`, `residual`) and detail.

    A code is redefined when what it means changed (definition, include, exclude, facet); new keywords or examples
    change how it is found and not what it means. A residual code changes with every code that is added or removed,
    for it holds what no other code takes. Only `added`, `removed`, `redefined` and `residual` stop a comparison, and
    `moved` (another parent) only that of the nets it moved between.
    """
    rows: list[tuple[str, str, str]] = []
    rows += [(code.id, "added", "") for code in new.codes if code.id not in old.by_id]
    rows += [(code.id, "removed", "") for code in old.codes if code.id not in new.by_id]
    touched = {old.by_id[code].facet for code, change, _ in rows if change == "removed"}
    touched |= {new.by_id[code].facet for code, change, _ in rows if change == "added"}
    for code in new.codes:
        if code.id in old.by_id:
            rows += _changes_of(old.by_id[code.id], code)
    residuals = {(facet.id or None, facet.residual) for facet in new.facet_list() if facet.residual is not None}
    barred = {code for code, change, _ in rows if change in ("added", "removed", "redefined")}
    for facet, residual in sorted(residuals, key=str):
        if facet in touched and residual is not None and residual not in barred:
            rows.append((residual, "residual", "codes were added or removed beside it"))
    return pd.DataFrame(sorted(rows), columns=["code", "change", "detail"])


def audit_quality(
    codings: pd.DataFrame,
    answers: pd.DataFrame,
    sample: pd.DataFrame | None = None,
    nets: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> pd.DataFrame:
    """Return the machine's sensitivity and specificity per question, wave and code, as the audit shows them.

    With `nets` (question -> net -> codes) those of the nets too.

    Returns:
        question, wave, code, n_reviewed, true_positive, false_negative, false_positive, true_negative (audited
        answers; in an audit with unequal chances weighed, and scaled to the effective audit size), machine_rate (a
        share of all respondents), sensitivity, specificity (nan when the audit holds no such answer).
    """
    answers, codings = check_table(answers, ANSWERS), check_table(codings, CODINGS)
    sample = None if sample is None else check_table(sample, SAMPLE)
    parts: list[pd.DataFrame] = []
    for units in collect_units(codings, answers, sample, {}, nets or {}):
        whole = count_evidence(units).summed()
        if whole.has_audit:
            parts.append(_quality(whole).assign(question=units.question, wave=units.wave, code=list(units.codes)))
    columns = ["question", "wave", "code", "n_reviewed", "true_positive", "false_negative", "false_positive",
               "true_negative", "machine_rate", "sensitivity", "specificity"]  # fmt: skip
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def coding_drift(quality: pd.DataFrame, left_wave: str, right_wave: str, level: float = 0.95) -> pd.DataFrame:
    """Return per question and code whether sensitivity or specificity differs between two waves' audits.

    These two, unlike the share of machine codes that are right, do not change because more people mention a code. Both
    are tested with Fisher's exact test (counts rounded), the smaller p-value is doubled, and q-values control the
    false discovery rate within a question. A difference may come from the machine or from the reviewers: the audit
    cannot tell which, and in both cases the two waves were not coded alike.

    Args:
        quality: from `audit_quality`.
        left_wave: one wave.
        right_wave: the other.
        level: a code drifted when its q-value is at most 1 - level.

    Returns:
        question, code, left_wave, right_wave, left_sensitivity, right_sensitivity, left_specificity,
        right_specificity, p_value, q_value, drifted.
    """
    sides = [quality[quality["wave"] == wave].drop(columns="wave") for wave in (left_wave, right_wave)]
    both = sides[0].merge(sides[1], on=["question", "code"], suffixes=("_left", "_right"))
    p_values = np.minimum(
        _fisher(both, "true_positive", "false_negative"), _fisher(both, "true_negative", "false_positive")
    )
    out = both[["question", "code"]].assign(left_wave=left_wave, right_wave=right_wave)
    for name in ("sensitivity", "specificity"):
        for side in ("left", "right"):
            out[f"{side}_{name}"] = both[f"{name}_{side}"].astype(float)
    out["p_value"] = np.minimum(2 * p_values, 1.0)
    out["q_value"] = out.groupby("question")["p_value"].transform(q_values).astype(float)
    return out.assign(drifted=out["q_value"] <= 1 - level)


def gate_waves(
    shares: pd.DataFrame,
    left_wave: str,
    right_wave: str,
    *,
    changes: Mapping[str, pd.DataFrame] | None = None,
    drift: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the codes that may not be compared between two waves, each with its reason; for `compare_shares(gate=)`.

    That a wave was not audited is no matter of two waves: `compare_shares` reads it from the shares.

    Args:
        shares: from `estimate_shares`, holding both waves.
        left_wave: the newer wave.
        right_wave: the older wave.
        changes: question -> `codebook_changes`.
        drift: from `coding_drift`.

    Returns:
        question, code, left_wave, right_wave, reason: several reasons are joined by "; ".

    Raises:
        TableError: `shares` does not hold one of the waves.
    """
    shares = check_table(shares, SHARES)
    for wave in (left_wave, right_wave):
        if not (shares["wave"] == wave).any():
            raise TableError(
                problem(place="table shares", found=f"no wave '{wave}'", do="estimate both waves together")
            )
    found = _changed(changes or {})
    if drift is not None:
        here = (drift["left_wave"] == left_wave) & (drift["right_wave"] == right_wave) & drift["drifted"]
        found += _reason(drift[here], "coding drifted: the audits of the two waves differ")
    return _joined(found, left_wave, right_wave)


def gate_published(left_wave: str, right_wave: str, changes: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the same for an older wave of which only published percentages are known: what its codebook tells.

    Args:
        left_wave: the newer wave.
        right_wave: the older, published wave.
        changes: question -> `codebook_changes`.
    """
    return _joined(_changed(changes), left_wave, right_wave)


def _changed(changes: Mapping[str, pd.DataFrame]) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for question, table in changes.items():
        table = table.assign(question=question)
        for change in ("added", "removed", "redefined"):
            found += _reason(table[table["change"] == change], f"code {change}")
        found += _reason(
            table[table["change"] == "residual"], "codes were added to or removed from what it is the rest of"
        )
        moves = " -> ".join(table.loc[table["change"] == "moved", "detail"].astype(str))
        nets = pd.DataFrame({"code": sorted(set(moves.split(" -> ")) - {"-", ""})}).assign(question=question)
        found += _reason(nets, "codes were moved into or out of this net")
    return found


def _joined(found: list[tuple[str, str, str]], left_wave: str, right_wave: str) -> pd.DataFrame:
    reasons: dict[tuple[str, str], list[str]] = {}
    for question, code, reason in found:
        reasons.setdefault((question, code), []).append(reason)
    rows = [(*key, left_wave, right_wave, "; ".join(dict.fromkeys(texts))) for key, texts in sorted(reasons.items())]
    return pd.DataFrame(rows, columns=list(GATE))


def _reason(rows: pd.DataFrame, reason: str) -> list[tuple[str, str, str]]:
    return [(str(question), str(code), reason) for question, code in zip(rows["question"], rows["code"], strict=True)]


def _changes_of(old: Code, new: Code) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    changed = [name for name in MEANING if getattr(old, name) != getattr(new, name)]
    if changed:
        rows.append((new.id, "redefined", ", ".join(changed)))
    if old.label != new.label:
        rows.append((new.id, "renamed", "label"))
    if old.parent != new.parent:
        rows.append((new.id, "moved", f"{old.parent or '-'} -> {new.parent or '-'}"))
    return rows


def _quality(whole: Evidence) -> pd.DataFrame:
    """Return the audit's counts of machine against truth and what follows from them, one row per code."""
    merged = whole.without_machine()
    n = ratio(merged.audited[0, :, 0] ** 2, merged.audited_squared[0, :, 0])
    share = ratio(whole.audited[0], merged.audited[0])
    holds = share * ratio(whole.hits[0], whole.audited[0])
    frame = pd.DataFrame(
        {
            "true_positive": n * holds[:, 1],
            "false_negative": n * holds[:, 0],
            "false_positive": n * (share - holds)[:, 1],
            "true_negative": n * (share - holds)[:, 0],
        }
    )
    frame["n_reviewed"] = int(whole.n_reviewed[0])
    frame["machine_rate"] = ratio(whole.counted[0], whole.total[0])
    for name, yes, no in (
        ("sensitivity", "true_positive", "false_negative"),
        ("specificity", "true_negative", "false_positive"),
    ):
        both = frame[yes] + frame[no]
        frame[name] = np.where(both > 0, ratio(frame[yes], both), np.nan)
    return frame


def _fisher(counts: pd.DataFrame, yes: str, no: str) -> list[float]:
    """Return per row the p-value of Fisher's exact test of yes/no against left/right; 1 where a side is empty."""
    names = [f"{kind}_{side}" for side in ("left", "right") for kind in (yes, no)]
    tables = counts[names].to_numpy(dtype=float).round().astype(np.int64).reshape(-1, 2, 2)
    return [float(fisher_exact(table).pvalue) if table.sum(axis=1).all() else 1.0 for table in tables]
