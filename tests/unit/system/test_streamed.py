"""Products with a large matrix against float64: as it lies and turned, whole tiles and what is left, at any rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from bench.system import products, rowwise, streamed
from bench.system.streamed import multiply, takes


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def make_weight(outputs: int, inner: int, turned: bool) -> Tensor:
    return draw(inner, outputs).t() if turned else draw(outputs, inner)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several blocks and panels of matrices that are small; a thread for every tile."""
    for name, value in (("LEAST", 1), ("DEPTH", 128), ("TURNED_DEPTH", 100), ("PANEL", 32)):
        monkeypatch.setattr(streamed, name, value)
    monkeypatch.setattr(rowwise, "LEAST", 1)


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("outputs", "inner", "turned"),
    [(128, 1, True), (192, 233, True), (64, 300, True), (1, 64, False), (77, 192, False), (64, 320, False)],
)
@pytest.mark.parametrize("rows", [0, 1, 2, 4, 7, 15, 16, 18, 33])
def test_products_are_those_of_float64(outputs: int, inner: int, turned: bool, rows: int, threads: int) -> None:
    weight, x, bias = make_weight(outputs, inner, turned), draw(rows, inner), draw(outputs)
    assert takes(x, weight) and threads == torch.get_num_threads()
    expected = x.double() @ weight.double().t()
    torch.testing.assert_close(multiply(x, weight).double(), expected, rtol=1e-5, atol=1e-5 * inner**0.5)
    torch.testing.assert_close(multiply(x, weight, bias).double(), expected + bias, rtol=1e-5, atol=1e-5 * inner**0.5)


@pytest.mark.parametrize("turned", [False, True])
def test_a_row_has_the_same_bits_among_any_number_of_rows_at_any_place(turned: bool, threads: int) -> None:
    weight, x, bias = make_weight(64 if turned else 77, 256, turned), draw(40, 256), draw(64 if turned else 77)
    whole = multiply(x, weight, bias)
    for rows in range(1, 40):
        for first in {0, 1, 40 - rows}:
            assert torch.equal(multiply(x[first : first + rows], weight, bias), whole[first : first + rows]), rows
    torch.set_num_threads(1)
    assert torch.equal(multiply(x, weight, bias), whole)


@pytest.mark.parametrize("shape", [(3, 5), (2, 0), (2, 3, 4), ()])
def test_rows_may_be_of_any_shape(shape: tuple[int, ...]) -> None:
    weight, bias = draw(77, 64), draw(77)
    x = draw(64, *shape).movedim(0, -1)  # not in one piece
    made = multiply(x, weight, bias)
    assert takes(x, weight) and made.shape == (*shape, 77)
    assert torch.equal(made.reshape(-1, 77), multiply(x.reshape(-1, 64), weight, bias))
    torch.testing.assert_close(made, x @ weight.t() + bias, rtol=1e-5, atol=1e-4)


def test_not_a_number_stays_in_its_row_and_inputs_stay_as_they_are() -> None:
    weight, bias = make_weight(64, 256, True), draw(64)
    x = draw(5, 256)
    x[2, 200] = torch.nan
    before = x.clone(), weight.clone(), bias.clone()
    made = multiply(x, weight, bias)
    assert made[2].isnan().all() and not made[[0, 1, 3, 4]].isnan().any()
    for old, new in zip(before, (x, weight, bias), strict=True):
        torch.testing.assert_close(new, old, rtol=0, atol=0, equal_nan=True)


def test_what_is_taken_goes_by_the_weight_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = draw(2, 64), draw(70, 64)
    assert takes(x, weight) and takes(x[:0], weight) and takes(draw(2, 70), weight.t())
    assert not takes(draw(2, 65), draw(64, 65)) and not takes(draw(2, 64), draw(64, 63).t())
    assert not takes(x, draw(70, 128)[:, ::2]), "rows in pieces"
    assert not takes(x.double(), weight.double()) and not takes(x.bfloat16(), weight.bfloat16())
    assert not takes(x.to("meta"), weight.to("meta"))
    assert not takes(x, weight.clone().requires_grad_())
    with torch.no_grad():
        assert takes(x, weight.clone().requires_grad_())
    with products.leave_to_torch():
        assert not takes(x, weight)
    monkeypatch.setattr(streamed, "LEAST", 70 * 64 + 1)
    assert not takes(x, weight)
