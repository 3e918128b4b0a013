"""Exponents of made-up costs, and the table and picture of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.overlap.together import join_tables
from bench.score.resampling import draw_one_piece
from bench.speed import growth
from bench.speed.clock import Cost
from bench.speed.growth import (
    Growth,
    describe_growth,
    fit_exponent,
    judge_growth,
    prepare_scoring,
    read_growth,
    resize_table,
    write_growth,
)
from bench.speed.inputs import Inputs
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


def test_the_table_has_every_measurement(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    one = Growth("scores", "images", (1, 2), np.array([[1.0, 1.1], [2.0, 2.1]]), 1.0, 0.9, 1.1)
    assert [path.name for path in write_growth([one], tmp_path)] == ["growth.csv", "growth.png", "growth.svg"]
    table = pd.read_csv(tmp_path / "growth.csv")
    assert table["seconds"].tolist() == [1.0, 1.1, 2.0, 2.1] and (table["n"] == 4).all()
    assert set(table["weights"]) == {"not told"} and "settings" not in table
    request.getfixturevalue("blank_figures")  # once is enough
    write_growth([one], tmp_path, ["encode=masked"], "clip embedded:clip")
    table = pd.read_csv(tmp_path / "growth.csv")
    assert set(table["weights"]) == {"clip embedded:clip"} and set(table["settings"]) == {"encode=masked"}
    (known,) = read_growth(tmp_path / "growth.csv")
    assert (known.cost, known.size, known.sizes, known.seconds.tolist()) == (
        "scores",
        "images",
        (1, 2),
        [[1, 1.1], [2, 2.1]],
    )
    assert (table["steepest_low"] == round(one.steepest_low, 6)).all() and known.steepest == one.steepest


def test_a_cost_that_is_fixed_at_first_is_told_where_it_grows() -> None:
    """8 s and from 4 on twice as much for each doubling: by hand 0, 1 of the fastest of each size."""
    one = Growth("scores", "images", (2, 4, 8), np.array([[8.0, 9.0], [8.5, 8.0], [16.0, 40.0]]), 0.5, 0.4, 0.6)
    assert one.steepest == pytest.approx(1)
    assert describe_growth(one) == "scores against images:\n0.50 [0.40, 0.60], at most 1.00"


def test_a_size_is_measured_in_turns_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call takes as long as its size."""
    called: list[tuple[int, int]] = []

    def measure(call: Callable[[], int], most: int) -> tuple[None, Cost]:
        called.append((call(), most))
        return None, Cost(call(), 0.0, most)

    monkeypatch.setattr(growth, "measure", measure)
    one = growth._grow("a", "b", (1, 2), lambda n: lambda: n)
    assert one.exponent == pytest.approx(1) and one.seconds.tolist() == [[1.0] * 5, [2.0] * 5]
    assert called == [(1, 3), (2, 3)] * 5


def test_every_search_for_captions_begins_with_nothing(inputs: Inputs) -> None:
    search: Any = inputs.context.make_stage("caption")
    found = [growth.prepare_captions(search.search, 3)() for _ in range(2)]
    assert len(search.search.features.contexts) == 0, "what a search remembers is its own"
    assert all(len(beams) == 3 for beams in found)


def test_costs_that_grow_faster_than_in_proportion_are_named() -> None:
    slopes = {"a": 1.1, "b": 1.2}
    flat, steep = (Growth(cost, "images", (1, 2), np.ones((2, 2)), b, 0, 2) for cost, b in slopes.items())
    said = "none of 1 costs grows faster than size^1.1, as a whole or between two sizes side by side"
    assert judge_growth([flat]) == said
    assert judge_growth([flat, steep]).startswith("faster than size^1.1: b against images (1.20);")


def test_a_cost_whose_whole_exponent_is_small_is_named_where_it_grows_too_fast() -> None:
    """0.01 s and 1e-5 n^2: from 40 to 80 it is 0.026 and 0.074 s, an exponent of log2(0.074 / 0.026) = 1.509."""
    one = make_growth(lambda n: 0.01 + 1e-5 * n**2, noise=0.02)
    assert one.exponent < 0.75 and one.steepest == pytest.approx(1.509, abs=0.06)
    assert judge_growth([one]).startswith("faster than size^1.1: a against segments (1.5")
    assert "between two sizes side by side);" in judge_growth([one])


def test_a_step_that_only_noise_makes_steep_is_told_as_such() -> None:
    """In proportion, but for one size of 40 that was quick in one of its turns: 0.8 of its seconds."""
    one = make_growth(lambda n: 1e-3 * n, noise=0)
    one.seconds[3, 2] *= 0.8
    assert one.steepest == pytest.approx(1 - np.log2(0.8)) and one.steepest_low < 1.1
    said = judge_growth([one])
    assert said.startswith("none of 1 costs") and "; within their noise, between two sizes side by side: a agai" in said


def test_noise_alone_is_seldom_taken_for_growth() -> None:
    """Of costs that all grow as size^1.1, at most about 5 in 100 have a step whose low end lies above; here of 400."""
    draw = np.random.default_rng(1)
    said = [make_growth(lambda n: 1e-3 * n**1.1, 0.05, draw).steepest_low > 1.1 for _ in range(400)]
    assert sum(said) <= 30


def make_growth(
    cost: Callable[[np.ndarray], np.ndarray], noise: float, draw: np.random.Generator | None = None
) -> Growth:
    """A cost of 5 to 80 segments in five turns, with noise of its logarithm."""
    sizes, draw = growth.SEGMENTS, draw or np.random.default_rng(0)
    seconds = cost(np.array(sizes, float))[:, None] * np.exp(draw.normal(0, noise, (5, 5)))
    return Growth("a", "segments", sizes, seconds, *fit_exponent(sizes, seconds))
