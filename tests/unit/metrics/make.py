"""Random images for the scoring tests, and section 4 computed slowly, class by class, from pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.metric_name import Naming
from bench.overlap.table import make_overlap
from bench.records import BACKGROUND, VOID, ClassList, Overlap, Prediction, Sample

CLASSES = ClassList("five", ("cat", "dog", "sky", "wall", "tree"), (True, True, False, False, True))
NAMING = Naming("toy", "test", "five", models={"tt": "tiny", "st": "clip"})


@dataclass(frozen=True)
class Case:
    """One image with its similarities, as made."""

    prediction: Prediction
    sample: Sample
    tt: np.ndarray
    st: np.ndarray

    @property
    def overlap(self) -> Overlap:
        return make_overlap(self.prediction, self.sample, self.tt, self.st)


def case(seed: int, name: str = "", overlapping: bool = False, n: int | None = None) -> Case:
    """An image of 6..14 pixels a side; masks of another size; similarities on a grid, so that ties happen."""
    draw = np.random.default_rng(seed)
    n = int(draw.integers(0, 6)) if n is None else n
    size, other = draw.integers(6, 15, 2), draw.integers(3, 20, 2)
    labels = draw.integers(-1, max(n, 1), other)
    masks = labels == np.arange(n)[:, None, None]
    if overlapping:
        masks |= draw.random((n, *other)) < 0.3
    truth = draw.choice([VOID, BACKGROUND, *draw.integers(0, 5, 3)], size).astype(np.int16)
    tt, st = (draw.integers(-2, 10, (2, n, 5)) / 10).astype(np.float32)
    name = name or f"{seed:04}"
    texts = tuple(f"text {index}" for index in range(n))
    return Case(Prediction(name, masks, texts), picture(truth, name), tt, st)


def picture(truth: np.ndarray, name: str = "x") -> Sample:
    """A black image with this ground truth."""
    return Sample(name, np.zeros((*truth.shape, 3), np.uint8), truth.astype(np.int16))


def by_hand(truth: list[list[int]], masks: list[list[list[int]]], rows: list[list[float]], name: str = "x") -> Overlap:
    """A record from nested lists; the same rows serve TT and ST."""
    truth_map = np.array(truth, np.int16)
    shape = truth_map.shape
    stack = np.array(masks, bool) if masks else np.zeros((0, *shape), bool)
    similarity = np.array(rows, np.float32).reshape(len(stack), len(CLASSES))
    prediction = Prediction(name, stack, tuple("abcdefgh"[: len(stack)]))
    return make_overlap(prediction, picture(truth_map, name), similarity, similarity)


def row(**named: float) -> list[float]:
    """A similarity row, 0.01 but for the named classes."""
    return [named.get(name, 0.01) for name in CLASSES.names]


def resized(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Nearest neighbour, index floor(i * in / out) of each row and column."""
    rows, columns = ([i * length // out for i in range(out)] for length, out in zip(mask.shape, size, strict=True))
    return mask[np.ix_(rows, columns)].astype(bool)


def slow_iou(one: Case, label: np.ndarray, background: str = "context", void: str = "ignore") -> dict[int, float]:
    """IoU of every true or predicted class, from pixels; NaN for 0/0."""
    truth = one.sample.truth
    masks = [resized(mask, truth.shape) for mask in one.prediction.masks]
    found = {}
    for index in sorted(set(truth[truth >= 0].tolist()) | set(label[label >= 0].tolist())):
        true, predicted = truth == index, np.zeros(truth.shape, bool)
        for mask in (mask for mask, own in zip(masks, label, strict=True) if own == index):
            predicted |= mask
        if void == "ignore":
            predicted &= truth != VOID
        if background == "ignore" or (background == "voc" and not true.any()):
            predicted &= truth != BACKGROUND
        both, either = (true & predicted).sum(), (true | predicted).sum()
        found[index] = both / either if either else float("nan")
    return found
