"""Segments that share a layer's products: the bits that each has alone where products keep them, fewer products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from bench.encode import together
from bench.encode.attention import Attention
from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.layers import Layer
from bench.encode.masked import Masked
from bench.encode.masking import MaskedEncoder
from bench.encode.together import count_together
from bench.models.blocks import Block
from bench.system import products
from tests.unit.encode import tiny
from tests.unit.encode.test_encode import SHAPES

MASKS = np.stack(list(SHAPES.values()))
TOKENS = 13


@pytest.fixture(autouse=True)
def every_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of any size are oneDNN's; nothing is known of them yet."""
    monkeypatch.setattr(products, "LEAST", 1)
    monkeypatch.setattr(products, "PACKED_FROM", 1)
    monkeypatch.setattr(together, "_KNOWN", {})


class Halved(MaskedEncoder):
    """All layers as usual, an attention of its own."""

    def mix(self, attention: Attention) -> torch.Tensor:
        return attention.masked - attention.unmasked[:, :, :1] / 2


class Patches(GlobalSubtraction):
    """Patches leave the last layer, too."""

    pools_patches = True

    def pool(self, tokens: torch.Tensor, segments: Any, plain: Any) -> torch.Tensor:
        return self.clip.visual.ln_post(tokens).mean(1) @ self.clip.visual.proj


class Finished(Halved):
    """A way out of its own."""

    def finish(self, layer: Layer, heads: torch.Tensor) -> torch.Tensor:
        return layer.finish(heads) / 2


def embed(variant: Callable[..., Any], rows: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Any:
    monkeypatch.setattr(together, "ROWS", rows)
    return variant(tiny.clip(), 2, **options)(tiny.sample(), MASKS)


@pytest.mark.parametrize("variant", [GlobalSubtraction, Halved, Patches, Finished, Masked])
@pytest.mark.parametrize("together_at", [2, 3, len(MASKS)])
def test_a_segment_has_the_bits_that_it_has_alone(
    variant: type[MaskedEncoder], together_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that are left over, and with saliency and weight."""
    alone = embed(variant, 0, monkeypatch)
    shared = embed(variant, together_at * TOKENS, monkeypatch)
    for one, other in zip(vars(alone).values(), vars(shared).values(), strict=True):
        assert one.tobytes() == other.tobytes()
    assert alone.vectors.std() > 0


def test_micro_batches_share_products_too(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = embed(GlobalSubtraction, 0, monkeypatch, micro_batch=2).vectors
    assert embed(GlobalSubtraction, 4 * TOKENS, monkeypatch, micro_batch=2).vectors.tobytes() == alone.tobytes()


def count_products(variant: type[MaskedEncoder], rows: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of each product with the matrix of queries, keys and values behind the first masked layer."""
    counted: list[int] = []
    project = Block.project
    encoder = variant(tiny.clip(), 2)
    monkeypatch.setattr(together, "ROWS", rows)
    plain = encoder.open_layers(tiny.sample())
    known, _ = together._keeps_bits, plain.first.query
    with monkeypatch.context() as watched:
        watched.setattr(Block, "project", lambda block, x: counted.append(x[..., 0].numel()) or project(block, x))
        watched.setattr(together, "_keeps_bits", lambda *given: run_apart(counted, known, *given))
        encoder(tiny.sample(), MASKS[:5], plain)
    return counted


def run_apart(counted: list[int], call: Callable[..., Any], *given: Any) -> Any:
    """Call what is not to be counted."""
    before = len(counted)
    made = call(*given)
    del counted[before:]
    return made


def test_two_segments_share_a_product_and_the_fifth_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for variant in (GlobalSubtraction, Halved):
        assert count_products(variant, 2 * TOKENS, monkeypatch) == [26, 26] * 2 + [13, 13]
    assert count_products(GlobalSubtraction, 0, monkeypatch) == [13, 13] * 5


def test_what_is_left_over_shares_products_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there are fewer segments than a product has room for."""
    assert count_products(GlobalSubtraction, 3 * TOKENS, monkeypatch) == [39, 39, 26, 26]
    assert count_products(Halved, 100 * TOKENS, monkeypatch) == [65, 65]


def test_where_tokens_or_ways_out_differ_each_goes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_products(Finished, 2 * TOKENS, monkeypatch) == [13, 13] * 5
    assert max(count_products(Masked, 2 * TOKENS, monkeypatch)) <= TOKENS


def test_products_whose_rows_do_not_keep_their_bits_are_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a library adds up the terms of few rows in another order: the product is asked."""
    add_mlp = Block.add_mlp
    monkeypatch.setattr(Block, "add_mlp", lambda block, x: add_mlp(block, x) + 1e-3 * (x[..., 0].numel() > TOKENS))
    assert count_products(GlobalSubtraction, 2 * TOKENS, monkeypatch) == [13, 13] * 5


@pytest.mark.parametrize("name", ["project", "join", "add_mlp"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_bits_of_every_segment_are_asked_for(name: str, place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three, one alone differs beside the others; two share, whose rows keep their bits."""
    call, other = getattr(Block, name), torch.zeros(3 * TOKENS, 1)
    other[place * TOKENS :][:TOKENS] = 1e-3
    monkeypatch.setattr(Block, name, lambda block, x: call(block, x) + (other if len(x) == len(other) else 0))
    layer = GlobalSubtraction(tiny.clip(), 2).open_layers(tiny.sample()).first
    assert [count_together(layer, parts) for parts in (1, 2, 3, 4)] == [1, 2, 2, 4]
    assert count_together(layer, 3, size=2) == 3, "of 2 sequences each"


def test_small_products_and_other_devices_are_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = GlobalSubtraction(tiny.clip(), 2).open_layers(tiny.sample()).first
    assert count_together(layer, 100) == together.ROWS // TOKENS
    monkeypatch.setattr(products, "LEAST", TOKENS * 16 * 16 + 1)
    assert count_together(layer, 100) == 1
    monkeypatch.setattr(products, "LEAST", 1)
    assert count_together(Layer(layer.tower, 2, layer.tokens.to("meta")), 100) == 1
    monkeypatch.setattr(together, "ROWS", 2 * TOKENS - 1)
    assert count_together(layer, 100) == 1


def test_a_lack_of_memory_ends_in_segments_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = embed(GlobalSubtraction, 0, monkeypatch).vectors
    finish = MaskedEncoder._finish_group

    def lack(encoder: Any, layers: Any, heads: Any) -> Any:
        if len(layers) > 1:
            raise MemoryError
        return finish(encoder, layers, heads)

    monkeypatch.setattr(MaskedEncoder, "_finish_group", lack)
    assert embed(GlobalSubtraction, 4 * TOKENS, monkeypatch).vectors.tobytes() == alone.tobytes()
