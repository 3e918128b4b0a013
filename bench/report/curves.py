"""Appendix C, figures 11 and 12: scores over the thresholds tau_SBERT and tau_CLIP, one line a variant.

Beside them recall over the IoU that makes a hit, precision over recall, and a table of the areas under the curves.
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
from bench.escape import markdown, row
from bench.report.figures import MARKERS, PALETTE, columns, new_figure, note_of, plain, save
from bench.report.layout import MISSING, metric_words
from bench.report.pairs import briefly

COLUMNS = ("variant", "mapping", "tau", "metric", "value", "low", "high", "n")
PAPER_TAUS = {"tt": 0.5, "st": 0.1}
"""The thresholds of section 4.2; part of the evaluation, never tuned."""
PAPER_IOU = {"tt": 0.5, "st": 0.5}
DASHES: tuple[str | tuple[int, tuple[int, ...]], ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_AXES = {
    "tau": {"tt": r"$\tau_\mathrm{SBERT}$ (text to text, TT)", "st": r"$\tau_\mathrm{CLIP}$ (segment to text, ST)"},
    "iou": {"tt": "IoU that makes a hit, text to text (TT)", "st": "IoU that makes a hit, segment to text (ST)"},
    "recall": {"tt": "recall (%), text to text (TT)", "st": "recall (%), segment to text (ST)"},
}
_MARKS = {"tau": "τ", "iou": "IoU", "recall": "τ"}
_HIGH = 3.6  # inches
_LINE = 96  # characters of a legend's line


def plot_curves(
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
    precise = curves["metric"].str.startswith("precision")
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
    """Precision over recall as the threshold of each mapping moves; a ring marks the threshold of ``chosen``."""
    kinds = curves["metric"].str.partition(">")[0]
    keys = ["variant", "mapping", "tau"]
    both = curves[kinds.str.startswith("precision")].merge(
        curves[kinds.str.startswith("recall")], on=keys, suffixes=("", "_recall"), sort=False
    )
    mappings = [mapping for mapping in ("tt", "st") if (both["mapping"] == mapping).any()]
    variants = list(dict.fromkeys(curves["variant"]))
    figure = new_figure(_HIGH + 0.7)
    panels = figure.subplots(1, len(mappings), squeeze=False, sharey=True)[0]
    for axes, mapping in zip(panels, mappings, strict=True):
        for variant, line in both[both["mapping"] == mapping].groupby("variant", sort=False):
            line = line.sort_values("tau")
            style = _style(variants.index(str(variant)))
            axes.plot(100 * line["value_recall"], 100 * line["value"], label=str(variant), linewidth=2, **style)
            at = line[(line["tau"] - chosen.get(mapping, -1)).abs() < 1e-9]
            axes.plot(100 * at["value_recall"], 100 * at["value"], "o", ms=11, mfc="none", mec=style["color"], mew=1.6)
        axes.set_xlabel(_AXES["recall"][mapping], fontsize=11)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        plain(axes, "both")
    panels[0].set_ylabel("precision (%)\nof predicted classes", fontsize=11)
    figure.suptitle(" · ".join(filter(None, (title, _counted(both)))), fontsize=11.5, fontweight="bold")
    rings = ", ".join(f"τ = {chosen[mapping]:g} ({mapping.upper()})" for mapping in mappings if mapping in chosen)
    told = "each point a threshold" + (f"; rings: {rings}" if rings else "")
    _legend(figure, list(panels), variants, embedded, told)
    return figure


def markdown_areas(areas: pd.DataFrame) -> str:
    """A row for each variant, a column for each curve of the paper's kind: area under it over the width of its axis.

    Those of precision and of the reference's recall are in the csv.
    """
    areas = areas[~areas["metric"].str.contains(r"^precision|^recall\.(?:reference|allseg)")]
    keys = ["axis", "mapping", "metric"]
    columns = list(dict.fromkeys(areas[keys].itertuples(index=False, name=None)))
    heads = [" ".join(filter(None, (*metric_words(m), f"over {_OVER[axis, mapping]}"))) for axis, mapping, m in columns]
    lines = [row(["area under the curve", *heads]), "|---|" + "---:|" * len(columns)]
    for variant, part in areas.groupby("variant", sort=False):
        places = part[keys].itertuples(index=False, name=None)
        found = dict(zip(places, part.to_dict("records"), strict=True))
        cells = [_area(found.get(column)) for column in columns]
        lines.append(row([markdown(str(variant)), *cells]))
    ranges = areas[["axis", "mapping", "start", "stop"]].drop_duplicates().itertuples(index=False, name=None)
    told = "; ".join(f"{_OVER[axis, mapping]} from {start:g} to {stop:g}" for axis, mapping, start, stop in ranges)
    note = f"- Mean height of a curve in percent with 95 % intervals: {told}. n as in the curves' csv."
    return "\n".join(lines) + f"\n\n{note}\n"


_OVER = {("tau", "tt"): "τ TT", ("tau", "st"): "τ ST", ("iou", "tt"): "IoU, TT", ("iou", "st"): "IoU, ST"}


def _area(line: Mapping[Any, Any] | None) -> str:
    if line is None or pd.isna(line["area"]):
        return MISSING
    ends = "" if pd.isna(line["low"]) else f" [{100 * line['low']:.1f}, {100 * line['high']:.1f}]"
    return f"{100 * line['area']:.1f}{ends}"


def draw_curves(
    curves: pd.DataFrame, *, title: str, chosen: Mapping[str, float], embedded: bool, axis: str = "tau"
) -> Figure:
    """The figure of `plot_curves` over one axis, "tau" or "iou"."""
    metrics = list(dict.fromkeys(curves["metric"]))
    mappings = [mapping for mapping in ("tt", "st") if (curves["mapping"] == mapping).any()]
    variants = list(dict.fromkeys(curves["variant"]))
    figure = new_figure(_HIGH * len(metrics) + 0.5)
    figure.get_layout_engine().set(wspace=0.05, hspace=0.06)  # type: ignore[union-attr, call-arg]
    panels = figure.subplots(len(metrics), len(mappings), squeeze=False, sharey="row")
    for line, metric in enumerate(metrics):
        for column, mapping in enumerate(mappings):
            part = curves[(curves["metric"] == metric) & (curves["mapping"] == mapping)]
            _panel(panels[line, column], part, variants, (axis, mapping), chosen.get(mapping))
        # Once for the row and after all of it is drawn: setting a limit stops a shared axis from growing.
        top = 100 * curves.loc[curves["metric"] == metric, ["value", "high"]].max(axis=None)
        panels[line, 0].set_ylim(0, max(1.0, 1.05 * top))
        what, averaging = metric_words(metric)
        panels[line, 0].set_ylabel(f"{what} (%)" + (f"\n{averaging}" if averaging else ""), fontsize=11)
    figure.suptitle(" · ".join(filter(None, (title, _counted(curves)))), fontsize=11.5, fontweight="bold")
    _legend(figure, list(panels.flat), variants, embedded)
    return figure


def _panel(axes: Axes, part: pd.DataFrame, variants: list[str], kind: tuple[str, str], tau: float | None) -> None:
    axis, mapping = kind
    if tau is not None:
        axes.axvline(tau, color="#777777", linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        axes.annotate(
            f"{_MARKS[axis]} = {tau:g}", (tau, 1), xycoords=("data", "axes fraction"), xytext=(4, -4),
            textcoords="offset points", fontsize=9.5, color="#555555", va="top",
        )  # fmt: skip
    for variant, line in part.groupby("variant", sort=False):
        line = line.sort_values("tau")
        style = _style(variants.index(str(variant)))
        every = max(1, len(line) // 7)
        axes.fill_between(
            line["tau"], 100 * line["low"], 100 * line["high"], color=style["color"], alpha=0.15, linewidth=0
        )
        axes.plot(line["tau"], 100 * line["value"], label=str(variant), linewidth=2, markevery=every, **style)
    axes.set_xlabel(_AXES[axis].get(mapping, mapping), fontsize=11)
    axes.margins(x=0.01)
    plain(axes, "both")


def _style(position: int) -> dict[str, Any]:
    return {
        "color": PALETTE[position % len(PALETTE)],
        "linestyle": DASHES[position % len(DASHES)],
        # A colour that comes again has another marker.
        "marker": MARKERS[(position + position // len(PALETTE)) % len(MARKERS)],
        "markersize": 4.5,
    }


def _counted(curves: pd.DataFrame) -> str:
    units = curves["unit_of_n"] if "unit_of_n" in curves else pd.Series("", index=curves.index)
    texts = []
    for unit, n in curves["n"].groupby(units, sort=False):
        low, high = int(n.min()), int(n.max())
        texts.append(f"n = {low}" + (f"–{high}" if high > low else "") + f" {unit}".rstrip())
    return ", ".join(texts)


def _legend(
    figure: Figure, panels: Sequence[Axes], variants: Sequence[str], embedded: bool,
    told: str = "bands: 95 % bootstrap intervals",
) -> None:  # fmt: skip
    """Every variant that some panel shows, in their order."""
    drawn = {label: one for axes in panels for one, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    shown = [variant for variant in variants if variant in drawn]
    handles, labels = [drawn[variant] for variant in shown], list(briefly(shown).values())
    note = note_of(told, embedded)
    legend = figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=max(1, columns(len(labels), min(4, _LINE // (max(map(len, labels), default=0) + 8)))),
        title=note,
        frameon=False,
        fontsize=10.5,
        title_fontsize=9,
        handlelength=3,
    )
    legend.get_title().set_color("#666666")
