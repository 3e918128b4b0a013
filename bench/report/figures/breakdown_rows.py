"""Section 4.3's true segments for many variants: a row for each, a column for each kind and size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.figures.style import (
    choose_names,
    draw_headline,
    draw_plain_axes,
    look,
    make_figure,
    measure_width,
    write_note,
)
from bench.report.tables.breakdown import GROUPS, MAPPINGS

TITLES = {
    "st": "segment to text (ST): nearest class is the true one",
    "tt": "text to text (TT): cosine to the true name passes the threshold of TGQ",
}
NOTE = "n: true segments · 95 % intervals"
_ROW, _COLUMN, _NAMED = 0.2, 1.15, 9.0
"""Inches of a row and of a column, points of the letters of names."""


def draw_rows(table: pd.DataFrame, variants: Sequence[str], *, title: str, embedded: bool) -> Figure:
    """Draw a block for each mapping: beside each other's panels would cover each other's marks, rows never do.

    ``table`` has the columns of `breakdown.COLUMNS`, without differences.
    """
    names = choose_names(variants, numbered=True)
    high = len(MAPPINGS) * (_ROW * len(variants) + 0.85) + 0.9
    figure = make_figure(
        high, max(measure_width(name, _NAMED) for name in names.values()) + 0.4 + _COLUMN * len(GROUPS)
    )
    figure.get_layout_engine().set(wspace=0.02, hspace=0.03)  # type: ignore[union-attr, call-arg]
    grid = figure.subplots(len(MAPPINGS), len(GROUPS), squeeze=False, sharex=True, sharey=True)
    for line, mapping in zip(grid, MAPPINGS, strict=True):
        for axes, group in zip(line, GROUPS, strict=True):
            part = table[(table["mapping"] == mapping) & (table["group"] == group)].set_index("variant")
            _draw_panel(axes, part.reindex(list(variants)))
            if mapping == list(MAPPINGS)[0]:
                axes.set_title(f"{group}\n{_describe_count(part)}", fontsize=9.5)
        line[0].set_yticks(range(len(variants)), list(names.values()), fontsize=_NAMED)
        line[0].set_ylabel(mapping.upper(), fontsize=11, fontweight="bold")
    grid[0, 0].set_ylim(len(variants) - 0.4, -0.6)
    grid[0, 0].set_xlim(-4, 104)
    draw_headline(figure, ("True segments named right", title))
    told = " · ".join((*TITLES.values(), write_note(NOTE, embedded)))
    axis = "named right (%); the last four columns: visible size, share of the image's area"
    figure.supxlabel(f"{axis}\n{_halve(told)}", fontsize=9, color="#666666")
    return figure


def _draw_panel(axes: Axes, part: pd.DataFrame) -> None:
    value, low, high = (100 * part[key].to_numpy(float) for key in ("value", "low", "high"))
    for at in range(len(part)):
        ends = np.nan_to_num([[value[at] - low[at]], [high[at] - value[at]]])
        axes.errorbar(
            [value[at]], [at], xerr=ends, markersize=5, elinewidth=1.5, **look(at) | {"linestyle": "none"}
        )  # fmt: skip
    draw_plain_axes(axes, "both")
    axes.set_xticks([0, 50, 100])
    axes.tick_params(axis="y", length=0)


def _describe_count(part: pd.DataFrame) -> str:
    return f"n={int(part['n'].iloc[0])}" if part["n"].nunique() == 1 else "n differs"


def _halve(text: str) -> str:
    """Halve a text on two lines, broken between two parts."""
    parts = text.split(" · ")
    return "\n".join((" · ".join(parts[:2]), " · ".join(parts[2:])))
