"""How often the intervals of section 4's numbers hold the true value: a simulation, and the rule that chose the method.

    python scripts/coverage.py [--to results] [--quick] [--seed 0]

The rule, written down before the first run. Of a nominal 95 %:
1. An interval is right where it holds the truth in at least 93 % of test sets, in every world and size of set. Among
   the methods that are right, the one whose intervals are narrowest is chosen.
2. A paired test at 5 % calls a difference real in at most 6 % of sets where there is none.
3. An interval always holds its own value, and none has zero width at 0 % or 100 %.
4. Where no method is right, the interval is marked, and the mark says why.

The truth of a number over images or segments is its value on infinitely many images. Of an average over classes there
are three: "expected", what sets of this size give on average; "seen", the value on infinitely many images of those
classes that the set shows; "all", the same of all classes there are. The rule asks for the first two. Of a class that a
set does not show it says nothing, so the third is printed beside them.

Coverage is an estimate, too: of k sets it has a standard error of sqrt(c (1 - c) / k), which is printed. A cell is
wrong where it lies below the rule by more than two of them. So that they are small, the product makes its intervals of
many more sets than the other methods, which are compared on the first few of these.

Writes coverage.csv (all cells), coverage.md and coverage.png. Seeded: twice the same bytes on one machine. Worlds and
what is assumed of them are in coverage_worlds.py and, next to 0 and 100 %, in coverage_near.py; the metrics in
coverage_metrics.py, the methods in coverage_methods.py. Prints how long it took: three minutes of one core, and with
--quick, on fewer worlds, sizes and sets, less than one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from coverage_methods import (
    JACKKNIFE,
    LEVEL,
    METHODS,
    PRODUCT,
    Test,
    Weights,
    average,
    list_own,
    make_weights,
    take_quantiles,
)
from coverage_metrics import CLASSES, compute_values, estimate_own, find_shown, find_truths, make_counts
from coverage_near import simulate_near
from coverage_picture import draw
from coverage_tables import summarise
from coverage_worlds import IMAGES, LIKE_REAL, WORLDS, World, make_world

from bench.csv_files import write_csv
from bench.score.ends import compute_ends, compute_p, describe_doubt
from bench.score.estimates import Estimate, combine

FEWEST = 10
"""Images of the smallest sets for numbers that are no averages over classes."""
SIZES = (20, 60, 200, 1000, 5000)
MEANS = ("image IoU", "pair IoU", "pixels", "fwIoU", "recall>0.02", "recall>0.5", "recall>0.95", "area")
BY_ALL = ("image IoU", "pixels", "recall>0.02", "recall>0.5", "recall>0.95", "area", "mIoU", "PQ", "macro")
"""Of these the product is compared with all methods."""
PAIRED = ("image IoU", "recall>0.5", "mIoU", "PQ")
RARELY = ("mIoU, unseen=one", "SQ", "SQ, unmatched=zero", "macro area")
"""Not of 5,000 images."""
FALSE = (0.1, 0.6)
_HEAVY = ("studentised", "m out of n", "Bayesian")
"""Not for sets of 5,000 images."""


def main(words: Sequence[str] | None = None) -> None:
    """Simulate, and write what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("results"), help="the folder for the three files")
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(words)
    lines = pd.DataFrame([*simulate(given.quick, given.seed), *simulate_near(given.quick, given.seed)])
    given.to.mkdir(parents=True, exist_ok=True)
    cells = count_cells(lines)
    table = write_csv(cells, given.to / "coverage.csv", decimals=4)
    (given.to / "coverage.md").write_text(summarise(lines, cells, given.quick), encoding="utf-8")
    print(table, given.to / "coverage.md", draw(cells, given.to / "coverage.png"), sep="\n")
    print(f"{time.process_time():.0f} s of processor time")


def simulate(quick: bool, seed: int) -> Iterator[dict[str, object]]:
    """A line for each test set, metric and method; progress goes to standard error."""
    names, sizes = (WORLDS[:2], SIZES[:3]) if quick else (WORLDS, SIZES)
    cells = [(name, false) for name in names for false in (FALSE if name in LIKE_REAL else FALSE[-1:])]
    spent, done, begin = sum(map(_guess_cost, cells)), 0.0, time.perf_counter()
    for at, (name, false) in enumerate(cells):
        world = make_world(name, false, seed * 1000 + at)
        means = MEANS if name in ("VOC-20", "ADE-150") else ()  # which classes there are matters little to them
        of_classes, of_means = (np.random.default_rng([seed, at, *more]) for more in ((), (1,)))
        for metrics, draw_sets in ((CLASSES, of_classes), (means, of_means)):
            for n in sizes if metrics is CLASSES else (FEWEST, *sizes) if metrics else ():
                known = metrics if n <= 1000 else [metric for metric in metrics if metric not in RARELY]
                for line in _simulate_size(world, n, quick, draw_sets, known):
                    yield {"world": name, "false": false, "n": n, **line}
        done += _guess_cost((name, false))
        passed = time.perf_counter() - begin
        left = passed * (spent / done - 1)
        print(f"{name}, world {at + 1} of {len(cells)}: {passed:.0f} s, about {left:.0f} s left", file=sys.stderr)


def _guess_cost(cell: tuple[str, float]) -> float:
    return 30.0 + int(cell[0].partition("-")[2])


def _count_sets(n: int, classes: int, quick: bool, of_classes: bool) -> tuple[int, int, int, int]:
    """How many test sets of a size, how many pairs, how many of these by all methods, and of how many resamples."""
    resamples = (200 if n <= 1000 else 100) if of_classes else 500
    if quick:
        return 24, 24, 24, resamples
    if not of_classes:
        return (120, 240, 12, resamples) if n <= 1000 else (80, 80, 6, resamples)
    if n <= 1000:
        return (80, 40, 16, resamples) if n <= 200 else (40, 20, 2, resamples)
    return 60 if classes < 200 else 40 if classes < 400 else 24, 6, 1, resamples


def _simulate_size(
    world: World, n: int, quick: bool, draw_sets: np.random.Generator, metrics: Sequence[str]
) -> Iterator[dict[str, object]]:
    """Test sets of one size from one world, by every method."""
    sets, pairs, by_all, resamples = _count_sets(n, world.parts["mIoU"][0].shape[2], quick, metrics[0] in CLASSES)
    weights = make_weights(n, resamples, draw_sets)
    drawn = draw_sets.integers(0, IMAGES, (max(sets, pairs), n))
    swapped = draw_sets.random((pairs, n)) < 0.5
    for metric in metrics:
        parts = world.parts[metric]
        pool = np.stack([part.sum(axis=1, dtype=float) for part in parts], axis=1)  # 2 k c
        expected = _find_expected(metric, [part[:1] for part in parts], n, draw_sets)
        chosen = (np.stack([part[0, images] for part in parts]) for images in drawn[:sets])  # k i c each
        full = by_all if metric in BY_ALL else 0
        for line in _judge(metric, chosen, weights, pool[0], expected, full):
            yield {"metric": metric, **line}
        if metric not in PAIRED:
            continue
        both = _find_expected(metric, parts, n, draw_sets)
        for at, (mark, images) in enumerate(zip(swapped, drawn, strict=False)):
            own, other = (np.stack([part[which, images] for part in parts]) for which in (mark * 1, ~mark * 1))
            for line in _judge_pair(metric, own, other, weights, pool.mean(axis=0), both, at < full):
                yield {"metric": metric, **line}


def _find_expected(
    metric: str, parts: Sequence[np.ndarray], n: int, draw_sets: np.random.Generator, sets: int = 150
) -> float:
    """What sets of n images give on average, from parts [s, i, c] of systems s; only of averages over classes."""
    if metric not in CLASSES:
        return np.nan
    often = np.stack([np.bincount(draw_sets.integers(0, IMAGES, n), minlength=IMAGES) for _ in range(sets)])
    sums = np.stack([often.astype(np.float32) @ part.mean(axis=0) for part in parts])
    return float(np.nanmean(compute_values(metric, sums.astype(float))))


def _judge(
    metric: str, chosen: Iterable[np.ndarray], weights: Weights, pool: np.ndarray, expected: float, by_all: int
) -> Iterator[dict[str, object]]:
    """Whether intervals of test sets, parts [k, i, c], hold the true values and their own: the product's, and of the
    first sets by each method."""
    found, truths, others = [], [], []
    for at, parts in enumerate(chosen):
        counts = make_counts(metric, parts)
        one = estimate_own(metric, counts, weights)
        if one.images > 1:
            found.append(one)
            truths.append(find_truths(metric, pool, find_shown(metric, parts.sum(axis=1)), expected))
            others.append(_apply_all(metric, Test(counts, weights)) if at < by_all else {})
    for one, span, truth, ends in zip(found, compute_ends(found, LEVEL), truths, others, strict=True):
        facts = {"kind": "value", "freedom": one.freedom, "note": describe_doubt(one, *span), "full": bool(ends)}
        for name, pair in {PRODUCT: span, **ends}.items():
            yield {"method": name, **facts, **_compare(pair, one, truth)}


def _apply_all(metric: str, test: Test) -> dict[str, tuple[float, float]]:
    own = list_own(test)
    ends = dict(zip(own, compute_ends(list(own.values()), LEVEL), strict=True))
    for name, method in METHODS.items():
        if not (name in _HEAVY and test.counts.shape[1] > 1000) and (metric in CLASSES or name != "class by class"):
            ends[name] = method(test)
    return ends


def _compare(ends: tuple[float, float], one: Estimate, truths: dict[str, float]) -> dict[str, object]:
    low, high = ends
    near = 1e-9
    told = {name: float(low - near <= truth <= high + near) for name, truth in truths.items()}
    return {**told, "width": high - low, "holds": float(low - near <= one.value <= high + near)}


def _judge_pair(
    metric: str, own: np.ndarray, other: np.ndarray, weights: Weights, pool: np.ndarray, expected: float, by_all: bool
) -> Iterator[dict[str, object]]:
    """The paired test of two systems that are alike, and of one whose numbers are a tenth lower, parts [k, i, c]."""
    worse = np.stack([np.float32(0.9) * other[0], *other[1:]])
    shown = own[1].any(axis=0) | other[1].any(axis=0)
    truths = find_truths(metric, pool, shown, expected)
    first = Test(make_counts(metric, own), weights)
    for kind, parts in (("alike", other), ("apart", worse)):
        second = Test(make_counts(metric, parts), weights)
        if min(first.own.images, second.own.images) < 2:
            continue
        found = combine([first.own, second.own], (1, -1))
        apart = {name: 0.0 if kind == "alike" else 0.1 * truth for name, truth in truths.items()}
        tests = {PRODUCT: found} | ({JACKKNIFE: replace(found, shift=0.0, samples=None)} if by_all else {})
        ends = dict(zip(tests, compute_ends(list(tests.values()), LEVEL), strict=True))
        p = {name: compute_p(one) for name, one in tests.items()}
        if by_all:
            samples = average_pairs(first, second)
            ends["percentile"] = take_quantiles(samples)
            p["percentile"] = 2 * (min((samples <= 0).sum(), (samples >= 0).sum()) + 1) / (len(samples) + 1)
        for method, span in ends.items():
            facts = {"freedom": found.freedom, "note": describe_doubt(found, *span), "full": by_all}
            yield {"kind": kind, "method": method, **facts, "real": float(p[method] < 0.05),
                   **_compare(span, found, apart)}  # fmt: skip


def average_pairs(first: Test, second: Test) -> np.ndarray:
    """The difference on each resample where both have a number."""
    both = (first.sums[1] > 0).any(axis=1) & (second.sums[1] > 0).any(axis=1)
    found: np.ndarray = average(first.sums[:, both]) - average(second.sums[:, both])
    return found


def count_cells(lines: pd.DataFrame) -> pd.DataFrame:
    """One row for each kind, metric, world, number of false segments, size and method: shares of the test sets."""
    keys = ["kind", "metric", "world", "false", "n", "method"]
    numbers = ["expected", "seen", "all", "holds", "real", "width"]
    table = lines.assign(marked=(lines["note"] != "").astype(float))
    found = table.groupby(keys, sort=False)[[*numbers, "marked"]].mean()
    return found.assign(sets=table.groupby(keys, sort=False).size()).reset_index()


if __name__ == "__main__":
    main()
