"""A block's MLP with its activation behind the first product, against the modules in float64."""

from __future__ import annotations

import copy

import open_clip
import pytest
import torch
from torch import Tensor, nn

from bench.models.blocks import Block
from bench.models.perceptron import Perceptron
from bench.system import products
from bench.system.products import leave_to_torch

ACTIVATIONS = {
    "quick": open_clip.transformer.QuickGELU,
    "gelu": nn.GELU,
    "tanh": lambda: nn.GELU(approximate="tanh"),
}


@pytest.fixture(autouse=True)
def every_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "LEAST", 1)


def make_block(activation: str, scale: float | None = 0.3, width: int = 24) -> nn.Module:
    """A block of random weights with a layer scale, or none, behind the MLP."""
    torch.manual_seed(0)
    block = open_clip.transformer.ResidualAttentionBlock(
        width, 2, 3.0, ls_init_value=scale, act_layer=ACTIVATIONS[activation]
    )
    for parameter in block.parameters():
        nn.init.normal_(parameter, mean=0.2, std=0.4)
    return block.eval().requires_grad_(False)


def run_modules(block: nn.Module, x: Tensor, heads: Tensor) -> Tensor:
    """The rest of the block, part by part, in float64."""
    exact = copy.deepcopy(block).double()
    x = x.double() + exact.ls_1(exact.attn.out_proj(heads.double()))
    return x + exact.ls_2(exact.mlp(exact.ln_2(x)))


@pytest.mark.parametrize("packed_from", [1, 1 << 18])
@pytest.mark.parametrize("shape", [(1, 24), (5, 24), (2, 45, 24)])
@pytest.mark.parametrize("scale", [None, 0.3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_block_is_its_modules(
    activation: str, scale: float | None, shape: tuple[int, ...], packed_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of 90 rows, which are filled up to 96, and with packed weights."""
    monkeypatch.setattr(products, "PACKED_FROM", packed_from)
    block = make_block(activation, scale)
    x, heads = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
    expected = run_modules(block, x, heads)
    for parts in (Block.read(block), Block.read(block, shared_by=90)):
        made = parts.leave(x, heads)
        assert made.shape == x.shape and made.dtype == torch.float32
        torch.testing.assert_close(made.double(), expected, atol=2e-6 * expected.abs().max().item(), rtol=1e-6)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_block_in_bfloat16_is_as_near_as_its_modules(activation: str) -> None:
    """To float64 of the same rounded weights: what is multiplied into the norm is rounded with its output."""
    block = make_block(activation, None, width=64).bfloat16()
    x, heads = torch.randn(2, 200, 64, generator=torch.Generator().manual_seed(1)).bfloat16()
    expected, parts = run_modules(block, x, heads), Block.read(block)
    with leave_to_torch():
        plain = parts.leave(x, heads)
    error, plain_error = ((made.double() - expected).square().mean().sqrt() for made in (parts.leave(x, heads), plain))
    assert 0 < error <= 1.05 * plain_error


def test_a_row_keeps_its_bits_among_any_number_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "PACKED_FROM", 1)
    for activation in ACTIVATIONS:
        block = make_block(activation, None)
        x, heads = torch.randn(2, 100, 24, generator=torch.Generator().manual_seed(1))
        for parts in (Block.read(block), Block.read(block, shared_by=100)):
            whole = parts.leave(x, heads)
            for rows in (2, 17, 64, 90):
                assert torch.equal(parts.leave(x[:rows], heads[:rows]), whole[:rows])


def test_other_layers_are_called_as_they_are() -> None:
    """An activation oneDNN has not, a layer more, a norm without weights: no perceptron, and the modules' numbers."""
    norm, linear = nn.LayerNorm(24), (nn.Linear(24, 72), nn.Linear(72, 24))
    for mlp in (
        nn.Sequential(linear[0], nn.ReLU(), linear[1]),
        nn.Sequential(linear[0], nn.GELU(), linear[1], nn.Dropout()),
        nn.Sequential(nn.Identity(), nn.GELU(), linear[1]),
    ):
        assert Perceptron.read(norm, mlp) is None
    fitting = nn.Sequential(linear[0], nn.GELU(), linear[1])
    assert Perceptron.read(nn.LayerNorm(24, elementwise_affine=False), fitting) is None
    assert Perceptron.read(norm, fitting) is not None
    block = make_block("gelu")
    block.mlp[1] = nn.ReLU()
    x, heads = torch.randn(2, 5, 24, generator=torch.Generator().manual_seed(1))
    made = Block.read(block).leave(x, heads).double()
    torch.testing.assert_close(made, run_modules(block, x, heads), atol=1e-4, rtol=1e-5)


def test_a_gradient_goes_through_the_modules() -> None:
    """Products of oneDNN have none."""
    block, x = make_block("quick"), torch.randn(5, 24, requires_grad=True)
    Block.read(block).add_mlp(x).sum().backward()
    exact = x.detach().requires_grad_()
    (exact + block.ls_2(block.mlp(block.ln_2(exact)))).sum().backward()
    torch.testing.assert_close(x.grad, exact.grad)
