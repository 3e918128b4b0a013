"""A forest plot of the differences: for each metric of the paper, where the first variant is ahead for certain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.report.figures.style import (
    LONG,
    WIDE,
    choose_names,
    draw_headline,
    draw_plain_axes,
    make_figure,
    measure_width,
    save,
    write_note,
)
from bench.report.tables.comparisons import Pair
from bench.report.tables.comparisons import write_title as pair_title
from bench.report.tables.differences import excludes_zero, list_pairs_in, write_signed
from bench.report.tables.paper_metrics import select_paper_metrics

_HALF, _HALF_WIDE = 52, 2.9
"""Characters and inches that fit under one of two panels."""
_NAMED, _ROOM = 10.5, 2.8
"""Points of the letters of names, and inches of a figure that they may take."""
_BLACK, _GREY = "#000000", "#8c8c8c"


def save_differences(table: pd.DataFrame, stem: Path, *, title: str, embedded: bool) -> tuple[Path, ...]:
    """Write ``stem`` .png and .svg; nothing where no metric of the paper is in the table."""
    chosen = select_paper_metrics(list(dict.fromkeys(table["metric"])))
    return save(draw_differences(table, chosen, title=title, embedded=embedded), stem) if chosen else ()


def draw_differences(table: pd.DataFrame, chosen: dict[str, str], *, title: str, embedded: bool) -> Figure:
    """Draw a panel for each chosen metric, a line for each pair of variants, one scale for all panels."""
    found = list_pairs_in(table)
    first = found[0][0] if len({lead for lead, _ in found}) == 1 else ""
    variants = list(dict.fromkeys(variant for pair in found for variant in pair))
    short = choose_names(variants, long=LONG if first else LONG // 2)
    told = {pair: (short[pair[0]], short[pair[1]]) for pair in found}
    names = {pair: told[pair][1] if first else pair_title(told[pair]) for pair in found}
    first = short.get(first, first)
    columns = min(2, len(chosen))
    lines = -(-len(chosen) // columns)
    beside_names = max((measure_width(name, _NAMED) for name in names.values()), default=0) - _ROOM
    figure = make_figure(1.15 + lines * (0.75 + 0.36 * len(names)), WIDE + max(0, beside_names))
    figure.get_layout_engine().set(wspace=0.04, hspace=0.04, h_pad=0.06)  # type: ignore[union-attr, call-arg]
    grid = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True)
    for axes in grid.flat[len(chosen) :]:
        axes.set_visible(False)
    for axes, (name, metric) in zip(grid.flat, chosen.items(), strict=False):
        _draw_panel(axes, table[table["metric"] == metric], names)
        axes.set_title(name, fontsize=11, loc="left")
    shown = table[table["metric"].isin(list(chosen.values()))]
    # Room for the numbers that stand beside the intervals, and the same on both sides of 0.
    reach = 100 * float(np.nanmax(shown[["value", "low", "high"]].abs().to_numpy(float), initial=0))
    grid[0, 0].set_xlim(-1.12 * max(reach, 1), 1.12 * max(reach, 1))
    grid[0, 0].set_ylim(len(names) - 0.4, -0.65)
    for axes in grid[-1]:
        ends = f"← {first} worse    percentage points    {first} better →"
        better = first if measure_width(f"{first} is better", 10) < _HALF_WIDE else "the first of the title"
        beside = "percentage points; right of 0:\n" + (f"{better} is better" if first else "the former is better")
        axes.set_xlabel(ends if first and len(ends) <= _HALF else beside, fontsize=10)
    low, high = int(shown["n"].min()), int(shown["n"].max())
    n = f"n = {low}{f'–{high}' if high > low else ''} images"
    # The headline guards every $ itself.
    what = f"{first} minus each other variant".replace("\\$", "$") if first else "One variant minus another"
    draw_headline(figure, (what, title, n))
    _draw_legend(figure, embedded)
    return figure


def _draw_panel(axes: Axes, part: pd.DataFrame, names: Mapping[Pair, str]) -> None:
    found = {(line["variant"], line["against"]): line for line in part.to_dict("records")}
    axes.axvline(0, color="#555555", linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    for at, pair in enumerate(names):
        line = found.get(pair)
        if line is None or pd.isna(line["value"]):
            axes.annotate("does not exist", (0, at), ha="center", va="center", fontsize=9, color=_GREY,
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})  # fmt: skip
            continue
        low, value, high = (100 * line[key] for key in ("low", "value", "high"))
        style = _choose_style(excludes_zero(line))
        axes.plot([low, high], [at, at], color=style["color"], linewidth=2.2, solid_capstyle="butt", zorder=2)
        axes.plot([value], [at], linestyle="none", zorder=3, **style)
        axes.annotate(
            write_signed(line["value"]), (value, at), xytext=(0, 6), textcoords="offset points", ha="center",
            va="bottom",
            fontsize=9, color=style["color"] if excludes_zero(line) else "#6a6a6a",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip
    axes.set_yticks(range(len(names)), list(names.values()))
    draw_plain_axes(axes, "x")
    axes.tick_params(axis="y", length=0, labelsize=_NAMED)
    axes.spines["left"].set_visible(False)


def _choose_style(certain: bool) -> dict[str, Any]:
    colour = _BLACK if certain else _GREY
    return {"color": colour, "marker": "o", "markersize": 6.5, "markerfacecolor": colour if certain else "white"}


def _draw_legend(figure: Figure, embedded: bool) -> None:
    marks = [Line2D([], [], linewidth=2.2, **_choose_style(certain)) for certain in (True, False)]
    legend = figure.legend(
        marks, ["interval excludes 0", "interval contains 0"], loc="outside lower center", ncols=2, frameon=False,
        fontsize=10.5, title=write_note("95 % intervals over images, paired", embedded), title_fontsize=9,
    )  # fmt: skip
    legend.get_title().set_color("#666666")
