"""One row a true segment: against the records by hand, and as the terms of TGQ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bench.records import Overlap, TrueSegmentTexts
from bench.score.presets import make_protocol as preset
from bench.score.segments import KNOWN, MEASURED, make_segment_table
from tests.unit.metrics.make import CLASSES, by_hand, case, row
from tests.unit.metrics.measure import count_truths

TRUTH = [[0, 0, 0, 2], [2, 2, -1, -2]]
"""Cat and sky of three pixels each, one pixel of background and one void."""


def pair(tt: list[list[float]], st: list[list[float]], name: str = "x") -> tuple[Overlap, TrueSegmentTexts]:
    known = by_hand(TRUTH, [], [], name)
    rows = (np.array(part, np.float32) for part in (tt, st))
    return known, TrueSegmentTexts(name, known.truth_classes, np.array([3, 3]), *rows, ("a cat", "blue"))


def test_by_hand() -> None:
    # Cat: exactly at the threshold, so no hit; a tie with dog within the rounding goes to the lower index, cat.
    tie = row(cat=0.5, dog=0.5 + 1e-7)
    table = make_segment_table([pair([tie, row(sky=0.6)], [row(dog=0.3), row(sky=0.2)])], CLASSES, preset("paper"))
    assert list(table.columns) == [*KNOWN, *MEASURED]
    expected = pd.DataFrame(
        [("x", "cat", True, 3, 3 / 8, "a cat", 0.5, False, True, 0.01, False),
         ("x", "sky", False, 3, 3 / 8, "blue", 0.6, True, True, 0.2, True)],
        columns=[*KNOWN, *MEASURED],
    )  # fmt: skip
    pd.testing.assert_frame_equal(table, expected, check_exact=False, atol=1e-6)


def test_the_protocol_decides_at_the_threshold() -> None:
    pairs = [pair([row(cat=0.5), row(sky=0.4)], [row(), row()])]
    hits = {
        name: make_segment_table(pairs, CLASSES, preset(name))["tt_hit"].tolist() for name in ("paper", "reference")
    }
    assert hits == {"paper": [False, False], "reference": [True, False]}


def test_without_a_threshold_a_hit_is_the_nearest_class() -> None:
    pairs = [pair([row(cat=0.4), row(dog=0.9, sky=0.8)], [row(), row()])]
    assert make_segment_table(pairs, CLASSES, preset("dataset_miou"))["tt_hit"].tolist() == [True, False]


def test_sums_over_rows_are_the_metrics() -> None:
    draw, pairs = np.random.default_rng(0), []
    for seed in range(8):
        known = case(seed, n=2).overlap
        k = len(known.truth_classes)
        rows = (draw.integers(0, 8, (2, k, 5)) / 10).astype(np.float32)
        pairs.append((known, TrueSegmentTexts(known.image_id, known.truth_classes, np.ones(k, np.int64), *rows)))
    table = make_segment_table(pairs[::-1], CLASSES, preset("paper"))
    assert table["image_id"].is_monotonic_increasing
    for mapping, names in {"tt": ("hit>0.5", "cosine", "top1"), "st": ("cosine", "top1")}.items():
        metrics = count_truths([oracle for _, oracle in pairs], mapping, preset("paper"))
        for name in names:
            metric = metrics["tgq.micro>0.5" if name == "hit>0.5" else f"tgq.micro.{name}"]
            column = f"{mapping}_{name.partition('>')[0]}"
            assert table[column].mean() == pytest.approx(metric.value(), abs=1e-9) and len(table) == metric.n


def test_without_oracle_records_the_true_segments_remain() -> None:
    known, oracle = pair([row(), row()], [row(), row()])
    none = replace(oracle, classes=oracle.classes[:0], areas=oracle.areas[:0], tt=None, st=None, texts=())
    table = make_segment_table([(known, none)], CLASSES, preset("paper"))
    assert list(table.columns) == list(KNOWN) and table["class"].tolist() == ["cat", "sky"]
