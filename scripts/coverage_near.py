"""Numbers next to 0 or 100 %: worlds in which nearly all is right, and ways to make an interval there.

Nothing is known of real sets here; the worlds are the ways to be nearly right that differ most. Each has a pool of
images whose number is 99, 99.5 or 99.9 %, or mirrored 1, 0.5 or 0.1 %:

alike      every image nearly so right, and none wholly wrong: a mean over images, its losses from a gamma distribution
failures   every image right but for 1 %, a tenth of it in the last world, and one in 100 to 1,000 wholly wrong
segments   segments missed by chance, recall pooled
images     all segments of an image missed together, recall pooled
pixels     wrong pixels, pooled, images from easy to hard by a log-normal factor (sigma 1.5)
classes    20 classes, from 3 in 10 images to 1 in 100; segments missed by chance, recall averaged over classes
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from coverage_methods import LEVEL, PRODUCT, Ends, Z, find_quantile
from coverage_worlds import IMAGES

from bench.score.ends import compute_ends, describe_doubt
from bench.score.estimates import Estimate, estimate

WRONG = (0.01, 0.005, 0.001)
SIZES = (10, 20, 60, 200, 1000, 5000)
BEFORE, CAPPED = "jackknife, Wilson, nothing more", "trials up to images"
TOLD = (
    "Where nearly all is right, a set seldom shows what goes wrong. *alike* and *failures* cannot be told apart by a "
    "set in which nothing fails: each image is nearly right, and in the one world that is all, in the other one image "
    "in 100 to 1,000 is wholly wrong. An interval that is as narrow as the first allows misses the truth of the "
    "second; by the rule, which asks for every world and only then for width, it is wrong, and the interval of the "
    "first is wider than it would have to be. The six worlds stand in `scripts/coverage_near.py`. Coverage in percent "
    "where it is worst, of 99, 99.5 and 99.9 % and of 1, 0.5 and 0.1 %, and the mean width in points"
)
Pool = tuple[np.ndarray, np.ndarray]


def simulate_near(quick: bool, seed: int) -> Iterator[dict[str, object]]:
    """A line for each world, side, test set and method."""
    for at, (name, make) in enumerate(NEAR.items()):
        for wrong in WRONG:
            draw = np.random.default_rng([seed, 99, at, int(1e4 * wrong)])
            top, bottom = make(draw, wrong)
            for n in SIZES[:3] if quick else SIZES:
                sets = 12 if quick else 400 if n <= 1000 else 200
                for side, right in ((1 - wrong, top), (wrong, bottom - top)):
                    facts = {"kind": "near", "metric": name, "world": f"{100 * side:.4g} %", "false": 0.0, "n": n}
                    for line in _judge(right, bottom, draw.integers(0, IMAGES, (sets, n))):
                        yield {**facts, **line}


def _judge(top: np.ndarray, bottom: np.ndarray, drawn: np.ndarray) -> Iterator[dict[str, object]]:
    shown = bottom.sum(axis=0) > 0
    ratio = top.sum(axis=0)[shown] / bottom.sum(axis=0)[shown]
    found = [estimate(top[chosen], bottom[chosen]) for chosen in drawn]
    seen = [bottom[chosen].any(axis=0)[shown] for chosen in drawn]
    for one, span, known in zip(found, compute_ends(found, LEVEL), seen, strict=True):
        ends = {BEFORE: end_by_wilson(one, np.inf), CAPPED: end_by_wilson(one, one.images), PRODUCT: span}
        truth, note = ratio[known].mean(), describe_doubt(one, *span)
        for method, (low, high) in ends.items():
            held = float(low - 1e-12 <= truth <= high + 1e-12)
            yield {"method": method, "seen": held, "width": high - low, "note": note, "full": True,
                   "holds": float(low <= one.value <= high)}  # fmt: skip


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
