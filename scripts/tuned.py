"""Appendix C in small: what a sweep on the tune split chooses, by one rule for all settings.

    python scripts/tuned.py results/tuning/sigma2 …

The setting with the largest mean over the sweep's metrics is chosen: IoU and recall by embedding (ST) and top-1 of true
segments, also by embedding; for the captioner top-1 and TGQ of its texts. The paper's value is kept instead where it
was tried and no metric's paired interval shows the other one to be better.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.csv_files import read_csv
from bench.run.run_folder import describe_rows
from bench.score.score_table import OWN

PAPER = {
    "segment.n": "20",
    "segment.prune_threshold": "0.9",
    "encode.start_layer": "3",  # the last four layers, of 6 here
    "encode.sigma2": "2.5",
    "merge.threshold": "0.8",
}
EMBEDDING = "st", {("iou.image.union", 0.1), ("recall>0.5", 0.1), ("tgq.micro.top1", None)}
TEXT = "tt", {("tgq.micro>0.5", None), ("tgq.micro.top1", None)}
"""A mapping, and measures with the threshold of the mapping."""
BY = {"caption": TEXT}
"""The metrics of a sweep, by its name; `EMBEDDING` is the rule."""


@dataclass(frozen=True)
class Chosen:
    """What a sweep chooses, the mean of its metrics, the images behind it, and the table of all settings."""

    settings: dict[str, str]
    mean: float
    images: int
    means: dict[str, float]
    metrics: tuple[str, ...]


def choose(folder: Path, published: Mapping[str, str] = PAPER) -> Chosen:
    """The rule, from scores.csv and differences.csv of a sweep's report; ``published`` is what stands unless beaten."""
    scores = describe_rows(read_csv(folder / "scores.csv"))
    mapping, measures = BY.get(folder.name, EMBEDDING)
    kinds = zip(scores["measure"], scores["threshold"], strict=True)
    known = np.array([(measure, None if t != t else t) in measures for measure, t in kinds])
    scores = scores[known & (scores["role"] == OWN) & (scores["mapping"].str.partition("(")[0] == mapping)]
    means = scores.groupby("variant", sort=False)["value"].mean()
    best = str(means.idxmax())
    paper = [name for name in means.index if _is_paper(settings_of(str(name)), published)]
    if paper and best != paper[0] and not _better(folder, best, str(paper[0]), set(scores["metric"])):
        best = str(paper[0])
    images = int(scores["expected"].iloc[0])
    names = tuple(str(name).rpartition("/")[2] for name in dict.fromkeys(scores["metric"]))
    return Chosen(settings_of(best), float(means[best]), images, {str(k): float(v) for k, v in means.items()}, names)


def settings_of(variant: str) -> dict[str, str]:
    """The keys that a variant's name says were changed."""
    return dict(word.split("=", 1) for word in variant.split() if "=" in word)


def _is_paper(settings: dict[str, str], published: Mapping[str, str]) -> bool:
    return bool(settings) and all(published.get(key) == value for key, value in settings.items())


def _better(folder: Path, best: str, other: str, metrics: set[str]) -> bool:
    """Whether a paired interval of one of the metrics lies on the side of ``best``."""
    table = read_csv(folder / "differences.csv")
    table = table[table["metric"].isin(metrics)]
    ahead = table[(table["variant"] == best) & (table["against"] == other)]
    behind = table[(table["variant"] == other) & (table["against"] == best)]
    if ahead.empty and behind.empty:
        raise SystemExit(f"{folder}/differences.csv does not compare {best} with {other}")
    return bool((ahead["low"] > 0).any() or (behind["high"] < 0).any())


def main() -> None:
    """Print what each folder's sweep chooses."""
    for folder in map(Path, sys.argv[1:]):
        chosen = choose(folder)
        width = max(map(len, chosen.means))
        print(f"{folder.name}: n={chosen.images} images; percent, mean of {', '.join(chosen.metrics)}")
        for name, value in chosen.means.items():
            mark = "  <- chosen" if settings_of(name) == chosen.settings else ""
            print(f"  {name:{width}}  {100 * value:5.1f}{mark}")


if __name__ == "__main__":
    main()
