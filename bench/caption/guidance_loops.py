"""Section 3.3: the parts of ZeroCap's guidance that are done row by row, as loops that numba compiles for float32.

`bench.caption.guidance` is their door. A row's bits do not depend on how many there are; those of torch's power do.
"""

from __future__ import annotations

import math
from typing import Any

from bench.system.loops import F, compile_loop


@compile_loop
def shift_rows(step: Any, factor: Any, context: Any, gradient: Any) -> None:
    """Shift contexts [r, n] against their gradients: by step * g / |g|^factor, in place."""
    for at in range(len(context)):
        row, own, total = context[at], gradient[at], F(0)
        for i in range(own.size):
            total += own[i] * own[i]
        scale = F(step / (math.sqrt(total) + 1e-15) ** factor)
        for i in range(own.size):
            row[i] -= scale * own[i]
