"""Masked attention head by head, by oneDNN's products as at the paper's size: float64, the loops, who reads what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from bench.encode.attention import Attention
from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.layers import Layer
from bench.encode.masked import Masked
from bench.encode.masking import MaskedEncoder
from bench.encode.weighing import measure_cosines, sum_under, weigh_, weigh_heads, write_means
from bench.encode.weighing_loops import FARTHEST
from bench.models.blocks import Block
from bench.system import products
from tests.unit.encode import loop_oracle, tiny
from tests.unit.encode.test_encode import SHAPES, pixel_means


@pytest.fixture(autouse=True)
def every_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of any size are oneDNN's, and matrices of any size are packed."""
    monkeypatch.setattr(products, "LEAST", 1)
    monkeypatch.setattr(products, "PACKED_FROM", 1)


def draw_heads(queries: int, tokens: int, dtype: torch.dtype) -> Iterator[torch.Tensor]:
    """Views such as heads of packed products are, 3 of 8 dimensions."""
    generator = torch.Generator().manual_seed(0)
    for rows in (queries, tokens, tokens):
        yield torch.randn(rows, 3, 8, generator=generator).to(dtype).transpose(0, 1)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("factor", [1, 300])
@pytest.mark.parametrize(("queries", "tokens"), [(1, 7), (50, 50), (33, 90)])
def test_means_under_masks_are_those_of_float64(queries: int, tokens: int, factor: int, count: int) -> None:
    """Also where exponentials of the logits would overflow: they reach some 1,000."""
    query, key, value = draw_heads(queries, tokens, torch.float32)
    query = factor * query
    masks = torch.rand(count, tokens, generator=torch.Generator().manual_seed(1))
    masks[:, 0] = 1
    weights = (query.double() @ key.double().transpose(-1, -2) / 8**0.5).softmax(-1) * masks[:, None, None].double()
    expected = weights @ value.double() / weights.sum(-1, keepdim=True)
    made = torch.full((count, queries, 3, 8), torch.nan)
    write_means(weigh_heads(query, key, masks), value, masks, made)
    torch.testing.assert_close(made.transpose(1, 2).double(), expected, atol=factor * 1e-5, rtol=1e-5)


def test_means_in_bfloat16_round_weights_and_values_alone() -> None:
    """Logits and sums of weights are float32; means of ones are off by what a numerator is rounded by, either way."""
    query, key, value = draw_heads(50, 90, torch.bfloat16)
    masks = torch.stack([torch.ones(90), torch.linspace(1, 0, 90)])
    centered = (key.double() - key.double().mean(-2, keepdim=True)).bfloat16().double()
    logits = (query.float() / 8**0.5).bfloat16().double() @ centered.transpose(-1, -2)
    weights = logits.softmax(-1) * masks[:, None, None].double()
    expected = weights @ value.double() / weights.sum(-1, keepdim=True)
    made = torch.empty(2, 50, 3, 8)
    write_means(weigh_heads(query, key, masks), value, masks, made)
    torch.testing.assert_close(made.transpose(1, 2).double(), expected, atol=0.012, rtol=0.006)
    ones = torch.ones_like(value)
    write_means(weigh_heads(query, key, masks), ones, masks, made)
    assert ((made - 1).mean((1, 2, 3)).abs() < 2**-11).all() and (made - 1).abs().amax() < 1.1 * 2**-8  # of numerators


def test_weights_and_their_sums_are_those_of_float64_whatever_the_size_of_logits() -> None:
    x = 40 * torch.randn(9, 33, generator=torch.Generator().manual_seed(0))
    x[3] -= 1e6
    x[4] = -torch.inf
    x[5, 7], x[5, 8] = 1e30, -1e30
    x[4, 30] = 0.0
    masks = torch.rand(3, 33, generator=torch.Generator().manual_seed(1))
    masks[:, 0] = 1
    expected = 2.0**86 * (0.25 * (x.double() - x.double().amax(-1, keepdim=True))).clamp_min(FARTHEST).exp()
    sums = weigh_(x, masks, 0.25)
    torch.testing.assert_close(x.double(), expected, rtol=1e-5, atol=0)
    torch.testing.assert_close(sums.double(), expected @ masks.double().t(), rtol=1e-5, atol=0)
    torch.testing.assert_close(sum_under(x, masks), sums)
    rounded = sum_under(x.bfloat16(), masks)
    torch.testing.assert_close(rounded.double(), x.bfloat16().double() @ masks.double().t(), rtol=1e-5, atol=0)


def test_a_row_of_logits_with_nan_stays_so_and_no_other() -> None:
    x = torch.tensor([[0.0, -torch.nan, 1.0], [0.0, torch.nan, 1.0], [0.0, -1.0, 1.0]])
    sums = weigh_(x, torch.ones(1, 3))
    assert sums.isnan().flatten().tolist() == [True, True, False] and x[2, 2] == 2.0**86


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("gap", [70, 86, 100, 120])
def test_a_mask_that_sees_nothing_near_the_largest_logit_has_its_means(gap: float, dtype: torch.dtype) -> None:
    """Logits beyond it are 70 to 120 more than any that it sees, which themselves differ by some 3."""
    query, key, value = (part.contiguous() for part in draw_heads(20, 90, torch.float32))
    query[..., 0], key[..., 0] = 8**0.5, 0
    key[:, 40:, 0] = gap
    query, key, value = (part.to(dtype) for part in (query, key, value))
    masks = torch.ones(2, 90)
    masks[0, 40:] = 0
    logits = query.double() @ key.double().transpose(-1, -2) / 8**0.5
    expected = torch.stack([logits[..., :40].softmax(-1) @ value.double()[:, :40], logits.softmax(-1) @ value.double()])
    made = torch.empty(2, 20, 3, 8)
    write_means(weigh_heads(query, key, masks), value, masks, made)
    close = 1e-5 if dtype == torch.float32 else 0.015
    torch.testing.assert_close(made.transpose(1, 2).double(), expected, atol=close, rtol=close)


def test_a_mask_without_any_token_has_means_of_0() -> None:
    """Such are the masks that fill a micro-batch up."""
    query, key, value = draw_heads(4, 7, torch.float32)
    masks, made = torch.zeros(1, 7), torch.empty(1, 4, 3, 8)
    write_means(weigh_heads(query, key, masks), value, masks, made)
    assert (made == 0).all()


def test_cosines_are_those_of_torch() -> None:
    x = torch.randn(3, 5, 37, generator=torch.Generator().manual_seed(0))
    x[1, 2] = 0
    for y in (torch.randn(1, 5, 37), torch.randn(3, 5, 37)):
        expected = torch.nn.functional.cosine_similarity(x.double(), y.double(), dim=-1)
        torch.testing.assert_close(measure_cosines(x, y).double(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("start_layer", [1, 3])
def test_both_variants_are_the_equations(shape: str, start_layer: int) -> None:
    clip, sample, mask = tiny.clip(), tiny.sample(), SHAPES[shape]
    share, pixels = pixel_means(mask), tiny.preprocess(sample.image)
    found = GlobalSubtraction(clip, start_layer, sigma2=1.5)(sample, mask[None])
    vector, s, w = loop_oracle.embed(clip.visual, pixels, share, start_layer, "gsub", 1.5)
    np.testing.assert_allclose(found.vectors[0], vector, atol=1e-4)
    np.testing.assert_allclose(found.saliency[0], np.concatenate(s), atol=1e-5)
    np.testing.assert_allclose(found.weight[0], np.concatenate(w), atol=1e-5)
    vector, *_ = loop_oracle.embed(clip.visual, pixels, share, start_layer, "masked")
    np.testing.assert_allclose(Masked(clip, start_layer)(sample, mask[None]).vectors[0], vector, atol=1e-4)


@pytest.mark.parametrize(("variant", "micro_batch"), [(GlobalSubtraction, 1), (GlobalSubtraction, 2), (Masked, 1)])
def test_an_embedding_keeps_its_bits_beside_others(variant: type[MaskedEncoder], micro_batch: int) -> None:
    clip, sample, masks = tiny.clip(), tiny.sample(), np.stack(list(SHAPES.values()))
    encoder = variant(clip, 2, micro_batch=micro_batch)
    together = encoder(sample, masks).vectors
    for at, mask in enumerate(masks):
        np.testing.assert_array_equal(encoder(sample, mask[None]).vectors[0], together[at])
        np.testing.assert_array_equal(encoder(sample, masks[at:]).vectors[0], together[at])


def test_weights_of_all_heads_are_held_only_where_they_are_shared_or_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the paper's variants in the first masked layer alone; a variant that reads them gets them, and equal means."""
    held: list[tuple[str, int]] = []

    def watch(name: str) -> property:
        kept = vars(Layer)[name].func

        def get(layer: Layer) -> Any:
            if name not in vars(layer):
                held.append((name, layer.number))
                vars(layer)[name] = kept(layer)
            return vars(layer)[name]

        return property(get)

    class Reader(MaskedEncoder):
        def mix(self, attention: Attention) -> torch.Tensor:
            assert attention.exponential.shape[-1] == 13
            return attention.masked

    for name in ("exponential", "_shared"):
        monkeypatch.setattr(Layer, name, watch(name))
    clip, sample, masks = tiny.clip(), tiny.sample(), np.stack(list(SHAPES.values())[1:3])
    GlobalSubtraction(clip, 2)(sample, masks)
    assert held == [("_shared", 2)]
    held.clear()
    read = Reader(clip, 2)(sample, masks)
    assert held == [("exponential", number) for number in (2, 3, 3, 4, 4)]  # side by side
    np.testing.assert_allclose(read.vectors, Masked(clip, 2)(sample, masks).vectors, atol=1e-5)


def test_a_layer_is_packed_once_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its four matrices, however many segments; the trunk's layers, which run once, are not."""
    packed: list[Any] = []
    pack = products.pack
    monkeypatch.setattr("bench.models.blocks.pack", lambda *given: packed.append(given) or pack(*given))
    clip, sample, masks = tiny.clip(), tiny.sample(), np.stack(list(SHAPES.values()))
    GlobalSubtraction(clip, 3)(sample, masks)
    assert len(packed) == 2 * 4 and {rows for _, rows in packed} == {13}
    assert all(Block.read(block)._pack("join", clip.visual.proj) is None for block in clip.visual.transformer.resblocks)
