"""How fast stored overlap tables become numbers: made-up tables, real code, time and memory printed.

    python scripts/score_speed.py [IMAGES] [RESAMPLES]
    python scripts/score_speed.py RUN

First part: IMAGES (default 5,000) stored tables of a data set of 59 classes are read from a store and become IoU by
image and by data set, recall and precision at 21 thresholds under TT and under ST, each with a band of RESAMPLES
(10,000) resamples. Second part: every protocol with every metric on 200 images. The goals are 60 s and 2 GB on two
cores, and 5 s. With a finished run: the whole command `zgs score RUN` under every protocol, start of Python, reading of
predictions, curves and files included; the goal is 5 s for 200 images.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from bench.metric_name import Naming
from bench.metrics.registry import list_words
from bench.predictions.source import PredictionFile
from bench.records import ClassList, Overlap, TrueSegmentTexts
from bench.score.curves import compute_curves
from bench.score.evaluate import evaluate
from bench.score.presets import list_presets, make_protocol
from bench.store.entries import make_record, make_store_entry
from bench.store.files import Store

CLASSES = ClassList("made59", tuple(f"class {i}" for i in range(59)), tuple(i % 2 == 0 for i in range(59)))
NAMING = Naming("made", "val", "made59", models={"tt": "none", "st": "none"})
THRESHOLDS = {"tt": np.linspace(0, 1, 21).tolist(), "st": np.linspace(0, 0.35, 21).tolist()}


def main(images: int = 5000, resamples: int = 10_000) -> None:
    """Print both parts."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        namespace = store.open_namespace("overlap", "made", {})
        for i in range(images):
            store.add(namespace, f"{i:05}", {"overlap": make_store_entry(table(i))})
        with timed(f"{images} images x 21 thresholds x TT, ST x both aggregations, {resamples} resamples", 60):
            stored = [make_record(Overlap, store.read(namespace, f"{i:05}")["overlap"]) for i in range(images)]
            score, points = make_protocol("paper", aggregation=("image", "dataset"), resamples=resamples), 0
            for mapping, taus in THRESHOLDS.items():
                lines, _ = compute_curves(stored, CLASSES, score, NAMING, mapping, taus, axes=["tau"])
                points += len(lines)
        print(f"  {points} numbers with intervals")
    scenes = [table(i) for i in range(200)]
    oracles = [oracle(i) for i in range(200)]
    with timed("every protocol with every metric, 200 images", 5):
        numbers = 0
        for name in list_presets():
            score = make_protocol(name, metrics=list_words(), aggregation=("image", "dataset"), resamples=resamples)
            numbers += len(evaluate(scenes, oracles, CLASSES, score, NAMING).table)
    print(f"  {numbers} numbers with intervals")


def table(seed: int) -> Overlap:
    """An image of 375 x 500 pixels with 8 to 20 disjoint segments over 2 to 8 true classes."""
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


def oracle(seed: int) -> TrueSegmentTexts:
    """What a method might say of the true segments of the same image."""
    made, draw = table(seed), np.random.default_rng(-seed % 2**32)
    k = len(made.truth_classes)
    rows = np.clip(draw.normal(0.3, 0.2, (2, k, len(CLASSES))), -1, 1).astype(np.float32)
    areas = made.counts[:, :-2].sum(axis=0)
    return TrueSegmentTexts(made.image_id, made.truth_classes, areas, rows[0], rows[1], ("some text",) * k)


def command(run: Path) -> None:
    """Print the seconds of the whole command, three times."""
    images = len(PredictionFile(run / "predictions.json"))
    with tempfile.TemporaryDirectory() as out:
        words = ["score", str(run), f"score={','.join(list_presets())}", f"out={out}"]
        for time_ in ("first", "second", "third"):
            with timed(f"zgs score {run.name} {words[2]}, {images} images, {time_} time", 5 * max(1, images / 200)):
                subprocess.run([sys.executable, "-m", "bench.cli", *words], check=True, capture_output=True)


@contextmanager
def timed(what: str, goal: float) -> Iterator[None]:
    """Print the seconds, their share of the goal, and the most memory that this process or one it started ever held."""
    begin = time.perf_counter()
    yield
    seconds = time.perf_counter() - begin
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    peak = max(peaks) / 2**20  # kilobytes
    print(f"{what}: {seconds:.1f} s ({seconds / goal:.2f} of {goal:g} s), peak memory {peak:.2f} GB", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 2 and (Path(sys.argv[1]) / "run.json").is_file():
        command(Path(sys.argv[1]))
    else:
        main(*map(int, sys.argv[1:]))
