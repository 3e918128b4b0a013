"""Section 4 in the report site: which numbers follow tau, their intervals where these were measured, and all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.mapping.base import Strategy
from bench.mapping.choose import make_strategy
from bench.mapping.labels import find_threshold
from bench.report.printed import drop_groups
from bench.report.runs import merge_scores
from bench.report.site.shown import SiteRun
from bench.report.site.steps import Slots, make_steps
from bench.report.tables.cells import describe_metric, find_unit_of, write_title
from bench.run.run_folder import has_scores, read_run_curves, read_run_scores
from bench.score.evaluate import NOTE
from bench.score.presets import make_title
from bench.score.score_table import split_measure
from bench.store.sealed import has_file

WORDS = {
    "tt": "text to text: a segment takes the class whose name is most like its text",
    "st": "segment to text: a segment takes the class whose name is most like its embedding",
}
SPAN = {"tt": 1.0, "st": 0.4}
"""Where the slider of a mapping ends, unless a similarity of the runs lies higher."""


def list_mappings(run: SiteRun) -> dict[str, str | Strategy]:
    """List the mappings of a run's protocol by the word that a page calls them."""
    if run.records is None:
        return {}
    by = run.records.protocol
    return {make_strategy(mapping, by.rounding).name.partition("(")[0]: mapping for mapping in by.mapping}


def describe_mapping(run: SiteRun, key: str) -> dict[str, Any]:
    """Describe a mapping for the page: its title, what it does, its model, its threshold (None: it has none)."""
    assert run.records is not None, "its mappings were listed"
    mapping, by = list_mappings(run)[key], run.records.protocol
    strategy = make_strategy(mapping, by.rounding)
    rows = key.removeprefix("grounded-")
    return {
        "key": key, "title": key.upper() if len(key) == 2 else key, "words": WORDS.get(rows, ""),
        "model": run.records.naming.models.get(rows, ""), "moves": strategy.threshold is not None,
        "own": find_threshold(mapping, by), "setting": strategy.threshold or "", "stop": SPAN.get(rows, 1.0),
        "rounding": by.rounding,
    }  # fmt: skip


def make_run_steps(run: SiteRun, ids: Sequence[str]) -> dict[str, dict[str, Slots]]:
    """Make the steps of every metric of a run, by mapping and name; images by their places among the site's ``ids``."""
    places = {image_id: at for at, image_id in enumerate(ids)}
    if run.records is None:
        return {}
    return {key: make_steps(run.records.scored, mapping, places) for key, mapping in list_mappings(run).items()}


def describe_step_metric(name: str) -> dict[str, str]:
    """Describe a metric whose number follows tau: ``iou.image.union`` is "IoU", averaged "image, union"."""
    what, how = describe_metric(name)
    return {"name": name, "title": what if name.partition(".")[0] != "tgq" else "TGQ hits", "how": how}


def list_intervals(runs: Sequence[SiteRun]) -> list[list[Any]]:
    """List every interval that was measured: run, mapping, metric, tau, low, high, note; of one protocol alone.

    Each run's are read from its own folder, so that they are its whatever the runs are called beside each other.
    """
    scored = [(at, run, run.records) for at, run in enumerate(runs) if run.records and has_scores(run.shown.folder)]
    if not scored:
        return []
    title = make_title(scored[0][2].protocol)
    return [
        [at, *row] for at, run, _ in scored for row in _list_own(run.shown.folder, str(run.record["variant"]), title)
    ]


def _list_own(folder: Path, variant: str, protocol: str) -> list[list[Any]]:
    """List the intervals that a run measured of its own ``variant`` by a protocol, at its threshold and its curves'."""
    table = read_run_scores(folder)
    table = table[(table["protocol"] == protocol) & (table["variant"] == variant) & (table["group"] == "")]
    rows = [(*_place_measure(r), r["low"], r["high"], r[NOTE]) for r in table.to_dict("records")]
    if has_file(folder, "curves.csv"):
        curves = read_run_curves(folder, "curves.csv")
        curves = curves[(curves["axis"] == "tau") & (curves["protocol"] == protocol)]
        columns = ("mapping", "metric", "tau", "low", "high", NOTE)
        rows += list(curves[list(columns)].itertuples(index=False, name=None))
    return [_clean(row) for row in rows if not pd.isna(row[3]) and not pd.isna(row[2])]


def _place_measure(row: Mapping[Any, Any]) -> tuple[str, str, float]:
    """Place a number on the axis of tau: mapping, metric, threshold; TGQ has its threshold in its own name."""
    mapping, measure = row["mapping"].partition("(")[0], row["measure"]
    words, bound = split_measure(measure)
    if words[0] == "tgq" and bound:
        return mapping, ".".join(words), float(bound.lstrip(">="))
    return mapping, measure, row["threshold"]


def list_all_numbers(runs: Sequence[SiteRun]) -> list[dict[str, Any]]:
    """List every number of every run as it stands in scores.csv, floors and ceilings too, without breakdowns."""
    folders = [run.shown.folder for run in runs if has_scores(run.shown.folder)]
    if not folders:
        return []
    names = {run.shown.folder: run.name for run in runs}
    return [_describe_row(row) for row in drop_groups(merge_scores(folders, names)).to_dict("records")]


def _describe_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    numbers = {key: None if pd.isna(row[key]) else round(float(row[key]), 6) for key in ("value", "low", "high")}
    return {
        "variant": row["variant"], "metric": row["metric"], "title": write_title(row["metric"]), "role": row["role"],
        "unit": find_unit_of(row["metric"]), "n": int(row["n"]), "of": row["unit_of_n"], "note": row[NOTE], **numbers,
    }  # fmt: skip


def _clean(row: Sequence[Any]) -> list[Any]:
    mapping, metric, tau, low, high, note = row
    return [mapping, metric, float(tau), float(low), float(high), note or ""]
