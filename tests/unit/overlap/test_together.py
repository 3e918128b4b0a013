"""Tables of many images joined count what each image counts by itself, number for number."""

from __future__ import annotations

import numpy as np
import pytest

from bench.mapping.assign import apply_thresholds, choose_representatives
from bench.mapping.labels import Labels
from bench.metrics.recall import find_best_segments
from bench.metrics.terms import ImageTables
from bench.overlap.arithmetic import count_class_pixels
from bench.overlap.table import make_overlap
from bench.overlap.together import can_join, count_all_class_pixels, find_all_best_segments, join_tables
from bench.protocol import Protocol
from bench.records import BACKGROUND, VOID, ClassList, Overlap, Prediction, Sample

CLASSES = ClassList("seven", tuple("abcdefg"), (True,) * 7)
TAUS = (0.5, 0.0, 0.9, 0.5, 0.2)
"""In no order, and one of them twice."""


def draw_image(seed: int, crowded: bool) -> tuple[Overlap, np.ndarray, np.ndarray]:
    """A table, and by segment a label and how sure it is: some empty, some without a label, some alike."""
    draw = np.random.default_rng(seed)
    n, size = int(draw.integers(0, 7)), (6, 7)
    truth = draw.choice([*draw.integers(0, 7, 3), BACKGROUND, VOID], size).astype(np.int16)
    if seed % 5 == 0:
        truth[:] = VOID
    apart = draw.integers(0, n + 2, size) == np.arange(n)[:, None, None]
    masks = draw.random((n, *size)) < draw.random() if crowded else apart
    instances = draw.integers(-2, 3, size).astype(np.int16) if seed % 3 == 0 else None
    sample = Sample(f"{seed:03}", np.zeros((*size, 3), np.uint8), truth, instances=instances)
    label = draw.integers(-1, 7, n).astype(np.int32)
    return make_overlap(Prediction(sample.image_id, masks, ("t",) * n), sample), label, draw.random(n).round(1)


@pytest.mark.parametrize("crowded", [False, True])
@pytest.mark.parametrize("representative", ["union", "argmax"])
@pytest.mark.parametrize(("background", "void"), [("context", "ignore"), ("voc", "count"), ("ignore", "ignore")])
def test_joined_images_count_what_each_counts(crowded: bool, representative: str, background: str, void: str) -> None:
    by = Protocol(background=background, void=void, representative=representative)
    drawn = [draw_image(seed, crowded) for seed in range(12)]
    every = [apply_thresholds(label, best, TAUS) for _, label, best in drawn]
    chosen = every  # of every class all segments
    if representative == "argmax":
        alone = [choose_representatives(label, best, item.areas) for item, label, best in drawn]
        chosen = [apply_thresholds(one, best, TAUS) for one, (_, _, best) in zip(alone, drawn, strict=True)]
    tables = join_tables(tuple(item for item, *_ in drawn), len(CLASSES))
    assert tables.crowded == crowded
    pixels = count_all_class_pixels(tables, np.concatenate(chosen, axis=1), by)
    best = find_all_best_segments(tables, np.concatenate(every, axis=1), by)
    assert pixels.image is not None and best.image is not None
    for at, (item, *_) in enumerate(drawn):
        alone = count_class_pixels(item, chosen[at], background, void)
        here = pixels.image == at
        assert pixels.classes[here].tolist() == alone.classes.tolist()
        for name in ("truth", "share"):
            np.testing.assert_array_equal(getattr(pixels, name)[here], getattr(alone, name))
        for name in ("predicted", "intersection", "union", "scored", "iou", "evaluated"):
            np.testing.assert_array_equal(getattr(pixels, name)[:, here], getattr(alone, name), err_msg=name)
        own = find_best_segments(ImageTables(by, CLASSES, item, labels=Labels(every[at], chosen[at])))
        here = best.image == at
        assert best.classes[here].tolist() == own.classes.tolist()
        np.testing.assert_array_equal(best.iou[:, here], own.iou)
        np.testing.assert_array_equal(best.counted[:, here], own.counted)
        np.testing.assert_array_equal(best.share[here], own.share)


@pytest.mark.parametrize(
    ("policy", "joined"),
    [({}, True), ({"absent": "ignore"}, True), ({"background": "class"}, False), ({"unseen": "one"}, False),
     ({"unlabelled": "ignore"}, False), ({"below": "ignore"}, False)],
)  # fmt: skip
def test_other_policies_are_counted_image_by_image(policy: dict[str, str], joined: bool) -> None:
    assert can_join(Protocol(**policy)) is joined
