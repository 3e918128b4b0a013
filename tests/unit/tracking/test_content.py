"""The summary of a run's scores."""

from __future__ import annotations

import pandas as pd

from bench.tracking.content import summarise

NAN = float("nan")
METRIC = "voc:val/own20/paper/none/iou.image.union"
SCORES = pd.DataFrame(
    [
        ("full", METRIC, 0.5, 0.25, 0.75, 8, 0),
        ("full", "voc:val/own20/paper/none/tgq.micro", NAN, NAN, NAN, 0, 0),
        ("floor: shuffled", METRIC, 0.125, NAN, NAN, 1, 0),
    ],
    columns=["variant", "metric", "value", "low", "high", "n", "skipped"],
)


def test_own_metrics_by_name_floors_behind_their_own_and_nothing_invented() -> None:
    values, details = summarise(SCORES)
    assert values == {METRIC: 0.5, f"floor: shuffled/{METRIC}": 0.125}
    assert details[f"{METRIC}:low"] == 0.25 and details[f"{METRIC}:n"] == 8
    assert f"floor: shuffled/{METRIC}:low" not in details
    assert summarise(SCORES.iloc[:0]) == ({}, {})
