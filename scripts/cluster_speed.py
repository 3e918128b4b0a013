"""What spreading work costs: `executor=ray` on this machine beside `executor=local`, eight jobs of a sweep beside one.

    python scripts/cluster_speed.py [--only ray|sweep]… [--images 24] [--times 3]
                                    [--to results/cluster_speed.csv]
    python scripts/cluster_speed.py --tell results/cluster_speed.csv

Whole processes of the full method on drawn scenes, each with an empty store, in alternation; the medians of wall and
processor seconds and their ratios. Goals, in wall time and on a quiet machine: ray 1.15 of local, eight jobs that
differ in the merging threshold 1.5 of one job. Processor seconds are those of the process and of all that it started
and waited for; a raylet's workers are not among them, so that ray is compared in wall time alone and its column of
processor seconds is empty. With --to the medians and the least and most wall seconds of a run are written
to a csv: those of cases, and of numbers of images, not measured now stay. --tell measures nothing: it writes the lines
of CLUSTER.md that say what stands in such a csv.
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
from processes import ROOT, Cost, measure

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
STARTING = ("ray",)
"""Cases whose measured side starts something before it works: what it takes more may be start-up."""
SECONDS = ("wall", "wall_ratio", "processor", "processor_ratio", "wall_min", "wall_max")
TOLD = {
    "ray": "`executor=ray` on one machine took {ratio:.2f} of `executor=local`",
    "sweep": "Eight jobs that differ in the merging threshold took {ratio:.2f} of one job",
}


@dataclass(frozen=True)
class Side:
    """The medians of a side's ``runs`` over ``n`` images: seconds, and their shares of the first side's.

    ``wall_min`` and ``wall_max`` are of single runs.
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
    wall_min: float
    wall_max: float


def main(words: Sequence[str] | None = None) -> None:
    """Measure the cases asked for and print every run, the medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=GOALS, help="a case; may be given several times")
    parser.add_argument("--images", type=int, default=24, help="scenes of each run")
    parser.add_argument("--times", type=int, default=3, help="runs of each side")
    parser.add_argument("--to", type=Path, help="a csv for the medians; others that stand there are kept")
    parser.add_argument("--tell", type=Path, metavar="CSV", help="measure nothing: say what such a csv holds")
    given = parser.parse_args(words)
    if given.tell:
        print(*describe_sides(read_csv(given.tell)), sep="\n")
        return
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
             processors[name] / processors[base] if counted else None, len(own), images,
             min(cost.wall for cost in own), max(cost.wall for cost in own))
        for name, own in costs.items()
    ]  # fmt: skip


def write_sides(sides: Sequence[Side], to: Path) -> Path:
    """Write medians in place of those of the same cases and images, in the order of `GOALS` and of images."""
    new = pd.DataFrame([asdict(side) for side in sides]).astype(dict.fromkeys(SECONDS, float))
    old = read_csv(to).reindex(columns=new.columns, fill_value="") if to.is_file() else new[:0]
    old = old.replace("", "nan").astype(new.dtypes)
    same = pd.MultiIndex.from_frame(old[["case", "n"]]).isin(pd.MultiIndex.from_frame(new[["case", "n"]]))
    table = pd.concat([old[~same], new]) if len(old) else new
    order = table["case"].map(list(GOALS).index)
    return write_csv(table.assign(order=order).sort_values(["order", "n"], kind="stable").drop(columns="order"), to, 2)


def describe_sides(table: pd.DataFrame) -> list[str]:
    """Describe each measure of a csv in a line: ratio, seconds, spread, n, and whether the goal is met.

    Where something is started first, the last line of a case says how much of what is more is there at any size.
    """
    lines = []
    for case in GOALS:
        pairs = [own for _, own in table[table["case"] == case].groupby("n", sort=True)]
        lines += [f"- {_describe_pair(case, pair)}" for pair in pairs]
        if pairs and case in STARTING:
            lines.append(f"  {_describe_growth(pairs)}")
    return lines


def _describe_pair(case: str, pair: pd.DataFrame) -> str:
    base, other = (pair.iloc[at] for at in range(2))
    seconds = [float(side["wall"]) for side in (base, other)]
    ratio, spreads = seconds[1] / seconds[0], [_describe_spread(side) for side in (other, base)]
    return (
        f"{TOLD[case].format(ratio=ratio)} in wall time (n = {base['n']} images, medians of {base['runs']} runs: "
        f"{seconds[1]:.1f} s{spreads[0]} beside {seconds[0]:.1f} s{spreads[1]}): {_judge(case, base, other)}."
    )


def _judge(case: str, base: pd.Series, other: pd.Series) -> str:
    """Judge whether a goal is met, by the runs least favourable to that; where those say otherwise nothing is decided.

    Earlier csvs hold medians only, which are judged as they are, and that is said.
    """
    goal = GOALS[case]
    if not (base.get("wall_min") and other.get("wall_min")):
        told = "met" if float(other["wall"]) <= goal * float(base["wall"]) else "missed"
        return f"by the medians, whose spread was not kept, the goal of {goal:.2f} is {told}"
    if float(other["wall_max"]) <= goal * float(base["wall_min"]):
        return f"the goal of {goal:.2f} is met"
    if float(other["wall_min"]) > goal * float(base["wall_max"]):
        return f"the goal of {goal:.2f} is missed"
    return f"single runs differ by more than that, so that these do not decide whether the goal of {goal:.2f} is met"


def _describe_spread(side: pd.Series) -> str:
    """Describe the least and the most of single runs; earlier csvs do not hold them."""
    least, most = side.get("wall_min"), side.get("wall_max")
    return f" ({float(least):.1f} to {float(most):.1f})" if least and most else ""


def _overlap(pair: pd.DataFrame) -> bool:
    """Whether some run of one side took no longer than some run of the other; False where no single run was kept."""
    spans = [(side.get("wall_min"), side.get("wall_max")) for _, side in pair.iterrows()]
    kept = [(float(least), float(most)) for least, most in spans if least and most]
    if len(kept) < len(spans):
        return False
    (low, high), (least, most) = kept
    return least <= high and low <= most


def _describe_growth(pairs: Sequence[pd.DataFrame]) -> str:
    """Describe what is more on the measured side: alike at all numbers of images it is start-up."""
    more = [float(pair.iloc[1]["wall"]) - float(pair.iloc[0]["wall"]) for pair in pairs]
    told = ", ".join(f"{each:.1f} s at {pair.iloc[0]['n']} images" for each, pair in zip(more, pairs, strict=True))
    if any(_overlap(pair) for pair in pairs):
        return f"The difference is {told}; single runs differ by more: start-up is not told from what images cost."
    if len(pairs) == 1:
        return f"The difference is {told}; of one number of images it does not tell start-up from what images cost."
    images = [int(pair.iloc[0]["n"]) for pair in pairs]
    slope = (more[-1] - more[0]) / (images[-1] - images[0])
    start = more[0] - slope * images[0]
    return (
        f"The difference is {told}: {start:.1f} s to start and {1000 * slope:.0f} ms an image, by a line through both."
    )


def make_command(words: Sequence[str], left: Path, images: int) -> list[str]:
    """The command of a side; all that it leaves lies in the folder ``left``."""
    own = [f"data.subset=first:{images}", "pictures=0", f"store={left / 'store'}", f"out={left / 'out'}"]
    return [sys.executable, "-m", "bench.cli", "run", *words, *own]


if __name__ == "__main__":
    main()
