"""A chart as SVG for inside the page: text stays text, colours follow the page's light or dark mode."""

from __future__ import annotations

import re
from html import escape

from pipeline.report.charts import NARROW, WIDE, draw
from pipeline.report.content import Figure
from pipeline.report.palette import LIGHT, STAND_INS

_DROP = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->|<defs>.*?</defs>", re.DOTALL)
_IDS = re.compile(r' (?:id|clip-path)="[^"]*"')
_FAMILY = re.compile(r" ?font-family: [^;]*;| transform=\"rotate\(-0[^\"]*\"")
_HEAD = re.compile(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', re.DOTALL)
_PRECISION = re.compile(r"(\d+\.\d\d)\d+")
_BLANKS = re.compile(r"\s*\n\s*")


def inline_svg(figure: Figure) -> str:
    """Return the chart twice, for a wide and for a narrow page; the page shows one of the two."""
    return _one(figure, WIDE, "wide") + _one(figure, NARROW, "narrow")


def png(figure: Figure, width: float = WIDE, dpi: int = 200) -> bytes:
    """Return the chart as a picture on white paper, with its legend: the page writes its own."""
    return draw(figure, LIGHT, width, legend=True).png(dpi)


def _one(figure: Figure, width: float, name: str) -> str:
    text = _DROP.sub("", draw(figure, STAND_INS, width).svg())
    text = _IDS.sub("", text)
    for colour, stand_in in STAND_INS.items():
        text = text.replace(stand_in, f"var(--{colour})")
    text = _FAMILY.sub("", text)
    text = _BLANKS.sub("\n", _PRECISION.sub(r"\1", text)).strip()
    box = _HEAD.search(text)
    head = f'<svg class="{name}" viewBox="{box[1] if box else ""}" role="img" aria-label="{escape(figure.alt)}">'
    return _HEAD.sub(lambda _: head, text, count=1)
