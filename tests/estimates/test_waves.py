"""The gate between waves: codebook changes and drift in the coding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from pipeline.codebook import Codebook, parse_codebook
from pipeline.errors import TableError
from pipeline.estimates.compare import compare_shares
from pipeline.estimates.shares import estimate_shares
from pipeline.estimates.waves import audit_quality, codebook_changes, coding_drift, gate_waves

Build = Callable[..., Any]


def book(**codes: dict[str, Any]) -> Codebook:
    return parse_codebook(
        {"codes": [{"id": name, "label": name, **fields} for name, fields in codes.items()], "residual": "anders"},
        file="codebook.yaml",
    )


def test_changes_of_meaning_are_told_from_changes_of_wording() -> None:
    old = book(loket={"definition": "aan de balie"}, brief={"keywords": ["post"]}, weg={}, net={}, anders={})
    new = book(
        loket={"definition": "aan de balie of telefoon"}, brief={"keywords": ["post", "mail"], "label": "Brieven",
        "parent": "net"}, nieuw={}, net={}, anders={},
    )  # fmt: skip
    changes = set(codebook_changes(old, new)[["code", "change"]].itertuples(index=False, name=None))
    assert changes == {
        ("loket", "redefined"), ("brief", "renamed"), ("brief", "moved"), ("weg", "removed"), ("nieuw", "added"),
        ("anders", "residual"),
    }  # fmt: skip
    assert codebook_changes(old, old).empty


@pytest.fixture(scope="module")
def waves(survey: Build) -> dict[str, tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]:
    made = {}
    for wave, seed, sensitivity in (("2022", 1, 0.9), ("2020", 2, 0.9), ("2018", 3, 0.5)):
        one = survey(n=900, n_audit=500, prevalences=(0.4, 0.3), wave=wave, seed=seed, sensitivity=sensitivity)
        prefix = {name: f"{wave}-{name}" for name in one.answers["answer_id"]}
        made[wave] = tuple(
            table.assign(answer_id=table["answer_id"].map(prefix)) for table in (one.codings, one.sample, one.answers)
        )
    return made


def joined(waves: dict[str, Any], *names: str) -> list[pd.DataFrame]:
    return [pd.concat([waves[name][part] for name in names], ignore_index=True) for part in range(3)]


def test_quality_is_what_the_audit_shows(waves: dict[str, Any]) -> None:
    codings, sample, answers = joined(waves, "2022")
    quality = audit_quality(codings, answers, sample).set_index("code")
    assert quality["sensitivity"].to_numpy() == pytest.approx([0.9, 0.9], abs=0.06)
    assert quality["specificity"].to_numpy() == pytest.approx([0.98, 0.98], abs=0.03)
    counts = quality[["true_positive", "false_negative", "false_positive", "true_negative"]].sum(axis=1)
    assert counts.to_numpy() == pytest.approx([500, 500])


def test_drift_is_found_where_it_is(waves: dict[str, Any]) -> None:
    codings, sample, answers = joined(waves, "2022", "2020", "2018")
    quality = audit_quality(codings, answers, sample)
    assert not coding_drift(quality, "2022", "2020")["drifted"].any()
    assert coding_drift(quality, "2022", "2018")["drifted"].all()


def test_a_drifted_wave_is_not_compared_and_says_why(waves: dict[str, Any]) -> None:
    codings, sample, answers = joined(waves, "2022", "2018")
    shares = estimate_shares(codings, sample, answers)
    drift = coding_drift(audit_quality(codings, answers, sample), "2022", "2018")
    gate = gate_waves(shares, "2022", "2018", drift=drift)
    table = compare_shares(shares, gate=gate, kinds=["wave"])
    assert len(table)
    assert table["difference"].isna().all()
    assert table["reason"].str.contains("drifted").all()


def test_a_wave_without_audit_and_a_changed_code_are_not_compared(waves: dict[str, Any]) -> None:
    codings, sample, answers = joined(waves, "2022", "2020")
    shares = estimate_shares(codings, sample, answers)
    changes = {"verbeter": pd.DataFrame({"code": ["code-0"], "change": ["redefined"], "detail": ["definition"]})}
    gate = gate_waves(shares, "2022", "2020", changes=changes)
    assert gate[["code", "reason"]].to_numpy().tolist() == [["code-0", "code redefined"]]
    first = codings[(codings["role"] == "machine") | codings["answer_id"].str.startswith("2022")]
    unaudited = compare_shares(estimate_shares(first, sample, answers), gate=gate, kinds=["wave"])
    assert unaudited["reason"].str.contains("no audit").all()
    assert unaudited["word"].isna().all()
    both = unaudited.loc[unaudited["code"] == "code-0", "reason"]
    assert both.str.startswith("code redefined; ").all()
    with pytest.raises(TableError, match="no wave '2015'"):
        gate_waves(shares, "2022", "2015")


def test_nets_between_which_a_code_moved_are_not_compared(waves: dict[str, Any]) -> None:
    codings, sample, answers = joined(waves, "2022", "2020")
    shares = estimate_shares(codings, sample, answers)
    changes = {"verbeter": pd.DataFrame({"code": ["code-0"], "change": ["moved"], "detail": ["net-a -> net-b"]})}
    assert gate_waves(shares, "2022", "2020", changes=changes)["code"].tolist() == ["net-a", "net-b"]
