"""The rate of a shape: all ways make the product, the best one counts, and only what is wanted of it."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

from bench.speed import rates
from bench.speed.rates import WAYS, list_blocks, make_call, measure_shape
from bench.system import products

SPEEDS = {WAYS[-1]: 2.0, WAYS[0]: 0.9}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_makes_the_product(way: str) -> None:
    """Of ones: each number is that of the inner ones. A million multiplications are oneDNN's."""
    call = make_call(way, 32, 512, 640, "float32", cold=False)
    assert call is not None
    made: Any = call()
    assert made.shape == ((640, 32) if "swapped" in way else (32, 640)) and (made == 512).all()


def test_weights_lie_in_either_order(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(products, "multiply", lambda left, weight: seen.append(weight.is_contiguous()))
    for way in ("oneDNN", "oneDNN, transposed"):
        call = make_call(way, 2, 50, 60, "float32", cold=False)
        assert call is not None
        call()
    assert seen == [True, False]


def test_small_weights_are_not_packed() -> None:
    assert make_call("oneDNN, packed", 32, 64, 64, "float32", cold=False) is None
    assert rates._measure_way(list_blocks(32, 64, 64)[0], "oneDNN, packed", "float32", False, 1e-4, 1) == 0


def test_cold_weights_take_turns_and_fit_into_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "UNCACHED", 40_000)
    seen: list[int] = []
    monkeypatch.setattr(torch, "mm", lambda left, right: seen.append(right.data_ptr()))
    call = make_call("torch", 1, 50, 60, "float32", cold=True)
    assert call is not None
    for _ in range(8):
        call()
    assert len(set(seen)) == 4 and seen[:4] == seen[4:], "12,000 bytes each"


def test_blocks_by_hand() -> None:
    """577 x 64 x 577: as it is, filled up, cut, and in blocks; of them no inner number is cut."""
    rows, columns = ((577, 577), (592, 577), (576, 576), (256, 256)), ((577, 577), (592, 577), (576, 576), (512, 512))
    assert list_blocks(577, 64, 577) == [(m, (64, 64), n) for m, n in product(rows, columns)]
    assert list_blocks(5, 16, 16) == [((5, 5), (16, 16), (16, 16)), ((16, 5), (16, 16), (16, 16))]
    for m, k, n in ((17_877, 64, 17_877), (17_877, 17_877, 64), (10**9, 64, 10**9), (256, 1024, 50_257)):
        blocks = list_blocks(m, k, n)
        sizes = [a * b + b * c + a * c for a, b, c in ((m.made, k.made, n.made) for m, k, n in blocks)]
        assert blocks and max(sizes) <= rates.MOST_NUMBERS, "no larger than a cache"
    assert ((4096, 4096), (1024, 1024), (64, 64)) in list_blocks(17_877, 17_877, 64), "of many the inner ones, too"


def test_the_best_way_of_the_best_block_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last way is the fastest, ragged rows are half as fast; what fills a block up is not counted."""
    glanced: list[tuple[int, str]] = []

    def measure(call: tuple[str, int, int, int], flops: float, shortest: float, times: int) -> float:
        way, m, k, n = call
        glanced.append((m, way))
        return flops / (2 * m * k * n) * SPEEDS.get(way, 1.9) * (0.5 if m % 16 else 1.0)

    monkeypatch.setattr(rates, "measure_rate", measure)
    monkeypatch.setattr(rates, "make_call", lambda way, m, k, n, dtype, cold: (way, m, k, n))
    assert measure_shape(24, 64, 64) == 2, "its first 16 rows"
    assert measure_shape(15, 64, 64) == 2 * 15 / 16, "filled up"
    every = {(m, way) for m, way in product((24, 32, 16, 15), WAYS) if m in (24, 15) or way != WAYS[0]}
    assert set(glanced) == every, "what is far behind on the whole is not tried on blocks"


@pytest.mark.parametrize(
    ("m", "dtype", "cold", "rate"),
    [
        (1, "float32", 10.0, 50.0),  # 2 FLOP for each 4 bytes
        (1, "bfloat16", 10.0, 100.0),
        (2, "float32", 10.0, 100.0),  # 4 for each 4
        (16, "float32", 10.0, 300.0),  # 800 by memory, and none so fast from a cache
        (16, "float32", 310.0, 310.0),
    ],
)
def test_few_rows_of_a_cold_weight_are_as_fast_as_memory_or_as_from_a_cache(
    m: int, dtype: str, cold: float, rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    made = {True: cold, False: 300.0}
    monkeypatch.setattr(rates, "_measure_way", lambda block, way, kind, cold, *_: tried.append(way) or made[cold])
    monkeypatch.setattr(rates, "measure_memory_rate", lambda: 100.0)
    assert measure_shape(m, 1024, 50_257, dtype, cold=True) == rate and set(tried) == set(WAYS)
    assert measure_shape(m, 1024, 4096, dtype) == 300.0


def test_a_cold_weight_is_cut_to_what_a_cache_holds() -> None:
    assert rates.cut_columns(4, 1024, 50_257) == ((4, 4), (1024, 1024), (4096, 4096))
    assert rates.cut_columns(4, 1024, 3072)[2] == (3072, 3072)
