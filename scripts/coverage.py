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

Writes coverage.csv (all cells), coverage.md and coverage.png. Seeded: twice the same bytes on one machine. Worlds and
what is assumed of them are in coverage_worlds.py, the methods in coverage_methods.py. Less than ten minutes of one
core, and with --quick, on fewer worlds, sizes and sets, less than one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
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
    take,
)
from coverage_tables import draw, summarise
from coverage_worlds import IMAGES, WORLDS, World, make_world

from bench.csv_files import write_csv
from bench.score.ends import compute_ends, compute_p
from bench.score.estimates import combine

FEWEST = 10
"""Images of the smallest sets for numbers that are no averages over classes."""
SIZES = (20, 60, 200, 1000, 5000)
MEANS = ("image IoU", "pixels", "recall>0.02", "recall>0.5", "recall>0.95", "area")
CLASSES = ("mIoU", "PQ", "macro")
PAIRED = ("image IoU", "recall>0.5", "mIoU", "PQ")
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
    lines = pd.DataFrame(list(simulate(given.quick, given.seed)))
    given.to.mkdir(parents=True, exist_ok=True)
    cells = write_csv(count_cells(lines), given.to / "coverage.csv", decimals=4)
    (given.to / "coverage.md").write_text(summarise(lines, count_cells(lines), given.quick), encoding="utf-8")
    print(cells, given.to / "coverage.md", draw(count_cells(lines), given.to / "coverage.png"), sep="\n")


def simulate(quick: bool, seed: int) -> Iterator[dict[str, object]]:
    """A line for each test set, metric and method; progress goes to standard error."""
    names, sizes = (WORLDS[:2], SIZES[:3]) if quick else (WORLDS, SIZES)
    cells = [(name, false, twin) for name in names for false in FALSE for twin in range(1 if quick else 2)]
    spent, done, begin = sum(map(_guess_cost, cells)), 0.0, time.perf_counter()
    for at, (name, false, twin) in enumerate(cells):
        world = make_world(name, false, seed * 1000 + at)
        means = MEANS if name in ("VOC-20", "ADE-150") else ()  # which classes there are matters little to them
        of_classes, of_means = (np.random.default_rng([seed, at, *more]) for more in ((), (1,)))
        for metrics, draw_sets in ((CLASSES, of_classes), (means, of_means)):
            for n in sizes if metrics is CLASSES else (FEWEST, *sizes) if metrics else ():
                for line in _simulate_size(world, n, quick, draw_sets, metrics):
                    yield {"world": name, "false": false, "n": n, **line}
        done += _guess_cost((name, false, twin))
        passed = time.perf_counter() - begin
        left = passed * (spent / done - 1)
        print(f"{name}, world {at + 1} of {len(cells)}: {passed:.0f} s, about {left:.0f} s left", file=sys.stderr)


def _guess_cost(cell: tuple[str, float, int]) -> float:
    return 30.0 + int(cell[0].partition("-")[2])


def _count_sets(n: int, quick: bool, of_classes: bool) -> tuple[int, int]:
    """How many test sets of a size, and of how many resamples: averages over classes cost most."""
    sets = 24 if quick else (40 if of_classes else 60)
    sets = sets if n <= 200 else sets // 2 if n <= 1000 else sets // 5
    return sets, (200 if n <= 1000 else 100) if of_classes else 500


def _simulate_size(
    world: World, n: int, quick: bool, draw_sets: np.random.Generator, metrics: Sequence[str]
) -> Iterator[dict[str, object]]:
    """Test sets of one size from one world, by every method."""
    sets, resamples = _count_sets(n, quick, metrics is CLASSES)
    weights = make_weights(n, resamples, draw_sets)
    drawn = draw_sets.integers(0, IMAGES, (sets, n))
    swapped = draw_sets.random((sets, n)) < 0.5
    for metric in metrics:
        counts = np.stack([world.numerators[metric], world.denominators[metric]])  # 2 s i c
        expected = _find_expected(counts[:, 0], n, draw_sets) if metric in CLASSES else np.nan
        for at in range(sets):
            test = Test(counts[:, 0, drawn[at]], weights)
            for line in _judge(metric, test, counts[:, 0].sum(axis=1), expected):
                yield {"metric": metric, **line}
        if metric not in PAIRED:
            continue
        both = _find_expected(counts.mean(axis=1), n, draw_sets) if metric in CLASSES else np.nan
        for at in range(sets):
            own = np.where(swapped[at][:, None], counts[:, 1, drawn[at]], counts[:, 0, drawn[at]])
            other = np.where(swapped[at][:, None], counts[:, 0, drawn[at]], counts[:, 1, drawn[at]])
            for line in _judge_pair(own, other, weights, counts.mean(axis=1).sum(axis=1), both):
                yield {"metric": metric, **line}


def _find_expected(counts: np.ndarray, n: int, draw_sets: np.random.Generator, sets: int = 150) -> float:
    """What sets of n images give on average, from counts [2, i, c]."""
    often = np.stack([np.bincount(draw_sets.integers(0, IMAGES, n), minlength=IMAGES) for _ in range(sets)])
    return float(average(often.astype(float) @ counts).mean())


def _find_truths(pool: np.ndarray, seen: np.ndarray, expected: float) -> dict[str, float]:
    """The true values, from the pool's sums [2, c] and the classes that a set shows."""
    ratio = np.divide(pool[0], pool[1], out=np.full(pool.shape[1], np.nan), where=pool[1] > 0)
    infinite = {"seen": float(ratio[seen].mean()), "all": float(np.nanmean(ratio))}
    return infinite if np.isnan(expected) else {"expected": expected, **infinite}


def _judge(metric: str, test: Test, pool: np.ndarray, expected: float) -> Iterator[dict[str, object]]:
    """Whether each method's interval of one test set holds the true values and its own."""
    if test.own.images < 2:
        return
    truths = _find_truths(pool, test.counts[1].any(axis=0), expected)
    facts = {"freedom": test.own.freedom, "note": test.own.note, "value": test.own.value}
    own = list_own(test)
    ends = dict(zip(own, compute_ends(list(own.values()), LEVEL), strict=True))
    for name, method in METHODS.items():
        if not (name in _HEAVY and test.counts.shape[1] > 1000) and (metric in CLASSES or name != "class by class"):
            ends[name] = method(test)
    for name, span in ends.items():
        yield {"kind": "value", "method": name, **facts, **_compare(span, test.own.value, truths)}


def _compare(ends: tuple[float, float], value: float, truths: dict[str, float]) -> dict[str, object]:
    low, high = ends
    near = 1e-9
    told = {name: float(low - near <= truth <= high + near) for name, truth in truths.items()}
    return {**told, "width": high - low, "holds": float(low - near <= value <= high + near)}


def _judge_pair(
    own: np.ndarray, other: np.ndarray, weights: Weights, pool: np.ndarray, expected: float
) -> Iterator[dict[str, object]]:
    """The paired test of two systems that are alike, and of one whose numbers are a tenth lower, [2, i, c] each."""
    worse = np.stack([0.9 * other[0], other[1]])
    seen = own[1].any(axis=0) | other[1].any(axis=0)
    truths = _find_truths(pool, seen, expected)
    for kind, counts in (("alike", other), ("apart", worse)):
        first, second = Test(own, weights), Test(counts, weights)
        if min(first.own.images, second.own.images) < 2:
            continue
        found = combine([first.own, second.own], (1, -1))
        apart = {name: 0.0 if kind == "alike" else 0.1 * truth for name, truth in truths.items()}
        samples = average_pairs(first, second)
        far = min((samples <= 0).sum(), (samples >= 0).sum())
        tests = {PRODUCT: found, JACKKNIFE: replace(found, shift=0.0, samples=None)}
        ends = dict(zip(tests, compute_ends(list(tests.values()), LEVEL), strict=True)) | {"percentile": take(samples)}
        p = {name: compute_p(one) for name, one in tests.items()} | {"percentile": 2 * (far + 1) / (len(samples) + 1)}
        for method, span in ends.items():
            facts = {"freedom": found.freedom, "note": "", "value": found.value}
            real = {"real": float(p[method] < 0.05)}
            yield {"kind": kind, "method": method, **facts, **real, **_compare(span, found.value, apart)}


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
