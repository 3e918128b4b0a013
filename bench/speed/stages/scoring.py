"""Section 4.3: every number that a threshold moves, from one table an image, against masks of pixels for each anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from bench.metrics.recall import IOU_THRESHOLDS, compute_recall_over_iou
from bench.metrics.registry import select_metrics
from bench.overlap.table import make_overlap
from bench.protocol import Protocol
from bench.records import ClassList, Overlap, Prediction, Sample
from bench.score.counts import (
    SIZES,
    count,
    count_at_thresholds,
    count_metrics,
    gather,
    join_images,
    label,
    make_class_words,
)
from bench.score.curves import list_thresholds
from bench.score.intervals import MetricCounts
from bench.score.presets import make_protocol
from bench.speed.clock import measure
from bench.speed.inputs import EMBEDDED, PAPER, Inputs
from bench.speed.many_tables import measure_curves, measure_protocols
from bench.speed.plain import scoring as plain
from bench.speed.plain.scoring import Image, Number
from bench.speed.trial import Trial

CLASSES = ClassList("drawn", tuple(f"class {i}" for i in range(59)), tuple(i % 2 == 0 for i in range(59)))
KINDS = {"things": True, "stuff": False}
PRESENT, SEGMENTS = 9, 20
"""True classes and predicted segments of each drawn image."""
SIZE = {EMBEDDED: (60, 80), PAPER: (375, 500)}
"""Height and width in pixels."""
IMAGES, FEW = {EMBEDDED: 2, PAPER: 100}, 4
"""Images that are scored, and those of them that the plain form is run on."""
MAPPINGS, AGGREGATIONS, ABSENT = {"tt": 0.5, "st": 0.1}, ("image", "pair", "dataset"), ("zero", "ignore")
"""Mappings with the threshold of the protocols, averages of IoU, and policies for absent classes."""
MEMBERS = {name: {i for i, thing in enumerate(CLASSES.things) if thing is value} for name, value in KINDS.items()}
MEMBERS |= {word: {index} for index, word in enumerate(make_class_words(CLASSES.names))}
"""The classes of each group of classes, under the last word of its name."""


def make_trial(inputs: Inputs) -> Trial:
    """Make the trial: labels and predictions drawn from a fixed seed, for scoring knows no model."""
    images = [draw_image(seed, SIZE[inputs.scale]) for seed in range(IMAGES[inputs.scale])]
    few, asked, (height, width) = images[:FEW], list_numbers(), SIZE[inputs.scale]
    told = f"{len(images)} images of {width} x {height}, {SEGMENTS} segments: {len(asked):,} numbers of `zgs score`"
    part = f"plain and agreement: {len(few)} of {len(images)} images" if len(images) > len(few) else ""
    return Trial(
        stage="scoring",
        inputs=told,
        plain=lambda: {number: plain.compute_number(few, number, MEMBERS) for number in asked},
        fast=lambda: score(images),
        compare=lambda one, other: compare_numbers(one, score(few) if part else other),
        tolerance=1e-12,
        plain_times=len(images) / len(few),
        extrapolated=part,
        more=lambda plain, fast: {
            "note": describe_costs(images, len(asked), plain.seconds / len(few), fast.seconds / len(images)),
            **({"many": measure_many()} if inputs.is_paper else {}),
        },
    )


def list_numbers() -> list[Number]:
    """List the numbers of `zgs score` that a threshold moves, each once.

    IoU, with absent classes as 0 and left out, recall and precision over the thresholds of each mapping; recall over
    101 IoUs; at the protocols' own thresholds all metrics by kind, size and class.
    """
    found: dict[Number, None] = {}
    for mapping, representative in product(MAPPINGS, ("union", "argmax")):
        tau, metrics = MAPPINGS[mapping], list[tuple[str, str, str, float | None]]()
        metrics += [("iou", *way, 0.5) for way in product(AGGREGATIONS, ABSENT)]
        metrics += [("recall", "image", "zero", 0.5), ("precision", "image", "zero", 0.5)]
        curves = ["reference", "allseg"][: 2 if representative == "union" else 1]  # single segments stand for no class
        metrics += [(word, "image", "zero", None) for word in curves]
        for (word, average, absent, above), place in product(metrics, list_thresholds(mapping)):
            found[Number(word, mapping, place, average, absent, representative, above)] = None
        for word, place in product(["recall", *curves], IOU_THRESHOLDS.tolist()):
            found[Number(word, mapping, tau, representative=representative, above=place)] = None
        for (word, average, absent, above), group in product(metrics, [*MEMBERS, *SIZES]):
            found[Number(word, mapping, tau, average, absent, representative, above, group)] = None
    return list(found)


def score(images: Sequence[Image]) -> dict[Number, float]:
    """Score as `zgs score` does, from one table an image, by the protocols paper and reference."""
    tables = [make_overlap(prediction, sample, **both) for prediction, sample, both in images]
    found: dict[Number, MetricCounts] = {}
    for representative in ("union", "argmax"):
        found |= score_protocol(tables, "paper", ("iou",), representative, "ignore")
        found |= score_protocol(tables, "paper", ("iou", "recall", "precision"), representative, "zero")
        found |= score_protocol(tables, "reference", ("recall",), representative, "zero")
    return {number: found[number].value() for number in list_numbers()}


def score_protocol(
    tables: Sequence[Overlap], name: str, words: tuple[str, ...], representative: str, absent: str
) -> dict[Number, MetricCounts]:
    """Score some metrics by one protocol: by group at its thresholds, and over every curve."""
    by = make_protocol(
        name, metrics=words, mapping=tuple(MAPPINGS), aggregation=AGGREGATIONS, absent=absent,
        representative=representative, breakdown=("kind", "size", "class"),
    )  # fmt: skip
    scored, found = gather(tables, [], CLASSES, by), dict[Number, MetricCounts]()
    for (metric, mapping, tau), rows in count_metrics(scored).items():
        found[read_name(metric, str(mapping), float(tau or 0.0), by)] = rows
    for mapping, tau in MAPPINGS.items():
        places = list_thresholds(mapping)
        for metric, each in count_at_thresholds(scored, mapping, places, select_metrics(words)).items():
            found |= {read_name(metric, mapping, place, by): rows for place, rows in zip(places, each, strict=True)}
        if "recall" in words:
            labelled = join_images(scored, label(scored, mapping, [tau]))
            for metric, each in count(scored, labelled, compute_recall_over_iou, together=True).items():
                number = read_name(metric, mapping, tau, by)
                found |= {
                    number._replace(above=place): rows
                    for place, rows in zip(IOU_THRESHOLDS.tolist(), each, strict=True)
                }
    return found


def read_name(metric: str, mapping: str, tau: float, by: Protocol) -> Number:
    """Read a metric's name, as ``iou.pair.union``, ``recall.kind.things>0.5``, ``recall.mean101.allseg``."""
    parts = metric.partition(">")[0].split(".")
    known = set(parts)
    word = next((word for word in ("allseg", "reference", "iou", "precision") if word in known), "recall")
    if word == "recall" and "mean101" in known:
        word = "reference"
    above, average = None if "mean101" in known else 0.5, parts[1] if word == "iou" else "image"
    group = next((part for part in parts if part in MEMBERS or part in SIZES), "")
    representative = "union" if word == "allseg" else by.representative
    return Number(word, mapping, tau, average, by.absent if word == "iou" else "zero", representative, above, group)


def compare_numbers(one: Mapping[Number, float], other: Mapping[Number, float]) -> float:
    """Compare by the largest difference; infinite where one has a number that the other has not."""
    if one.keys() != other.keys():
        return float("inf")
    pairs = np.array([(one[number], other[number]) for number in one])
    absent = np.isnan(pairs)
    if (absent[:, 0] != absent[:, 1]).any():
        return float("inf")
    return float(np.abs(np.where(absent, 0.0, pairs) @ (1, -1)).max())


def describe_costs(images: Sequence[Image], numbers: int, plain_s: float, fast_s: float) -> str:
    """Describe what the ratio is made of, from the seconds that an image takes in either form."""
    _, cost = measure(lambda: [make_overlap(prediction, sample, **both) for prediction, sample, both in images])
    table, each, values = cost.seconds / len(images), plain_s / numbers, np.array(list(score(images).values()))
    different = len(np.unique(values[~np.isnan(values)].round(12)))
    return (
        f"plain is whole-array NumPy, which for each of the {numbers:,} numbers starts from the pixels of every image "
        f"again: {each * 1e3:.2f} ms an image and number. The fast form looks at pixels once, {table * 1e3:.2f} of its "
        f"{fast_s * 1e3:.2f} ms an image. So most of the ratio is how many numbers are asked for: of a single one it "
        f"would be {each / (table + (fast_s - table) / numbers):.1f}. They are what `zgs score` with "
        "`score=paper,reference` writes to scores.csv and curves.csv, each once: IoU by image, pair and data set, with "
        "absent classes as 0 and left out, recall and precision over tau by TT and ST, recall over 101 IoUs by three "
        "definitions, of all segments of a class and of the most similar one, and at the protocols' thresholds by "
        f"kind, size and class; {different:,} values are different. Intervals are in neither form."
    )


def measure_many() -> list[dict[str, Any]]:
    """Measure what scoring adds to counting, intervals, on thousands of made-up tables."""
    return [measure_curves(5000, 10_000), measure_protocols(200, 10_000)]


def draw_image(seed: int, size: tuple[int, int]) -> Image:
    """Draw an image's labels, its predicted segments, and by mapping their similarities to all classes."""
    draw, width = np.random.default_rng(seed), len(CLASSES)
    truth = draw.choice(width, PRESENT, replace=False).astype(np.int16)[_draw_cells(draw, PRESENT, size)]
    masks = _draw_cells(draw, SEGMENTS, size)[None] == np.arange(SEGMENTS)[:, None, None]
    lies = np.array([np.bincount(truth[mask], minlength=width).argmax() for mask in masks])
    right = np.eye(width)[lies] * draw.integers(0, 2, (SEGMENTS, 1))  # half of the segments lean to their class
    rows = {"tt": draw.normal(0.25, 0.15, (SEGMENTS, width)) + 0.4 * right}
    rows["st"] = draw.normal(0.15, 0.04, (SEGMENTS, width)) + 0.15 * right
    sample = Sample(f"{seed:05}", np.zeros((*size, 3), np.uint8), truth)
    both = {mapping: np.clip(part, -1, 1).astype(np.float32) for mapping, part in rows.items()}
    return Prediction(f"{seed:05}", masks, ("a text",) * SEGMENTS), sample, both


def _draw_cells(draw: np.random.Generator, count: int, size: tuple[int, int]) -> np.ndarray:
    """Draw a map of ``count`` regions, each pixel that of the nearest of some points: int64 [h, w]."""
    points = draw.uniform(0, 1, (count, 2)) * size
    rows, columns = np.arange(size[0])[:, None], np.arange(size[1])[None]
    distances = [(rows - y) ** 2 + (columns - x) ** 2 for y, x in points]
    nearest: np.ndarray = np.argmin(distances, axis=0)
    return nearest
