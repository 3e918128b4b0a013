"""What spreading work costs: `executor=ray` on this machine beside `executor=local`, eight jobs of a sweep beside one.

    python scripts/cluster_speed.py [--only ray|sweep]… [--images 24] [--times 3]
                                    [--to results/cluster_speed.csv]

Whole processes of the full method on drawn scenes, each with an empty store, in alternation; the medians of wall and
processor seconds and their ratios. Goals, in wall time and on a quiet machine: ray 1.15 of local, eight jobs that
differ in the merging threshold 1.5 of one job. Processor seconds are those of the process and of all that it started
and waited for; a raylet's workers are not among them, so that ray is compared in wall time alone and its column of
processor seconds is empty. With --to the medians are written to a csv: those of cases not measured now stay.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from compare_speed import ROOT, Cost, measure

from bench.csv_files import read_csv, write_csv

GOALS = {"ray": 1.15, "sweep": 1.5}
EIGHT = "merge.threshold=0.5,0.55,0.6,0.65,0.7,0.75,0.8,0.85"
SIDES = {
    "ray": {"local": ["executor=local"], "ray": ["executor=ray"]},
    "sweep": {"1 job": ["merge.threshold=0.8"], "8 jobs": ["-m", EIGHT]},
}
"""By case, the words of the side that is the measure and of the one that is measured."""
UNCOUNTED = ("ray",)
"""Cases whose workers belong to no process that is counted."""
SECONDS = ("wall", "wall_ratio", "processor", "processor_ratio")


@dataclass(frozen=True)
class Side:
    """The medians of a side's ``runs`` over ``n`` images: seconds, and their shares of the first side's.

    ``processor`` is None where the processes that work are not among those that are counted.
    """

    case: str
    side: str
    wall: float
    wall_ratio: float
    processor: float | None
    processor_ratio: float | None
    runs: int
    n: int


def main(words: Sequence[str] | None = None) -> None:
    """Measure the cases asked for and print every run, the medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=GOALS, help="a case; may be given several times")
    parser.add_argument("--images", type=int, default=24, help="scenes of each run")
    parser.add_argument("--times", type=int, default=3, help="runs of each side")
    parser.add_argument("--to", type=Path, help="a csv for the medians; other cases that stand there are kept")
    given = parser.parse_args(words)
    found: list[Side] = []
    for case in given.only or GOALS:
        with tempfile.TemporaryDirectory(prefix="zgs-cluster-") as folder:
            found += compare(case, Path(folder), given.images, given.times)
    if given.to:
        print(write_sides(found, given.to))


def compare(case: str, folder: Path, images: int, times: int) -> list[Side]:
    """Run both sides in alternation, print what they took, and return the medians."""
    costs: dict[str, list[Cost]] = {name: [] for name in SIDES[case]}
    for at in range(times):
        for name, words in SIDES[case].items():
            shutil.rmtree(folder / "left", ignore_errors=True)
            costs[name].append(measure(make_command(words, folder / "left", images), ROOT, folder / "log.txt"))
            cost = costs[name][-1]
            print(f"{case:6} {at + 1} of {times}  {name:7} {cost.processor:8.1f} s processor {cost.wall:8.1f} s wall",
                  flush=True)  # fmt: skip
    sides = make_sides(case, costs, images)
    base, other = sides
    print(f"{case:6} n = {images} images, medians of {times} runs: {other.side} is {other.wall_ratio:.2f} of "
          f"{base.side} in wall time (goal {GOALS[case]})", flush=True)  # fmt: skip
    return sides


def make_sides(case: str, costs: Mapping[str, Sequence[Cost]], images: int) -> list[Side]:
    """Make the medians of each side's runs, the measure first."""
    walls = {name: statistics.median(cost.wall for cost in own) for name, own in costs.items()}
    processors = {name: statistics.median(cost.processor for cost in own) for name, own in costs.items()}
    base, counted = next(iter(costs)), case not in UNCOUNTED
    return [
        Side(case, name, walls[name], walls[name] / walls[base], processors[name] if counted else None,
             processors[name] / processors[base] if counted else None, len(own), images)
        for name, own in costs.items()
    ]  # fmt: skip


def write_sides(sides: Sequence[Side], to: Path) -> Path:
    """Write medians in place of those of the same cases, in the order of `GOALS`."""
    new = pd.DataFrame([asdict(side) for side in sides]).astype(dict.fromkeys(SECONDS, float))
    old = read_csv(to).replace("", "nan").astype(new.dtypes) if to.is_file() else new[:0]
    table = pd.concat([old[~old["case"].isin(new["case"])], new]) if len(old) else new
    return write_csv(table.sort_values("case", key=lambda names: names.map(list(GOALS).index), kind="stable"), to, 2)


def make_command(words: Sequence[str], left: Path, images: int) -> list[str]:
    """The command of a side; all that it leaves lies in the folder ``left``."""
    own = [f"data.subset=first:{images}", "pictures=0", f"store={left / 'store'}", f"out={left / 'out'}"]
    return [sys.executable, "-m", "bench.cli", "run", *words, *own]


if __name__ == "__main__":
    main()
