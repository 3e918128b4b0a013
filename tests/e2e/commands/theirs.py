"""The command that scores predictions of a system that is not ours, made by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.cli import main
from tests.unit.predictions.theirs import IMAGES, LEFT, RIGHT, coded, image, write

__all__ = ["DATA", "IMAGES", "LEFT", "RIGHT", "coded", "image", "values", "write", "zgs"]

DATA = ["score.resamples=50"]


def zgs(tmp: Path, voc: Path | None, *words: str | Path, code: int = 0) -> Path:
    """Score, and give the folder that was written last."""
    places = ["data=voc", "executor=serial", f"data.root={voc}"] if voc else []
    told = [*DATA, *places, f"store={tmp / 'store'}", f"out={tmp / 'out'}", *map(str, words)]
    assert main(["score", *told]) == code
    return max((tmp / "out").glob("*/run.json"), key=lambda path: path.stat().st_mtime_ns).parent if code != 1 else tmp


def values(folder: Path) -> dict[str, float]:
    table = pd.read_csv(folder / "scores.csv")
    return dict(zip(table["metric"].str.split("/", n=2).str[2], table["value"], strict=True))
