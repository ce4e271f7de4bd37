"""What is said of schemes beside each other: only what was shown, with the margins in the table."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.report.build import ReportData, make_context
from pipeline.report.content import Document, Text
from pipeline.report.document import make_document
from pipeline.report.options import Options

HIGHER, LOWER, NONE = "hoger", "lager", "geen aantoonbaar verschil"


def document(data: ReportData, positive: dict[str, str], negative: dict[str, str]) -> Document:
    """Return the report with these words for schemes against the other schemes."""
    rows = [
        (f"ervaring-{scheme}", code, word, "questions", "Totaal", "2022", "overige vragen", "2022")
        for code, found in (("positief", positive), ("negatief", negative))
        for scheme, word in found.items()
    ]
    names = ["question", "code", "word", "kind", "left_group", "left_wave", "right_group", "right_wave"]
    given = replace(data, comparisons=pd.DataFrame(rows, columns=names))
    return make_document(make_context(given, Options()), {}, (), None, 5)


def overview(document: Document) -> str:
    chapter = next(one for one in document.chapters if one.key == "ervaringen")
    return " ".join(line for block in chapter.views[0].blocks if isinstance(block, Text) and block.kind == "lead"
                    for line in block.paragraphs)  # fmt: skip


def test_no_scheme_is_named_when_none_differs(schemes: ReportData) -> None:
    alike = {"kindpakket": NONE, "jeugdfonds": NONE}
    assert overview(document(schemes, alike, alike)) == (
        "Tussen de regelingen is geen verschil aangetoond in hoe vaak mensen er positief of negatief over zijn."
    )


def test_a_scheme_that_differs_is_named_with_its_share(schemes: ReportData) -> None:
    said = overview(document(schemes, {"kindpakket": HIGHER, "jeugdfonds": LOWER}, {"kindpakket": NONE}))
    assert "Over ‘Kindpakket’ (" in said
    assert "zijn mensen vaker positief dan over de andere regelingen samen." in said
    assert "zijn mensen minder vaak positief dan over de andere regelingen samen." in said
    assert "In hoe vaak mensen negatief zijn is tussen de regelingen geen verschil aangetoond." in said


def test_nothing_is_said_of_what_was_not_tested(schemes: ReportData) -> None:
    assert overview(document(schemes, {}, {})) == ""


@pytest.mark.parametrize("key", ["oordeel-totaal", "ervaring-kindpakket-oordeel"])
def test_every_judgement_has_its_margin_beside_it(schemes: ReportData, key: str) -> None:
    table = next(table for table in document(schemes, {}, {}).tables if table.key == key)
    kinds = [column.kind for column in table.columns]
    assert kinds == ["percent", "interval"] * 4 + ["count"]
    for row in table.rows:
        for share, margin in zip(row.cells[:-1:2], row.cells[1:-1:2], strict=True):
            assert share.hidden == margin.hidden
            assert share.hidden or margin.value <= share.value <= margin.high  # type: ignore[operator]


def test_themes_that_share_the_largest_percentage_are_named_together(schemes: ReportData) -> None:
    question, themes = "ervaring-kindpakket", {"blij": 0.301, "te-laag": 0.299, "gebruik": 0.2}
    book = schemes.codebooks[question]
    shares = schemes.shares.copy()
    of_themes = (shares["question"] == question) & shares["code"].isin([code.id for code in book.in_facet("thema")])
    shares.loc[of_themes, "share"] = shares.loc[of_themes, "code"].map(themes).fillna(0.05)
    shares.loc[of_themes, "suppressed"] = False
    made = document(replace(schemes, shares=shares), {}, {})
    (lead,) = (block for block in next(one for one in made.chapters if one.key == question).views[0].blocks
               if isinstance(block, Text) and block.kind == "lead")  # fmt: skip
    labels = [book.by_id[code].label for code in ("blij", "te-laag")]
    assert lead.paragraphs[0].endswith(f"Het vaakst gaat het over ‘{labels[0]}’ en ‘{labels[1]}’ (elk 30%).")


def test_the_title_of_a_table_runs_on_with_the_municipality(schemes: ReportData) -> None:
    titles = {table.title for table in document(schemes, {}, {}).tables if table.key.startswith("ervaring-kindpakket-")}
    assert {"Thema's in de antwoorden over Kindpakket", "Thema's in de antwoorden over Kindpakket, Hengelo"} <= titles
