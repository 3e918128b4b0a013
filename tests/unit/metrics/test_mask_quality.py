"""Class-agnostic mask quality against pixels, pycocotools, and every assignment tried out."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from pycocotools import mask as coco

from bench.metrics.mask_quality import compute_mask_quality
from bench.overlap.arithmetic import compute_iou_matrix
from bench.records import BACKGROUND, VOID
from tests.unit.metrics.make import by_hand, case, resized, row
from tests.unit.metrics.measure import image_of

CAT, DOG = range(2)


@pytest.mark.parametrize("overlapping", [False, True])
def test_matrix_equals_pycocotools(overlapping: bool) -> None:
    """Without void: COCO knows none."""
    visited = 0
    for seed in range(30):
        one = case(seed, overlapping=overlapping)
        truth = one.sample.truth
        truth[truth == VOID] = BACKGROUND
        masks = [resized(mask, truth.shape) for mask in one.prediction.masks]
        classes = sorted(set(truth[truth >= 0].tolist()))
        if masks and classes:
            found, true = (encoded(each) for each in (masks, [truth == c for c in classes]))
            np.testing.assert_allclose(compute_iou_matrix(one.overlap), coco.iou(found, true, [0] * len(true)))
            visited += 1
    assert visited > 20


def encoded(masks: list[np.ndarray]) -> list[dict]:
    return [coco.encode(np.asfortranarray(mask.astype(np.uint8))) for mask in masks]


@pytest.mark.parametrize(("background", "void"), [("ignore", "ignore"), ("context", "count"), ("voc", "ignore")])
def test_policies_equal_pixels(background: str, void: str) -> None:
    one = case(7, overlapping=True, n=4)
    truth = one.sample.truth
    kept = ((truth != BACKGROUND) | (background != "ignore")) & ((truth != VOID) | (void == "count"))
    for s, mask in enumerate(one.prediction.masks):
        mask = resized(mask, truth.shape) & kept
        for k, label in enumerate(one.overlap.truth_classes):
            true = truth == label
            assert compute_iou_matrix(one.overlap, background, void)[s, k] == (mask & true).sum() / (mask | true).sum()


def test_best_and_hungarian_equal_all_that_is_possible() -> None:
    for seed in range(25):
        item = case(seed, overlapping=True).overlap
        iou, found = compute_iou_matrix(item), compute_mask_quality(image_of(item))
        n, k = iou.shape
        best = max(
            (sum(iou[s, g] for g, s in enumerate(chosen) if s < n) for chosen in permutations(range(n + k), k)),
            default=0.0,
        )
        assert found["masks.max_iou"].numerator.sum() == pytest.approx(iou.max(axis=0).sum() if n else 0)
        assert found["masks.hungarian"].numerator.sum() == pytest.approx(best)
        assert len(found["masks.hungarian"]) == k and len(found["masks.hungarian_all"]) == k + max(0, n - k)


def test_by_hand() -> None:
    """One prediction over both true segments: it serves both in max_iou and one in hungarian; a second is too many."""
    item = by_hand([[CAT, CAT, CAT, DOG]], [[[1, 1, 1, 1]]], [row()])
    assert terms(item, "masks.max_iou") == [3 / 4, 1 / 4] and terms(item, "masks.hungarian") == [3 / 4, 0]
    many = by_hand([[CAT, CAT]], [[[1, 0]], [[0, 1]]], [row(), row()])
    assert terms(many, "masks.hungarian") == [0.5] and sorted(terms(many, "masks.hungarian_all")) == [0, 0.5]
    assert terms(by_hand([[CAT]], [], []), "masks.max_iou") == [0]


def test_one_pixel_under_a_larger_prediction() -> None:
    assert terms(by_hand([[CAT, -1, -1, -1]], [[[1, 1, 1, 1]]], [row()]), "masks.max_iou") == [1 / 4]


def terms(item: object, name: str) -> list[float]:
    return compute_mask_quality(image_of(item))[name].numerator[0].tolist()
