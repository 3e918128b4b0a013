"""Section 3.2: what a variant costs, from its run's record or from a table that scripts/masking_cost.py wrote."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from bench.csv_files import read_csv
from bench.errors import UserError
from bench.settings.saved import read_run_settings
from bench.store.sealed import read_record


def read_costs(names: Mapping[Path, str], table: str) -> dict[str, float]:
    """Read milliseconds by variant: a segment from the runs' records, an image from ``table`` where one is given.

    A run that took its embeddings from the store says nothing of their cost, nor does a table of another variant: NaN.
    """
    if not table:
        return {name: _read_record_cost(folder) for folder, name in names.items()}
    rows = read_csv(Path(table))
    if missing := {"variant", "ms"} - set(rows.columns):
        raise UserError(f"{table}: column {min(missing)} is missing; scripts/masking_cost.py to={table} writes one")
    try:
        known: dict[str, float] = dict(zip(rows["variant"], rows["ms"].astype(float), strict=True))
    except ValueError as error:
        raise UserError(f"{table}: ms: {error}; it takes numbers") from error
    return {name: known.get(_find_option(folder), known.get(name, math.nan)) for folder, name in names.items()}


def _read_record_cost(folder: Path) -> float:
    """Read milliseconds that one embedding took, where all were made in this run."""
    record = read_record(folder)
    counts = record.get("store", {}).get("encode", {})
    spent = record.get("seconds", {}).get("encode")
    return 1000 * spent / counts["made"] if spent and counts.get("made") and not counts.get("reused") else math.nan


def _find_option(folder: Path) -> str:
    """Find the option of encode= that a run chose, by its record of choices."""
    return str(read_run_settings(folder).get("choices", {}).get("encode", ""))
