"""What a segmenter returns is looked at before it is kept: each fault is one line that names it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.errors import UserError
from bench.records import SegmentTree
from bench.store.returned import check_tree

IMAGE = (40, 60)


def make_leaves(size: tuple[int, int] = IMAGE, last: int = 1, kind: Any = np.int16) -> np.ndarray:
    """Leaves 0, and one pixel of the last."""
    leaves = np.zeros(size, kind)
    leaves[-1, -1] = last
    return leaves


def make_unchecked_tree(leaves: np.ndarray) -> SegmentTree:
    """A tree as it is made outside of tests, where no shape or dtype is checked."""
    tree = SegmentTree(make_leaves(), (1, 2))
    object.__setattr__(tree, "leaves", leaves)
    return tree


@pytest.mark.parametrize("size", [IMAGE, (20, 30), (13, 20)])
def test_leaves_of_the_image_or_of_a_copy_that_is_announced_pass(size: tuple[int, int]) -> None:
    check_tree("segment: mine", SegmentTree(make_leaves(size), (1, 2)), IMAGE, resizes=True)


@pytest.mark.parametrize("size", [(20, 30), (80, 120), (50, 75)])
def test_another_size_of_the_same_proportions_has_to_be_announced(size: tuple[int, int]) -> None:
    """A border or a doubled frame may keep the proportions: squeezed, every mask would lie beside its segment."""
    with pytest.raises(UserError, match=f"{size[0]}x{size[1]} .*the image is 40x60; .*`resizes = True` in the class"):
        check_tree("segment: mine", SegmentTree(make_leaves(size), (1, 2)), IMAGE)


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (None, "gave nothing for over-segments; return bench.records.SegmentTree"),
        (make_leaves(), "gave a ndarray for over-segments"),
        (make_unchecked_tree(make_leaves(kind=np.int64)), "its leaves: int64 [40, 60]; give a NumPy array of int16"),
        (SegmentTree(make_leaves((80, 60)), (1, 2)), "its leaves are 80x60 (height x width), the image is 40x60"),
        (SegmentTree(make_leaves((60, 40)), (1, 2)), "its leaves are 60x40 (height x width), the image is 40x60"),
        (SegmentTree(make_leaves(last=2), (1, 2)), "numbered 0 to 2, and heap_ids has 2 nodes"),
        (SegmentTree(make_leaves(last=-1), (1, 2)), "numbered -1 to 0, and heap_ids has 2 nodes"),
        (SegmentTree(make_leaves(), (1, 1)), "heap_ids has a node twice"),
    ],
)
def test_what_lies_outside_of_the_image_or_the_tree_is_one_line(tree: Any, told: str) -> None:
    with pytest.raises(UserError) as caught:
        check_tree("segment: mine", tree, IMAGE)
    assert str(caught.value).startswith("segment: mine: ") and told in str(caught.value)
    assert "\n" not in str(caught.value)
