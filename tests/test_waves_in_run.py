"""The gate between waves in the main job: what may not be compared is marked with its reason, on the page too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.job import run


def test_a_code_that_was_redefined_is_not_compared_with_published_figures(
    small_survey: Path, write: Callable[..., Path]
) -> None:
    data = small_survey.with_name("data.csv")
    rows = "".join(f"{n};Noord;;Van dit bedrag kan ik niet rondkomen, ook niet in maand {n}\n" for n in range(10, 30))
    data.write_text(data.read_text() + rows)
    write(
        "oud.yaml",
        small_survey.with_name("klein.yaml").read_text().replace("Het bedrag is te laag", "Heel iets anders"),
    )
    write(
        "ref.csv",
        "question;code;group;wave;share;n\nbeter;Geld;Noord;2020;0.30;100\nbeter;Telefoon;Noord;2020;0.40;100\n",
    )
    text = small_survey.read_text().replace(
        "codebook: klein.yaml", "codebook: klein.yaml, earlier_codebooks: {2020: oud.yaml}"
    )
    small_survey.write_text(text + "reference: ref.csv\n")
    result = run(small_survey)
    found = result.table("comparisons")
    waves = found[found["kind"] == "wave"].set_index("code")
    assert waves.loc["geld", "reason"].startswith("code redefined; no audit")
    assert waves.loc["geld", ["difference", "p_value"]].isna().all()
    assert waves.loc["telefoon", "reason"].startswith("no audit")
    page = result.report.read_text(encoding="utf-8")
    assert "Niet vergelijkbaar met 2020: Geld (het punt is sindsdien anders omschreven)" in page


def two_waves(small_survey: Path) -> None:
    """Make the survey one of 19 respondents in 2024 and 19 in 2026, who answer alike."""
    lines = ["nr;plaats;jaar;t1;beter"]
    for wave, start in (("2024", 0), ("2026", 100)):
        lines += [f"{start + n};Noord;{wave};;Ik sta lang in de wachtrij als ik bel, al {n} keer" for n in range(1, 20)]
    small_survey.with_name("data.csv").write_text("\n".join(lines) + "\n")
    small_survey.write_text(small_survey.read_text().replace("group: plaats", "group: plaats, wave: jaar"))


def test_the_number_invited_is_that_of_the_surveys_own_wave(small_survey: Path) -> None:
    two_waves(small_survey)
    small_survey.write_text(small_survey.read_text() + "response: {invited: {Noord: 20}}\n")
    shares = run(small_survey).table("shares")
    width = (shares["sampling_high"] - shares["sampling_low"]).groupby(shares["wave"]).max()
    assert width["2026"] < 0.7 * width["2024"]


def test_waves_without_an_audit_are_not_compared(small_survey: Path) -> None:
    two_waves(small_survey)
    result = run(small_survey)
    found = result.table("comparisons")
    waves = found[found["kind"] == "wave"]
    assert len(waves)
    assert waves["reason"].str.startswith("no audit").all()
    assert set(result.table("shares")["wave"]) == {"2024", "2026"}


def test_a_wave_in_which_nobody_answered_yet_is_compared_with_nothing(small_survey: Path) -> None:
    lines = ["nr;plaats;jaar;t1;beter", "100;Noord;2026;;"]
    lines += [f"{n};Noord;2024;;Ik sta lang in de wachtrij als ik bel, al {n} keer" for n in range(1, 20)]
    small_survey.with_name("data.csv").write_text("\n".join(lines) + "\n")
    small_survey.write_text(small_survey.read_text().replace("group: plaats", "group: plaats, wave: jaar"))
    result = run(small_survey)
    assert set(result.table("shares")["wave"]) == {"2024"}
    assert result.table("comparisons").empty
