"""Section 3.2: what a variant's own methods return, looked at before it is used: one line for a shape that is wrong.

Without it too many rows would be cut off, too few broadcast, and an empty picture resized: numbers, but of nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from bench.errors import UserError

HEADS = "segments, heads, tokens, dimensions a head"
TOKENS = "segments, tokens, width"
VECTORS = "segments, dimension of the joint space"


def check_tensor(
    encoder: object, method: str, found: Any, expected: Sequence[int], axes: str, where: str = ""
) -> Tensor:
    """Take what a method has returned and return it; raises UserError unless it is a tensor of the shape expected."""
    if not isinstance(found, Tensor) or tuple(found.shape) != tuple(expected):
        wanted = f"a tensor of shape {tuple(expected)}: {axes}"
        raise UserError(f"{type(encoder).__name__}.{method} returned {describe(found)}{where}; expected {wanted}")
    return found


def check_three(encoder: object, method: str, found: Any, where: str = "") -> tuple[Any, Any, Any]:
    """Take the three parts that a method has returned and return them; raises UserError for anything else."""
    if not isinstance(found, tuple) or len(found) != 3:
        wanted = "a tensor, or three: heads, saliency, weight" if method == "mix" else "embeddings, saliency, weight"
        raise UserError(f"{type(encoder).__name__}.{method} returned {describe(found)}{where}; expected {wanted}")
    return found


def check_columns(encoder: object, method: str, found: Any, rows: int, name: str, where: str = "") -> Tensor:
    """Take saliency or weight and return it; raises UserError unless it is a tensor [rows, k] of any k."""
    if not isinstance(found, Tensor) or found.ndim != 2 or len(found) != rows:
        raise UserError(
            f"{type(encoder).__name__}.{method} returned {describe(found)} for its {name}{where}; expected a tensor of "
            f"shape ({rows}, k): segments, and 1 or a number each head"
        )
    return found


def check_picture(encoder: object, found: Any) -> np.ndarray:
    """Take what `paint` has returned and return it; raises UserError unless it is an RGB picture with pixels."""
    fits = isinstance(found, np.ndarray) and found.dtype == np.uint8 and found.ndim == 3
    if not fits or found.shape[2] != 3 or not found.size:
        raise UserError(
            f"{type(encoder).__name__}.paint returned {describe(found)}; expected an array of uint8 and shape "
            "(height, width, 3), with at least one pixel"
        )
    return found


def describe(found: Any) -> str:
    """Describe what was returned: shape and dtype of an array, parts of a tuple, else its type."""
    if isinstance(found, Tensor):
        return f"shape {tuple(found.shape)}"
    if isinstance(found, np.ndarray):
        return f"an array of {found.dtype} and shape {found.shape}"
    if isinstance(found, tuple):
        return f"a tuple of {len(found)}"
    return "None" if found is None else f"a {type(found).__name__}"
