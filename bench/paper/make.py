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
from bench.predictions.source import PredictionFile
from bench.run.progress import describe_progress
from bench.settings.saved import read_run_settings
from bench.store.sealed import RECORD, check_whole, read_record


@dataclass
class Runs:
    """By the key of what they compute: folders of finished runs, and of the others why there is none.

    ``as_is`` says which were taken although nobody can say that they would come out the same here and now.
    """

    folders: dict[str, Path] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    made: int = 0
    notes: list[str] = field(default_factory=list)
    as_is: dict[str, str] = field(default_factory=dict)


Job = tuple[str, ...]
OTHER = "is of other code, weights, data or machine than are here now"
LACKS_VECTORS = "has no vectors in its predictions.json, which embeddings=inline asks for"
RunJobs = Callable[[Sequence[Job]], Sequence[tuple[str, str]]]
"""Runs jobs by their words; for each its folder, or an empty text, and the reason."""


def collect_runs(plan: Plan, out: Path, run_jobs: RunJobs | None) -> Runs:
    """Find the finished runs of a plan below ``out`` and make the others; without ``run_jobs`` they stay missing."""
    runs = Runs()
    needed = plan.distinct
    found = find_finished(out, runs.notes)
    for key, need in needed.items():
        whole = [folder for folder in found.get(key, []) if _is_whole(folder, runs.notes)]
        current = [folder for folder in whole if is_current(folder, need.settings)]
        if as_asked := [folder for folder in current if holds_vectors(folder, need.settings)]:
            runs.folders[key] = as_asked[0]
        elif whole and run_jobs is None:
            runs.folders[key] = (current or whole)[-1]
            runs.as_is[key] = f"{runs.folders[key]} {LACKS_VECTORS if current else OTHER}: taken as it is"
    todo = {key: need for key, need in needed.items() if key not in runs.folders}
    if run_jobs is None:
        runs.reasons |= {key: describe_progress(need.settings) for key, need in todo.items()}
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
    try:
        return bool(made_of and not made_of["unknown"] and made_of == describe_inputs(RunContext(settings)))
    except UserError:  # no data or no weights here
        return False


def holds_vectors(folder: Path, settings: Mapping[str, Any]) -> bool:
    """Whether predictions.json of a run holds its embeddings itself, where ``embeddings=inline`` asks for that."""
    if settings.get("embeddings") != "inline":
        return True
    return PredictionFile(folder / "predictions.json").is_inline


def _is_whole(folder: Path, notes: list[str]) -> bool:
    """Whether all files of a run are as it left them; if not, that is a line in ``notes``."""
    try:
        check_whole(folder)
    except UserError as error:
        notes.append(f"left out: {error}")
        return False
    return True


def _make(todo: Mapping[str, Need], runs: Runs, run_jobs: RunJobs) -> None:
    ended = run_jobs([need.words for need in todo.values()])
    for key, (folder, reason) in zip(todo, ended, strict=True):
        if folder:
            runs.folders[key], runs.made = Path(folder), runs.made + 1
            runs.reasons.pop(key, None)
        else:
            runs.reasons[key] = reason
