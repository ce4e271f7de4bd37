"""Lookups and verdicts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.report.build import ReportData, make_context
from pipeline.report.charts import axis_ticks, draw
from pipeline.report.content import Bar, Figure
from pipeline.report.lookup import Figures
from pipeline.report.options import Options
from pipeline.report.palette import COLOURS, LIGHT
from pipeline.report.question_chapter import question_chapter
from pipeline.report.svg import inline_svg, png
from pipeline.report.verdicts import Verdicts


def verdicts(kind: str, left: str, right: str, **row: object) -> Verdicts:
    """Return the verdicts of a table of one comparison, of sides given as `GROUP WAVE`."""
    sides = {f"{side}_{part}": value for side, name in (("left", left), ("right", right))
             for part, value in zip(("group", "wave"), name.rsplit(" ", 1), strict=True)}  # fmt: skip
    frame = pd.DataFrame([{"question": "q", "code": "c", "kind": kind, **sides, "word": "hoger", "reason": None} | row])
    return Verdicts(frame, "Referentiegroep", "2022")


def test_a_comparison_is_found_by_what_it_is_with() -> None:
    found = verdicts("reference", "Totaal 2022", "Referentiegroep 2022")
    assert found.against_reference("q", "Totaal", "c") == "hoger"
    found = verdicts("rest", "Hengelo 2022", "overige groepen 2022")
    assert found.against_rest("q", "Hengelo", "c") == "hoger"
    found = verdicts("wave", "Borne 2022", "Borne 2015")
    assert found.against_wave("q", "Borne", "c", "2015") == "hoger"
    assert found.against_wave("q", "Borne", "c", "2018") == ""


@pytest.mark.parametrize("wave", ["2018", "2022"])
def test_another_published_group_is_not_taken_for_an_earlier_wave_or_for_the_rest(wave: str) -> None:
    found = verdicts("reference", "Totaal 2022", f"Landelijk {wave}")
    assert found.against_wave("q", "Totaal", "c", wave) == ""
    assert found.against_rest("q", "Totaal", "c") == ""


def test_a_row_that_may_not_be_compared_has_its_reason() -> None:
    found = verdicts("wave", "Borne 2022", "Borne 2018", word=None, reason="code opnieuw omschreven")
    assert found.against_wave("q", "Borne", "c", "2018") == ""
    assert found.not_comparable("q", "Borne", "c", "2018") == "code opnieuw omschreven"


def chart(data: ReportData, known: dict[str, float], others: float | None) -> Figure | None:
    """Return the chart of the first question for all together, with these shares and another for the other codes."""
    shares = data.shares.copy()
    here = (shares["question"] == "succes") & (shares["group"] == "Totaal")
    shares.loc[here, "share"] = shares.loc[here, "code"].map(known).fillna(np.nan if others is None else others)
    shares.loc[here, "suppressed"] = shares.loc[here, "share"].isna()
    context = make_context(replace(data, shares=shares), Options())
    (view, *_) = question_chapter(context, context.figures.questions[0]).views
    return next((block for block in view.blocks if isinstance(block, Figure) and block.kind == "bars"), None)


def test_a_chart_in_words_ranks_as_the_sentences_do(data: ReportData) -> None:
    one, two = (data.codebooks["succes"].by_id[code].label for code in ("klantmanager", "vangnet"))
    made = chart(data, {"klantmanager": 0.301, "vangnet": 0.299}, 0.1)
    assert made and f"‘{one}’ en ‘{two}’ worden het vaakst genoemd als succespunt (elk 30%)." in made.alt
    made = chart(data, {"vangnet": 0.4}, 0.1)
    assert made and f"Het vaakst genoemde succespunt is ‘{two}’ (40%)." in made.alt


def test_a_chart_says_that_points_are_not_in_it(data: ReportData) -> None:
    """A chart goes into a presentation without its table: what was held back must not seem never to be named."""
    made = chart(data, {"klantmanager": 0.3, "vangnet": 0.2}, None)
    assert made and made.notes == ("Niet alle punten staan in deze figuur: zie tabel 1.",)
    made = chart(data, {"klantmanager": 0.3, "vangnet": 0.2}, 0.1)
    assert made and made.notes == ()


def height(picture: bytes) -> int:
    return int.from_bytes(picture[20:24], "big")


@pytest.mark.parametrize(
    ("kind", "data", "legend"),
    [
        ("bars", (Bar("Balie", 0.4, 0.3, 0.5, 0.35),), (("2022", "bar"), ("marge", "whisker"), ("R", "reference"))),
        ("stacked", (("Balie", (0.4, 0.6)),), (("Tevreden", "tevreden"), ("Ontevreden", "ontevreden"))),
    ],
)
def test_a_picture_says_what_its_colours_mean(kind: str, data: object, legend: tuple[tuple[str, str], ...]) -> None:
    """The page has a legend of its own; in Word the picture is all there is."""
    figure = Figure(1, "Balie", "", kind, data, legend)  # type: ignore[arg-type]
    alone, explained = (draw(figure, LIGHT, legend=one).svg() for one in (False, True))
    for label, _ in legend:
        assert f">{label}<" in explained
        assert f">{label}<" not in alone
    assert height(png(figure, dpi=100)) > round(draw(figure, LIGHT).height * 100)


def test_a_long_legend_goes_on_on_the_next_line() -> None:
    labels = tuple((f"Een oordeel met een lange naam {number}", f"o{number}") for number in range(5))
    one, five = (Figure(1, "Balie", "", "stacked", (("Balie", (0.2,) * number),), labels[:number]) for number in (1, 5))
    assert height(png(five, dpi=100)) >= height(png(one, dpi=100)) + 40


def test_a_long_label_stays_clear_of_its_percentage() -> None:
    label = "Rekening houden met de persoonlijke omstandigheden en gezondheid van klanten"
    figure = Figure(1, "Balie", "", "bars", (Bar(label, 0.4), Bar("Schuldhulpverleningsvoorzieningen" * 2, 0.2)))
    wide, narrow = inline_svg(figure).split('<svg class="narrow"')
    assert ">Rekening houden met de persoonlijke …<" in narrow
    assert ">Schuldhulpverleningsvoorzieningen" * 2 not in wide
    assert ">Schuldhulpverleningsvoorzieni-<" in wide


def test_no_chart_is_drawn_of_nobody(data: ReportData) -> None:
    assert chart(data, {"klantmanager": 0.0, "vangnet": 0.0}, None) is None


def test_earlier_waves_and_the_latest_reference_follow_one_order(data: ReportData) -> None:
    question, now = data.survey.questions[0], data.survey.model_copy(update={"wave": "10"})
    code, total, other = data.codebooks[question.id].codes[0].id, now.total_label, now.reference_group
    published = pd.DataFrame(
        [(question.id, code, group, wave, share, 90) for group in (total, other) for wave, share in
         (("9", 0.9), ("8", 0.8), ("2", 0.2))],
        columns=["question", "code", "group", "wave", "share", "n"],
    )  # fmt: skip
    figures = Figures(now, data.codebooks, data.shares.assign(wave="10"), None, None, published)
    assert figures.earlier_waves(question.id, total) == ["9", "8", "2"]
    ten = published.assign(wave=published["wave"].replace("8", "12"))
    found = Figures(now, data.codebooks, data.shares, None, None, ten).reference(question.id, code)
    assert found is not None
    assert found.share == 0.8


def test_groups_come_in_the_order_of_the_survey(data: ReportData) -> None:
    figures = Figures(data.survey, data.codebooks, data.shares[::-1], None, None, None)
    assert figures.groups == ("Hengelo", "Haaksbergen", "Borne")


def test_the_facet_that_the_file_gives_is_left_out(schemes: ReportData) -> None:
    figures = Figures(schemes.survey, schemes.codebooks, schemes.shares, None, None, None)
    facets = [facet.id for facet, _ in figures.facets(figures.questions[2])]
    assert facets == ["valentie", "thema"]


def test_a_given_facet_may_be_named_in_any_case(schemes: ReportData) -> None:
    fixed = [question.model_copy(update={"fixed_codes": tuple(code.upper() for code in question.fixed_codes)})
             for question in schemes.survey.questions]  # fmt: skip
    survey = schemes.survey.model_copy(update={"questions": tuple(fixed)})
    figures = Figures(survey, schemes.codebooks, schemes.shares, None, None, None)
    assert figures.questions[2].fixed_codes
    assert [facet.id for facet, _ in figures.facets(figures.questions[2])] == ["valentie", "thema"]


def test_reference_codes_may_be_labels(data: ReportData) -> None:
    assert data.reference is not None
    labels = data.reference.assign(
        code=[
            data.codebooks[q].by_id[c].label
            for q, c in zip(data.reference["question"], data.reference["code"], strict=True)
        ]
    )
    figures = Figures(data.survey, data.codebooks, data.shares, None, None, labels)
    assert figures.reference("succes", "klantmanager") is not None
    assert figures.earlier_waves("succes", "Hengelo") == ["2018", "2015"]


@pytest.mark.parametrize("top", [0.004, 0.03, 0.12, 0.42, 0.6, 0.77, 1.0])
def test_axes_reach_past_the_largest_value(top: float) -> None:
    ticks = axis_ticks(top)
    assert ticks[0] == 0
    assert ticks[-1] >= top
    assert len(ticks) <= 8


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("words", "on"),
    [
        ("ink", "paper"),
        ("ink", "surface"),
        ("muted", "paper"),
        ("muted", "surface"),
        ("accent", "paper"),
        ("accent", "surface"),
        ("paper", "accent"),
        ("warn-ink", "warn"),
        ("good-ink", "paper"),
        ("bad-ink", "paper"),
        ("on-deep", "good"),
        ("on-deep", "bad"),
        ("on-pale", "mixed"),
        ("on-pale", "neutral"),
        ("ink", "bar"),
    ],
)
def test_text_has_contrast(words: str, on: str, mode: int) -> None:
    assert _contrast(COLOURS[words][mode], COLOURS[on][mode]) >= 4.5
