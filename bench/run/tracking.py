"""Section 5's ablations in a tracker: one run a job; the store and the run's folder stay the record."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import pandas as pd

Mode = Literal["offline", "online", "disabled"]


class Tracker(Protocol):
    """Where a finished run is told of. A tracker never raises: results are on disk before it is asked."""

    def log(self, name: str, config: Mapping[str, Any], scores: pd.DataFrame, folder: Path) -> None:
        """Tell of the run ``name`` with its config and its lines of scores.csv; ``folder`` is the run's own."""
        ...


class NoTracking:
    """The default."""

    def log(self, name: str, config: Mapping[str, Any], scores: pd.DataFrame, folder: Path) -> None:
        """Does nothing."""


class Wandb:
    """Weights & Biases; with ``mode=offline`` files in the run's folder that `wandb sync` uploads later.

    ``group`` holds the runs of one ablation or sweep together. Whatever goes wrong is one line on standard error.
    """

    def __init__(
        self, project: str = "zero-guidance-segmentation", group: str | None = None, mode: Mode = "offline"
    ) -> None:
        self.project = project
        self.group = group
        self.mode = mode

    def log(self, name: str, config: Mapping[str, Any], scores: pd.DataFrame, folder: Path) -> None:
        """Log one W&B run: the config, and each metric with its interval and counts in the summary."""
        try:
            import wandb  # here, since it takes seconds and most runs never need it

            run = wandb.init(
                project=self.project,
                group=self.group,
                name=name,
                config=dict(config),
                dir=str(folder),
                mode=self.mode,
                reinit="create_new",
                settings=wandb.Settings(silent=True, console="off"),
            )
            try:
                values, details = summarise(scores)
                run.log(values)
                run.summary.update(details)
            finally:
                run.finish()
        except Exception as error:  # a tracker's trouble (network, disk, version) must never cost a finished run
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            print(f"warning: tracking failed ({reason}); the results in {folder} are complete", file=sys.stderr)


def summarise(scores: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """Summarise values by metric, and low, high, n and skipped by ``metric:low`` and so on; gaps are left out.

    The first variant is the run's own and goes by the metric's name alone, so that runs can be compared;
    its floors and ceilings have theirs in front.
    """
    values: dict[str, float] = {}
    details: dict[str, float] = {}
    own = scores["variant"].iloc[0] if len(scores) else None
    for row in scores.to_dict("records"):
        if math.isnan(row["value"]):
            continue
        key = row["metric"] if row["variant"] == own else f"{row['variant']}/{row['metric']}"
        values[key] = float(row["value"])
        known = {part: row[part] for part in ("low", "high", "n", "skipped") if not pd.isna(row[part])}
        details |= {f"{key}:{part}": float(value) for part, value in known.items()}
    return values, details
