"""Kendall's tau-b against scipy; the table; its interval; what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from bench.errors import UserError
from bench.score.intervals import MetricCounts
from bench.score.rank_agreement import COLUMNS, compute_agreement, compute_kendall

IDS = tuple(f"{i:03}" for i in range(60))


def rows(values: np.ndarray, ids: tuple[str, ...] = IDS) -> MetricCounts:
    return MetricCounts(ids, np.atleast_2d(values.T).T.astype(float), np.ones((len(ids), 1)), "images")


def runs(qualities: list[float], noise: float = 0.05) -> list[dict[str, MetricCounts]]:
    """Metric a and b follow a run's quality, c its contrary, d is the same for all."""
    draw = np.random.default_rng(0)
    found = []
    for quality in qualities:
        each = quality + noise * draw.normal(size=60)
        found.append({"a": rows(each), "b": rows(2 * each), "c": rows(1 - each), "d": rows(np.full(60, 0.5))})
    return found


@given(st.integers(0, 500), st.integers(3, 9))
def test_equals_scipy(seed: int, count: int) -> None:
    values = np.random.default_rng(seed).integers(0, 4, (3, count, 2)) / 3
    found = compute_kendall(values)
    for b in range(2):
        for i in range(3):
            for j in range(3):
                expected = kendalltau(values[i, :, b], values[j, :, b]).statistic
                assert found[b, i, j] == pytest.approx(expected, nan_ok=True)


def test_values_that_are_missing_are_left_out_in_pairs() -> None:
    values = np.array([[1, 2, np.nan, 4, 5], [2, 1, 3, np.nan, 9]])
    found = compute_kendall(values[..., None])[0, 0, 1]
    assert found == pytest.approx(kendalltau([1, 2, 5], [2, 1, 9]).statistic)


def test_pieces_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random((4, 5, 30))
    whole = compute_kendall(values)
    monkeypatch.setattr("bench.score.rank_agreement._CELLS", 90)
    np.testing.assert_array_equal(compute_kendall(values), whole)


def test_table_of_clear_runs() -> None:
    table = compute_agreement(runs([0.1, 0.3, 0.5, 0.9]), 200)
    assert tuple(table.columns) == COLUMNS and len(table) == 6
    found = {(line["first"], line["second"]): line for line in table.to_dict("records")}
    assert found["a", "b"]["tau"] == 1 and (found["a", "b"]["low"], found["a", "b"]["high"]) == (1, 1)
    assert found["a", "c"]["tau"] == -1 and np.isnan(found["a", "d"]["tau"])
    assert set(table["runs"]) == {4} and set(table["images"]) == {60}


def test_runs_that_cannot_be_told_apart_have_a_wide_interval() -> None:
    close = runs([0.5, 0.5, 0.5, 0.5], noise=0.3)
    for run in close:
        run["c"] = rows(np.random.default_rng(int(1e6 * run["a"].value())).random(60))
    line = compute_agreement(close, 500).set_index(["first", "second"]).loc[("a", "c")]
    assert line["low"] < 0 < line["high"]


def test_a_metric_that_a_run_lacks_and_images_that_it_lacks() -> None:
    given_ = runs([0.1, 0.3, 0.5, 0.9])
    del given_[3]["b"], given_[2]["d"], given_[3]["d"]
    given_[0] = {name: rows(row.numerator[:40], IDS[:40]) for name, row in given_[0].items()}
    table = compute_agreement(given_, 50).set_index(["first", "second"])
    assert table.index.tolist() == [("a", "b"), ("a", "c"), ("b", "c")], "d is left in two runs only"
    assert table["runs"].tolist() == [3, 4, 3] and set(table["images"]) == {40}


def test_seed_decides() -> None:
    some = runs([0.5, 0.51, 0.52], noise=0.2)
    some[0]["c"] = rows(np.random.default_rng(9).random(60))
    assert compute_agreement(some, 100, seed=1).equals(compute_agreement(some, 100, seed=1))


def test_too_little_is_refused_in_one_line() -> None:
    with pytest.raises(UserError, match="2 runs; ranks need at least 3"):
        compute_agreement(runs([0.1, 0.2]))
    with pytest.raises(UserError, match="1 metrics and 60 images are common"):
        compute_agreement([{"a": run["a"]} for run in runs([0.1, 0.2, 0.3])])
    apart = runs([0.1, 0.2, 0.3])
    apart[0] = {name: rows(row.numerator, tuple(f"x{i}" for i in range(60))) for name, row in apart[0].items()}
    with pytest.raises(UserError, match="0 images are common"):
        compute_agreement(apart)


def test_only_the_last_bits_of_a_sum_are_no_difference() -> None:
    """Three runs a thousandth apart are ranked; apart by less than the rounding they are ties."""
    for step, expected in ((1e-3, 1.0), (1e-14, np.nan)):
        qualities = np.array([0.5, 0.5 + step, 0.5 + 2 * step])
        found = compute_kendall(np.stack([qualities, [1.0, 2.0, 3.0]])[:, :, None])[0, 0, 1]
        assert found == pytest.approx(expected, nan_ok=True)
