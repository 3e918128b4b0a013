"""How few rows a product may have is asked of the library: what it says holds for other numbers, at any place."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch

from bench.system import rows
from bench.system.products import multiply
from bench.system.rows import Part, SteadySizes, round_up


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape) + shape[0]))


def list_sizes(usual: int, weights: list[torch.Tensor], room: int = 0, product: Any = None) -> list[int]:
    """List the numbers that others are rounded up to."""
    most = max(usual, room)
    return sorted({round_up(count, usual, weights, room, product) for count in range(1, most + 1)})


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_KNOWN", {})


@pytest.mark.parametrize("shape", [(96, 64), (33, 50), (2304, 768)])
@pytest.mark.parametrize("transposed", [False, True])
def test_rows_have_the_bits_that_they_have_among_many(shape: tuple[int, int], transposed: bool) -> None:
    weight = draw(*shape).t() if transposed else draw(*shape)
    x = draw(64, weight.shape[1])
    whole = multiply(x, weight, draw(weight.shape[0]))
    sizes = list_sizes(64, [weight])
    assert sizes[-1] == 64
    for size in sizes:
        for start in (0, 3, 64 - size):
            assert torch.equal(multiply(x[start : start + size], weight, draw(weight.shape[0]))[: 64 - start],
                               whole[start : start + size])  # fmt: skip


def test_a_library_that_rounds_by_the_number_of_rows_gets_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def multiply_in_two_orders(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return x @ weight.t() if len(x) >= 24 else x[:, :7] @ weight[:, :7].t() + x[:, 7:] @ weight[:, 7:].t()

    monkeypatch.setattr(rows, "multiply", multiply_in_two_orders)
    weight = draw(40, 30).double()
    assert list_sizes(48, [weight]) == [24, 28, 32, 36, 40, 44, 48] and list_sizes(20, [weight])[-1] == 20
    assert [round_up(count, 48, [weight]) for count in (0, 1, 24, 25, 48)] == [24, 24, 24, 28, 48]
    assert list_sizes(16, [weight], 64) == [4, 8, 12, 16, 20] and list_sizes(24, [weight], 50)[-2:] == [44, 48]
    assert round_up(90, 24, [weight], 50) == 48, "the largest, where more rows are left"


def test_more_rows_than_usual_have_the_bits_of_the_usual_ones() -> None:
    weight, x = draw(96, 64), draw(64, 64)
    usual = torch.cat([multiply(part, weight) for part in x.split(16)])
    sizes = list_sizes(16, [weight], 64)
    assert 16 in sizes and all(torch.equal(multiply(x[:size], weight), usual[:size]) for size in sizes)


def test_another_product_is_asked_for_itself() -> None:
    def multiply_pairs(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return x @ weight.t() + (len(x) < 32)

    weight = draw(10, 4)
    assert list_sizes(64, [weight], product=multiply_pairs) == [*range(32, 64, 4), 64]
    assert list_sizes(64, [weight], product=lambda x, w: (x[:, None] * w).sum(-1))[0] == 4
    assert round_up(3, 64, [weight], 0, multiply_pairs) == 32


def test_every_weight_has_a_say_and_threads_are_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "multiply", lambda x, weight: x @ weight.t() + (len(x) < weight.shape[0]))
    assert list_sizes(64, [draw(10, 4), draw(30, 4)]) == [*range(32, 64, 4), 64]
    before, asked = torch.get_num_threads(), []
    monkeypatch.setattr(rows, "keeps_bits", lambda call, x, size, usual: asked.append(size) or True)
    try:
        for threads in (1, 1, 2):
            torch.set_num_threads(threads)
            assert round_up(7, 16, [draw(10, 4)]) == 8
    finally:
        torch.set_num_threads(before)
    assert asked == [8, 8]


def test_no_weight_outlives_its_model_but_what_it_said_does(monkeypatch: pytest.MonkeyPatch) -> None:
    weight, asked = draw(10, 4), list[int]()
    gone, keep = weakref.ref(weight), rows.keeps_bits
    monkeypatch.setattr(rows, "keeps_bits", lambda *given: asked.append(given[2]) or keep(*given))
    first = [round_up(count, 16, [weight]) for count in (3, 7)]
    tried = list(asked)
    del weight
    gc.collect()
    assert gone() is None and tried
    assert [round_up(count, 16, [draw(10, 4)]) for count in (3, 7)] == first and asked == tried
    assert round_up(11, 16, [draw(10, 4)]) in (12, 16) and asked[len(tried) :] == [12], "a number that is new is tried"


def test_other_devices_are_not_asked() -> None:
    assert round_up(3, 64, [torch.empty(5, 3, device="meta")]) == 64
    assert round_up(3, 64, [draw(10, 4), torch.empty(5, 3, device="meta")]) == 64


def test_what_is_made_of_rows_is_tried_at_a_number_when_that_is_needed() -> None:
    asked: list[int] = []

    def call(x: torch.Tensor) -> torch.Tensor:
        asked.append(len(x))
        return x.double().sum(1) + (len(x) in (8, 32))  # these two round otherwise

    sizes = SteadySizes(72, [Part(call, (5,), torch.float32)])
    assert asked == []
    assert [sizes.round_up(count) for count in (3, 5, 8, 9, 29, 65, 4)] == [4, 12, 12, 12, 36, 72, 4]
    assert asked[::2] == [4, 8, 12, 32, 36] and set(asked[1::2]) == {72}, "each once, beside the usual number"
