"""Attention with logits that are rounded to bfloat16, against float64 and torch's own: where a row's weight lies."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from bench.system import attention, attention_bfloat16, attention_tiles
from bench.system.attention import attend, bound, scale
from bench.system.attention_bfloat16 import FARTHEST

pytestmark = pytest.mark.usefixtures("every_product")


@pytest.fixture(autouse=True)
def few_keys_count_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "MANY", 1)
    monkeypatch.setattr(attention_tiles, "pays", lambda: False)


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def compute_exactly(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    logits = query.double() @ key.double().transpose(-1, -2) / query.shape[-1] ** 0.5
    return logits.softmax(-1) @ value.double()


def draw_peaks(tokens: int, logit: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Heads in which each query has about that logit with two keys of its own, equally far from either, of many."""
    key = functional.normalize(draw(1, 3, tokens, 64), dim=-1)
    query = functional.normalize(key + key.roll(7, dims=2), dim=-1)
    return (query * 2**0.5 * logit).bfloat16(), (8 * key).bfloat16(), draw(1, 3, tokens, 64, seed=1).bfloat16()


@pytest.mark.parametrize("blocks", [(2048, 1024), (128, 64)])
@pytest.mark.parametrize("logit", [1, 20, 50])
@torch.no_grad()
def test_two_keys_with_logits_far_above_all_others(
    logit: float, blocks: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounded as they are, logits of 50 would be off by an eighth; what they give is off by about torch's own."""
    monkeypatch.setattr(attention_bfloat16, "ROWS", blocks[0])
    monkeypatch.setattr(attention_bfloat16, "KEYS", blocks[1])
    query, key, value = draw_peaks(577, logit)
    assert bound(scale(query[0, 0]), key[0, 0]) <= FARTHEST
    expected = compute_exactly(query, key, value)
    off, own = (
        made(query, key, value).double() - expected for made in (attend, functional.scaled_dot_product_attention)
    )
    assert off.square().mean().sqrt() <= 2 * own.square().mean().sqrt()
    assert off.abs().max() <= 3 * own.abs().max()


@torch.no_grad()
def test_keys_that_the_sample_missed_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits of 40 and 39.9 beside zeros, which bfloat16 takes for one: weights of 0.525 and 0.475."""
    key, value = torch.zeros(1, 1, 256, 64), torch.zeros(1, 1, 256, 64)
    key[0, 0, 5, :2], key[0, 0, 7, :2] = torch.tensor([40.0, 0]), torch.tensor([40, -0.1])
    value[0, 0, 5], value[0, 0, 7] = 1, -1
    query = torch.zeros(1, 1, 48, 64)
    query[..., :2] = 8
    query[0, 0, 30:] = 0  # rows that see all alike stay as they are
    query, key, value = query.bfloat16(), key.bfloat16(), value.bfloat16()
    expected = compute_exactly(query, key, value)
    assert (attend(query, key, value).double() - expected).abs().max() < 0.004
    monkeypatch.setattr(attention_bfloat16._Rows, "_find_far", lambda self, added: torch.arange(0))
    assert (attend(query, key, value).double() - expected).abs().max() > 0.04


@pytest.mark.parametrize("logit", [-3900, -2900, -1000, 1000, 2000, 2500, 2900, 3900])
@torch.no_grad()
def test_what_all_keys_share_costs_no_digit(logit: float) -> None:
    """Logits that differ by some 4 from a number that bfloat16 rounds by up to 8: it goes before they are rounded."""
    query, key, value = (draw(3, 1, 2, 200, 64) * torch.tensor([0.2, 5, 1]).view(3, 1, 1, 1, 1)).bfloat16()
    query[..., 0], key[..., 0] = torch.linspace(7, 8, 200), logit
    assert 0.9 * abs(logit) < bound(scale(query[0, 0]), key[0, 0]) <= FARTHEST
    expected = compute_exactly(query, key, value)
    off, own = (
        made(query, key, value).double() - expected for made in (attend, functional.scaled_dot_product_attention)
    )
    assert off.square().mean().sqrt() <= 2 * own.square().mean().sqrt()
    assert off.abs().max() <= 3.5 * own.abs().max()


@pytest.mark.parametrize("spread", [0, 1])
@pytest.mark.parametrize("at", [5, 4093])
@pytest.mark.parametrize("logit", [5.5, 7.6, 8.3, 9.5, 12, 20, 40])
@torch.no_grad()
def test_a_key_beyond_the_sample_is_off_by_what_is_stated(logit: float, at: int, spread: float) -> None:
    """A weight of share p by p (1 - p) / 32 of how far its value lies from the others', beside about torch's own."""
    key, value = spread * draw(1, 1, 4096, 64), draw(1, 1, 4096, 64, seed=1).bfloat16()
    key[..., 0], key[0, 0, at] = 0, 0
    key[0, 0, at, 0] = logit
    query = draw(1, 1, 64, 64, seed=2)
    query[..., 0] = torch.linspace(7.8, 8, 64)
    query, key = query.bfloat16(), key.bfloat16()
    weights = (query.double() @ key.double().transpose(-1, -2) / 8).softmax(-1)
    share, expected = weights[..., at, None], weights @ value.double()
    others = (expected - share * value[:, :, at, None]) / (1 - share).clamp_min(1e-12)
    stated = share * (1 - share) / 32 * (value[:, :, at, None].double() - others).abs()
    off, own = (
        (made(query, key, value).double() - expected).abs()
        for made in (attend, functional.scaled_dot_product_attention)
    )
    assert (off <= stated + 3 * own.max().clamp_min(2**-9 * expected.abs().max())).all()


@torch.no_grad()
def test_a_row_is_the_same_beside_rows_that_are_shifted_once_more() -> None:
    query, key, value = draw_peaks(300, 30)
    calm = query.clone()
    calm[:, :, 150:] = 0
    assert torch.equal(attend(calm, key, value)[:, :, :150], attend(query, key, value)[:, :, :150])


@torch.no_grad()
def test_no_overflow_where_a_later_key_is_as_far_away_as_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """All keys of the sample have logits of -126, one of the last block 126: a difference beyond exp's range."""
    monkeypatch.setattr(attention_bfloat16, "KEYS", 64)
    key, value = torch.zeros(1, 1, 256, 64), draw(1, 1, 256, 64)
    key[..., 0], key[0, 0, 250, 0] = -126, 126
    query = torch.zeros(1, 1, 16, 64)
    query[..., 0] = 8
    assert bound(scale(query[0, 0]), key[0, 0]) == 126
    made = attend(query.bfloat16(), key.bfloat16(), value.bfloat16())
    assert torch.equal(made, value.bfloat16()[:, :, 250:251].expand_as(made))
