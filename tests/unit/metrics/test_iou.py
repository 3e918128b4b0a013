"""IoU against pixels, against scikit-learn, and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, jaccard_score

from bench.mapping.assign import assign
from bench.metrics.iou import compute_iou
from bench.overlap.arithmetic import count_class_pixels
from bench.records import Overlap
from bench.score.intervals import MetricCounts
from tests.unit.metrics.make import by_hand, case, resized, row, slow_iou
from tests.unit.metrics.measure import image_of, pooled, pooled_of

CAT, DOG, SKY, WALL = range(4)
B, V = -1, -2


def image_iou(record: object, label: list[int], background: str = "context", void: str = "ignore") -> float:
    return mean_iou(record, np.array([label], np.int32), background=background, void=void)


def mean_iou(record: Overlap, labels: np.ndarray, **settings: str) -> float:
    return pooled_of(compute_iou, [image_of(record, labels=labels, **settings)], "iou.image.union").value()


def over_set(images: list[tuple[Overlap, np.ndarray] | None], **settings: str) -> MetricCounts:
    parts = [x and compute_iou(image_of(x[0], labels=x[1], aggregation="dataset", **settings)) for x in images]
    return pooled([part and part["iou.dataset.union"] for part in parts])


@pytest.mark.thinned(5)
@pytest.mark.parametrize("background", ["context", "voc", "ignore"])
@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("void", ["ignore", "count"])
def test_equals_pixels(overlapping: bool, background: str, void: str) -> None:
    visited = 0
    for seed in range(40):
        one = case(seed, overlapping=overlapping)
        label = assign(one.tt, 0.3)
        slow = slow_iou(one, label, background, void)
        fast = count_class_pixels(one.overlap, label[None], background, void)
        assert fast.classes.tolist() == list(slow)
        np.testing.assert_array_equal(fast.iou[0], list(slow.values()))
        known = [value for value in slow.values() if value == value]
        expected = np.mean(known) if known else np.nan
        assert image_iou(one.overlap, label.tolist(), background, void) == pytest.approx(expected, nan_ok=True)
        visited += len(slow)
    assert visited > 100


def test_dataset_aggregation_equals_scikit_learn() -> None:
    true, predicted, tallies = [], [], []
    for seed in range(20):
        one = case(seed)
        label = assign(one.st, 0.2)
        seen = np.full(one.sample.truth.shape, 9)  # 9: unlabelled, which is no class
        for mask, own in zip(one.prediction.masks, label, strict=True):
            seen[resized(mask, seen.shape)] = own if own >= 0 else 9
        kept = one.sample.truth >= 0
        true.append(one.sample.truth[kept])
        predicted.append(seen[kept])
        tallies.append((one.overlap, label[None]))
    rows = over_set(tallies, background="ignore")
    y, z = np.concatenate(true), np.concatenate(predicted)
    assert rows.value() == pytest.approx(jaccard_score(y, z, labels=range(5), average="macro"), abs=1e-12)
    matrix = confusion_matrix(y, z, labels=range(10))
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix)
    np.testing.assert_array_equal(rows.numerator.sum(axis=0), [*np.diag(matrix)[:5], 0])
    np.testing.assert_array_equal(rows.denominator.sum(axis=0), [*union[:5], 0])


def test_dataset_aggregation_leaves_out_classes_that_never_occur() -> None:
    one = by_hand([[CAT, CAT]], [[[1, 0]]], [row(cat=1)])
    rows = over_set([(one, np.array([[CAT]], np.int32)), None])
    assert (rows.value(), rows.n) == (0.5, 1)


def test_perfect_and_absent_class() -> None:
    both = [[[1, 0]], [[0, 1]]]
    assert image_iou(by_hand([[CAT, DOG]], both, [row(), row()]), [CAT, DOG]) == 1
    assert image_iou(by_hand([[CAT, DOG]], both, [row(), row()]), [CAT, SKY]) == pytest.approx(1 / 3)
    assert image_iou(by_hand([[CAT, DOG]], both, [row(), row()]), [CAT, -1]) == 0.5


def test_empty_prediction_scores_zero_and_nothing_to_measure_is_no_number() -> None:
    assert image_iou(by_hand([[CAT, B]], [], []), []) == 0
    assert np.isnan(image_iou(by_hand([[B, V]], [], []), []))
    all_void = by_hand([[V, V]], [[[1, 1]]], [row()])
    assert np.isnan(image_iou(all_void, [CAT]))
    assert image_iou(all_void, [CAT], void="count") == 0


def test_background_policies() -> None:
    """A cat half on background, and a dog that is not there."""
    record = by_hand([[CAT, B, B, B]], [[[1, 1, 0, 0]], [[0, 0, 1, 0]]], [row(), row()])
    assert image_iou(record, [CAT, DOG], "context") == pytest.approx((1 / 2 + 0) / 2)
    assert image_iou(record, [CAT, DOG], "voc") == pytest.approx(1 / 2)
    assert image_iou(record, [CAT, DOG], "ignore") == 1


def test_overlapping_segments_count_a_pixel_once_for_their_class() -> None:
    record = by_hand([[CAT, CAT, DOG]], [[[1, 1, 0]], [[0, 1, 1]]], [row(), row()])
    assert count_class_pixels(record, np.array([[CAT, CAT]], np.int32)).iou[0].tolist() == [2 / 3, 0]
    assert count_class_pixels(record, np.array([[CAT, DOG]], np.int32)).iou[0].tolist() == [1, 1 / 2]


def test_one_pixel_segment_in_a_larger_prediction() -> None:
    """6x6 masks against 2x2 truth: only the pixels at 0 and 3 are looked at."""
    masks = np.zeros((2, 6, 6), int)
    masks[0, 3, 3], masks[1, 1, 1] = 1, 1
    one = case(0, n=2)
    prediction = replace(one.prediction, masks=masks.astype(bool))
    sample = replace(
        one.sample, image=np.zeros((2, 2, 3), np.uint8), truth=np.array([[DOG, DOG], [DOG, CAT]], np.int16)
    )
    record = replace(one, prediction=prediction, sample=sample).overlap
    assert count_class_pixels(record, np.array([[CAT, SKY]], np.int32)).iou[0].tolist() == pytest.approx(
        [1, 0, np.nan], nan_ok=True
    )


@given(st.integers(0, 10_000), st.permutations(range(5)))
def test_relabelled_classes_and_segments_change_nothing(seed: int, order: list[int]) -> None:
    one = case(seed, overlapping=True, n=5)
    label = assign(one.tt, 0.2)
    before = count_class_pixels(one.overlap, label[None], "voc")
    new = np.array([*order, V, B])  # negative labels keep their place at the end
    sample = replace(one.sample, truth=new[one.sample.truth].astype(np.int16))
    prediction = replace(one.prediction, masks=one.prediction.masks[order])
    after = count_class_pixels(
        replace(one, prediction=prediction, sample=sample).overlap,
        np.where(label >= 0, new[label], -1)[order][None].astype(np.int32),
        "voc",
    )
    assert {(order[c], *values) for c, *values in _facts(before)} == {tuple(fact) for fact in _facts(after)}


def _facts(one: object) -> list[list[float]]:
    return [list(fact) for fact in zip(one.classes.tolist(), one.truth, one.intersection[0], one.union[0], strict=True)]


def answered(one: object, label: np.ndarray, unlabelled: str, below: str) -> np.ndarray:
    """Which pixels are scored, mask by mask."""
    shape = one.sample.truth.shape
    covered, named = np.zeros(shape, bool), np.zeros(shape, bool)
    for mask, own in zip(one.prediction.masks, label, strict=True):
        covered |= resized(mask, shape)
        if own >= 0:
            named |= resized(mask, shape)
    return ~((~covered & (unlabelled == "ignore")) | (covered & ~named & (below == "ignore")))


@pytest.mark.thinned(2)
@pytest.mark.parametrize(("unlabelled", "below"), [("ignore", "count"), ("count", "ignore"), ("ignore", "ignore")])
def test_pixels_without_an_answer_equal_a_truth_without_them(unlabelled: str, below: str) -> None:
    """Void is what is never scored: so the same as void in the ground truth, but for which classes the image has."""
    visited = 0
    for seed in range(40):
        one = case(seed, overlapping=bool(seed % 2))
        label = assign(one.tt, 0.8)
        fast = count_class_pixels(one.overlap, label[None], unlabelled=unlabelled, below=below)
        kept = answered(one, label, unlabelled, below)
        truth = np.where(kept, one.sample.truth, V).astype(np.int16)
        slow = slow_iou(replace(one, sample=replace(one.sample, truth=truth)), label)
        expected = [slow.get(index, float("nan")) for index in fast.classes.tolist()]
        np.testing.assert_array_equal(fast.iou[0], expected)
        np.testing.assert_array_equal(fast.truth, count_class_pixels(one.overlap, label[None]).truth)
        visited += int((~kept).any())
    assert visited > 20


def test_background_as_a_class_equals_scikit_learn() -> None:
    """21 classes instead of 20: what no segment names is background."""
    true, predicted, tallies = [], [], []
    for seed in range(20):
        one = case(seed)
        label = assign(one.st, 0.3)
        seen = np.full(one.sample.truth.shape, 5)
        for mask, own in zip(one.prediction.masks, label, strict=True):
            seen[resized(mask, seen.shape)] = own if own >= 0 else 5
        kept = one.sample.truth != V
        true.append(np.where(one.sample.truth == B, 5, one.sample.truth)[kept])
        predicted.append(seen[kept])
        tallies.append((one.overlap, label[None]))
    rows = over_set(tallies, background="class")
    y, z = np.concatenate(true), np.concatenate(predicted)
    assert rows.value() == pytest.approx(jaccard_score(y, z, labels=range(6), average="macro"), abs=1e-12)
    assert rows.n == 6
    for one, y_one, z_one in zip(tallies, true, predicted, strict=True):
        present = sorted(set(y_one) | set(z_one))
        value = mean_iou(*one, background="class")
        expected = jaccard_score(y_one, z_one, labels=present, average="macro", zero_division=0) if present else np.nan
        assert value == pytest.approx(expected, nan_ok=True)


def test_background_as_a_class_changes_nothing_for_the_others() -> None:
    record = by_hand([[CAT, B, B, B]], [[[1, 1, 0, 0]], [[0, 0, 1, 0]]], [row(), row()])
    one = count_class_pixels(record, np.array([[CAT, DOG]], np.int32), "class")
    assert one.classes.tolist() == [CAT, DOG, B] and one.iou[0].tolist() == [1 / 2, 0, 1 / 3]
    full = by_hand([[CAT]], [[[1]]], [row()])
    assert mean_iou(full, np.array([[CAT]]), background="class") == 1, (
        "no background and none predicted: it is not there to be averaged"
    )


def test_void_that_counts_is_area_of_a_class_and_of_background() -> None:
    """A cat says one of its own pixel, of background and of void; of what is left one is background and one void."""
    record = by_hand([[CAT, B, V, B, V]], [[[1, 1, 1, 0, 0]]], [row()])
    found = {
        void: count_class_pixels(record, np.array([[CAT]], np.int32), "class", void).iou[0].tolist()
        for void in ("ignore", "count")
    }
    assert found == {"ignore": [1 / 2, 1 / 2], "count": [1 / 3, 1 / 3]}
    rest = by_hand([[CAT, V]], [[[1, 0]]], [row()])
    said = count_class_pixels(rest, np.array([[CAT]], np.int32), "class", "count")
    assert said.predicted.tolist() == [[True, True]], "void that no segment says is background that was said"


def test_absent_classes_by_policy() -> None:
    both = by_hand([[CAT, DOG]], [[[1, 0]], [[0, 1]]], [row(), row()])
    assert mean_iou(both, np.array([[CAT, SKY]])) == pytest.approx(1 / 3)
    assert mean_iou(both, np.array([[CAT, SKY]]), absent="ignore") == pytest.approx(1 / 2)
