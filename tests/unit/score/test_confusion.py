"""The confusion table against a count pixel by pixel, and against the intersections of IoU."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bench.mapping.labels import assign_labels
from bench.metrics.terms import ImageTables
from bench.records import BACKGROUND, VOID
from bench.score.confusion import COLUMNS, NO_CLASS, NO_LABEL, make_confusion_table
from bench.score.counts import gather, label
from bench.score.presets import make_protocol
from tests.unit.metrics.make import CLASSES, Case, by_hand, case, resized, row

PAPER = make_protocol("paper")


def count_pixels(cases: list[Case], mapping: str, tau: float) -> tuple[Counter, Counter]:
    """Pixels and images of each (true, said), pixel by pixel; a pixel under two labels counts for both."""
    pixels, images = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in cases:
        truth = one.sample.truth
        (labels,) = assign_labels(one.overlap, mapping, [tau], PAPER).every
        masks = [resized(mask, truth.shape) for mask in one.prediction.masks]
        own = Counter[tuple[str, str]]()
        for at in np.ndindex(truth.shape):
            if truth[at] == VOID:
                continue
            true = NO_CLASS if truth[at] == BACKGROUND else CLASSES.names[truth[at]]
            said = {CLASSES.names[k] for k, mask in zip(labels, masks, strict=True) if mask[at] and k >= 0}
            own.update((true, name) for name in said or {NO_LABEL})
        pixels, images = pixels + own, images + Counter(own.keys())
    return pixels, images


@pytest.mark.parametrize("overlapping", [False, True])
def test_every_entry_is_the_count_of_its_pixels(overlapping: bool) -> None:
    cases = [case(seed, overlapping=overlapping) for seed in range(30)]
    table = make_confusion_table([one.overlap for one in cases], CLASSES, PAPER)
    assert table is not None and tuple(table.columns) == COLUMNS
    for mapping, tau in (("tt", PAPER.tau_sbert), ("st", PAPER.tau_clip)):
        own = table[table["mapping"] == mapping]
        pixels, images = count_pixels(cases, mapping, tau)
        pairs = list(zip(own["true"], own["said"], strict=True))
        assert dict(zip(pairs, own["pixels"], strict=True)) == pixels and len(pixels) > 15
        assert dict(zip(pairs, own["images"], strict=True)) == images
        assert set(own["threshold"]) == {tau} and own["pixels"].dtype.kind == "i"


def test_a_class_with_itself_is_the_intersection_of_its_iou() -> None:
    images = [case(seed, overlapping=True).overlap for seed in range(12)]
    table = make_confusion_table(images, CLASSES, PAPER)
    assert table is not None
    same = Counter[str]()
    for image in label(gather(images, (), CLASSES, PAPER), "tt", [PAPER.tau_sbert]):
        assert isinstance(image, ImageTables)
        found = image.class_pixels
        for index, pixels in zip(found.classes, found.intersection[0], strict=True):
            same[CLASSES.names[index]] += int(pixels)
    own = table[(table["mapping"] == "tt") & (table["true"] == table["said"])]
    assert dict(zip(own["true"], own["pixels"], strict=True)) == +same


def test_order_by_hand_and_nothing_without_a_mapping() -> None:
    item = by_hand([[4, 0, -1, -2]], [[[1, 1, 0, 0]], [[0, 0, 1, 1]]], [row(tree=0.9), row(cat=0.2)])
    table = make_confusion_table([item], CLASSES, make_protocol("paper", mapping=("tt",)))
    assert table is not None
    assert table[["true", "said", "pixels", "images"]].to_numpy().tolist() == [
        ["cat", "tree", 1, 1], ["tree", "tree", 1, 1], [NO_CLASS, NO_LABEL, 1, 1],
    ]  # fmt: skip
    assert make_confusion_table([item], CLASSES, make_protocol("paper", mapping=())) is None


def test_void_that_is_the_first_label_is_counted_as_that() -> None:
    item = by_hand([[1, -2]], [[[1, 1]]], [row(cat=0.9)])
    table = make_confusion_table([item], CLASSES, make_protocol("paper", mapping=("tt",), void="first"))
    assert table is not None and table[["true", "said"]].to_numpy().tolist() == [["cat", "cat"], ["dog", "cat"]]
