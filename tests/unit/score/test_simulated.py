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
