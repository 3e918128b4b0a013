"""Appendix C, figures 11 and 12: scores over the thresholds tau_SBERT and tau_CLIP, one line a variant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.errors import UserError
from bench.report.figures import MARKERS, PALETTE, new_figure, note_of, plain, save
from bench.report.layout import metric_words

COLUMNS = ("variant", "mapping", "tau", "metric", "value", "low", "high", "n")
PAPER_TAUS = {"tt": 0.5, "st": 0.1}
"""The thresholds of section 4.2; part of the evaluation, never tuned."""
DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_AXES = {"tt": r"$\tau_\mathrm{SBERT}$ (text to text, TT)", "st": r"$\tau_\mathrm{CLIP}$ (segment to text, ST)"}
_HIGH = 3.6  # inches


def plot_curves(
    curves: pd.DataFrame,
    path: Path | str,
    *,
    title: str = "",
    chosen: Mapping[str, float] | None = None,
    embedded: bool = False,
) -> tuple[Path, Path, Path]:
    """Write ``path`` with the endings .png (200 dpi), .svg and .csv (the numbers, exactly) and return the three.

    ``curves`` has one line for each of variant, mapping ("tt" or "st"), tau and metric, values and interval ends
    from 0 to 1. A row of panels for each metric, a panel for each mapping, a line and a band for each variant;
    ``chosen`` marks a threshold for each mapping (default: the paper's). Raises `UserError` where a column is missing.
    """
    missing = [column for column in COLUMNS if column not in curves.columns]
    if missing or curves.empty:
        what = f"column {missing[0]!r} is missing" if missing else "there is no line"
        raise UserError(f"curves: {what}; curves have {', '.join(COLUMNS)}")
    figure = draw_curves(curves, title=title, chosen=PAPER_TAUS if chosen is None else chosen, embedded=embedded)
    stem = Path(path)
    csv = stem.with_name(stem.name + ".csv")
    png, svg = save(figure, stem)
    curves.to_csv(csv, index=False, lineterminator="\n")
    return png, svg, csv


def draw_curves(curves: pd.DataFrame, *, title: str, chosen: Mapping[str, float], embedded: bool) -> Figure:
    """The figure of `plot_curves`."""
    metrics = list(dict.fromkeys(curves["metric"]))
    mappings = [mapping for mapping in ("tt", "st") if (curves["mapping"] == mapping).any()]
    variants = list(dict.fromkeys(curves["variant"]))
    figure = new_figure(_HIGH * len(metrics) + 0.5)
    figure.get_layout_engine().set(wspace=0.05, hspace=0.06)  # type: ignore[union-attr, call-arg]
    panels = figure.subplots(len(metrics), len(mappings), squeeze=False, sharey="row")
    for line, metric in enumerate(metrics):
        for column, mapping in enumerate(mappings):
            part = curves[(curves["metric"] == metric) & (curves["mapping"] == mapping)]
            _panel(panels[line, column], part, variants, mapping, chosen.get(mapping))
        # Once for the row and after all of it is drawn: setting a limit stops a shared axis from growing.
        top = 100 * curves.loc[curves["metric"] == metric, ["value", "high"]].max(axis=None)
        panels[line, 0].set_ylim(0, max(1.0, 1.05 * top))
        what, averaging = metric_words(metric)
        panels[line, 0].set_ylabel(f"{what} (%)" + (f"\n{averaging}" if averaging else ""), fontsize=11)
    figure.suptitle(" · ".join(filter(None, (title, _counted(curves)))), fontsize=11.5, fontweight="bold")
    _legend(figure, panels[0, 0], embedded)
    return figure


def _panel(axes: Axes, part: pd.DataFrame, variants: list[str], mapping: str, tau: float | None) -> None:
    if tau is not None:
        axes.axvline(tau, color="#777777", linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate(
            f"τ = {tau:g}", (tau, 1), xycoords=("data", "axes fraction"), xytext=(4, -4), textcoords="offset points",
            fontsize=9.5, color="#555555", va="top",
        )  # fmt: skip
    for variant, line in part.groupby("variant", sort=False):
        line = line.sort_values("tau")
        style = _style(variants.index(str(variant)))
        every = max(1, len(line) // 7)
        axes.fill_between(
            line["tau"], 100 * line["low"], 100 * line["high"], color=style["color"], alpha=0.15, linewidth=0
        )
        axes.plot(line["tau"], 100 * line["value"], label=str(variant), linewidth=2, markevery=every, **style)
    axes.set_xlabel(_AXES.get(mapping, mapping), fontsize=11)
    axes.margins(x=0.01)
    plain(axes, "both")


def _style(position: int) -> dict[str, Any]:
    return {
        "color": PALETTE[position % len(PALETTE)],
        "linestyle": DASHES[position % len(DASHES)],
        "marker": MARKERS[position % len(MARKERS)],
        "markersize": 4.5,
    }


def _counted(curves: pd.DataFrame) -> str:
    units = curves["unit_of_n"] if "unit_of_n" in curves else pd.Series("", index=curves.index)
    texts = []
    for unit, n in curves["n"].groupby(units, sort=False):
        low, high = int(n.min()), int(n.max())
        texts.append(f"n = {low}" + (f"–{high}" if high > low else "") + f" {unit}".rstrip())
    return ", ".join(texts)


def _legend(figure: Figure, axes: Axes, embedded: bool) -> None:
    handles, labels = axes.get_legend_handles_labels()
    note = note_of("bands: 95 % bootstrap intervals", embedded)
    legend = figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=min(4, len(labels)),
        title=note,
        frameon=False,
        fontsize=10.5,
        title_fontsize=9,
        handlelength=3,
    )
    legend.get_title().set_color("#666666")
