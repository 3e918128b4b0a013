"""Numbers next to 0 or 100 %: worlds in which nearly all is right, and ways to make an interval there.

Nothing is known of real sets here; the worlds are the ways to be nearly right that differ most. Each has a pool of
images whose number is 99, 99.5 or 99.9 %, or mirrored 1, 0.5 or 0.1 %:

alike      every image nearly so right, and none wholly wrong: a mean over images, its losses from a gamma distribution
failures   every image right but for 1 %, a tenth of it in the last world, and one in 100 to 1,000 wholly wrong
segments   segments missed by chance, recall pooled
images     all segments of an image missed together, recall pooled
pixels     wrong pixels, pooled, images from easy to hard by a log-normal factor (sigma 1.5)
classes    20 classes, from 3 in 10 images to 1 in 100; segments missed by chance, recall averaged over classes

One more lies away from both, for what it costs there that small sets of images which are alike are thought not to show
all: images of 70 % on average, from a beta distribution of concentration 60 (their standard deviation is 6 points), or
mirrored 30 %.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from coverage_methods import LEVEL, PRODUCT, Ends, Test, Weights, Z, find_quantile, make_weights
from coverage_rule import is_undecided
from coverage_worlds import IMAGES

from bench.score.ends import compute_ends, describe_doubt
from bench.score.estimates import Estimate

WRONG = (0.01, 0.005, 0.001)
SIZES = (10, 20, 60, 200, 1000, 5000)
AWAY, CONCENTRATION = 0.7, 60
AWAY_SIZES = (20, 30, 60, 90, 200, 1000)
HEAVIEST = 3
"""Of a pool's images that fail (where few hit: that hit), those that move the number most."""
BEFORE, CAPPED = "jackknife, Wilson, nothing more", "trials up to images"
Line = dict[str, Any]
Pool = tuple[np.ndarray, np.ndarray]


def simulate_near(quick: bool, seed: int) -> Iterator[Line]:
    """A line for each world, side, test set and method; rows that leave it open whether they are right once more."""
    for at, (name, make) in enumerate(NEAR.items()):
        for wrong in WRONG:
            top, bottom = make(np.random.default_rng([seed, 99, at, int(1e4 * wrong)]), wrong)
            for n in SIZES[:3] if quick else SIZES:
                for side, right in ((1 - wrong, top), (wrong, bottom - top)):
                    facts = {"kind": "near", "metric": name, "world": f"{100 * side:.4g} %", "false": 0.0, "n": n}
                    for line in _simulate_row(right, bottom, n, quick, [seed, 99, at, int(1e4 * side), n]):
                        yield {**facts, **line}


def simulate_away(quick: bool, seed: int) -> Iterator[Line]:
    """A line for each side, test set and method of the world that lies away from both bounds."""
    draw, bottom = np.random.default_rng([seed, 98]), np.ones((IMAGES, 1))
    top = draw.beta(AWAY * CONCENTRATION, (1 - AWAY) * CONCENTRATION, (IMAGES, 1))
    for n in AWAY_SIZES[:3] if quick else AWAY_SIZES:
        for side, right in ((AWAY, top), (1 - AWAY, bottom - top)):
            facts = {"kind": "away", "metric": "images alike", "world": f"{100 * side:.4g} %", "false": 0.0, "n": n}
            for line in _simulate_row(right, bottom, n, quick, [seed, 98, int(1e4 * side), n]):
                yield {**facts, **line}


def _simulate_row(top: np.ndarray, bottom: np.ndarray, n: int, quick: bool, seed: list[int]) -> Iterator[Line]:
    sets = 24 if quick else 400 if n <= 1000 else 200
    lines = []
    for stage in (1, 2):
        draw = np.random.default_rng([*seed, stage])
        weights = make_weights(n, 500, draw)
        lines = [{"stage": stage, **line} for line in _judge(top, bottom, draw.integers(0, IMAGES, (sets, n)), weights)]
        yield from lines if stage == 1 else (line for line in lines if line["method"] == PRODUCT)
        if not is_undecided([line for line in lines if line["method"] == PRODUCT]):
            break
        sets *= 2 if quick else 5


def _judge(top: np.ndarray, bottom: np.ndarray, drawn: np.ndarray, weights: Weights) -> Iterator[Line]:
    shown = bottom.sum(axis=0) > 0
    ratio = top.sum(axis=0)[shown] / bottom.sum(axis=0)[shown]
    found = [Test(np.stack([top[chosen], bottom[chosen]]), weights).own for chosen in drawn]
    seen = [bottom[chosen].any(axis=0)[shown] for chosen in drawn]
    heaviest = find_heaviest(top, bottom)
    heavy = [bool(np.isin(chosen, heaviest).any()) for chosen in drawn]
    for one, span, known, has_heavy in zip(found, compute_ends(found, LEVEL), seen, heavy, strict=True):
        ends = {BEFORE: end_by_wilson(one, np.inf), CAPPED: end_by_wilson(one, one.images), PRODUCT: span}
        truth, note = ratio[known].mean(), describe_doubt(one, *span)
        for method, (low, high) in ends.items():
            held = float(low - 1e-12 <= truth <= high + 1e-12)
            yield {"method": method, "seen": held, "heavy": float(has_heavy), "width": high - low, "note": note,
                   "holds": float(low <= one.value <= high)}  # fmt: skip


def find_heaviest(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """The `HEAVIEST` images of a pool [i, c], by what each adds to the losses, or to the hits where those are fewer."""
    rare = min(top, bottom - top, key=np.sum) / np.maximum(bottom.sum(axis=0), 1e-12)
    return np.argsort(-rare.sum(axis=1), kind="stable")[:HEAVIEST]


def end_by_wilson(one: Estimate, most: float) -> Ends:
    """Wilson's interval for as many trials as the standard error tells of, but not more than ``most``, and Student's t.

    The cap is on where fewer than five images' worth is wrong, or right.
    """
    x, capped = one.value, one.images * min(one.value, 1 - one.value) < 5
    trials = x * (1 - x) / one.spread**2 if one.spread > 1e-12 else np.inf
    trials = float(one.images) if not 0 < x < 1 else min(trials, most) if capped else trials
    square = (find_quantile(round(max(8.0, one.freedom), 1)) if 0 < x < 1 else Z) ** 2 / trials
    half = np.sqrt(square * (x * (1 - x) + square / 4))
    return (x + square / 2 - half) / (1 + square), (x + square / 2 + half) / (1 + square)


def _make_alike(draw: np.random.Generator, wrong: float) -> Pool:
    return 1 - np.minimum(1, draw.gamma(4, wrong / 4, (IMAGES, 1))), np.ones((IMAGES, 1))


def _make_failures(draw: np.random.Generator, wrong: float) -> Pool:
    top, bottom = _make_alike(draw, 0.01 if wrong > 0.001 else 0.001)
    return top * (draw.random((IMAGES, 1)) >= wrong), bottom


def _make_segments(draw: np.random.Generator, wrong: float) -> Pool:
    each = 1 + draw.poisson(4, (IMAGES, 1))
    return draw.binomial(each, 1 - wrong).astype(float), each.astype(float)


def _make_images(draw: np.random.Generator, wrong: float) -> Pool:
    each = draw.geometric(0.2, (IMAGES, 1)).astype(float)
    return each * (draw.random((IMAGES, 1)) >= wrong), each


def _make_pixels(draw: np.random.Generator, wrong: float) -> Pool:
    pixels = np.exp(draw.normal(0, 0.5, (IMAGES, 1)))
    loss = np.minimum(1, wrong * np.exp(draw.normal(0, 1.5, (IMAGES, 1)) - 1.5**2 / 2))
    return pixels * (1 - loss), pixels


def _make_classes(draw: np.random.Generator, wrong: float) -> Pool:
    there = draw.random((IMAGES, 20)) < np.geomspace(0.3, 0.01, 20)
    return there * (draw.random((IMAGES, 20)) >= wrong).astype(float), there.astype(float)


NEAR: dict[str, Callable[[np.random.Generator, float], Pool]] = {
    "alike": _make_alike, "failures": _make_failures, "segments": _make_segments, "images": _make_images,
    "pixels": _make_pixels, "classes": _make_classes,
}  # fmt: skip
