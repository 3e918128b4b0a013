"""No part of the paper: what a processor's registers do with pairs of bfloat16, and powers of 2.

With AVX512-BF16 both products of two pairs are added to a float32 sum at once. All is said in LLVM's own words, for
code that is being built. `bench.system.pair_tile_loops` makes tiles of it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.core.registry import cpu_target

from bench.system.tile_loops import PART

NEEDED = ("avx", "avx2", "avx512f", "avx512bw", "avx512dq", "avx512bf16")
"""What LLVM must be allowed to use: instructions of pairs, of whole registers, and what these rest on."""


def find_pairs(generator: Any) -> bool:
    """Find whether a code generator of numba's may use pairs: options of numba may forbid what the processor has.

    LLVM ends the process where it is asked for an instruction that it may not use.
    """
    _, _, features = generator.magic_tuple()  # such as "+avx,-amx-bf16": what it tells LLVM
    told = set(features.split(","))
    return all(f"+{name}" in told and f"-{name}" not in told for name in NEEDED)


HAS_PAIRS = find_pairs(cpu_target.target_context.codegen())
LANES = 16
"""Float32 numbers, or pairs, of a register; where a processor's are shorter LLVM takes several."""
CURVE = (0.07802411, 0.22606791, 0.69583318, 0.99992527)
"""2 ** f of f from 0 to 1 within 0.00008 of itself: factors of the powers of f, the highest first."""
LEAST, MOST = -126.0, 127.0
"""Exponents that stand for all beyond where a processor has no instruction for 2 ** n times a number, MOST for NaN."""
FLOATS, BITS = ir.VectorType(ir.FloatType(), LANES), ir.VectorType(PART, LANES)
"""Registers."""
TO_WHOLE, AS_SET = 0b1001, 4
"""What AVX-512 is told: to take the next lower whole number off, silently; to round as set."""


class _BFloat(ir.Type):
    """LLVM's bfloat, for which llvmlite has no type."""

    def _to_string(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _BFloat)

    def __hash__(self) -> int:
        return hash(_BFloat)


ROUNDED = ir.VectorType(_BFloat(), 2 * LANES)


def fill(number: float) -> Any:
    """Fill a register with a number: a whole one as bits, another as float32."""
    return ir.Constant(BITS if isinstance(number, int) else FLOATS, [number] * LANES)


class Pairs:
    """Code that is being built with pairs of bfloat16, by what the processor has for them.

    If not ``native``, by what any processor has: no run uses that, it says what an instruction does, and tests compare
    both and have tiles on processors that lack them (`bench.system.attention_tiles.pays`).
    """

    def __init__(self, build: Any, native: bool) -> None:
        self.build, self.native = build, native

    def call(self, name: str, kind: Any, *numbers: Any) -> Any:
        """Call one of LLVM's functions of registers, which makes a register of a kind."""
        whole = ir.FunctionType(kind, [number.type for number in numbers])
        return self.build.call(cgutils.get_or_insert_function(self.build.module, whole, name), numbers)

    def multiply_add(self, left: Any, right: Any, total: Any) -> Any:
        """Compute left right + total, rounded once."""
        return self.call(f"llvm.fma.v{LANES}f32", FLOATS, left, right, total)

    def add_products(self, left: Any, right: Any, total: Any) -> Any:
        """Add the products of both numbers of pairs, given by their bits, to their sums."""
        build = self.build
        if self.native:
            pairs = (build.bitcast(bits, ROUNDED) for bits in (left, right))
            return self.call("llvm.x86.avx512bf16.dpbf16ps.512", FLOATS, total, *pairs)
        for take, by in ((build.and_, -1 << 16), (build.shl, 16)):  # the second numbers of pairs, then the first
            one, other = (build.bitcast(take(bits, fill(by)), FLOATS) for bits in (left, right))
            total = self.multiply_add(one, other, total)
        return total

    def round(self, first: Any, second: Any) -> Any:
        """Round two registers, without NaN, to bfloat16, halves to even: one register."""
        build = self.build
        if self.native:
            return self.call("llvm.x86.avx512bf16.cvtne2ps2bf16.512", ROUNDED, second, first)
        halves, order = [], ir.Constant(ir.VectorType(PART, 2 * LANES), list(range(2 * LANES)))
        for bits in (build.bitcast(number, BITS) for number in (first, second)):
            odd = build.and_(build.lshr(bits, fill(16)), fill(1))
            high = build.lshr(build.add(build.add(bits, fill(0x7FFF)), odd), fill(16))
            halves.append(build.trunc(high, ir.VectorType(ir.IntType(16), LANES)))
        return build.bitcast(build.shuffle_vector(*halves, order), ROUNDED)

    def raise_two(self, y: Any) -> Any:
        """Compute 2 ** y: 2 ** f by a polynomial, y = n + f with n whole, and that times 2 ** n.

        Of NaN and of more than 127 it is NaN or at least 2 ** 127, of less than -126 at most 2 ** -126.
        """
        build = self.build
        if self.native:
            kept = fill(0.0), ir.IntType(16)(-1)  # all lanes are made, so the first is not used
            part = self.call("llvm.x86.avx512.mask.reduce.ps.512", FLOATS, y, PART(TO_WHOLE), *kept, PART(AS_SET))
            return self.call("llvm.x86.avx512.mask.scalef.ps.512", FLOATS, self._follow(part), y, *kept, PART(AS_SET))
        y = build.select(build.fcmp_ordered("<", y, fill(LEAST)), fill(LEAST), y)  # NaN stays
        y = build.select(build.fcmp_ordered("<", y, fill(MOST)), y, fill(MOST))
        whole = self.call(f"llvm.floor.v{LANES}f32", FLOATS, y)
        part = build.bitcast(self._follow(build.fsub(y, whole)), BITS)
        return build.bitcast(build.add(part, build.shl(build.fptosi(whole, BITS), fill(23))), FLOATS)

    def _follow(self, part: Any) -> Any:
        """Follow the curve of 2 ** f."""
        made = fill(CURVE[0])
        for factor in CURVE[1:]:
            made = self.multiply_add(made, part, fill(factor))
        return made


def spread(build: Any, number: Any) -> Any:
    """Spread a float32, or 32 bits, over all places of a register."""
    kind = ir.VectorType(number.type, LANES)
    first = build.insert_element(ir.Constant(kind, ir.Undefined), number, PART(0))
    return build.shuffle_vector(first, first, ir.Constant(BITS, [0] * LANES))
