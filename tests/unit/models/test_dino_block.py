"""A block over many tokens, by rows and packed weights, against transformers' own forward pass of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import Dinov2Config, Dinov2Model, ViTConfig, ViTModel

from bench.models import dino_block
from bench.models.dino_block import run_block
from bench.system import products

SIZES: dict[str, Any] = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 3}


def make_block(family: str, activation: str) -> Any:
    """A block whose weights and biases are not small, with DINOv2's scales of the residuals and either kind of MLP."""
    torch.manual_seed(0)
    if family == "vit":
        config: Any = ViTConfig(**SIZES, intermediate_size=40, hidden_act=activation)
        block = ViTModel(config, add_pooling_layer=False).eval().layers[0]
    else:
        config = Dinov2Config(**SIZES, mlp_ratio=2, hidden_act=activation, use_swiglu_ffn=family == "swiglu")
        block = Dinov2Model(config).eval().encoder.layer[0]
    for parameter in block.parameters():
        parameter.requires_grad_(False).normal_(0, 0.5)
    products.use_multiply(block)
    return block


@pytest.fixture
def packed(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor | None]:
    """Weights of any size are packed, for blocks of 16 tokens; what `pack` gave."""
    made: list[torch.Tensor | None] = []
    pack = dino_block.pack
    monkeypatch.setattr(products, "LEAST", 1)
    monkeypatch.setattr(dino_block, "ROWS", 16)
    monkeypatch.setattr(dino_block, "PACKED_FROM", 1)
    monkeypatch.setattr(dino_block, "pack", lambda *given, **named: made.append(pack(*given, **named)) or made[-1])
    return made


@pytest.mark.parametrize(("family", "count"), [("vit", 6), ("dinov2", 6), ("swiglu", 4)])
@pytest.mark.parametrize("activation", ["gelu", "gelu_pytorch_tanh", "relu"])
@pytest.mark.parametrize("tokens", [1, 16, 50])
@torch.no_grad()
def test_a_block_is_transformers_own(
    family: str, activation: str, count: int, tokens: int, packed: list[torch.Tensor | None]
) -> None:
    block, x = make_block(family, activation), torch.randn(1, tokens, 24, generator=torch.Generator().manual_seed(1))
    before = x.clone()
    with products.leave_to_torch():
        expected = block(x)
    torch.testing.assert_close(run_block(block, x), expected, atol=2e-5, rtol=1e-5)
    assert torch.equal(x, before)
    assert len(packed) == (4 if activation == "relu" else count) and all(weight is not None for weight in packed)


@torch.no_grad()
def test_few_tokens_share_no_packed_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    """To pack takes longer than it saves: `PACKED_FROM` tokens are needed."""
    monkeypatch.setattr(dino_block, "pack", lambda *_, **__: pytest.fail("packed"))
    run_block(make_block("vit", "gelu"), torch.ones(1, 197, 24))


@torch.no_grad()
def test_blocks_that_share_room_make_the_same(packed: list[torch.Tensor | None]) -> None:
    """Queries, keys and values of the second block are written over those of the first; tokens are its own."""
    block, x = make_block("vit", "gelu"), torch.randn(1, 50, 24, generator=torch.Generator().manual_seed(1))
    room: list[torch.Tensor] = []
    first = run_block(block, x, room)
    places, kept = [part.data_ptr() for part in room], first.clone()
    second = run_block(block, first, room)
    assert len(places) == 3 and places == [part.data_ptr() for part in room] and packed
    assert torch.equal(first, kept) and torch.equal(first, run_block(block, x))
    assert torch.equal(second, run_block(block, kept))
