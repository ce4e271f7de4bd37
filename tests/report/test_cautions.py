"""Who is warned of: every group, and the total, that the response table calls indicative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from pipeline.report.build import ReportData, make_context
from pipeline.report.content import Document, Text
from pipeline.report.document import make_document
from pipeline.report.options import Options


def document(data: ReportData, returned: Mapping[str, tuple[int, str]]) -> Document:
    """Return the report of a survey in which so many people took part; how many were invited is not known."""
    rows = [(group, None, n, None, 0.5, 0.05, word) for group, (n, word) in returned.items()]
    names = ["group", "invited", "returned", "response", "confidence", "margin", "word"]
    given = replace(data, response=pd.DataFrame(rows, columns=names))
    return make_document(make_context(given, Options()), {}, (), None, 5)


def cautions(document: Document, chapter: str, group: str) -> str:
    chapters = [document.summary, *document.chapters, *document.closing]
    views = [view for one in chapters if one.key == chapter for view in one.views if view.group == group]
    blocks = [block for view in views for block in view.blocks if isinstance(block, Text) and block.kind == "caution"]
    return " ".join(paragraph for block in blocks for paragraph in block.paragraphs)


def test_a_total_that_is_indicative_is_said_to_be_in_summary_chapter_and_response(data: ReportData) -> None:
    made = document(data, {"Hengelo": (80, "indicatief"), "Totaal": (80, "indicatief")})
    for chapter in ("samenvatting", "succes", "respons"):
        assert "In totaal deden 80 mensen mee. De uitkomsten zijn daarom indicatief" in cautions(
            made, chapter, "Totaal"
        )
    assert "In Hengelo deden 80 mensen mee" in cautions(made, "succes", "Hengelo")


def test_a_group_without_a_number_of_invited_is_warned_of(data: ReportData) -> None:
    made = document(data, {"Hengelo": (274, "representatief"), "Borne": (23, "indicatief"),
                           "Totaal": (297, "representatief")})  # fmt: skip
    assert "In Borne deden 23 mensen mee" in cautions(made, "samenvatting", "Totaal")
    assert "In Borne deden 23 mensen mee" in cautions(made, "succes", "Borne")
    assert cautions(made, "succes", "Totaal") == cautions(made, "succes", "Hengelo") == ""


def test_without_any_number_of_invited_the_response_table_has_no_columns_about_it(data: ReportData) -> None:
    made = document(data, {"Hengelo": (80, "indicatief"), "Totaal": (81, "indicatief")})
    table = next(table for table in made.tables if table.key == "respons")
    assert [column.label for column in table.columns] == ["Deden mee", "Betrouwbaarheid", "Uitkomsten zijn"]
    assert "Van 1 persoon is geen gemeente bekend; die telt alleen mee in het totaal." in table.notes


def test_reliability_is_said_to_be_corrected_only_where_the_number_of_invited_is_known(data: ReportData) -> None:
    unknown = document(data, {"Hengelo": (80, "indicatief"), "Totaal": (80, "indicatief")})
    (note,) = next(table for table in unknown.tables if table.key == "respons").notes
    assert "Niet bekend is hoeveel mensen zijn aangeschreven" in note
    assert "voor het aantal klanten gecorrigeerd" not in note
    known = make_document(make_context(data, Options()), {}, (), None, 5)
    (note,) = next(table for table in known.tables if table.key == "respons").notes
    assert "voor het aantal klanten gecorrigeerd" in note
