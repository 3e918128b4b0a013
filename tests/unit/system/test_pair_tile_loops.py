"""Tiles of pairs of bfloat16 against float64: by the processor's own instructions, where it has them, and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numba import config, njit

from bench.system.attention_loops import FARTHEST
from bench.system.pair_loops import HAS_PAIRS, find_pairs
from bench.system.pair_tile_loops import COLUMNS, LANES, PAIRS, ROWS, make_product, make_summing, make_weighing
from bench.system.rowwise import view_array


@pytest.fixture(scope="module", params=[True, False], ids=["native", "plain"])
def loops(request: pytest.FixtureRequest) -> tuple[Any, Any, Any]:
    """A product, the exponentials of its tile between the products of another, and sums of weights under a mask."""
    if request.param and not HAS_PAIRS:
        pytest.skip("this processor has no AVX512-BF16")
    add, weigh, sum_up = (make(request.param) for make in (make_product, make_weighing, make_summing))

    @njit
    def multiply(x: Any, w: Any, y: Any) -> None:
        add(x, 1, w, 2, y, 3, 4, x.shape[1])

    @njit
    def exponentiate(x: Any, w: Any, logits: Any, weights: Any, total: Any, shift: Any, factor: Any) -> None:
        weigh(x, 1, w, 2, logits, weights, COLUMNS, total, 1, shift, factor)

    @njit
    def sum_masked(weights: Any, masks: Any, total: Any) -> None:
        sum_up(weights, masks, 1, LANES, total, 1, 2)

    return multiply, exponentiate, sum_masked


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def pair(rows: torch.Tensor) -> np.ndarray:
    """Rows [r, n] in bfloat16 as pairs of neighbours [r, n / 2]."""
    return view_array(rows.bfloat16().view(torch.uint32))


def pair_rows(w: torch.Tensor) -> np.ndarray:
    """W [n, 64] in bfloat16 as pairs of rows [n / 2, 64]."""
    return pair(w.view(-1, 2, COLUMNS).transpose(1, 2).reshape(-1, 2 * COLUMNS))


@pytest.mark.parametrize("depth", [1, 2, 31, 64])
def test_products_are_added_to_what_is_there(loops: tuple[Any, Any, Any], depth: int) -> None:
    """From places on that are given, and nothing is written beside them."""
    x, w = draw(7, 2 * depth).bfloat16(), draw(2 * depth + 4, COLUMNS).bfloat16()
    y = draw(9, 80)
    expected = y.double()
    expected[3:7, 4:68] += x[1:5].double() @ w[4:].double()
    loops[0](pair(x), pair_rows(w), view_array(y))
    torch.testing.assert_close(y.double(), expected, rtol=1e-6, atol=1e-5)


def test_exponentials_and_the_products_between_them(loops: tuple[Any, Any, Any]) -> None:
    """Weights are exact within 0.0001 and rounded, halves to even; totals are those of the rounded ones."""
    x, w = draw(6, 2 * PAIRS).bfloat16(), draw(2 * PAIRS + 4, COLUMNS).bfloat16()
    logits, shift = 3 * draw(ROWS, 2 * COLUMNS), 10 * draw(ROWS + 2)
    before, factor = logits.clone(), 1.5
    weights, total = torch.zeros(ROWS, 2 * COLUMNS).bfloat16(), torch.ones(ROWS + 2, LANES)
    given = pair(x), pair_rows(w), view_array(logits), view_array(weights.view(torch.uint32))
    loops[1](*given, view_array(total), view_array(shift), np.float32(factor))
    assert torch.equal(logits[:, :COLUMNS], before[:, :COLUMNS]) and not weights[:, :COLUMNS].any()
    expected = x[1:5].double() @ w[4:].double()
    torch.testing.assert_close(logits[:, COLUMNS:].double(), expected, rtol=1e-6, atol=1e-5)
    exact = 2 ** (factor * before[:, COLUMNS:].double() + shift[1:5, None].double())
    made = weights[:, COLUMNS:].double()
    assert (made / exact - 1).abs().max() <= 2**-8 + 1e-4 and (made != exact.bfloat16()).double().mean() < 0.05
    assert (made / exact - 1).mean().abs() <= 3e-4, "neither too large nor too small on average"
    torch.testing.assert_close((total[1:5] - 1).double().sum(1), made.sum(1), rtol=1e-6, atol=1e-4)
    assert torch.equal(total[[0, 5]], torch.ones(2, LANES))


def test_what_is_beyond_float32_is_too_large_or_next_to_nothing(loops: tuple[Any, Any, Any]) -> None:
    """What is too large, or no number, makes its row's total so; what is too small is no more than 2 ** -126."""
    logits, weights = torch.full((ROWS, 2 * COLUMNS), -200.0), torch.zeros(ROWS, 2 * COLUMNS).bfloat16()
    logits[:, COLUMNS + 5] = torch.tensor([-1000, -torch.inf, 200, torch.nan])
    total, shift = torch.zeros(ROWS + 1, LANES), torch.zeros(ROWS + 1)
    x, w = draw(6, 2 * PAIRS), draw(2 * PAIRS + 4, COLUMNS)
    given = pair(x), pair_rows(w), view_array(logits), view_array(weights.view(torch.uint32))
    loops[1](*given, view_array(total), view_array(shift), np.float32(1))
    low, high = total[1:3].sum(1), total[3:].sum(1)
    assert (weights[:2] <= 2.0**-126).all() and (low <= 64 * 2.0**-126).all()
    assert not (high <= FARTHEST).any()


def test_sums_under_a_mask_are_added_to_what_is_there(loops: tuple[Any, Any, Any]) -> None:
    """Two registers of 32 weights, from places on that are given."""
    weights, masks, total = draw(ROWS, 64).bfloat16(), draw(3, 128).bfloat16(), torch.ones(ROWS + 2, LANES)
    loops[2](pair(weights), pair(masks), view_array(total))
    expected = weights.double() @ masks[1, 32:96].double()
    torch.testing.assert_close((total[1:5] - 1).double().sum(1), expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(total[[0, 5]], torch.ones(2, LANES))


@pytest.mark.parametrize(("name", "features"), [("generic", ""), ("x86-64-v3", None), (None, "+avx2")])
def test_the_processor_that_numba_is_told_decides(
    name: str | None, features: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LLVM ends the process where an instruction is none of the processor it compiles for."""
    monkeypatch.setattr(config, "CPU_NAME", name)
    monkeypatch.setattr(config, "CPU_FEATURES", features)
    assert not find_pairs()
