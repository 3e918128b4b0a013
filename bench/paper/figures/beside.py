"""The paper's own numbers beside ours in figures: what its tables and text state. Nothing is read off a curve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.paper.definition import Item
from bench.paper.published import (
    OTHER,
    PAPER,
    Key,
    Published,
    compose_paper_models,
    describe_weights,
    find_other,
    read_published,
)
from bench.run.run_folder import has_scores, read_run_scores
from bench.settings.saved import read_run_settings


@dataclass(frozen=True)
class Beside:
    """A published number, the row, data set and column under which it stands, and the heading that it has to have."""

    key: Key
    published: Published
    heading: str

    @property
    def data(self) -> str:
        """The paper's name of the data set."""
        return self.key[1]


def list_beside(item: Item, runs: Iterable[Path]) -> list[Beside]:
    """List the published numbers of a figure; "paper" alone heads those that a run of it may be compared with."""
    published = read_published(item)
    lines = [_describe_run(run) for run in runs if has_scores(run)] if published else []
    return [Beside(key, each, PAPER if _is_alike(each, lines) else OTHER) for key, each in published.items()]


def _describe_run(run: Path) -> tuple[Mapping[str, Any], str]:
    """Describe data, classes and protocol of a run as scores.csv has them, and why its weights are not the paper's."""
    weights = describe_weights(read_run_settings(run), compose_paper_models())
    first = read_run_scores(run).iloc[0]
    return {key: str(first[key]) for key in ("dataset", "classlist", "protocol")}, weights


def _is_alike(published: Published, lines: Iterable[tuple[Mapping[str, Any], str]]) -> bool:
    return any(not find_other(published, line, weights) for line, weights in lines)


def head_data(beside: Iterable[Beside]) -> str:
    """Head the published numbers of a figure in one line: ``paper (other data and weights): Pascal VOC``."""
    names: dict[str, list[str]] = {}
    for each in beside:
        names.setdefault(each.heading, [])
        if each.data not in names[each.heading]:
            names[each.heading].append(each.data)
    return "; ".join(f"{heading}: {', '.join(data)}" for heading, data in names.items())
