"""Predictions of a system that is not ours, made by hand, and the command that scores them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from bench.cli import main

DATA = ["score.resamples=50"]


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


def zgs(tmp: Path, voc: Path | None, *words: str | Path, code: int = 0) -> Path:
    """Score, and give the folder that was written last."""
    places = ["data=voc", "executor=serial", f"data.root={voc}"] if voc else []
    told = [*DATA, *places, f"store={tmp / 'store'}", f"out={tmp / 'out'}", *map(str, words)]
    assert main(["score", *told]) == code
    return max((tmp / "out").glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns).parent if code != 1 else tmp


def values(folder: Path) -> dict[str, float]:
    table = pd.read_csv(folder / "scores.csv")
    return dict(zip(table["metric"].str.split("/", n=2).str[2], table["value"], strict=True))
