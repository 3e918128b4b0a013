"""Threshold curves: each point is the number that scoring at this threshold gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.evaluate import curves
from bench.evaluate.curves import area, curve, grid
from bench.evaluate.protocol import evaluate, preset
from tests.evaluate.make import CLASSES, NAMING, case

OVERLAPS = [case(seed, overlapping=bool(seed % 2)).overlap for seed in range(15)]
SCORE = preset("paper", resamples=150, aggregation=("image", "dataset"))


@pytest.mark.parametrize(("mapping", "key"), [("tt", "tau_sbert"), ("st", "tau_clip")])
@pytest.mark.parametrize("name", ["paper", "reference"])
def test_each_point_equals_a_score_at_this_threshold(mapping: str, key: str, name: str) -> None:
    score = preset(name, resamples=150, aggregation=("image", "dataset"), mapping=mapping)
    found = curve(OVERLAPS[::-1], CLASSES, score, NAMING, mapping, [0, 0.2, 0.5, 0.9])
    for tau, points in found.groupby("tau"):
        table = evaluate(OVERLAPS, [], CLASSES, replace(score, **{key: tau}), NAMING).table
        assert points["name"].tolist() == table["metric"].tolist()
        for column in ("value", "low", "high", "n"):
            np.testing.assert_array_equal(points[column], table[column])


def test_blocks_of_thresholds_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = curve(OVERLAPS, CLASSES, SCORE, NAMING, "tt")
    assert len(whole) == 3 * 21
    monkeypatch.setattr(curves, "_CELLS", 4 * len(OVERLAPS) * len(CLASSES))
    assert curve(OVERLAPS, CLASSES, SCORE, NAMING, "tt").equals(whole)


def test_above_all_similarities_nothing_is_left() -> None:
    found = curve(OVERLAPS, CLASSES, SCORE, NAMING, "tt")
    assert found[found["tau"] > 0.9]["value"].tolist() == [0.0] * 6
    assert found[found["tau"] == 0]["value"].max() > 0


def test_grids_are_the_papers_ranges() -> None:
    assert (grid("tt")[0], grid("tt")[10], grid("tt")[-1], len(grid("tt"))) == (0, 0.5, 1, 21)
    assert (grid("st")[0], grid("st")[8], grid("st")[-1], len(grid("st"))) == (0, 0.1, 0.35, 29)


def test_area_is_the_mean_height() -> None:
    found = curve(OVERLAPS, CLASSES, SCORE, NAMING, "tt", [0, 0.5, 1.0])
    line = found[found["metric"] == "iou.image.union"]
    a, b, c = line["value"]
    assert area(line) == pytest.approx((a + 2 * b + c) / 4)
