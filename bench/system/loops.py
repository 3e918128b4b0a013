"""No part of the paper: loops over arrays that numba compiles for this processor, where torch has no fast operation.

Sums may be added up in any order, and products with sums in one rounding; a row's numbers depend on no other row. Files
of loops are named so, and import constants and functions from each other alone. `bench.system.rowwise` is the door for
tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import config, njit

from bench.system.loops_folder import find_folder

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
    config.CACHE_DIR = str(folder)  # read while the function is wrapped
    try:
        return njit(cache=True, **options)(function)
    finally:
        config.CACHE_DIR = before


def compile_exact(function: Callable[..., Any]) -> Any:
    """Compile a function in which every sum is added up in the order that it is written in."""
    return compile_loop(function, fastmath=False)


@compile_part
def exponentiate(x: Any) -> Any:
    """Compute exp(x) of a float32 of at most 88: 2 ** n exp(f), n whole and |f| <= log(2) / 2, by a polynomial."""
    if x < LOWEST:  # written so that NaN stays
        x = LOWEST
    whole = np.rint(x * LOG2_E)
    f = x - whole * LOG_2
    part = F(ONE + f * (ONE + f * (C2 + f * (C3 + f * (C4 + f * (C5 + f * C6))))))
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


@compile_loop
def exponentiate_bfloat16_rows(x: Any, sums: Any) -> None:
    """As `exponentiate_rows`, of the bits of bfloat16; what is summed is not rounded to it."""
    for at in range(len(x)):
        row, total = x[at], F(0)
        for i in range(row.size):
            made = exponentiate(widen(row[i]))
            row[i] = narrow(made)
            total += made
        sums[at] = total
