"""The board as a picture: a panel a metric, a line a variant, in the order of mean ranks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bench.report.figures.style import (
    PALETTE,
    choose_names,
    draw_headline,
    draw_plain_axes,
    figure_text,
    make_figure,
    save,
    write_note,
)
from bench.report.tables.cells import find_unit_of, write_title
from bench.score.ranks import order_by_mean_rank, share_letter
from bench.text.escape import shorten_middle

_COLUMNS = 3


def save_board(table: pd.DataFrame, stem: Path, *, title: str, embedded: bool) -> tuple[Path, Path]:
    """Write ``stem`` .png and .svg; returns the two."""
    return save(draw_board(table, title=title, embedded=embedded), stem)


def draw_board(table: pd.DataFrame, *, title: str, embedded: bool) -> Figure:
    """Draw values with 95 % intervals; a filled mark cannot be told from the best of its panel, a hollow one can."""
    metrics = list(dict.fromkeys(table["metric"]))
    order = order_by_mean_rank(table).index.tolist()
    names, rows, told = choose_names(order, long=28), -(-len(metrics) // _COLUMNS), table["settings"].any()
    figure = make_figure(1.2 + rows * (0.8 + (0.31 if told else 0.21) * len(order)), 11.0)
    grid = figure.subplots(rows, min(_COLUMNS, len(metrics)), squeeze=False, sharey=True)
    for axes in grid.flat[len(metrics) :]:
        axes.set_visible(False)
    for axes, metric in zip(grid.flat, metrics, strict=False):
        part = table[table["metric"] == metric].set_index("variant")
        scale = 1 if find_unit_of(metric) == "cosine" else 100
        best = str(part.iloc[0]["letters"])
        for at, variant in enumerate(order):
            if variant not in part.index:
                continue
            line = part.loc[variant]
            alike = share_letter(best, str(line["letters"]))
            axes.plot(scale * np.array([line["low"], line["high"]]), [at, at], color=PALETTE[0], linewidth=1.4)
            fill = PALETTE[0] if alike else "white"
            axes.plot([scale * line["value"]], [at], "o", color=PALETTE[0], markerfacecolor=fill, markersize=6)
        draw_plain_axes(axes, "both")
        unit = "cosine" if scale == 1 else "%"
        axes.set_title(figure_text(f"{write_title(metric)}, {unit}"), fontsize=10.5, loc="left")
    chosen = dict(zip(table["variant"], table["settings"], strict=True))
    labels = [write_label(names[variant], str(chosen[variant])) for variant in order]
    grid[0, 0].set_yticks(range(len(order)), labels)
    for axes in grid[:, 0] if told else ():
        axes.tick_params("y", labelsize=8.5)
    grid[0, 0].set_ylim(len(order) - 0.5, -0.5)
    n = sorted(set(table["images"]))
    draw_headline(figure, ("The board", title, f"n = {n[0]}{f'–{n[-1]}' if len(n) > 1 else ''} images"))
    note = "95 % intervals over images; filled: not told from the best of its panel"
    figure.supxlabel(write_note(note, embedded), fontsize=9.5, color="#444444")
    return figure


def write_label(name: str, settings: str) -> str:
    """Write the label of a line: its name, and below it what was chosen of it, by the last word of each key."""
    words = " ".join(word.rpartition("encode.")[2] for word in settings.split())
    return f"{name}\n{figure_text(shorten_middle(words, 34))}" if words else name
