"""Floors and ceilings: shuffled captions, true classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.errors import UserError
from bench.mapping.assign import assign
from bench.overlap.arithmetic import count_class_pixels
from bench.records import TrueSegmentTexts
from bench.score.controls import assign_true_classes, shuffle_captions
from bench.score.evaluate import evaluate
from bench.score.presets import make_protocol as preset
from tests.unit.metrics.make import CLASSES, NAMING, by_hand, case, resized, row

OVERLAPS = [case(seed).overlap for seed in range(12)]


def test_shuffling_moves_captions_with_their_rows_and_keeps_embeddings() -> None:
    named = [replace(item, texts=tuple(f"{item.image_id} {i}" for i in range(len(item.areas)))) for item in OVERLAPS]
    home = {text: tuple(line) for item in named for text, line in zip(item.texts, item.tt, strict=True)}
    shuffled = shuffle_captions(named[::-1], seed=4)
    assert [item.image_id for item in shuffled] == [item.image_id for item in named]
    assert sorted(text for item in shuffled for text in item.texts) == sorted(home)
    for before, after in zip(named, shuffled, strict=True):
        assert len(after.texts) == len(after.tt) == len(before.areas)
        assert all(home[text] == tuple(line) for text, line in zip(after.texts, after.tt, strict=True))
        np.testing.assert_array_equal(after.st, before.st)
        np.testing.assert_array_equal(after.counts, before.counts)
    assert sum(a.texts != b.texts for a, b in zip(named, shuffled, strict=True)) > 6


def test_seed_decides_and_order_does_not() -> None:
    one, same, other = (
        shuffle_captions(given, seed) for given, seed in ((OVERLAPS, 1), (OVERLAPS[::-1], 1), (OVERLAPS, 2))
    )
    assert [item.texts for item in one] == [item.texts for item in same]
    assert any((a.tt != b.tt).any() for a, b in zip(one, other, strict=True))


def test_oracles_are_shuffled_too_and_the_floor_is_chance() -> None:
    rows = np.eye(5, dtype=np.float32)
    oracles = [
        TrueSegmentTexts(f"{i:03}", np.arange(5, dtype=np.int32), np.ones(5, np.int64), rows, None) for i in range(60)
    ]
    score = preset("paper", resamples=200)
    full, floor = (
        evaluate([], given, CLASSES, score, NAMING).table.iloc[0] for given in (oracles, shuffle_captions(oracles))
    )
    assert full["value"] == 1
    assert floor["low"] < 0.2 < floor["high"] and floor["high"] < full["low"]


def test_shuffling_needs_captions() -> None:
    with pytest.raises(UserError, match="image 0003 has no texts"):
        shuffle_captions([replace(OVERLAPS[3], tt=None)])
    assert shuffle_captions([]) == []


def test_true_classes_follow_the_largest_overlap() -> None:
    record = by_hand([[0, 0, 1, -1]], [[[1, 1, 1, 0]], [[0, 0, 1, 1]], [[0, 0, 0, 1]]], [row()] * 3)
    named = assign_true_classes(record, 5)
    assert assign(named.tt, 0.5).tolist() == [0, 1, -1], "what lies on no class stays unlabelled"
    assert assign(named.st, None).tolist() == [0, 1, -1]


@pytest.mark.parametrize("seed", range(8))
def test_true_classes_equal_pixels_and_are_a_ceiling_of_found_pixels(seed: int) -> None:
    one = case(seed, n=4)
    named, truth = assign_true_classes(one.overlap, 5), one.sample.truth
    for mask, line in zip(one.prediction.masks, named.tt, strict=True):
        inside = truth[resized(mask, truth.shape)]
        pixels = np.array([(inside == index).sum() for index in range(5)])
        assert line.tolist() == ((np.arange(5) == pixels.argmax()) & (pixels > 0)).tolist()
    best = count_class_pixels(one.overlap, assign(named.tt, 0.5)[None]).intersection.sum()
    assert best >= count_class_pixels(one.overlap, assign(one.tt, None)[None]).intersection.sum()
