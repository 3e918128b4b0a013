"""Figures 1 and 5: where the text of each segment goes, inside its largest part and clear of the other texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from scipy import ndimage

_GRID = 64
"""Places are looked for on a map of at most this many cells a side: 10 ms a panel instead of a second."""
TOLERATED = 0.08
"""A text that would lie on others by more than this share is left out; the list below the picture has it anyway."""
_CANDIDATES = 6
_FLAT = 0.45
"""Texts are wide: room to the left and right counts this much less than room above and below."""


@dataclass(frozen=True)
class Box:
    """The size of a text in pixels."""

    height: int
    width: int


def place_labels(
    labels: Int[np.ndarray, "h w"], boxes: Sequence[Box], size: tuple[int, int], tolerated: float = TOLERATED
) -> list[tuple[int, int] | None]:
    """Place texts: the corner (y, x) of each in a picture of ``size`` (height, width), None where there is no room.

    ``labels`` gives each pixel the position of its segment in ``boxes`` (negative: none), at any size. Large
    segments choose first. A text that would lie on others by more than the share ``tolerated`` has no room.
    """
    height, width = size
    step = max(1, -(-max(labels.shape) // _GRID))
    small = labels[step // 2 :: step, step // 2 :: step] if min(labels.shape) > step else labels
    scale = height / small.shape[0], width / small.shape[1]
    areas = np.bincount(labels[labels >= 0].ravel(), minlength=len(boxes))
    taken: list[tuple[int, int, int, int]] = []
    corners: list[tuple[int, int] | None] = [None] * len(boxes)
    for position in np.argsort(-areas[: len(boxes)], kind="stable"):
        box, region = boxes[position], small == position
        # Thin segments can fall through the coarse map.
        if areas[position] and not region.any():
            region = _mark_thin(labels == position, small.shape)
        if not areas[position] or box.height > height or box.width > width:
            continue
        rooms = [_find_room(_find_corner(point, box, scale, size), box) for point in _find_anchors(region)]
        free = min(rooms, key=lambda room: _count_covered(room, taken))  # the first of equals: anchors come best first
        if _count_covered(free, taken) <= tolerated * box.height * box.width:
            taken.append(free)
            corners[position] = free[:2]
    return corners


def _mark_thin(region: Bool[np.ndarray, "h w"], shape: tuple[int, ...]) -> Bool[np.ndarray, "g g"]:
    points = np.argwhere(region) * np.array(shape) // np.array(region.shape)
    found = np.zeros(shape, dtype=bool)
    found[points[:, 0], points[:, 1]] = True
    return found


def _find_anchors(region: Bool[np.ndarray, "g g"]) -> Iterator[tuple[float, float]]:
    """Find middles of the roomiest places of the largest part, the roomiest first."""
    parts, count = ndimage.label(region)
    if count > 1:
        region = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
    # Padded: the edge of the picture is an edge of the segment.
    depth = ndimage.distance_transform_edt(np.pad(region, 1), sampling=(1, _FLAT))[1:-1, 1:-1]
    rows, columns = np.ogrid[: region.shape[0], : region.shape[1]]
    for _ in range(_CANDIDATES):
        y, x = np.unravel_index(np.argmax(depth), depth.shape)
        if depth[y, x] <= 0:
            return
        yield float(y) + 0.5, float(x) + 0.5
        reach = max(3.0, depth[y, x])
        depth[(rows - y) ** 2 + (_FLAT * (columns - x)) ** 2 < reach**2] = 0


def _find_corner(
    point: tuple[float, float], box: Box, scale: tuple[float, float], size: tuple[int, int]
) -> tuple[int, int]:
    y = round(point[0] * scale[0] - box.height / 2)
    x = round(point[1] * scale[1] - box.width / 2)
    return min(max(y, 0), size[0] - box.height), min(max(x, 0), size[1] - box.width)


def _find_room(corner: tuple[int, int], box: Box) -> tuple[int, int, int, int]:
    return corner[0], corner[1], corner[0] + box.height, corner[1] + box.width


def _count_covered(room: tuple[int, int, int, int], taken: Sequence[tuple[int, int, int, int]]) -> int:
    """Count pixels of a room that other texts already have."""
    top, left, bottom, right = room
    return sum(
        max(0, min(bottom, other[2]) - max(top, other[0])) * max(0, min(right, other[3]) - max(left, other[1]))
        for other in taken
    )
