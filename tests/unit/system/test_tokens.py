"""Norms and sums of residuals in one pass against float64, in both types, with rows shared out over threads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from bench.system import products, rowwise
from bench.system.tokens import Norm, add_, is_plain, takes_between

ROUNDING = {torch.float32: 2e-6, torch.bfloat16: 2**-8}


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    before = torch.get_num_threads()
    monkeypatch.setattr(rowwise, "LEAST", 1)
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def draw(*shape: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
    return (3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) + 1).to(dtype)


def make_norm(width: int, dtype: torch.dtype) -> nn.LayerNorm:
    norm = nn.LayerNorm(width, eps=1e-3)
    for at, parameter in enumerate(norm.parameters()):
        parameter.data = draw(width, seed=7 + at)
    return norm.to(dtype).requires_grad_(False)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("shape", [(1, 24), (5, 33), (2, 7, 1), (0, 8)])
@pytest.mark.parametrize("factor", [1.0, 1.702])
def test_a_norm_is_that_of_float64_rounded_once(shape: tuple[int, ...], factor: float, dtype: torch.dtype) -> None:
    x, norm = draw(*shape, dtype=dtype), make_norm(shape[-1], dtype)
    expected = factor * nn.LayerNorm.forward(make_norm(shape[-1], dtype).double(), x.double())
    made = Norm(norm, factor)(x)
    assert made.shape == x.shape and made.dtype == dtype
    torch.testing.assert_close(made.double(), expected, rtol=ROUNDING[dtype], atol=2e-5)


def test_a_norm_of_large_numbers_far_from_0_has_their_variance() -> None:
    """The variance is that of differences from the mean, not a difference of two large squares."""
    x = torch.tensor([[1e4, 1e4 + 1, 1e4 + 2, 1e4 + 3]])
    norm = nn.LayerNorm(4, eps=0.0)
    torch.testing.assert_close(Norm(norm)(x), norm.double()(x.double()).float(), rtol=1e-4, atol=0)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("factor", [1.0, 1 / 1.702])
def test_a_sum_is_that_of_float64_rounded_once_in_the_memory_of_what_is_added(
    factor: float, dtype: torch.dtype
) -> None:
    made, x = draw(2, 9, 24, dtype=dtype), draw(2, 20, 24, dtype=dtype, seed=1)[:, 3:12]  # rows that lie apart
    expected = x.double() + factor * made.double()
    assert add_(made, x, factor) is made
    torch.testing.assert_close(made.double(), expected, rtol=ROUNDING[dtype], atol=1e-6)


def test_one_sequence_is_added_to_each_of_several_and_another_shape_is_an_error() -> None:
    made, x = draw(3, 4, 8), draw(1, 4, 8, seed=1)
    assert torch.equal(add_(made.clone(), x), made + x)
    with pytest.raises(RuntimeError):
        add_(made, draw(3, 5, 8))
    with pytest.raises(RuntimeError):  # the sum would be in a copy
        add_(draw(4, 3, 8).transpose(0, 1), x)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("dtype", ROUNDING)
def test_a_sum_and_its_norm_in_one_pass_have_the_bits_of_two(dtype: torch.dtype) -> None:
    made, x = draw(2, 9, 33, dtype=dtype), draw(2, 20, 33, dtype=dtype, seed=1)[:, 3:12]
    norm, summed = Norm(make_norm(33, dtype), 1.702), add_(made.clone(), x)
    normed = norm.add_(made, x)
    assert torch.equal(made, summed) and torch.equal(normed, norm(summed)) and normed.dtype == dtype


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("dtype", ROUNDING)
def test_a_row_has_the_bits_that_it_has_alone(dtype: torch.dtype) -> None:
    made, x, norm = draw(37, 50, dtype=dtype), draw(37, 50, dtype=dtype, seed=1), make_norm(50, dtype)
    alone = [add_(part.clone(), row, 0.3) for part, row in zip(made.split(1), x.split(1), strict=True)]
    assert torch.equal(add_(made.clone(), x, 0.3), torch.cat(alone))
    assert torch.equal(Norm(norm)(x), torch.cat([Norm(norm)(row) for row in x.split(1)]))


def test_which_norms_and_which_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_plain(nn.LayerNorm(8))
    for other in (
        nn.LayerNorm(8, bias=False),
        nn.LayerNorm(8, elementwise_affine=False),
        nn.LayerNorm((2, 8)),
        nn.Identity(),
    ):
        assert not is_plain(other)
    x, weight = torch.zeros(10, 20), torch.zeros(30, 20)
    monkeypatch.setattr(products, "LEAST", 10 * 20 * 30)
    assert takes_between(x, weight)
    assert not takes_between(x[1:], weight) and not takes_between(x.double(), weight.double())
    assert not takes_between(x.clone().requires_grad_(), weight)
    assert not takes_between(x.to("meta"), weight.to("meta"))


@pytest.mark.parametrize(("kind", "stored"), [("float32", 1.001), ("uint16", 1.0)])
def test_an_entry_is_stored_and_read_by_its_type_outside_of_loops_too(kind: str, stored: float) -> None:
    from bench.system.token_loops import read, store

    entries = np.zeros(2, kind)
    store(entries, 1, np.float32(1.001))
    assert read(entries, 0) == 0 and read(entries, 1) == np.float32(stored), "bfloat16 has 8 bits, by their bits"
