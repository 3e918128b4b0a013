"""Metrics that are asked once for all images (``together``): the same numbers, and a line for those that cannot."""

from __future__ import annotations

import numpy as np
import pytest

import bench
from bench.errors import UserError
from bench.metrics import registry
from bench.metrics.registry import Metric
from bench.metrics.terms import Compute, ImageTables, Terms, make_terms
from bench.records import Prediction


def _compute_alone(image: ImageTables) -> dict[str, Terms]:
    share = image.overlap.counts.sum(axis=0) / image.pixels
    return {"own": make_terms("segments", np.arange(len(share)), share, share)}


def _compute_size(image: ImageTables) -> dict[str, Terms]:
    pixels = image.class_pixels
    return {
        "own": make_terms("segments", pixels.classes, pixels.share, pixels.share / image.pixels, image=pixels.image)
    }


def _compute_unplaced(image: ImageTables) -> dict[str, Terms]:
    pixels = image.class_pixels
    return {"own": make_terms("segments", pixels.classes, pixels.share, pixels.iou)}


def _compute_placed(image: ImageTables) -> dict[str, Terms]:
    pixels = image.class_pixels
    return {"own": make_terms("segments", pixels.classes, pixels.share, pixels.iou, image=pixels.image)}


def _score_own(compute: Compute, monkeypatch: pytest.MonkeyPatch, together: bool) -> float:
    line = Metric("own", compute, {"own": "Own"}, "labels", together=together)
    monkeypatch.setattr(registry, "REGISTRY", [line])
    scorer = bench.Scorer(["cat", "dog"], metrics="own", mapping="exact", resamples=0)
    for name in ("a", "b"):
        scorer.add(
            Prediction(name, np.ones((1, 2, 2), bool), ("cat",)), np.array([[0, 0], [0, ord(name) % 2]], np.int16)
        )
    return float(scorer.compute()["value"].iloc[0])


@pytest.mark.parametrize(
    ("compute", "told"),
    [
        (_compute_alone, "it read the table of one image; take together=True out of its line"),
        (_compute_size, "it read the size of one image; take together=True out"),
        (
            _compute_unplaced,
            "own does not say which image a term is of; give make_terms image=pixels.image, or take",
        ),
    ],
)
def test_a_metric_that_cannot_take_all_images_together_is_told_so_in_a_line(
    compute: Compute, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=f"test_together.{compute.__name__}, together=True: {told}"):
        _score_own(compute, monkeypatch, True)


def test_together_changes_no_number_and_is_for_labels_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = _score_own(_compute_placed, monkeypatch, False)
    assert _score_own(_compute_placed, monkeypatch, True) == alone == pytest.approx((3 / 4 + 0 + 1) / 3)
    with pytest.raises(
        UserError, match="metric own: together=True is for metrics of labels.*'none'; take together out"
    ):
        Metric("own", _compute_placed, {"own": "Own"}, together=True)
