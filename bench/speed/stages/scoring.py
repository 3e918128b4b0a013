"""Section 4.3: IoU in every way from one table an image, against masks of pixels class by class each time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
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
MAPPINGS, AGGREGATIONS, ABSENT = ("tt", "st"), ("image", "pair", "dataset"), ("zero", "ignore")
Image = tuple[Prediction, Sample, dict[str, np.ndarray]]
"""A prediction, its labels, and by mapping the similarity of each segment to each class, float32 [n, c]."""


def make_trial(inputs: Inputs) -> Trial:
    """Make the trial: labels and predictions drawn from a fixed seed, for scoring knows no model."""
    images = [draw_image(seed) for seed in range(IMAGES[inputs.scale])]
    asked = list(product(MAPPINGS, AGGREGATIONS, ABSENT, THRESHOLDS))
    told = (
        f"{len(THRESHOLDS)} thresholds, TT and ST, {len(AGGREGATIONS)} aggregations, absent classes {len(ABSENT)} ways"
    )

    def score_plainly() -> list[float]:
        sides = {mapping: [(one, sample, both[mapping]) for one, sample, both in images] for mapping in MAPPINGS}
        return [plain.compute_iou(sides[mapping], tau, average, absent) for mapping, average, absent, tau in asked]

    return Trial(
        stage="scoring",
        inputs=f"{len(images)} images of {SIZE[1]} x {SIZE[0]}, {SEGMENTS} segments: IoU at {told}",
        plain=score_plainly,
        fast=lambda: score(images),
        compare=lambda one, other: float(np.abs(np.array(one) - np.array(other)).max()),
        tolerance=1e-12,
        more=lambda plain, fast: {
            "note": f"plain is whole-array NumPy, which for each of the {len(asked)} numbers starts from the pixels of "
            f"every image again: {plain.seconds / len(asked) / len(images) * 1e3:.2f} ms an image and number. A ratio "
            "of thousands takes a plain form that is slow by itself, such as loops over pixels in Python.",
            **({"many": measure_many()} if inputs.is_paper else {}),
        },
    )


def score(images: Sequence[Image]) -> list[float]:
    """Score as `zgs score` does, from one table an image: IoU by mapping, aggregation, absent classes and threshold."""
    classes = ClassList("drawn", tuple(f"class {i}" for i in range(CLASSES)), (True,) * CLASSES)
    tables = [make_overlap(prediction, sample, **both) for prediction, sample, both in images]
    curves = {}
    for absent in ABSENT:
        chosen = make_protocol(
            "paper", metrics=("iou",), mapping=MAPPINGS, resamples=1, tau_sbert=None, tau_clip=None,
            aggregation=AGGREGATIONS, absent=absent,
        )  # fmt: skip
        scored = gather(tables, [], classes, chosen)
        for mapping in MAPPINGS:
            counts = count_at_thresholds(scored, mapping, THRESHOLDS, select_metrics(chosen.metrics))
            for average in AGGREGATIONS:
                curves[mapping, average, absent] = [rows.value() for rows in counts[f"iou.{average}.union"]]
    return [value for key in product(MAPPINGS, AGGREGATIONS, ABSENT) for value in curves[key]]


def measure_many() -> list[dict[str, Any]]:
    """Measure what scoring adds to counting, intervals, on thousands of made-up tables."""
    return [measure_curves(5000, 10_000), measure_protocols(200, 10_000)]


def draw_image(seed: int) -> Image:
    """Draw an image's labels, its predicted segments, and by mapping their similarities to all classes."""
    draw = np.random.default_rng(seed)
    height, width = SIZE
    truth = draw.choice(CLASSES, PRESENT, replace=False).astype(np.int16)[_draw_cells(draw, PRESENT)]
    masks = _draw_cells(draw, SEGMENTS)[None] == np.arange(SEGMENTS)[:, None, None]
    both = {mapping: draw.uniform(0, 1, (SEGMENTS, CLASSES)).astype(np.float32).round(6) for mapping in MAPPINGS}
    sample = Sample(f"{seed:05}", np.zeros((height, width, 3), np.uint8), truth)
    return Prediction(f"{seed:05}", masks, ("a text",) * SEGMENTS), sample, both


def _draw_cells(draw: np.random.Generator, count: int) -> np.ndarray:
    """Draw a map of ``count`` regions, each pixel that of the nearest of some points: int64 [h, w]."""
    height, width = SIZE
    points = draw.uniform(0, 1, (count, 2)) * (height, width)
    rows, columns = np.arange(height)[:, None], np.arange(width)[None]
    distances = [(rows - y) ** 2 + (columns - x) ** 2 for y, x in points]
    nearest: np.ndarray = np.argmin(distances, axis=0)
    return nearest
