"""Objects as true segments, and crowds: PQ and recall.objects against sets of pixels, and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.metrics.mask_quality import compute_mask_quality
from bench.metrics.object_recall import compute_object_recall, describe_objects
from bench.metrics.panoptic import compute_panoptic_quality
from bench.overlap.table import drop_untold, make_overlap
from bench.records import UNTOLD, VOID, Overlap, Prediction, Sample
from tests.unit.metrics.make import CLASSES, picture
from tests.unit.metrics.measure import image_of, pooled

CAT, DOG, SKY = range(3)
Pixels = frozenset[int]


def drawn(seed: int) -> tuple[Sample, np.ndarray, np.ndarray]:
    """Truth with objects and crowds, and a map of predicted segments near it, with the class of each (-1: none)."""
    draw = np.random.default_rng(seed)
    blocks = draw.integers(0, 9, (4, 5))
    classes = np.array([CAT, CAT, CAT, DOG, DOG, SKY, SKY, VOID, CAT], np.int16)[blocks]
    objects = np.array([0, 1, UNTOLD, 4, UNTOLD, -1, -1, -1, 7], np.int16)[blocks]
    truth, numbers = (np.kron(one, np.ones((3, 3), one.dtype)) for one in (classes, objects))
    segments = np.where(draw.random(truth.shape) < 0.85, np.kron(blocks, np.ones((3, 3), int)), draw.integers(0, 9))
    labels = np.array([CAT, CAT, CAT, DOG, DOG, SKY, SKY, CAT, DOG if seed % 2 else CAT], np.int32)
    return replace(picture(truth, f"{seed:03}"), instances=numbers), segments, labels


def table(sample: Sample, segments: np.ndarray) -> Overlap:
    masks = segments == np.arange(9)[:, None, None]
    return make_overlap(Prediction(sample.image_id, masks, tuple("abcdefghi")), sample)


def put(where: np.ndarray) -> Pixels:
    return frozenset(np.flatnonzero(where).tolist())


def split(sample: Sample, segments: np.ndarray, labels: np.ndarray):
    """True segments, crowds by class, predictions, as sets of pixels with their class; things apart, stuff united."""
    truth, numbers = sample.truth, sample.instances
    assert truth is not None and numbers is not None
    true = [(c, put((truth == c) & (numbers == o))) for c in (CAT, DOG) for o in np.unique(numbers[numbers >= 0])]
    true.append((SKY, put(truth == SKY)))
    crowds = {c: put((truth == c) & (numbers == UNTOLD)) for c in (CAT, DOG)}
    said = [(int(labels[s]), put(segments == s)) for s in range(9) if CLASSES.things[labels[s]]]
    said.append((SKY, put(np.isin(segments, np.flatnonzero(labels == SKY)))))
    return [one for one in true if one[1]], crowds, [one for one in said if one[1]], put(truth == VOID)


def iou(said: Pixels, true: Pixels, void: Pixels) -> float:
    return len(said & true) / len((said - void) | true)


def slow_pq(seeds: range) -> float:
    """COCO's rule for crowds: no true segment, and whoever lies on one of its class by more than half is excused."""
    tally = {c: [0.0, 0, 0, 0] for c in (CAT, DOG, SKY)}
    for seed in seeds:
        true, crowds, said, void = split(*drawn(seed))
        hits = {(a, b): iou(s, g, void) for a, (c, s) in enumerate(said) for b, (d, g) in enumerate(true) if c == d}
        hits = {pair: value for pair, value in hits.items() if value > 0.5}
        for (_, b), value in hits.items():
            tally[true[b][0]][0] += value
            tally[true[b][0]][1] += 1
        for a, (c, s) in enumerate(said):
            excused = len(s & (void | crowds.get(c, frozenset()))) > len(s) / 2
            tally[c][2] += not excused and all(pair[0] != a for pair in hits)
        for b, (c, _) in enumerate(true):
            tally[c][3] += all(pair[1] != b for pair in hits)
    return float(np.mean([s / (t + (f + m) / 2) for s, t, f, m in tally.values()]))


def value(seeds: range, compute, name: str) -> float:
    images = [image_of(table(sample, segments), labels=labels[None]) for sample, segments, labels in map(drawn, seeds)]
    return float(pooled([compute(image)[name] for image in images]).value())


def test_pq_equals_loops_over_sets_of_pixels_with_crowds() -> None:
    assert value(range(40), compute_panoptic_quality, "pq") == pytest.approx(slow_pq(range(40)))
    assert 0.1 < slow_pq(range(40)) < 0.95


def test_recall_of_objects_equals_loops_over_sets_of_pixels() -> None:
    found = total = 0
    for seed in range(40):
        true, _, said, void = split(*drawn(seed))
        total += len(true)
        found += sum(any(c == d and iou(s, g, void) > 0.5 for d, s in said) for c, g in true)
    assert value(range(40), compute_object_recall, "recall.objects>0.5") == pytest.approx(found / total)
    assert 0.1 < found / total < 0.95


def by_hand(objects: list[int], masks: list[list[int]], classes: list[int]) -> Overlap:
    sample = replace(picture(np.array([classes])), instances=np.array([objects], np.int16))
    return make_overlap(Prediction("x", np.array(masks, bool)[:, None], tuple("abc"[: len(masks)])), sample)


def recall(item: Overlap, *labels: int, **by: object) -> list[float]:
    (terms,) = compute_object_recall(image_of(item, labels=np.array([labels]), **by)).values()
    return list(terms.numerator[0])


def test_two_cats_are_two_and_one_mask_over_both_finds_neither() -> None:
    item = by_hand([0, 0, 1, 1], [[1, 1, 0, 0], [0, 0, 1, 0]], [CAT] * 4)
    assert recall(item, CAT, CAT) == [1, 0], "the second has IoU 1/2"
    assert recall(item, CAT, CAT, tau_iou=0.25) == [1, 1] and recall(item, DOG, CAT) == [0, 0]
    assert recall(by_hand([0, 0, 1, 1], [[1, 1, 1, 1]], [CAT] * 4), CAT) == [0, 0]
    assert recall(by_hand([-1] * 4, [[1, 1, 0, 0], [0, 0, 1, 1]], [SKY] * 4), SKY, SKY) == [1], "stuff is united"


def test_a_crowd_is_neither_found_nor_missed_and_stays_pixels_of_its_class() -> None:
    item = by_hand([0, 0, UNTOLD, UNTOLD], [[1, 1, 0, 0], [0, 0, 1, 1]], [CAT] * 4)
    assert (
        item.truth_classes.tolist() == [CAT, CAT] and item.untold is not None and item.untold.tolist() == [False, True]
    )
    assert recall(item, CAT, CAT) == [1]
    image = image_of(item, labels=np.array([[CAT, CAT]]))
    assert image.class_pixels.truth.tolist() == [4] and image.class_pixels.iou.tolist() == [[1]]
    assert pooled([compute_panoptic_quality(image)["pq"]]).value() == 1, "the second is excused"
    wrong = image_of(item, labels=np.array([[CAT, DOG]]))
    rq = compute_panoptic_quality(wrong)["rq"]
    assert dict(zip(rq.classes.tolist(), rq.denominator[0], strict=True)) == {CAT: 1, DOG: 0.5}, (
        "a dog on a crowd of cats"
    )
    assert len(compute_mask_quality(image)["masks.max_iou"]) == 1
    assert drop_untold(item).counts[:, -1].tolist() == [0, 2] and drop_untold(item).untold is None


def test_a_note_says_what_was_counted_as_an_object() -> None:
    cats, crowd = (
        by_hand([0, 0, 1, 1], [[1, 1, 1, 1]], [CAT] * 4),
        by_hand([0, UNTOLD, -1, -1], [[1] * 4], [0, 0, 2, 2]),
    )
    (told,) = describe_objects([cats, crowd], CLASSES, ("iou", "panoptic", "objects"))
    assert told.startswith(
        "PQ and recall.objects: 3 objects of things, each a true segment of its own; regions of several that"
    )
    whole = by_hand([0] * 4, [[1] * 4], [CAT] * 4)
    assert describe_objects([whole, whole], CLASSES, ["panoptic"]) == [
        "PQ: no image has two objects of one class; all pixels of a thing in an image are one"
    ]
    assert describe_objects([cats], CLASSES, ["iou", "recall"]) == []
    assert describe_objects([by_hand([-1] * 4, [[1] * 4], [SKY] * 4)], CLASSES, ["panoptic"]) == []
