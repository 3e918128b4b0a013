"""The command that scores predictions which are not ours, and what it wrote."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.cli import main

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
