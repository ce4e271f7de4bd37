"""The survey's own word for its groups stands in the running text too."""

from __future__ import annotations

from dataclasses import replace

from pipeline.report.build import ReportData, make_context
from pipeline.report.content import Block, Heading, Table, Text
from pipeline.report.document import make_document
from pipeline.report.options import Options


def words(block: Block) -> list[str]:
    if isinstance(block, Text):
        return list(block.paragraphs)
    if isinstance(block, Heading):
        return [block.text]
    return [block.title, *block.notes] if isinstance(block, Table) else []


def test_districts_are_not_called_municipalities(data: ReportData) -> None:
    context = make_context(replace(data, survey=data.survey.model_copy(update={"group_label": "Wijk"})), Options())
    made = make_document(context, {}, (), None, 5)
    said = [line for block in made.blocks for line in words(block)]
    assert "Vergelijking per wijk" in said
    assert "Succespunten per wijk, 2022" in said
    assert not [line for line in said if "gemeente" in line.lower()]


def test_an_abbreviation_keeps_its_capitals(data: ReportData) -> None:
    survey = data.survey.model_copy(update={"group_label": "GGD-regio"})
    assert make_context(replace(data, survey=survey), Options()).unit == "GGD-regio"
