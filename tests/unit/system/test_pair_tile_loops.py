"""Tiles of pairs of bfloat16 against float64: by the processor's own instructions, where it has them, and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from llvmlite.binding import get_host_cpu_features
from numba import config, njit, types
from numba.core.codegen import JITCPUCodegen
from numba.extending import intrinsic

from bench.system.attention_loops import FARTHEST
from bench.system.pair_loops import BITS, FLOATS, HAS_PAIRS, NEEDED, Pairs, find_pairs
from bench.system.pair_tile_loops import COLUMNS, LANES, PAIRS, ROWS, make_product, make_summing, make_weighing
from bench.system.rowwise import view_array
from bench.system.tile_loops import INDEX, find_place


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
    assert (weights[:2].abs() <= 2.0**-126).all() and (low.abs() <= 64 * 2.0**-126).all()
    assert not (high <= FARTHEST).any()


def test_sums_under_a_mask_are_added_to_what_is_there(loops: tuple[Any, Any, Any]) -> None:
    """Two registers of 32 weights, from places on that are given."""
    weights, masks, total = draw(ROWS, 64).bfloat16(), draw(3, 128).bfloat16(), torch.ones(ROWS + 2, LANES)
    loops[2](pair(weights), pair(masks), view_array(total))
    expected = weights.double() @ masks[1, 32:96].double()
    torch.testing.assert_close((total[1:5] - 1).double().sum(1), expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(total[[0, 5]], torch.ones(2, LANES))


@pytest.mark.parametrize("native", [True, False])
def test_numbers_between_two_of_bfloat16_go_to_the_even_one(native: bool) -> None:
    """Halves above even and odd numbers, and what is next to a half."""
    if native and not HAS_PAIRS:
        pytest.skip("this processor has no AVX512-BF16")

    @intrinsic
    def round_pairs(typing: Any, x: Any, out: Any) -> Any:
        def write(context: Any, build: Any, signature: Any, args: Any) -> None:
            given, made = (
                find_place(context, build, kind, part, INDEX(0), INDEX(0))
                for kind, part in zip(signature.args, args, strict=True)
            )
            pairs, parts = Pairs(build, native), (given.read(INDEX(0), INDEX(at), FLOATS) for at in (0, LANES))
            made.write(build.bitcast(pairs.round(*parts), BITS), INDEX(0), INDEX(0))
            return context.get_dummy_value()

        return types.void(x, out), write

    high, low = np.arange(0x3F80, 0x3F88, dtype=np.uint32) << 16, np.array([0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)
    x, made = (high[:, None] | low).view(np.float32).reshape(1, 2 * LANES), np.zeros((1, LANES), np.uint32)
    njit(lambda x, out: round_pairs(x, out))(x, made)
    assert np.array_equal(made, pair(torch.from_numpy(x)))


NAMED = ",".join(f"+{name}" for name in NEEDED)


@pytest.mark.parametrize(
    ("name", "features", "avx", "has"),
    [
        (None, None, 1, bool(get_host_cpu_features().get("avx512bf16"))),
        (None, None, 0, False),
        ("generic", "", 1, False),
        (None, "+avx2", 1, False),
        (None, "+avx512bf16,-avx512f", 1, False),
        ("x86-64", NAMED, 1, True),
        ("x86-64", f"{NAMED},-avx512f", 1, False),
    ],
)
def test_what_numba_compiles_for_decides(
    name: str | None, features: str | None, avx: int, has: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LLVM ends the process where an instruction is none that it may use: numba's options forbid some."""
    assert find_pairs(JITCPUCodegen("same")) is HAS_PAIRS
    monkeypatch.setattr(config, "CPU_NAME", name)
    monkeypatch.setattr(config, "CPU_FEATURES", features)
    monkeypatch.setattr(config, "ENABLE_AVX", avx)
    assert find_pairs(JITCPUCodegen("told")) is has
