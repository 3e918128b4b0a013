"""Threshold curves: each point is the number that scoring at this threshold gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.protocol import Protocol
from bench.score import curves
from bench.score.curves import compute_mean_height, list_thresholds
from bench.score.evaluate import evaluate
from bench.score.presets import make_protocol as preset
from tests.unit.metrics.make import CLASSES, NAMING, case
from tests.unit.metrics.measure import count_labels
from tests.unit.score.jackknife import count_alike, leave_out, slow_ends

OVERLAPS = [case(seed, overlapping=bool(seed % 2)).overlap for seed in range(15)]
SCORE = preset("paper", resamples=150, aggregation=("image", "dataset"))


def curve(*given: object) -> pd.DataFrame:
    """The lines of the protocol's own metrics over the threshold."""
    lines, _ = curves.compute_curves(*given, axes=["tau"])
    return lines[~lines["metric"].str.startswith("precision")].reset_index(drop=True)


@pytest.mark.parametrize(("mapping", "key"), [("tt", "tau_sbert"), ("st", "tau_clip")])
@pytest.mark.parametrize("name", ["paper", "reference"])
def test_each_point_equals_a_score_at_this_threshold(mapping: str, key: str, name: str) -> None:
    score = preset(name, resamples=150, aggregation=("image", "dataset"), mapping=mapping)
    found = curve(OVERLAPS[::-1], CLASSES, score, NAMING, mapping, [0, 0.2, 0.5, 0.9])
    for tau, points in found.groupby("tau"):
        table = evaluate(OVERLAPS, [], CLASSES, replace(score, **{key: tau}), NAMING).table
        assert points["name"].tolist() == table["metric"].tolist()
        for column in ("value", "low", "high", "n"):
            np.testing.assert_array_equal(points[column], table[column])


def test_blocks_of_thresholds_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = curve(OVERLAPS, CLASSES, SCORE, NAMING, "tt")
    assert len(whole) == 3 * 21
    monkeypatch.setattr(curves, "_CELLS", 4 * len(OVERLAPS) * len(CLASSES))
    curves.CURVES.clear()
    assert curve(OVERLAPS, CLASSES, SCORE, NAMING, "tt").equals(whole)


def test_above_all_similarities_nothing_is_left() -> None:
    found = curve(OVERLAPS, CLASSES, SCORE, NAMING, "tt")
    assert found[found["tau"] > 0.9]["value"].tolist() == [0.0] * 6
    assert found[found["tau"] == 0]["value"].max() > 0


def test_grids_are_the_papers_ranges() -> None:
    assert (
        list_thresholds("tt")[0],
        list_thresholds("tt")[10],
        list_thresholds("tt")[-1],
        len(list_thresholds("tt")),
    ) == (0, 0.5, 1, 21)
    assert (
        list_thresholds("st")[0],
        list_thresholds("st")[8],
        list_thresholds("st")[-1],
        len(list_thresholds("st")),
    ) == (0, 0.1, 0.35, 29)


def area_under(line: pd.DataFrame) -> float:
    """The mean height of one curve."""
    return float(compute_mean_height(line["tau"].to_numpy(float), line["value"].to_numpy(float)[:, None])[0])


def test_area_is_the_mean_height() -> None:
    found = curve(OVERLAPS, CLASSES, SCORE, NAMING, "tt", [0, 0.5, 1.0])
    line = found[found["metric"] == "iou.image.union"]
    a, b, c = line["value"]
    assert area_under(line) == pytest.approx((a + 2 * b + c) / 4)


def by_axis(mapping: str = "tt", name: str = "paper") -> tuple[pd.DataFrame, pd.DataFrame]:
    score = preset(name, resamples=150, aggregation=("image", "dataset"))
    return curves.compute_curves(OVERLAPS, CLASSES, score, NAMING, mapping)


@pytest.mark.thinned(4)
@pytest.mark.parametrize(
    "changes",
    [
        {}, {"empty": "skip"}, {"unlabelled": "ignore"}, {"below": "ignore"}, {"representative": "argmax"},
        {"void": "count"}, {"background": "voc", "unlabelled": "ignore", "below": "ignore"}, {"background": "class"},
    ],
    ids=str,
)  # fmt: skip
def test_recall_over_iou_meets_the_scores_of_the_two_protocols(changes: dict[str, str]) -> None:
    """The paper's at each bound with its band, and the mean of both curves of the reference, under every policy."""
    score = replace(SCORE, mapping="tt", **changes)
    lines, _ = curves.compute_curves(OVERLAPS, CLASSES, score, NAMING, "tt", axes=["iou"])
    middle = ".argmax" if score.representative == "argmax" else ""
    line = lines[lines["metric"] == f"recall.paper{middle}"]
    for bound in (0.3, 0.5):
        table = evaluate(OVERLAPS, [], CLASSES, replace(score, tau_iou=bound), NAMING).table
        expected = table[table["metric"].str.endswith(f"recall{middle}>{bound}")].iloc[0]
        found = line[np.isclose(line["tau"], bound)].iloc[0]
        assert [found[k] for k in ("value", "low", "high", "n")] == [expected[k] for k in ("value", "low", "high", "n")]
    table = evaluate(OVERLAPS, [], CLASSES, replace(score, recall="reference"), NAMING).table
    both = (
        (f"recall.reference{middle}", f"recall.mean101.{score.representative}"),
        ("recall.allseg", "recall.mean101.allseg"),
    )
    for metric, name in both:
        part = lines[lines["metric"] == metric]
        (expected,) = table[table["metric"].str.endswith(name)].to_dict("records")
        assert len(part) == 101 and set(part["n"]) == {expected["n"]}
        assert part["value"].mean() == pytest.approx(expected["value"])


def test_one_name_never_stands_for_two_numbers() -> None:
    named: dict[tuple[str, float, str], float] = {}
    for kind in ("union", "argmax"):
        score = preset("paper", resamples=20, representative=kind, aggregation=("image", "dataset"))
        lines, _ = curves.compute_curves(OVERLAPS, CLASSES, score, NAMING, "tt")
        for _, line in lines.iterrows():
            key = line["name"], line["tau"], line["axis"]
            assert named.setdefault(key, line["value"]) == pytest.approx(line["value"], nan_ok=True)


def test_precision_is_the_other_reading_of_the_same_hits() -> None:
    lines, _ = by_axis()
    both = lines[lines["axis"] == "tau"].pivot(index="tau", columns="metric", values=["value", "n"])
    hits = both["value"] * both["n"]
    np.testing.assert_allclose(hits["precision>0.5"].fillna(0), hits["recall>0.5"], atol=1e-9)
    assert (hits["recall>0.5"] > 0).any() and both["n", "precision>0.5"].is_monotonic_decreasing
    assert both["value", "precision>0.5"].isna().tolist()[-1], "nothing is predicted above all similarities"
    assert not by_axis(name="reference")[0]["metric"].str.startswith("precision").any()


def test_areas_have_the_interval_of_what_each_image_does_to_them() -> None:
    lines, areas = by_axis()
    assert tuple(areas.columns) == curves.AREAS
    for _, one in areas.iterrows():
        line = lines[(lines["axis"] == one["axis"]) & (lines["metric"] == one["metric"])]
        assert one["area"] == pytest.approx(area_under(line), nan_ok=True)
        assert (one["start"], one["stop"]) == (line["tau"].min(), line["tau"].max())
    index = {metric: at for at, metric in enumerate(areas["metric"])}
    one = areas.iloc[index["recall>0.5"]]
    found = count_labels(OVERLAPS, "tt", list_thresholds("tt"), SCORE, CLASSES)["recall>0.5"]
    without = np.array([leave_out(row.numerator, row.denominator) for row in found])
    heights = (without[1:] + without[:-1]) / 2
    ends = slow_ends(one["area"], heights.mean(axis=0).tolist(), alike=count_alike(found[0].denominator))
    assert (one["low"], one["high"]) == pytest.approx(ends)
    assert one["low"] < one["area"] < one["high"] and one["name"].endswith("tt(tiny)/recall>0.5")


CHANGES: dict[str, Any] = {
    "tau_sbert": 0.3, "tau_clip": None, "tau_iou": 0.25, "metrics": ("iou",), "mapping": ("st", "tt", "exact"),
    "aggregation": ("pair",), "representative": "argmax", "rounding": 1, "recall": "reference", "tgq": "macro",
    "background": "voc", "void": "first", "unlabelled": "ignore", "below": "ignore", "absent": "ignore",
    "unseen": "zero", "unmatched": "zero", "empty": "skip", "resamples": 30, "level": 0.8, "seed": 1, "name": "other",
    "breakdown": ("size",), "library": "other",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("mapping", ["tt", "st"])
def test_remembered_curves_are_those_that_would_be_computed(mapping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting of a protocol is changed alone, after the curves of all others: nothing is taken for another."""
    images, score, traced = OVERLAPS[:3], replace(SCORE, resamples=20), []
    monkeypatch.setattr(curves.recall, "IOU_THRESHOLDS", np.array([0.25, 0.5]))
    trace = curves.trace_curves
    monkeypatch.setattr(curves, "trace_curves", lambda *given: traced.append(given[4]) or trace(*given))

    def compute(score: Protocol) -> tuple[str, str]:
        lines, areas = curves.compute_curves(images, CLASSES, score, NAMING, mapping, (0, 0.2, 0.5))
        return lines.to_csv(), areas.to_csv()

    warm, asked = {}, {}
    for key in ("", *CHANGES):
        traced.clear()
        warm[key] = compute(replace(score, **({key: CHANGES[key]} if key else {})))
        asked[key] = list(traced)
    for key, remembered in warm.items():
        curves.CURVES.clear()
        assert compute(replace(score, **({key: CHANGES[key]} if key else {}))) == remembered, key
    own = {"tt": "tau_sbert", "st": "tau_clip"}[mapping]
    assert asked[own] == ["iou"] and asked["seed"] == ["tau", "iou"]
    assert not any(asked[key] for key in ("tau_sbert", "tau_clip", "name", "mapping") if key != own)
