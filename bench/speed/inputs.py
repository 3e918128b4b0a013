"""No part of the paper: what the stages are tried on: settings, models, one picture and its over-segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, UInt8

from bench.errors import UsageError, UserError
from bench.records import Embeddings, Sample
from bench.run.context import RunContext

EMBEDDED, PAPER = "embedded", "paper"
SCALES = (EMBEDDED, PAPER)
MODELS = ("clip", "dino", "language", "sentence")
SEGMENTS = {EMBEDDED: 9, PAPER: 39}
"""Segments that are embedded: trees of 5 and of 20 leaves with all their parents."""

Features: TypeAlias = tuple[np.ndarray, tuple[int, int], np.ndarray]
"""What `Dino.compute_features` gives."""


@dataclass
class Inputs:
    """Settings as `zgs run` resolves them, and a picture; models are loaded when first asked for.

    ``embedded`` are the settings of the models that ship, which say how many of a search's texts are distinct.
    """

    scale: str
    settings: Mapping[str, Any]
    image: UInt8[np.ndarray, "h w 3"]
    embedded: Mapping[str, Any]
    features: Features | None = None
    """What the stage of that name made of the picture, if it has run."""
    changed: tuple[str, ...] = ()
    """Words of the command that change a setting, and image=FILE: what rows say they were made with."""

    @cached_property
    def context(self) -> RunContext:
        """Models and stages of these settings."""
        return RunContext(self.settings)

    @property
    def is_paper(self) -> bool:
        """Whether these are the paper's sizes, where the plain forms are run in part."""
        return self.scale == PAPER

    @property
    def sample(self) -> Sample:
        """The picture as the stages take it."""
        return Sample("picture", self.image)

    @property
    def size(self) -> str:
        """Width and height in words."""
        return f"{self.image.shape[1]} x {self.image.shape[0]} pixels"

    def compute_features(self, dino: Any) -> np.ndarray:
        """Compute the picture's features anew, and keep what comes with them: clustering begins there."""
        self.features = dino.compute_features(self.image)
        return self.features[0]

    @cached_property
    def masks(self) -> Bool[np.ndarray, "n h w"]:
        """Rectangles of a grid, some of them united: segments of many sizes, the same whatever a segmenter finds."""
        height, width = self.image.shape[:2]
        count = SEGMENTS[self.scale]
        leaves = -(-(count + 1) // 2)
        down = 4 if leaves % 4 == 0 else 1
        across = leaves // down
        rows, columns = np.arange(height) * down // height, np.arange(width) * across // width
        place = rows[:, None] * across + columns  # h w
        spans = [(first, first + 1) for first in range(leaves)] + [(0, last) for last in range(2, leaves + 1)]
        return np.stack([(first <= place) & (place < last) for first, last in spans[:count]])

    @cached_property
    def embeddings(self) -> Embeddings:
        """Unit-length targets of captions: random directions, drawn from a fixed seed."""
        dim = self.context.load_model("clip").dim
        vectors = np.random.default_rng(0).normal(size=(20, dim)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Embeddings(vectors, np.zeros((20, 0), np.float32), np.zeros((20, 0), np.float32))


def require(has_plain_form: bool, option: str, known: str) -> None:
    """Raise UserError where settings choose what has no plain form; ``known`` are the options that have one."""
    if not has_plain_form:
        raise UserError(
            f"{option} has no plain form to be compared with: choose {known}, or leave that stage out (stages=…)"
        )


def open_image(file: str | None, scale: str) -> UInt8[np.ndarray, "h w 3"]:
    """Open a picture; by default the first drawn test scene, or the photograph that scikit-learn ships (640 x 427)."""
    if file:
        from PIL import Image, UnidentifiedImageError

        try:
            return np.array(Image.open(file).convert("RGB"))
        except UnidentifiedImageError as error:  # whose words name the file again
            raise UserError(f"image={file}: cannot be read as a picture: none of a kind that Pillow knows") from error
        except OSError as error:
            raise UserError(f"image={file}: cannot be read as a picture: {error.strerror or error}") from error
    if scale == EMBEDDED:
        from bench.toyworld.scene import draw

        return np.array(draw("test", 0).image)
    from sklearn.datasets import load_sample_image

    return np.array(load_sample_image("china.jpg"))


def list_weights(scale: str, folder: str, needed: Sequence[str] = MODELS) -> list[str]:
    """List the words that choose a scale's models, from a folder where one is named, which has those ``needed``."""
    if scale == PAPER:
        return ["models=paper", *_name_weights(folder, needed)]
    if folder:
        raise UsageError("speed: weights=FOLDER goes with scale=paper; the embedded models have their own")
    return []


def _name_weights(folder: str, needed: Sequence[str]) -> list[str]:
    if not folder:
        return []
    there = [name for name in MODELS if (Path(folder) / name).is_dir()]
    missing = [f"no folder {name} there" for name in MODELS if name in needed and name not in there]
    if not Path(folder).is_dir():
        missing = ["no such folder"]
    if missing:
        raise UserError(f"weights={folder}: {missing[0]}; `python -m data_prep.random_models --to {folder}` makes it")
    return [f"models.{name}.source='{Path(folder).resolve()}/{name}'" for name in there]
