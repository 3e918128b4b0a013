"""Attention in blocks against float64: any number of queries, keys and size of logits, and in bfloat16."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from bench.system import attention, attention_bfloat16, attention_tiles
from bench.system.attention import attend


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def draw_heads(queries: int, tokens: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Queries and values are views such as heads of packed products are."""
    return (
        draw(2, queries, 3, 8).transpose(1, 2),
        draw(2, 3, tokens, 8),
        draw(2, tokens, 3, 8).transpose(1, 2),
    )


def set_block(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Let a block have at most as many queries, to the next multiple of 16, and keys."""
    monkeypatch.setattr(attention, "HELD", 4 * most**2)
    monkeypatch.setattr(attention, "KEYS", most)
    monkeypatch.setattr(attention_bfloat16, "ROWS", most)
    monkeypatch.setattr(attention_bfloat16, "KEYS", -(-most // 16) * 16)


@pytest.mark.usefixtures("every_product")
@pytest.mark.parametrize("block", [1, 32, 1024])
@pytest.mark.parametrize("factor", [1, 300])
@pytest.mark.parametrize(("queries", "tokens"), [(1, 7), (50, 50), (130, 33)])
@torch.no_grad()
def test_attention_in_blocks_is_that_of_float64(
    queries: int, tokens: int, factor: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where exponentials of the logits would overflow: they reach some 1,000."""
    query, key, value = draw_heads(queries, tokens)
    query = factor * query
    expected = (query.double() @ key.double().transpose(-1, -2) / 8**0.5).softmax(-1) @ value.double()
    set_block(monkeypatch, block)
    torch.testing.assert_close(attend(query, key, value).double(), expected, atol=factor * 1e-5, rtol=1e-5)


@pytest.mark.usefixtures("every_product")
@torch.no_grad()
def test_what_all_keys_share_costs_attention_no_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logits of some 500 that differ by some 5; with float32's own rounding of them weights would be off by 0.00003."""
    query, key, value = draw_heads(40, 50)
    shared = key + 200 * torch.ones(8)
    expected = (query.double() @ shared.double().transpose(-1, -2) / 8**0.5).softmax(-1) @ value.double()
    seen: list[float] = []
    exponentiate = attention.exponentiate
    monkeypatch.setattr(attention, "exponentiate", lambda *given: seen.append(given[2]) or exponentiate(*given))
    torch.testing.assert_close(attend(query, shared, value).double(), expected, atol=3e-6, rtol=0)
    assert 0 < max(seen) < attention.SAFE


@pytest.mark.usefixtures("every_product")
@pytest.mark.parametrize("many", [1, 1000])
@pytest.mark.parametrize("factor", [1, 3, 40])
@torch.no_grad()
def test_attention_in_bfloat16_is_that_of_its_queries_and_keys(
    factor: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logits rounded to bfloat16 as they are would move weights of factor 3 by some 5 percent."""
    monkeypatch.setattr(attention, "MANY", many)
    query, key, value = (part.bfloat16() for part in draw_heads(50, 90))
    query = factor * query
    known, asked = key.double(), query.float() / 8**0.5
    if factor < 40:  # else float32 to the end
        asked = asked.bfloat16()
        known = known if many == 1 else (known - known.mean(-2, keepdim=True)).bfloat16().double()
    logits = asked.double() @ known.transpose(-1, -2)
    set_block(monkeypatch, 32)
    made = attend(query, key, value)
    assert made.dtype == torch.bfloat16 and made.shape == query.shape
    torch.testing.assert_close(made.double(), logits.softmax(-1) @ value.double(), atol=0.012, rtol=0.006)


@pytest.mark.usefixtures("every_product")
@pytest.mark.parametrize("many", [1, 1000])
@pytest.mark.parametrize(("deviation", "times"), [(1, 3.5), (2, 3.5), (2.6, 3), (30, 2)])
@torch.no_grad()
def test_attention_in_bfloat16_is_about_as_near_to_float64_as_torchs(
    deviation: float, times: float, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random queries and keys: logits of deviation 1, 4, 7 and 900, of which the last are made in float32."""
    monkeypatch.setattr(attention, "MANY", many)
    monkeypatch.setattr(attention_tiles, "pays", lambda: False)
    query, key, value = draw(3, 1, 2, 577, 64).bfloat16()
    query, key = deviation * query, deviation * key
    expected = (query.double() @ key.double().transpose(-1, -2) / 8).softmax(-1) @ value.double()
    off, own = (
        (made(query, key, value).double() - expected).abs().max()
        for made in (attend, functional.scaled_dot_product_attention)
    )
    assert off <= times * own


@pytest.mark.usefixtures("every_product")
@pytest.mark.parametrize(("dtype", "off"), [(torch.float32, 1e-5), (torch.bfloat16, 0.01)])
@torch.no_grad()
def test_a_query_whose_logits_lie_far_below_the_bound_keeps_its_weights(dtype: torch.dtype, off: float) -> None:
    """Keys of +-56 on one axis make the bound 56; the queries of the other axis have logits of +-1 on them."""
    query, key, value = torch.eye(2).repeat(16, 1), torch.eye(2).repeat(16, 1), draw(64, 2)
    key = torch.cat([key * torch.tensor([56.0, 1.0]), key * torch.tensor([-56.0, -1.0])])
    query, key, value = ((part[None, None]).to(dtype) for part in (query * 2**0.5, key, value))
    expected = (query.double() @ key.double().transpose(-1, -2) / 2**0.5).softmax(-1) @ value.double()
    seen = (attention.scale(query).norm(dim=-1).amax() * key.norm(dim=-1).amax()).item()
    assert 55 < seen <= attention.SAFE
    torch.testing.assert_close(attend(query, key, value).double(), expected, atol=off, rtol=off)


@pytest.mark.usefixtures("every_product")
@torch.no_grad()
def test_attention_over_what_is_no_number_is_no_number() -> None:
    query, key, value = draw_heads(5, 7)
    key[0, 0, 3, 2] = torch.nan
    made = attend(query, key, value)
    assert made[0, 0].isnan().all() and made[1].isfinite().all()


@pytest.mark.usefixtures("every_product")
@torch.no_grad()
def test_other_attention_is_torchs() -> None:
    query = draw(1, 2, 5, 8).double()
    assert torch.equal(attend(query, query, query), functional.scaled_dot_product_attention(query, query, query))
