"""Where earlier years come from, and how many people they are about."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from pipeline.report import share_tables
from pipeline.report.build import ReportData, make_context
from pipeline.report.content import Table
from pipeline.report.document import make_document
from pipeline.report.options import Options


def table(data: ReportData, key: str) -> Table:
    made = make_document(make_context(data, Options()), {}, [("read", 10), ("coded", 10)], None, 5)
    return next(table for table in made.tables if table.key == key)


def test_published_years_are_called_published(data: ReportData) -> None:
    years = table(data, "succes-hengelo-jaren")
    assert [column.label for column in years.columns] == ["2022", "2018", "2015"]
    assert [column.sub for column in years.columns[1:]] == ["n = 250", "n = 250"]
    assert "2018 en 2015: zoals toen gepubliceerd." in years.notes
    assert table(data, "antwoorden").notes == ()


def test_a_year_from_the_same_file_is_not_called_published(data: ReportData) -> None:
    own = data.shares.assign(wave="2018", n_answers=200)
    both = replace(data, shares=pd.concat([data.shares, own], ignore_index=True))
    years = table(both, "succes-hengelo-jaren")
    assert years.columns[1].sub == "n = 200"
    assert {"2018: berekend uit hetzelfde bestand als dit jaar.", "2015: zoals toen gepubliceerd."} <= set(years.notes)
    assert table(both, "antwoorden").notes == (
        "Dit zijn de antwoorden van alle metingen in het bestand (2018 en 2022).",
    )


def test_waves_in_the_file_are_named_in_the_order_of_time(data: ReportData) -> None:
    older = [data.shares.assign(wave=wave) for wave in ("najaar 2020", "voorjaar 2021")]
    notes = table(replace(data, shares=pd.concat([data.shares, *older], ignore_index=True)), "antwoorden").notes
    assert "(najaar 2020, voorjaar 2021 en 2022)" in notes[0]


def test_a_blank_is_explained_only_where_there_is_one(data: ReportData) -> None:
    assert data.reference is not None
    blank = "Leeg: van dat jaar is er geen cijfer."
    assert blank not in table(data, "succes-hengelo-jaren").notes
    gone = (data.reference["code"] == "klantmanager") & (data.reference["wave"] == "2015")
    assert blank in table(replace(data, reference=data.reference[~gone]), "succes-hengelo-jaren").notes


def test_points_with_the_same_reasons_are_named_once(data: ReportData) -> None:
    context = make_context(data, Options())
    both = "no audit in both waves; no number of respondents"
    (note,) = share_tables._reason_notes(context, {"Balie": both, "Brief": both}, "2018")
    assert note.startswith("Niet vergelijkbaar met 2018: alle punten (")
    assert note.count("; ") == 1
    apart = share_tables._reason_notes(context, {"Balie": both, "Brief": "", "Telefoon": "no audit in both"}, "2018")
    assert len(apart) == 2
