"""What was said of what was there: pixels under each segment by true class, against a count over pixels."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bench.records import BACKGROUND, VOID
from bench.report.site.segments import Texts, count_cover, list_nearest, pack_segments
from tests.unit.metrics.make import CLASSES, case, resized

CASES = [case(seed, overlapping=bool(seed % 2)) for seed in range(12)]


def count_slowly(one: object, segment: int | None) -> list[int]:
    """Pixels of each class, then of background, under a segment (None: under no segment)."""
    truth = one.sample.truth  # type: ignore[attr-defined]
    masks = [resized(mask, truth.shape) for mask in one.prediction.masks]  # type: ignore[attr-defined]
    inside = masks[segment] if segment is not None else ~np.any([np.zeros(truth.shape, bool), *masks], axis=0)
    counts = Counter(truth[inside & (truth != VOID)].tolist())
    return [counts[label] for label in (*range(len(CLASSES)), BACKGROUND)]


@pytest.mark.parametrize("at", range(len(CASES)))
def test_cover_is_a_count_over_pixels(at: int) -> None:
    cover = count_cover(CASES[at].overlap, len(CLASSES))
    expected = [count_slowly(CASES[at], segment) for segment in (*range(len(CASES[at].prediction)), None)]
    assert cover.tolist() == expected


def test_columns_hold_every_segment_in_the_order_of_the_images() -> None:
    items = {one.sample.image_id: one.overlap for one in CASES}
    texts = Texts(CLASSES.names)
    packed = pack_segments(items, ["nobody", *items], len(CLASSES), {"tt": "tt", "st": "st"}, 6, texts.number)
    images, starts = packed["image"], packed["starts"]
    assert images.tolist() == [at for at, one in enumerate(CASES, 1) for _ in range(len(one.prediction))]
    said = [texts.listed[number] for number in packed["text"]]
    assert said == [text for one in CASES for text in one.prediction.texts]
    rows = np.concatenate([one.tt for one in CASES])
    best = packed["best"]["tt"]["values"] / packed["best"]["tt"]["scale"]
    np.testing.assert_allclose(best[rows.any(axis=1)], rows.max(axis=1)[rows.any(axis=1)], atol=1e-6)
    assert len(starts) == len(images) + 1 and starts[-1] == len(packed["class"]) == len(packed["pixels"])
    assert packed["truth"] == np.sum([count_slowly(one, None) for one in map(without_segments, CASES)], axis=0).tolist()


def without_segments(one: object) -> object:
    from dataclasses import replace

    from bench.records import Prediction

    nothing = Prediction(one.sample.image_id, np.zeros((0, 3, 3), bool), ())  # type: ignore[attr-defined]
    return replace(one, prediction=nothing)  # type: ignore[type-var]


def test_nearest_classes_come_best_first_and_ties_in_the_order_of_the_list() -> None:
    rows = np.array([[0.1, 0.5, 0.5, -0.2], [0.9, 0.0, 0.0, 0.0]], np.float32)
    found = list_nearest(rows)
    assert found is not None and found["classes"].tolist() == [1, 2, 0, 0, 1, 2] and found["each"] == 3
    assert found["near"].tolist() == [5000, 5000, 1000, 9000, 0, 0]
    few = list_nearest(np.zeros((2, 2), np.float32))
    assert few is not None and few["each"] == 2 and few["classes"].tolist() == [0, 1, 0, 1]
    nothing = list_nearest(np.zeros((0, 4), np.float32))
    assert list_nearest(None) is None and nothing is not None and not len(nothing["near"])


def test_texts_are_numbered_once_and_shown_on_one_line() -> None:
    texts = Texts(["cat"])
    assert [texts.number(text) for text in ("dog", "cat", "dog", "a\nb\u202e")] == [1, 0, 1, 2]
    assert texts.listed == ["cat", "dog", "a\\nb\\u202e"]
