"""Figure 21, the examples of the instructions: one of each rating, of our own, from the drawn world."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.data.toyscenes import ToyScenes
from bench.study.drawing import draw_region


@dataclass(frozen=True)
class Example:
    """A part of a drawn scene, made of the pixels of some classes, with a label and why it has its rating."""

    rating: int
    scene: str
    classes: tuple[str, ...]
    label: str
    why: str
    alt: str

    @property
    def picture(self) -> str:
        """Its file name in a study's folder of pictures."""
        return f"example-{self.rating}.jpg"


EXAMPLES = (
    Example(0, "val-0046", ("sheep",), "boat", "The part is a flock of sheep, and no boat is anywhere near.",
            "Drawn sheep."),
    Example(1, "val-0043", ("house", "sand"), "house", "A house is in it, but half of the part is sand.",
            "A drawn house and the sand around it."),
    Example(2, "val-0028", ("dog",), "animal", "True, but too general: it is a dog.", "A drawn dog."),
    Example(3, "val-0000", ("house",), "red house", "This is what the part shows.", "A drawn house."),
)  # fmt: skip
"""By rating, from 0 to 3."""


def draw_examples(pictures: Path) -> None:
    """Draw the pictures of the examples that are not in the folder."""
    scenes = ToyScenes(split="val")
    for example in EXAMPLES:
        if not (pictures / example.picture).exists():
            sample = scenes.load(example.scene)
            assert sample.truth is not None
            index = [scenes.classes.names.index(name) for name in example.classes]
            draw_region(sample.image, np.isin(sample.truth, index), pictures / example.picture)
