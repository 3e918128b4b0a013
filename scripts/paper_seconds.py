"""What one image costs by stage, for the times that `zgs paper` lists: results/paper/seconds.csv.

    python scripts/paper_seconds.py RUN …

Of the embedded models from the records of finished runs (each stage of the dearest run that made all of it), of the
paper's from results/speed/paper.json, where captions are extrapolated.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.csv_files import write_csv
from bench.errors import UserError
from bench.paper.times import COLUMNS, FILE, STAGES, list_seconds
from bench.settings.saved import read_run_settings
from bench.speed import inputs
from bench.speed.stages import captions
from bench.store.sealed import read_record

ROOT = Path(__file__).resolve().parents[1]
SEGMENTS, EMBEDDED_SEGMENTS = captions.SEGMENTS, inputs.SEGMENTS[inputs.PAPER]
"""Of an image, as the extrapolation of captions takes it, and of the row of embeddings."""


def list_measured(runs: Sequence[Path]) -> list[tuple[str, str, float, int, str]]:
    """List each stage of the dearest run. Raises UserError where no run made a stage wholly."""
    found: dict[str, tuple[float, int]] = {}
    for run in runs:
        if read_run_settings(run)["models"]["name"] == "embedded":
            for stage, (seconds, n) in list_seconds(read_record(run)).items():
                found[stage] = max(found.get(stage, (0.0, n)), (seconds / n, n))
    if missing := [stage for stage in STAGES if stage not in found]:
        raise UserError(f"no run has made all of {missing[0]}; give runs from an empty store")
    return [("embedded", stage, *found[stage], "records of runs on drawn scenes, one core") for stage in STAGES]


def list_extrapolated(speed: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, float, int, str]]:
    """List the stages of the paper's models on one photograph of 20 segments, from `zgs speed scale=paper`."""
    rows = {row["stage"]: row for row in speed}
    by_stage = {
        "segment": rows["features"]["fast_s"] + rows["clustering"]["fast_s"],
        "encode": rows["embeddings"]["fast_s"] * SEGMENTS / EMBEDDED_SEGMENTS,
        "caption": rows["captions"]["image"]["fast_s"],
    }
    how = "one photograph on one core of a CPU, captions extrapolated: results/speed/paper.json"
    return [("paper", stage, value, 1, how) for stage, value in by_stage.items()]


def main(words: Sequence[str], to: Path = ROOT / "results" / "paper" / FILE) -> int:
    """Write the file; ``words`` are folders of finished runs."""
    speed = json.loads((ROOT / "results" / "speed" / "paper.json").read_text(encoding="utf-8"))
    lines = list_measured([Path(word) for word in words]) + list_extrapolated(speed)
    write_csv(pd.DataFrame(lines, columns=list(COLUMNS)), to, decimals=3)
    print(to.relative_to(ROOT) if to.is_relative_to(ROOT) else to)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
