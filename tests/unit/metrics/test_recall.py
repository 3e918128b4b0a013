"""Segment Recall: both definitions by hand, and the reference's curve from its words."""

from __future__ import annotations

import numpy as np
import pytest

from bench.mapping.assign import apply_thresholds, assign, find_nearest_class
from bench.metrics.recall import compute_recall
from bench.records import Overlap
from tests.unit.metrics.make import by_hand, case, row, slow_iou
from tests.unit.metrics.measure import allseg_curve, image_of, pooled, reference_curve, summed

CAT, DOG, SKY = range(3)
HALF = by_hand([[CAT, CAT, DOG]], [[[1, 0, 0]], [[0, 0, 1]]], [row(), row()])


def counts(label: list[int], tau: float = 0.5) -> tuple[float, float]:
    return paper(HALF, np.array([label]), tau)


def paper(item: Overlap, labels: np.ndarray, tau: float = 0.5, **settings: str) -> tuple[float, float]:
    """Hits and true segments."""
    (terms,) = compute_recall(image_of(item, labels=labels, tau_iou=tau, **settings)).values()
    return summed(terms)


def test_papers_rule_is_strict_and_ignores_labels_that_are_not_true() -> None:
    assert counts([CAT, DOG]) == (1, 2), "the cat's IoU is exactly 0.5"
    assert counts([CAT, DOG], 0.49) == (2, 2)
    assert counts([SKY, DOG]) == (1, 2), "an absent label costs nothing"
    assert counts([-1, -1]) == (0, 2)


def test_references_rule_counts_equality_and_absent_labels() -> None:
    curve = reference_curve(HALF, np.array([[CAT, SKY]]))[0]
    assert curve[0] == 1, "at 0 even an absent class is a hit"
    assert curve[50] == pytest.approx(1 / 3) and curve[51] == 0
    found = compute_recall(image_of(HALF, labels=np.array([[CAT, SKY]]), recall="reference"))
    row_ = pooled([found["recall.mean101.union"]])
    assert (row_.value(), row_.n) == (pytest.approx((1 + 50 / 3) / 101), 1)


def test_best_single_segment() -> None:
    """Two cats of 3 and 1 of 4 pixels: together 1, alone 0.75; a dog without segment misses even at 0."""
    record = by_hand([[CAT] * 4, [DOG] * 4], [[[1, 1, 1, 0], [0] * 4], [[0, 0, 0, 1], [0] * 4]], [row(), row()])
    curve = allseg_curve(record, np.array([[CAT, CAT]]))[0]
    assert curve.tolist() == [0.5] * 76 + [0.0] * 25
    assert reference_curve(record, np.array([[CAT, CAT]]))[0, 100] == 0.5


def test_image_without_any_class_weighs_nothing() -> None:
    record = by_hand([[-1, -2]], [], [])
    for definition in ("paper", "reference"):
        found = compute_recall(image_of(record, labels=np.zeros((1, 0)), recall=definition, background="class"))
        assert [summed(terms) for terms in found.values()] == [(0, 0)] * (1 if definition == "paper" else 2)


@pytest.mark.parametrize("seed", range(15))
def test_equals_pixels(seed: int) -> None:
    one = case(seed, overlapping=True)
    label = assign(one.tt, 0.2)
    slow = slow_iou(one, label, "voc")
    true = [index for index in slow if (one.sample.truth == index).any()]
    assert paper(one.overlap, label[None], 0.1, background="voc") == (
        sum(slow[index] > 0.1 for index in true),
        len(true),
    )
    for at in (0, 10, 50):
        share = np.mean([value >= at / 100 for value in slow.values()])
        assert reference_curve(one.overlap, label[None], background="voc")[0, at] == pytest.approx(share)


@pytest.mark.thinned(7)
@pytest.mark.parametrize("background", ["voc", "context", "class"])
@pytest.mark.parametrize("seed", range(20))
def test_best_single_segment_equals_pixels_at_every_threshold(seed: int, background: str) -> None:
    one = case(seed, overlapping=bool(seed % 2), n=6)
    taus = [None, 0.3, 0.6, 0.9, 2.0]
    labels = apply_thresholds(*find_nearest_class(one.tt), taus)
    found = allseg_curve(one.overlap, labels, background=background)
    truth = one.sample.truth
    for row_, curve in zip(labels, found, strict=True):
        of_class: dict[int, list[float]] = {index: [] for index in set(truth[truth >= 0].tolist())}
        for segment in np.flatnonzero(row_ >= 0):
            alone = np.where(np.arange(6) == segment, row_, -1)
            values = slow_iou(one, alone, "context" if background == "class" else background)
            of_class.setdefault(row_[segment], []).append(values[row_[segment]])
        best = [(v[0] if np.isnan(v[0]) else np.nanmax(v)) if v else -1.0 for v in of_class.values()]
        if best:
            expected = [np.mean([value >= at / 100 for value in best]) for at in range(101)]
            np.testing.assert_allclose(curve, expected, atol=1e-12)
        else:
            assert np.isnan(curve).all()


def test_background_is_no_segment_even_where_it_is_scored() -> None:
    record = by_hand([[CAT, CAT, -1, -1]], [[[1, 1, 0, 0]]], [row(cat=1)])
    label = np.array([[CAT], [-1]], np.int32)
    assert reference_curve(record, label, background="class")[:, 50].tolist() == [1, 0]
    assert allseg_curve(record, label, background="class")[:, 50].tolist() == [1, 0]


def test_best_single_segment_obeys_what_becomes_of_pixels_without_an_answer() -> None:
    """Six pixels of cat: two under a cat, two under a dog that the second threshold drops, two under nothing."""
    record = by_hand([[CAT] * 6], [[[1, 1, 0, 0, 0, 0]], [[0, 0, 1, 1, 0, 0]]], [row(), row()])
    labels = np.array([[CAT, DOG], [CAT, -1]], np.int32)

    def best(unlabelled: str, below: str) -> list[int]:
        """The highest IoU, in percent, at which the cat is found, under both thresholds."""
        found = allseg_curve(record, labels, unlabelled=unlabelled, below=below)
        return [int(np.flatnonzero(line > 0.4).max()) for line in found]

    assert best("count", "count") == [33, 33]
    assert best("ignore", "count") == [50, 50]
    assert best("count", "ignore") == [33, 50]
    assert best("ignore", "ignore") == [50, 100]
