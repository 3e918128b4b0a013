"""No part of the paper: tiles of a matrix product, some rows by some columns, whose sums stay in registers.

They are said in LLVM's own words, since no loop makes sure of that. Every sum is added up in one order, whatever the
tile it is in, so that a row has the same bits among any others. `bench.system.product_loops` goes through matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES, VECTORS = (16, 4) if get_host_cpu_features().get("avx512f") else (8, 2)
"""Numbers of a register, and registers that a tile of up to six rows is wide: its sums take 24 of 32 or 12 of 16."""
WIDTH = 64
"""Numbers of a row of a panel, which dot products are made of."""
FLOAT, INDEX, PART = ir.FloatType(), ir.IntType(64), ir.IntType(32)
REGISTER = ir.VectorType(FLOAT, LANES)
Tile = Callable[..., None]


class Place:
    """A number of a matrix whose rows are ``step`` numbers apart, in code that is being built."""

    def __init__(self, build: Any, pointer: Any, step: Any) -> None:
        self.build, self.pointer, self.step = build, pointer, step

    def find(self, row: Any, column: Any) -> Any:
        """Find the number some rows and columns on."""
        return self.build.gep(self.pointer, [self.build.add(self.build.mul(row, self.step), column)])

    def read(self, row: Any, column: Any, kind: Any = REGISTER) -> Any:
        """Read a register of numbers from there on."""
        made = self.build.load(self.build.bitcast(self.find(row, column), kind.as_pointer()))
        made.align = 4
        return made

    def write(self, numbers: Any, row: Any, column: Any) -> None:
        """Write a register of numbers from there on."""
        kind = numbers.type.as_pointer()
        self.build.store(numbers, self.build.bitcast(self.find(row, column), kind)).align = 4

    def spread(self, row: Any, column: Any) -> Any:
        """Read one number into all places of a register."""
        one = self.build.insert_element(ir.Constant(REGISTER, ir.Undefined), self.read(row, column, FLOAT), PART(0))
        return self.build.shuffle_vector(one, one, _make_order([0] * LANES))

    def fetch(self, row: Any, column: Any) -> None:
        """Have a line of numbers, if there is one, read into the first cache before it is needed."""
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, PART, PART, PART])
        call = cgutils.get_or_insert_function(self.build.module, kind, "llvm.prefetch.p0")
        self.build.call(call, [self.build.bitcast(self.find(row, column), byte), PART(0), PART(3), PART(1)])


def make_tile(rows: int, vectors: int, form: Callable[..., None], ahead: Sequence[int] = ()) -> Tile:
    """Make tile(x, row, k, w, at, column, y, out, depth), which numba compiles into the loop that calls it.

    x [r, i] is read from [row, k], w from [at, column], y [r, o] is changed from [row, out] on; depth is the number of
    products in a sum. Of w is fetched, beside each line that is read, those so many numbers ``ahead`` in its row. They
    are no argument, since every instruction counts: a processor waits for as many lines as it has read before it stops
    at one that is missing. A line may be fetched twice, for it drops what it is asked for while it waits for many.
    """

    @intrinsic
    def tile(typing: Any, x: Any, row: Any, k: Any, w: Any, at: Any, column: Any, y: Any, out: Any, depth: Any) -> Any:
        whole = types.int64
        signature = types.void(x, whole, whole, w, whole, whole, y, whole, whole)

        def write(context: Any, build: Any, signature: Any, args: Any) -> Any:
            x, row, k, w, at, column, y, out, depth = args
            kinds = signature.args
            places = [
                find_place(context, build, kinds[0], x, row, k),
                find_place(context, build, kinds[3], w, at, column),
                find_place(context, build, kinds[6], y, row, out),
            ]
            name = "_".join(map(str, (form.__name__, rows, vectors, *ahead)))
            call_function(build, name, places, depth, lambda inside, *own: form(inside, rows, vectors, *own, ahead))
            return context.get_dummy_value()

        return signature, write

    return tile


def find_place(context: Any, build: Any, kind: Any, value: Any, row: Any, column: Any) -> Place:
    """Find a number of one of numba's arrays."""
    array = context.make_array(kind)(context, build, value)
    step = build.sdiv(cgutils.unpack_tuple(build, array.strides)[0], INDEX(4))  # of bytes
    return Place(build, build.gep(array.data, [build.add(build.mul(row, step), column)]), step)


def call_function(build: Any, name: str, places: Sequence[Place], number: Any, write: Callable[..., None]) -> None:
    """Call a function of some places and a number, which ``write`` writes once for a module.

    It is none of the loop's own code, whose registers it would need.
    """
    given = [*(part for place in places for part in (place.pointer, place.step)), number]
    kind = ir.FunctionType(ir.VoidType(), [part.type for part in given])
    made = cgutils.get_or_insert_function(build.module, kind, name)
    if made.is_declaration:
        made.linkage = "internal"
        made.attributes.add("noinline")
        inside = ir.IRBuilder(made.append_basic_block())
        *parts, last = made.args
        write(inside, *(Place(inside, *pair) for pair in zip(parts[::2], parts[1::2], strict=True)), last)
        inside.ret_void()
    build.call(made, given)


def add_rows_of_tile(
    build: Any, rows: int, vectors: int, x: Place, w: Place, y: Place, depth: Any, ahead: Sequence[int]
) -> None:
    """Build y[r, c] + x[r, 0] w[0, c] + x[r, 1] w[1, c] + ..., from left to right; each term is rounded once."""
    sums = [
        [cgutils.alloca_once_value(build, y.read(INDEX(r), INDEX(v * LANES))) for v in range(vectors)]
        for r in range(rows)
    ]
    with cgutils.for_range(build, depth) as loop:
        left = [x.spread(INDEX(r), loop.index) for r in range(rows)]
        for v in range(vectors):
            _multiply_add(build, left, w, loop.index, INDEX(v * LANES), [own[v] for own in sums], ahead)
    for r, own in enumerate(sums):
        for v, total in enumerate(own):
            y.write(build.load(total), INDEX(r), INDEX(v * LANES))


def add_dots_of_tile(
    build: Any, rows: int, vectors: int, x: Place, w: Place, y: Place, depth: Any, ahead: Sequence[int]
) -> None:
    """Build y[r, c] + (x[r] . w[c]) of ``depth`` rows c of w, 1, 2, 4, ... ``vectors`` of them at a time.

    A row of both has `WIDTH` numbers. Each lane adds up its own, then neighbours are added, and theirs.
    """
    left = [[x.read(INDEX(r), INDEX(at)) for r in range(rows)] for at in range(0, WIDTH, LANES)]
    with cgutils.for_range_slice(build, INDEX(0), depth, INDEX(vectors), INDEX) as (first, _):
        sums = [_dot_row(build, left, w, build.add(first, INDEX(c)), ahead) for c in range(vectors)]
        made = _add_neighbours(build, [own[r] for r in range(rows) for own in sums], LANES.bit_length() - 1)
        for r in range(rows):
            order = _make_order(range(r * vectors, (r + 1) * vectors))
            total = build.shuffle_vector(made[0], made[-1], order)
            y.write(build.fadd(y.read(INDEX(r), first, total.type), total), INDEX(r), first)


def _dot_row(build: Any, left: Sequence[Sequence[Any]], w: Place, row: Any, ahead: Sequence[int]) -> list[Any]:
    """Build the product of a row of w with each of some rows, lane by lane: ``left`` are their registers, [v][r]."""
    zero = ir.Constant(REGISTER, [0.0] * LANES)
    sums = [cgutils.alloca_once_value(build, zero) for _ in left[0]]
    for v, parts in enumerate(left):
        _multiply_add(build, parts, w, row, INDEX(v * LANES), sums, ahead)
    return [build.load(total) for total in sums]


def _multiply_add(
    build: Any, left: Sequence[Any], w: Place, row: Any, column: Any, sums: Sequence[Any], ahead: Sequence[int]
) -> None:
    """Add to each row's sum the product of its register with one of w, which is read once."""
    kind = ir.FunctionType(REGISTER, [REGISTER] * 3)
    call = cgutils.get_or_insert_function(build.module, kind, f"llvm.fma.v{LANES}f32")
    right = w.read(row, column)
    for numbers in ahead:
        w.fetch(row, build.add(column, INDEX(numbers)))
    for one, total in zip(left, sums, strict=True):
        build.store(build.call(call, [one, right, build.load(total)]), total)


def _add_neighbours(build: Any, registers: Sequence[Any], times: int) -> list[Any]:
    """Add up neighbours of all registers so many times: they become half as many, or half as long where there is one.

    What was made of each register stands behind what was made of the one before.
    """
    made = list(registers)
    for _ in range(times):
        made += made[-1:] if len(made) > 1 and len(made) % 2 else []
        made = [_add_pairs(build, *made[at : at + 2]) for at in range(0, len(made), 2)]
    return made


def _add_pairs(build: Any, first: Any, second: Any = None) -> Any:
    """Add neighbours of one register or of two that lie one behind the other."""
    size = first.type.count * (1 if second is None else 2)
    second = first if second is None else second
    even, odd = (build.shuffle_vector(first, second, _make_order(range(start, size, 2))) for start in (0, 1))
    return build.fadd(even, odd)


def _make_order(places: Sequence[int]) -> Any:
    return ir.Constant(ir.VectorType(PART, len(places)), list(places))
