"""Names against names: words by hand, cosines from the rows, the segment that fits best."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.metrics.name_similarity import compute_given_names, compute_matched_names, compute_word_iou
from bench.records import TrueSegmentTexts
from bench.score.presets import make_protocol as preset
from tests.unit.metrics.make import by_hand, row
from tests.unit.metrics.measure import count_truths, image_of

CAT, DOG = range(2)


@pytest.mark.parametrize(
    ("text", "name", "share"),
    [
        ("cat", "cat", 1), ("A cat.", "cat", 1 / 2), ("black cat", "white dog", 0), ("TV monitor!", "tv-monitor", 1),
        ("", "cat", 0), ("...", "cat", 0), ("", "", 0), ("cat cat cat", "cat", 1),
        ("Straße", "straße", 1), ("cafe\u0301 table", "caf\u00e9", 1 / 2), ("猫", "猫", 1), ("猫 犬", "犬", 1 / 2),
    ],
)  # fmt: skip
def test_words_by_hand(text: str, name: str, share: float) -> None:
    assert compute_word_iou(text, name) == share


def oracle() -> TrueSegmentTexts:
    rows = np.array([row(cat=0.9, dog=0.2), row(dog=0.4)], np.float32)
    return TrueSegmentTexts("x", np.array([CAT, DOG], np.int32), np.array([30, 10]), rows, rows, ("a cat", "wolf"))


def test_given_is_the_mean_cosine_of_tgq_and_the_words() -> None:
    found = compute_given_names(image_of(by_hand([[CAT] * 100], [], []), oracle()))
    cosine = count_truths([oracle()], "tt", preset("paper"))["tgq.micro.cosine"].value()
    assert found["names.similarity.given"].numerator.mean() == pytest.approx(cosine)
    assert found["names.siou.given"].numerator[0].tolist() == [0.5, 0]
    assert found["names.siou.given"].share.tolist() == [0.3, 0.1]
    assert compute_given_names(image_of(None, replace(oracle(), tt=None))) == {}
    assert np.isnan(compute_given_names(image_of(None, oracle()))["names.siou.given"].share).all()


def test_matched_takes_the_text_of_the_segment_that_fits_best() -> None:
    rows = [row(cat=0.3), row(cat=0.8), row(dog=0.5)]
    item = by_hand([[CAT, CAT, DOG, -1]], [[[1, 0, 0, 0]], [[1, 1, 0, 0]], [[0, 0, 0, 1]]], rows)
    item = replace(item, texts=("dog", "fat cat", "dog"))
    found = compute_matched_names(image_of(item))
    assert found["names.similarity.matched"].numerator[0].tolist() == pytest.approx([0.8, 0])
    assert found["names.siou.matched"].numerator[0].tolist() == [0.5, 0], "no segment touches the dog"
    empty = compute_matched_names(image_of(by_hand([[CAT]], [], [])))
    assert empty["names.siou.matched"].numerator[0].tolist() == [0]
