"""How often the intervals of section 4's numbers hold the true value: a simulation, and the rule that chose the method.

    python scripts/interval_coverage.py [--to results] [--quick] [--seed 0]

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

Coverage is an estimate, too; coverage_rule.py says when a row of sets misses the rule, and which rows are simulated
again. The product makes its intervals of many more sets than the other methods, which are compared on the first few.

Writes coverage.csv (all rows), coverage.md and coverage.png. Seeded: twice the same bytes on one machine. Worlds and
what is assumed of them are in coverage_worlds.py and, next to 0 and 100 %, in coverage_near.py; the metrics in
coverage_metrics.py, the methods in coverage_methods.py. Prints how long it took: nine minutes of one core, and with
--quick, on fewer worlds, sizes and sets, less than one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from coverage_judge import Line, judge_pair, judge_sets
from coverage_methods import PRODUCT, Weights, make_weights
from coverage_metrics import CLASSES, compute_values
from coverage_near import simulate_away, simulate_near
from coverage_page import summarise
from coverage_picture import draw
from coverage_rule import ROW, is_undecided, keep_judged
from coverage_worlds import IMAGES, LIKE_REAL, WORLDS, World, make_world
from threadpoolctl import threadpool_limits

from bench.csv_files import write_csv

FEWEST = 10
"""Images of the smallest sets for numbers that are no averages over classes."""
SIZES = (20, 60, 200, 1000, 5000)
MEANS = ("image IoU", "pair IoU", "pixel accuracy", "recall>0.02", "recall>0.5", "recall>0.95", "area")
WITH_MEANS = ("VOC-20", "ADE-150")
"""Worlds of which these are simulated, for which classes there are matters little to them."""
BY_ALL = ("image IoU", "pixel accuracy", "recall>0.02", "recall>0.5", "recall>0.95", "area", "mIoU", "PQ", "macro")
"""Of these the product is compared with all methods."""
PAIRED = ("image IoU", "pixel accuracy", "fwIoU", "recall>0.5", "area", "mIoU", "PQ", "macro", "macro area")
RARELY = ("mIoU, unseen=one", "SQ", "SQ, unmatched=zero", "macro area")
"""Not of 5,000 images."""
FALSE = (0.1, 0.6)


@dataclass(frozen=True)
class Plan:
    """How many test sets of a size, how many pairs, how many of these by all methods, and of how many resamples."""

    sets: int
    pairs: int
    by_all: int
    resamples: int


def main(words: Sequence[str] | None = None) -> None:
    """Simulate, and write what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=Path("results"), help="the folder for the three files")
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(words)
    with threadpool_limits(1):  # its products are small: threads would cost more than they save
        makers = simulate, simulate_near, simulate_away
        lines = pd.DataFrame([line for make in makers for line in make(given.quick, given.seed)])
    given.to.mkdir(parents=True, exist_ok=True)
    lines = keep_judged(lines, PRODUCT)
    cells = count_cells(lines)
    table = write_csv(cells, given.to / "coverage.csv", decimals=4)
    (given.to / "coverage.md").write_text(summarise(lines, given.quick), encoding="utf-8")
    print(table, given.to / "coverage.md", draw(cells, given.to / "coverage.png"), sep="\n")
    print(f"{time.process_time():.0f} s of processor time")


def simulate(quick: bool, seed: int) -> Iterator[Line]:
    """A line for each test set, metric and method; progress goes to standard error."""
    names, sizes = (WORLDS[:2], SIZES[:3]) if quick else (WORLDS, SIZES)
    cells = [(name, false) for name in names for false in (FALSE if name in LIKE_REAL else FALSE[-1:])]
    spent, done, begin = sum(map(_guess_cost, cells)), 0.0, time.perf_counter()
    for at, (name, false) in enumerate(cells):
        world = make_world(name, false, seed * 1000 + at)
        means = MEANS if name in WITH_MEANS else ()
        for metrics, least in ((CLASSES, ()), (means, (FEWEST,))):
            for n in (*least, *sizes) if metrics else ():
                known = metrics if n <= 1000 else [metric for metric in metrics if metric not in RARELY]
                for line in _simulate_size(world, n, quick, [seed, at, n], known):
                    yield {"world": name, "false": false, "n": n, **line}
        done += _guess_cost((name, false))
        passed = time.perf_counter() - begin
        left = passed * (spent / done - 1)
        print(f"{name}, world {at + 1} of {len(cells)}: {passed:.0f} s, about {left:.0f} s left", file=sys.stderr)


def _guess_cost(cell: tuple[str, float]) -> float:
    """Seconds of a world, measured once: most are of numbers over images and segments."""
    return 15.0 + int(cell[0].partition("-")[2]) / 8 + 50.0 * (cell[0] in WITH_MEANS)


def make_plan(n: int, classes: int, quick: bool, of_classes: bool) -> Plan:
    """Make the plan of a row's first sets."""
    resamples = 500 if n <= 1000 or not of_classes else 200
    if quick:
        return Plan(24, 24, 24, resamples)
    if not of_classes:
        return Plan(240, 240, 24, resamples) if n <= 1000 else Plan(160, 160, 12, resamples)
    if n <= 1000:
        return Plan(120, 100, 32, resamples) if n <= 200 else Plan(100, 100, 12, resamples)
    return Plan(80, 80, 4, resamples)


def make_second_plan(n: int, quick: bool, of_classes: bool) -> Plan:
    """Make the plan of a row that is simulated again: by the product alone."""
    if quick:
        return Plan(48, 48, 0, 200)
    if n <= 1000:
        return Plan(600, 600, 0, 1000) if of_classes else Plan(1600, 1600, 0, 1000)
    return Plan(200, 200, 0, 500) if of_classes else Plan(800, 800, 0, 1000)


def _simulate_size(world: World, n: int, quick: bool, seed: list[int], metrics: Sequence[str]) -> Iterator[Line]:
    """Test sets of one size from one world, metric by metric; rows that leave it open whether they are right again."""
    of_classes = metrics[0] in CLASSES
    first = make_plan(n, world.parts["mIoU"][0].shape[2], quick, of_classes)
    second = make_second_plan(n, quick, of_classes)
    sets = _draw_sets(n, first, np.random.default_rng([*seed, of_classes]))
    for at, metric in enumerate(metrics):
        for judge in (_judge_values, _judge_pairs) if metric in PAIRED else (_judge_values,):
            lines = list(judge(world, metric, sets, first))
            yield from ({"metric": metric, "stage": 1, **line} for line in lines)
            if is_undecided([line for line in lines if line["method"] == PRODUCT]):
                other = _draw_sets(n, second, np.random.default_rng([*seed, of_classes, at, 2]))
                yield from ({"metric": metric, "stage": 2, **line} for line in judge(world, metric, other, second))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Which images of the pool each test set has [s, n], which of them change systems in a pair [p, n]; resamples.

    ``often`` is how often each image of the pool is in each of other sets of the size [e, IMAGES].
    """

    images: np.ndarray
    swapped: np.ndarray
    often: np.ndarray
    weights: Weights


def _draw_sets(n: int, plan: Plan, draw: np.random.Generator, others: int = 150) -> Drawn:
    weights = make_weights(n, plan.resamples, draw)
    images = draw.integers(0, IMAGES, (max(plan.sets, plan.pairs), n))
    swapped = draw.random((plan.pairs, n)) < 0.5
    often = np.stack([np.bincount(draw.integers(0, IMAGES, n), minlength=IMAGES) for _ in range(others)])
    return Drawn(images, swapped, often.astype(np.float32), weights)


def _judge_values(world: World, metric: str, sets: Drawn, plan: Plan) -> Iterator[Line]:
    parts = [part[0] for part in world.parts[metric]]
    pool = np.stack([part.sum(axis=0, dtype=float) for part in parts])  # k c
    expected = _find_expected(metric, parts, sets.often)
    chosen = (np.stack([part[images] for part in parts]) for images in sets.images[: plan.sets])  # k i c each
    full = plan.by_all if metric in BY_ALL else 0
    return judge_sets(metric, chosen, sets.weights, pool, expected, full)


def _judge_pairs(world: World, metric: str, sets: Drawn, plan: Plan) -> Iterator[Line]:
    parts = world.parts[metric]  # of each part the same numbers by two systems, 2 i c
    mean = [part.mean(axis=0) for part in parts]
    pool = np.stack([part.sum(axis=0, dtype=float) for part in mean])
    expected = _find_expected(metric, mean, sets.often)
    for at, (mark, images) in enumerate(zip(sets.swapped, sets.images, strict=False)):
        own, other = (np.stack([part[which, images] for part in parts]) for which in (mark * 1, ~mark * 1))
        yield from judge_pair(metric, own, other, sets.weights, pool, expected, metric in BY_ALL and at < plan.by_all)


def _find_expected(metric: str, parts: Sequence[np.ndarray], often: np.ndarray) -> float:
    """What sets of a size give on average, from parts [i, c]; only of averages over classes."""
    if metric not in CLASSES:
        return np.nan
    sums = np.stack([often @ part for part in parts])
    return float(np.nanmean(compute_values(metric, sums.astype(float))))


def count_cells(lines: pd.DataFrame) -> pd.DataFrame:
    """One row for each kind, metric, world, number of false segments, size and method: shares of the test sets."""
    keys, numbers = [*ROW, "method"], ["expected", "seen", "all", "holds", "real", "width"]
    table = lines.assign(marked=(lines["note"] != "").astype(float))
    found = table.groupby(keys, sort=False)[[*numbers, "marked", "stage"]].mean()
    return found.assign(stage=found["stage"].astype(int), sets=table.groupby(keys, sort=False).size()).reset_index()


if __name__ == "__main__":
    main()
