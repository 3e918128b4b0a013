"""Section 4: how fast the stored tables of thousands of images become numbers; made-up tables, real code."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.mapping.choose import make_strategies
from bench.metric_name import Naming
from bench.metrics.registry import list_words
from bench.protocol import Protocol
from bench.records import ClassList, Overlap, TrueSegmentTexts
from bench.score.curves import CURVES, compute_curves
from bench.score.evaluate import evaluate
from bench.score.presets import list_presets, make_protocol
from bench.speed.clock import measure
from bench.store.entries import make_record, make_store_entry
from bench.store.files import Store

CLASSES = ClassList("made59", tuple(f"class {i}" for i in range(59)), tuple(i % 2 == 0 for i in range(59)))
NAMING = Naming("made", "val", "made59", models={"tt": "none", "st": "none"})
THRESHOLDS = {"tt": np.linspace(0, 1, 21).tolist(), "st": np.linspace(0, 0.35, 21).tolist()}


def measure_curves(images: int, resamples: int) -> dict[str, Any]:
    """Measure IoU by image and data set, recall and precision at 21 thresholds by TT and ST, read from a store."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        namespace = store.open_namespace("overlap", "made", {})
        for i in range(images):
            store.add(namespace, f"{i:05}", {"overlap": make_store_entry(draw_table(i))})
        score = make_protocol("paper", aggregation=("image", "dataset"), resamples=resamples)

        def compute() -> int:
            CURVES.clear()
            stored = [make_record(Overlap, store.read(namespace, f"{i:05}")["overlap"]) for i in range(images)]
            curves = [compute_curves(stored, CLASSES, score, NAMING, mapping, taus, axes=["tau"])[0]
                      for mapping, taus in THRESHOLDS.items()]  # fmt: skip
            return sum(map(len, curves))

        numbers, cost = measure(compute, most=1)
    told = f"{images:,} stored tables, 21 thresholds, TT and ST, both aggregations, {resamples:,} resamples"
    return {"of": told, "numbers": numbers, "seconds": cost.seconds, "peak_mb": cost.peak_mb}


def measure_protocols(images: int, resamples: int) -> dict[str, Any]:
    """Measure every protocol with every metric."""
    tables, truths = [draw_table(i) for i in range(images)], [draw_truth(i) for i in range(images)]

    def compute() -> int:
        asked = {"metrics": list_words(), "aggregation": ("image", "dataset"), "resamples": resamples}
        protocols = [name_classes(make_protocol(name, **asked)) for name in list_presets()]
        return sum(len(evaluate(tables, truths, CLASSES, protocol, NAMING).table) for protocol in protocols)

    numbers, cost = measure(compute, most=1)
    told = f"every protocol with every metric, {images:,} tables, {resamples:,} resamples"
    return {"of": told, "numbers": numbers, "seconds": cost.seconds, "peak_mb": cost.peak_mb}


def name_classes(protocol: Protocol) -> Protocol:
    """Give a protocol the class names that some mappings need, as `zgs score` does."""
    return replace(protocol, mapping=make_strategies(protocol.mapping, tuple((name,) for name in CLASSES.names), None))


def draw_table(seed: int) -> Overlap:
    """Draw an image of 375 x 500 pixels with 8 to 20 disjoint segments over 2 to 8 true classes."""
    draw = np.random.default_rng(seed)
    n, k = int(draw.integers(8, 21)), int(draw.integers(2, 9))
    shares = draw.dirichlet(np.full((n + 1) * (k + 2), 0.15))
    counts = np.floor(shares * 375 * 500).astype(np.int64).reshape(n + 1, k + 2)
    member = np.vstack([np.eye(n, dtype=bool), np.zeros((1, n), bool)])
    classes = np.sort(draw.choice(len(CLASSES), k, replace=False)).astype(np.int32)
    tt = np.clip(draw.normal(0.25, 0.2, (n, len(CLASSES))), -1, 1).astype(np.float32)
    st = np.clip(draw.normal(0.15, 0.06, (n, len(CLASSES))), -1, 1).astype(np.float32)
    texts = tuple(f"class {i}" for i in draw.integers(0, 100, n))
    return Overlap(f"{seed:05}", counts, member, classes, counts[:n].sum(axis=1), tt, st, texts)


def draw_truth(seed: int) -> TrueSegmentTexts:
    """Draw what a method might say of the true segments of the same image."""
    table, draw = draw_table(seed), np.random.default_rng(-seed % 2**32)
    k = len(table.truth_classes)
    rows = np.clip(draw.normal(0.3, 0.2, (2, k, len(CLASSES))), -1, 1).astype(np.float32)
    areas = table.counts[:, :-2].sum(axis=0)
    return TrueSegmentTexts(table.image_id, table.truth_classes, areas, rows[0], rows[1], ("some text",) * k)
