"""No part of the paper: how few rows a product may have so that each keeps the bits that it has among many.

What a text or a segment becomes must not depend on what else is computed beside it, to the last bit. Products of one
fixed number of rows, filled up, see to that everywhere. Where a library adds up a row's terms in the same order however
many rows there are, as oneDNN does from two rows on, fewer rows give the same bits for less: it is asked, not believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import NamedTuple

import torch
from torch import Tensor

from bench.system.products import multiply

Product = Callable[[Tensor, Tensor], Tensor]
"""x [r, i] and W [o, i] to x W^T, or x [r, h, i] and W [h, o, i] head by head."""
Call = Callable[[Tensor], Tensor]
"""Rows to as many rows, each made of its own alone."""

STEPS = (*range(4, 64, 4), *range(64, 256, 8), *range(256, 1024, 16))
"""Numbers of rows that are tried: hardly more than a sixteenth above any number, of many a thirtieth. What is kept of
each, 3.4 MB of a large text tower, `bench.system.start.bound_kernels` bounds."""

_KNOWN: dict[tuple[object, ...], dict[int, bool]] = {}
"""What came of the numbers that were tried, by what was asked. No weight, else its model would never go."""


class Part(NamedTuple):
    """Something made of rows, each a [*shape] of some type, on a processor."""

    call: Call
    shape: Sequence[int]
    kind: torch.dtype


class SteadySizes:
    """The numbers of rows at which each row of every part keeps the bits that it has among ``usual`` rows.

    None is larger than ``usual`` or, where that is more, ``room``. A number is tried when it is first needed: those of
    a few calls are few of all. ``known`` is what came of earlier tries, to which is added.
    """

    def __init__(self, usual: int, parts: Sequence[Part], room: int = 0, known: dict[int, bool] | None = None) -> None:
        self.most = most = max(usual, room)
        self.usual, self.parts, self.sizes = usual, parts, sorted({*(size for size in STEPS if size <= most), usual})
        self._steady = {} if known is None else known
        self._steady[usual] = True

    @cached_property
    def rows(self) -> list[Tensor]:
        """The rows of each part that are tried; more than usual are compared with several of the usual number."""
        whole = -(-self.most // self.usual) * self.usual
        return [draw_rows(whole, part.shape, part.kind) for part in self.parts]

    def round_up(self, count: int) -> int:
        """Round a number of rows up to such a one; of more rows than fit at once it is the largest such one."""
        larger = (size for size in self.sizes if size >= count)
        return next(filter(self._is_steady, (*larger, *reversed(self.sizes))))

    def _is_steady(self, size: int) -> bool:
        if size not in self._steady:
            tries = zip(self.parts, self.rows, strict=True)
            self._steady[size] = all(keeps_bits(part.call, x, size, self.usual) for part, x in tries)
        return self._steady[size]


@torch.no_grad()
def keeps_bits(call: Call, x: Tensor, size: int, usual: int) -> bool:
    """Whether so many rows come out as they do among the usual number; nothing of it is kept, for it may be large."""
    made = call(x[:size]).split(usual)
    return all(torch.equal(own, call(part)[: len(own)]) for own, part in zip(made, x.split(usual), strict=False))


def round_up(count: int, usual: int, weights: Sequence[Tensor], room: int = 0, product: Product | None = None) -> int:
    """Round a number of rows up to one at which products with ``weights`` keep each row's bits: see `SteadySizes`.

    ``weights`` [o, i] stand for all of their shape, strides and dtype, ``product`` makes them (`multiply`). A device
    that is no processor is not asked: there it is ``usual`` alone.
    """
    if any(weight.device.type != "cpu" for weight in weights):
        return usual
    threads = torch.get_num_threads()  # a library may share one sum out among them where there are few rows
    kinds = {(tuple(w.shape), w.stride(), w.dtype): w for w in weights if w.numel()}
    product = product or multiply
    known = _KNOWN.setdefault((usual, room, threads, product, *kinds), {})
    parts = [Part(partial(_multiply, product, w), (*w.shape[:-2], w.shape[-1]), w.dtype) for w in kinds.values()]
    return SteadySizes(usual, parts, room, known).round_up(count)


def _multiply(product: Product, weight: Tensor, x: Tensor) -> Tensor:
    return product(x, weight)


def draw_rows(rows: int, shape: Sequence[int], kind: torch.dtype) -> Tensor:
    """Draw rows to try, [rows, *shape], always the same ones."""
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(0)).to(kind)
