"""What a reader of a figure needs: no text leaves the picture, and none lies on another."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

TOLERATED = 1.0
"""Pixels at 100 dpi by which the boxes of letters may touch."""


def shown(figure: Figure) -> list[tuple[str, Bbox]]:
    """Every text that is drawn, with its box in pixels."""
    figure.draw_without_rendering()
    renderer: Any = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    ticks, drawn = set(), set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks |= {text for which in ("major", "minor") for text in axis.get_ticklabels(which=which)}
            if axes.get_visible():
                drawn |= {tick.label1 for tick in axis._update_ticks()}  # type: ignore[attr-defined]
    hidden = {text for axes in figure.axes if not axes.get_visible() for text in axes.findobj(Text)}
    found = [
        text for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in hidden
        if text not in ticks or text in drawn
    ]  # fmt: skip
    return [(text.get_text(), Text.get_window_extent(text, renderer)) for text in found]


def faults(figure: Figure) -> list[str]:
    """The texts that leave the figure or overlap, in words."""
    texts, (width, height) = shown(figure), figure.bbox.size
    assert len(texts) > 3
    outside = [
        f"{text!r} leaves the picture" for text, box in texts
        if box.x0 < -TOLERATED or box.y0 < -TOLERATED or box.x1 > width + TOLERATED or box.y1 > height + TOLERATED
    ]  # fmt: skip
    over = [
        f"{one!r} lies on {two!r}"
        for at, (one, a) in enumerate(texts) for two, b in texts[:at]
        if min(a.x1, b.x1) - max(a.x0, b.x0) > TOLERATED and min(a.y1, b.y1) - max(a.y0, b.y0) > TOLERATED
    ]  # fmt: skip
    return [*outside, *over]
