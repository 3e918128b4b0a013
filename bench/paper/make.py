"""Finished runs for a plan: found by what they compute, in whatever folder they lie; the others are made.

A finished run is taken where the code, weights and data behind it are still those that its record names; otherwise the
same settings run again, which takes from the store whatever did not change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import UserError
from bench.paper.plan import Need, Plan, identify_run
from bench.settings.saved import read_run_settings
from bench.store.sealed import RECORD, read_record


@dataclass
class Runs:
    """By the key of what they compute: folders of finished runs, and of the others why there is none."""

    folders: dict[str, Path] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    made: int = 0
    notes: list[str] = field(default_factory=list)


Job = tuple[str, ...]
RunJobs = Callable[[Sequence[Job]], Sequence[tuple[str, str]]]
"""Runs jobs by their words; for each its folder, or an empty text, and the reason."""


def collect_runs(plan: Plan, out: Path, run_jobs: RunJobs | None) -> Runs:
    """Find the finished runs of a plan below ``out`` and make the others; without ``run_jobs`` they stay missing."""
    runs = Runs()
    needed = plan.distinct
    found = find_finished(out, runs.notes)
    for key, need in needed.items():
        current = [folder for folder in found.get(key, []) if is_current(folder, need.settings)]
        if current:
            runs.folders[key] = current[0]
        elif found.get(key):
            runs.reasons[key] = "made by other code, weights or data than are here now"
    todo = {key: need for key, need in needed.items() if key not in runs.folders}
    if run_jobs is None:
        runs.reasons |= {key: runs.reasons.get(key) or describe_progress(need) for key, need in todo.items()}
    elif todo:
        _make(todo, runs, run_jobs)
    return runs


def find_finished(out: Path, notes: list[str]) -> dict[str, list[Path]]:
    """Find the finished runs in a folder by what they compute; one that cannot be read is a line in ``notes``."""
    found: dict[str, list[Path]] = {}
    for record in sorted(out.glob(f"*/{RECORD}")):
        try:
            settings = read_run_settings(record.parent)
            if "predictions" not in settings:  # which only folders of `zgs score` have
                found.setdefault(identify_run(settings), []).append(record.parent)
        except (UserError, KeyError, TypeError, AttributeError, ValueError) as error:
            notes.append(f"{record.parent}: left out ({' '.join(str(error).split())[:200]})")
    return found


def is_current(folder: Path, settings: Mapping[str, Any]) -> bool:
    """Whether a finished run is what these settings give with the code, weights and data that are here now."""
    from bench.run.context import RunContext
    from bench.run.made_of import describe_inputs

    made_of = read_record(folder).get("made_of")
    return bool(made_of and not made_of["unknown"] and made_of == describe_inputs(RunContext(settings)))


def describe_progress(need: Need) -> str:
    """Describe how much of a run the store holds: ``12 of 40 images``."""
    from bench.run.context import RunContext

    try:
        context = RunContext(need.settings)
        images = len(context.dataset.list_ids())
        done = len(list(context.predictions.folder.glob("*.safetensors")))
    except UserError as error:
        return " ".join(str(error).split())
    return f"the store holds predictions of {done} images of this variant; this run has n = {images}"


def _make(todo: Mapping[str, Need], runs: Runs, run_jobs: RunJobs) -> None:
    ended = run_jobs([need.words for need in todo.values()])
    for key, (folder, reason) in zip(todo, ended, strict=True):
        if folder:
            runs.folders[key], runs.made = Path(folder), runs.made + 1
            runs.reasons.pop(key, None)
        else:
            runs.reasons[key] = reason
