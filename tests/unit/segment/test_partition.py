"""Segmenters beside section 3.1: parts become leaves, and siblings are those that Ward joins."""

import numpy as np
import pytest

from bench.errors import BadSample
from bench.records import BACKGROUND, VOID, Sample
from bench.segment.grid import Grid
from bench.segment.oracle import Oracle
from bench.segment.partition import describe_parts, make_partition_tree
from bench.segment.superpixels import Felzenszwalb, Slic
from bench.segment.tree import get_sibling


def draw_four() -> np.ndarray:
    """Four quarters: red and almost red on the left, blue and green on the right."""
    image = np.zeros((20, 30, 3), np.uint8)
    image[:10, :15], image[10:, :15] = (200, 0, 0), (190, 0, 0)
    image[:10, 15:], image[10:, 15:] = (0, 0, 200), (0, 200, 0)
    return image


def test_parts_that_look_alike_are_siblings() -> None:
    image, labels = draw_four(), np.zeros((20, 30), int)
    labels[10:, :15], labels[:10, 15:], labels[10:, 15:] = 7, 30, -4
    tree = make_partition_tree(labels, image)
    assert [int(tree.leaves[y, x]) for y, x in ((19, 29), (0, 0), (19, 0), (0, 29))] == [0, 1, 2, 3]  # -4, 0, 7, 30
    assert get_sibling(tree.heap_ids[1]) == tree.heap_ids[2] and len(set(tree.heap_ids)) == 4
    assert (tree.make_masks().sum(0) == 1).all()


def test_one_part_is_the_root() -> None:
    tree = make_partition_tree(np.full((4, 5), 9), np.zeros((4, 5, 3), np.uint8))
    assert tree.heap_ids == (0,) and not tree.leaves.any()


def test_facts_of_parts_by_hand() -> None:
    image = np.array([[[255, 0, 0], [0, 0, 0], [0, 51, 0], [0, 153, 0]]], np.uint8)
    found = describe_parts(np.array([[0, 0, 1, 1]]), 2, image)
    np.testing.assert_allclose(found, [[0.5, 0, 0, 0, 0.125], [0, 0.4, 0, 0, 0.625]])


@pytest.mark.parametrize("seed", range(5))
def test_every_node_of_the_tree_has_two_children(seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (12, 15, 3), dtype=np.uint8)
    ids = set(make_partition_tree(rng.integers(0, 40, (12, 15)), image).heap_ids)
    while ids != {0}:
        deepest = max(ids)
        assert get_sibling(deepest) in ids
        ids -= {deepest, get_sibling(deepest)}
        ids.add((deepest - 1) // 2)


def test_a_grid_is_equal_rectangles() -> None:
    tree = Grid(2, 3)(Sample("a", draw_four()))
    masks = tree.make_masks()
    assert [int(mask.sum()) for mask in masks] == [100] * 6
    assert masks[0, :10, :10].all() and masks[5, 10:, 20:].all()
    narrow = Grid(4, 5)(Sample("b", np.zeros((2, 9, 3), np.uint8)))
    assert len(narrow.heap_ids) == 10 and {int(mask.sum()) for mask in narrow.make_masks()} == {1, 2}


@pytest.mark.parametrize("make", [lambda: Slic(n=4), lambda: Felzenszwalb(scale=50, sigma=0, min_size=20)])
def test_superpixels_find_four_flat_quarters(make) -> None:
    sample = Sample("a", draw_four())
    sample.image[10:, :15] = (90, 90, 0)
    tree = make()(sample)
    for part in ((slice(1, 9), slice(1, 14)), (slice(11, 19), slice(1, 14)), (slice(1, 9), slice(17, 29))):
        assert len(np.unique(tree.leaves[part])) == 1
    assert len(tree.heap_ids) == 4 and make()(sample).leaves.tobytes() == tree.leaves.tobytes()


def test_the_oracle_has_the_true_segments_and_what_has_no_class() -> None:
    truth = np.zeros((20, 30), np.int16)
    truth[:, 15:], truth[:2], truth[:, 29] = 5, BACKGROUND, VOID
    tree = Oracle()(Sample("a", draw_four(), truth))
    assert [int(truth[mask][0]) for mask in tree.make_masks()] == [VOID, BACKGROUND, 0, 5]
    assert all(len(np.unique(truth[mask])) == 1 for mask in tree.make_masks())
    with pytest.raises(BadSample, match="image a: it has no labels"):
        Oracle()(Sample("a", draw_four()))


def test_too_many_parts_are_refused() -> None:
    with pytest.raises(BadSample, match="cut into 40000 parts, at most 32767"):
        make_partition_tree(np.arange(40000).reshape(200, 200), np.zeros((200, 200, 3), np.uint8))
