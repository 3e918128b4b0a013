"""Where texts go: inside their segment, inside the picture, clear of each other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.report.pictures.label_placement import Box, place_labels


def middle(corner: tuple[int, int], box: Box) -> tuple[int, int]:
    return corner[0] + box.height // 2, corner[1] + box.width // 2


def test_a_text_lies_in_the_largest_part_of_its_segment() -> None:
    labels = np.full((100, 100), -1)
    labels[5:25, 5:25] = 0
    labels[50:95, 40:95] = 0
    (corner,) = place_labels(labels, [Box(10, 30)], (100, 100))
    y, x = middle(corner, Box(10, 30))
    assert 60 < y < 85 and 55 < x < 80


def test_a_ring_does_not_get_its_text_in_the_hole() -> None:
    y, x = np.mgrid[:120, :120]
    radius = np.hypot(y - 60, x - 60)
    labels = np.where((radius > 35) & (radius < 58), 0, -1)
    (corner,) = place_labels(labels, [Box(8, 16)], (120, 120))
    assert labels[middle(corner, Box(8, 16))] == 0


@given(st.integers(0, 10**6), st.integers(1, 14), st.integers(30, 200), st.integers(30, 200))
def test_texts_stay_in_the_picture_and_hardly_overlap(seed: int, n: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.random((n, 2)) * [height, width]
    y, x = np.mgrid[:height, :width]
    labels = np.argmin((y[..., None] - points[:, 0]) ** 2 + (x[..., None] - points[:, 1]) ** 2, axis=-1)
    boxes = [Box(int(rng.integers(8, 20)), int(rng.integers(10, 60))) for _ in range(n)]
    size = 3 * height, 3 * width
    ink = np.zeros(size, dtype=int)
    corners = place_labels(labels, boxes, size)
    assert corners[int(np.bincount(labels.ravel()).argmax())] is not None
    # Large segments choose first: a text may lie on those before it by a share of its own area, not of theirs.
    for at in np.argsort(-np.bincount(labels.ravel(), minlength=n), kind="stable"):
        corner, box = corners[at], boxes[at]
        if corner is not None:
            assert 0 <= corner[0] <= size[0] - box.height and 0 <= corner[1] <= size[1] - box.width
            part = ink[corner[0] : corner[0] + box.height, corner[1] : corner[1] + box.width]
            assert (part > 0).sum() <= 0.08 * box.height * box.width
            part += 1


def test_a_thin_segment_is_still_found_and_a_text_that_cannot_fit_is_left_out() -> None:
    labels = np.zeros((400, 400), dtype=int)
    labels[:, 201] = 1
    first, second = place_labels(labels, [Box(10, 20), Box(10, 20)], (400, 400))
    assert first is not None and second is not None and abs(middle(second, Box(10, 20))[1] - 201) < 10
    assert place_labels(labels, [Box(10, 500), Box(500, 10)], (400, 400)) == [None, None]


def test_nothing_to_place() -> None:
    assert place_labels(np.full((5, 5), -1), [Box(2, 2)], (50, 50)) == [None]
    assert place_labels(np.zeros((1, 1), dtype=int), [Box(10, 20)], (384, 384))[0] is not None
    assert place_labels(np.full((5, 5), -1), [], (50, 50)) == []
