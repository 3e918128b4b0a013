"""Appendix C, figures 11 and 12: scores over the thresholds tau_SBERT and tau_CLIP, one line a variant.

Beside them recall over the IoU that makes a hit, and precision over recall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.report.figures.line_ends import number_ends
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
from bench.report.tables.cells import describe_metric
from bench.score.score_table import split_measure

COLUMNS = ("variant", "mapping", "tau", "metric", "value", "low", "high", "n")
PAPER_TAUS = {"tt": 0.5, "st": 0.1}
"""The thresholds of section 4.2; part of the evaluation, never tuned."""
PAPER_IOU = {"tt": 0.5, "st": 0.5}
_AXES = {
    "tau": {"tt": r"$\tau_\mathrm{SBERT}$ (text to text, TT)", "st": r"$\tau_\mathrm{CLIP}$ (segment to text, ST)"},
    "iou": {"tt": "IoU that makes a hit, text to text (TT)", "st": "IoU that makes a hit, segment to text (ST)"},
    "recall": {"tt": "recall (%), text to text (TT)", "st": "recall (%), segment to text (ST)"},
}
_MARKS = {"tau": "τ", "iou": "IoU", "recall": "τ"}
_HIGH = 3.6  # inches


def write_curves(
    curves: pd.DataFrame,
    path: Path | str,
    *,
    title: str = "",
    chosen: Mapping[str, float] | None = None,
    embedded: bool = False,
) -> tuple[Path, ...]:
    """Write ``path`` with the endings .png (200 dpi), .svg and .csv (the numbers, exactly) and return the three.

    ``curves`` has one line for each of variant, mapping ("tt" or "st"), tau and metric, values and interval ends
    from 0 to 1. A row of panels for each metric, a panel for each mapping, a line and a band for each variant;
    ``chosen`` marks a threshold for each mapping (default: the paper's). Where the column ``axis`` has lines over the
    IoU, or precision, there are two more pictures, ``path``_iou and ``path``_precision. Raises `UserError` where a
    column is missing.
    """
    missing = [column for column in COLUMNS if column not in curves.columns]
    if missing or curves.empty:
        what = f"column {missing[0]!r} is missing" if missing else "there is no line"
        raise UserError(f"curves: {what}; curves have {', '.join(COLUMNS)}")
    axis = curves["axis"] if "axis" in curves else pd.Series("tau", index=curves.index)
    precise = _find_families(curves) == "precision"
    marks, stem = PAPER_TAUS if chosen is None else chosen, Path(path)
    csv = stem.with_name(stem.name + ".csv")
    written: list[Path] = []
    parts = {"tau": (curves[(axis == "tau") & ~precise], marks), "iou": (curves[axis == "iou"], PAPER_IOU)}
    for kind, (part, at) in parts.items():
        if len(part):
            figure = draw_curves(part, title=title, chosen=at, embedded=embedded, axis=kind)
            written += save(figure, stem.with_name(stem.name + ("" if kind == "tau" else f"_{kind}")))
    if precise.any():
        figure = draw_precision(curves[axis == "tau"], title=title, chosen=marks, embedded=embedded)
        written += save(figure, stem.with_name(f"{stem.name}_precision"))
    write_csv(curves, csv)
    return (*written[:2], csv, *written[2:])


def draw_precision(curves: pd.DataFrame, *, title: str, chosen: Mapping[str, float], embedded: bool) -> Figure:
    """Draw precision over recall as the threshold of each mapping moves; a ring marks the threshold of ``chosen``."""
    kinds = _find_families(curves)
    keys = ["variant", "mapping", "tau"]
    both = curves[kinds == "precision"].merge(curves[kinds == "recall"], on=keys, suffixes=("", "_recall"), sort=False)
    mappings = [mapping for mapping in ("tt", "st") if (both["mapping"] == mapping).any()]
    variants = list(dict.fromkeys(curves["variant"]))
    figure, panels = _make_figure(1, len(mappings), len(variants), 0.7)
    for axes, mapping in zip(panels.flat, mappings, strict=True):
        ends = {}
        for variant, line in both[both["mapping"] == mapping].groupby("variant", sort=False):
            line, at = line.sort_values("tau"), variants.index(str(variant))
            style = _choose_style(at, len(variants))
            axes.plot(100 * line["value_recall"], 100 * line["value"], gid=f"variant-{at}", **style)
            ring = line[(line["tau"] - chosen.get(mapping, -1)).abs() < 1e-9]
            axes.plot(
                100 * ring["value_recall"], 100 * ring["value"], "o", ms=11, mfc="none", mec=style["color"], mew=1.6
            )
            known = line.dropna(subset=["value", "value_recall"]).sort_values("value_recall")
            if len(known):
                ends[at] = 100 * float(known["value_recall"].iloc[-1]), 100 * float(known["value"].iloc[-1])
        axes.set_xlabel(_AXES["recall"][mapping], fontsize=11)
        draw_plain_axes(axes, "both")
        if len(variants) > MANY:
            number_ends(axes, ends)
        else:
            axes.set_xlim(left=0)
            axes.set_ylim(bottom=0)
    for axes in panels[:, 0]:
        axes.set_ylabel("precision (%)\nof predicted classes", fontsize=11)
    draw_headline(figure, (title, describe_counts(both)))
    rings = ", ".join(f"τ = {chosen[mapping]:g} ({mapping.upper()})" for mapping in mappings if mapping in chosen)
    told = "each point a threshold" + (f"; rings: {rings}" if rings else "")
    _draw_legend(figure, list(panels.flat), variants, embedded, told)
    return figure


def _find_families(curves: pd.DataFrame) -> pd.Series:
    """Find the first word of what each line measures: iou, recall, precision."""
    return curves["metric"].map(lambda measure: split_measure(measure)[0][0])


def draw_curves(
    curves: pd.DataFrame, *, title: str, chosen: Mapping[str, float], embedded: bool, axis: str = "tau"
) -> Figure:
    """Draw the figure of `write_curves` over one axis, "tau" or "iou"."""
    metrics = list(dict.fromkeys(curves["metric"]))
    mappings = [mapping for mapping in ("tt", "st") if (curves["mapping"] == mapping).any()]
    variants = list(dict.fromkeys(curves["variant"]))
    figure, panels = _make_figure(len(metrics), len(mappings), len(variants), 0.5)
    places = panels.reshape(len(metrics), len(mappings))
    for line, metric in enumerate(metrics):
        for column, mapping in enumerate(mappings):
            part = curves[(curves["metric"] == metric) & (curves["mapping"] == mapping)]
            _draw_panel(places[line, column], part, variants, (axis, mapping), chosen.get(mapping))
        if len(variants) <= MANY:
            # Once for the row and after all of it is drawn: setting a limit stops a shared axis from growing.
            top = 100 * curves.loc[curves["metric"] == metric, ["value", "high"]].max(axis=None)
            places[line, 0].set_ylim(0, max(1.0, 1.05 * top))
        what, averaging = describe_metric(metric)
        for axes in places[line] if len(variants) > MANY else places[line, :1]:
            axes.set_ylabel(f"{what} (%)" + (f"\n{averaging}" if averaging else ""), fontsize=11)
    draw_headline(figure, (title, describe_counts(curves)))
    told = "intervals are in the csv" if len(variants) > MANY else "bands: 95 % intervals"
    _draw_legend(figure, list(panels.flat), variants, embedded, told)
    return figure


def _make_figure(metrics: int, mappings: int, variants: int, more: float) -> tuple[Figure, Any]:
    """Make panels side by side with a scale in common; of many variants under each other, each with room of its own."""
    if variants > MANY:
        panels, high = metrics * mappings, max(_HIGH, 0.165 * variants + 0.6)
        figure = make_figure(high * panels + more)
        grid = figure.subplots(panels, 1, squeeze=False)
    else:
        figure = make_figure(_HIGH * metrics + more)
        grid = figure.subplots(metrics, mappings, squeeze=False, sharey="row")
    figure.get_layout_engine().set(wspace=0.05, hspace=0.06)  # type: ignore[union-attr, call-arg]
    return figure, grid


def _draw_panel(axes: Axes, part: pd.DataFrame, variants: list[str], kind: tuple[str, str], tau: float | None) -> None:
    axis, mapping = kind
    many, ends, begins = len(variants) > MANY, {}, {}
    if tau is not None:
        axes.axvline(tau, color="#777777", linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate(
            f"{_MARKS[axis]} = {tau:g}", (tau, 1), xycoords=("data", "axes fraction"), xytext=(4, -4),
            textcoords="offset points", fontsize=9.5, color="#555555", va="top",
        )  # fmt: skip
    for variant, line in part.groupby("variant", sort=False):
        line, at = line.sort_values("tau"), variants.index(str(variant))
        style, every = _choose_style(at, len(variants)), max(1, len(line) // 7)
        if not many:  # many bands are one slab
            axes.fill_between(
                line["tau"], 100 * line["low"], 100 * line["high"], color=style["color"], alpha=0.15, linewidth=0
            )
        begin = at % every if many else 0  # or markers of lines that are alike would cover each other
        axes.plot(line["tau"], 100 * line["value"], gid=f"variant-{at}", markevery=(begin, every), **style)
        known = line[line["value"].notna()]
        if len(known):
            begins[at], ends[at] = ((float(known["tau"].iloc[i]), 100 * float(known["value"].iloc[i])) for i in (0, -1))
    axes.set_xlabel(_AXES[axis].get(mapping, mapping), fontsize=11)
    axes.margins(x=0.01)
    draw_plain_axes(axes, "both")
    if many:
        axes.margins(y=0.11)  # the threshold's mark stands above all lines
        number_ends(axes, ends, begins)


def _choose_style(position: int, variants: int) -> dict[str, Any]:
    return look(position) | {"markersize": 4.5, "linewidth": 2 if variants <= MANY else 1.2}


def describe_counts(curves: pd.DataFrame) -> str:
    """Describe ``n = 40 images, n = 240–245 segments``, from the columns n and unit_of_n."""
    units = curves["unit_of_n"] if "unit_of_n" in curves else pd.Series("", index=curves.index)
    texts = []
    for unit, n in curves["n"].groupby(units, sort=False):
        low, high = int(n.min()), int(n.max())
        texts.append(f"n = {low}" + (f"–{high}" if high > low else "") + f" {unit}".rstrip())
    return ", ".join(texts)


def _draw_legend(figure: Figure, panels: Sequence[Axes], variants: Sequence[str], embedded: bool, told: str) -> None:
    """List every variant that some panel shows, in their order."""
    drawn = {line.get_gid(): line for axes in panels for line in axes.get_lines() if line.get_gid()}
    names = choose_names(variants, numbered=len(variants) > MANY)
    shown = [(f"variant-{at}", variant) for at, variant in enumerate(variants) if f"variant-{at}" in drawn]
    draw_key(
        figure, [drawn[gid] for gid, _ in shown], [names[variant] for _, variant in shown], write_note(told, embedded)
    )
