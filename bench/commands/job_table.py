"""The jobs of a sweep as one table, the same under every launcher: made of what each job has told of itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands.sweeps import describe_job
from bench.text.escape import escape_for_terminal, measure_width, pad_text

if TYPE_CHECKING:
    from bench.run.outcomes import Outcome

FILE = "jobs.csv"
"""In the sweep's folder: the same table with the whole of every cell."""
COLUMNS = ("job", "state", "seconds", "host", "overrides", "folder", "reason", "traceback")
SHOWN = 6
"""Columns of the terminal's table; reasons follow below it (`bench.commands.failures`)."""


def write_job_table(outcomes: Sequence[Outcome]) -> str:
    """Write a line a job: place, state, seconds, host, overrides by which jobs differ, and the run's folder."""
    jobs = [outcome.overrides for outcome in outcomes]
    rows = [COLUMNS[:SHOWN], *(_make_cells(outcome, jobs) for outcome in outcomes)]
    widths = [max(measure_width(row[column]) for row in rows) for column in range(SHOWN)]
    lines = ["  ".join(pad_text(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def write_job_csv(outcomes: Sequence[Outcome]) -> str:
    """Write the same as csv, every override and reason whole."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for o in outcomes:
        words = " ".join(o.overrides)
        writer.writerow([o.job, o.state, f"{o.seconds:.3f}", o.host, words, o.folder, o.reason, o.traceback])
    return text.getvalue()


def _make_cells(outcome: Outcome, jobs: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    seconds = f"{outcome.seconds:.1f}" if outcome.seconds else "-"
    words = describe_job(outcome.overrides, jobs) if outcome.overrides else ""
    folder = Path(outcome.folder).name if outcome.folder else "-"
    cells = (str(outcome.job), outcome.state, seconds, outcome.host or "-", words or "-", folder)
    return tuple(map(escape_for_terminal, cells))
