"""A sweep: all jobs run wherever Hydra's launcher puts them, and each tells of itself in the sweep's folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from bench.commands.calling import COMPOSING, call_hydra, run_alone, split_flags
from bench.commands.options import CONFIG_DIR, CONFIG_NAME, find_flag
from bench.commands.overrides import explain_error
from bench.commands.repeated import Request
from bench.commands.sweeps import (
    SWEEPS,
    Job,
    expand_jobs,
    group_jobs,
    list_fixed_words,
    make_folder_name,
    quote_value,
)
from bench.commands.task import Task
from bench.commands.watching import watch_sweep
from bench.errors import UsageError, writing
from bench.run.crash import describe_error, format_trace
from bench.run.outcomes import FAILED, PATIENCE, USAGE, Outcome, collect_outcomes, write_outcome
from bench.run.sweep_status import PLAN
from bench.settings.compose import compose_config
from bench.store.files import write_atomically
from bench.tracking.tell import track_sweep


def run_many(request: Request, command: str) -> list[Outcome]:
    """Run all jobs; one that cannot be composed fails alone. Raises UsageError where none can."""
    flags, words = split_flags(request.arguments)
    try:
        jobs, shared = expand_jobs(words, find_flag(flags, CONFIG_DIR))
        out = _compose_out(jobs or [list_fixed_words(words)], flags)
    except COMPOSING as error:
        raise UsageError(explain_error(error, request.arguments)) from error
    if out is None:
        return _refuse_all(jobs, flags)
    folder = make_folder_name(out)
    with writing(folder, "out=FOLDER"):
        folder.mkdir(parents=True)
    task = Task(command, request.base, find_flag(flags, CONFIG_DIR), folder, jobs)
    if jobs and not shared and _stays_here(jobs, flags):
        with watch_sweep(folder, command, jobs):
            lost = _launch_here(task, jobs, flags, folder)
    else:
        try:
            with watch_sweep(folder, command, jobs):
                lost = _launch_by_hydra(task, request.arguments, jobs, shared, folder)
        except COMPOSING as error:
            _remove_folder(folder, Path(out))
            raise UsageError(explain_error(error, request.arguments)) from error
    found = collect_outcomes(folder, jobs, lost, 0.0 if lost else PATIENCE)
    track_sweep(folder, found)
    return found or [Outcome(1, (), FAILED, lost or "no job has told of itself")]


def run_listed(jobs: Sequence[Job], flags: Sequence[str], command: str, out: Path) -> list[Outcome]:
    """Run jobs that are no product of values, one after the other, each with its own words; one outcome a job."""
    folder = make_folder_name(str(out))
    with writing(folder, "out=FOLDER"):
        folder.mkdir(parents=True)
    task = Task(command, None, find_flag(flags, CONFIG_DIR), folder, jobs)
    with watch_sweep(folder, command, jobs):
        lost = _launch_here(task, jobs, flags, folder)
    return collect_outcomes(folder, jobs, lost)


def _launch_here(task: Task, jobs: Sequence[Job], flags: Sequence[str], folder: Path) -> str:
    """Run the jobs that can be composed one after the other; return what ended that, or nothing."""
    refused, flags = _refuse_some(jobs, flags, folder), [flag for flag in flags if flag not in SWEEPS]
    calls = [partial(run_alone, [*flags, *job], task, at) for at, job in enumerate(jobs) if job not in refused]
    return _launch(lambda: [call() for call in calls], folder)


def _launch_by_hydra(
    task: Task, arguments: Sequence[str], jobs: Sequence[Job], shared: Sequence[str], folder: Path
) -> str:
    """Run the jobs wherever Hydra's launcher puts them; return what it died of, or nothing.

    Hydra composes all jobs before it runs the first, so those that cannot be composed are left out the second time.
    Raises what it raises where that is none of them.
    """
    place = f"hydra.sweep.dir={quote_value(str(folder))}"
    try:
        return _launch(partial(call_hydra, [*arguments, place], task), folder)
    except COMPOSING:
        flags, _ = split_flags(arguments)
        if not (refused := _refuse_some(jobs, flags, folder)):
            raise
    groups = group_jobs([job for job in jobs if job not in refused])
    lost = [_launch(partial(call_hydra, [*flags, *group, *shared, place], task), folder) for group in groups]
    return "; ".join(filter(None, lost))


def _stays_here(jobs: Sequence[Job], flags: Sequence[str]) -> bool:
    """Say whether Hydra would run the jobs one after the other in this process, composing each of them twice."""
    for job in jobs:
        with suppress(*COMPOSING):
            return str(_compose_job(job, flags).hydra.launcher._target_).endswith(".BasicLauncher")
    return False


def _refuse_some(jobs: Sequence[Job], flags: Sequence[str], folder: Path) -> set[Job]:
    """Tell of the jobs that cannot be composed, in the sweep's folder; return which they are."""
    refused = _list_refusals(jobs, flags)
    for outcome in refused:
        write_outcome(outcome, folder)
    return {outcome.overrides for outcome in refused}


def _launch(launch: Callable[[], object], folder: Path) -> str:
    """Run jobs; what the launcher itself died of (a job tells of its own errors), in one line, else an empty text."""
    try:
        launch()
    except COMPOSING:
        raise
    except Exception as error:
        trace = folder / "launcher.txt"
        write_atomically(trace, format_trace(error).encode("utf-8", "backslashreplace"))
        return f"the launcher stopped: {describe_error(error)}; traceback: {trace}"
    return ""


def _remove_folder(folder: Path, out: Path) -> None:
    """Take away the folder of a sweep that never began, and those above it up to ``out`` that are empty without it."""
    (folder / PLAN).unlink(missing_ok=True)
    for place in (folder, *folder.parents):
        try:
            place.rmdir()
        except OSError:  # something else lies there
            return
        if place == out:
            return


def _compose_out(jobs: Sequence[Job], flags: Sequence[str]) -> str | None:
    """Where the results of the first job go that can be composed; None where none can, and more than one was asked."""
    for job in jobs:
        try:
            return str(_compose_job(job, flags).out)
        except COMPOSING:
            if len(jobs) == 1:
                raise
    return None


def _compose_job(job: Job, flags: Sequence[str]) -> Any:
    return compose_config(job, find_flag(flags, CONFIG_DIR), find_flag(flags, CONFIG_NAME) or "config")


def _list_refusals(jobs: Sequence[Job], flags: Sequence[str]) -> list[Outcome]:
    """The jobs that cannot be composed, each with the reason."""
    found = []
    for at, job in enumerate(jobs, 1):
        try:
            _compose_job(job, flags)
        except COMPOSING as error:
            found.append(Outcome(at, job, USAGE, explain_error(error, [*flags, *job])))
    return found


def _refuse_all(jobs: Sequence[Job], flags: Sequence[str]) -> list[Outcome]:
    """No job can be composed: each with its reason; where all have the same, it is said once."""
    found = _list_refusals(jobs, flags)
    if len({outcome.reason for outcome in found}) == 1:
        raise UsageError(found[0].reason)
    return found
