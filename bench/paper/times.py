"""How long the runs of an item take: seconds an image by stage, as finished runs have recorded them.

Of each stage the dearest finished run that made all of it counts, and every distinct run counts in full although runs
share stages: what is said is an upper estimate. Where no run is here, results/paper/seconds.csv is asked, which
`python scripts/paper_seconds.py` makes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.csv_files import read_csv
from bench.data.publishers import PUBLISHERS
from bench.errors import UserError
from bench.paper.experiments import read_stated
from bench.settings.saved import read_run_settings
from bench.store.sealed import RECORD, read_record
from bench.system.resources import find_published_dir

STAGES = ("segment", "encode", "caption", "merge")
FILE = "seconds.csv"
COLUMNS = ("models", "stage", "seconds", "images", "how")


@dataclass(frozen=True)
class Rate:
    """Seconds of work that one image takes in one process, and where that comes from."""

    seconds: float
    how: str


def measure_rates(out: Path) -> dict[str, Rate]:
    """Measure the rate of each set of models: from the finished runs below ``out``, else from the file that ships."""
    found: dict[str, dict[str, float]] = {}
    images: dict[str, int] = {}
    for record in sorted(out.glob(f"*/{RECORD}")):
        try:
            name = str(read_run_settings(record.parent)["models"]["name"])
            stages = list_seconds(read_record(record.parent))
        except (UserError, KeyError, TypeError, AttributeError):
            continue
        for stage, (seconds, n) in stages.items():
            found.setdefault(name, {})[stage] = max(found.get(name, {}).get(stage, 0.0), seconds / n)
            images[name] = max(images.get(name, 0), n)
    whole = {name: each for name, each in found.items() if set(STAGES) <= set(each)}
    own = {name: Rate(sum(each.values()), f"runs in {out}, n = {images[name]} images") for name, each in whole.items()}
    return {**_read_shipped(), **own}


def list_seconds(record: Mapping[str, Any]) -> dict[str, tuple[float, int]]:
    """List (seconds, images) of each stage that a run made wholly: what it found in the store cost it nothing."""
    n = len(record["ids"]) - len(record["skipped"])
    made = {stage: counts for stage, counts in record["store"].items() if counts["made"] and not counts["reused"]}
    return {
        stage: (record["seconds"][stage], n) for stage in STAGES if stage in made and n and stage in record["seconds"]
    }


def _read_shipped() -> dict[str, Rate]:
    path = find_published_dir() / FILE
    if not path.is_file():
        return {}
    table = read_csv(path)
    return {
        str(name): Rate(part["seconds"].astype(float).sum(), "; ".join(dict.fromkeys(part["how"])))
        for name, part in table.groupby("models", sort=False)
    }


def count_images(words: Iterable[str]) -> int | None:
    """Count the images of a run by its words alone, for the data may not be here; None where they do not tell."""
    told = dict(word.split("=", 1) for word in words if "=" in word)
    subset = told.get("data.subset", "all")
    if match := re.fullmatch(r"(?:first|random):(\d+)(?::\d+)?", subset):
        return int(match[1])
    publisher = PUBLISHERS.get(told.get("data", ""))
    split = publisher.splits.get(told.get("data.split", "val")) if publisher and subset == "all" else None
    return split.published if split else None


def names_baseline(words: Iterable[str], config_dir: str | None = None) -> bool:
    """Whether a run is of a baseline, by its words and the experiments that these name: it makes none of `STAGES`."""
    return read_stated(words, config_dir).get("baseline") not in (None, "", "null", "none")


def estimate_seconds(runs: Iterable[Sequence[str]], rates: Mapping[str, Rate], processes: int) -> float | None:
    """Estimate the seconds that runs of the method take; None where a rate or a number of images is not known.

    Those of a baseline are not to be among them: the rates say nothing of it.
    """
    total = 0.0
    for words in runs:
        models = next((word.partition("=")[2] for word in reversed(words) if word.startswith("models=")), "embedded")
        rate, images = rates.get(models), count_images(words)
        if rate is None or not images:
            return None
        total += rate.seconds * images / processes
    return total


def write_duration(seconds: float | None) -> str:
    """Write ``40 s``, ``12 min``, ``3.5 h`` or ``12 days``; ``not known`` for None."""
    if seconds is None:
        return "not known"
    for unit, size, digits in (("days", 86_400, 0), ("h", 3_600, 1), ("min", 60, 0)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.{digits}f} {unit}"
    return f"{seconds:.0f} s"
