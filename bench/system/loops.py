"""No part of the paper: loops over arrays that numba compiles for this processor, where torch has no fast operation.

Sums may be added up in any order, and products with sums in one rounding; a row's numbers depend on no other row. Files
of loops are named so, and import constants and functions from each other alone. `bench.system.rowwise` is the door for
tensors.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.system.loops_folder import find_folder

try:
    from numba import config, njit

    from bench.system.loops_cache import LoopCache
except AttributeError as error:  # numba takes any module called so for the package coverage, and that is not needed
    if "coverage" not in str(error):
        raise
    file = getattr(sys.modules.get("coverage"), "__file__", None)
    raise UserError(
        f"numba, which compiles loops, cannot be imported ({error}): Python found {file} where numba looks for the "
        "package coverage; rename that file, or start in another folder"
    ) from error
if config.DISABLE_JIT:
    raise UserError(
        "numba's option DISABLE_JIT is on (variable NUMBA_DISABLE_JIT, or .numba_config.yaml in this folder): Python "
        "would run the loops, a thousand times slower, and cannot run all of them; unset it"
    )

F, I32, U32, U16 = np.float32, np.int32, np.uint32, np.uint16
ONE = F(1)
LOG2_E, LOG_2, LOWEST = F(1 / math.log(2)), F(math.log(2)), F(-87)
"""exp(-87) is hardly more than the smallest normal number. LOG_2 is off by 2e-9, which 127 times over is 2e-7."""
C2, C3, C4, C5, C6 = F(0.500000005), F(0.166664155), F(0.0416663529), F(0.0083751264), F(0.00139411085)
"""1 + f + C2 f^2 + ... meets exp(f) at the Chebyshev points of |f| <= log(2) / 2, off by at most 3e-8."""
OPTIONS: dict[str, Any] = {"fastmath": {"contract", "reassoc", "nsz"}, "nogil": True, "error_model": "numpy"}


def compile_part(function: Callable[..., Any]) -> Any:
    """Compile a function that loops call, as a part of them."""
    return njit(**OPTIONS)(function)


def compile_loop(function: Callable[..., Any], **changed: Any) -> Any:
    """Compile a function when it is first called, and keep what is compiled in `find_folder`, if there is one.

    ``changed`` are options of numba other than ours: `compile_exact`.
    """
    options, folder, before = OPTIONS | changed, find_folder(), config.CACHE_DIR
    if folder is None:
        return njit(**options)(function)
    config.CACHE_DIR = str(folder)  # read while the cache is made
    try:
        made = njit(**options)(function)
        made._cache = LoopCache(function)  # in place of numba's own, which `cache=True` would make
        return made
    finally:
        config.CACHE_DIR = before


def compile_exact(function: Callable[..., Any]) -> Any:
    """Compile a function in which every sum is added up in the order that it is written in."""
    return compile_loop(function, fastmath=False)


@compile_part
def exponentiate(x: Any) -> Any:
    """Compute exp(x) of a float32 of at most 88; of less than `LOWEST` that of it, NaN stays."""
    return exponentiate_times(x, LOWEST, ONE)


@compile_part
def exponentiate_times(x: Any, lowest: Any, scale: Any) -> Any:
    """Compute exp(x) times a power of 2, of x at least `lowest`, where that is a normal number; NaN stays.

    exp(x) is 2 ** n exp(f), n whole and |f| <= log(2) / 2, by a polynomial.
    """
    if x < lowest:  # written so that NaN stays
        x = lowest
    whole = np.rint(x * LOG2_E)
    f = x - whole * LOG_2
    part = F(scale * F(ONE + f * (ONE + f * (C2 + f * (C3 + f * (C4 + f * (C5 + f * C6)))))))
    return I32(part.view(I32) + I32(I32(whole) << I32(23))).view(F)  # n is added to the exponent


@compile_part
def widen(bits: Any) -> Any:
    """Read the 16 bits of a bfloat16 as a float32."""
    return U32(U32(bits) << U32(16)).view(F)


@compile_part
def narrow(x: Any) -> Any:
    """Round a float32 to bfloat16, halves to even: its 16 bits. Of NaN the bits are not kept."""
    bits = F(x).view(U32)
    return U16(U32(bits + U32(0x7FFF) + U32(U32(bits >> U32(16)) & U32(1))) >> U32(16))


LEAST = I32(-(2**31))
"""Less than what `order` makes of any number."""


@compile_part
def order(x: Any) -> Any:
    """Map a float32 to an int32 such that larger numbers have larger ones, NaN the largest, -NaN the least.

    Of whole numbers a compiler may take the largest in any order, 16 at a time; of float32 not, for a NaN's sake.
    """
    bits = F(x).view(I32)
    return I32(bits ^ I32(I32(bits >> I32(31)) & I32(0x7FFFFFFF)))


@compile_part
def restore(place: Any) -> Any:
    """Map what `order` made back to the float32."""
    return I32(place ^ I32(I32(place >> I32(31)) & I32(0x7FFFFFFF))).view(F)


@compile_loop
def exponentiate_rows(x: Any, sums: Any) -> None:
    """Replace x, float32 [r, c], by exp(x), and write the sum of each row to sums [r]."""
    for at in range(len(x)):
        row, total = x[at], F(0)
        for i in range(row.size):
            made = exponentiate(row[i])
            row[i] = made
            total += made
        sums[at] = total


SLOPE, OFFSET, HIGHEST = F((1 << 23) / math.log(2)), F(127 << 23), F(80)
MANTISSA, FROM_1 = I32((1 << 23) - 1), I32(127 << 23)
D0, D1, D2, D3 = F(1.77561472), F(-1.37730758), F(0.707475823), F(-0.106445698)
"""2 ** (u - 1) / u of u from 1 to 2 within 0.0007 of itself."""
HALF, HIGH = U32(0x8000), U32(0xFFFF0000)


@compile_part
def approach_exponential(x: Any) -> Any:
    """Compute exp(x) within 0.0007 of itself, a fifth of what bfloat16 rounds by; -87 and 80 in place of x beyond.

    A whole number whose high bits are the exponent and the others the fraction of x / log(2) is, read as a float32,
    2 ** n (1 + f) where 2 ** (n + f) is wanted: a polynomial of 1 + f makes good the difference.
    """
    y = min(max(x, LOWEST), HIGHEST)
    bits = I32(F(y * SLOPE + OFFSET))
    u = I32((bits & MANTISSA) | FROM_1).view(F)
    return F(bits.view(F) * (D0 + u * (D1 + u * (D2 + u * D3))))


@compile_loop
def exponentiate_bfloat16_pairs(columns: int, pairs: Any, sums: Any) -> None:
    """Replace x by exp(x) as above, of pairs of bfloat16 [r, p] by their bits, and write the sum of each row.

    What is summed is not rounded to bfloat16. The first `columns` are numbers, those behind them become 0.
    """
    whole, has_half = columns // 2, columns % 2 == 1
    for at in range(len(pairs)):
        row, evens, odds = pairs[at], F(0), F(0)
        row[whole + has_half :] = 0
        if has_half:
            last = F(approach_exponential(U32(row[whole] << U32(16)).view(F)))
            row[whole] = U32(U32(last.view(U32) + HALF) >> U32(16))
            odds += last
        for i in range(whole):
            even = F(approach_exponential(U32(row[i] << U32(16)).view(F)))
            odd = F(approach_exponential(U32(row[i] & HIGH).view(F)))
            evens += even
            odds += odd
            low, high = U32(U32(even.view(U32) + HALF) >> U32(16)), U32(U32(odd.view(U32) + HALF) & HIGH)
            row[i] = U32(low | high)
        sums[at] = evens + odds
