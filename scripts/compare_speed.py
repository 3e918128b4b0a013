"""What this tree costs beside an earlier commit: processor seconds of whole processes, measured in alternation.

    python scripts/compare_speed.py [--before 95689e9] [--only score|score-coded|demo|tests|sweep|again|help]…
                                    [--times 3] [--to results/speed.csv]

The earlier commit is put into a temporary worktree and run with the same Python. Counted are user and system seconds
of the process and of everything it starts, also what outlives it. Each run begins with an empty store. Cases: `zgs
score` on 300 label maps of 375 x 500 pixels with 59 classes, without a model (score: as PNG, score-coded: as run
lengths), with a plain NumPy confusion matrix over the same PNG files beside it; `zgs demo`; the tests of `make test`.
The goals are 0.4, 0.5 and 0.4 of the earlier commit. Score without the start is the same on one image, subtracted
from both sides (goal: 1.5 times the NumPy loop). Other cases look at this tree alone: a sweep over 21 thresholds of
`zgs run` on 40 images, beside one threshold (goal 1.3); `zgs run` on 40 images again, on a full store, beside the first
run (goal: 3 s); `zgs --help` beside a bare interpreter (goal 1.5). With --to the medians are written to a csv, too.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from processes import ROOT, Cost, make_environment, measure, open_earlier_tree

from bench.csv_files import read_csv, write_csv

GOALS: dict[str, float | None] = {
    "score": 0.4,
    "score-coded": 0.4,
    "demo": 0.5,
    "tests": 0.4,
    "sweep": 1.3,
    "again": None,
    "help": 1.5,
}
"""Each case with the share of its first side that the second may take; of ``again`` the goal is in seconds."""
LEFT = "left"
"""Below a case's folder, what a run leaves: gone before the next one."""
SCENES, ONE, MANY = 40, "1 threshold", "21 thresholds"
NOW, NUMPY, START, NUMPY_START = "now", "plain NumPy", "now, 1 image", "plain NumPy, 1 image"
FIRST, AGAIN = "the first time", "again"
HELP = "import sys; sys.argv = ['zgs', '--help']; from bench.cli import main; sys.exit(main())"
"""What the script `zgs` does that an installation writes."""
FULL_STORE, FOREIGN = 3.0, 1.5
"""Goals: seconds of a run that makes nothing; scoring a foreign file, times the NumPy loop, without the start."""
IMAGES = 300
PLAIN = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
folder, k = Path(sys.argv[1]), 60
total = np.zeros(k * k, np.int64)
for path in sorted((folder / "maps").iterdir()):
    said = np.asarray(Image.open(path)).astype(np.int64)
    truth = np.asarray(Image.open(folder / "data" / "ann" / path.name))
    total += np.bincount((said * k + truth).ravel(), minlength=k * k)
print(total.sum())
"""
"""A confusion matrix in NumPy, as one writes it without a library."""


@dataclass(frozen=True)
class Median:
    """The median of some runs in processor seconds, and its share of the first side's; ``n`` images, 0 for none."""

    case: str
    side: str
    seconds: float
    ratio: float
    runs: int
    n: int


def main(words: Sequence[str] | None = None) -> None:
    """Measure the cases asked for and print every run, the medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", default="95689e9", help="the earlier commit")
    parser.add_argument("--only", action="append", choices=GOALS, help="a case; may be given several times")
    parser.add_argument("--times", type=int, default=3, help="runs of each side")
    parser.add_argument("--images", type=int, default=IMAGES, help="label maps of the cases score and score-coded")
    parser.add_argument("--to", type=Path, help="a csv for the medians; other cases that stand there are kept")
    given = parser.parse_args(words)
    found: list[Median] = []
    with tempfile.TemporaryDirectory(prefix="zgs-speed-") as temporary, open_earlier_tree(given.before) as before:
        for case in given.only or GOALS:
            trees = {given.before: before, NOW: ROOT}
            found += compare(case, trees, Path(temporary) / case, given.times, given.images)
    if given.to:
        print(write_medians(found, given.to))


def write_medians(found: Sequence[Median], to: Path) -> Path:
    """Write medians in place of those of the same cases, in the order of `GOALS`."""
    new = pd.DataFrame([asdict(one) for one in found])
    old = read_csv(to).astype(new.dtypes) if to.is_file() else new[:0]
    table = pd.concat([old[~old["case"].isin(new["case"])], new]) if len(old) else new
    return write_csv(table.sort_values("case", key=lambda names: names.map(list(GOALS).index), kind="stable"), to, 2)


def compare(case: str, trees: dict[str, Path], folder: Path, times: int, images: int) -> list[Median]:
    """Run all sides of a case in alternation, print what they took, and return the medians."""
    folder.mkdir(parents=True)
    sides = choose_sides(case, trees, folder, images)
    for tree in trees.values():  # else the first run would compile the sources for all others
        subprocess.run([sys.executable, "-m", "compileall", "-q", "bench", "tests"], cwd=tree, check=True)
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for at in range(times):
        for name, (command, tree) in sides.items():
            if name != AGAIN:
                shutil.rmtree(folder / LEFT, ignore_errors=True)
            cost = measure(command, tree, folder / "log.txt")
            costs[name].append(cost)
            left = sum(
                found[-1].wall * (times - len(found)) if found else cost.wall * times for found in costs.values()
            )
            told = f"{case:11} {at + 1} of {times}  {name:20} {cost.processor:8.3f} s processor {cost.wall:8.2f} s wall"
            print(f"{told}   (about {left:.0f} s left)", flush=True)
    medians = {name: statistics.median(cost.processor for cost in found) for name, found in costs.items()}
    print(f"{case:11} medians: " + ", ".join(f"{name} {seconds:.3f} s" for name, seconds in medians.items()))
    print(*describe_medians(case, medians), sep="\n", flush=True)
    n = 0 if case in ("help", "tests") else images if case.startswith("score") else SCENES
    first = next(iter(medians.values()))
    return [Median(case, name, seconds, seconds / first, times, _count(name, n)) for name, seconds in medians.items()]


def describe_medians(case: str, medians: Mapping[str, float]) -> list[str]:
    """Describe the first two sides beside the goal, and what scoring takes without the start of a process."""
    (first, one), (second, two), *_ = medians.items()
    goal = f"{FULL_STORE:g} s" if GOALS[case] is None else f"{GOALS[case]}"
    lines = [f"{case:11} {second} is {two / one:.2f} of {first}, {two:.2f} s (goal {goal})"]
    if START in medians:
        lines.append(f"{case:11} without the start: {leave_start_out(medians):.2f} of {NUMPY} (goal {FOREIGN})")
    return lines


def leave_start_out(medians: Mapping[str, float]) -> float:
    """What scoring takes beside the NumPy loop, of both what one image takes subtracted."""
    return (medians[NOW] - medians[START]) / (medians[NUMPY] - medians[NUMPY_START])


def choose_sides(case: str, trees: dict[str, Path], folder: Path, images: int) -> dict[str, tuple[list[str], Path]]:
    """Choose the commands of a case, each with the tree it runs in; make what they read."""
    made = [sys.executable, str(ROOT / "scripts" / "made_predictions.py")]
    if case == "sweep":
        return {ONE: (make_sweep(1, folder), ROOT), MANY: (make_sweep(21, folder), ROOT)}
    if case == "again":
        return {FIRST: (make_run(folder), ROOT), AGAIN: (make_run(folder), ROOT)}
    if case == "help":
        return {"python": ([sys.executable, "-c", "pass"], ROOT), "zgs --help": ([sys.executable, "-c", HELP], ROOT)}
    if case.startswith("score"):
        coded = ["coded"] * (case == "score-coded")
        subprocess.run([*made, str(folder / "made"), str(images), *coded], check=True, env=make_environment(ROOT))
    sides = {name: (make_command(case, tree, folder), tree) for name, tree in trees.items()}
    if case == "score":
        subprocess.run([*made, str(folder / "one"), "1"], check=True, env=make_environment(ROOT))
        for name, data in ((NUMPY, "made"), (NUMPY_START, "one")):
            sides[name] = ([sys.executable, "-c", PLAIN, str(folder / data)], ROOT)
        sides[START] = (make_command(case, ROOT, folder, "one"), ROOT)
    return sides


def _count(side: str, images: int) -> int:
    return 1 if side in (START, NUMPY_START) else images


def make_command(case: str, tree: Path, folder: Path, made: str = "made") -> list[str]:
    """The command of a case; all that it leaves lies in the folder `LEFT`."""
    zgs, work = [sys.executable, "-m", "bench.cli"], folder / LEFT
    if case == "demo":
        return [*zgs, "demo", f"store={work}/store", f"out={work}/out", f"to={work}/report"]
    if case == "tests":
        line = subprocess.run(["make", "-n", "test"], cwd=tree, capture_output=True, text=True, check=True).stdout
        words = shlex.split(next(line for line in line.splitlines() if " pytest " in line), comments=True)
        return [sys.executable, "-m", *words[words.index("pytest") :], "-p", "no:cacheprovider"]
    data = ["data=folder", f"data.root={folder}/{made}/data", f"data.layout={folder}/{made}/data/layout.yaml"]
    protocol = ["score=dataset_miou", "score.mapping=[exact]"]
    return [*zgs, "score", f"{folder}/{made}/theirs.jsonl", *data, *protocol, f"store={work}/store", f"out={work}/out"]


def make_run(folder: Path) -> list[str]:
    """`zgs run` on some images; the second time its store is full."""
    work = folder / LEFT
    words = [f"data.subset=first:{SCENES}", f"store={work}/store", f"out={work}/out"]
    return [sys.executable, "-m", "bench.cli", "run", *words]


def make_sweep(thresholds: int, folder: Path) -> list[str]:
    """`zgs run -m` over some thresholds of the same predictions, in one process, from an empty store."""
    taus = ",".join(f"{0.05 * at:.2f}" for at in range(thresholds))
    words = [f"data.subset=first:{SCENES}", "executor=serial", f"score.tau_sbert={taus}"]
    work = folder / LEFT
    return [sys.executable, "-m", "bench.cli", "run", "-m", *words, f"store={work}/store", f"out={work}/out"]


if __name__ == "__main__":
    main()
