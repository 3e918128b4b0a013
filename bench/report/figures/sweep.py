"""Figures 14 to 16: scores over the start layer, sigma squared, tau_merge, or any other number that was swept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from bench.csv_files import write_csv
from bench.metric_name import write_number
from bench.report.figures.curves import describe_counts
from bench.report.figures.style import (
    choose_names,
    draw_headline,
    draw_key,
    draw_plain_axes,
    look,
    make_figure,
    measure_width,
    save,
    write_note,
)
from bench.report.tables.cells import find_unit_of, scale
from bench.text.escape import escape_for_figure as figure_text

_HIGH, _PANEL, _SIZE = 2.7, 3.4, 9.5
"""Inches of a panel's height and, about, of its axis; points of the letters at ticks."""
_DECADE = 10
"""A setting whose largest value is this many times its smallest has a logarithmic axis."""


def write_sweeps(table: pd.DataFrame, to: Path, *, title: str, embedded: bool) -> list[Path]:
    """Leave sweep.csv and a figure for each swept setting in a folder: sweep.*, or sweep_SETTING.* where several were.

    ``table`` has the columns of `sweeps.COLUMNS`. Figures of an earlier report go. Returns what was written.
    """
    for old in [*to.glob("sweep.*"), *to.glob("sweep_*.png"), *to.glob("sweep_*.svg")]:
        old.unlink()
    if table.empty:
        return []
    written = [write_csv(table, to / "sweep.csv")]
    settings = list(dict.fromkeys(table["setting"]))
    for setting in settings:
        end = "" if len(settings) == 1 else "_" + re.sub(r"[^\w.]", "_", setting)
        drawn = draw_sweep(table[table["setting"] == setting], title=title, embedded=embedded)
        written += save(drawn, to / f"sweep{end}")
    return written


def draw_sweep(table: pd.DataFrame, *, title: str, embedded: bool) -> Figure:
    """Draw a panel a metric: the swept number on x, a line with intervals for each group of runs alike otherwise."""
    setting, titles = str(table["setting"].iloc[0]), list(dict.fromkeys(table["title"]))
    groups = list(dict.fromkeys(table["group"]))
    columns = min(2, len(titles))
    lines = -(-len(titles) // columns)
    figure = make_figure(_HIGH * lines + 1.1)
    figure.get_layout_engine().set(wspace=0.05, hspace=0.06)  # type: ignore[union-attr, call-arg]
    grid = figure.subplots(lines, columns, squeeze=False)
    values = sorted(set(table["x"]))
    for axes in grid.flat[len(titles) :]:
        axes.set_visible(False)
    for axes, name in zip(grid.flat, titles, strict=False):
        part = table[table["title"] == name]
        _draw_panel(axes, part, groups)
        _scale(axes, values)
        axes.set_title(figure_text(name), fontsize=11, loc="left")
        kinds = {find_unit_of(metric) for metric in part["metric"]}
        axes.set_ylabel("%" if kinds == {"share"} else " or ".join(sorted(kinds)), fontsize=11)
        axes.set_xlabel(figure_text(setting), fontsize=10.5)
    draw_headline(figure, (f"over {setting}", title, describe_counts(table)))
    marks = [grid.flat[0].containers[at] for at in range(len(groups))]
    labels = [text or "all runs" for text in choose_names(groups).values()]
    draw_key(figure, marks, labels, write_note("95 % intervals over images", embedded))
    return figure


def _draw_panel(axes: Axes, part: pd.DataFrame, groups: Sequence[str]) -> None:
    figure = axes.get_figure()
    assert figure is not None
    for at, group in enumerate(groups):
        line = part[part["group"] == group].sort_values("x")
        by = np.array([scale(str(metric)) for metric in line["metric"]])
        value, low, high = (by * line[name].to_numpy(float) for name in ("value", "low", "high"))
        # Side by side, or intervals of groups would cover each other.
        apart = min(4.0, 24 / len(groups)) * (at - (len(groups) - 1) / 2) / 72
        axes.errorbar(
            line["x"], value, yerr=np.nan_to_num([value - low, high - value]), markersize=5.5, linewidth=1.6,
            elinewidth=1.4, transform=axes.transData + ScaledTranslation(apart, 0, figure.dpi_scale_trans), **look(at),
        )  # fmt: skip
    spans = part.assign(by=[scale(str(metric)) for metric in part["metric"]])
    ends = (spans[["value", "low", "high"]].mul(spans["by"], axis=0)).to_numpy(float)
    if np.isfinite(ends).any():
        low_end, high_end = float(np.nanmin(ends)), float(np.nanmax(ends))
        room = 0.08 * max(high_end - low_end, 1e-3)
        axes.set_ylim(low_end - room, high_end + room)
    draw_plain_axes(axes, "both")


def _scale(axes: Axes, values: Sequence[float]) -> None:
    """Scale an axis to the tried values: logarithmic where they span decades, straight up to the smallest for 0."""
    positive = [value for value in values if value > 0]
    decades = len(positive) > 1 and positive[-1] >= _DECADE * positive[0] and values[0] >= 0
    if decades and values[0] == 0:
        axes.set_xscale("symlog", linthresh=positive[0], linscale=0.4)
    elif decades:
        axes.set_xscale("log")
    forward = axes.transData
    axes.set_xlim(*_find_limits(axes, values))
    low, high = (forward.transform((end, 0))[0] for end in (values[0], values[-1]))
    places = [(forward.transform((value, 0))[0] - low) / max(high - low, 1e-9) for value in values]
    shown = _select_told(values, places)
    axes.set_xticks(values, [write_number(v) if v in shown else "" for v in values], fontsize=_SIZE)
    axes.set_xticks([], minor=True)


def _find_limits(axes: Axes, values: Sequence[float]) -> tuple[float, float]:
    """Find a little room on both sides, in the scale of the axis."""
    change = axes.xaxis.get_transform()
    first, last = change.transform(np.array([values[0], values[-1]], float))
    room = 0.07 * max(last - first, 1e-9)
    left, right = change.inverted().transform(np.array([first - room, last + room]))
    return float(left), float(right)


def _select_told(values: Sequence[float], places: Sequence[float]) -> set[float]:
    """Select the values whose numbers fit beside each other below the axis, from both ends inwards by order."""
    taken: list[tuple[float, float]] = []
    found = set[float]()
    for at in [0, len(values) - 1, *range(1, len(values) - 1)]:
        half = measure_width(write_number(values[at]), _SIZE) / 2 + 0.05
        span = places[at] * _PANEL * 0.88 - half, places[at] * _PANEL * 0.88 + half
        if all(span[1] < left or span[0] > right for left, right in taken):
            taken.append(span)
            found.add(values[at])
    return found
