"""What lies between a block's products by loops, in float32, against torch's operations in float64."""

from __future__ import annotations

import pytest
import torch

from bench.caption.language_block import compute_gelu, pull_back_gelu
from bench.caption.norm import Norm
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
    packed = torch.randn(rows, 3, heads, width) * size
    cache = torch.randn(2, rows, heads, cached, width)
    mixed, attended = attend(packed.clone(), *cache)
    wide = [packed.double(), *cache.double()]
    kept = wide[0].clone()
    expected, traced = attend(*wide)
    torch.testing.assert_close(mixed.double(), expected, rtol=1e-4, atol=1e-5 * size)
    torch.testing.assert_close(attended.packed.double(), traced.packed, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(attended.weights.double(), traced.weights, rtol=2e-4 * size, atol=1e-7)
    upstream = torch.randn(rows, heads, width)
    known = Attended(*(part.float() for part in traced))  # of the same weights: what is compared is the gradient
    theirs = differentiate([kept, *wide[1:]], upstream.double())
    for made, shifted in (pull_back_attention(upstream, known), pull_back_attention(upstream.double(), traced)):
        for one, other in zip((made, *shifted.expand()), theirs, strict=True):
            torch.testing.assert_close(one.double(), other, rtol=1e-4, atol=1e-5 * size)


def differentiate(parts: list[torch.Tensor], upstream: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Have torch find the gradients of the packed numbers, the keys and the values."""
    packed, keys, values = (part.clone().requires_grad_() for part in parts)
    query, key, value = packed.unbind(1)
    tokens = [torch.cat(pair, dim=2) for pair in ((keys, key.unsqueeze(2)), (values, value.unsqueeze(2)))]  # b h t+1 k
    mixed = torch.nn.functional.scaled_dot_product_attention(query.unsqueeze(2), *tokens).squeeze(2)
    return torch.autograd.grad(mixed, (packed, keys, values), upstream)


@pytest.mark.parametrize("width", [1, 7, 64, 1000])
def test_norms_of_sums_and_their_gradient(width: int) -> None:
    torch.manual_seed(width)
    x, added, upstream, residual = (torch.randn(3, width) for _ in range(4))
    x[1] += 100  # a mean that is large beside the deviation
    norm = Norm(torch.randn(width), torch.randn(width), 1e-5)
    wide = (x.double() + added.double()).requires_grad_()
    expected = torch.nn.functional.layer_norm(wide, (width,), norm.weight.double(), norm.bias.double(), 1e-5)
    normed = norm(x, summed := added.clone())
    assert normed.input is summed and torch.equal(summed, x + added)
    torch.testing.assert_close(normed.output.double(), expected.detach(), rtol=1e-4, atol=1e-4)
    (gradient,) = torch.autograd.grad(expected, wide, upstream.double())
    made = norm.pull_back(upstream.clone(), normed, residual)
    torch.testing.assert_close(made.double(), gradient + residual, rtol=1e-3, atol=1e-3)


def test_rows_that_are_shared_out_among_threads_keep_their_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    packed, cache, hidden = torch.randn(7, 3, 2, 8), torch.randn(2, 7, 2, 5, 8), torch.randn(7, 33)
    norm = Norm(torch.randn(33), torch.randn(33), 1e-5)

    def run() -> list[torch.Tensor]:
        mixed, attended = attend(packed.clone(), *cache)
        made, gradient = pull_back_attention(mixed, attended)
        normed = norm(hidden, hidden.flip(0))
        return [
            mixed,
            *attended,
            made,
            *gradient,
            *normed,
            norm.pull_back(hidden.clone(), normed, hidden),
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
