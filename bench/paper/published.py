"""The paper's own numbers, typed into results/paper/*.csv, and whether a number of ours may stand beside one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bench.csv_files import read_csv
from bench.errors import UserError
from bench.paper.definition import Item

COLUMNS = ("row", "set", "column", "value", "spread", "dataset", "classlist", "protocol", "place", "remark")
"""``value`` as printed: in percent, or of the setting that ``column`` names; data, classes and protocol as in
scores.csv; ``place`` is the page, table or figure."""
PAPER, PROTOCOL, OTHER = HEADINGS = ("paper", "paper (other protocol)", "paper (other data and weights)")
"""Headings of published numbers: comparable with a number of ours in their column; but for the protocol; all others."""
Key = tuple[str, str, str]
"""Row, data set, column."""


@dataclass(frozen=True)
class Published:
    """A published number, in percent or of a setting, what it was measured on, its place, and what is odd about it."""

    value: float
    spread: str
    dataset: str
    classlist: str
    protocol: str
    place: str
    remark: str


def read_published(item: Item) -> dict[Key, Published]:
    """Read the published numbers of an item; none where it names none. Raises UserError for a csv that is no such."""
    if item.published is None:
        return {}
    table = read_csv(item.published)
    if missing := [column for column in COLUMNS if column not in table]:
        raise UserError(f"{item.published}: column {missing[0]!r} is missing; the columns are {', '.join(COLUMNS)}")
    return {
        (line["row"], line["set"], line["column"]): Published(**{key: line[key] for key in COLUMNS[3:]})
        for line in table.to_dict("records")
    }


def find_other(published: Published, line: Mapping[str, Any], embedded_or_other: str) -> str:
    """Say why a number of ours (a line of scores.csv) may not be subtracted from a published one; empty: it may.

    ``embedded_or_other`` says why the weights are not the paper's, or nothing.
    """
    for what, own, theirs in (
        ("images", line["dataset"], published.dataset),
        ("classes", line["classlist"], published.classlist),
        ("protocol", line["protocol"], published.protocol),
    ):
        if own != theirs:
            return f"{what} {own}, the paper's {theirs}"
    return embedded_or_other


def describe_weights(settings: Mapping[str, Any], paper: Mapping[str, Any]) -> str:
    """Say why the models of a run are not the paper's, or nothing; ``paper`` are the models of ``models=paper``."""
    own = settings["models"]
    if own == paper:
        return ""
    other = [name for name in paper if own.get(name) != paper[name]]
    return f"models {own.get('name')}, the paper's by hub name" + (f" (other: {', '.join(other)})" if other else "")


@lru_cache(maxsize=1)
def compose_paper_models() -> dict[str, Any]:
    """Compose the settings of ``models=paper``, by which the weights of a run are the paper's or not."""
    from bench.settings.compose import compose_config, resolve_config

    models: dict[str, Any] = resolve_config(compose_config(["models=paper"]))["models"]
    return models
