"""Slips in published figures are found, each with its file and place."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from pipeline.estimates.consistency import check_published


def published(*rows: tuple[Any, ...], **extra: Any) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["code", "group", "share", "n", "source"])
    return table.assign(question="succes", wave="2022").assign(**extra)


SOUND = [
    (code, group, share, n, "Tabel 1")
    for code, shares in (("loket", (0.40, 0.20, 0.30)), ("brief", (0.10, 0.30, 0.20)))
    for group, share, n in zip(("A", "B", "Totaal"), shares, (100, 100, 200), strict=True)
]


def whats(findings: pd.DataFrame) -> str:
    return " | ".join(findings["what"])


def test_sound_figures_give_no_finding() -> None:
    assert check_published(published(*SOUND)).empty


def test_group_counts_that_do_not_add_up() -> None:
    """117 + 36 + 23 against 248, without a word."""
    rows = [("loket", group, 0.3, n, "Tabel 1") for group, n in (("H", 117), ("Ha", 36), ("B", 23), ("Totaal", 248))]
    found = check_published(published(*rows), file="mini.csv")
    assert found.to_dict("records") == [
        {"file": "mini.csv", "place": "Tabel 1, succes, Totaal, 2022",
         "what": "respondents: 117 + 36 + 23 = 176, not 248"}
    ]  # fmt: skip


@pytest.mark.parametrize(("n", "message"), [(200, "its groups give 0.300"), (None, "lies outside its groups' shares")])
def test_a_total_that_does_not_follow_from_its_groups(n: int | None, message: str) -> None:
    sizes = [n and n // 2, n and n // 2, n]
    shares = {"A": 0.4, "B": 0.2, "Totaal": 0.45}
    rows = [("loket", *share, size, "Tabel 1") for share, size in zip(shares.items(), sizes, strict=True)]
    assert message in whats(check_published(published(*rows)))


def test_one_figure_with_two_values() -> None:
    found = check_published(published(*SOUND, ("loket", "A", 0.46, 100, "Samenvatting")))
    assert "0.4 (Tabel 1) and 0.46 (Samenvatting)" in whats(found)


@pytest.mark.parametrize("halves", [(0.26, 0.265), (0.5, 0.495), (0.08, 0.075)])
def test_a_figure_and_its_rounding_are_no_two_values(halves: tuple[float, float]) -> None:
    assert check_published(published(*(("loket", "A", share, 100, f"Tabel {share}") for share in halves))).empty


def test_a_table_printed_under_two_names() -> None:
    rows = [(code, group, share, None, f"Tabel {group}")
            for group in ("A", "B") for code, share in (("x", 0.1), ("y", 0.2), ("z", 0.3))]  # fmt: skip
    assert "the same figures as Tabel A, succes, A, 2022" in whats(check_published(published(*rows)))


def test_nets_and_impossible_shares() -> None:
    nets = {"succes": {"net": ["x", "y"]}}
    rows = [("x", "A", 0.3, None, "t"), ("y", "A", 0.2, None, "t"), ("net", "A", 0.25, None, "t")]
    assert "below one of its codes" in whats(check_published(published(*rows), nets=nets))
    assert check_published(published(*rows), nets={"verbeter": nets["succes"]}).empty  # of another question
    rows[2] = ("net", "A", 0.60, None, "t")
    assert "above the sum of its codes" in whats(check_published(published(*rows), nets=nets))
    assert "not between 0 and 1" in whats(check_published(published(("x", "A", 26, None, "t"))))
