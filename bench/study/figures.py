"""Pictures of a study: calibration of cosines by people (appendix C), and the plan of the next one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from bench.report.figures.style import (
    PALETTE,
    draw_headline,
    draw_key,
    draw_plain_axes,
    look,
    make_figure,
    save,
    write_note,
)
from bench.study.calibration import Calibration
from bench.text.escape import escape_for_figure, shorten_middle

NAMES = {"tt": "TT: cosine of text and class name (SBERT)", "st": "ST: cosine of segment and class name (CLIP)"}
_TAU = {"tt": "$\\tau_{SBERT}$", "st": "$\\tau_{CLIP}$"}


def draw_calibration(parts: Sequence[Calibration], stem: Path, embedded: bool) -> list[Path]:
    """Draw the share called correct over the cosine: a row a run, a panel a mapping; returns png and svg."""
    runs = list(dict.fromkeys(part.run for part in parts))
    kinds = [kind for kind in NAMES if any(part.kind == kind for part in parts)]
    figure = make_figure(1.5 + 2.9 * len(runs), 4.6 * max(len(kinds), 2) if len(kinds) > 1 else 6.5)
    axes = figure.subplots(len(runs), len(kinds), squeeze=False, sharey=True)
    for part in parts:
        _draw_part(axes[runs.index(part.run), kinds.index(part.kind)], part, len(runs) > 1)
    for row in axes:
        row[0].set_ylabel("called correct (2 or 3)")
    for panel, kind in zip(axes[-1], kinds, strict=True):
        panel.set_xlabel(NAMES[kind])
    draw_headline(figure, ["What people call correct, by the cosine of the reassignment"])
    lines = [
        "Bars and bands: 95 % over images. The dots of a panel stand for about as many ratings each.",
        *_list_notes(parts),
    ]
    told = "\n".join([*lines, *filter(None, [write_note("", embedded).removeprefix(" · ")])])
    figure.set_figheight(figure.get_figheight() + 0.16 * told.count("\n"))
    figure.supxlabel(told, fontsize=8.5, color="#666666")
    return list(save(figure, stem))


def _draw_part(axes: Axes, part: Calibration, named: bool) -> None:
    draw_plain_axes(axes, "both")
    bins, curve = part.bins, part.curve
    if not np.isnan(part.threshold) or "does not rise" in part.note:
        axes.fill_between(curve["cosine"], curve["low"], curve["high"], color=PALETTE[0], alpha=0.15, linewidth=0)
        axes.plot(curve["cosine"], curve["value"], color=PALETTE[0], linewidth=1.5)
    low, high = (np.nan_to_num(np.abs(bins[end] - bins["value"])) for end in ("low", "high"))
    axes.errorbar(
        bins["cosine"], bins["value"], yerr=np.array([low, high]), fmt="o", color="#222222", markersize=4, linewidth=1
    )
    axes.axvline(part.tau, color="#666666", linestyle=":", linewidth=1.5)
    axes.text(part.tau, 1.03, f"{_TAU[part.kind]} = {part.tau:g}", fontsize=9, ha="center", color="#444444")
    title = f"{escape_for_figure(shorten_middle(part.run, 40))}\n" if named else ""
    if not np.isnan(part.threshold):
        if not np.isnan(part.low):
            axes.axvspan(part.low, part.high, color=PALETTE[1], alpha=0.15, linewidth=0)
        axes.axvline(part.threshold, color=PALETTE[1], linewidth=1.8)
        title += f"half are called correct at {part.threshold:.2f} [{part.low:.2f}, {part.high:.2f}]"
    else:
        title += "no threshold (see below)"
    axes.set_title(f"{title}\nn = {part.n} ratings of {part.images} images", fontsize=9.5, pad=16)
    axes.axhline(0.5, color="#bbbbbb", linewidth=0.8)
    axes.set_ylim(-0.02, 1.02)
    axes.margins(x=0.08)


def _list_notes(parts: Sequence[Calibration]) -> list[str]:
    several = len({part.run for part in parts}) > 1
    told = [(f"{part.run}, " if several else "") + f"{part.kind.upper()}: {part.note}" for part in parts if part.note]
    return [escape_for_figure(shorten_middle(line, 120)) for line in told]


def draw_plan(table: pd.DataFrame, stem: Path, unit: str, remark: str = "") -> list[Path]:
    """Draw the width of each measure's interval over questions, and over cost; a line a number of raters.

    ``remark`` says why the widths are not to be trusted (empty: they are).
    """
    measures = list(dict.fromkeys(table["measure"]))
    figure = make_figure(1.4 + 2.5 * len(measures), 9.0)
    axes = figure.subplots(len(measures), 2, squeeze=False, sharey="row")
    raters = sorted(set(table["raters"]))
    for row, measure in zip(axes, measures, strict=True):
        for at, r in enumerate(raters):
            part = table[(table["measure"] == measure) & (table["raters"] == r)]
            for panel, column in zip(row, ("questions", "cost"), strict=True):
                panel.plot(part[column], part["width"], markersize=4, linewidth=1.5, **look(at))
        for panel, name in zip(row, ("questions", f"cost ({unit})"), strict=True):
            draw_plain_axes(panel, "both")
            panel.set_xscale("log")
            if (table.loc[table["measure"] == measure, "width"] > 0).any():  # else all studies come out the same
                panel.set_yscale("log")
            panel.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
            panel.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:.1e}"[0] in "25" else "")
            panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
            panel.xaxis.set_minor_formatter(NullFormatter())
            panel.tick_params(which="both", labelsize=9)
            panel.set_xlabel(name)
        row[0].set_ylabel(f"width of 95 %:\n{measure}")
    handles = axes[0, 0].get_lines()
    draw_headline(figure, ["How wide intervals would be"])
    draw_key(
        figure, handles, [f"{r} rater{'s' * (r > 1)} a question" for r in raters], remark or "simulated from the pilot"
    )
    return list(save(figure, stem))
