"""What a finished run's folder holds, read back: section 4's numbers, the rows behind them, what each row is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.csv_files import read_csv
from bench.errors import UserError
from bench.records import Sample, SegmentTree
from bench.score.intervals import MetricCounts
from bench.score.per_image import CLASS_COLUMNS, read_per_class, read_per_image
from bench.score.score_table import ALL, OF_CURVES, OWN, add_columns, read_scores
from bench.score.segments import KNOWN, MEASURED
from bench.settings.saved import read_run_settings
from bench.store.entries import make_record
from bench.store.files import Namespace, Store
from bench.store.places import open_place
from bench.store.sealed import check_intact, has_file, read_record
from bench.store.stages import make_item_name

NEEDED = ("per_image_n.parquet", "segments.parquet")
"""Files of a run that earlier versions did not write."""
_REMEDY = "run the same command again"


def read_setting(folder: Path, group: str, key: str) -> Any:
    """Read one setting of a finished run. Raises UserError where it has none of that name."""
    setting = read_run_settings(folder).get(group)
    if not isinstance(setting, dict) or key not in setting:
        raise UserError(f"{folder / 'config.yaml'}: {group}.{key} is missing; {_REMEDY}")
    return setting[key]


def find_role(settings: Mapping[str, Any]) -> str:
    """Find what a variant is there for: own, floor or ceiling."""
    return str(settings.get("role") or _read_old_title(settings.get("variant")))


def _read_old_title(variant: Any) -> str:
    """Read the role of a row of an earlier version, which said it in the variant's title and nowhere else."""
    said = re.match(r"(floor|ceiling)\b", str(variant))
    return said[1] if said else OWN


def has_rows(folder: Path) -> bool:
    """Whether a run left the rows that comparisons need."""
    return all(has_file(folder, name) for name in NEEDED)


def read_rows(folder: Path) -> dict[str, MetricCounts]:
    """Read the counts of each image behind every metric of a run, by the metric's full name.

    Metrics that average over classes (mIoU of a data set, PQ) come from per_class.parquet, where the run left it.
    """
    values, n = (_read_parquet(folder, name, ("image_id",)) for name in ("per_image.parquet", "per_image_n.parquet"))
    rows = read_per_image(values, n)
    if has_file(folder, "per_class.parquet"):
        known = _read_parquet(folder, "per_class.parquet", CLASS_COLUMNS)
        rows |= read_per_class(known, [str(image) for image in values["image_id"]])
    return {name: rows[name] for name in values.columns if name in rows}


def read_segments(folder: Path) -> pd.DataFrame | None:
    """segments.parquet; None of a variant that says nothing of true segments (without merging: it repeats another)."""
    table = _read_parquet(folder, "segments.parquet", KNOWN)
    if table.empty or not set(MEASURED) & set(table.columns):
        return None
    return _check_columns(table, folder / "segments.parquet", MEASURED)


def read_image_scores(folder: Path) -> pd.DataFrame:
    """Read per_image.parquet, a row an image id."""
    return _read_parquet(folder, "per_image.parquet", ("image_id",)).set_index("image_id")


def read_run_scores(folder: Path) -> pd.DataFrame:
    """Read scores.csv with the columns that say what each row is, whatever version wrote it."""
    return describe_rows(read_scores(check_intact(folder, "scores.csv")))


def read_run_curves(folder: Path, name: str) -> pd.DataFrame:
    """Read curves.csv or areas.csv with the columns that say what each row is, whatever version wrote it."""
    return describe_rows(read_run_csv(folder, name), "name", OF_CURVES)


def describe_rows(table: pd.DataFrame, name: str = "metric", columns: Sequence[str] = ALL) -> pd.DataFrame:
    """Describe rows of any version by the columns that say what each is; ``name`` is that of the full name."""
    return add_columns(table, [_read_old_title(variant) for variant in table["variant"]], name, columns)


def has_scores(folder: Path) -> bool:
    """Whether the data had labels."""
    return len(read_run_csv(folder, "scores.csv")) > 0


def find_over_segments(folder: Path) -> Namespace:
    """Find where a run's over-segments are stored, by the key in its record: an empty place of an earlier version's."""
    root, key = open_place(read_run_settings(folder)["store"]), read_record(folder).get("over_segments")
    return Namespace(root, "segment", str(key or "unknown"))


def read_over_segments(namespace: Namespace, sample: Sample) -> SegmentTree | None:
    """Read the over-segments of an image; None where the store has them no more."""
    entries = Store(namespace.root).read(namespace, make_item_name(sample))
    return make_record(SegmentTree, entries["tree"]) if "tree" in entries else None


def read_run_csv(folder: Path, name: str) -> pd.DataFrame:
    """Read a csv of a run, by `read_csv`. Raises UserError where it is not as the run left it."""
    return read_csv(check_intact(folder, name))


def _read_parquet(folder: Path, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    path = check_intact(folder, name)
    try:
        table = pd.read_parquet(path)
    except Exception as error:  # pyarrow raises ValueErrors, and others of its own for a damaged file
        reason = " ".join(str(error).split())[:160]
        raise UserError(f"{path}: cannot be read ({reason}); {_REMEDY}") from error
    return _check_columns(table, path, columns)


def _check_columns(table: pd.DataFrame, path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise UserError(f"{path}: column {missing[0]!r} is missing; {_REMEDY}")
    return table
