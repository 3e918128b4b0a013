"""What a tracker is told of section 5's runs and sweeps: plain records, the same for every tracker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

INPUT, SEGMENTS, TRUTH = PICTURES = ("input", "segments", "truth")
"""The pictures of an image; without labels in the data there is no truth."""


@dataclass(frozen=True)
class Place:
    """Where a run stands in its sweep: the sweep's ``group``, the keys that it changes, and the run's words of them."""

    group: str
    keys: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Chart:
    """A curve: ``rows`` have x, value, low, high and n, ordered by x; values and ends are shares, as in curves.csv."""

    key: str
    title: str
    x: str
    y: str
    rows: pd.DataFrame


@dataclass(frozen=True)
class Artefact:
    """Files that belong together, by the names that they have in it; ``facts`` say how much they hold."""

    name: str
    kind: str
    files: Mapping[str, Path]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ImageRow:
    """One image: its drawn pictures by their names (`PICTURES`; none where only scores are told), and its scores."""

    image_id: str
    pictures: Mapping[str, Image.Image]
    scores: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class TrackedRun:
    """A finished run, or a folder of `zgs score` (``kind``), with what every tracker tells of it.

    ``identity`` is the same wherever the same settings run again on the same contents. ``scores`` are scores.csv,
    ``confusion`` is confusion.csv, both without a row where there were no labels. ``list_images`` draws one image at a
    time, those with pictures first; ``image_metrics`` are the names that its scores may have. A run scores the
    ``predictions`` that it leaves, `zgs score` those of somebody else; ``outputs`` are made from them.
    """

    folder: Path
    identity: str
    kind: str
    config: Mapping[str, Any]
    scores: pd.DataFrame
    charts: Sequence[Chart]
    confusion: pd.DataFrame
    image_metrics: Sequence[str]
    list_images: Callable[[], Iterator[ImageRow]]
    predictions: Artefact
    outputs: Sequence[Artefact]
    place: Place | None = None


@dataclass(frozen=True, eq=False)
class TrackedSweep:
    """A finished sweep: one ``table`` over its runs, and the report about all of them.

    ``table`` has a row a run and metric: the swept keys, and the columns of scores.csv. ``runs`` are the identities of
    its runs, ``inputs`` the artefacts of scores that it was made from. ``config`` says how many jobs there were and
    which failed.
    """

    folder: Path
    identity: str
    group: str
    keys: tuple[str, ...]
    config: Mapping[str, Any]
    table: pd.DataFrame
    runs: Sequence[str]
    inputs: Sequence[Artefact]
    report: Artefact
