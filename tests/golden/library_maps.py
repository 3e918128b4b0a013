"""Pairs of label maps with every corner in which libraries differ, drawn by seed; numbers alone, without this project.

A label is 0..4 (`LABELS`), void is -2 in the truth, and -1 in a prediction is a hole: no answer. Objects are numbered
by a second map on each side, for panoptic quality.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

LABELS = ("wall", "cat", "dog", "sky", "tree")
"""The first is background where a set has some: one label more for these libraries, and void for panoptic quality."""
THINGS = (1, 2)
VOID, HOLE = -2, -1
KINDS = (
    "noise", "near", "near", "near", "perfect", "wrong", "one_label", "void_only", "single_pixel", "said_only_on_void",
    "empty_prediction", "few_labels",
)  # fmt: skip
SETS = 264


@dataclass(frozen=True)
class Pair:
    """Truth and prediction of one image, and the numbers of their objects (0, 1 or 2)."""

    truth: np.ndarray
    said: np.ndarray
    true_objects: np.ndarray
    said_objects: np.ndarray


@dataclass(frozen=True)
class MapSet:
    """One to three pairs that are scored together; ``holes`` says whether any prediction leaves out pixels."""

    background: bool
    holes: bool
    pairs: tuple[Pair, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The class list: without the first label where that is background."""
        return LABELS[int(self.background) :]


def draw_sets(count: int = SETS) -> list[MapSet]:
    """The first sets; half of them have background, and a third of the others has holes."""
    return [_draw_set(seed) for seed in range(count)]


def _draw_set(seed: int) -> MapSet:
    draw = np.random.default_rng(seed)
    block = seed // len(KINDS)
    background, holes = block % 2 == 0, block % 6 == 3
    kinds = [KINDS[(seed + 5 * at) % len(KINDS)] for at in range(1 + block // 2 % 3)]
    pairs = [_draw_pair(kind, draw, holes) for kind in kinds]
    if background and not any((pair.truth == 0).any() for pair in pairs):
        pairs.append(_draw_pair("perfect", draw, False, [0]))
    return MapSet(background, holes, tuple(pairs))


def _draw_pair(kind: str, draw: np.random.Generator, holes: bool, labels: list[int] | None = None) -> Pair:
    size = (1, 1) if kind == "single_pixel" else tuple(draw.integers(2, 8, 2))
    most = 1 if kind == "one_label" else 2 if kind == "few_labels" else 4
    known = draw.choice(5, most, replace=False) if labels is None else np.array(labels)
    truth = known[draw.integers(0, len(known), (3, 3))][np.ix_(*(np.arange(n) * 3 // n for n in size))]
    true_objects = np.where(np.isin(truth, THINGS), np.arange(size[1]) * 3 // size[1] + np.zeros(size, int), 0)
    said, said_objects = truth.copy(), true_objects.copy()
    changed = draw.random(size) < {"noise": 1.0, "near": 0.25, "few_labels": 0.15}.get(kind, 0.0)
    said[changed], said_objects[changed] = draw.integers(0, 5, changed.sum()), draw.integers(0, 3, changed.sum())
    if kind == "wrong":
        said = (truth + 1) % 5
    if kind == "empty_prediction":
        said[:] = HOLE if holes else 0
    void = np.ones(size, bool) if kind == "void_only" else draw.random(size) < draw.choice([0, 0.1, 0.4])
    if kind == "said_only_on_void":
        void[0] = True
        said[0], said[1:] = 4, np.where(said[1:] == 4, 0, said[1:])
        truth = np.where(truth == 4, 0, truth)
    if holes:
        said[draw.random(size) < 0.2] = HOLE
    return Pair(np.where(void, VOID, truth), said, true_objects, np.where(np.isin(said, THINGS), said_objects, 0))


def write_panoptic(maps: MapSet, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write both sides in COCO's panoptic format: segment ids in the colours of a picture, classes in a JSON file."""
    sides = []
    for side in ("true", "said"):
        (folder / side).mkdir()
        annotations = []
        for at, pair in enumerate(maps.pairs):
            labels, objects = (pair.truth, pair.true_objects) if side == "true" else (pair.said, pair.said_objects)
            ids = np.where(labels >= int(maps.background), 1 + labels * 3 + objects, 0)
            colours = np.stack([ids, 0 * ids, 0 * ids], axis=-1).astype(np.uint8)
            Image.fromarray(colours).save(folder / side / f"{at}.png")
            segments = [
                {"id": int(i), "category_id": int((i - 1) // 3), "iscrowd": 0, "area": int((ids == i).sum())}
                for i in np.unique(ids[ids > 0])
            ]
            annotations.append({"image_id": at, "file_name": f"{at}.png", "segments_info": segments})
        images = [
            {"id": at, "file_name": f"{at}.png", "height": pair.said.shape[0], "width": pair.said.shape[1]}
            for at, pair in enumerate(maps.pairs)
        ]
        categories = [
            {"id": i, "name": name, "isthing": int(i in THINGS)}
            for i, name in enumerate(LABELS)
            if i >= int(maps.background)
        ]
        sides.append({"images": images, "annotations": annotations, "categories": categories})
        (folder / f"{side}.json").write_text(json.dumps(sides[-1]))
    return sides[0], sides[1]
