"""What one image costs by stage, for the times that `zgs paper` lists: results/paper/seconds.csv.

    python scripts/paper_seconds.py RUN …

Of the embedded models from the records of finished runs (each stage of the dearest run that made all of it), of the
paper's from results/paper_scale.csv, where captions are extrapolated.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.csv_files import read_csv, write_csv
from bench.errors import UserError
from bench.paper.times import COLUMNS, FILE, STAGES, list_seconds
from bench.settings.saved import read_run_settings
from bench.store.sealed import read_record

ROOT = Path(__file__).resolve().parents[1]
SEGMENTS = 20
"""Of an image, as the extrapolation of captions in results/paper_scale.csv takes it."""


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


def list_extrapolated(scale: pd.DataFrame) -> list[tuple[str, str, float, int, str]]:
    """List the stages of the paper's models on one photograph, 20 segments; captions by the lower bound."""
    seconds = {(line["stage"], line["part"]): float(line["seconds"]) for line in scale.to_dict("records")}
    things = {(line["stage"], line["part"]): float(line["n"]) for line in scale.to_dict("records")}
    layers = seconds["encode", "masked layers"] / things["encode", "masked layers"] * SEGMENTS
    by_stage = {
        "segment": seconds["segment", "DINO"] + seconds["segment", "Ward tree, second stage, CRF"],
        "encode": seconds["encode", "trunk"] + layers,
        "caption": seconds["caption", "candidates in CLIP, at least"] + seconds["caption", "language model"],
    }
    how = "one photograph on one core of a CPU, captions extrapolated at least: results/paper_scale.csv"
    return [("paper", stage, value, 1, how) for stage, value in by_stage.items()]


def main(words: Sequence[str], to: Path = ROOT / "results" / "paper" / FILE) -> int:
    """Write the file; ``words`` are folders of finished runs."""
    scale = read_csv(ROOT / "results" / "paper_scale.csv")
    lines = list_measured([Path(word) for word in words]) + list_extrapolated(scale)
    write_csv(pd.DataFrame(lines, columns=list(COLUMNS)), to, decimals=3)
    print(to.relative_to(ROOT) if to.is_relative_to(ROOT) else to)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
