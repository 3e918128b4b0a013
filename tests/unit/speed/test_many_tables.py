"""Scoring of many made-up tables: what is measured is what it says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from bench.speed.many_tables import THRESHOLDS, measure_curves, measure_protocols


def test_every_threshold_of_every_curve_is_a_number() -> None:
    found = measure_curves(3, 20)
    # iou of two aggregations, recall and precision, of TT and ST
    assert found["numbers"] == 4 * sum(map(len, THRESHOLDS.values())) and found["seconds"] > 0
    assert found["of"].startswith("3 stored tables, 21 thresholds")
    assert measure_protocols(2, 20)["numbers"] > 100


def test_seconds_of_an_image_follow_from_the_rows_of_the_command() -> None:
    path = Path(__file__).resolve().parents[3] / "scripts/paper_seconds.py"
    spec = importlib.util.spec_from_file_location("paper_seconds", path)
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rows = [{"stage": "features", "fast_s": 3.0}, {"stage": "clustering", "fast_s": 4.0},
            {"stage": "embeddings", "fast_s": 39.0}, {"stage": "captions", "image": {"fast_s": 7.0}}]  # fmt: skip
    found = [(models, stage, seconds) for models, stage, seconds, *_ in script.list_extrapolated(rows)]
    assert found == [("paper", "segment", 7.0), ("paper", "encode", pytest.approx(20.0)), ("paper", "caption", 7.0)]
