"""Drawn predictions, as other tools write them, and how tests read what a kind makes of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pycocotools import mask as coco

from bench.exchange.choices import make_source
from bench.exchange.class_numbers import ClassNumbers
from bench.exchange.records import ForeignImage, Notes, Target
from bench.exchange.registry import load_kind
from bench.predictions import rle

NAMES = {1: "cat", 3: "dog", 7: "sky"}
"""Categories with gaps."""


def classes_file(folder: Path, names: dict[int, str] | None = None) -> Path:
    """A class list NUMBER: NAME."""
    file = folder / "classes.txt"
    file.write_text("".join(f"{number}: {name}\n" for number, name in (names or NAMES).items()))
    return file


def read(name: str, path: Path, **choices: str) -> list[ForeignImage]:
    """What a kind reads of a place."""
    return read_noted(name, path, **choices)[0]


def read_noted(name: str, path: Path, **choices: str) -> tuple[list[ForeignImage], list[str]]:
    """The same with the notes."""
    kind = load_kind(name)
    source = make_source(path, name, kind, choices)
    images = list(kind.read(source))
    return images, source.notes.list_lines()


def write(name: str, images: Sequence[ForeignImage], path: Path, names: dict[int, str] | None = None) -> list[str]:
    """Write images as a kind; the notes."""
    kind = load_kind(name)
    target = Target(path, ClassNumbers(names or NAMES), {i.image_id: n for n, i in enumerate(images, 1)}, Notes())
    assert kind.write is not None
    kind.write(images, target)
    return target.notes.list_lines()


def masks_of(image: ForeignImage) -> dict[str, list[np.ndarray]]:
    """The masks of each text, in order."""
    found: dict[str, list[np.ndarray]] = {}
    for segment in image.segments:
        found.setdefault(segment.text, []).append(rle.decode(segment.counts, *image.size))
    return found


def coded(mask: np.ndarray) -> dict[str, Any]:
    """COCO's compressed run lengths, by pycocotools itself."""
    one = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {"size": [int(n) for n in one["size"]], "counts": one["counts"].decode("ascii")}


def plain(mask: np.ndarray) -> dict[str, Any]:
    """COCO's plain run lengths, counted one pixel after the other."""
    runs, value = [0], 0
    for pixel in np.asarray(mask).T.ravel().tolist():
        if bool(pixel) != bool(value):
            runs, value = [*runs, 0], pixel
        runs[-1] += 1
    return {"size": list(mask.shape), "counts": runs}


def write_json(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def masks(size: tuple[int, int] = (5, 7)) -> st.SearchStrategy[np.ndarray]:
    """Any masks of a size."""
    return arrays.arrays(bool, size)
