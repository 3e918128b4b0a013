"""Appendix B and section 3.4: the cosine by which siblings are compared, in float64."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float


def compute_cosine(a: Float[np.ndarray, " d"], b: Float[np.ndarray, " d"]) -> float:
    """Compute the cosine in [-1, 1]: exactly 1 for equal vectors, 0 (not NaN) where one is zero, NaN or infinite."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    # One root of the product, not a product of roots: so equal vectors give exactly 1.
    scale = math.sqrt(float(a @ a) * float(b @ b))
    value = float(a @ b) / scale if scale > 0 else 0.0
    return min(max(value, -1.0), 1.0) if math.isfinite(value) else 0.0
