"""Section 5's ablations as sweeps: what each run is tagged with, and the summary over all of them."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.report.report import write_report
from bench.run.outcomes import Outcome
from bench.run.run_folder import has_scores, read_run_scores
from bench.settings.ranges import NOT_IN_RUN_NAME
from bench.store.files import make_safe_name
from bench.tracking.artefacts import describe_report, describe_scores, make_identity
from bench.tracking.told import Artefact, Place, TrackedSweep

Job = Sequence[str]
"""The overrides of one job, ``key=value``."""


def find_place(words: Job, jobs: Sequence[Job], command: Sequence[str] = ()) -> Place | None:
    """Find where a job stands in its sweep; None where there is no other job that it differs from.

    ``jobs`` are all of them. Where another sweeper chooses them as it goes there are none, and what changes are the
    ``words`` that the ``command`` does not hold.

    The group is named by the changed keys, and by what all jobs share and may change a number: a sweep that is
    continued, repeated or given more values keeps its group.
    """
    words, jobs, command = _read_plain(words), [_read_plain(job) for job in jobs], _read_plain(command)
    same = set.intersection(*map(set, jobs)) if jobs else set(command)
    if not jobs and not command:
        return None
    changed = [word for job in (jobs or [words]) for word in job if word not in same]
    keys = tuple(dict.fromkeys(_read_key(word) for word in changed))
    if not keys:
        return None
    shared = sorted(word for word in words if word in same and _read_key(word).partition(".")[0] not in NOT_IN_RUN_NAME)
    digest = hashlib.sha256("\n".join(shared).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return Place(f"{','.join(keys)[:100]}-{digest}", keys, tuple(word for word in words if word not in same))


def make_tracked_sweep(
    sweep: Path, outcomes: Sequence[Outcome], place: Place, out: Path, pictures: int
) -> TrackedSweep:  # fmt: skip
    """Make the table over all runs of a sweep, and the report of `zgs report` about them in ``out``/summaries.

    Its folder is that of the group, not of this ``sweep``: once more, the same summary is made anew.
    """
    done = {Path(outcome.folder): outcome for outcome in outcomes if outcome.folder}
    folder, identity = out / "summaries" / make_safe_name(place.group), make_identity(place.group)
    shutil.rmtree(folder / "report", ignore_errors=True)
    write_report(list(done), folder / "report", pictures)
    report = describe_report(folder / "report", identity) or Artefact(f"report-{identity}", "report", {})
    failed = {" ".join(outcome.overrides): outcome.reason for outcome in outcomes if outcome.failed}
    config = {
        "jobs": len(outcomes), "runs": len(done), "failed": failed, "folder": str(sweep), "keys": list(place.keys),
        "folders": [str(run) for run in done],
    }  # fmt: skip
    table, runs = _make_table(done, place.keys), [make_identity(run.resolve().name) for run in done]
    inputs = [describe_scores(run) for run in done]
    return TrackedSweep(folder, identity, place.group, place.keys, config, table, runs, inputs, report)


def _make_table(done: dict[Path, Outcome], keys: Sequence[str]) -> pd.DataFrame:
    """Put scores.csv of all runs under each other, the swept keys in front; empty where nothing was labelled."""
    parts = []
    for folder in filter(has_scores, done):
        told = {_read_key(word): word.partition("=")[2] for word in done[folder].overrides}
        scores = read_run_scores(folder).rename(columns={key: f"scores.{key}" for key in keys})
        parts.append(pd.DataFrame({key: told.get(key, "") for key in keys}, index=scores.index).join(scores))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _read_plain(words: Job) -> tuple[str, ...]:
    """Read words without quotes and escapes, which Hydra's parser may have put there or not."""
    return tuple(re.sub(r"[\\'\"]", "", word) for word in words)


def _read_key(word: str) -> str:
    return word.lstrip("+~").partition("=")[0]
