"""The charts: bars with intervals, small lines over the years, stacked judgements.

Every function takes the palette to draw with, so that one drawing serves the page (CSS variables) and paper. Measures
are inches.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from pipeline.report.content import Bar, Figure
from pipeline.report.numbers import percent, whole_percent
from pipeline.report.palette import key_colour

if TYPE_CHECKING:
    from pipeline.report.sheet import Sheet

Palette = Mapping[str, str]
WIDE: Final = 7.4  # the text column of the page, and of an A4 page
NARROW: Final = 3.6  # a phone
_LABELS: Final = 2.62  # room for the labels on a wide chart
_CHARACTERS: Final = 32
_ABOVE: Final = 46  # characters of a label above its bar, beside the percentage
_LEGEND: Final = 9.0  # points
_LINE: Final = 0.22  # inches from one line of the legend to the next


def draw(figure: Figure, palette: Palette, width: float = WIDE, *, legend: bool = False) -> Sheet:
    """Return the drawing of a figure; one narrower than five inches puts the labels above the bars.

    `legend` puts above it what its colours and marks mean.
    """
    lines = _legend_lines(figure.legend, width) if legend else []
    head = _LINE * len(lines) + 0.06 if lines else 0.0
    if figure.kind == "bars":
        sheet = _bars(figure.data, palette, width, head)
    elif figure.kind == "lines":
        waves, panels = figure.data
        sheet = _lines(waves, panels, palette, width)
    else:
        sheet = _stacked(figure.data, [code for _, code in figure.legend], palette, width, head)
    for number, line in enumerate(lines):
        for x, label, key in line:
            y = _LINE * (number + 0.5) - head
            _key(sheet, x, y, key, palette)
            sheet.words(x + 0.22, y, label, palette["muted"], size=_LEGEND)
    return sheet


def _legend_lines(legend: Sequence[tuple[str, str]], width: float) -> list[list[tuple[float, str, str]]]:
    """Return the lines of a legend: where each entry begins, its label and what it shows."""
    from pipeline.report.sheet import breadth

    start = _LABELS if width > 5 else 0.0
    lines: list[list[tuple[float, str, str]]] = []
    room = 0.0
    for place, (label, name) in enumerate(legend):
        wide = breadth(label, _LEGEND) + 0.44
        if not lines or wide > room:
            lines.append([])
            room = width - start
        lines[-1].append((width - room, label, key_colour(name, place)))
        room -= wide
    return lines


def _key(sheet: Sheet, x: float, y: float, key: str, palette: Palette) -> None:
    """Draw what an entry of the legend stands for, as the chart draws it."""
    if key == "whisker":
        sheet.line([(x, y), (x + 0.16, y)], palette["ink"], 1.2)
    elif key == "reference":
        sheet.line([(x + 0.08, y - 0.07), (x + 0.08, y + 0.07)], palette["beside"], 2.6)
    else:
        sheet.bar(x, y, 0.13, 0.13, palette[key])


def _bars(bars: Sequence[Bar], palette: Palette, width: float, head: float) -> Sheet:
    from pipeline.report.sheet import Sheet

    narrow = width < 5
    step = 0.5 if narrow else 0.37
    bottom = step * len(bars) + 0.06
    sheet = Sheet(width, bottom + 0.24, head)
    left = 0.02 if narrow else _LABELS + 0.44
    top = max(max(bar.high or 0.0, bar.share or 0.0, bar.reference or 0.0) for bar in bars)
    ticks = axis_ticks(top, few=narrow)
    inch = (width - 0.2 - left) / ticks[-1]
    for tick in ticks:
        x = left + tick * inch
        sheet.line([(x, 0.02), (x, bottom)], palette["muted" if tick == 0 else "line"], 0.8, behind=True)
        edge = narrow and tick == 0
        sheet.words(x, bottom + 0.14, percent(tick), palette["muted"], size=8.5, align="left" if edge else "center")
    for row, bar in enumerate(bars):
        y = step * (row + 0.5) + (0.11 if narrow else 0.03)
        _bar(sheet, bar, left, y, inch, 0.17 if narrow else 0.22, palette)
        if narrow:
            sheet.words(left + 0.04, y - 0.21, wrapped(bar.label, _ABOVE, 1), palette["ink"])
            sheet.words(width - 0.02, y - 0.21, percent(bar.share), palette["ink"], align="right", bold=True)
        else:
            sheet.words(left - 0.56, y, wrapped(bar.label, _CHARACTERS), palette["ink"], align="right")
            sheet.words(left - 0.1, y, percent(bar.share), palette["ink"], align="right", bold=True)
    return sheet


def _bar(sheet: Sheet, bar: Bar, left: float, y: float, inch: float, thick: float, palette: Palette) -> None:
    sheet.bar(left, y, (bar.share or 0.0) * inch, thick, palette["bar"])
    if bar.low is not None and bar.high is not None:
        low, high = left + bar.low * inch, left + bar.high * inch
        sheet.line([(low, y), (high, y)], palette["ink"], 1.2)
        for end in (low, high):
            sheet.line([(end, y - 0.045), (end, y + 0.045)], palette["ink"], 1.2)
    if bar.reference is not None:
        x = left + bar.reference * inch
        sheet.line([(x, y - thick / 2 - 0.035), (x, y + thick / 2 + 0.035)], palette["beside"], 2.6)


def axis_ticks(top: float, *, few: bool = False) -> list[float]:
    """Return round percentages from nought to the first that is not below the largest value.

    >>> axis_ticks(0.42)
    [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    """
    step = next(step for step in (0.02, 0.05, 0.1, 0.2, 0.25) if top <= (5 if few else 6) * step or step == 0.25)
    last = min(1.0, step * -(-(top - 1e-9) // step))
    return [round(step * number, 2) for number in range(round(max(last, step) / step) + 1)]


def _lines(
    waves: Sequence[str], panels: Sequence[tuple[str, Sequence[float | None]]], palette: Palette, width: float
) -> Sheet:
    from pipeline.report.sheet import Sheet

    across = 2 if width < 5 else 3
    each, gap = 1.42, 0.4
    wide = (width - gap * (across - 1)) / across
    sheet = Sheet(width, each * -(-len(panels) // across))
    top = max((value for _, values in panels for value in values if value is not None), default=0.1)
    for number, (label, values) in enumerate(panels):
        row, column = divmod(number, across)
        _panel(sheet, column * (wide + gap), row * each, wide, waves, label, values, max(top, 0.05), palette)
    return sheet


def _panel(
    sheet: Sheet, x: float, y: float, wide: float, waves: Sequence[str], label: str, values: Sequence[float | None],
    top: float, palette: Palette,
) -> None:  # fmt: skip
    floor, tall = y + 1.16, 0.5
    sheet.words(x, y + 0.22, wrapped(label, int(wide * 15.5)), palette["ink"], size=9)
    sheet.line([(x, floor), (x + wide, floor)], palette["line"], 0.8)
    step = (wide - 0.5) / max(1, len(waves) - 1)
    places = [x + 0.25 + step * place for place in range(len(waves))]
    for place, wave in zip(places, waves, strict=True):
        sheet.words(place, floor + 0.13, wave, palette["muted"], size=8, align="center")
    points = [
        (place, floor - tall * value / top, value)
        for place, value in zip(places, values, strict=True)
        if value is not None
    ]
    sheet.line([(place, height) for place, height, _ in points], palette["accent"], 1.8)
    for number, (place, height, value) in enumerate(points, start=1):
        last = number == len(points)
        sheet.dot(place, height, 6 if last else 4.2, palette["accent"])
        sheet.words(place, height - 0.09, percent(value), palette["ink" if last else "muted"], size=8.5, align="center",
                    above=True, bold=last)  # fmt: skip


def _stacked(
    rows: Sequence[tuple[str, Sequence[float | None]]],
    codes: Sequence[str],
    palette: Palette,
    width: float,
    head: float,
) -> Sheet:
    from pipeline.report.sheet import Sheet

    narrow = width < 5
    step = 0.54 if narrow else 0.37
    sheet = Sheet(width, step * len(rows) + 0.02, head)
    left = 0.02 if narrow else _LABELS
    inch = width - 0.02 - left
    for row, (label, values) in enumerate(rows):
        y = step * (row + 0.5) + (0.1 if narrow else 0.0)
        if narrow:
            sheet.words(left, y - 0.23, wrapped(label, _ABOVE, 1), palette["ink"])
        else:
            sheet.words(left - 0.12, y, wrapped(label, _CHARACTERS), palette["ink"], align="right")
        total = sum(value for value in values if value is not None) or 1.0
        x = left
        for place, (code, value) in enumerate(zip(codes, values, strict=True)):
            size = (value or 0.0) / total * inch
            name = key_colour(code, place)
            if value:
                sheet.bar(x, y, size - 0.015, 0.23, palette[name])
            if value and size > 0.31 and whole_percent(value):
                on = palette["on-pale" if name in ("mixed", "neutral") else "on-deep"]
                sheet.words(x + size / 2, y, percent(value), on, size=8.8, align="center")
            x += size
    return sheet


def wrapped(text: str, room: int, lines: int = 2) -> str:
    """Return a label over at most `lines` lines of `room` characters; a slash is a place to break.

    >>> wrapped("Informatievoorziening/toegankelijkheid (digitaal)", 36).split(chr(10))
    ['Informatievoorziening/', 'toegankelijkheid (digitaal)']
    >>> wrapped("Arbeidsongeschiktheidsverzekeringsmaatschappij", 36).split(chr(10))
    ['Arbeidsongeschiktheidsverzekering-', 'smaatschappij']
    """
    if len(text) <= room:
        return text
    words = " ".join(_broken(word, room - 2) for word in text.replace("/", "/ ").split())
    pieces = textwrap.wrap(words, room, max_lines=lines, placeholder=" …", break_long_words=False)
    return "\n".join(piece.replace("/ ", "/") for piece in pieces)


def _broken(word: str, room: int) -> str:
    """Return a word that is longer than a line in pieces, with a hyphen where it was broken."""
    if len(word) <= room:
        return word
    return f"{word[: room - 1]}- {_broken(word[room - 1 :], room)}"
