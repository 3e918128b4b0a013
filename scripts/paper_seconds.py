"""What one image costs by stage, for the times that `zgs paper` lists: results/paper/seconds.csv.

    python scripts/paper_seconds.py

Of the embedded models two variants of Table 3, of which one is the dearest, run on drawn scenes from an empty store,
each in one process. A stage's clock seconds are scaled by the processor seconds of that process over its clock seconds,
so that a busy machine makes no stage dearer; of each stage the dearer run counts. Of the paper's models the seconds are
those of results/speed/paper.json, where captions are extrapolated.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.paper.times import COLUMNS, FILE, STAGES, list_seconds
from bench.speed import inputs
from bench.speed.rows import list_judged
from bench.speed.stages import captions
from bench.store.sealed import RECORD, read_record

ROOT = Path(__file__).resolve().parents[1]
SEGMENTS, EMBEDDED_SEGMENTS = captions.SEGMENTS, inputs.SEGMENTS[inputs.PAPER]
"""Of an image, as the extrapolation of captions takes it, and of the row of embeddings."""
VARIANTS, IMAGES = ("crop_and_mask", "full"), 40
Stages = Mapping[str, tuple[float, int]]
"""By stage: seconds, and the images that they are of."""


def measure_variant(variant: str, images: int, folder: Path) -> dict[str, tuple[float, int]]:
    """Run a variant in one process from an empty store; return processor seconds of each stage, and the images."""
    places = [f"store={folder / 'store'}", f"out={folder / 'out'}", "executor=serial", "pictures=0"]
    words = ["run", f"experiment={variant}", f"data.subset=first:{images}", *places]
    before, begin = _count_processor_seconds(), time.monotonic()
    subprocess.run([sys.executable, "-m", "bench.cli", *words], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    share = (_count_processor_seconds() - before) / (time.monotonic() - begin)
    (record,) = (folder / "out").glob(f"*/{RECORD}")
    return {stage: (share * seconds, n) for stage, (seconds, n) in list_seconds(read_record(record.parent)).items()}


def _count_processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def list_dearest(measured: Sequence[Stages]) -> list[tuple[str, str, float, int, str]]:
    """List each stage of the run in which an image took longest. Raises UserError where no run made a stage wholly."""
    found: dict[str, tuple[float, int]] = {}
    for stages in measured:
        for stage, (seconds, n) in stages.items():
            found[stage] = max(found.get(stage, (0.0, n)), (seconds / n, n))
    if missing := [stage for stage in STAGES if stage not in found]:
        raise UserError(f"no run has made all of {missing[0]}")
    how = f"processor seconds of one process on drawn scenes, the dearer of {' and '.join(VARIANTS)}"
    return [("embedded", stage, *found[stage], how) for stage in STAGES]


def list_extrapolated(speed: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, float, int, str]]:
    """List the stages of the paper's models on one photograph of 20 segments, from `zgs speed scale=paper`.

    Raises UserError for a stage that was not measured by default settings, or with smaller models than the paper's.
    """
    rows = {row["stage"]: row for row in list_judged(speed)}
    if missing := [stage for stage in ("features", "clustering", "embeddings", "captions") if stage not in rows]:
        raise UserError(
            f"results/speed/paper.json: {missing[0]} is missing by default settings and with models of the paper's "
            "size; `zgs speed scale=paper weights=FOLDER` makes it"
        )
    by_stage = {
        "segment": rows["features"]["fast_s"] + rows["clustering"]["fast_s"],
        "encode": rows["embeddings"]["fast_s"] * SEGMENTS / EMBEDDED_SEGMENTS,
        "caption": rows["captions"]["image"]["fast_s"],
    }
    how = "one photograph on one core of a CPU, captions extrapolated: results/speed/paper.json"
    return [("paper", stage, value, 1, how) for stage, value in by_stage.items()]


def main(images: int = IMAGES, to: Path = ROOT / "results" / "paper" / FILE) -> int:
    """Write the file, of so many drawn scenes."""
    speed = json.loads((ROOT / "results" / "speed" / "paper.json").read_text(encoding="utf-8"))
    extrapolated, measured = list_extrapolated(speed), []
    for variant in VARIANTS:
        with tempfile.TemporaryDirectory() as folder:
            measured.append(measure_variant(variant, images, Path(folder)))
    lines = list_dearest(measured) + extrapolated
    write_csv(pd.DataFrame(lines, columns=list(COLUMNS)), to, decimals=3)
    print(to.relative_to(ROOT) if to.is_relative_to(ROOT) else to)
    return 0


if __name__ == "__main__":
    sys.exit(main())
