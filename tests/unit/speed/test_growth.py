"""Exponents of made-up costs, and the table and picture of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.overlap.together import join_tables
from bench.score.resampling import draw_one_piece
from bench.speed.growth import Growth, fit_exponent, judge_growth, prepare_scoring, resize_table, write_growth
from bench.speed.many_tables import draw_table


def test_an_exponent_is_found_exactly_and_its_interval_covers_the_noise() -> None:
    sizes = np.array([5.0, 10, 20, 40])
    exponent, low, high = fit_exponent(sizes, np.repeat(3 * sizes[:, None] ** 1.5, 3, axis=1))
    assert (exponent, low, high) == pytest.approx((1.5, 1.5, 1.5))
    draw, held = np.random.default_rng(0), 0
    for _ in range(200):
        _, low, high = fit_exponent(sizes, 3 * sizes[:, None] ** 1.5 * np.exp(draw.normal(0, 0.1, (4, 3))))
        held += low <= 1.5 <= high
    assert 180 <= held <= 199, "about 95 of 100"


def test_tables_have_the_size_that_is_asked_for() -> None:
    table = resize_table(draw_table(3), 40, 20)
    assert table.counts.shape[0] == 41 and table.tt is not None and table.tt.shape == (40, 20)
    lines, _ = prepare_scoring(images=3, segments=4, classes=20, thresholds=2)()
    assert len(lines) == 3 * 2, "iou, recall and precision at two thresholds"


def test_every_call_of_scoring_does_all_of_it_anew() -> None:
    call = prepare_scoring(images=200, segments=4, classes=20, thresholds=1)  # of fewer nothing is drawn
    for _ in range(3):
        call()
        for known in (join_tables, draw_one_piece):
            assert known.cache_info().misses == 1, "the call made them itself"


def test_the_table_has_every_measurement(tmp_path: Path) -> None:
    one = Growth("scores", "images", (1, 2), np.array([[1.0, 1.1], [2.0, 2.1]]), 1.0, 0.9, 1.1)
    assert [path.name for path in write_growth([one], tmp_path)] == ["growth.csv", "growth.png", "growth.svg"]
    table = pd.read_csv(tmp_path / "growth.csv")
    assert table["seconds"].tolist() == [1.0, 1.1, 2.0, 2.1] and (table["n"] == 4).all()


def test_costs_that_grow_faster_than_in_proportion_are_named() -> None:
    slopes = {"a": 1.1, "b": 1.2}
    flat, steep = (Growth(cost, "images", (1, 2), np.ones((2, 2)), b, 0, 2) for cost, b in slopes.items())
    assert judge_growth([flat]) == "none of 1 costs grows faster than size^1.1"
    assert judge_growth([flat, steep]).startswith("faster than size^1.1: b against images (1.20);")
