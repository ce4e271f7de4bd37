"""Agreement, checked against published worked examples."""

import math

import pytest

from pipeline.review.agreement import cohen_kappa, compare_coders, f1_interval, krippendorff_alpha, masi

# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", example B: nominal data, two observers.
BEN = "aabbdcccedda"
GERRY = "babbbcccedd" + "d"
# The same paper, example C: any number of observers, missing data ("." is missing).
C = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
)


def units(*coders: tuple[int | None, ...]) -> list[list[int]]:
    return [[value for value in unit if value is not None] for unit in zip(*coders, strict=True)]


def test_alpha_of_two_observers_on_binary_data() -> None:
    """Krippendorff (2011), example A: alpha = 0.095."""
    meg, owen = "0100000010", "1110010000"
    assert round(krippendorff_alpha(list(zip(meg, owen, strict=True))), 3) == 0.095


def test_alpha_of_two_observers_on_nominal_data() -> None:
    """Krippendorff (2011), example B: alpha = 0.692."""
    assert round(krippendorff_alpha(list(zip(BEN, GERRY, strict=True))), 3) == 0.692


def test_alpha_of_many_observers_with_missing_data() -> None:
    """Krippendorff (2011), example C: alpha = 0.743 nominal, 0.849 interval."""
    found = units(*C)
    assert round(krippendorff_alpha(found), 3) == 0.743
    assert round(krippendorff_alpha(found, lambda a, b: float((a - b) ** 2)), 3) == 0.849


def test_kappa_of_cohens_own_example() -> None:
    """Cohen (1960), table 2: 200 cases, three categories; agreement .70, chance .41, kappa .492."""
    table = ((88, 14, 18), (10, 40, 10), (2, 6, 12))
    left = [row for row, counts in enumerate(table) for _ in range(sum(counts))]
    right = [column for counts in table for column, n in enumerate(counts) for _ in range(n)]
    assert round(cohen_kappa(left, right), 3) == 0.492


def test_kappa_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    left, right = list("aabbccabacab"), list("abbbccabaaab")
    assert cohen_kappa(left, right) == pytest.approx(metrics.cohen_kappa_score(left, right))


def test_masi_of_passonneaus_cases() -> None:
    """Passonneau (2006): identical 0, subset 1 - 2/3 J, overlap 1 - 1/3 J, disjoint 1."""
    assert masi(frozenset("ab"), frozenset("ab")) == 0
    assert masi(frozenset("a"), frozenset("ab")) == pytest.approx(1 - 2 / 3 * 1 / 2)
    assert masi(frozenset("ab"), frozenset("bc")) == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert masi(frozenset("a"), frozenset("b")) == 1


@pytest.mark.parametrize("units", [[], [("a",)], [("a", "a"), ("a", "a")]])
def test_alpha_of_nothing_to_compare_is_unknown(units: list[tuple[str, ...]]) -> None:
    assert math.isnan(krippendorff_alpha(units))


def test_f1_interval_covers_and_stays_in_range() -> None:
    assert f1_interval(0, 0, 0)[0] != f1_interval(0, 0, 0)[0]
    value, low, high = f1_interval(0, 3, 2)
    assert (value, low) == (0, 0)
    assert 0 < high < 1
    assert f1_interval(5, 0, 0)[::2] == (1.0, 1.0)


def test_a_code_that_is_confused_is_flagged_with_what_it_is_confused_with() -> None:
    left = {f"r{i}": frozenset({"tijd"} if i < 6 else {"werk"}) for i in range(20)}
    right = {f"r{i}": frozenset({"informatie"} if i < 4 else {"tijd"} if i < 6 else {"werk"}) for i in range(20)}
    whole, tijd, informatie, werk, geld = compare_coders(left, right, ["tijd", "informatie", "werk", "geld"])
    assert (whole.n, whole.percent) == (20, 0.8)
    assert tijd.flag == "low"
    assert tijd.confused == (("informatie", 4, ("r0", "r1", "r2", "r3")),)
    assert informatie.confused == (("tijd", 4, ("r0", "r1", "r2", "r3")),)
    assert (werk.flag, werk.alpha, werk.f1) == ("", 1.0, 1.0)
    assert geld.flag == "unused"
    assert whole.low <= whole.f1 <= whole.high


def test_only_answers_that_both_coded_count() -> None:
    assert compare_coders({"a": frozenset()}, {"b": frozenset()}, ["x"]) == []
    assert compare_coders({"a": frozenset("x"), "b": frozenset()}, {"a": frozenset("x")}, ["x"])[0].n == 1


def test_a_code_counts_only_where_both_were_asked_about_it() -> None:
    left = {"a": frozenset("x"), "b": frozenset("x"), "c": frozenset("xn"), "d": frozenset("y")}
    right = {"a": frozenset("xn"), "b": frozenset("xn"), "c": frozenset("xn"), "d": frozenset("y")}
    old, new = frozenset("xy"), frozenset("xyn")
    whole, _, y, n = compare_coders(left, right, ["x", "y", "n"], asked={"a": old, "b": old, "c": new, "d": new})
    assert (whole.percent, y.n) == (1.0, 4), "'n' did not exist when a and b were coded first, so it was not denied"
    assert (n.n, n.percent, n.alpha, n.confused) == (2, 1.0, 1.0, ())
    assert compare_coders(left, right, ["n"], asked=dict.fromkeys("abcd", old))[1].flag == "unused"
