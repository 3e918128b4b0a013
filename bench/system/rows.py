"""No part of the paper: how few rows a product may have so that each keeps the bits that it has among many.

What a text or a segment becomes must not depend on what else is computed beside it, to the last bit. Products of one
fixed number of rows, filled up, see to that everywhere. Where a library adds up a row's terms in the same order however
many rows there are, as oneDNN does from two rows on, fewer rows give the same bits for less: it is asked, not believed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property, partial

import torch
from torch import Tensor

from bench.system.products import multiply

Product = Callable[[Tensor, Tensor], Tensor]
"""x [r, i] and W [o, i] to x W^T, or x [r, h, i] and W [h, o, i] head by head."""
Call = Callable[[Tensor], Tensor]
"""Rows to as many rows, each made of its own alone."""

STEPS = (4, 8, 16, 24, *range(32, 257, 16))
"""Numbers of rows that are tried."""
FINE_STEPS = (*range(4, 64, 4), *range(64, 256, 8), *range(256, 512, 16))
"""The same where one is tried when it is needed: hardly more than a sixteenth above any number, of many a thirtieth."""

_KNOWN: dict[tuple[object, ...], tuple[int, ...]] = {}


def round_up(count: int, usual: int, weights: Sequence[Tensor], room: int = 0, product: Product | None = None) -> int:
    """Round a number of rows up to one at which products with ``weights`` keep each row's bits: see `find_sizes`.

    Of more rows than fit at once it is the largest such number.
    """
    sizes = find_sizes(usual, weights, room, product)
    return next((size for size in sizes if size >= count), sizes[-1])


def find_sizes(usual: int, weights: Sequence[Tensor], room: int = 0, product: Product | None = None) -> tuple[int, ...]:
    """Find the numbers of rows, ascending, at which a product's rows have the bits that they have among ``usual`` rows.

    None is larger than ``usual`` or, where that is more, ``room``. ``weights`` [o, i] stand for all of their shape,
    strides and dtype, ``product`` makes them (`multiply`). A device that is no processor is not asked: there it is
    ``usual`` alone.
    """
    threads = torch.get_num_threads()  # a library may share one sum out among them where there are few rows
    kinds = {(tuple(w.shape), w.stride(), w.dtype, w.device): w for w in weights}
    product = product or multiply
    key = (usual, room, threads, product, *kinds)
    if key not in _KNOWN:
        tried = [size for size in STEPS if size <= max(usual, room) and all(w.device.type == "cpu" for w in weights)]
        for weight in kinds.values():
            call = partial(_multiply, product, weight)
            tried = _keep_steady(tried, usual, call, (*weight.shape[:-2], weight.shape[-1]), weight.dtype)
        _KNOWN[key] = tuple(sorted({*tried, usual}))
    return _KNOWN[key]


class SteadySizes:
    """The same for anything that is made of rows, each a [*shape], by a ``call``, on a processor.

    A number of rows is tried when it is first needed: those of a few calls are few of all.
    """

    def __init__(self, usual: int, call: Call, shape: Sequence[int], kind: torch.dtype) -> None:
        self.usual, self.call = usual, call
        self.rows = _draw_rows(usual, shape, kind)
        self._steady: dict[int, bool] = {}

    def round_up(self, count: int) -> int:
        """Round a number of rows up to one at which each keeps the bits that it has among ``usual`` rows."""
        tried = (size for size in FINE_STEPS if count <= size < self.usual)
        return next((size for size in tried if self._is_steady(size)), self.usual)

    @torch.no_grad()
    def _is_steady(self, size: int) -> bool:
        if size not in self._steady:
            self._steady[size] = torch.equal(self.call(self.rows[:size]), self._whole[:size])
        return self._steady[size]

    @cached_property
    def _whole(self) -> Tensor:
        return self.call(self.rows)


def _multiply(product: Product, weight: Tensor, x: Tensor) -> Tensor:
    return product(x, weight)


@torch.no_grad()
def _keep_steady(sizes: list[int], usual: int, call: Call, shape: Sequence[int], kind: torch.dtype) -> list[int]:
    """Keep the numbers of rows that give the bits of ``usual`` rows."""
    if not sizes or not math.prod(shape):
        return sizes
    x = _draw_rows(-(-max(*sizes, usual) // usual) * usual, shape, kind)
    whole = torch.cat([call(part) for part in x.split(usual)])
    return [size for size in sizes if torch.equal(call(x[:size]), whole[:size])]


def _draw_rows(rows: int, shape: Sequence[int], kind: torch.dtype) -> Tensor:
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(0)).to(kind)
