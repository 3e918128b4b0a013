"""Section 4 (data sets): one scene of the toy world, from a split and an index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.data.toyworld.captions import tell
from bench.data.toyworld.classes import NAMES, VERSION
from bench.data.toyworld.layouts import Plan, close_up, full_scene
from bench.data.toyworld.render import render

SPLITS: dict[str, int] = {"train": 200_000, "tune": 100, "val": 100, "test": 200}
"""The number of scenes of each split."""
VISIBLE = 12
"""A class with fewer pixels than this is not named in captions."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Picture uint8 [128, 128, 3], labels int16 [128, 128] (class index or -1), captions."""

    image: np.ndarray
    truth: np.ndarray
    captions: tuple[str, ...]


def compose(split: str, index: int) -> tuple[Plan, np.random.Generator]:
    """The plan of a scene, and the generator in the state in which the captions are written."""
    rng = _start(split, index)
    plan = close_up(rng) if split == "train" and rng.random() < 0.5 else full_scene(rng)
    return plan, rng


def framing(index: int) -> int:
    """What a train scene is, without drawing it: 0 a full scene, 1 a close-up with things, 2 a close-up of stuff."""
    if _start("train", index).random() >= 0.5:
        return 0
    return 1 if compose("train", index)[0].things else 2


def _start(split: str, index: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence((VERSION, tuple(SPLITS).index(split), index)))


def draw(split: str, index: int) -> Scene:
    """The scene of that split and index; the same on every machine with the same numpy and Pillow."""
    plan, rng = compose(split, index)
    image, truth = render(plan)
    counts = np.bincount(truth[truth >= 0], minlength=len(NAMES))
    areas = {NAMES[i]: int(counts[i]) for i in np.flatnonzero(counts >= VISIBLE)}
    return Scene(image, truth, tell(plan, areas, rng))
