"""Attention by tiles of our own against float64 and torch's own: any number of tokens, wherever weight lies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from bench.system import attention_tiles, pair_loops, rowwise
from bench.system.attention import attend
from bench.system.attention_tiles import SIZE, attend_heads, pays, takes

pytestmark = pytest.mark.usefixtures("every_product")

HALF = 2.0**-8
"""By how much of itself bfloat16 rounds a number at the most."""


@pytest.fixture(autouse=True)
def every_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles are used whether they pay or not."""
    monkeypatch.setattr(attention_tiles, "pays", lambda: True)


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(rowwise, "LEAST", 1)
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def compute_exactly(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    logits = query.double() @ key.double().transpose(-1, -2) / query.shape[-1] ** 0.5
    return logits.softmax(-1) @ value.double()


def find_errors(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Our errors and torch's."""
    expected = compute_exactly(query, key, value)
    ours, own = (
        (made(query, key, value).double() - expected).abs()
        for made in (attend, functional.scaled_dot_product_attention)
    )
    return ours, own


@pytest.mark.parametrize("deviation", [0, 1, 2.6, 30])
@pytest.mark.parametrize(
    ("queries", "keys"),
    [(1, 1), (3, 2), (4, 63), (5, 64), (7, 65), (66, 127), (9, 128), (21, 129), (1, 333), (1030, 70)],
)
@torch.no_grad()
def test_attention_is_as_near_to_float64_as_torchs(queries: int, keys: int, deviation: float) -> None:
    """Logits of deviation 0, 1, 7 and 900; heads lie side by side."""
    query = (deviation * draw(2, queries, 3, SIZE)).bfloat16().transpose(1, 2)
    key = (max(deviation, 1) * draw(2, keys, 3, SIZE, seed=1)).bfloat16().transpose(1, 2)
    value = draw(2, keys, 3, SIZE, seed=2).bfloat16().transpose(1, 2)
    assert takes(query, value)
    made, expected = attend(query, key, value), compute_exactly(query, key, value)
    assert made.dtype == torch.bfloat16 and made.shape == query.shape and made.transpose(1, 2).is_contiguous()
    ours, own = find_errors(query, key, value)
    assert ours.square().mean().sqrt() <= 1.1 * own.square().mean().sqrt() + 1e-5
    assert (ours <= 1.5 * own.max() + HALF * expected.abs()).all()


@pytest.mark.parametrize("logit", [-3900, -2900, 2000, 3900])
@torch.no_grad()
def test_what_all_keys_share_costs_no_digit(logit: float) -> None:
    query, key, value = (draw(3, 1, 2, 200, SIZE) * torch.tensor([0.2, 5, 1]).view(3, 1, 1, 1, 1)).bfloat16()
    query[..., 0], key[..., 0] = torch.linspace(7, 8, 200), logit
    ours, own = find_errors(query, key, value)
    assert ours.max() <= 1.5 * own.max() and ours.square().mean() <= 1.2 * own.square().mean()


@pytest.mark.parametrize("at", [0, 5, 200, 298])
@pytest.mark.parametrize("logit", [5.5, 8.3, 12, 40, 80, 90, 3000])
@torch.no_grad()
def test_one_key_far_above_all_others_wherever_it_is(logit: float, at: int) -> None:
    """Beyond 83 above the first keys a row has no result by tiles, and is computed in float32."""
    key, value = draw(1, 1, 299, SIZE), draw(1, 1, 299, SIZE, seed=1).bfloat16()
    key[..., 0], key[0, 0, at] = 0, 0
    key[0, 0, at, 0] = logit
    query = draw(1, 1, 70, SIZE, seed=2)
    query[..., 0] = torch.linspace(7.8, 8, 70)
    query, key = query.bfloat16(), key.bfloat16()
    far = attend_heads(query[0], key[0], value[0], query.new_empty(70, SIZE))
    assert far.all() if logit > 89 and at > 63 else not far.any()
    ours, own = find_errors(query, key, value)
    assert (ours <= 1.5 * own.max() + HALF * value.double().abs().max()).all()
    assert ours.square().mean().sqrt() <= 1.2 * own.square().mean().sqrt() + 1e-5


@pytest.mark.parametrize("logit", [1e8, 1e10, 1e30])
@torch.no_grad()
def test_logits_whose_shift_float32_does_not_hold(logit: float) -> None:
    """Most rows see one key alone, and none becomes no number."""
    query, key, value = (draw(1, 2, 90, SIZE, seed=seed) for seed in range(3))
    query, key, value = (part.bfloat16() for part in (logit * query, key, value))
    made, expected = attend(query, key, value), compute_exactly(query, key, value)
    torch.testing.assert_close(made.double(), expected, atol=0, rtol=0)
    key[...] = key[:, :, :1]  # the mean of all: no rounding of what they share costs a digit
    rows = attend_heads(query[0], key[0], value[0], query.new_empty(90, 2 * SIZE))
    assert rows.any() if logit > 1e9 else not rows.all()
    made, expected = attend(query, key, value), compute_exactly(query, key, value)
    torch.testing.assert_close(made.double(), expected, atol=2e-3, rtol=0.01)


@torch.no_grad()
def test_weights_down_to_nothing_and_values_of_any_size() -> None:
    """Half of all keys 30 below the first ones, and far below; values of 1e-6, and of 1e6."""
    query, key = torch.zeros(1, 1, 8, SIZE), torch.zeros(1, 1, 256, SIZE)
    query[..., 0], key[..., 128:, 0] = 8, torch.linspace(-30, -3000, 128)
    for size in (1e-6, 1.0, 1e6):
        value = size * draw(1, 1, 256, SIZE)
        ours, own = find_errors(*(part.bfloat16() for part in (query, key, value)))
        assert ours.max() <= 1.1 * own.max() + 1e-9 * size


@torch.no_grad()
def test_a_row_has_the_same_bits_among_any_others(threads: int) -> None:
    """Wherever it is in its tile, whatever thread makes it, and beside rows that are computed once more."""
    query, key, value = draw(3, 1, 2, 300, SIZE).bfloat16()
    whole = attend(query, key, value)
    for first, last in ((0, 1), (1, 2), (3, 11), (7, 300), (298, 300)):
        assert torch.equal(attend(query[:, :, first:last], key, value), whole[:, :, first:last])
    beside = query.clone()
    beside[:, :, 1::3] *= 1000
    assert torch.equal(attend(beside, key, value)[:, :, ::3], whole[:, :, ::3])
    torch.set_num_threads(1)
    assert torch.equal(attend(query, key, value), whole)


@pytest.mark.parametrize("odd", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("at", [3, 150])
@torch.no_grad()
def test_what_is_no_number_stays_so_in_its_row_and_head(odd: float, at: int) -> None:
    query, key, value = draw(3, 1, 2, 200, SIZE).bfloat16()
    expected = attend(query, key, value)
    asked, known, valued = query.clone(), key.clone(), value.clone()
    asked[0, 0, at, 5] = known[0, 0, at, 5] = valued[0, 0, at, 5] = odd
    made = attend(asked, key, value)
    assert made[0, 0, at].isnan().all() and torch.equal(made[0, 1], expected[0, 1])
    assert torch.equal(made[0, 0, :at], expected[0, 0, :at])
    made, own = (
        attend(query, known, value),
        functional.scaled_dot_product_attention(query.float(), known.float(), value.float()),
    )
    assert torch.equal(made.isnan(), own.isnan()) and torch.equal(made[0, 1], expected[0, 1])
    made = attend(query, key, valued)
    assert not made[0, 0, :, 5].isfinite().any() and torch.equal(made[0, 0, :, 6:], expected[0, 0, :, 6:])


@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_a_gradient_reaches_each_of_three(wanted: int) -> None:
    given = list(draw(3, 1, 2, 70, SIZE).bfloat16())
    given[wanted].requires_grad_()
    attend(*given).float().square().sum().backward()
    assert given[wanted].grad is not None and given[wanted].grad.any()


@pytest.mark.parametrize(("pairs", "matrices"), [(True, False), (True, True), (False, False)])
def test_tiles_pay_with_pairs_and_without_a_matrix_unit(
    pairs: bool, matrices: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair_loops, "HAS_PAIRS", pairs)
    monkeypatch.setattr("llvmlite.binding.get_host_cpu_features", lambda: {"amx-bf16": matrices})
    assert pays.__wrapped__() is (pairs and not matrices)


def test_what_is_taken() -> None:
    query = torch.zeros(2, 5, SIZE, dtype=torch.bfloat16)
    assert takes(query, query) and not takes(query.float(), query.float())
    assert not takes(query[..., :32], query) and not takes(query, query[..., :32])
