"""What data a figure is of, as the scores of its runs say: no caption names any, which the runs may not be of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.report.runs import name_data
from bench.run.run_folder import has_scores, read_run_scores


def name_all_data(runs: Iterable[Path]) -> str:
    """Name the data sets of finished runs, each once: ``voc:val, toyscenes:test[first:40]``; nothing without scores."""
    return ", ".join(dict.fromkeys(name_data(read_run_scores(run)) for run in runs if has_scores(run)))
