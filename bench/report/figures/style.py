"""What the figures of a report have in common: size, letters, and files that are the same bytes each time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.textpath import TextPath

from bench.report.tables.comparisons import shorten_names
from bench.score.score_table import EMBEDDED_NOTE
from bench.text.columns import choose_columns
from bench.text.escape import escape_for_figure as figure_text
from bench.text.escape import escape_for_picture, shorten_apart, shorten_middle
from bench.text.fonts import list_families

WIDE = 9.0
"""Inches: 900 pixels at 100 dpi, what a README column shows."""
# Okabe and Ito's palette, told apart by colour-blind readers; dashes and markers carry the difference without colour.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
MANY = 7
"""Variants up to which a picture can tell them apart by colour alone; more are numbered and have more room."""
LONG = 44
"""Characters of a name in a picture; the table has all of it."""
_TITLE, _KEYED = 11.5, 10.5
_BETWEEN, _AROUND = (0.8 + 2) * _KEYED / 72, 2 * (0.4 + 0.5) * _KEYED / 72
"""Inches from mark to name and from column to column of a key, and around it: matplotlib's own, in letters' heights."""
_RULER = 720
"""Pixels of an inch where lines are measured."""


class LetteredFigure(Figure):
    """A figure that takes each letter from the first font that has it: DejaVu Sans, then those of this system.

    matplotlib looks further only in the fonts that a text itself names: of those behind the name sans-serif, which
    texts are made with, it takes one (3.11.2, ``FontManager._find_fonts_by_props``).
    """

    def draw(self, renderer: RendererBase) -> None:
        """Draw the figure, every text with `list_letters`, also those that were made outside this room."""
        for text in self.findobj(Text):
            text.set_fontfamily(list_letters())
        super().draw(renderer)


def list_letters() -> list[str]:
    """List the families that the letters of a figure are taken from, in this order, letter by letter."""
    return ["DejaVu Sans", *list_families()]


def make_figure(high: float, wide: float = WIDE) -> Figure:
    """Make a figure on a canvas of its own, so that pyplot's state is neither read nor changed."""
    figure = LetteredFigure(figsize=(wide, high), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, stem: Path) -> tuple[Path, Path]:
    """Write ``stem`` with the endings .png (200 dpi) and .svg; returns the two."""
    png, svg = (stem.with_name(stem.name + ending) for ending in (".png", ".svg"))
    stem.parent.mkdir(parents=True, exist_ok=True)
    # Without salt and with a date the same numbers would give another file each time.
    with mpl.rc_context({"svg.hashsalt": "zgs"}):
        figure.savefig(png, dpi=200, metadata={"Software": None})
        figure.savefig(svg, metadata={"Date": None})
    return png, svg


def draw_plain_axes(axes: Axes, grid: str) -> None:
    """Draw left and bottom lines only, and a pale grid along one axis ("x", "y" or "both")."""
    axes.grid(axis=grid, color="#e6e6e6", linewidth=0.8)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)


def look(position: int) -> dict[str, Any]:
    """Colour, line and marker of the variant at a position: no two of the first 98 look alike, with or without a line.

    A colour that comes again has another marker, and after all pairs of them markers are hollow.
    """
    colour = PALETTE[position % len(PALETTE)]
    hollow = position // (len(PALETTE) * len(MARKERS)) % 2
    return {
        "color": colour,
        "linestyle": DASHES[position % len(DASHES)],
        "marker": MARKERS[(position + position // len(PALETTE)) % len(MARKERS)],
        **({"markerfacecolor": "white"} if hollow else {}),
    }


def choose_names(variants: Sequence[str], numbered: bool = False, long: int = LONG) -> dict[str, str]:
    """Choose what a figure calls each variant: brief, by its ends where it is long; with its number where asked."""
    brief = {variant: escape_for_picture(name) for variant, name in shorten_names(variants).items()}
    short = shorten_apart(brief.values(), long)
    told = {variant: figure_text(short[brief[variant]]) for variant in variants}
    return {name: f"{at} {text}" for at, (name, text) in enumerate(told.items(), 1)} if numbered else told


@lru_cache(maxsize=8192)
def measure_width(text: str, size: float, bold: bool = False) -> float:
    """Measure inches that a text takes on one line: once for each, since its outlines have to be made for it."""
    letters = FontProperties(family=list_letters(), size=size, weight="bold" if bold else "normal")
    lines = text.split("\n")
    return max(TextPath((0, 0), line, prop=letters).get_extents().width if line.strip() else 0 for line in lines) / 72


def measure_line(text: str, size: float, bold: bool = False) -> float:
    """Measure inches that a line takes as it is drawn, each letter of its own font: fast enough to ask while it is cut.

    Of the advances of letters, at ten times the size, where pixels round nothing; ``text`` is no formula.
    """
    letters = FontProperties(family=list_letters(), size=size, weight="bold" if bold else "normal")
    wide, _, _ = _make_ruler().get_text_width_height_descent(text, letters, ismath=False)
    return wide / _RULER


@lru_cache(maxsize=1)
def _make_ruler() -> RendererAgg:
    return RendererAgg(1, 1, _RULER)


def draw_headline(figure: Figure, parts: Sequence[str]) -> None:
    """Draw the title of a figure: parts on as many lines as they need, one wider than the figure by its ends."""
    room = figure.get_figwidth() - 0.3
    lines = [""]
    for part in filter(None, parts):
        text = _fit_text(figure_text(part), room)
        joined = " · ".join(filter(None, (lines[-1], text)))
        lines = [*lines[:-1], joined] if measure_width(joined, _TITLE, True) <= room else [*lines, text]
    figure.suptitle("\n".join(filter(None, lines)), fontsize=_TITLE, fontweight="bold")


def _fit_text(text: str, room: float) -> str:
    columns = len(text)
    while measure_width(shorten_middle(text, columns), _TITLE, True) > room:
        columns -= 4
    return shorten_middle(text, columns)


def draw_key(figure: Figure, handles: Sequence[Any], labels: Sequence[str], note: str, lined: bool = True) -> Legend:
    """Draw rows of marks with their names below all panels, under a note; the figure grows by the rows beyond two.

    ``labels`` are as they are to be drawn. ``lined``: the marks are lines and not points.
    """
    mark = (3 if lined else 2) * _KEYED / 72
    room = 1.02 * max((measure_line(label, _KEYED) for label in labels), default=0.0) + mark + _BETWEEN  # hinting
    most = int((figure.get_figwidth() - _AROUND + _BETWEEN) / room)  # none of it behind the last one
    shown = choose_columns(len(labels), max(1, min(4, most)))
    rows = -(-len(labels) // shown)
    figure.set_figheight(figure.get_figheight() + 0.215 * max(0, rows - 2))
    # By their places first: matplotlib leaves out a label that begins with an underscore.
    legend = figure.legend(
        handles, list(map(str, range(len(labels)))), loc="outside lower center", ncols=shown, frameon=False,
        fontsize=_KEYED, title=note, title_fontsize=9, **({"handlelength": 3} if lined else {}),
    )  # fmt: skip
    for text, label in zip(legend.get_texts(), labels, strict=True):
        text.set_text(label)
    legend.get_title().set_color("#666666")
    legend.get_title().set_multialignment("center")
    return legend


def write_note(text: str, embedded: bool) -> str:
    """Write a figure's note, with the warning that belongs to the small models."""
    return text + (f" · {EMBEDDED_NOTE}" if embedded else "")
