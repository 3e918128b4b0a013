"""Agreement of metrics on a page: the matrix of Kendall's tau as a picture, as csv and as markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from bench.csv_files import write_csv
from bench.metric_name import parse
from bench.report.figures.style import make_figure, save, write_note
from bench.report.tables.cells import MISSING, shorten_name
from bench.report.tables.differences import excludes_zero
from bench.text.escape import escape_markdown, join_cells

_DETAILED, _NUMBERED, _EVERY = 14, 20, 45
"""Metrics up to which a cell has room for two decimals, and for a number at all, and every column for its own."""


def write_agreement(table: pd.DataFrame, to: Path, *, title: str, embedded: bool) -> list[Path]:
    """Leave agreement.csv, .md, .png and .svg of `agreement`'s table in a folder; returns them."""
    to.mkdir(parents=True, exist_ok=True)
    write_csv(table, to / "agreement.csv", decimals=6)
    (to / "agreement.md").write_text(write_markdown_agreement(table, title=title, embedded=embedded), encoding="utf-8")
    figure = draw_agreement(table, title=title, embedded=embedded)
    return [to / "agreement.csv", to / "agreement.md", *save(figure, to / "agreement")]


def list_metrics(table: pd.DataFrame) -> list[str]:
    """List the metrics of a table, in its order."""
    return list(dict.fromkeys([*table["first"].unique(), *table["second"].unique()]))


def number_metrics(metrics: Sequence[str]) -> list[str]:
    """Give a number and a few words for each metric."""
    names = [parse(metric) for metric in metrics]
    short = [shorten_name(name, names) for name in names]
    return [
        f"{at} {what}" + "".join(f" {part}" for part in (mapping, f"({how})" if how else "") if part)
        for at, (what, mapping, how) in enumerate(short, 1)
    ]


def write_markdown_agreement(table: pd.DataFrame, *, title: str, embedded: bool) -> str:
    """Write the matrix, its lower half: bold where the interval excludes 0."""
    metrics = list_metrics(table)
    found = {(line["second"], line["first"]): line for line in table.to_dict("records")}
    numbers = [str(at) for at in range(1, len(metrics))]
    lines = ["| Kendall τ-b | " + " | ".join(numbers) + " |", "|---|" + "---:|" * len(numbers)]
    for at, (metric, label) in enumerate(zip(metrics, number_metrics(metrics), strict=True)):
        cells = [_write_cell(found[metric, other]) if place < at else "" for place, other in enumerate(metrics[:-1])]
        lines.append(join_cells([escape_markdown(label), *cells]))
    notes = [f"{escape_markdown(title)}. {_describe_counts(table)}.",
             f"**Bold**: the 95 % interval (bootstrap over images) excludes 0; "
             f"intervals and full names are in agreement.csv. {MISSING}: a metric gives all runs the same value.",
             *filter(None, [write_note("", embedded).removeprefix(" · ")])]  # fmt: skip
    return "\n".join(lines) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def draw_agreement(table: pd.DataFrame, *, title: str, embedded: bool) -> Figure:
    """Draw the matrix as coloured cells with their numbers, or with dots alone where there is no room for numbers."""
    metrics = list_metrics(table)
    n, place = len(metrics), {metric: at for at, metric in enumerate(metrics)}
    figure = make_figure(1.6 + 0.36 * max(n, 7) if n <= _NUMBERED else 2.4 + 0.24 * n)
    axes = figure.add_subplot()
    matrix = np.full((n, n - 1), np.nan)
    for line in table.to_dict("records"):
        down, across = place[line["second"]], place[line["first"]]
        matrix[down, across] = line["tau"]
        colour = "white" if abs(line["tau"]) > 0.6 else "#222222"
        text = _write_number(line["tau"], n) if n <= _NUMBERED else "•" * excludes_zero(line)
        weight = "bold" if excludes_zero(line) else "normal"
        size = 9.5 if n <= _DETAILED else 8 if n <= _NUMBERED else 6
        axes.text(across, down, text, ha="center", va="center", fontsize=size, color=colour, fontweight=weight)
    shown = axes.imshow(matrix, cmap=mpl.colormaps["RdBu"], vmin=-1, vmax=1, aspect="auto")
    axes.set_yticks(range(n), number_metrics(metrics), fontsize=9 if n <= _NUMBERED else 7.5)
    columns = [at for at in range(1, n) if n <= _EVERY or at % 5 == 0]
    axes.set_xticks([at - 1 for at in columns], list(map(str, columns)), fontsize=9 if n <= _NUMBERED else 6.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    # The upper half is empty: room for the scale.
    bar = figure.colorbar(shown, cax=axes.inset_axes((0.55, 0.9, 0.4, 0.025)), orientation="horizontal")
    bar.set_label("Kendall τ-b between rankings of the runs", fontsize=9.5)
    figure.suptitle(f"{title} · {_describe_counts(table)}", fontsize=11.5, fontweight="bold")
    what = "bold" if n <= _NUMBERED else "dot"
    note = write_note(f"{what}: the 95 % interval (bootstrap over images) excludes 0", embedded)
    figure.supxlabel(note, fontsize=9, color="#666666")
    return figure


def _describe_counts(table: pd.DataFrame) -> str:
    low, high = int(table["runs"].min()), int(table["runs"].max())
    return f"{low}{f'–{high}' if high > low else ''} runs, n = {int(table['images'].max())} images"


def _write_cell(line: dict) -> str:
    text = _write_number(line["tau"], 0)
    return f"**{text}**" if excludes_zero(line) else text


def _write_number(tau: float, metrics: int) -> str:
    if np.isnan(tau):
        return MISSING
    text = f"{tau:.2f}" if metrics <= _DETAILED else f"{tau:.1f}"
    return (text if float(text) else text.removeprefix("-")).replace("-", "−")
