"""Figures 14 to 16 for any setting: which numbers were swept by some runs, and every main metric over each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from bench.metric_name import parse
from bench.report.tables.cells import shorten_name
from bench.report.tables.paper_metrics import select_paper_metrics
from bench.score.score_table import describe_name

COLUMNS = ("setting", "x", "group", "variant", "title", "metric", "value", "low", "high", "n", "unit_of_n")
"""``x`` is the value of the setting; ``group`` names what is equal along a line, empty where that is everything."""
FEWEST = 3
"""Values of a setting that make a curve: two are a comparison, which `differences` draws."""
_MOST = 6
"""Metrics that are drawn of a protocol without any of the paper's."""
Flat = Mapping[str, Any]
"""Settings of a run by their full keys."""


@dataclass(frozen=True)
class Swept:
    """One setting, and for each group of runs that differ in nothing else their (value, label), ascending."""

    setting: str
    groups: Mapping[str, tuple[tuple[float, str], ...]]


def find_sweeps(runs: Mapping[str, Flat]) -> list[Swept]:
    """Find the numeric settings of which runs, alike in all else, try at least `FEWEST` values; by label of the run."""
    differing = _list_differing(runs)
    found = [Swept(key, _group_runs(runs, key, differing)) for key in differing if _is_number(runs, key)]
    return [one for one in found if max(map(len, one.groups.values()), default=0) >= FEWEST]


def make_sweep_table(swept: Sequence[Swept], scores: pd.DataFrame) -> pd.DataFrame:
    """Make the lines of scores.csv behind each sweep, with `COLUMNS`: the paper's metrics, else the first ones.

    A swept threshold stands in the names of metrics: they are matched by what they measure.
    """
    by_variant = {str(variant): part for variant, part in scores.groupby("variant", sort=False)}
    lines = [
        {"setting": one.setting, "x": value, "group": group, "title": title, **line}
        for one in swept
        for group, members in one.groups.items()
        for value, label in members
        if label in by_variant
        for title, line in _select_main(by_variant[label]).items()
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _list_differing(runs: Mapping[str, Flat]) -> list[str]:
    """List keys whose values differ; of keys that move together (one is made from the other) the first."""
    keys = dict.fromkeys(key for flat in runs.values() for key in flat)
    columns = {key: tuple(repr(flat.get(key)) for flat in runs.values()) for key in keys}
    found: dict[tuple[str, ...], str] = {}
    for key, column in columns.items():
        if len(set(column)) > 1:
            found.setdefault(column, key)
    return list(found.values())


def _is_number(runs: Mapping[str, Flat], key: str) -> bool:
    return sum(_read_number(flat.get(key)) is not None for flat in runs.values()) >= FEWEST


def _read_number(value: Any) -> float | None:
    number = type(value) in (int, float) and math.isfinite(value)
    return float(value) if number else None


def _group_runs(
    runs: Mapping[str, Flat], key: str, differing: Sequence[str]
) -> dict[str, tuple[tuple[float, str], ...]]:
    others = [other for other in differing if other != key]
    alike: dict[tuple[str, ...], dict[float, str]] = {}
    for label, flat in runs.items():
        value = _read_number(flat.get(key))
        if value is not None:
            alike.setdefault(tuple(repr(flat.get(other)) for other in others), {}).setdefault(value, label)
    lines = {same: members for same, members in alike.items() if len(members) > 1}
    return {
        _name(members.values(), key, same, others): tuple(sorted(members.items())) for same, members in lines.items()
    }


def _name(labels: Any, key: str, same: Sequence[str], others: Sequence[str]) -> str:
    """Name a group by what its labels have in common without the swept setting, else by what tells groups apart."""
    rests = {" ".join(word for word in str(label).split() if not word.startswith(f"{key}=")) for label in labels}
    return rests.pop() if len(rests) == 1 else " ".join(f"{k}={v}" for k, v in zip(others, same, strict=True))


def _select_main(scores: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Select the line of each main metric of one run, by the title of its panel."""
    lines = {str(line["metric"]): line for line in scores.to_dict("records")}
    chosen = select_paper_metrics(list(lines))
    if not chosen:
        names = [parse(metric) for metric in lines if not describe_name(metric).group][:_MOST]
        chosen = {", ".join(filter(None, shorten_name(name, names))): str(name) for name in names}
    kept = ("variant", "metric", "value", "low", "high", "n", "unit_of_n")
    return {title: {key: lines[metric][key] for key in kept} for title, metric in chosen.items()}
