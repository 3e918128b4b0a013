"""Nearest-neighbour resizing of masks, labels and energies, as the reference does it: the floor of the scaled index.

And which sizes are of one image, seen smaller or larger.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped


def resize_nearest(grid: Shaped[np.ndarray, "a b *rest"], size: tuple[int, int]) -> Shaped[np.ndarray, "h w *rest"]:
    """Resize: row i of h reads input row floor(i * a / h), columns alike; the input itself where sizes agree."""
    if grid.shape[:2] == size:
        return grid
    rows, columns = (np.arange(new) * old // new for old, new in zip(grid.shape[:2], size, strict=True))
    return grid[rows[:, None], columns]


def has_same_proportions(masks: tuple[int, int], image: tuple[int, int]) -> bool:
    """Whether two sizes, height and width in pixels, have the same proportions.

    Within rounding: some factor gives each side of the masks to less than one pixel. Swapped sides never have, however
    near to a square.
    """
    if masks == image:
        return True
    (low, high), (left, right) = (((m - 1) / i, (m + 1) / i) for m, i in zip(masks, image, strict=True))
    return not are_swapped(masks, image) and low < right and left < high


def are_swapped(masks: tuple[int, int], image: tuple[int, int]) -> bool:
    """Whether one size is the other turned by a right angle, at some scale."""
    return masks[0] * image[0] == masks[1] * image[1] and masks[0] != masks[1]
