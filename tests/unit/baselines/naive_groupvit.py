"""The authors' rule for GroupViT's labels, pixel by pixel in Python: an oracle that shares no code with the package."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Window = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Soft assignment [g, h, w], unit embeddings of the groups [g, d], that of the window [d]."""


def list_corners(length: int, window: int, stride: int) -> list[tuple[int, int]]:
    """Where windows begin and end along an edge, as mmsegmentation slides them."""
    corners, start = [], 0
    while True:
        end = min(start + window, length)
        corners.append((max(end - window, 0), end))
        if end == length:
            return corners
        start += stride


def softmax(values: list[float]) -> list[float]:
    exponents = [math.exp(value - max(values)) for value in values]
    return [each / sum(exponents) for each in exponents]


def score_groups(window: Window, queries: np.ndarray, scale: float, top: int, threshold: float | None) -> np.ndarray:
    """What each group is of each class, [g, c], background first where there is a threshold."""
    _, groups, mean = window
    nearest = sorted(range(len(queries)), key=lambda c: -float(mean @ queries[c]))[:top]
    rows = []
    for group in groups:
        logits = [scale * float(group @ query) for query in queries]
        among_all, among_near = softmax(logits), softmax([logits[c] for c in nearest])
        row = [0.0] * len(queries)
        for place, c in enumerate(nearest):
            row[c] = among_near[place] * among_all[c]
        rows.append(row)
    if threshold is None:
        return np.array(rows)
    limit = min(threshold, max(max(row) for row in rows))
    return np.array([[1.0 if max(row) < limit else 0.0, *row] for row in rows])


def score_pixels(
    ask: Callable[[int, int, int, int], Window], size: tuple[int, int], window: int, stride: int, queries: np.ndarray,
    scale: float, top: int, threshold: float | None,
) -> np.ndarray:  # fmt: skip
    """The mean over windows at the working size: [c, h, w]. ``ask`` gives the groups of rows and columns."""
    height, width = size
    total: dict[tuple[int, int], list[np.ndarray]] = {}
    for top_row, last_row in list_corners(height, window, stride):
        for left, right in list_corners(width, window, stride):
            found = ask(top_row, last_row, left, right)
            table = score_groups(found, queries, scale, top, threshold)
            for y in range(top_row, last_row):
                for x in range(left, right):
                    group = int(np.argmax(found[0][:, y - top_row, x - left]))
                    total.setdefault((y, x), []).append(table[group])
    scores = [[np.mean(total[y, x], axis=0) for x in range(width)] for y in range(height)]
    return np.moveaxis(np.array(scores), -1, 0)


def resize(grid: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bilinear, pixel centres aligned, edges repeated: [..., a, b] to [..., h, w]."""

    def weigh(old: int, new: int) -> np.ndarray:
        matrix = np.zeros((new, old))
        for at in range(new):
            place = min(max((at + 0.5) * old / new - 0.5, 0), old - 1)
            low = int(place)
            matrix[at, low] += 1 - (place - low)
            matrix[at, min(low + 1, old - 1)] += place - low
        return matrix

    rows, columns = weigh(grid.shape[-2], size[0]), weigh(grid.shape[-1], size[1])
    return rows @ grid @ columns.T
