"""Classes that the truth or both sides lack, in IoU, accuracy and PQ: by hand, and in every part of a set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bench.mapping.assign import assign
from bench.metrics.panoptic import compute_panoptic_quality
from bench.protocol import Protocol
from bench.records import Overlap
from bench.score.counts import count_metrics, gather
from bench.score.intervals import MetricCounts, compute_intervals
from tests.unit.metrics.make import CLASSES, by_hand, case, row
from tests.unit.metrics.measure import image_of, pooled_of

CAT, DOG, SKY, WALL = range(4)
BOTH = [row(sky=1), row(cat=1)]


def _count(items: list[Overlap], metrics: str = "iou", **settings: Any) -> dict[str, MetricCounts]:
    protocol = Protocol(metrics=metrics, mapping="tt", tau_sbert=None, **settings)
    return {name: counts for (name, _, _), counts in count_metrics(gather(items, [], CLASSES, protocol)).items()}


@pytest.mark.parametrize(("unseen", "value"), [("one", 1.0), ("zero", 0.0)])
def test_a_class_of_the_list_that_no_image_has_counts_as_the_protocol_says(unseen: str, value: float) -> None:
    """Sky 3/4 and 0 of 2; tree, wall and dog are nowhere, the cat is in the second image only."""
    first = by_hand([[SKY, SKY, SKY, SKY]], [[[1, 1, 1, 0]]], [row(sky=1)], "a")
    second = by_hand([[SKY, SKY, CAT, CAT]], [[[0, 0, 1, 1]]], [row(cat=1)], "b")
    found = _count([first, second], aggregation=("image", "pair", "dataset"), unseen=unseen)
    images = (3 / 4 + 4 * value) / 5, (0 + 1 + 3 * value) / 5
    assert found["iou.image.union"].value() == pytest.approx(sum(images) / 2)
    assert found["iou.pair.union"].value() == pytest.approx(sum(images) / 2) and found["iou.pair.union"].n == 10
    whole = found["iou.dataset.union"]
    assert whole.value() == pytest.approx((3 / 6 + 1 + 3 * value) / 5, abs=1e-15) and whole.n == 5
    assert (whole.denominator[:, CAT] == [0, 2]).all(), "of a class that the set has, images without it count nothing"


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


def test_fwiou_weighs_by_true_pixels_and_varies_with_its_images() -> None:
    """Sky has 6 true pixels (IoU 5/8), cat 2 (IoU 0)."""
    first = by_hand([[SKY, SKY, SKY, SKY]], [[[1, 1, 1, 0]], [[0, 0, 0, 1]]], [row(sky=1), row(dog=1)], "a")
    second = by_hand([[SKY, SKY, CAT, CAT]], [[[1, 1, 1, 1]]], [row(sky=1)], "b")
    found = _count([first, second], "fwiou")["fwiou"]
    assert found.value() == pytest.approx(6 / 8 * 5 / 8 + 2 / 8 * 0) and (found.n, found.unit) == (8, "pixels")


def test_an_image_moves_fwiou_by_what_it_moves_the_formula() -> None:
    """Images drawn a little more often than others: the derivative of the counts is that of the formula."""
    items = [case(seed, name=f"{seed:02}").overlap for seed in range(10, 40)]
    tables = [image_of(item, labels=assign(item.tt, None)[None]) for item in items]

    def formula(weight: np.ndarray) -> float:
        true, right, union = np.zeros((3, len(CLASSES)))
        for each, image in zip(weight, tables, strict=True):
            pixels = image.class_pixels
            for total, part in ((true, pixels.truth), (right, pixels.intersection[0]), (union, pixels.union[0])):
                total[pixels.classes] += each * part
        return float((true * right / union).sum() / true.sum())

    found, once = _count(items, "fwiou")["fwiou"], np.ones(len(items))
    assert found.value() == pytest.approx(formula(once))
    for at in range(len(items)):
        more = once + 1e-6 * (np.arange(len(items)) == at)
        ratio = float((more @ found.numerator / (more @ found.denominator))[0])
        assert ratio - found.value() == pytest.approx(formula(more) - formula(once), abs=1e-11)
    without = [formula(once - (np.arange(len(items)) == at)) for at in range(len(items))]
    assert found.shift == pytest.approx((len(items) - 1) * (np.mean(without) - formula(once)), abs=1e-12), "few images"
    (span,) = compute_intervals([found])
    (other,) = compute_intervals([replace(found, shift=None)])
    assert span.low <= min(span.value, span.value - found.shift) and span.high >= max(
        span.value, span.value - found.shift
    )
    assert span.high - span.low > other.high - other.low, "about infinitely many images, too"


def test_fwiou_next_to_100_percent_does_not_rule_out_what_few_images_cannot_show() -> None:
    """A pixel of eight images is wrong: as of 8 hits of 8, the lower end is 67.6 %, or a little less."""
    right = [
        by_hand([[SKY] * 50 + [CAT] * 50], [[[1] * 50 + [0] * 50], [[0] * 50 + [1] * 50]], BOTH, f"{at}")
        for at in range(7)
    ]
    wrong = by_hand([[SKY] * 50 + [CAT] * 50], [[[1] * 49 + [0] * 51], [[0] * 50 + [1] * 50]], BOTH, "x")
    (span,) = compute_intervals([_count([*right, wrong], "fwiou")["fwiou"]])
    assert 0.998 < span.value < 1 and 0.66 < span.low < 0.676 and span.high <= 1
    (alone,) = [_count([wrong], "fwiou")["fwiou"]]
    assert alone.shift == 0, "one image tells nothing of others"


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
