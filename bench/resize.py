"""Nearest-neighbour resizing of masks, labels and energies, as the reference does it: the floor of the scaled index."""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped


def resize_nearest(grid: Shaped[np.ndarray, "a b *rest"], size: tuple[int, int]) -> Shaped[np.ndarray, "h w *rest"]:
    """Resize: row i of h reads input row floor(i * a / h), columns alike; the input itself where sizes agree."""
    if grid.shape[:2] == size:
        return grid
    rows, columns = (np.arange(new) * old // new for old, new in zip(grid.shape[:2], size, strict=True))
    return grid[rows[:, None], columns]
