"""Products by oneDNN against float64, and where they are left to torch."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from bench.system import products
from bench.system.products import multiply


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(1, 1), (16, 40), (3, 5, 40), (2, 3, 5, 7)])
@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("transposed", [False, True])
@torch.no_grad()
def test_a_product_is_that_of_float64(shape: tuple[int, ...], biased: bool, transposed: bool) -> None:
    x, inner = draw(*shape), shape[-1]
    weight = draw(inner, 9).t() if transposed else draw(9, inner)
    bias = draw(9) if biased else None
    expected = x.double() @ weight.double().t() + (0 if bias is None else bias.double())
    made = multiply(x, weight, bias)
    assert made.dtype == torch.float32 and made.shape == (*shape[:-1], 9)
    torch.testing.assert_close(made.double(), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", [(0, 4), (2, 0, 4)])
@torch.no_grad()
def test_a_product_of_nothing_is_empty(shape: tuple[int, ...]) -> None:
    assert multiply(draw(*shape), draw(3, 4)).shape == (*shape[:-1], 3)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
@torch.no_grad()
def test_other_types_are_torchs(dtype: torch.dtype) -> None:
    x, weight = draw(4, 8).to(dtype), draw(3, 8).to(dtype)
    assert torch.equal(multiply(x, weight), functional.linear(x, weight))


def test_a_gradient_goes_through() -> None:
    x, weight = draw(4, 8).requires_grad_(), draw(3, 8)
    multiply(x, weight).sum().backward()
    torch.testing.assert_close(x.grad, weight.sum(dim=0).expand(4, -1))


@torch.no_grad()
def test_without_onednn_it_is_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_ONEDNN", None)
    x, weight, bias = draw(4, 8), draw(3, 8), draw(3)
    assert torch.equal(multiply(x, weight, bias), functional.linear(x, weight, bias))


def test_shapes_are_known_without_numbers() -> None:
    """On torch's device without memory, where the shapes of what runs on a GPU are checked."""
    assert multiply(torch.empty(4, 8, device="meta"), torch.empty(3, 8, device="meta")).shape == (4, 3)
