"""A drawing in inches from the top left: the few marks that the report's charts are made of, through matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Literal

from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

#: Text stays text, and the same drawing gives the same bytes.
_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "duiding",
    "font.family": "sans-serif",
    "path.simplify": False,
}
_LEADING = 1.18 / 72  # inches from line to line, per point of type


def breadth(text: str, size: float) -> float:
    """Return how wide a text of `size` points is, in inches."""
    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)
    return float(width) / 72


class Sheet:
    """An empty sheet of `width` by `height` inches, with `head` inches more above nought."""

    def __init__(self, width: float, height: float, head: float = 0.0) -> None:
        self.width, self.height = width, height
        self._figure = Figure(figsize=(width, height + head))
        self._inches = Affine2D().scale(1, -1).translate(0, height) + self._figure.dpi_scale_trans

    def bar(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Draw a filled bar whose left end is at x and whose middle is at y."""
        self._add(Rectangle((x, y - height / 2), max(width, 0.0), height, facecolor=colour, linewidth=0))

    def line(
        self, points: Sequence[tuple[float, float]], colour: str, thick: float = 1.0, *, behind: bool = False
    ) -> None:
        """Draw a line through points, `thick` typographic points wide; `behind` the bars if asked."""
        xs, ys = zip(*points, strict=True)
        self._add(Line2D(xs, ys, color=colour, lw=thick, solid_capstyle="butt", solid_joinstyle="round",
                         zorder=0 if behind else 2))  # fmt: skip

    def dot(self, x: float, y: float, size: float, colour: str) -> None:
        """Draw a dot of `size` points across."""
        self._add(Line2D([x, x], [y, y], color=colour, lw=size, solid_capstyle="round"))

    def words(
        self,
        x: float,
        y: float,
        text: str,
        colour: str,
        *,
        size: float = 9.5,
        align: Literal["left", "center", "right"] = "left",
        above: bool = False,
        bold: bool = False,
    ) -> None:
        """Write a text, its lines centred on y, or one line standing on it; nothing is read as mathematics."""
        lines = text.split("\n")
        for number, line in enumerate(lines):
            middle = y + (number - (len(lines) - 1) / 2) * size * _LEADING
            self._add(
                Text(
                    x,
                    middle,
                    line,
                    color=colour,
                    fontsize=size,
                    ha=align,
                    parse_math=False,
                    va="baseline" if above else "center_baseline",
                    fontweight="bold" if bold else "normal",
                )
            )

    def _add(self, mark: Artist) -> None:
        """Put a mark on the figure itself: axes would take longer to set up than all marks take to draw."""
        mark.set_transform(self._inches)
        self._figure.add_artist(mark)

    def svg(self) -> str:
        """Return the drawing as an SVG document."""
        stream = io.StringIO()
        with rc_context(_SETTINGS):
            self._figure.patch.set_visible(False)
            canvas: Any = FigureCanvasSVG(self._figure)
            canvas.print_svg(stream, metadata={"Date": None, "Creator": None})
        return stream.getvalue()

    def png(self, dpi: int) -> bytes:
        """Return the drawing as a picture on white."""
        stream = io.BytesIO()
        with rc_context({"savefig.dpi": dpi}):
            self._figure.patch.set_visible(True)
            self._figure.set_dpi(dpi)
            canvas: Any = FigureCanvasAgg(self._figure)
            canvas.print_png(stream, metadata={"Software": None})
        return stream.getvalue()
