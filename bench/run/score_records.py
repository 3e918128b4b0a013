"""Section 4, what scoring a predictions file is asked for and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bench.predictions.source import PredictionFile
from bench.protocol import Protocol
from bench.run.context import RunContext
from bench.run.similarities import SimilarityModels
from bench.score.intervals import MetricCounts
from bench.score.score_table import ALL
from bench.score.segments import KNOWN


@dataclass(frozen=True)
class ScoreRequest:
    """What is to be scored: the predictions, and resolved ``score`` settings of each protocol.

    ``run`` and ``variant`` name the rows, ``controls`` the floors and ceilings beside them. ``skipped`` are images that
    predicting had to leave out, with reasons. ``chosen`` says that mappings were asked for by name: one that cannot be
    measured is then an error, else it is left out with a note. ``measured`` are similarities whose vectors are there
    already, so that TGQ may read them although no mapping does.
    """

    predictions: PredictionFile
    protocols: Sequence[Mapping[str, Any]]
    run: str = ""
    variant: str = ""
    controls: str | Sequence[str] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    ignore_unknown: bool = False
    chosen: bool = False
    measured: Sequence[str] = ()


@dataclass
class ScoreTables:
    """The numbers of all protocols together, as they stand in the files of a folder.

    ``counts`` are those of each image behind every metric, ``image_ids`` the images that were scored.
    """

    scores: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(ALL)))
    counts: dict[str, MetricCounts] = field(default_factory=dict)
    image_ids: list[str] = field(default_factory=list)
    segments: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(KNOWN)))
    curves: pd.DataFrame | None = None
    areas: pd.DataFrame | None = None
    ratings: pd.DataFrame | None = None
    confusion: pd.DataFrame | None = None


@dataclass(frozen=True)
class ScoringContext:
    """What the protocols of one request share; ``notes`` grow with everything that a reader must know."""

    context: RunContext
    models: SimilarityModels
    request: ScoreRequest
    notes: list[str]

    def note(self, text: str) -> None:
        """Note something once."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass(frozen=True)
class ScoreResult:
    """The numbers, the protocols, in words what was counted or left out, and the images that only one side has."""

    tables: ScoreTables
    protocols: list[Protocol]
    notes: list[str]
    missing: list[str]
    unknown: list[str]
    outside: list[str]
    skipped: dict[str, str]
