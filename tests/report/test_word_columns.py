"""Tables of many columns in Word: every word whole, every column there."""

from __future__ import annotations

from collections.abc import Sequence

import docx
import pytest

from pipeline.report import word
from pipeline.report.content import Cell, Column, Row, Table
from pipeline.report.word_columns import TEXT_WIDTH, parts_of, points_of_heads, texts_of, widths

TOWNS = (
    "Hengelo", "Haaksbergen", "Borne", "Nieuwegein-Vreeswijk", "Alphen aan den Rijn", "Bergen op Zoom",
    "Geertruidenberg", "Hendrik-Ido-Ambacht", "Capelle aan den IJssel", "Noordoostpolder", "Súdwest-Fryslân", "Ee",
)  # fmt: skip
#: Arial bold, in thousandths of an em: what the heads' letters measure.
ARIAL = {"G": 778, "e": 556, "m": 889, "n": 611, "g": 611, "d": 611, "A": 722, "t": 333, "w": 778, "o": 611, "r": 389}


def table(columns: Sequence[Column]) -> Table:
    cells = tuple(Cell(0.4, 0.5 if column.kind == "interval" else None) for column in columns)
    return Table(1, "t", "Titel", "Punt", tuple(columns), (Row("Mijn klantmanager", cells),))


def judgements() -> Table:
    pairs = [
        (Column(name, "percent"), Column(f"Marge {name.lower()}", "interval"))
        for name in ("Positief", "Gemengd", "Neutraal", "Negatief")
    ]
    return table([column for pair in pairs for column in pair] + [Column("Antwoorden", "count")])


@pytest.mark.parametrize("word", ["Gemengd", "Antwoorden"])
def test_the_heads_of_the_judgements_are_not_broken(word: str) -> None:
    made = judgements()
    (part,) = parts_of(made, "nl")
    heads = texts_of(part, "nl")[0]
    wide = widths(texts_of(part, "nl"), points_of_heads(part))
    measured = sum(ARIAL[letter] for letter in word) / 1000 * points_of_heads(part) * 2.54 / 72
    assert wide[heads.index(word)] >= measured + 0.38  # the margins of a cell in Word
    assert sum(wide) == pytest.approx(TEXT_WIDTH)


def test_many_groups_take_several_tables_below_each_other() -> None:
    made = table([Column("Totaal", "percent"), *(Column(town, "percent", "n = 25\nindicatief") for town in TOWNS)])
    parts = parts_of(made, "nl")
    assert len(parts) > 1
    assert [column for part in parts for column in part.columns] == list(made.columns)
    for part in parts:
        assert min(widths(texts_of(part, "nl"), points_of_heads(part))) > 1.2
        assert [len(row.cells) for row in part.rows] == [len(part.columns)]


def test_a_margin_stays_beside_its_percentage() -> None:
    pairs = [(Column(f"Schuldhulpverlening{n}", "percent"), Column(f"Marge{n}", "interval")) for n in range(8)]
    parts = parts_of(table([column for pair in pairs for column in pair]), "nl")
    assert len(parts) > 1
    assert {part.columns[0].kind for part in parts} == {"percent"}


def test_the_parts_have_one_scale_of_colours() -> None:
    columns = [Column(town, "percent", heat=True) for town in TOWNS]
    low = tuple(Cell(0.8 if number == 0 else 0.4) for number in range(len(columns)))
    made = Table(1, "t", "Titel", "Punt", tuple(columns), (Row("Mijn klantmanager", low),))
    written = docx.Document()
    for part in parts_of(made, "nl"):
        word._table(written, part, "nl", made)
    fills = [one.get(f"{{{one.nsmap['w']}}}fill") for one in written.element.body.iter() if one.tag.endswith("}shd")]
    assert len(fills) == len(columns)
    assert len(set(fills[1:])) == 1
    assert fills[0] != fills[1]
