"""The board as a picture: a panel a number, a line a variant, black where it cannot be told apart from the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.board.lines import ALL
from bench.report.figures.style import (
    WIDE,
    choose_names,
    draw_headline,
    draw_plain_axes,
    make_figure,
    measure_width,
    save,
    write_note,
)

_COLUMNS, _LINE, _NAMED = 4, 0.22, 9.0
"""Panels beside each other, inches a variant, points of the letters of names."""
_BLACK, _GREY = "#000000", "#9a9a9a"


def save_board(
    table: pd.DataFrame, order: Sequence[str], stem: Path, *, title: str, embedded: bool
) -> tuple[Path, ...]:
    """Write ``stem`` .png and .svg; nothing where no number is of all segments."""
    part = table[table["group"] == ALL]
    return save(draw_board(part, order, title=title, embedded=embedded), stem) if len(part) else ()


def draw_board(part: pd.DataFrame, order: Sequence[str], *, title: str, embedded: bool) -> Figure:
    """Draw value and interval of each variant (from the top in this order), its rank beside it."""
    titles = list(dict.fromkeys(part["metric"]))
    names = choose_names(order)
    columns = min(_COLUMNS, len(titles))
    rows = -(-len(titles) // columns)
    room = max(measure_width(name, _NAMED) for name in names.values())
    figure = make_figure(1.2 + rows * (0.7 + _LINE * len(order)), max(WIDE, room + 2.0 * columns))
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes in grid.flat[len(titles) :]:
        axes.set_visible(False)
    for axes, metric in zip(grid.flat, titles, strict=False):
        _draw_panel(axes, part[part["metric"] == metric].set_index("variant").to_dict("index"), order)
        axes.set_title(metric, fontsize=10.5, loc="left")
        axes.set_xlabel("cosine" if "cosine" in metric else "percent", fontsize=9)
    grid[0, 0].set_yticks(range(len(order)), [names[variant] for variant in order], fontsize=_NAMED)
    grid[0, 0].set_ylim(len(order) - 0.4, -0.6)
    draw_headline(figure, (f"{len(order)} variants", title, f"n = {int(part['images'].max())} images"))
    note = "95 % intervals, ranks from resamples over images · black: not told apart from the best (Holm)"
    figure.supxlabel(write_note(note, embedded), fontsize=9, color="#666666")
    return figure


def _draw_panel(axes: Axes, lines: Mapping[str, Mapping[str, float]], order: Sequence[str]) -> None:
    scale = 1.0 if any("cosine" in str(line["metric"]) for line in lines.values()) else 100.0
    for at, variant in enumerate(order):
        line = lines.get(variant)
        if line is None or pd.isna(line["value"]):
            continue
        colour = _BLACK if line["best"] else _GREY
        axes.plot([scale * line["low"], scale * line["high"]], [at, at], color=colour, linewidth=1.8)
        axes.plot([scale * line["value"]], [at], "o", color=colour, markersize=4.5)
        ends = "" if pd.isna(line["rank_low"]) else f" ({line['rank_low']:.0f}–{line['rank_high']:.0f})"
        axes.annotate(
            f"{line['rank']:.0f}{ends}", (1.0, at), xycoords=("axes fraction", "data"), xytext=(3, 0), fontsize=7.5,
            textcoords="offset points", va="center", color=colour, annotation_clip=False,
        )  # fmt: skip
    draw_plain_axes(axes, "x")
    axes.tick_params(axis="y", length=0, labelsize=_NAMED)
    axes.tick_params(axis="x", labelsize=8)
