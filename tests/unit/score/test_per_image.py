"""Values and denominators as tables: every mean, interval and paired comparison comes back from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bench.score.comparisons import compare_paired
from bench.score.intervals import MetricCounts, compute_intervals
from bench.score.per_image import (
    CLASS_COLUMNS,
    make_per_class,
    make_per_image,
    make_per_image_n,
    read_per_class,
    read_per_image,
)

IDS = ("a", "b", "c", "d")


def rows(seed: int, ids: tuple[str, ...] = IDS) -> MetricCounts:
    draw = np.random.default_rng(seed)
    n = draw.integers(0, 9, (len(ids), 1)).astype(float)
    return MetricCounts(ids, np.floor(n * draw.random((len(ids), 1))), n, "segments")


def back(given: dict[str, MetricCounts]) -> dict[str, MetricCounts]:
    return read_per_image(make_per_image(given, IDS), make_per_image_n(given, IDS))


def test_the_tables_by_hand() -> None:
    given = {
        "m": MetricCounts(("a", "b", "c"), np.array([[3.0], [0.0], [1.0]]), np.array([[4.0], [0.0], [2.0]]), "segments")
    }
    values, n = make_per_image(given, IDS), make_per_image_n(given, IDS)
    assert list(values["image_id"]) == list(n["image_id"]) == list(IDS)
    np.testing.assert_equal(values["m"].to_numpy(), [0.75, np.nan, 0.5, np.nan])
    np.testing.assert_equal(n["m"].to_numpy(), [4, 0, 2, np.nan])
    found = back(given)["m"]
    assert found.image_ids == ("a", "b", "c"), "c has nothing to measure, d is not covered"
    assert found.value() == pytest.approx(4 / 6), "pooled over segments; the mean of the values would be 0.625"


@pytest.mark.parametrize("seed", range(5))
def test_means_intervals_and_differences_come_back(seed: int) -> None:
    given = {"x": rows(seed), "y": rows(seed + 50, IDS[:3])}
    found = back(given)
    for name in given:
        assert found[name].n == given[name].n
        old, new = compute_intervals([given[name]], 200)[0], compute_intervals([found[name]], 200)[0]
        assert (new.value, new.low, new.high) == pytest.approx((old.value, old.low, old.high), abs=1e-12)
    old, new = (compare_paired(d["x"], d["y"], 200) for d in (given, found))
    assert (new.value, new.low, new.high, new.p) == pytest.approx((old.value, old.low, old.high, old.p), abs=1e-12)


def test_a_metric_over_classes_has_no_single_denominator() -> None:
    wide = MetricCounts(IDS, np.ones((4, 3)), 2 * np.ones((4, 3)), "classes")
    n = make_per_image_n({"wide": wide, "x": rows(0)}, IDS)
    assert n["wide"].isna().all() and set(read_per_image(make_per_image({"wide": wide, "x": rows(0)}, IDS), n)) == {"x"}


def test_no_image_at_all() -> None:
    empty = pd.DataFrame({"image_id": []})
    assert read_per_image(empty, empty) == {}


def test_metrics_over_classes_come_back_from_a_table_of_their_own() -> None:
    draw = np.random.default_rng(0)
    top, bottom = draw.integers(0, 3, (2, 4, 6)).astype(float)
    top[:, 5] = bottom[:, 5] = 0  # a class that never occurs
    top[2] = bottom[2] = 0  # an image without any
    top = np.minimum(top, bottom)
    given = {"miou": MetricCounts(IDS, top, bottom, "classes"), "recall": rows(1)}
    table = make_per_class(given)
    assert tuple(table.columns) == CLASS_COLUMNS and set(table["metric"]) == {"miou"}
    (found,) = read_per_class(table, IDS).values()
    assert (found.value(), found.n, found.unit) == (given["miou"].value(), given["miou"].n, "classes")
    np.testing.assert_array_equal(found.numerator, top[:, : found.numerator.shape[1]])
    assert compute_intervals([found], 100) == compute_intervals([given["miou"]], 100)
    assert read_per_class(make_per_class({}), IDS) == {}
