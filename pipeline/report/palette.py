"""The report's colours, once: for charts as CSS variables, for pictures and workbooks as they are on paper."""

from __future__ import annotations

from typing import Final

#: name -> (on paper and in light mode, in dark mode); contrast of text colours is tested.
COLOURS: Final[dict[str, tuple[str, str]]] = {
    "paper": ("#ffffff", "#14181d"),
    "surface": ("#f5f6f4", "#1c2229"),
    "ink": ("#1b232c", "#e8ecef"),
    "muted": ("#56616d", "#a3afba"),
    "line": ("#d8dde1", "#333d47"),
    "accent": ("#155e75", "#6cc5dd"),
    "bar": ("#86b7c6", "#2c6a7c"),
    "beside": ("#b45309", "#f0a75a"),
    "good": ("#2f7d6b", "#5dbfa6"),
    "mixed": ("#dcbb5c", "#7d631b"),
    "neutral": ("#c3cad0", "#4d5964"),
    "bad": ("#b4483a", "#e0796b"),
    "good-ink": ("#1f6654", "#7fd6bf"),
    "bad-ink": ("#9c3427", "#f29a8b"),
    "on-deep": ("#ffffff", "#10151a"),
    "on-pale": ("#1b232c", "#f2f5f7"),
    "warn": ("#fdf4e3", "#33290f"),
    "warn-ink": ("#6b4a06", "#f3d79a"),
}
LIGHT: Final[dict[str, str]] = {name: pair[0] for name, pair in COLOURS.items()}
DARK: Final[dict[str, str]] = {name: pair[1] for name, pair in COLOURS.items()}
#: Stand-ins that a chart is drawn with and that `svg.py` turns into CSS variables.
STAND_INS: Final[dict[str, str]] = {name: f"#01{number:02x}fe" for number, name in enumerate(COLOURS, start=1)}
#: Judgement -> colour name.
JUDGEMENT: Final[dict[str, str]] = {
    "positief": "good", "positive": "good", "gemengd": "mixed", "mixed": "mixed",
    "neutraal": "neutral", "neutral": "neutral", "negatief": "bad", "negative": "bad",
}  # fmt: skip
SERIES: Final[tuple[str, ...]] = ("good", "mixed", "neutral", "bad", "accent", "beside")
#: What the legend of a bar chart shows beside its judgements: the marks themselves.
MARKS: Final[tuple[str, ...]] = ("bar", "whisker", "reference")


def key_colour(name: str, place: int) -> str:
    """Return what a legend shows for an entry: a mark of the bar chart, or the colour of a judgement.

    >>> key_colour("whisker", 1), key_colour("negatief", 3), key_colour("ontevreden", 1)
    ('whisker', 'bad', 'mixed')
    """
    return name if name in MARKS else JUDGEMENT.get(name, SERIES[place % len(SERIES)])
