"""The rows behind section 4's numbers, read back from the folder of a finished run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from bench.errors import UserError
from bench.evaluate.intervals import Rows
from bench.evaluate.per_image import CLASS_COLUMNS, class_rows, rows_of
from bench.evaluate.segments import KNOWN, MEASURED

NEEDED = ("per_image_n.parquet", "segments.parquet")
"""Files of a run that earlier versions did not write."""


def settings_of(folder: Path) -> dict[str, Any]:
    """The resolved configuration of a finished run. Raises UserError for a folder that is none."""
    if not (folder / "run.json").is_file() or not (folder / "config.yaml").is_file():
        raise UserError(f"{folder}: no finished run (run.json is missing); give folders that `zgs run` has printed")
    settings: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text())
    return settings


def record_of(folder: Path) -> dict[str, Any]:
    """run.json of a finished run."""
    record: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return record


def complete(folder: Path) -> bool:
    """Whether a run left the rows that comparisons need."""
    return all((folder / name).is_file() for name in NEEDED)


def saved_rows(folder: Path) -> dict[str, Rows]:
    """The counts of each image behind every metric of a run, by the metric's full name.

    Metrics that average over classes (mIoU of a data set, PQ) come from per_class.parquet, where the run left it.
    """
    values, n = (_table(folder / name, ("image_id",)) for name in ("per_image.parquet", "per_image_n.parquet"))
    found, path = rows_of(values, n), folder / "per_class.parquet"
    if path.is_file():
        found |= class_rows(_table(path, CLASS_COLUMNS), [str(image) for image in values["image_id"]])
    return {name: found[name] for name in values.columns if name in found}


def saved_segments(folder: Path) -> pd.DataFrame | None:
    """segments.parquet; None of a variant that says nothing of true segments (without merging: it repeats another)."""
    path = folder / "segments.parquet"
    table = _table(path, KNOWN)
    if table.empty or not set(MEASURED) & set(table.columns):
        return None
    return _checked(table, path, MEASURED)


def _table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: cannot be read ({reason}); run the same command again") from error
    return _checked(table, path, columns)


def _checked(table: pd.DataFrame, path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise UserError(f"{path}: column {missing[0]!r} is missing; run the same command again")
    return table
