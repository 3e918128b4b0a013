"""SCORES.md says of every metric which simulated number stands for its interval, and what the simulation found."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd

from bench.metrics.registry import find_unit, list_words
from bench.score.presets import make_protocol
from bench.score.score_table import describe_name
from tests.unit.metrics.test_registry import scores

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "SCORES.md"
SIMULATED = {
    "images": "image IoU", "pairs": "pair IoU", "pixels": "pixel accuracy", "segments": "recall>0.5",
    "classes": "macro", "fwiou": "fwIoU", "iou.dataset": "mIoU",
    "jaccard.hard.dataset": "mIoU", "open_miou": "mIoU", "pq": "PQ", "sq": "SQ", "rq": "macro",
}  # fmt: skip
"""The column ``metric`` of results/coverage.csv, by what stands in ``unit_of_n``, or by the beginning of a name."""
FREE = "none: no share"


def list_measures() -> dict[str, str]:
    """Every metric by name, without its bound and group, and its unit; under all settings that change either."""
    every = make_protocol("paper", metrics=list_words(), aggregation=("image", "pair", "dataset"), resamples=0)
    protocols = [every, replace(every, recall="reference", tgq="macro")]
    tables = pd.concat([scores(protocol).table for protocol in protocols])
    found = zip(tables["metric"], tables["unit_of_n"], strict=True)
    return {re.split("[>]", describe_name(name).measure)[0]: unit for name, unit in found}


def find_simulated(measure: str, unit: str) -> str:
    """Which simulated number is averaged as this one is."""
    if find_unit(measure) != "share":
        return FREE
    own = next((SIMULATED[start] for start in SIMULATED if f"{measure}.".startswith(f"{start}.")), "")
    return own or SIMULATED[unit]


def test_the_page_says_which_simulated_number_stands_for_each_metric() -> None:
    """A new metric lacks its line until the rows that this test writes are copied."""
    each: dict[tuple[str, str], list[str]] = {}
    for measure, unit in list_measures().items():
        each.setdefault((unit, find_simulated(measure, unit)), []).append(f"`{measure}`")
    rows = ["| averaged over | simulated as | metrics |", "|---|---|---|"]
    rows += [f"| {unit} | {simulated} | {' '.join(names)} |" for (unit, simulated), names in each.items()]
    assert "\n".join(rows) in PAGE.read_text(encoding="utf-8"), "\n".join(["", *rows])


def test_what_stands_for_a_metric_was_simulated() -> None:
    table = pd.read_csv(ROOT / "results" / "coverage.csv")
    assert set(SIMULATED.values()) <= set(table.loc[table["kind"] == "value", "metric"])


def test_the_page_says_what_the_simulation_says() -> None:
    """What it costs to reach out away from the bounds, and how often the unmarked rows hold the truth."""
    page, table = PAGE.read_text(encoding="utf-8"), pd.read_csv(ROOT / "results" / "coverage.csv")
    away = table[table["kind"] == "away"]
    wide = away.groupby(["method", "n"])["width"].mean()
    ratio = wide["the product"] / wide["jackknife, Wilson, nothing more"]
    told = [f"of {n} {ratio[n]:.1f}" for n in (30, 60, 90)]
    sets = int(away.loc[away["method"] == "the product", "sets"].sum())
    text = " ".join(page.split())
    assert (
        f"intervals of 20 images are {ratio[20]:.1f} times as wide as they need to be, {', '.join(told)} times" in text
    )
    assert f"(n={sets:,} simulated sets)" in text, sets
    near = table[(table["kind"] == "near") & (table["method"] == "the product") & (table["marked"] == 0)]
    missed = near[near["seen"] < 0.93 - 2 * (0.93 * 0.07 / near["sets"]) ** 0.5]
    assert len(missed) == 3 and set(missed["n"]) == {5000} and "**Three rows miss the rule" in text
    assert f"in {100 * missed['seen'].min():.1f} to {100 * missed['seen'].max():.1f} % of sets" in text
