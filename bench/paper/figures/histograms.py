"""Figure 13: how similar true segments are to their true names, of those that are named right and of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.paper.definition import Item
from bench.paper.figures.beside import Beside, list_beside
from bench.paper.figures.data_names import name_all_data
from bench.report.figures.style import draw_headline, draw_key, draw_plain_axes, make_figure, save, write_note
from bench.report.out_of_domain import uses_embedded_models
from bench.run.run_folder import read_segments
from bench.settings.saved import read_run_settings
from bench.text.escape import escape_for_figure as figure_text

COLUMNS = ("row", "mapping", "named", "start", "stop", "n")
TITLES = {
    "st": ("segment and true name (CLIP)", "st_cosine", "st_top1", "tau_clip"),
    "tt": ("text and true name (SBERT)", "tt_cosine", "tt_top1", "tau_sbert"),
}
"""By mapping: what the cosine is between, its column, that of whether the nearest class is the true one, and tau."""
BINS = 24
_RIGHT: dict[str, Any] = {"histtype": "stepfilled", "facecolor": "#9ecae1", "edgecolor": "#0072B2", "linewidth": 1.2}
_WRONG: dict[str, Any] = {"histtype": "step", "edgecolor": "#000000", "linewidth": 1.4, "linestyle": (0, (4, 1.5))}


def draw(item: Item, runs: Mapping[str, Path], folder: Path) -> list[Path]:
    """Draw a row of panels for each run, one for each of ``options.mappings``; every true segment counts once."""
    mappings = list(item.options.get("mappings", TITLES))
    if wrong := [mapping for mapping in mappings if mapping not in TITLES]:
        raise UserError(f"{item.name}: options: mappings: {wrong[0]} is none of {', '.join(TITLES)}")
    tables = {name: read_segments(run) for name, run in runs.items()}
    known = {name: table for name, table in tables.items() if table is not None}
    if not known:
        raise UserError(f"{item.name}: its runs say nothing of true segments")
    lines = pd.concat([count_bins(name, table, mapping) for name, table in known.items() for mapping in mappings])
    beside = [each for each in list_beside(item, runs.values()) if each.key[2] in mappings]
    figure = make_figure(2.55 * len(known) + 0.9)
    figure.get_layout_engine().set(wspace=0.05, hspace=0.05)  # type: ignore[union-attr, call-arg]
    grid = figure.subplots(len(known), len(mappings), squeeze=False)
    for panels, (name, table) in zip(grid, known.items(), strict=True):
        for axes, mapping in zip(panels, mappings, strict=True):
            tau = read_run_settings(runs[name])["score"].get(TITLES[mapping][3])
            marks = _draw_panel(axes, lines[(lines["row"] == name) & (lines["mapping"] == mapping)], tau)
            _write_titles(axes, name, mapping, table, tau)
    draw_headline(figure, (item.title, name_all_data(runs.values()), "cosine of true segments to their true names"))
    told = [*describe_thresholds(beside), "right: the nearest class is the true one"]
    note = write_note("\n".join(told), uses_embedded_models([*runs.values()]))
    draw_key(figure, marks, ["named right", "named wrong", "threshold τ of the score"], note)
    table = pd.concat([lines, list_thresholds(beside)]) if beside else lines
    return [*save(figure, folder / item.name), write_csv(table, folder / f"{item.name}.csv")]


def describe_thresholds(beside: Sequence[Beside]) -> list[str]:
    """Describe the thresholds that the paper takes from its own histograms, one line a heading and value."""
    found: dict[tuple[str, str, float], list[str]] = {}
    for each in beside:
        found.setdefault((each.heading, each.key[2], each.published.value), []).append(each.data)
    return [
        f"{heading}, {' and '.join(data)}: τ = {value:g} ({mapping.upper()})"
        for (heading, mapping, value), data in found.items()
    ]


def list_thresholds(beside: Sequence[Beside]) -> pd.DataFrame:
    """List the paper's thresholds as lines of `COLUMNS`, whose bin has no width and no count."""
    lines = [
        (f"{each.heading}: {each.data}", each.key[2], "threshold", each.published.value, each.published.value, None)
        for each in beside
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS)).astype({"n": "Int64"})


def count_bins(name: str, table: pd.DataFrame, mapping: str) -> pd.DataFrame:
    """Count `COLUMNS` of one run: true segments in each of `BINS` equal bins from the least to the largest cosine."""
    _, cosine, right, _ = TITLES[mapping]
    values, hits = table[cosine].to_numpy(float), table[right].to_numpy(bool)
    kept = np.isfinite(values)
    edges = np.histogram_bin_edges(values[kept], BINS)
    lines = [
        (name, mapping, word, *ends, int(n))
        for word, chosen in (("right", hits), ("wrong", ~hits))
        for ends, n in zip(
            zip(edges[:-1], edges[1:], strict=True), np.histogram(values[kept & chosen], edges)[0], strict=True
        )
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS)).astype({"n": "Int64"})


def _draw_panel(axes: Axes, part: pd.DataFrame, tau: float | None) -> list[Any]:
    """Draw both histograms and the threshold; returns their marks for the key."""
    marks: list[Any] = []
    for word, style in (("right", _RIGHT), ("wrong", _WRONG)):
        line = part[part["named"] == word]
        edges = [*line["start"], line["stop"].iloc[-1]]
        marks.append(axes.hist(line["start"], edges, weights=line["n"].to_numpy(int), **style)[2][0])  # type: ignore[index]
    marks.append(axes.axvline(0.0 if tau is None else tau, color="#D55E00", linewidth=1.6, linestyle=":"))
    marks[-1].set_visible(tau is not None)
    draw_plain_axes(axes, "y")
    return marks


def _write_titles(axes: Axes, name: str, mapping: str, table: pd.DataFrame, tau: float | None) -> None:
    title, cosine, right, _ = TITLES[mapping]
    above = "" if tau is None else f", {100 * float((table[cosine] >= tau).mean()):.0f} % at τ = {tau:g} or above"
    told = f"{name}: {title}\nn = {len(table)}, {100 * float(table[right].mean()):.0f} % right{above}"
    axes.set_title(figure_text(told.split("\n")[0]) + "\n" + told.split("\n")[1], fontsize=9.5, loc="left")
    axes.set_xlabel("cosine", fontsize=10)
    axes.set_ylabel("true segments", fontsize=10)
