"""Figure 2 on one image: the whole method as one picture, from over-segments by attention and words to merging."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from scipy import ndimage

from bench.report.blocklist import Blocklist
from bench.report.figures.style import DASHES, PALETTE, figure_text, make_figure, save
from bench.report.method.tree import draw_tree
from bench.report.pictures.draw import Colours, Panel, draw_segments, draw_texts
from bench.score.score_table import EMBEDDED_NOTE
from bench.text.escape import shorten_middle

if TYPE_CHECKING:
    from bench.run.explain import Explained

WIDE = 13.0
"""Inches."""
FOLLOWED = 3
"""Segments whose attention, subtraction and words are shown: the largest, unless others are asked for."""
SEEN = "is kept to the segment (eq. 1)\n"
_TITLE: dict[str, Any] = {"fontsize": 10.5, "fontweight": "bold", "loc": "left"}


def draw_method(
    told: Explained, stem: Path, segments: Sequence[int] = (), *, embedded: bool, blocklist: Blocklist | None = None
) -> tuple[Path, Path]:  # fmt: skip
    """Draw what section 3 makes of an image; returns ``stem``.png and ``stem``.svg.

    ``segments`` are the final ones to follow, by their positions; without any the largest `FOLLOWED`.
    """
    hide = blocklist or Blocklist()
    shown = list(segments) or list_largest(told)
    height, width = told.sample.size
    picture = min(1.3, max(0.6, height / width)) * WIDE / 3.4
    heights = [picture, *([2.2, 2.2] if told.attention else []), 2.3, 3.2]
    figure = make_figure(sum(heights) + 1.9, WIDE)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    _draw_pictures(figure, grid[0].subgridspec(1, 3), told, shown, hide)
    if told.attention:
        _draw_attention(figure, grid[1:3].subgridspec(2, 1 + len(shown)), told, shown)
    row = grid[len(heights) - 2].subgridspec(1, 2 + len(shown), width_ratios=[1.25, 1.25, *[1.0] * len(shown)])
    _draw_subtraction([figure.add_subplot(row[0, at]) for at in range(2)], told, shown)
    for at, segment in enumerate(shown):
        _draw_words(figure.add_subplot(row[0, 2 + at]), told, segment, at, hide)
    draw_tree(figure.add_subplot(grid[-1]), told, hide)
    notes = [
        told.sample.image_id,
        f"models: {told.facts['models']}",
        EMBEDDED_NOTE if embedded else "",
        told.facts["beware"],
    ]
    figure.suptitle(_fold(notes), fontsize=10.5)
    return save(figure, stem)


def list_largest(told: Explained) -> list[int]:
    """List the positions of the largest final segments, which are followed where nobody asks for others."""
    areas = told.merged.masks.sum(axis=(1, 2))
    return [int(at) for at in np.argsort(-areas, kind="stable")[:FOLLOWED]]


def _draw_pictures(figure: Any, grid: Any, told: Explained, shown: Sequence[int], hide: Blocklist) -> None:
    image, merged = told.sample.image, told.merged
    texts = hide.hide_all(merged.captions.texts)
    panels = (
        ("1  The image is all there is:\nno class list, no query", Panel("")),
        (f"2  {len(told.tree.heap_ids)} over-segments (3.1):\nfeatures of DINO, put together by Ward's rule",
         Panel("", labels=told.tree.leaves)),
        (f"7  The result: {len(texts)} named segments\n(A, B … are followed below)",
         Panel("", masks=merged.masks, texts=texts)),
    )  # fmt: skip
    height, width = told.sample.size
    for at, (title, panel) in enumerate(panels):
        axes = figure.add_subplot(grid[0, at])
        picture, extent = draw_segments(image, panel, Colours()), (0.0, float(width), float(height), 0.0)
        axes.imshow(np.asarray(picture), interpolation="nearest", extent=extent)
        if panel.texts:  # above the outlines
            letters = draw_texts((3 * picture.width, 3 * picture.height), panel, 22)
            axes.imshow(np.asarray(letters), interpolation="antialiased", extent=extent, zorder=3)
        axes.set_title(title, **_TITLE)
        axes.set_axis_off()
    for at, segment in enumerate(shown):
        _draw_outline(axes, told, segment, PALETTE[at], _name(at))


def _draw_attention(figure: Any, grid: Any, told: Explained, shown: Sequence[int]) -> None:
    """Draw where the global token looks in the first and in the last masked layer: whole image, then each segment."""
    maps = told.attention
    assert maps is not None, "whoever calls looks"
    for row, at in enumerate((0, -1)):
        layer = maps.layers[at]
        head = "3  Where CLIP's global token looks (3.2)\n" if row == 0 else ""
        axes = figure.add_subplot(grid[row, 0])
        _draw_map(axes, told, maps.plain[at], None, f"{head}layer {layer}, without a mask")
        for column, segment in enumerate(shown):
            axes = figure.add_subplot(grid[row, 1 + column])
            name = f"{SEEN if row == column == 0 else ''}layer {layer}, masked to {_name(column)}"
            name = f"\n{name}" if row == 0 and column else name
            _draw_map(axes, told, maps.masked[segment, at], segment, name, PALETTE[column])


def _draw_map(
    axes: Axes, told: Explained, weights: np.ndarray, segment: int | None, title: str, colour: str = ""
) -> None:
    """Draw one map over the grey image; a segment has its outline."""
    height, width = told.sample.size
    extent = (0.0, float(width), float(height), 0.0)
    axes.imshow(told.sample.image.mean(axis=2), cmap="gray", extent=extent, vmin=0, vmax=255)
    high = float(weights.max()) or 1.0
    axes.imshow(weights, cmap="magma", extent=extent, alpha=0.72, vmin=0, vmax=high, interpolation="nearest")
    if segment is not None:
        _draw_outline(axes, told, segment, colour)
    axes.set_title(title, fontsize=9, loc="left", fontweight="bold" if title.startswith(("3", SEEN)) else "normal")
    axes.set_axis_off()


def _draw_outline(axes: Axes, told: Explained, segment: int, colour: str, name: str = "") -> None:
    """Draw the border of a segment, and its letter where the segment is thickest."""
    mask = np.pad(told.merged.masks[segment], 1).astype(float)  # a border along the edge of the picture, too
    high, wide = (side - 2 for side in mask.shape)
    height, width = told.sample.size
    y, x = (np.arange(high + 2) - 0.5) * height / high, (np.arange(wide + 2) - 0.5) * width / wide
    axes.contour(x, y, mask, levels=[0.5], colors=[colour], linewidths=1.8)
    if name:
        depth = ndimage.distance_transform_edt(mask)
        rows, columns = np.nonzero(depth >= 0.5 * depth.max())  # to the left, for its text stands in the middle
        at = int(np.argmin(columns))
        row, column = rows[at], columns[at]
        mark = {"boxstyle": "circle,pad=0.25", "facecolor": colour, "edgecolor": "white"}
        axes.text(x[column], y[row], name, color="white", fontsize=10, fontweight="bold", ha="center",
                  va="center", bbox=mark, clip_on=True, zorder=4)  # fmt: skip


def _draw_subtraction(axes: Sequence[Axes], told: Explained, shown: Sequence[int]) -> None:
    """Draw saliency S and weight w of the segments by layer: equations 2 and 4."""
    sigma2 = f"; σ² {told.facts['sigma2']}" if told.facts["sigma2"] else ""  # of variants that subtract alone
    titles = (
        "4  How salient a segment is\nby itself: S, layer by layer (eq. 2)",
        f"Less salient: more of the global\ntoken goes (w, eq. 4{sigma2})",
    )
    for one, name, title in zip(axes, ("saliency", "weight"), titles, strict=True):
        trace = told.read_trace(name)
        one.set_title(title, **{**_TITLE, "fontsize": 9})
        if not trace.size:
            one.text(0.5, 0.5, f"none: {told.facts['encode']}\nsubtracts nothing", ha="center", transform=one.transAxes)
            one.set_axis_off()
            continue
        for at, segment in enumerate(shown):
            one.plot(told.layers, trace[segment], color=PALETTE[at], linestyle=DASHES[at % len(DASHES)], marker="o",
                     markersize=4, label=f"segment {_name(at)}")  # fmt: skip
        one.set_xticks(told.layers)
        one.set_xlabel("layer", fontsize=9)
        one.grid(color="#e6e6e6")
        one.tick_params(labelsize=8)
        one.spines[["top", "right"]].set_visible(False)
    if told.read_trace("weight").size:
        axes[0].legend(fontsize=8, frameon=False)


def _draw_words(axes: Axes, told: Explained, segment: int, at: int, hide: Blocklist) -> None:
    """Draw the words nearest to a segment's embedding, with its own text, which the result shows too, in the title."""
    near = told.nearest[segment]
    words = [figure_text(shorten_middle(hide.hide(word), 18)) for word, _ in near]
    axes.barh(range(len(near)), [cosine for _, cosine in near], color=PALETTE[at], alpha=0.35)
    for row, (word, (_, cosine)) in enumerate(zip(words, near, strict=True)):
        axes.text(0.004, row, f"{word}  {cosine:.2f}", va="center", fontsize=8.5)
    text = figure_text(shorten_middle(hide.mask(told.merged.captions.texts[segment]), 24))
    head = "5  Its text (3.3), nearest words\n" if at == 0 else "\n"
    axes.set_title(f"{head}{_name(at)}: “{text}”", fontsize=9, loc="left", fontweight="bold", color="black")
    axes.set_ylim(len(near) - 0.4 if near else 1, -0.6)
    axes.set_axis_off()


def _fold(notes: Sequence[str]) -> str:
    """Fold notes on two lines, the warnings on the second."""
    lines = (" · ".join(filter(None, part)) for part in (notes[:2], notes[2:]))
    return figure_text("\n".join(filter(None, lines))).replace("\\n", "\n")


def _name(at: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[at % 26]
