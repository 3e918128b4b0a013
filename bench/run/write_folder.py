"""Section 5, what a finished run holds, written: its settings and every file of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bench.csv_files import write_csv
from bench.run.score_records import ScoreTables
from bench.score.per_image import make_per_class, make_per_image, make_per_image_n
from bench.score.score_table import write_scores
from bench.store.files import write_atomically


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Make the folder with its resolved configuration in it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "config.yaml", yaml.safe_dump(dict(settings), sort_keys=False).encode())


def write_tables(folder: Path, tables: ScoreTables) -> None:
    """Write every file of numbers; data without labels have them without a row.

    From the parquet files every mean and every paired comparison follows without a model or the data.
    """
    write = write_scores if len(tables.scores) else write_csv
    write(tables.scores, folder / "scores.csv")
    parquets = {
        "per_image": make_per_image(tables.counts, tables.image_ids),
        "per_image_n": make_per_image_n(tables.counts, tables.image_ids),
        "per_class": make_per_class(tables.counts),
        "segments": tables.segments,
    }
    for name, table in parquets.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    for name in ("curves", "areas", "ratings", "confusion"):
        (folder / f"{name}.csv").unlink(missing_ok=True)  # of the same run before its data changed
        if (table := getattr(tables, name)) is not None:
            write_csv(table, folder / f"{name}.csv")
