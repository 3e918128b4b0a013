"""Figures 11 and 12: a metric over the threshold of one mapping, one line a run or data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bench.paper.definition import Item
from bench.report.figures.curves import write_curves
from bench.report.out_of_domain import uses_embedded_models
from bench.run.run_folder import read_run_curves
from bench.score.score_table import OWN


def draw(item: Item, runs: Mapping[str, Path], folder: Path) -> list[Path]:
    """Draw ``options.metric`` by ``options.mapping`` over τ, as curves.csv of each run has it."""
    parts = []
    for name, run in runs.items():
        table = read_run_curves(run, "curves.csv")
        chosen = (table["role"] == OWN) & (table["axis"] == "tau") & (table["mapping"] == item.options["mapping"])
        parts.append(table[chosen & (table["metric"] == item.options["metric"])].assign(variant=name))
    curves, embedded = pd.concat(parts, ignore_index=True), uses_embedded_models(list(runs.values()))
    return list(write_curves(curves, folder / item.name, title=item.title, embedded=embedded))
