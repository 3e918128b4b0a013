"""No part of the paper: how cost grows with images, segments, classes and thresholds, as exponents with intervals.

seconds = a x size^b, fitted by least squares over the logarithms of all measurements; b has a 95 % interval by
Student's t. 1 is in proportion, below 1 a part of the cost is fixed: b says nothing then of how it grows from some
size on, so the exponent between each two sizes side by side is told besides, with its own noise. A measurement is the
fastest of some calls, in processor seconds, and all sizes take turns: other work beside lengthens single calls, and no
size more than another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, NullFormatter
from scipy import stats

from bench.caption.zerocap import ZeroCap
from bench.csv_files import read_csv, write_csv
from bench.errors import UserError
from bench.overlap.together import join_tables
from bench.records import ClassList, Overlap
from bench.report.figures.style import draw_plain_axes, look, make_figure, save
from bench.score.curves import CURVES, compute_curves
from bench.score.presets import make_protocol
from bench.score.resampling import draw_one_piece
from bench.speed.clock import measure, use_one_thread
from bench.speed.distinct import make_fresh
from bench.speed.inputs import Inputs
from bench.speed.many_tables import NAMING, draw_table
from bench.speed.rows import UNTOLD

TIMES, CALLS = 5, 3
"""Measurements of each size, and calls of which the fastest is one, where they are short."""
STEEP = 1.1
"""An exponent above it is worse than in proportion."""
IMAGES, SEGMENTS = (50, 100, 200, 400, 800), (5, 10, 20, 40, 80)
SHORT, TOKENS = {"iterations": 2, "candidates": 128}, 3
"""Of the search for captions, beside the settings' own."""
CLASSES, THRESHOLDS = (20, 59, 150, 459), (1, 5, 21, 101)


@dataclass(frozen=True)
class Growth:
    """One cost against one size: seconds [sizes, times], and the fitted exponent with its interval."""

    cost: str
    size: str
    sizes: tuple[int, ...]
    seconds: np.ndarray
    exponent: float
    low: float
    high: float

    @property
    def steepest(self) -> float:
        """The largest exponent between two sizes side by side, of the fastest measurement of each.

        A cost with a fixed part has a small exponent as a whole and may still grow quickly from some size on.
        """
        return float(fit_steps(self.sizes, self.seconds)[0].max())

    @property
    def steepest_low(self) -> float:
        """The largest low end of an exponent between two sizes side by side: above a bound, some step surely is."""
        return float(fit_steps(self.sizes, self.seconds)[1].max())


def measure_growth(inputs: Inputs) -> Iterator[Growth]:
    """Measure every cost, one after the other, on one thread. Raises UserError first for settings without a search."""
    encoder: Any = inputs.context.make_stage("encode")
    captioner: Any = inputs.context.make_stage("caption")
    if not isinstance(captioner, ZeroCap):
        raise UserError("growth=yes: this caption= has no search: choose caption=zerocap_embedded or zerocap_paper")
    with use_one_thread():
        yield _grow("scores with intervals", "images", IMAGES, lambda n: prepare_scoring(images=n))
        yield _grow("scores of 50 images", "segments", SEGMENTS, lambda n: prepare_scoring(segments=n))
        yield _grow("scores of 50 images", "classes", CLASSES, lambda n: prepare_scoring(classes=n))
        yield _grow("scores of 50 images", "thresholds", THRESHOLDS, lambda n: prepare_scoring(thresholds=n))
        yield _grow("embeddings of an image", "segments", SEGMENTS, lambda n: _embed(encoder, inputs, n))
        yield _grow("captions of an image", "segments", SEGMENTS, lambda n: prepare_captions(captioner.search, n))


def prepare_scoring(
    images: int = 50, segments: int = 15, classes: int = 59, thresholds: int = 21
) -> Callable[[], object]:
    """Prepare the scoring of made-up tables over a curve of thresholds, 1,000 resamples: a call that does it anew."""
    tables = [resize_table(draw_table(seed), segments, classes) for seed in range(images)]
    names = ClassList("made", tuple(f"class {i}" for i in range(classes)), (True,) * classes)
    protocol, taus = make_protocol("paper", resamples=1000), np.linspace(0, 1, thresholds).tolist()

    def score() -> object:
        for forget in (CURVES.clear, join_tables.cache_clear, draw_one_piece.cache_clear):
            forget()
        return compute_curves(tables, names, protocol, NAMING, "tt", taus, axes=["tau"])

    return score


def prepare_captions(search: Any, segments: int) -> Callable[[], object]:
    """Prepare a short search for random targets with nothing remembered: a call that does it anew."""
    import torch

    guidance = replace(search.guidance, **SHORT)
    targets = np.random.default_rng(0).normal(size=(segments, search.features.clip.text.dim)).astype(np.float32)
    unit = torch.from_numpy(targets / np.linalg.norm(targets, axis=1, keepdims=True))
    short = replace(search, guidance=guidance, tokens=TOKENS)
    return lambda: replace(short, features=make_fresh(short.features))(unit)


def resize_table(table: Overlap, segments: int, classes: int) -> Overlap:
    """Make a table of so many segments and classes in the place of another one's, from the same seed."""
    draw, k = np.random.default_rng(int(table.image_id)), min(len(table.truth_classes), classes)
    counts = draw.integers(0, 500, (segments + 1, k + 2))
    member = np.vstack([np.eye(segments, dtype=bool), np.zeros((1, segments), bool)])
    truth = np.sort(draw.choice(classes, k, replace=False)).astype(np.int32)
    similarity = draw.uniform(0, 1, (segments, classes)).astype(np.float32)
    texts = ("a text",) * segments
    return Overlap(table.image_id, counts, member, truth, counts[:segments].sum(axis=1), similarity, similarity, texts)


def fit_exponent(sizes: Sequence[float], seconds: np.ndarray) -> tuple[float, float, float]:
    """Fit b of seconds = a x size^b over all measurements [sizes, times], with the ends of its 95 % interval."""
    times = seconds.shape[1]
    line = stats.linregress(np.repeat(np.log(sizes), times), np.log(seconds).ravel())
    reach = float(stats.t.ppf(0.975, seconds.size - 2) * line.stderr)
    return float(line.slope), float(line.slope) - reach, float(line.slope) + reach


def fit_steps(sizes: Sequence[float], seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit b between sizes side by side, of the fastest of each: [sizes - 1]; and the low ends of their intervals.

    A low end is of the mean of b over the turns, each of which has measured all sizes, by Student's t, so that all
    steps are right together with 95 % (each with 1 - 0.05 / steps), and never above the step itself. ``seconds`` is
    [sizes, times], with at least two times.
    """
    gaps, times = np.diff(np.log(sizes)), seconds.shape[1]
    steps = np.diff(np.log(seconds.min(axis=1))) / gaps
    turns = np.diff(np.log(seconds), axis=0) / gaps[:, None]  # steps times
    reach = stats.t.ppf(1 - 0.05 / len(steps), times - 1) * turns.std(axis=1, ddof=1) / np.sqrt(times)
    return steps, np.minimum(steps, turns.mean(axis=1) - reach)


def read_growth(path: Path) -> list[Growth]:
    """Read what `write_growth` left, and fit it anew; also the tables of versions without ``steepest``."""
    found = []
    for (cost, size), rows in read_csv(path).groupby(["cost", "against"], sort=False):
        sizes = tuple(rows["size"].astype(int).unique().tolist())
        seconds = rows["seconds"].astype(float).to_numpy().reshape(len(sizes), -1)  # a size's stand together
        found.append(Growth(str(cost), str(size), sizes, seconds, *fit_exponent(sizes, seconds)))
    return found


def write_growth(
    found: Sequence[Growth], folder: Path, changed: Sequence[str] = (), weights: str = UNTOLD
) -> list[Path]:
    """Write growth.csv and the picture, with words that changed a setting where there are any; return the paths."""
    settings = {"settings": " ".join(changed)} if changed else {}
    lines: list[Mapping[str, object]] = [
        {"cost": one.cost, "against": one.size, "size": size, "seconds": value, "exponent": one.exponent,
         "low": one.low, "high": one.high, "steepest": one.steepest, "steepest_low": one.steepest_low,
         "n": one.seconds.size, "weights": weights, **settings}
        for one in found for size, values in zip(one.sizes, one.seconds, strict=True) for value in values
    ]  # fmt: skip
    write_csv(pd.DataFrame(lines), folder / "growth.csv", decimals=6)
    figure = make_figure(4.0)
    axes = figure.subplots()
    for at, one in enumerate(found):
        middle = np.median(one.seconds, axis=1)
        axes.plot(one.sizes, middle, label=describe_growth(one), **look(at))
        axes.plot(np.repeat(one.sizes, one.seconds.shape[1]), one.seconds.ravel(), ".", color=look(at)["color"], ms=3)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("images, segments, classes or thresholds")
    axes.set_ylabel("processor seconds")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    draw_plain_axes(axes, "both")
    figure.legend(loc="outside right center", frameon=False, fontsize=9)
    figure.suptitle(
        "\n".join(["How cost grows (exponent with 95 % interval; at most, between two sizes side by side)", *changed]),
        fontsize=11.5,
        fontweight="bold",
    )
    return [folder / "growth.csv", *save(figure, folder / "growth")]


def describe_growth(one: Growth) -> str:
    """Describe a growth in two lines: what against what, and its exponent, also where it is largest."""
    told = f"{one.exponent:.2f} [{one.low:.2f}, {one.high:.2f}], at most {one.steepest:.2f}"
    return f"{one.cost} against {one.size}:\n{told}"


def judge_growth(found: Sequence[Growth]) -> str:
    """Judge in a line whether any cost grows faster than in proportion, as a whole or from some size on; name those.

    Steps that look steep and lie within their noise are named too, as what they are.
    """
    steep = [f"{_name(one)} ({told})" for one in found if (told := _tell_steep(one))]
    noisy = [f"{_name(one)} ({one.steepest:.2f}, not surely above {max(one.steepest_low, 0):.2f})"
             for one in found if one.steepest > STEEP and not _tell_steep(one)]  # fmt: skip
    told = f"none of {len(found)} costs grows faster than size^{STEEP:g}, as a whole or between two sizes side by side"
    if steep:
        told = f"faster than size^{STEEP:g}: {', '.join(steep)}; measure again on an idle machine before you judge"
    within = f"; within their noise, between two sizes side by side: {', '.join(noisy)}"
    return f"{told}{within if noisy else ''}"


def _tell_steep(one: Growth) -> str:
    """Tell the exponents that are too large; empty where none is."""
    told = [f"{one.exponent:.2f}"] if one.exponent > STEEP else []
    told += [f"{one.steepest:.2f} between two sizes side by side"] if one.steepest_low > STEEP else []
    return ", ".join(told)


def _name(one: Growth) -> str:
    return f"{one.cost} against {one.size}"


def _grow(cost: str, size: str, sizes: tuple[int, ...], make: Callable[[int], Callable[[], object]]) -> Growth:
    calls = [make(each) for each in sizes]
    calls[0]()  # what is imported or made once belongs to no size
    turns = [[measure(call, most=CALLS)[1].seconds for call in calls] for _ in range(TIMES)]
    seconds = np.array(turns).T  # sizes times
    return Growth(cost, size, sizes, seconds, *fit_exponent(sizes, seconds))


def _embed(encoder: Any, inputs: Inputs, segments: int) -> Callable[[], object]:
    height, width = inputs.image.shape[:2]
    edges = np.linspace(0, width, segments + 1).astype(int)
    columns = np.arange(width)
    strips = (edges[:-1, None] <= columns) & (columns < np.maximum(edges[1:], edges[:-1] + 1)[:, None])  # n w
    masks = np.repeat(strips[:, None], height, axis=1)
    return lambda: encoder(inputs.sample, masks)
