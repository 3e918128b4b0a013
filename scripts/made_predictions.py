"""Section 4, a data set and a system's predictions for it, made up: what the speed of scoring is measured on.

    python scripts/made_predictions.py FOLDER [IMAGES] [coded]

Photographs (JPEG), label maps (PNG, 0 is void) and a layout in FOLDER/data, and FOLDER/theirs.jsonl: for each image the
label map of a system, as a PNG beside the file, or with ``coded`` as COCO run lengths.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

SIZE, CLASSES, MOST = (375, 500), 59, 25
"""Height and width of an image, classes of the list, and the most regions of one image."""


def main(folder: Path, images: int = 300, coded: bool = False) -> None:
    """Write all files; the same numbers give the same files."""
    for name in ("data/img", "data/ann", "maps"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    classes = [f"class {number}" for number in range(CLASSES)]
    layout = {"images": "img/{id}.jpg", "masks": "ann/{id}.png", "void": 0, "name": "made", "classes": classes}
    (folder / "data" / "layout.yaml").write_text(json.dumps(layout))
    lines: list[dict[str, Any]] = [{"format": "zgs-predictions/1", "about": {"variant": "theirs"}, "embeddings": None}]
    for at in range(images):
        draw, name = np.random.default_rng([11, at]), f"{at:05}"
        truth, said = draw_maps(draw)
        Image.fromarray(paint(truth, draw)).save(folder / "data" / "img" / f"{name}.jpg", quality=90)
        Image.fromarray(truth).save(folder / "data" / "ann" / f"{name}.png")
        lines.append({"image_id": name, "height": SIZE[0], "width": SIZE[1]})
        if not coded:
            Image.fromarray(said).save(folder / "maps" / f"{name}.png")
            lines[-1]["label_map"] = f"maps/{name}.png"
        lines[-1]["segments"] = list_segments(said, coded)
    (folder / "theirs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def draw_maps(draw: np.random.Generator) -> tuple[UInt8[np.ndarray, "h w"], UInt8[np.ndarray, "h w"]]:
    """The truth and what a system says of it, both with class + 1 at each pixel and 0 nowhere or at a border.

    Regions are the cells of some points under a smooth warp; the system puts the points a little elsewhere and takes
    every fifth region for another class.
    """
    h, w = SIZE
    n = int(draw.integers(10, MOST + 1))
    points, shown = draw.uniform(size=(n, 2)) * (h, w), draw.choice(CLASSES, 12, replace=False)
    classes = shown[draw.integers(12, size=n)]
    y, x = np.mgrid[:h, :w].astype(np.float32)
    phase = draw.uniform(0, 6, 2)
    y, x = y + 9 * np.sin(x / 31 + phase[0]), x + 9 * np.sin(y / 27 + phase[1])
    wrong = np.where(draw.uniform(size=n) < 0.2, draw.integers(CLASSES, size=n), classes)
    maps = []
    for centres, numbers in ((points, classes), (points + draw.normal(0, 6, (n, 2)), wrong)):
        away = [(y - cy) ** 2 + (x - cx) ** 2 for cy, cx in centres]  # n of [h, w]
        maps.append((numbers + 1)[np.argmin(away, axis=0)].astype(np.uint8))
    truth, said = maps
    truth[:, 1:][truth[:, 1:] != truth[:, :-1]] = 0
    return truth, said


def paint(truth: UInt8[np.ndarray, "h w"], draw: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
    """A picture of the regions: a colour a class with some noise, as a photograph's file size has it."""
    colours = draw.integers(40, 216, (CLASSES + 1, 3))
    return np.clip(colours[truth] + draw.normal(0, 6, (*truth.shape, 1)), 0, 255).astype(np.uint8)


def list_segments(said: UInt8[np.ndarray, "h w"], coded: bool) -> list[dict[str, Any]]:
    """A segment for each class that a map holds, by its number in the map or as run lengths."""
    numbers = [int(number) for number in np.unique(said)]
    segments: list[dict[str, Any]] = [{"text": f"class {number - 1}", "id": number} for number in numbers]
    if coded:
        from bench.predictions import rle

        for segment, counts in zip(segments, rle.encode(said == np.array(numbers)[:, None, None]), strict=True):
            segment["segmentation"] = {"size": list(said.shape), "counts": counts}
    return segments


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300, "coded" in sys.argv)
