"""Products by oneDNN against float64, and where they are left to torch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from bench.system import products
from bench.system.attention import attend
from bench.system.products import leave_to_torch, multiply, multiply_each, pack, use_multiply


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.usefixtures("every_product")
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


ACTIVATIONS: dict[products.Activation, Callable[[torch.Tensor], torch.Tensor]] = {
    "none": lambda x: x,
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "silu": lambda x: x / (1 + (-x).exp()),
    "gelu": lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2,
    "gelu_tanh": lambda x: x * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3))) / 2,
}


@pytest.mark.parametrize("least", [1, 10**9])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@torch.no_grad()
def test_an_activation_behind_a_product(
    activation: products.Activation, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By oneDNN and by torch, of rows that are filled up, with a packed weight and without; also of large numbers."""
    monkeypatch.setattr(products, "LEAST", least)
    monkeypatch.setattr(products, "PACKED_FROM", 1)
    x, weight, bias = 4 * draw(3, 30, 40), draw(24, 40), draw(24)
    expected = ACTIVATIONS[activation](x.double() @ weight.double().t() + bias.double())
    packed = pack(weight, rows=90)
    assert (packed is None) == (least > 1)
    for made in (multiply(x, weight, bias, activation), multiply(x, weight, bias, activation, packed)):
        torch.testing.assert_close(made.double(), expected, atol=3e-5, rtol=1e-5)


@torch.no_grad()
def test_a_weight_is_packed_where_that_pays() -> None:
    large = draw(512, 512)
    assert pack(large, rows=64) is not None and torch.equal(large, draw(512, 512))
    assert pack(draw(511, 512), rows=64) is None, "too small"
    assert pack(large.double(), rows=64) is None and pack(large.t(), rows=64) is None
    assert pack(large.to("meta"), rows=64) is None
    with leave_to_torch():
        assert pack(large, rows=64) is None


@torch.no_grad()
def test_a_packed_weight_gives_a_row_the_same_bits_among_any_rows() -> None:
    """So an embedding does not depend on how many tokens stand beside its own."""
    weight, x = draw(512, 512), draw(130, 512)
    packed = pack(weight, rows=100)
    whole = multiply(x, weight, packed=packed)
    torch.testing.assert_close(whole.double(), x.double() @ weight.double().t(), atol=2e-4, rtol=1e-5)
    for rows in (4, 7, 64, 100, 129):
        assert torch.equal(multiply(x[:rows], weight, packed=packed), whole[:rows])


@pytest.mark.usefixtures("every_product")
@torch.no_grad()
def test_rows_that_lie_apart_are_multiplied_too() -> None:
    x, whole = draw(40, 6)[:, ::2], draw(9, 12)
    for weight in (whole[:, 3:6], whole[::2, ::4], whole[:, :9:3]):
        torch.testing.assert_close(multiply(x, weight), x @ weight.t())


@pytest.mark.usefixtures("every_product")
@pytest.mark.parametrize("shape", [(0, 4), (2, 0, 4)])
@torch.no_grad()
def test_a_product_of_nothing_is_empty(shape: tuple[int, ...]) -> None:
    assert multiply(draw(*shape), draw(3, 4)).shape == (*shape[:-1], 3)


@pytest.mark.usefixtures("every_product")
@torch.no_grad()
def test_other_types_are_torchs() -> None:
    x, weight = draw(4, 8).double(), draw(3, 8).double()
    assert torch.equal(multiply(x, weight), functional.linear(x, weight))


@pytest.mark.usefixtures("every_product")
@pytest.mark.parametrize("rows", [3, 65, 80])
@torch.no_grad()
def test_a_product_in_bfloat16_is_rounded_once(rows: int) -> None:
    """Of 512 x 512 weights rows are filled up to a multiple of 16; where bfloat16 is not oneDNN's, it is torch's."""
    x, weight, bias = (part.bfloat16() for part in (draw(rows, 512), draw(512, 512), draw(512)))
    expected = x.double() @ weight.double().t() + bias.double()
    made = multiply(x, weight, bias)
    assert made.dtype == torch.bfloat16 and made.shape == (rows, 512)
    torch.testing.assert_close(made.double(), expected, atol=2e-4, rtol=2**-8)


@pytest.mark.usefixtures("every_product")
def test_a_gradient_goes_through() -> None:
    x, weight = draw(4, 8).requires_grad_(), draw(3, 8)
    multiply(x, weight).sum().backward()
    torch.testing.assert_close(x.grad, weight.sum(dim=0).expand(4, -1))


@pytest.mark.usefixtures("every_product")
@torch.no_grad()
def test_without_onednn_it_is_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_ONEDNN", None)
    x, weight, bias = draw(4, 8), draw(3, 8), draw(3)
    assert torch.equal(multiply(x, weight, bias), functional.linear(x, weight, bias))


@pytest.mark.usefixtures("every_product")
@torch.no_grad()
def test_within_the_context_it_is_torchs() -> None:
    x, weight = draw(64, 300), draw(40, 300)
    expected = functional.linear(x, weight)
    with leave_to_torch():
        assert torch.equal(multiply(x, weight), expected) and torch.equal(multiply_each(x, weight.t()), x @ weight.t())
    torch.testing.assert_close(multiply(x, weight), expected, atol=1e-4, rtol=1e-5)


@pytest.mark.usefixtures("every_product")
def test_shapes_are_known_without_numbers() -> None:
    """On torch's device without memory, where the shapes of what runs on a GPU are checked."""
    assert multiply(torch.empty(4, 8, device="meta"), torch.empty(3, 8, device="meta")).shape == (4, 3)


@pytest.mark.usefixtures("every_product")
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((4, 5), (5, 3)),
        ((2, 3, 4, 5), (2, 3, 5, 6)),
        ((1, 3, 4, 5), (2, 3, 5, 6)),
        ((2, 4, 5), (1, 5, 1)),
        ((0, 4, 5), (0, 5, 2)),
    ],
)
@torch.no_grad()
def test_products_one_by_one_are_those_of_a_batch(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    one, other = draw(*left), draw(*right)
    torch.testing.assert_close(multiply_each(one, other), one @ other, atol=1e-5, rtol=1e-5)
    turned = other.transpose(-1, -2).contiguous().transpose(-1, -2)  # such as keys
    torch.testing.assert_close(multiply_each(one, turned), one @ other, atol=1e-5, rtol=1e-5)


def test_a_model_keeps_its_weights_and_their_names() -> None:
    model = nn.Sequential(nn.Linear(8, 4), nn.Sequential(nn.GELU(), nn.Linear(4, 2, bias=False)))
    names, x = list(model.state_dict()), draw(3, 8)
    expected = model(x)
    use_multiply(model)
    assert list(model.state_dict()) == names and all(type(m) is not nn.Linear for m in model.modules())
    with torch.no_grad():
        torch.testing.assert_close(model(x), expected)


@torch.no_grad()
def test_where_a_call_of_onednn_costs_more_than_it_saves_it_is_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by the calls: products of a million multiplications are oneDNN's, smaller ones torch's to the bit."""
    calls: list[int] = []

    def count(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, *_: object) -> torch.Tensor:
        calls.append(len(x))
        return functional.linear(x, weight, bias)

    monkeypatch.setattr(products, "_ONEDNN", count)
    x, weight = draw(100, 100), draw(100, 100)
    for rows, made in ((99, 0), (100, 1)):
        assert torch.equal(multiply(x[:rows], weight), functional.linear(x[:rows], weight)) and len(calls) == made
    query, key = draw(1, 3, 100, 100), draw(1, 3, 100, 100)
    for rows, made in ((99, 0), (100, 3)):  # by the size of one of the three, which oneDNN makes one by one
        calls.clear()
        assert torch.equal(multiply_each(query[:, :, :rows], key), query[:, :, :rows] @ key) and len(calls) == made
    for rows, made in ((99, 0), (100, 6)):
        calls.clear()
        attend(query[:, :, :rows], key, key)
        assert len(calls) == made
