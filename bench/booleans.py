"""No part of the paper: arrays of booleans whose bytes are neither 0 nor 1."""

from __future__ import annotations

from typing import Any

import numpy as np


def describe_odd_bytes(array: np.ndarray[Any, Any]) -> str | None:
    """Describe what is wrong with booleans of which a byte is neither 0 nor 1; None for any other array.

    OpenCV 5's ``bitwise_not`` makes them: it turns the bits of each byte, so that the complement of a boolean mask is
    254 and 255, true everywhere (`findings/complement_of_a_mask_is_all.sh`). NumPy keeps such bytes in memory and in
    files, counts them as true, and adds them up as 254 where they are looked at as bytes.
    """
    if array.dtype != np.bool_ or not array.size or array.view(np.uint8).max() <= 1:
        return None
    return "booleans whose bytes are neither 0 nor 1, as OpenCV 5's bitwise_not leaves them: all are true; take ~mask"
