"""No part of the paper: tiles of products of bfloat16 numbers with float32 sums, and exponentials between two of them.

Two numbers of a row of x lie in 32 bits, and those of two rows of w are brought side by side: [pairs, columns, 2]. Sums
stay in registers and are added up in one order, whatever the tile, so that a row has the same bits among any others.
`bench.system.attention_loops` goes through queries and keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from bench.system.pair_loops import BITS, FLOATS, HAS_PAIRS, LANES, Pairs, fill, spread
from bench.system.tile_loops import FLOAT, INDEX, PART, Place, call_function, find_place

VECTORS, ROWS = 4, 4
"""Registers that a tile is wide, and its rows: sums take 16 registers of 32, exponentials have the rest."""
COLUMNS, PAIRS = LANES * VECTORS, 32
"""Columns of a tile, and pairs of numbers that a query has."""
ONES = 0x3F803F80
"""1 and 1 in bfloat16."""


class Sums:
    """The sums of a tile, x [r, pairs] times w [pairs, columns], in registers."""

    def __init__(self, pairs: Pairs, x: Place, w: Place) -> None:
        self.pairs, self.x, self.w = pairs, x, w
        self.places = {(r, v): (INDEX(r), INDEX(v * LANES)) for r in range(ROWS) for v in range(VECTORS)}

    def start(self, read: Callable[[Any, Any], Any]) -> None:
        """Start with what is read of a row and a column on."""
        self.sums = {at: cgutils.alloca_once_value(self.pairs.build, read(*place)) for at, place in self.places.items()}

    def add(self, k: Any) -> None:
        """Add the products of one pair of each row."""
        build = self.pairs.build
        columns = [self.w.read(k, INDEX(v * LANES), BITS) for v in range(VECTORS)]
        for r in range(ROWS):
            left = spread(build, self.x.read(INDEX(r), k, PART))
            for v, right in enumerate(columns):
                total = self.pairs.add_products(right, left, build.load(self.sums[r, v]))
                build.store(total, self.sums[r, v])

    def write(self, y: Place) -> None:
        """Write them to y."""
        for at, place in self.places.items():
            y.write(self.pairs.build.load(self.sums[at]), *place)


def build_sums(pairs: Pairs, x: Place, w: Place, y: Place, depth: Any) -> None:
    """Build y[r, c] + the products of ``depth`` pairs of x[r] and of w's column c, from left to right."""
    sums = Sums(pairs, x, w)
    sums.start(lambda row, column: y.read(row, column, FLOATS))
    with cgutils.for_range(pairs.build, depth) as loop:
        sums.add(loop.index)
    sums.write(y)


def build_weights(
    pairs: Pairs, x: Place, w: Place, logits: Place, weights: Place, total: Place, shift: Place, factor: Any
) -> None:
    """Build exponentials of a tile of logits between the products that make the next one of the rows x, in its place.

    They are 2 ** (factor logit + the row's shift) and become weights in bfloat16. As such they are added to the row's
    total [16]: of a key far above the others the mean is its value, however its weight was rounded.
    Between products they take little time: others of the processor's units make most of them.
    """
    build, factor = pairs.build, spread(pairs.build, factor)
    sums = Sums(pairs, x, w)
    sums.start(lambda *place: fill(0.0))
    steps = PAIRS // ROWS // VECTORS
    with cgutils.for_range(build, INDEX(ROWS)) as loop:
        row, made = loop.index, list[Any]()
        own, added = spread(build, shift.read(row, INDEX(0), FLOAT)), total.read(row, INDEX(0), FLOATS)
        for v in range(VECTORS):
            for step in range(steps):
                sums.add(build.add(build.mul(row, INDEX(PAIRS // ROWS)), INDEX(v * steps + step)))
            made.append(pairs.raise_two(pairs.multiply_add(logits.read(row, INDEX(v * LANES), FLOATS), factor, own)))
            if v % 2:
                both = build.bitcast(pairs.round(*made[-2:]), BITS)
                added = pairs.add_products(both, fill(ONES), added)
                weights.write(both, row, INDEX(v // 2 * LANES))
        total.write(added, row, INDEX(0))
    sums.write(logits)


def build_totals(pairs: Pairs, weights: Place, mask: Place, total: Place, registers: Any) -> None:
    """Build total[r, 0 to 16] + the products of weights[r] with a mask, so many registers of pairs."""
    build = pairs.build
    sums = [cgutils.alloca_once_value(build, total.read(INDEX(r), INDEX(0), FLOATS)) for r in range(ROWS)]
    with cgutils.for_range(build, registers) as loop:
        column = build.mul(loop.index, INDEX(LANES))
        own = mask.read(INDEX(0), column, BITS)
        for r, added in enumerate(sums):
            left = weights.read(INDEX(r), column, BITS)
            build.store(pairs.add_products(left, own, build.load(added)), added)
    for r, added in enumerate(sums):
        total.write(build.load(added), INDEX(r), INDEX(0))


def make_product(native: bool = HAS_PAIRS) -> Callable[..., None]:
    """Make add(x, row, w, at, y, out, column, depth): `build_sums` of x [row, 0], w [at, 0] and y [out, column] on.

    x [r, pairs] and w [pairs, 64] hold pairs by their bits, uint32; y is float32.
    """

    @intrinsic
    def add(typing: Any, x: Any, row: Any, w: Any, at: Any, y: Any, out: Any, column: Any, depth: Any) -> Any:
        signature = types.void(x, types.int64, w, types.int64, y, types.int64, types.int64, types.int64)

        def write(context: Any, build: Any, signature: Any, args: Any) -> Any:
            x, row, w, at, y, out, column, depth = args
            kinds = signature.args
            places = [
                find_place(context, build, kinds[0], x, row, INDEX(0)),
                find_place(context, build, kinds[2], w, at, INDEX(0)),
                find_place(context, build, kinds[4], y, out, column),
            ]
            _call(build, build_sums, native, places, depth)
            return context.get_dummy_value()

        return signature, write

    return add


def make_weighing(native: bool = HAS_PAIRS) -> Callable[..., None]:
    """Make weigh(x, row, w, at, logits, weights, column, total, own, shift, factor): `build_weights`.

    Of x and w as in `make_product`, logits [0, column], the same of their `weights`, total [own] and shift [own] on.
    """

    @intrinsic
    def weigh(typing: Any, x: Any, row: Any, w: Any, at: Any, logits: Any, weights: Any, column: Any, total: Any,
              own: Any, shift: Any, factor: Any) -> Any:  # fmt: skip
        whole = types.int64
        signature = types.void(x, whole, w, whole, logits, weights, whole, total, whole, shift, types.float32)

        def write(context: Any, build: Any, signature: Any, args: Any) -> Any:
            x, row, w, at, logits, weights, column, total, own, shift, factor = args
            kinds = signature.args
            places = [
                find_place(context, build, kinds[0], x, row, INDEX(0)),
                find_place(context, build, kinds[2], w, at, INDEX(0)),
                find_place(context, build, kinds[4], logits, INDEX(0), column),
                find_place(context, build, kinds[5], weights, INDEX(0), build.udiv(column, INDEX(2))),
                find_place(context, build, kinds[7], total, own, INDEX(0)),
                find_place(context, build, kinds[9], shift, own, INDEX(0)),
            ]
            _call(build, build_weights, native, places, factor)
            return context.get_dummy_value()

        return signature, write

    return weigh


def make_summing(native: bool = HAS_PAIRS) -> Callable[..., None]:
    """Make sum(weights, masks, at, column, total, own, count): `build_totals` of masks [at, column] and total [own]."""

    @intrinsic
    def sum_up(typing: Any, weights: Any, masks: Any, at: Any, column: Any, total: Any, own: Any, count: Any) -> Any:
        whole = types.int64
        signature = types.void(weights, masks, whole, whole, total, whole, whole)

        def write(context: Any, build: Any, signature: Any, args: Any) -> Any:
            weights, masks, at, column, total, own, count = args
            kinds = signature.args
            places = [
                find_place(context, build, kinds[0], weights, INDEX(0), INDEX(0)),
                find_place(context, build, kinds[1], masks, at, column),
                find_place(context, build, kinds[4], total, own, INDEX(0)),
            ]
            _call(build, build_totals, native, places, count)
            return context.get_dummy_value()

        return signature, write

    return sum_up


def _call(build: Any, form: Callable[..., None], native: bool, places: Sequence[Place], number: Any) -> None:
    """Call a tile's function, as the processor's own instructions or the plain ones make it."""
    name = f"{form.__name__}_{'native' if native else 'plain'}"
    call_function(build, name, places, number, lambda inside, *own: form(Pairs(inside, native), *own))
