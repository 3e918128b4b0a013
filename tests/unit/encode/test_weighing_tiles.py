"""Masked means in bfloat16 by tiles of our own, against float64 and beside those by exponentials that are kept."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import open_clip
import pytest
import torch
from torch import Tensor

from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.weighing import average_heads, weigh_heads, write_means
from bench.system import attention_tiles, products, rowwise
from bench.system.attention_tiles import SIZE
from tests.unit.encode import tiny
from tests.unit.encode.test_encode import SHAPES


@pytest.fixture(autouse=True)
def every_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles are used whether they pay or not, and products of any size are oneDNN's."""
    monkeypatch.setattr(attention_tiles, "pays", lambda: True)
    monkeypatch.setattr(products, "LEAST", 1)


def draw_heads(queries: int, tokens: int, deviation: float = 1) -> list[Tensor]:
    """Views such as heads of packed products are, 3 of 64 dimensions."""
    generator = torch.Generator().manual_seed(0)
    drawn = [torch.randn(rows, 3, SIZE, generator=generator).transpose(0, 1) for rows in (queries, tokens, tokens)]
    return [(factor * part).bfloat16() for factor, part in zip((deviation, 1, 1), drawn, strict=True)]


def draw_masks(tokens: int) -> Tensor:
    """All tokens, fewer and fewer of each, some, and the first one alone."""
    masks = torch.stack([torch.ones(tokens), torch.linspace(1, 0, tokens), torch.ones(tokens), torch.zeros(tokens)])
    masks[2, tokens // 2 :], masks[:, 0] = 0, 1
    return masks


def compute_exactly(query: Tensor, key: Tensor, value: Tensor, masks: Tensor) -> Tensor:
    """Compute the means of values under masks, [k, Q, H, D]."""
    logits = query.double() @ key.double().transpose(-1, -2) / query.shape[-1] ** 0.5
    seen = logits + masks.double().log()[:, None, None]
    return (seen.softmax(-1) @ value.double()).transpose(1, 2)


@pytest.mark.parametrize("deviation", [1, 5, 12])
@pytest.mark.parametrize(("queries", "tokens"), [(1, 7), (50, 64), (33, 130), (90, 257)])
def test_means_under_masks_are_those_of_float64(queries: int, tokens: int, deviation: float) -> None:
    """No further off than by kept exponentials; logits of deviation 12 are not all within reach of tiles."""
    heads, masks = draw_heads(queries, tokens, deviation), draw_masks(tokens)
    expected = compute_exactly(*heads, masks)
    made, kept = (torch.full((4, queries, 3, SIZE), torch.nan) for _ in range(2))
    average_heads(*heads, masks, made)
    write_means(weigh_heads(*heads[:2], masks), heads[2], masks, kept)
    ours, theirs = ((part.double() - expected).abs() for part in (made, kept))
    assert ours.square().mean().sqrt() <= 1.1 * theirs.square().mean().sqrt() + 1e-4
    assert (ours <= 2.0**-8 * (1 + expected.abs() + heads[2].double().abs().max())).all()


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("gap", [30, 70, 100, 120])
def test_a_mask_that_sees_nothing_near_the_largest_logit_has_its_means(gap: float, first: bool) -> None:
    """Logits beyond it are 30 to 120 more than any that it sees, which differ by some 3; they come first, or last."""
    query, key, value = draw_heads(20, 190)
    query[..., 0], key[..., 0] = 8, 0
    hidden = slice(0, 90) if first else slice(100, 190)
    key[:, hidden, 0] = gap
    masks = torch.ones(2, 190)
    masks[0, hidden] = 0
    made = torch.empty(2, 20, 3, SIZE)
    far = attention_tiles.average_heads(query, key, value, masks, made)
    assert far.all() if gap > (50 if first else 90) else not far.any()
    average_heads(query, key, value, masks, made)
    expected = compute_exactly(query, key, value, masks)
    torch.testing.assert_close(made.double(), expected, atol=0.015, rtol=0.015)


@pytest.mark.parametrize("share", [0.3, 0.35, 1 / 3])
def test_masks_of_parts_favour_no_value(share: float) -> None:
    """All tokens in part, one in part, and less than half of each: values are off to either side alike."""
    query, key, value = draw_heads(20, 130)
    value, masks = value.abs() + 1, torch.zeros(3, 130)
    masks[0], masks[1, 77], masks[2] = share, share, torch.linspace(0, share, 130)
    made = torch.empty(3, 20, 3, SIZE)
    assert not attention_tiles.average_heads(query, key, value, masks, made).any()
    off = made.double() / compute_exactly(query, key, value, masks) - 1
    assert off.abs().max() < 2**-7 and (off.mean((1, 2, 3)).abs() < 6e-4).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_means_of_more_queries_than_go_at_once(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """1030 by some threads: the same bits as a few, and of the last ones one row has no result."""
    query, key, value = draw_heads(1030, 70)
    masks, made, few = draw_masks(70)[:3], torch.full((3, 1030, 3, SIZE), torch.nan), torch.empty(3, 10, 3, SIZE)
    query[1, 1027] = 16 * key[1, 50]  # which the third mask does not see
    monkeypatch.setattr(rowwise, "LEAST", 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    far = attention_tiles.average_heads(query, key, value, masks, made)
    assert far.nonzero().tolist() == [[1, 1027]]
    for first in (0, 340, 1020):
        attention_tiles.average_heads(query[:, first : first + 10], key, value, masks, few)
        alike = ~far[:, first : first + 10].T
        assert torch.equal(made[:, first : first + 10][:, alike], few[:, alike])


def test_a_mask_without_any_token_has_means_of_0_and_costs_nothing_else() -> None:
    heads, masks = draw_heads(9, 70), torch.stack([torch.zeros(70), torch.ones(70)])
    made = torch.empty(2, 9, 3, SIZE)
    assert not attention_tiles.average_heads(*heads, masks, made).any()
    assert (made[0] == 0).all()
    torch.testing.assert_close(made[1].double(), compute_exactly(*heads, masks[1:])[0], atol=0.01, rtol=0.01)


def test_a_row_has_the_same_bits_beside_rows_that_are_computed_once_more() -> None:
    query, key, value = draw_heads(50, 130)
    masks, made, beside = draw_masks(130), torch.empty(4, 50, 3, SIZE), torch.empty(4, 50, 3, SIZE)
    average_heads(query, key, value, masks, made)
    odd = query.clone()
    odd[:, 1::3] *= 1000
    assert attention_tiles.average_heads(odd, key, value, masks, beside)[:, 1::3].any()
    average_heads(odd, key, value, masks, beside)
    assert torch.equal(made[:, ::3], beside[:, ::3]) and not torch.equal(made[:, 1::3], beside[:, 1::3])
    average_heads(query[:, 7:12], key, value, masks, beside[:, :5])
    assert torch.equal(beside[:, :5], made[:, 7:12])


def test_a_query_that_is_no_number_has_no_means_and_no_other_row_is_touched() -> None:
    query, key, value = draw_heads(9, 70)
    masks, made, expected = draw_masks(70), torch.empty(4, 9, 3, SIZE), torch.empty(4, 9, 3, SIZE)
    average_heads(query, key, value, masks, expected)
    query = query.clone()
    query[1, 4, 5] = torch.nan
    average_heads(query, key, value, masks, made)
    assert made[:, 4, 1].isnan().all()
    made[:, 4, 1] = expected[:, 4, 1]
    assert torch.equal(made, expected)


def test_an_encoder_in_bfloat16_takes_attention_and_masked_means_from_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tower of two heads of 64 dimensions: as near to float32 as without tiles."""
    torch.manual_seed(0)
    visual = open_clip.transformer.VisionTransformer(
        image_size=(9, 12), patch_size=3, width=2 * SIZE, layers=4, heads=2, mlp_ratio=2.0, output_dim=8
    ).eval()
    sample, masks = tiny.sample(), np.stack(list(SHAPES.values()))

    def embed(dtype: torch.dtype) -> np.ndarray:
        own = {"visual": visual.to(dtype), "dtype": dtype, "preprocess": lambda image: tiny.preprocess(image).to(dtype)}
        clip = SimpleNamespace(**vars(tiny.clip()) | own)
        return GlobalSubtraction(clip, 2)(sample, masks).vectors

    exact, called = embed(torch.float32), list[str]()
    for name in ("attend_heads", "average_heads"):
        made = getattr(attention_tiles, name)
        monkeypatch.setattr(attention_tiles, name, lambda *given, n=name, made=made: called.append(n) or made(*given))
    by_tiles = embed(torch.bfloat16)
    assert called.count("attend_heads") == 1 and called.count("average_heads") == 2 * len(masks)
    monkeypatch.setattr(attention_tiles, "pays", lambda: False)
    without = embed(torch.bfloat16)
    off, own = (np.abs(made - exact).max() / np.abs(exact).max() for made in (by_tiles, without))
    assert 0 < off <= 1.5 * own + 2**-8 and not np.array_equal(by_tiles, without)
