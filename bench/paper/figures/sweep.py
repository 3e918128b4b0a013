"""Figures 14 to 16: the paper's metrics over a setting that the rows of an item sweep, and the value that it chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.paper.definition import Item
from bench.paper.figures.beside import Beside, list_beside
from bench.report.figures.style import save
from bench.report.figures.sweep import draw_sweep
from bench.report.out_of_domain import uses_embedded_models
from bench.report.runs import flatten_settings, name_data
from bench.report.tables.sweeps import find_sweeps, make_sweep_table
from bench.run.run_folder import read_run_scores
from bench.score.score_table import OWN


def draw(item: Item, runs: Mapping[str, Path], folder: Path) -> list[Path]:
    """Draw the main metrics, or those of ``options.metric``, over ``options.setting``.

    A published value of that setting is a dotted line in each panel, and a line of the csv without a number.
    Raises UserError where fewer than three runs are there, which make no curve.
    """
    if not item.options.get("setting"):
        raise UserError(f"{item.name}: options: setting is missing: name the key that its rows sweep")
    scores = pd.concat([read_run_scores(run).assign(variant=name) for name, run in runs.items()], ignore_index=True)
    swept = find_sweeps({name: flatten_settings(run) for name, run in runs.items()})
    wanted = [each for each in swept if each.setting == item.options["setting"]]
    if not wanted:
        raise UserError(f"{item.name}: its rows try fewer than three values of {item.options['setting']}")
    chosen = scores["measure"].str.startswith(str(item.options.get("metric", "")))
    table = make_sweep_table(wanted, scores[(scores["role"] == OWN) & chosen])
    embedded = uses_embedded_models(list(runs.values()))
    figure = draw_sweep(table, title=f"{item.title}, {name_data(scores)}", embedded=embedded)
    beside = [each for each in list_beside(item, runs.values()) if each.key[2] == item.options["setting"]]
    mark_published(figure, beside)
    theirs = pd.DataFrame([_make_line(each) for each in beside], columns=list(table.columns))
    whole = pd.concat([table, theirs], ignore_index=True).astype({"n": "Int64"}) if beside else table
    return [*save(figure, folder / item.name), write_csv(whole, folder / f"{item.name}.csv")]


def mark_published(figure: Figure, beside: Sequence[Beside]) -> None:
    """Mark the values of a setting that the paper chose in every panel, under a head room of its own."""
    for axes in figure.axes if beside else ():
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.18 * (high - low))
        for each in beside:
            value = each.published.value
            axes.axvline(value, color="#777777", linewidth=1.2, linestyle=(0, (2, 2)), zorder=1)
            side, apart = _choose_side(axes, value)
            axes.annotate(
                f"{value:g}: {each.heading}", (value, 1), xycoords=("data", "axes fraction"), xytext=(apart, -2),
                textcoords="offset points", fontsize=9, color="#555555", ha=side, va="top", backgroundcolor="white",
            )  # fmt: skip


def _choose_side(axes: Axes, value: float) -> tuple[Literal["left", "center", "right"], int]:
    """Choose how a text at a value is aligned so that it stays above its panel, and points between it and the line."""
    place = axes.transAxes.inverted().transform(axes.transData.transform((value, 0.0)))[0]
    return ("left", 4) if place < 0.35 else ("right", -4) if place > 0.65 else ("center", 0)


def _make_line(each: Beside) -> dict[str, object]:
    paper = each.published
    title = f"chosen on {each.data} ({paper.place})"
    return {"setting": each.key[2], "x": paper.value, "group": "", "variant": each.heading, "title": title}
