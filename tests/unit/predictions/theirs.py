"""Predictions of a system that is not ours, made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def coded(mask: list[list[int]]) -> dict[str, Any]:
    """A mask as plain run lengths, column by column, by hand."""
    flat, runs, value = [x for column in zip(*mask, strict=True) for x in column], [0], 0
    for x in flat:
        if x != value:
            runs, value = [*runs, 0], x
        runs[-1] += 1
    return {"size": [len(mask), len(mask[0])], "counts": runs}


def image(name: str, **segments: list[list[int]]) -> dict[str, Any]:
    listed = [{"text": text.replace("_", " "), "segmentation": coded(mask)} for text, mask in segments.items()]
    return {"image_id": name, "height": 2, "width": 4, "segments": listed}


LEFT, RIGHT = [[1, 1, 0, 0], [1, 1, 0, 0]], [[0, 0, 0, 1], [0, 0, 0, 1]]
IMAGES = [
    image("a", aeroplane=LEFT, puppy=RIGHT),
    image("b", cat=[[1, 1, 1, 1], [0, 0, 1, 1]], person=[[0, 0, 0, 0], [1, 0, 0, 0]]),
    image("c", bird=[[1, 1, 1, 1], [1, 1, 1, 1]]),
]


def write(path: Path, images: list[dict[str, Any]], **head: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    top = {"format": "zgs-predictions/1", "about": {"variant": "theirs"}, **head}
    if path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(x, ensure_ascii=False) for x in [top, *images]), encoding="utf-8")
    else:
        path.write_text(json.dumps({**top, "images": images}))
    return path
