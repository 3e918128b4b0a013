"""Row-by-row loops against float64, with the edges of float32 and bfloat16, and rows shared out over threads."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from bench.system import rowwise
from bench.system.rowwise import exponentiate_

ROUNDING = {torch.float32: 4e-7, torch.bfloat16: 2**-8 + 7e-4}
SUMS = {torch.float32: 1e-6, torch.bfloat16: 7e-4}


@pytest.fixture
def three_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = torch.get_num_threads()
    monkeypatch.setattr(rowwise, "LEAST", 1)
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("columns", [2, 14, 512])
def test_exponentials_are_those_of_float64(dtype: torch.dtype, columns: int) -> None:
    x = torch.linspace(-87, 80, 40 * columns).view(40, columns)[:, torch.randperm(columns)].to(dtype)
    expected = x.double().exp()
    sums = exponentiate_(x)
    torch.testing.assert_close(x.double(), expected, rtol=ROUNDING[dtype], atol=0)
    assert sums.dtype == torch.float32 and sums.shape == (40, 1)
    torch.testing.assert_close(sums.double(), expected.sum(1, keepdim=True), rtol=SUMS[dtype], atol=0)


def test_rows_of_no_numbers_and_of_an_odd_number() -> None:
    assert exponentiate_(torch.zeros(3, 0)).tolist() == [[0], [0], [0]]
    assert exponentiate_(torch.zeros(2, 5)).tolist() == [[5], [5]]


def test_no_exponential_is_below_the_normal_numbers_and_nan_stays() -> None:
    x = torch.tensor([[0.0, -0.0, -87, -1e9, -math.inf], [0, 0, 0, 0, math.nan]])
    sums = exponentiate_(x)
    least = x[0, 2].item()
    assert x[0].tolist() == [1, 1, least, least, least] and sums[0] == 2
    assert least == pytest.approx(math.exp(-87), rel=4e-7) and least > torch.finfo(torch.float32).tiny
    assert x[1].isnan().tolist() == [False] * 4 + [True] and sums[1].isnan()


def test_in_bfloat16_numbers_beyond_the_ends_are_the_ends() -> None:
    x = torch.tensor([[-1e30, -math.inf, -100, -87], [1e30, math.inf, 200, 80]], dtype=torch.bfloat16)
    sums = exponentiate_(x)
    assert len(set(x[0].tolist())) == len(set(x[1].tolist())) == 1
    expected = torch.tensor([-87.0, 80], dtype=torch.double).exp()
    torch.testing.assert_close(x[:, 0].double(), expected, rtol=ROUNDING[torch.bfloat16], atol=0)
    torch.testing.assert_close(sums[:, 0].double(), 4 * expected, rtol=SUMS[torch.bfloat16], atol=0)


def test_exponentials_in_bfloat16_are_neither_too_large_nor_too_small_on_average() -> None:
    """Over all fractions of a power of 2; rounding down would make them 0.2 % too small."""
    logits = torch.linspace(-20, 0, 1 << 16).view(1, -1).bfloat16()
    made = logits.clone()
    exponentiate_(made)
    assert abs((made.double() / logits.double().exp() - 1).mean().item()) < 3e-4


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("rows", [2, 3, 7, 64])
def test_rows_that_are_shared_out_have_the_same_bits(rows: int, dtype: torch.dtype) -> None:
    x = torch.linspace(-5, 5, rows * 34).view(rows, 34).to(dtype)
    one_by_one = [row.clone() for row in x.split(1)]
    sums = torch.cat([exponentiate_(row) for row in one_by_one])
    assert torch.equal(exponentiate_(x), sums) and torch.equal(x, torch.cat(one_by_one))


@pytest.mark.usefixtures("three_threads")
def test_an_error_in_a_thread_is_raised() -> None:
    def fail(_: np.ndarray) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rowwise.run_by_rows(fail, np.zeros((8, 8)))


def test_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="float64: exponentiate_ takes float32 or bfloat16"):
        exponentiate_(torch.zeros(2, 2, dtype=torch.float64))


@pytest.mark.parametrize("columns", [0, 1, 4, 5])
def test_in_bfloat16_what_is_behind_the_first_columns_becomes_0(columns: int) -> None:
    x = torch.linspace(-1, 1, 18).view(3, 6).bfloat16()
    expected = x.double().exp()
    expected[:, columns:] = 0
    sums = exponentiate_(x, columns)
    torch.testing.assert_close(x.double(), expected, rtol=ROUNDING[torch.bfloat16], atol=0)
    torch.testing.assert_close(sums.double(), expected.sum(1, keepdim=True), rtol=SUMS[torch.bfloat16], atol=0)
