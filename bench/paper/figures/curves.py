"""Figures 11 and 12: a metric over the threshold of one mapping, one line a run or data set, and the paper's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from bench.data.base import suggest_nearest
from bench.errors import UserError
from bench.paper.definition import Item
from bench.paper.figures.beside import Beside, list_beside
from bench.paper.figures.data_names import name_all_data
from bench.report.figures.curves import write_curves
from bench.report.out_of_domain import uses_embedded_models
from bench.run.run_folder import read_run_curves
from bench.score.score_table import OWN


def draw(item: Item, runs: Mapping[str, Path], folder: Path) -> list[Path]:
    """Draw ``options.metric`` by ``options.mapping`` over τ, as curves.csv of each run has it.

    Published numbers whose columns are thresholds are lines without interval and n.
    """
    for key in ("mapping", "metric"):
        if not item.options.get(key):
            raise UserError(f"{item.name}: options: {key} is missing: name what the curves are of")
    parts, known = [], dict[str, None]()
    for name, run in runs.items():
        table = read_run_curves(run, "curves.csv")
        chosen = (table["role"] == OWN) & (table["axis"] == "tau") & (table["mapping"] == item.options["mapping"])
        known |= dict.fromkeys(table[chosen]["metric"].astype(str))
        parts.append(table[chosen & (table["metric"] == item.options["metric"])].assign(variant=name))
    if not sum(map(len, parts)):
        asked = f"{item.options['metric']} by {item.options['mapping']}"
        raise UserError(
            f"{item.name}: options: no curve of {asked}{suggest_nearest(str(item.options['metric']), known)} "
            f"(known by that mapping: {', '.join(known) or 'none'})"
        )
    theirs = make_published_lines(list_beside(item, runs.values()), item.options)
    curves = pd.concat([*parts, *theirs], ignore_index=True).astype({"n": "Int64"})
    embedded = uses_embedded_models(list(runs.values()))
    return list(
        write_curves(
            curves, folder / item.name, title=f"{item.title}, {name_all_data(runs.values())}", embedded=embedded
        )
    )


def make_published_lines(beside: Sequence[Beside], options: Mapping[str, object]) -> list[pd.DataFrame]:
    """Make published percentages into the lines of a curve, one table a data set; their variant is their heading."""
    tables: dict[str, list[dict[str, object]]] = {}
    for each in beside:
        name = f"{each.heading}: {each.data}"
        paper = each.published
        data = {"dataset": paper.dataset, "classlist": paper.classlist, "protocol": paper.protocol}
        line = {"variant": name, "tau": float(each.key[2]), "value": paper.value / 100, "low": None, "high": None}
        place = {"axis": "tau", "mapping": options["mapping"], "metric": options["metric"], "name": paper.place}
        tables.setdefault(name, []).append(line | place | data)
    return [pd.DataFrame(lines).astype({"low": float, "high": float}) for lines in tables.values()]
