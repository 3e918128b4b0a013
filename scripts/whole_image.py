"""A whole image at the paper's sizes, really run: processor seconds, clock and peak memory of one `zgs run`.

    python scripts/whole_image.py WEIGHTS [to=results/speed/image.csv] [image=FILE] [KEY=VALUE …]

WEIGHTS is what `python -m data_prep.random_models --to WEIGHTS` writes, with GPT-2's vocabulary; KEY=VALUE are settings
of the run. By default the photograph of `zgs speed` and the paper's method from an empty store, in one worker of one
thread; nothing is extrapolated. Half an hour. What an image takes depends on how many of the texts that its search
asks for are distinct, so they are counted: ZeroCap as it is, with a counter around its texts. No part of the paper.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from counted_texts import COUNTS
from PIL import Image
from processes import ROOT, Cost, measure

from bench.csv_files import write_csv
from bench.speed.inputs import MODELS, PAPER, open_image
from bench.speed.rows import DEFAULT
from bench.speed.weights import describe_weights
from bench.speed.write import describe_machine
from bench.store.sealed import RECORD, read_record

OWN = ("to", "image")
TEXTS = "texts.jsonl"
STAGES = {"segment": "segment_s", "encode": "encode_s", "caption": "caption_s"}
"""Of the worker's clock, by stage, with the names of the columns."""


def main(words: Sequence[str]) -> int:
    """Run, print what it took, and write it as a csv of one row where that is asked for."""
    given = dict(word.split("=", 1) for word in words if word.split("=", 1)[0] in OWN and "=" in word)
    settings = [word for word in words[1:] if word.split("=", 1)[0] not in OWN]
    if not words or "=" in words[0]:
        raise SystemExit(f"usage: {__doc__.splitlines()[2].strip()}")
    picture = open_image(given.get("image"), PAPER)
    with tempfile.TemporaryDirectory(prefix="zgs-image-") as temporary:
        folder = Path(temporary)
        (folder / "photographs").mkdir()
        Image.fromarray(picture).save(folder / "photographs/photograph.png")
        os.environ[COUNTS] = str(folder / TEXTS)
        cost = measure(list(make_command(Path(words[0]).resolve(), folder, settings)), ROOT, folder / "log.txt")
        row = make_row(folder, cost)
    weights = describe_weights({"models": {name: {"source": f"{words[0]}/{name}"} for name in MODELS}}, MODELS[:3])
    size = f"{picture.shape[1]} x {picture.shape[0]}"
    row |= {"weights": weights, "image": size, "settings": " ".join(settings) or DEFAULT}
    print(", ".join(f"{name} {value}" for name, value in row.items()))
    if "to" in given:
        print(write_csv(pd.DataFrame([row]), Path(given["to"]), decimals=2))
    return 0


def make_command(weights: Path, folder: Path, settings: Sequence[str]) -> Iterator[str]:
    """Make the words of the command; all it leaves is in ``folder``."""
    yield from (sys.executable, "-m", "bench.cli", "run", "data=folder", "device=cpu", "models=paper")
    yield from (f"data.root={folder}/photographs", f"store={folder}/store", f"out={folder}/out")
    yield from (f"models.{name}.source={weights}/{name}" for name in MODELS)
    yield from ("executor.workers=1", "executor.threads=1")
    yield "caption._target_=scripts.counted_texts.CountedZeroCap"
    yield from settings


def make_row(folder: Path, cost: Cost) -> dict[str, Any]:
    """Make a row of what the run left in its folder: seconds of all its processes, and what it counted."""
    (file,) = (folder / "out").glob(f"*/{RECORD}")
    record = read_record(file.parent)
    lines = [json.loads(line) for line in (folder / TEXTS).read_text(encoding="utf-8").splitlines()]
    described, asked, read = (sum(line[name] for line in lines) for name in ("segments", "asked", "read"))
    return {
        "seconds": cost.processor, "hours": cost.processor / 3600, "clock_hours": cost.wall / 3600,
        "peak_mb": record["peak_mb"], "segments": described, "texts_asked": asked, "texts_read": read,
        "texts_share": read / asked, "calls": len(lines), "n": 1,
        **{column: record["seconds"][stage] for stage, column in STAGES.items()},
        "commit": record["zgs"]["commit"][:8], "processor": describe_machine({"dtype": ""})["processor"],
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
