"""What lies between a block's products by loops, in float32, against torch's operations in float64."""

from __future__ import annotations

import pytest
import torch

from bench.caption.language_block import compute_gelu, pull_back_gelu
from bench.caption.token_attention import Attended, attend, pull_back_attention
from bench.system import rowwise


def test_gelu_by_tanh_and_its_gradient() -> None:
    x = torch.cat([torch.linspace(-40, 40, 999), torch.tensor([0.0, -0.0, 1e-30, 1e6, -1e6])]).view(4, -1)
    upstream = torch.linspace(-2, 3, x.numel()).view(4, -1)
    wide = x.double().requires_grad_()
    expected = torch.nn.functional.gelu(wide, approximate="tanh")
    torch.testing.assert_close(compute_gelu(x, "tanh").double(), expected.detach(), rtol=1e-6, atol=1e-7)
    (gradient,) = torch.autograd.grad(expected, wide, upstream.double())
    made = pull_back_gelu(upstream.clone(), x, "tanh")
    torch.testing.assert_close(made.double(), gradient, rtol=1e-5, atol=1e-6)
    assert compute_gelu(torch.full((1, 3), torch.nan), "tanh").isnan().all()


def test_gelu_by_the_error_function_is_torchs() -> None:
    x = torch.linspace(-4, 4, 64).view(2, 32)
    assert torch.equal(compute_gelu(x, "none"), torch.nn.functional.gelu(x))
    expected = torch.ops.aten.gelu_backward(x, x, approximate="none")
    assert torch.equal(pull_back_gelu(x.clone(), x, "none"), expected)


@pytest.mark.parametrize(
    ("rows", "heads", "cached", "width"), [(1, 1, 1, 1), (3, 2, 5, 7), (2, 4, 0, 8), (5, 2, 19, 64)]
)
@pytest.mark.parametrize("size", [1.0, 30.0])
def test_attention_and_its_gradient(rows: int, heads: int, cached: int, width: int, size: float) -> None:
    """Logits of a thousand, too: the largest is taken off before the exponentials."""
    torch.manual_seed(rows)
    own = [torch.randn(rows, heads, width) * size for _ in range(3)]
    cache = torch.randn(2, rows * heads, cached, width)
    wide = [part.double() for part in (*own, *cache)]
    mixed, attended = attend(*(part.clone() for part in own), *cache)
    expected, traced = attend(*wide)
    torch.testing.assert_close(mixed.double(), expected, rtol=1e-4, atol=1e-5 * size)
    torch.testing.assert_close(attended.query.double(), traced.query, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(attended.weights.double(), traced.weights, rtol=2e-4 * size, atol=1e-7)
    upstream = torch.randn(rows, heads, width)
    known = Attended(*(part.float() for part in traced))  # of the same weights: what is compared is the gradient
    for lowest in (False, True):
        made, wanted = torch.full_like(cache, torch.nan), torch.empty_like(cache, dtype=torch.float64)
        packed = pull_back_attention(upstream, known, lowest, made)
        theirs = pull_back_attention(upstream.double(), traced, lowest, wanted)
        torch.testing.assert_close(made.double(), wanted, rtol=1e-4, atol=1e-5 * size)
        assert (packed is None) == (theirs is None) == lowest
        if packed is not None and theirs is not None:
            torch.testing.assert_close(packed.double(), theirs, rtol=1e-4, atol=1e-5 * size)


def test_rows_that_are_shared_out_among_threads_keep_their_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    own, cache, hidden = torch.randn(3, 7, 2, 8), torch.randn(2, 14, 5, 8), torch.randn(7, 33)

    def run() -> list[torch.Tensor]:
        mixed, attended = attend(*own.clone(), *cache)
        made = torch.empty_like(cache)
        packed = pull_back_attention(mixed.view(7, 2, 8), attended, False, made)
        assert packed is not None
        return [
            mixed,
            *attended,
            made,
            packed,
            compute_gelu(hidden, "tanh"),
            pull_back_gelu(hidden.clone(), hidden, "tanh"),
        ]

    one, before = run(), torch.get_num_threads()
    monkeypatch.setattr(rowwise, "LEAST", 1)
    torch.set_num_threads(3)
    try:
        assert all(torch.equal(a, b) for a, b in zip(one, run(), strict=True))
    finally:
        torch.set_num_threads(before)
