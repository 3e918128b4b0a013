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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from counted_texts import COUNTS
from PIL import Image
from processes import ROOT, Cost, measure
from script_words import run, split_words

from bench.commands.settings import compose_settings
from bench.commands.speed_inputs import check_place
from bench.csv_files import write_csv
from bench.errors import DONE
from bench.speed.inputs import MODELS, PAPER, list_weights, open_image
from bench.speed.rows import DEFAULT
from bench.speed.weights import describe_weights
from bench.speed.write import describe_machine
from bench.store.sealed import RECORD, read_record

OWN = ("to", "image")
TEXTS = "texts.jsonl"
STAGES = {"segment": "segment_s", "encode": "encode_s", "caption": "caption_s"}
"""Of the worker's clock, by stage, with the names of the columns."""


def main(words: Sequence[str]) -> int:
    """Run, print what it took, and write it as a csv of one row where that is asked for. Raises UserError at first."""
    weights, given, settings = split_words(words, OWN, __doc__)
    if "to" in given:
        check_place(Path(given["to"]), "to=FILE")
    picture = open_image(given.get("image"), PAPER)
    with tempfile.TemporaryDirectory(prefix="zgs-image-") as temporary:
        folder = Path(temporary)
        (folder / "photographs").mkdir()
        Image.fromarray(picture).save(folder / "photographs/photograph.png")
        os.environ[COUNTS] = str(folder / TEXTS)
        chosen = list(list_settings(weights, folder, settings))
        loaded = describe_weights(compose_settings(chosen), MODELS[:3])
        row = make_row(folder, measure([sys.executable, "-m", "bench.cli", "run", *chosen], ROOT, folder / "log.txt"))
    size = f"{picture.shape[1]} x {picture.shape[0]}"
    row |= {"weights": loaded, "image": size, "settings": write_choices(given, settings)}
    print(", ".join(f"{name} {value}" for name, value in row.items()))
    if "to" in given:
        print(write_csv(pd.DataFrame([row]), Path(given["to"]), decimals=2))
    return DONE


def write_choices(given: Mapping[str, str], settings: Sequence[str]) -> str:
    """Write what is not as by default, another picture as well: no aim is judged by such a row."""
    picture = [f"image={given['image']}"] if given.get("image") else []
    return " ".join([*picture, *settings]) or DEFAULT


def list_settings(weights: str, folder: Path, settings: Sequence[str]) -> Iterator[str]:
    """List the words of `zgs run`; all it leaves is in ``folder``. Raises UserError for a folder without weights."""
    yield from ("data=folder", "device=cpu", *list_weights(PAPER, weights))
    yield from (f"data.root={folder}/photographs", f"store={folder}/store", f"out={folder}/out")
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
    run(main, __doc__, sys.argv[1:])
