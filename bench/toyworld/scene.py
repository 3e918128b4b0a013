"""Section 4 (data sets): one scene of the toy world, from a split and an index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bench.toyworld.captions import tell
from bench.toyworld.classes import VERSION
from bench.toyworld.plan import Plan
from bench.toyworld.render import Rendered, render
from bench.toyworld.views import close_up, compose_full_scene, compose_stuff_view

SPLITS: dict[str, int] = {"train": 1_000_000, "tune": 200, "val": 200, "test": 500}
"""The number of scenes of each split."""
CLOSE_UPS, STUFF_VIEWS = 0.36, 0.16
"""Which shares of the train split are close-ups of things and views of stuff; the other splits have neither."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Picture uint8 [128, 128, 3], captions, and the labels as drawn."""

    image: np.ndarray
    captions: tuple[str, ...]
    drawn: Rendered

    @property
    def truth(self) -> np.ndarray:
        """int16 [128, 128]: class index, `BACKGROUND` or `VOID`."""
        return self.drawn.make_truth()

    @property
    def instances(self) -> np.ndarray:
        """int16 [128, 128]: number of the thing, -1 for stuff."""
        return self.drawn.make_instances()


def choose_framing(index: int) -> int:
    """Choose what a train scene is, without composing it: 0 a full scene, 1 a close-up of things, 2 a view of stuff."""
    return _choose_framing(_start("train", index))


def _choose_framing(rng: np.random.Generator) -> int:
    draw = rng.random()
    return 1 if draw < CLOSE_UPS else 2 if draw < CLOSE_UPS + STUFF_VIEWS else 0


def _start(split: str, index: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence((VERSION, tuple(SPLITS).index(split), index)))


def compose(split: str, index: int) -> tuple[Plan, np.random.Generator]:
    """Compose the plan of a scene, and the generator in the state in which the captions are written."""
    rng = _start(split, index)
    kind = _choose_framing(rng) if split == "train" else 0
    return (compose_full_scene, close_up, compose_stuff_view)[kind](rng), rng


def draw(split: str, index: int) -> Scene:
    """Draw the scene of that split and index; the same on every machine with the same numpy and Pillow."""
    plan, rng = compose(split, index)
    drawn = render(plan)
    return Scene(drawn.image, tell(plan, drawn, rng), drawn)


def sample_captions(split: str, n: int, number: int = 10) -> Iterator[str]:
    """Sample ``n`` captions of a split's first scenes, ``each`` of every scene (the first five are those of `draw`)."""
    for index in range(-(-n // number)):
        plan, rng = compose(split, index)
        yield from tell(plan, render(plan), rng, min(number, n - index * number))
