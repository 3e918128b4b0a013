"""Open mIoU against the published formula on a confusion matrix, against ordinary mIoU, and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.metrics.iou import compute_iou
from bench.metrics.open_miou import compute_open_miou
from bench.overlap.arithmetic import assign_regions
from bench.records import Overlap
from tests.unit.metrics.make import by_hand, case, row
from tests.unit.metrics.measure import image_of, pooled_of

CAT, DOG = range(2)


def score(items: list[Overlap], background: str = "ignore") -> float:
    return pooled_of(compute_open_miou, [image_of(item, background=background) for item in items], "open_miou").value()


def owners(item: Overlap) -> np.ndarray:
    """The segment that each region belongs to, -1 under none."""
    table = assign_regions(item)
    return np.where(table.any(axis=0), table.argmax(axis=0) if len(table) else -1, -1)


def published(items: list[Overlap], labels: list[np.ndarray], similar: np.ndarray) -> float:
    """K x K confusion counts N[p, g]; new diagonal sum M N by column, off-diagonal (1 - M) N; then IoU."""
    counts = np.zeros((5, 5))
    for item, label in zip(items, labels, strict=True):
        for atom, members in zip(item.counts, item.membership, strict=True):
            for s in np.flatnonzero(members):
                np.add.at(counts[label[s]], item.truth_classes, atom[:-2])
    unlabelled = sum(item.counts[~item.membership.any(axis=1), :-2].sum(axis=0) @ onehot(item) for item in items)
    diagonal = (similar * counts).sum(axis=0)
    rest = (1 - similar) * counts
    union = diagonal + rest.sum(axis=1) + rest.sum(axis=0) + unlabelled
    return float(np.mean(diagonal[union > 0] / union[union > 0]))


def onehot(item: Overlap) -> np.ndarray:
    return item.truth_classes[:, None] == np.arange(5)


def test_equals_the_published_formula_where_texts_are_class_names() -> None:
    """A pixel of class g under class p is (1 - M) of an error of p and of a miss of g, and M of a hit of g: the formula
    counts column and row sums, in which the misses of g and its hits make up |G_g|."""
    draw = np.random.default_rng(0)
    similar = draw.random((5, 5))
    similar = (similar + similar.T) / 2 * 0.9
    np.fill_diagonal(similar, 1)
    items, labels = [], []
    for seed in range(20):
        item = case(seed).overlap
        label = draw.integers(0, 5, len(item.areas))
        items.append(replace(item, tt=similar[label].astype(np.float32)))
        labels.append(label)
    assert score(items) == pytest.approx(published(items, labels, similar), abs=1e-6)


@given(st.integers(0, 200))
def test_hard_similarities_give_the_ordinary_miou(seed: int) -> None:
    items = []
    for at in range(4):
        item = case(4 * seed + at).overlap
        label = np.random.default_rng(at).integers(0, 5, len(item.areas))
        items.append(replace(item, tt=np.eye(5, dtype=np.float32)[label]))
    settings = {"background": "ignore", "aggregation": "dataset"}
    images = [image_of(item, labels=item.tt.argmax(axis=1)[None], **settings) for item in items]
    expected = pooled_of(compute_iou, images, "iou.dataset.union").value()
    assert score(items) == pytest.approx(expected, nan_ok=True)


def test_by_hand() -> None:
    """A text that is 0.8 dog lies on one of two dog pixels and on one cat pixel, of which it is 0.4."""
    item = by_hand([[DOG, DOG, CAT]], [[[1, 0, 1]]], [row(dog=0.8, cat=0.4)])
    dog, cat = 0.8 / (2 + 0.6), 0.4 / 1
    assert score([item]) == pytest.approx((dog + cat) / 2)


@pytest.mark.parametrize(("background", "union"), [("ignore", 1), ("context", 2), ("voc", 2)])
def test_background_under_a_segment(background: str, union: int) -> None:
    item = by_hand([[DOG, -1]], [[[1, 1]]], [[0, 1, 0, 0, 0]])
    assert score([item], background=background) == 1 / union


def test_a_pixel_under_several_segments_is_the_smallest_ones() -> None:
    item = by_hand([[DOG, DOG, CAT]], [[[1, 1, 1]], [[0, 1, 1]], [[0, 0, 1]]], [row()] * 3)
    found = {tuple(atom[:2]): own for atom, own in zip(item.membership.astype(int).tolist(), owners(item), strict=True)}
    assert found == {(1, 0): 0, (1, 1): found[1, 1]} and sorted(owners(item)) == [0, 1, 2]
    assert owners(by_hand([[DOG]], [], [])).tolist() == [-1]
