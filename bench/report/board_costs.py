"""The board's columns of cost: what embedding took, measured with a run's own settings; no part of the paper."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.csv_files import read_csv
from bench.errors import UserError
from bench.settings.saved import read_run_settings
from bench.store.sealed import read_record

COST, IMAGE, SHARE = "ms_segment", "ms_image", "product_share"
COSTS = {COST: "ms a segment", IMAGE: "ms an image", SHARE: "share of a product"}
"""Columns about cost, and their heads; the last one is the part of a matrix product's rate that a variant reaches."""
SETTINGS, START = "settings", "start_layer"


def write_measured(settings: Mapping[str, Any]) -> str:
    """Write the settings with which an encoder is measured: its own and the models' name, KEY=VALUE by alphabet.

    Keys of `scripts/masking_cost.py`'s column *settings*; numbers are written alike however a yaml spells them.
    """
    own = {key: value for key, value in (settings.get("encode") or {}).items() if key != "_target_"}
    named = {"models": (settings.get("models") or {}).get("name")}
    told = {key: _write_value(value) for key, value in (own | named).items() if value is not None}
    return " ".join(f"{key}={told[key]}" for key in sorted(told))


def _write_value(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{float(value):g}" if is_number else "".join(str(value).split())


def read_costs(names: Mapping[Path, str], costs: Path | None) -> tuple[list[dict[str, object]], list[str]]:
    """Read what embedding cost, as ``costs`` has measured it; else ms a segment by the run's clock, if it made any.

    Returns a line a run, and a remark for each that was measured with other settings, whose line stays empty; one more
    where ``costs`` says none, as an earlier version left it.
    Raises UserError for a file that is not there or is no table of costs.
    """
    measured = {} if costs is None else _read_measured(costs)
    lines, remarks = list[dict[str, object]](), list[str]()
    if measured and not any(words for _, words, _ in measured.values()):
        remarks.append("costs= says no settings, so start layers alone are compared; measured anew it says them.")
    for folder, name in names.items():
        record, settings = read_record(folder), read_run_settings(folder)
        made = record.get("store", {}).get("encode", {}).get("made", 0)
        spent = record.get("seconds", {}).get("encode", math.nan)
        option = str(settings.get("choices", {}).get("encode", ""))
        found = next((key for key in (name, str(record.get("variant")), option) if key in measured), None)
        numbers, words, start = measured[found] if found else ({IMAGE: math.nan, SHARE: math.nan}, "", math.nan)
        line = {COST: 1000 * spent / made if made else math.nan, **numbers}
        if found and (other := describe_difference(settings, words, start)):
            line = dict.fromkeys(COSTS, math.nan)
            remarks.append(f"{name}: costs= measured {found} with other settings ({other}), so its cost is left empty.")
        lines.append({"variant": name, **line})
    return lines, remarks


def describe_difference(settings: Mapping[str, Any], words: str, start: float) -> str:
    """Describe in what a run's settings differ from those that were measured; empty where they do not.

    ``words`` are those of `write_measured`. A table of an earlier version has none: then by ``start``, the first layer
    that differs (NaN, or 0 for an encoder that has none).
    """
    if words:
        there, here = (dict(word.split("=", 1) for word in text.split()) for text in (words, write_measured(settings)))
    else:
        layer = _number_start(settings)
        there, here = ({START: f"{start:g}"}, {START: f"{layer:g}"}) if layer and start > 0 else ({}, {})
    keys = [key for key in sorted({*there, *here}) if there.get(key) != here.get(key)]
    return ", ".join(f"{key}={there.get(key, 'none')}, here {here.get(key, 'none')}" for key in keys)


def _number_start(settings: Mapping[str, Any]) -> int | None:
    """Number the start layer of a run from 1 on; None where it has none, or its tower does not tell how deep it is."""
    layer = (settings.get("encode") or {}).get(START)
    if not isinstance(layer, int) or layer > 0:
        return layer or None if isinstance(layer, int) else None
    from bench.models.inspected import count_layers  # loads torch

    depth = count_layers((settings.get("models") or {}).get("clip") or {})
    return depth + 1 + layer if depth else None


def _read_measured(costs: Path) -> dict[str, tuple[dict[str, float], str, float]]:
    """Read what an image and a segment cost, and the share of a product, by variant or option of encode=.

    Beside them the settings that were measured, and the start layer.
    """
    import pandas as pd

    if not costs.is_file():
        raise UserError(f"costs={costs}: no such file; `python scripts/masking_cost.py to={costs}` measures one")
    found = read_csv(costs)
    if not {"variant", "ms"} <= set(found.columns):
        raise UserError(f"costs={costs}: needs the columns variant and ms, as scripts/masking_cost.py to=FILE writes")
    told = found.reindex(columns=[SETTINGS], fill_value="").fillna("").astype(str)[SETTINGS]
    numbers = found.reindex(columns=["ms", "share", "segments", "start"]).apply(pd.to_numeric, errors="coerce")
    measured = dict[str, tuple[dict[str, float], str, float]]()
    for variant, words, row in zip(found["variant"].astype(str), told, numbers.to_dict("records"), strict=True):
        cost = {IMAGE: float(row["ms"]), SHARE: float(row["share"])}
        if row["segments"] > 0:
            cost[COST] = float(row["ms"] / row["segments"])
        measured[variant] = cost, words, float(row["start"])
    return measured
