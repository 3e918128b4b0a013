"""Products with a matrix laid out in panels against float64: from either side, whole tiles and rests, any rows."""

from __future__ import annotations

import errno
import importlib.util
import mmap
import sys
from collections.abc import Iterator

import llvmlite.binding
import pytest
import torch
from torch import Tensor

import bench.system
from bench.system import loops, panels, rowwise
from bench.system.panels import Panels, draw_memory, takes


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take small matrices, in sums of several parts; a thread for every panel."""
    monkeypatch.setattr(panels, "LEAST", 1)
    monkeypatch.setattr(panels, "DEPTH", 200)
    monkeypatch.setattr(rowwise, "LEAST", 1)


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize(("inner", "outputs"), [(1, 64), (3, 128), (130, 192), (433, 64)])
@pytest.mark.parametrize("rows", [0, *range(1, 9), 13, 20])
def test_products_of_both_sides_are_those_of_float64(inner: int, outputs: int, rows: int, threads: int) -> None:
    """Rows 1 to 8 are every tile; a panel of 130 is a chunk and two rows that no tile takes; 433 are three parts."""
    weight, x, turned, bias = draw(inner, outputs), draw(rows, inner), draw(rows, outputs), draw(outputs)
    laid = Panels.lay_out(weight)
    assert laid.shape == (inner, outputs) and threads == torch.get_num_threads()
    expected = x.double() @ weight.double()
    torch.testing.assert_close(laid.multiply(x).double(), expected, rtol=1e-5, atol=1e-5 * inner**0.5)
    torch.testing.assert_close(laid.multiply(x, bias).double(), expected + bias, rtol=1e-5, atol=1e-5 * inner**0.5)
    theirs = turned.double() @ weight.double().t()
    torch.testing.assert_close(laid.multiply_turned(turned).double(), theirs, rtol=1e-5, atol=1e-5 * outputs**0.5)


def test_a_row_has_the_same_bits_among_any_number_of_rows_at_any_place(threads: int) -> None:
    laid, x, turned, bias = Panels.lay_out(draw(300, 128)), draw(40, 300), draw(40, 128), draw(128)
    whole, other = laid.multiply(x, bias), laid.multiply_turned(turned)
    for rows in range(1, 40):
        for part in (slice(first, first + rows) for first in (0, 1, 40 - rows)):
            assert torch.equal(laid.multiply(x[part], bias), whole[part]), rows
            assert torch.equal(laid.multiply_turned(turned[part]), other[part]), rows
    torch.set_num_threads(1)
    assert torch.equal(laid.multiply(x, bias), whole) and torch.equal(laid.multiply_turned(turned), other)


def test_a_sum_goes_from_left_to_right() -> None:
    """1 is lost beside 2 ** 24 where it comes later, and is not where it comes first."""
    weight = torch.zeros(200, 64)
    weight[:3, 0] = torch.tensor([1.0, 2**24, -(2**24)])
    weight[3:6, 1] = torch.tensor([2**24, 1.0, -(2**24)])
    made = Panels.lay_out(weight).multiply(torch.ones(7, 200))
    assert made[:, :2].unique(dim=0).tolist() == [[0.0, 0.0]]
    weight[2, 0] = -(2**24) - 2  # 1 + 2 ** 24 is halfway, and is rounded to 2 ** 24
    assert Panels.lay_out(weight).multiply(torch.ones(2, 200))[0, 0] == -2


@pytest.mark.parametrize("shape", [(3, 5), (2, 0), (2, 3, 4), ()])
def test_rows_may_be_of_any_shape(shape: tuple[int, ...]) -> None:
    laid, bias = Panels.lay_out(draw(70, 64)), draw(64)
    x, turned = draw(70, *shape).movedim(0, -1), draw(64, *shape).movedim(0, -1)  # not in one piece
    made, other = laid.multiply(x, bias), laid.multiply_turned(turned)
    assert made.shape == (*shape, 64) and other.shape == (*shape, 70)
    assert torch.equal(made.reshape(-1, 64), laid.multiply(x.reshape(-1, 70), bias))
    assert torch.equal(other.reshape(-1, 70), laid.multiply_turned(turned.reshape(-1, 64)))


def test_not_a_number_stays_in_its_row_and_inputs_stay_as_they_are() -> None:
    weight, bias, x = draw(256, 64), draw(64), draw(5, 256)
    x[2, 200] = torch.nan
    before = x.clone(), weight.clone(), bias.clone()
    made = Panels.lay_out(weight).multiply(x, bias)
    assert made[2].isnan().all() and not made[[0, 1, 3, 4]].isnan().any()
    other = Panels.lay_out(weight).multiply_turned(made)
    assert other[2].isnan().all() and not other[[0, 1, 3, 4]].isnan().any()
    for old, new in zip(before, (x, weight, bias), strict=True):
        torch.testing.assert_close(new, old, rtol=0, atol=0, equal_nan=True)


def test_numbers_lie_panel_by_panel_row_by_row() -> None:
    laid = Panels.lay_out(torch.arange(3.0 * 128).view(3, 128)).numbers
    assert laid.shape == (2, 3, 64) and laid.is_contiguous()
    assert laid[1, 2].tolist() == [2 * 128 + 64 + at for at in range(64)]


def test_what_is_taken_goes_by_the_matrix_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = draw(70, 64)
    assert takes(weight)
    assert not takes(weight.t()) and not takes(draw(64, 65)) and not takes(draw(70, 128)[:, ::2])
    assert not takes(weight.double()) and not takes(weight.bfloat16()) and not takes(weight.to("meta"))
    assert not takes(weight.clone().requires_grad_())
    monkeypatch.setattr(panels, "LEAST", 70 * 64 + 1)
    assert not takes(weight)


@pytest.mark.parametrize("numbers", [0, 1, 5, panels.PAGE // 4 + 1])
def test_memory_is_drawn_at_the_begin_of_a_large_page(numbers: int) -> None:
    made, other = draw_memory(numbers), draw_memory(numbers)
    assert made.shape == (numbers,) and made.dtype == torch.float32 and not made.any()
    assert not numbers or made.data_ptr() % panels.PAGE == 0
    made.fill_(1)
    assert made.sum() == numbers and not other.any()


def test_memory_is_drawn_where_the_system_has_no_large_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel may refuse them, and other systems do not know the word."""

    class Refusing(mmap.mmap):
        def madvise(self, *_: object) -> None:
            raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(panels.mmap, "mmap", Refusing)
    assert draw_memory(10).sum() == 0
    monkeypatch.delattr(panels.mmap, "MADV_HUGEPAGE", raising=False)
    assert draw_memory(10).sum() == 0


@pytest.mark.parametrize("x", [draw(3, 63), draw(3, 128), draw(3, 70).double(), draw(3, 70).bfloat16()])
def test_what_the_loops_would_misread_is_refused(x: Tensor) -> None:
    laid = Panels.lay_out(draw(70, 64))
    for multiply in (laid.multiply, laid.multiply_turned):
        with pytest.raises(ValueError, match=r"a matrix of \(70, 64\) takes float32 beside it"):
            multiply(x)


@pytest.mark.slow
def test_registers_of_8_numbers_make_the_products_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiles of a processor without AVX-512, compiled here: a panel is four of them wide. A second."""
    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_features", dict)
    monkeypatch.setattr(loops, "find_folder", lambda: None)
    for name in ("tile_loops", "product_loops"):
        spec = importlib.util.find_spec(f"bench.system.{name}")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        monkeypatch.setattr(bench.system, name, module, raising=False)
        spec.loader.exec_module(module)
    assert module.COLUMNS == 16 and module.TOGETHER == 2
    weight = draw(130, 128)
    laid = Panels.lay_out(weight)
    for rows in range(1, 14):
        x, turned = draw(rows, 130), draw(rows, 128)
        torch.testing.assert_close(laid.multiply(x), x @ weight, rtol=1e-5, atol=1e-4)
        torch.testing.assert_close(laid.multiply_turned(turned), turned @ weight.t(), rtol=1e-5, atol=1e-4)
