"""Section 4.3's true segments as a picture: which are named right, by what they are and how large."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.report.figures.breakdown_rows import NOTE, TITLES, draw_rows
from bench.report.figures.style import (
    MANY,
    choose_names,
    draw_headline,
    draw_key,
    draw_plain_axes,
    look,
    make_figure,
    save,
    write_note,
)
from bench.report.tables.breakdown import GROUPS, MAPPINGS, count_in_common


def save_breakdown(
    table: pd.DataFrame, stem: Path, *, title: str, embedded: bool, floors: Collection[str] = ()
) -> tuple[Path, Path]:
    """Write ``stem`` .png and .svg."""
    return save(draw_breakdown(table, title=title, embedded=embedded, floors=floors), stem)


def draw_breakdown(table: pd.DataFrame, *, title: str, embedded: bool, floors: Collection[str] = ()) -> Figure:
    """Draw a panel for each mapping: groups on x, a colour and a marker a variant; floors are in the table only."""
    table = table[table["against"] == ""]
    every = list(dict.fromkeys(table["variant"]))
    variants = [variant for variant in every if variant not in floors] or every
    if len(variants) > MANY:
        return draw_rows(table, variants, title=title, embedded=embedded)
    figure = make_figure(7.0)
    figure.get_layout_engine().set(hspace=0.05)  # type: ignore[union-attr, call-arg]
    panels = figure.subplots(len(MAPPINGS), 1, sharex=True)
    for axes, mapping in zip(panels, MAPPINGS, strict=True):
        _draw_panel(axes, table[table["mapping"] == mapping], variants)
        axes.set_title(TITLES[mapping], fontsize=11, loc="left")
        axes.set_ylabel("named right (%)", fontsize=11)
    shown = table[table["variant"].isin(variants)]
    counts = {group: count_in_common(part) or "n differs" for group, part in shown.groupby("group")}
    panels[-1].set_xticks(range(len(GROUPS)), [f"{group}\n{counts[group]}" for group in GROUPS])
    panels[-1].set_xlabel(" " * 50 + "visible size, share of the image's area", fontsize=10.5)
    draw_headline(figure, ("True segments named right", title))
    draw_key(
        figure, panels[0].containers, list(choose_names(variants).values()), write_note(NOTE, embedded), lined=False
    )
    return figure


def _draw_panel(axes: Axes, part: pd.DataFrame, variants: Sequence[str]) -> None:
    step = min(0.16, 0.7 / len(variants))
    for at, variant in enumerate(variants):
        line = part[part["variant"] == variant].set_index("group").reindex(list(GROUPS))
        x = np.arange(len(GROUPS)) + (at - (len(variants) - 1) / 2) * step
        value, low, high = (100 * line[key].to_numpy(float) for key in ("value", "low", "high"))
        axes.errorbar(
            x, value, yerr=np.nan_to_num([value - low, high - value]), markersize=5.5, elinewidth=1.8,
            **look(at) | {"linestyle": "none"},
        )  # fmt: skip
    for edge in (0.5, 2.5):
        axes.axvline(edge, color="#aaaaaa", linewidth=1)
    axes.set_xlim(-0.5, len(GROUPS) - 0.5)
    axes.set_ylim(bottom=-4)  # a marker at 0 is seen whole
    draw_plain_axes(axes, "y")
    axes.tick_params(axis="x", length=0)
