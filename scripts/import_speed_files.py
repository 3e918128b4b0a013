"""The drawn files that `scripts/import_speed.py` lets sides read: results of COCO in each form, and their lists."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
from pycocotools import mask as coco

from bench.predictions import rle

HEIGHT, WIDTH, NAMES = 480, 640, 80
FORMS = ("compressed", "plain", "polygons")
"""How masks are written: compressed and plain run lengths, and corners."""


def draw_file(folder: Path, images: int, segments: int, form: str) -> tuple[Path, Path]:
    """Draw results with ragged masks of all sizes, and the list of their images and categories."""
    begin, codes = time.perf_counter(), [write_mask(mask, form) for mask in draw_masks()]
    chance = np.random.default_rng(0)
    file, lists = folder / "results.json", folder / "lists.json"
    with file.open("w") as stream:
        for number in range(1, images + 1):
            rows = [
                {"image_id": number, "category_id": int(chance.integers(1, NAMES + 1)), "score": float(chance.random()),
                 "bbox": [1.5, 2.5, 30.25, 40.75], "segmentation": codes[int(chance.integers(len(codes)))]}
                for _ in range(segments)
            ]  # fmt: skip
            stream.write(("[" if number == 1 else ",") + json.dumps(rows)[1:-1])
        stream.write("]")
    size = {"height": HEIGHT, "width": WIDTH}
    described = [{"id": n, "file_name": f"{n:012d}.jpg", **size} for n in range(1, images + 1)]
    categories = [{"id": n, "name": f"thing {n}"} for n in range(1, NAMES + 1)]
    lists.write_text(json.dumps({"images": described, "categories": categories, "annotations": []}))
    print(f"{images} images drawn in {time.perf_counter() - begin:.0f} s", flush=True)
    return file, lists


def write_mask(mask: np.ndarray, form: str) -> object:
    """Write a mask as COCO has it in a form; polygons go along the upper and back along the lower border."""
    if form == "polygons":
        columns = np.flatnonzero(mask.any(axis=0))[::4]
        upper, lower = mask.argmax(axis=0), HEIGHT - mask[::-1].argmax(axis=0)
        corners = [(x, upper[x]) for x in columns] + [(x, lower[x]) for x in columns[::-1]]
        return [np.array(corners, float).ravel().tolist()]
    counts = coco.encode(np.asfortranarray(mask, dtype=np.uint8))["counts"].decode("ascii")
    runs = counts if form == "compressed" else rle.read_runs(counts, HEIGHT, WIDTH).tolist()
    return {"size": [HEIGHT, WIDTH], "counts": runs}


def draw_masks(count: int = 500) -> list[np.ndarray]:
    """Draw masks: ellipses with ragged borders."""
    chance = np.random.default_rng(1)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    masks = []
    for _ in range(count):
        (cy, cx), (ry, rx) = chance.random(2) * (HEIGHT, WIDTH), 10 + chance.random(2) * (140, 190)
        angle = np.arctan2((y - cy) / ry, (x - cx) / rx)
        border = 1 + 0.2 * np.sin(angle * chance.integers(3, 30)) + 0.05 * chance.standard_normal((HEIGHT, WIDTH))
        masks.append(((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < border)
    return masks
