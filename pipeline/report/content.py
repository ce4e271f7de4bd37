"""What a report consists of, whatever it is written as: chapters, views, tables, figures and quotes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["percent", "interval", "count", "decimal", "ratio", "text"]


@dataclass(frozen=True)
class Cell:
    """A value with what there is to say about it; shares are fractions 0-1."""

    value: float | str | None = None
    high: float | None = None
    mark: Literal["", "up", "down"] = ""
    hidden: bool = False
    opens: tuple[str, str, str] | None = None
    source: tuple[str, str, str] | None = None


@dataclass(frozen=True)
class Column:
    """A column's heading, a line below it, and the kind of its values."""

    label: str
    kind: Kind
    sub: str = ""
    heat: bool = False


@dataclass(frozen=True)
class Row:
    """One row: a stub, its code (if it is about one), the cells, and whether (or where) its figures are provisional."""

    label: str
    cells: tuple[Cell, ...]
    code: str = ""
    weight: Literal["normal", "residual", "total"] = "normal"
    status: str = ""


@dataclass(frozen=True)
class Table:
    """A numbered table with notes below it."""

    number: int
    key: str
    title: str
    stub: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bar:
    """One bar: a share with its interval and the reference's share."""

    label: str
    share: float | None
    low: float | None = None
    high: float | None = None
    reference: float | None = None


@dataclass(frozen=True)
class Figure:
    """A numbered chart: its kind, what it draws, and what it says in words."""

    number: int
    title: str
    alt: str
    kind: Literal["bars", "lines", "stacked"]
    data: Any
    legend: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quote:
    """An answer shown as an example."""

    answer_id: str
    text: str
    group: str = ""


@dataclass(frozen=True)
class Quotes:
    """The quotes of one code."""

    label: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class QuoteList:
    """The quotes of one view, in the order of its table."""

    title: str
    intro: str
    parts: tuple[Quotes, ...]


@dataclass(frozen=True)
class Text:
    """Paragraphs; `kind` is `lead` for the summary sentences, `caution` for a warning, `note` for the small print."""

    paragraphs: tuple[str, ...]
    kind: Literal["lead", "body", "caution", "note"] = "body"


@dataclass(frozen=True)
class Terms:
    """Pairs of a term and what is said of it."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Heading:
    """A heading inside a chapter or view."""

    text: str


Block = Table | Figure | QuoteList | Text | Terms | Heading


@dataclass(frozen=True)
class View:
    """What one chapter says for all groups together (`group` is the total's label) or for one group."""

    group: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Chapter:
    """A chapter: one question, or an overview."""

    key: str
    title: str
    asked: str
    views: tuple[View, ...]
    part: str = ""


@dataclass(frozen=True)
class Document:
    """The whole report."""

    title: str
    wave: str
    total: str
    group_label: str
    groups: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    summary: Chapter
    chapters: tuple[Chapter, ...]
    closing: tuple[Chapter, ...]
    provisional: str = ""

    @property
    def tables(self) -> list[Table]:
        """All tables, in the order of their numbers."""
        return [block for block in self.blocks if isinstance(block, Table)]

    @property
    def blocks(self) -> list[Block]:
        """All blocks in reading order."""
        chapters = [self.summary, *self.chapters, *self.closing]
        return [block for one in chapters for view in one.views for block in view.blocks]
