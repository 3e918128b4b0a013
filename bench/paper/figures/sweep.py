"""Figures 14 to 16: the paper's metrics over a setting that the rows of an item sweep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.paper.definition import Item
from bench.report.figures.style import save
from bench.report.figures.sweep import draw_sweep
from bench.report.out_of_domain import uses_embedded_models
from bench.report.runs import flatten_settings, name_data
from bench.report.tables.sweeps import find_sweeps, make_sweep_table
from bench.run.run_folder import read_run_scores
from bench.score.score_table import OWN


def draw(item: Item, runs: Mapping[str, Path], folder: Path) -> list[Path]:
    """Draw the main metrics, or those of ``options.metric``, over ``options.setting``.

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
    return [*save(figure, folder / item.name), write_csv(table, folder / f"{item.name}.csv")]
