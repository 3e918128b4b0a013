"""What `zgs paper` has left, as its tests read it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def read_table(folder: Path, name: str, to: str = "to") -> pd.DataFrame:
    return pd.read_csv(folder / to / f"{name}.csv", dtype=str, keep_default_na=False).set_index(
        ["row", "set", "column"]
    )


def find_run(folder: Path, variant: str) -> Path:
    (record,) = (folder / "out").glob(f"toyscenes-test-{variant}-*/run.json")
    return record.parent
