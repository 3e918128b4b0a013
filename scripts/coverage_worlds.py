"""Superpopulations shaped like the real sets, to draw test sets from whose true values are known.

A world is a pool of images; a test set is drawn from it with replacement, so the pool's own numbers are the truth. Each
image shows some classes and a system's segments of them. What is known of the real sets: ADE20K's classes are in as
many of its 2,000 validation images as its objectInfo150.txt says (github.com/CSAILVision/sceneparsing). Assumed: VOC
shows a person in 3 of 10 images and each of the other 19 classes in 1 of 17; Context-59 has 4.8 classes an image, whose
frequencies fall evenly on a log scale over two decades; Context-459 adds 400 that fall on to 1 in 5,000. Two worlds are
nobody's: Even-200 has 200 classes, each in 6 of 100 images (12 an image), and Rare-200 from 1 in 20 to 1 in 3,000.

Assumed of the systems: a class is found as well as a draw from a beta distribution says (half above 0.5); images are
easier or harder for all classes together; some segments are missed wholly; false segments, of half the size, are
commoner for frequent classes, but rare classes have more of them for each true one. Sizes are log-normal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

IMAGES = 6000
BOUNDS = (0.02, 0.5, 0.95)
"""IoU above which a segment is found."""
_ADE = (
    "1172 612 796 917 641 643 408 199 460 225 294 310 526 190 796 411 160 441 217 318 306 75 315 106 162 69 57 224 128 "
    "44 98 184 138 61 73 43 302 37 99 153 37 162 77 298 46 36 30 122 23 38 43 12 64 102 12 11 18 109 18 52 26 29 22 60 "
    "75 49 138 113 27 66 31 56 36 9 29 33 27 20 6 8 25 49 269 39 18 56 61 239 5 53 12 5 17 104 12 50 6 31 114 13 35 9 "
    "55 4 5 4 31 9 38 3 49 4 75 9 3 72 30 7 44 25 24 31 12 83 43 139 23 36 5 22 13 30 21 27 108 122 65 57 100 44 8 18 "
    "59 22 19 14 28 57 96 56"
)
"""Validation images that show each of the 150 classes, in the order of that file."""


def list_frequencies(name: str) -> np.ndarray:
    """In which share of the images each class is, float [c]."""
    if name == "VOC-20":
        return np.array([0.3] + [1 / 17] * 19)
    if name == "ADE-150":
        return np.array([int(word) for word in _ADE.split()]) / 2000
    if name == "Even-200":
        return np.full(200, 12 / 200)
    if name == "Rare-200":
        return np.geomspace(1 / 20, 1 / 3000, 200)
    common = 10.0 ** np.linspace(0, -2, 59)
    common = common * 4.8 / common.sum()
    return common if name == "Context-59" else np.concatenate([common, np.geomspace(common[-1], 1 / 5000, 400)])


LIKE_REAL = ("VOC-20", "Context-59", "ADE-150", "Context-459")
WORLDS = (*LIKE_REAL, "Even-200", "Rare-200")


@dataclass(frozen=True, eq=False)
class World:
    """A pool of images: of two systems (axis 0) each metric's numerators, denominators and a third part of some.

    Float32 [2, i, c or 1].
    The systems are as good as each other, but not on the same images and classes.
    """

    parts: dict[str, tuple[np.ndarray, ...]]


def make_world(name: str, false: float, seed: int) -> World:
    """Make a world; ``false`` is how many false segments there are for a true one of a frequent class."""
    draw, often = np.random.default_rng(seed), list_frequencies(name)
    scene = draw.gamma(1.0, 1.0, (8, len(often)))  # eight kinds of images favour different classes
    if name == "Even-200":
        scene = np.ones_like(scene)
    chance = np.minimum(0.95, often * (scene / scene.mean(axis=0))[draw.integers(0, 8, IMAGES)])  # i c
    shape = 2, IMAGES, len(often)
    there = draw.random(shape[1:]) < chance
    size = np.exp(draw.normal(0, 1, shape[1:])) * (0.01 + 0.1 * draw.beta(1, 3, len(often)))  # i c
    skill = draw.beta(1.5, 1.5, len(often)) + np.zeros((2, 1, 1))
    logit = np.log(skill / (1 - skill)) + draw.normal(0, 0.8, (IMAGES, 1)) + draw.normal(0, 1.2, shape)  # 2 i c
    iou = there * (draw.random(shape) > 0.3 * (1 - skill)) / (1 + np.exp(-logit))
    extra = ~there & (draw.random(shape) < false * np.maximum(chance, 0.2 * often.mean()))
    union = there * size * (1 + 0.5 * draw.random(shape)) + 0.5 * extra * size * np.exp(draw.normal(0, 0.5, shape))
    return World(_make_metrics(there + np.zeros((2, 1, 1)), iou, extra, union, there * size))


def _make_metrics(
    there: np.ndarray, iou: np.ndarray, extra: np.ndarray, union: np.ndarray, size: np.ndarray
) -> dict[str, tuple[np.ndarray, ...]]:
    """Each metric from who is there, found how well, falsely said, on how many pixels, all [2, i, c] or one of 2."""

    def keep(part: np.ndarray) -> np.ndarray:
        return part.sum(axis=2, keepdims=True).astype(np.float32)

    hit, there, said = iou > 0.5, there > 0, (there + extra) > 0
    missed = there & ~hit
    above = {bound: iou > bound for bound in BOUNDS}
    area = sum(keep(iou > step / 10) for step in range(10)) / 10  # of recall over the IoU that makes a hit
    pooled, panoptic = iou * union, hit + (extra + missed + (missed & (iou > 0))) / 2
    found = {
        "image IoU": (keep(iou) / np.maximum(keep(said), 1), (keep(said) > 0)), "pair IoU": (keep(iou), keep(said)),
        "pixel accuracy": (keep(np.minimum(pooled, size)), keep(np.broadcast_to(size, union.shape))),
        "area": (area, keep(there)),
        **{f"recall>{bound}": (keep(part), keep(there)) for bound, part in above.items()},
        "fwIoU": (pooled, union, np.broadcast_to(size, union.shape)),
        "mIoU": (pooled, union), "PQ": (iou * hit, panoptic), "macro": (hit, there),
        "mIoU, unseen=one": (pooled, union), "SQ": (iou * hit, hit), "SQ, unmatched=zero": (iou * hit, hit, panoptic),
        "macro area": (np.concatenate(list(above.values()), axis=2), np.concatenate([there] * len(above), axis=2)),
    }  # fmt: skip
    return {name: tuple(np.asarray(part, np.float32) for part in parts) for name, parts in found.items()}
