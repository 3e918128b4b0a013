"""What the figures of a report have in common: size, letters, and files that are the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.report.layout import EMBEDDED_NOTE

WIDE = 9.0
"""Inches: 900 pixels at 100 dpi, what a README column shows."""
# Okabe and Ito's palette, told apart by colour-blind readers; dashes and markers carry the difference without colour.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"


def new_figure(high: float) -> Figure:
    """A figure on a canvas of its own, so that pyplot's state is neither read nor changed."""
    figure = Figure(figsize=(WIDE, high), layout="constrained", facecolor="white")
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


def plain(axes: Axes, grid: str) -> None:
    """Left and bottom lines only, and a pale grid along one axis ("x", "y" or "both")."""
    axes.grid(axis=grid, color="#e6e6e6", linewidth=0.8)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)


def columns(entries: int, most: int = 4) -> int:
    """Columns of a legend whose rows are about equally long, so that no last entry stands alone."""
    rows = -(-entries // max(1, most))
    return -(-entries // max(1, rows))


def note_of(text: str, embedded: bool) -> str:
    """A figure's note, with the warning that belongs to the small models."""
    return text + (f" · {EMBEDDED_NOTE}" if embedded else "")
