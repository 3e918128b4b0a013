"""What spreading work costs: `executor=ray` on this machine beside `executor=local`, eight jobs of a sweep beside one.

    python scripts/cluster_speed.py [--only ray|sweep]… [--images 40] [--times 3]

Whole processes of the full method on drawn scenes, each with an empty store, in alternation; the medians of wall and
processor seconds (of the process and of all that it starts) and their ratios. The goals: ray 1.15 of local in wall
time, to be measured on a quiet machine, for a raylet's workers are not counted among the processor seconds of who
started it; eight jobs that differ in the merging threshold 1.5 of one job.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from compare_speed import ROOT, Cost, measure

GOALS = {"ray": 1.15, "sweep": 1.5}
EIGHT = "merge.threshold=0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85"
SIDES = {
    "ray": {"local": ["executor=local"], "ray": ["executor=ray"]},
    "sweep": {"1 job": ["merge.threshold=0.8"], "8 jobs": ["-m", EIGHT]},
}
"""By case, the words of the side that is the measure and of the one that is measured."""


def main(words: Sequence[str] | None = None) -> None:
    """Measure the cases asked for and print every run, the medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=GOALS, help="a case; may be given several times")
    parser.add_argument("--images", type=int, default=40, help="scenes of each run")
    parser.add_argument("--times", type=int, default=3, help="runs of each side")
    given = parser.parse_args(words)
    for case in given.only or GOALS:
        with tempfile.TemporaryDirectory(prefix="zgs-cluster-") as folder:
            compare(case, Path(folder), given.images, given.times)


def compare(case: str, folder: Path, images: int, times: int) -> None:
    """Run both sides in alternation and print what they took."""
    costs: dict[str, list[Cost]] = {name: [] for name in SIDES[case]}
    for at in range(times):
        for name, words in SIDES[case].items():
            shutil.rmtree(folder / "left", ignore_errors=True)
            costs[name].append(measure(make_command(words, folder / "left", images), ROOT, folder / "log.txt"))
            cost = costs[name][-1]
            print(f"{case:6} {at + 1} of {times}  {name:7} {cost.processor:8.1f} s processor {cost.wall:8.1f} s wall",
                  flush=True)  # fmt: skip
    base, other = SIDES[case]
    for what in ("wall",) if case == "ray" else ("wall", "processor"):
        medians = {name: statistics.median(getattr(cost, what) for cost in own) for name, own in costs.items()}
        ratio = medians[other] / medians[base]
        goal = f" (goal {GOALS[case]})" if what == "wall" else ""
        print(f"{case:6} n = {images} images: {other} is {ratio:.2f} of {base} in {what} time{goal}", flush=True)


def make_command(words: Sequence[str], left: Path, images: int) -> list[str]:
    """The command of a side; all that it leaves lies in the folder ``left``."""
    own = [f"data.subset=first:{images}", "pictures=0", f"store={left / 'store'}", f"out={left / 'out'}"]
    return [sys.executable, "-m", "bench.cli", "run", *words, *own]


if __name__ == "__main__":
    main()
