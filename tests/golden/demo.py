"""The demo's numbers, frozen: tables of runs cut down to what identifies a row and its numbers.

`python -m tests.golden.demo FULL MEASURED DEMO` writes them again, from the folders of two runs as in
`tests/shared_runs.py` and of a demo's report; do that only for a digit whose move is explained.

Counts, and all that is made of them (IoU, recall, shares), are the frozen ones to 1e-12, on any machine. Means of
similarities (cosines, CLIPScore) are not: a similarity is a sum of float32 products, whose last bits follow the order
in which a processor's library adds them. They were frozen on an Intel processor with MKL's products; since then
products are oneDNN's, activations are computed behind them and texts share rows, which together moved a cosine by up
to 9e-8 and a CLIPScore, 2.5 times a cosine, by up to 2.3e-7: at most one in the sixth decimal of scores.csv.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

FROZEN = Path(__file__).parent / "data" / "demo"
FULL = ("scores", "areas", "per_image")
MEASURED = (*FULL, "curves", "per_class")
REPORT = ("scores", "areas", "differences", "breakdown")
SAME, ROUNDED = 1e-12, 2e-6
"""What a number of counts may move by, and one of float32 similarities (this one also as a share of itself)."""
_OF_SIMILARITIES = r"cosine|clipscore|names\.similarity|open_miou|\.soft\."
"""In the names of metrics that are means or sums of similarities."""
_IDENTITY = (
    "variant", "against", "metric", "mapping", "axis", "name", "class", "image_id", "column", "group", "start", "stop",
    "tau",
)  # fmt: skip
_NUMBERS = ("value", "area", "low", "high", "p", "n", "images", "numerator", "denominator")


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """One table of a run or a report, in the columns that are frozen: what identifies a row, then its numbers.

    Rows without a value are left out: what does not exist is not a number.
    """
    if (path := folder / f"{name}.parquet").is_file():
        table = pd.read_parquet(path)
    else:
        table = pd.read_csv(folder / f"{name}.csv")
    if name == "per_image":
        table = table.melt("image_id", var_name="metric")
    if name == "curves":
        table = table.drop(columns=["metric", "mapping", "axis"])  # its name says all three
    if "value" in table.columns:
        table = table[table["value"].notna()]
    return table[[column for column in (*_IDENTITY, *_NUMBERS) if column in table.columns]].reset_index(drop=True)


def read_frozen(name: str) -> pd.DataFrame:
    """A frozen table, by its name in the folder of golden data."""
    return pd.read_csv(FROZEN / f"{name}.csv")


def compare_tables(found: pd.DataFrame, frozen: pd.DataFrame) -> Iterator[str]:
    """A line for each frozen row that is not there once, and for each number that moved by more than its kind may.

    Rows may be added, and their order is free.
    """
    identity = [column for column in frozen.columns if column in _IDENTITY]
    found, frozen = (table.set_index(pd.Index(name_rows(table[identity]))) for table in (found, frozen))
    times = found.index.value_counts()
    if wrong := [row for row in frozen.index if times.get(row) != 1]:
        yield f"rows that are not there once: {wrong}"
        return
    found, allowed = found.loc[frozen.index], _allow_moves(frozen)
    shares = np.where(allowed == ROUNDED, ROUNDED, 0)  # sums over pixels are large
    for column in frozen.columns.difference(identity):
        moved = ~np.isclose(found[column], frozen[column], rtol=shares, atol=allowed, equal_nan=True)
        for row in frozen.index[moved]:
            yield f"{row} {column}: {found.loc[row, column]!r} instead of {frozen.loc[row, column]!r}"


def _allow_moves(frozen: pd.DataFrame) -> np.ndarray:
    """Say of each row what its numbers may move by: float64 [rows]."""
    names = pd.Series(name_rows(frozen[[column for column in frozen.columns if column in _IDENTITY]]))
    return np.where(names.str.lower().str.contains(_OF_SIMILARITIES), ROUNDED, SAME)


def name_rows(identity: pd.DataFrame) -> list[str]:
    """Name each row by all that identifies it: a breakdown has neither metric nor name, for its metric is recall."""
    return [" ".join(map(str, row)) for row in identity.itertuples(index=False)]


def freeze(folder: Path, prefix: str, names: tuple[str, ...]) -> None:
    """Write the tables of a folder as golden data."""
    FROZEN.mkdir(exist_ok=True)
    for name in names:
        read_table(folder, name).to_csv(FROZEN / f"{prefix}_{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    full, measured, demo = map(Path, sys.argv[1:])
    freeze(full, "full", FULL)
    freeze(measured, "measured", MEASURED)
    freeze(demo, "demo", REPORT)
