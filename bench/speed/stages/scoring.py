"""Section 4.3: IoU at every threshold from one table an image, against masks of pixels class by class each time."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.metrics.registry import select_metrics
from bench.overlap.table import make_overlap
from bench.records import ClassList, Prediction, Sample
from bench.score.counts import count_at_thresholds, gather
from bench.score.presets import make_protocol
from bench.speed.inputs import EMBEDDED, PAPER, Inputs
from bench.speed.many_tables import measure_curves, measure_protocols
from bench.speed.plain import scoring as plain
from bench.speed.trial import Trial

CLASSES, PRESENT, SEGMENTS, SIZE = 59, 9, 20, (375, 500)
"""Of the drawn images: class list, true classes, predicted segments, height and width in pixels."""
IMAGES = {EMBEDDED: 4, PAPER: 20}
THRESHOLDS = tuple(np.linspace(0, 1, 21).round(6).tolist())


def make_trial(inputs: Inputs) -> Trial:
    """Make the trial: labels and predictions drawn from a fixed seed, for scoring knows no model."""
    images = [draw_image(seed) for seed in range(IMAGES[inputs.scale])]
    predictions, samples, similarities = (list(column) for column in zip(*images, strict=True))
    classes = ClassList("drawn", tuple(f"class {i}" for i in range(CLASSES)), (True,) * CLASSES)
    protocol = make_protocol("paper", metrics=("iou",), mapping=("tt",), resamples=1, tau_sbert=None)

    def score() -> list[float]:
        tables = [make_overlap(p, s, tt=t) for p, s, t in zip(predictions, samples, similarities, strict=True)]
        scored = gather(tables, [], classes, protocol)
        counts = count_at_thresholds(scored, "tt", THRESHOLDS, select_metrics(protocol.metrics))
        return [rows.value() for rows in counts["iou.image.union"]]

    return Trial(
        stage="scoring",
        inputs=f"{len(images)} images of {SIZE[1]} x {SIZE[0]}, {SEGMENTS} segments, {len(THRESHOLDS)} thresholds",
        plain=lambda: plain.compute_curve(predictions, samples, similarities, THRESHOLDS),
        fast=score,
        compare=lambda one, other: float(np.abs(np.array(one) - np.array(other)).max()),
        tolerance=1e-12,
        more=lambda plain, fast: {"many": measure_many()} if inputs.is_paper else {},
    )


def measure_many() -> list[dict[str, Any]]:
    """Measure what scoring adds to counting, intervals, on thousands of made-up tables."""
    return [measure_curves(5000, 10_000), measure_protocols(200, 10_000)]


def draw_image(seed: int) -> tuple[Prediction, Sample, np.ndarray]:
    """Draw an image's labels, its predicted segments, and their similarities to all classes, float32 [n, c]."""
    draw = np.random.default_rng(seed)
    height, width = SIZE
    truth = draw.choice(CLASSES, PRESENT, replace=False).astype(np.int16)[_draw_cells(draw, PRESENT)]
    masks = _draw_cells(draw, SEGMENTS)[None] == np.arange(SEGMENTS)[:, None, None]
    similarity = draw.uniform(0, 1, (SEGMENTS, CLASSES)).astype(np.float32).round(6)
    sample = Sample(f"{seed:05}", np.zeros((height, width, 3), np.uint8), truth)
    return Prediction(f"{seed:05}", masks, ("a text",) * SEGMENTS), sample, similarity


def _draw_cells(draw: np.random.Generator, count: int) -> np.ndarray:
    """Draw a map of ``count`` regions, each pixel that of the nearest of some points: int64 [h, w]."""
    height, width = SIZE
    points = draw.uniform(0, 1, (count, 2)) * (height, width)
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    distances = [(rows - y) ** 2 + (columns - x) ** 2 for y, x in points]
    nearest: np.ndarray = np.argmin(distances, axis=0)
    return nearest
