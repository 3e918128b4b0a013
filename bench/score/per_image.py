"""Section 4 image by image, as files: the value and the denominator of every metric, and the counts back from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from bench.score.intervals import MetricCounts

CLASS_COLUMNS = ("metric", "image_id", "column", "numerator", "denominator")


def make_per_image(rows: Mapping[str, MetricCounts], image_ids: Sequence[str]) -> pd.DataFrame:
    """Make column image_id, then each metric of each image alone; NaN where nothing was measurable."""
    return _make_table(rows, image_ids, MetricCounts.each)


def make_per_image_n(rows: Mapping[str, MetricCounts], image_ids: Sequence[str]) -> pd.DataFrame:
    """Make the same columns of denominators: how many units (1 image, or its segments) a value is a mean over.

    0 where nothing was measurable. NaN where the metric does not cover the image, and everywhere for a metric with a
    column for each class (the mIoU of a data set), which no single denominator gives back.
    """
    return _make_table(rows, image_ids, _read_denominator)


def make_per_class(rows: Mapping[str, MetricCounts]) -> pd.DataFrame:
    """Keep of metrics with a column a class what no single denominator gives back: one row for each number
    that is not 0, with metric, image_id, column, numerator, denominator (a class without either is left out)."""
    parts = []
    for name, row in rows.items():
        if row.denominator.shape[1] > 1:
            image, column = np.nonzero((row.numerator != 0) | (row.denominator != 0))
            ids = np.array(row.image_ids, object)[image]
            numbers = row.numerator[image, column], row.denominator[image, column]
            parts.append(pd.DataFrame(dict(zip(CLASS_COLUMNS, (name, ids, column, *numbers), strict=True))))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(CLASS_COLUMNS))


def read_per_class(table: pd.DataFrame, image_ids: Sequence[str]) -> dict[str, MetricCounts]:
    """Read the counts that `make_per_class` wrote; images without a row have zeros."""
    place, ids, found = {image: at for at, image in enumerate(image_ids)}, tuple(image_ids), {}
    for name, part in table.groupby("metric", sort=False):
        image, column = part["image_id"].map(place).to_numpy(int), part["column"].to_numpy(int)
        shape = len(ids), int(column.max()) + 1
        top, bottom = np.zeros(shape), np.zeros(shape)
        top[image, column], bottom[image, column] = part["numerator"], part["denominator"]
        found[str(name)] = MetricCounts(ids, top, bottom, "classes")
    return found


def read_per_image(values: pd.DataFrame, denominators: pd.DataFrame) -> dict[str, MetricCounts]:
    """Read the counts behind every metric from the two tables above; what has no denominator is left out.

    ``unit`` is not in the tables: it is given as "segments", under which n is the sum of the denominators.
    """
    values, denominators = values.set_index("image_id"), denominators.set_index("image_id")
    names = [name for name in denominators.columns if name in values.columns]
    each = values[names].reindex(denominators.index).to_numpy(np.float64)  # i x m
    n, ids = denominators[names].to_numpy(np.float64), denominators.index.to_numpy(object)
    total = np.where(n > 0, each * n, 0.0)
    found = {}
    for at, name in enumerate(names):
        known = ~np.isnan(n[:, at])
        if known.any():
            top, bottom = total[known, at, None], n[known, at, None]
            found[str(name)] = MetricCounts(tuple(ids[known].tolist()), top, bottom, "segments")
    return found


def _make_table(
    rows: Mapping[str, MetricCounts], image_ids: Sequence[str], measure: Callable[[MetricCounts], np.ndarray]
) -> pd.DataFrame:
    columns = {name: dict(zip(row.image_ids, measure(row).tolist(), strict=True)) for name, row in rows.items()}
    ids = list(image_ids)
    aligned = {name: np.array([column.get(i, np.nan) for i in ids], np.float64) for name, column in columns.items()}
    return pd.DataFrame({"image_id": ids, **aligned})


def _read_denominator(row: MetricCounts) -> np.ndarray:
    single = row.denominator.shape[1] == 1
    return row.denominator[:, 0] if single else np.full(len(row.image_ids), np.nan)
