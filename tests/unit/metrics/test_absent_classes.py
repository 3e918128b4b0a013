"""Classes that the truth or both sides lack, in IoU, accuracy and PQ: by hand, and in every part of a set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.metrics.panoptic import compute_panoptic_quality
from bench.protocol import Protocol
from bench.records import Overlap
from bench.score.counts import count_metrics, gather
from bench.score.intervals import MetricCounts, select_images
from tests.unit.metrics.make import CLASSES, by_hand, case, row
from tests.unit.metrics.measure import image_of, pooled_of

CAT, DOG, SKY, WALL = range(4)


def _count(items: list[Overlap], metrics: str = "iou", **settings: Any) -> dict[str, MetricCounts]:
    protocol = Protocol(metrics=metrics, mapping="tt", tau_sbert=None, **settings)
    return {name: counts for (name, _, _), counts in count_metrics(gather(items, [], CLASSES, protocol)).items()}


def test_unseen_classes_count_in_every_resample() -> None:
    """The counts of any images drawn say what those images alone do, whichever classes they lack."""
    items = [case(seed, name=f"{seed}").overlap for seed in range(12)]
    for unseen, absent in (("one", "zero"), ("zero", "zero"), ("ignore", "zero"), ("one", "ignore")):
        settings = {"aggregation": ("image", "pair", "dataset"), "unseen": unseen, "absent": absent}
        found = _count(items, **settings)
        for drawn in (range(3), [4], [5, 7, 11]) if absent == "zero" else ():
            ids, alone = [f"{at}" for at in drawn], _count([items[at] for at in drawn], **settings)
            for name, counts in found.items():
                assert select_images(counts, ids).value() == pytest.approx(alone[name].value(), abs=1e-9, nan_ok=True)
        assert unseen == "ignore" or absent == "ignore" or found["iou.dataset.union"].n == len(CLASSES)


def test_absent_classes_of_the_set_are_left_out_of_it() -> None:
    """The cat is in the second image only, the dog in neither; both are predicted in the first."""
    masks = [[[1, 0, 0, 0]], [[0, 1, 0, 0]], [[0, 0, 1, 1]]]
    first = by_hand([[SKY, SKY, SKY, SKY]], masks, [row(cat=1), row(dog=1), row(sky=1)], "a")
    second = by_hand([[CAT, CAT, SKY, SKY]], [[[1, 1, 1, 1]]], [row(sky=1)], "b")
    values = {absent: _count([first, second], absent=absent, aggregation="dataset") for absent in ("zero", "ignore")}
    sky, cat, dog = 4 / 8, 0 / 3, 0
    assert values["zero"]["iou.dataset.union"].value() == pytest.approx((sky + cat + dog) / 3)
    assert values["ignore"]["iou.dataset.union"].value() == pytest.approx((sky + cat) / 2)


def test_pairs_weigh_images_by_their_classes() -> None:
    first = by_hand([[SKY, SKY, CAT, CAT]], [[[1, 1, 1, 0]]], [row(sky=1)], "a")  # sky 2/3, cat 0
    second = by_hand([[SKY, SKY, SKY, SKY]], [[[1, 1, 1, 1]]], [row(sky=1)], "b")
    found = _count([first, second], aggregation=("image", "pair"))
    assert found["iou.image.union"].value() == pytest.approx(((2 / 3 + 0) / 2 + 1) / 2)
    assert found["iou.pair.union"].value() == pytest.approx((2 / 3 + 0 + 1) / 3) and found["iou.pair.union"].n == 3


def test_fwiou_weighs_by_the_true_pixels_of_the_set_and_its_weights_are_fixed() -> None:
    """Sky has 6 true pixels (IoU 5/8), cat 2 (IoU 0); the first image alone has sky at 3/4 with the same weights."""
    first = by_hand([[SKY, SKY, SKY, SKY]], [[[1, 1, 1, 0]], [[0, 0, 0, 1]]], [row(sky=1), row(dog=1)], "a")
    second = by_hand([[SKY, SKY, CAT, CAT]], [[[1, 1, 1, 1]]], [row(sky=1)], "b")
    found = _count([first, second], "fwiou")["fwiou"]
    assert found.value() == pytest.approx(6 / 8 * 5 / 8 + 2 / 8 * 0) and found.n == 2
    assert found.each()[0] == pytest.approx(6 / 8 * 3 / 4)


def test_accuracy_knows_pixels_without_an_answer() -> None:
    item = by_hand([[SKY, SKY, CAT, CAT]], [[[1, 0, 0, 0]], [[0, 0, 1, 1]]], [row(sky=1), row(cat=1)])
    for unlabelled, sky in (("count", 1 / 2), ("ignore", 1.0)):
        found = _count([item], ("pixel_accuracy", "mean_accuracy"), unlabelled=unlabelled)
        assert found["mean_accuracy"].value() == pytest.approx((sky + 1) / 2)
        assert found["pixel_accuracy"].value() == {"count": 3 / 4, "ignore": 1}[unlabelled]
        assert found["pixel_accuracy"].n == {"count": 4, "ignore": 3}[unlabelled]


def test_sq_of_a_class_without_a_match() -> None:
    item = by_hand([[SKY, SKY, CAT, CAT]], [[[1, 1, 1, 0]]], [row(sky=1)])  # sky 2/3, the cat is missed
    for unmatched, sq in (("ignore", 2 / 3), ("zero", 1 / 3)):
        image = image_of(item, labels=np.array([[SKY]]), unmatched=unmatched)
        assert pooled_of(compute_panoptic_quality, [image], "sq").value() == pytest.approx(sq, abs=1e-11)
        assert pooled_of(compute_panoptic_quality, [image], "pq").value() == pytest.approx(1 / 3)


def test_pq_of_pixels_without_an_answer() -> None:
    """The cat lies under no segment by 3 of 4 pixels: no miss where those are not scored, nor is its segment one."""
    truth, masks = [[CAT, CAT, CAT, CAT, SKY, SKY, SKY]], [[[0, 0, 0, 1, 0, 0, 0]], [[0, 0, 0, 0, 1, 1, 0]]]
    item, labels = by_hand(truth, masks, [row(), row()]), np.array([[WALL, SKY]])
    values = {}
    for unlabelled in ("count", "ignore"):
        image = image_of(item, labels=labels, unlabelled=unlabelled)
        values[unlabelled] = pooled_of(compute_panoptic_quality, [image], "pq").value()
    assert values["count"] == pytest.approx((2 / 3 + 0 + 0) / 3), "sky with a miss of one pixel, cat missed, wall wrong"
    assert values["ignore"] == pytest.approx((1 + 0) / 2), "the cat is left out"
