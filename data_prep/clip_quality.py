"""Section 4.3 in small: what the embedded CLIP knows of the toy world.

A segment is all of a class in a scene; it is named by the class whose text "Image of a {class}." is nearest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from bench.encode.crop import CropAndMask
from bench.encode.global_subtraction import GlobalSubtraction
from bench.encode.masked import Masked
from bench.encode.unmasked import Unmasked
from bench.models.clip import Clip
from bench.records import Sample
from bench.score.intervals import MetricCounts
from bench.toyworld.classes import NAMES, STUFF
from bench.toyworld.scene import draw

CURVE = ("unmasked", "crop", "masked 1", "masked 2")
"""The ways whose shares are followed while the model learns."""


@dataclass(frozen=True)
class Segments:
    """True segments of a split's first scenes: scene, class and visible pixels of each, and what each way called it."""

    split: str
    scene: np.ndarray
    truth: np.ndarray
    area: np.ndarray
    named: dict[str, np.ndarray]

    def right(self, way: str, where: np.ndarray | None = None) -> MetricCounts:
        """Which of the segments (of those ``where`` is true) got their class, scene by scene."""
        mask = np.ones(len(self.truth), bool) if where is None else where
        scenes = int(self.scene.max()) + 1
        hits = np.bincount(self.scene[mask], (self.named[way] == self.truth)[mask], scenes)
        counts = np.bincount(self.scene[mask], minlength=scenes).astype(float)
        ids = tuple(f"{self.split}-{i:04d}" for i in range(scenes))
        return MetricCounts(ids, hits[:, None], counts[:, None], "segments")

    @property
    def things(self) -> np.ndarray:
        """Which segments are things."""
        return self.truth >= len(STUFF)

    def share(self, way: str, where: np.ndarray | None = None) -> float:
        """The share of them that got their class."""
        hits = self.named[way] == self.truth
        return float(hits.mean() if where is None else hits[where].mean())


def list_ways(clip: Clip, tuned: Iterable[tuple[int, float]] = ()) -> dict[str, Any]:
    """The encoders to compare: no mask, crop, masks from each layer on, and subtraction for (start layer, sigma2)."""
    masked = {f"masked {layer}": Masked(clip, layer) for layer in range(1, clip.depth + 1)}
    minus = {f"subtraction {layer}, {s2:g}": GlobalSubtraction(clip, layer, sigma2=s2) for layer, s2 in tuned}
    return {"unmasked": Unmasked(clip, clip.depth), "crop": CropAndMask(clip), **masked, **minus}


@torch.inference_mode()
def name_segments(clip: Clip, encoders: dict[str, Any], split: str, scenes: int) -> Segments:
    """Names the true segments of the first scenes by each encoder."""
    texts = clip.encode_text([f"Image of a {name}." for name in NAMES])
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    triples: list[tuple[int, int, int]] = []
    named: dict[str, list[np.ndarray]] = {way: [] for way in encoders}
    for index in tqdm(range(scenes), desc=split, mininterval=5):
        scene = draw(split, index)
        truth = scene.truth
        classes, areas = np.unique(truth[truth >= 0], return_counts=True)
        masks = truth == classes[:, None, None]
        sample = Sample(f"{split}-{index}", scene.image, truth)
        triples += [(index, int(c), int(area)) for c, area in zip(classes, areas, strict=True)]
        for way, encoder in encoders.items():
            named[way].append((encoder(sample, masks).vectors @ texts.T).argmax(axis=1))
    scene_of, label, area_of = (np.array(column) for column in zip(*triples, strict=True))
    return Segments(split, scene_of, label, area_of, {way: np.concatenate(parts) for way, parts in named.items()})


def measure_retrieval(clip: Clip, split: str, scenes: int) -> dict[str, float]:
    """Measure recall at 1 and 5 of pictures by captions and captions by pictures; an equal caption counts as right."""
    drawn = [draw(split, index) for index in range(scenes)]
    texts = [scene.captions[0] for scene in drawn]
    encoder = Unmasked(clip, clip.depth)
    whole = np.ones((1, *drawn[0].truth.shape), bool)
    pictures = np.concatenate([encoder(Sample(str(i), s.image), whole).vectors for i, s in enumerate(drawn)])
    vectors = clip.encode_text(texts)
    pictures, vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (pictures, vectors))
    same = np.array([[a == b for b in texts] for a in texts])
    figures: dict[str, float] = {"n": scenes}
    for name, scores in (("picture to caption", pictures @ vectors.T), ("caption to picture", vectors @ pictures.T)):
        order = np.argsort(-scores, axis=1, kind="stable")
        hits = np.take_along_axis(same, order, axis=1)
        figures |= {f"{name}, at {k}": float(hits[:, :k].any(axis=1).mean()) for k in (1, 5)}
    return figures
