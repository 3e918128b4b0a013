"""The jobs of a sweep put to work: here, or wherever Hydra's launcher runs them; each tells of itself in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from bench.commands.calling import COMPOSING, call_hydra, run_alone, split_flags
from bench.commands.launchers.numbers import check_numbers
from bench.commands.options import CONFIG_DIR, CONFIG_NAME, find_flag
from bench.commands.overrides import explain_error
from bench.commands.sweeps import SWEEPS, Job, group_jobs, list_fixed_words, quote_value
from bench.commands.task import Task
from bench.errors import UserError
from bench.run.crash import describe_error, format_trace
from bench.run.outcomes import USAGE, Outcome, list_waiting, write_outcome
from bench.settings.compose import compose_config
from bench.store.files import write_atomically
from bench.system import signals

HERE, WITH_ALL = ".BasicLauncher", ".JoblibLauncher"
"""Launchers of which one runs the jobs in this process, and one ends all its workers when one of them is killed."""

QUIET = "ignore:resource_tracker"


def launch_jobs(task: Task, arguments: Sequence[str], jobs: Sequence[Job], shared: Sequence[str], folder: Path) -> str:
    """Run the jobs of a sweep; return what their launcher died of, or nothing: what it says of jobs is not believed.

    ``shared`` are the words for Hydra itself among the ``arguments``. Raises what Hydra raises for words that fit none.
    """
    flags, words = split_flags(arguments)
    launcher = _compose_launcher(jobs or [list_fixed_words(words)], [*flags, *shared])
    check_numbers(launcher)
    if jobs and not shared and str(launcher.get("_target_")).endswith(HERE):
        return launch_here(task, jobs, flags, folder)
    return _launch_by_hydra(task, arguments, jobs, shared, folder)


def launch_here(task: Task, jobs: Sequence[Job], flags: Sequence[str], folder: Path) -> str:
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
    flags, _ = split_flags(arguments)
    _quiet_trackers()
    try:
        lost = _launch(partial(call_hydra, [*arguments, place], task), folder)
        if lost and str(_compose_launcher(jobs, [*flags, *shared]).get("_target_")).endswith(WITH_ALL):
            return _launch_waiting(task, flags, jobs, [*shared, place], folder, lost)
        return lost
    except COMPOSING:
        if not (refused := _refuse_some(jobs, flags, folder)):
            raise
    return _launch_listed(task, flags, [job for job in jobs if job not in refused], [*shared, place], folder)


def _quiet_trackers() -> None:
    """Keep processes that will be started from telling which semaphores they remove after others that were killed."""
    said = os.environ.get("PYTHONWARNINGS", "")
    if QUIET not in said.split(","):
        os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (said, QUIET)))


def _launch_listed(task: Task, flags: Sequence[str], jobs: Sequence[Job], shared: Sequence[str], folder: Path) -> str:
    """Launch some jobs of a sweep by Hydra, in as few calls as can be; return what the launcher died of, or nothing."""
    lost = [_launch(partial(call_hydra, [*flags, *group, *shared], task), folder) for group in group_jobs(jobs)]
    return "; ".join(dict.fromkeys(filter(None, lost)))


def _launch_waiting(
    task: Task, flags: Sequence[str], jobs: Sequence[Job], shared: Sequence[str], folder: Path, lost: str
) -> str:
    """Launch the jobs that had not begun when a killed job took the launcher with it; return all that it died of.

    For as long as that begins any: a launcher that cannot start is not asked for ever.
    """
    told, waiting = [lost], list_waiting(folder, len(jobs))
    while lost and 0 < len(waiting) < len(jobs):
        lost, before = _launch_listed(task, flags, [jobs[at - 1] for at in waiting], shared, folder), waiting
        told, waiting = [*told, lost], list_waiting(folder, len(jobs))
        if waiting == before:
            break
    return "; ".join(dict.fromkeys(filter(None, told)))


def _compose_launcher(jobs: Sequence[Job], words: Sequence[str]) -> Mapping[str, Any]:
    """Compose the launcher that these jobs go to, its class and keys; empty where none of them can be composed."""
    flags, own = split_flags(words)
    for job in jobs:
        with suppress(*COMPOSING):
            made = OmegaConf.to_container(compose_job((*job, *own), flags).hydra.launcher, resolve=True)
            return {str(key): value for key, value in made.items()} if isinstance(made, dict) else {}
    return {}


def _refuse_some(jobs: Sequence[Job], flags: Sequence[str], folder: Path) -> set[Job]:
    """Tell of the jobs that cannot be composed, in the sweep's folder; return which they are."""
    refused = list_refusals(jobs, flags)
    for outcome in refused:
        write_outcome(outcome, folder)
    return {outcome.overrides for outcome in refused}


def _launch(launch: Callable[[], object], folder: Path) -> str:
    """Run jobs; what the launcher itself died of (a job tells of its own errors), in one line, else an empty text."""
    try:
        launch()
        signals.raise_if_stopping()  # a library may have made an error of an interrupt
    except COMPOSING:
        raise
    except Exception as error:
        signals.raise_if_stopping()
        if isinstance(error, UserError) and not any(folder.glob("job-*")):
            raise  # what a sweeper or a launcher is asked for is wrong
        trace = folder / "launcher.txt"
        write_atomically(trace, format_trace(error).encode("utf-8", "backslashreplace"))
        return f"the launcher stopped: {describe_error(error)}; traceback: {trace}"
    return ""


def compose_job(job: Job, flags: Sequence[str]) -> Any:
    return compose_config(job, find_flag(flags, CONFIG_DIR), find_flag(flags, CONFIG_NAME) or "config")


def list_refusals(jobs: Sequence[Job], flags: Sequence[str]) -> list[Outcome]:
    """The jobs that cannot be composed, each with the reason."""
    found = []
    for at, job in enumerate(jobs, 1):
        try:
            compose_job(job, flags)
        except COMPOSING as error:
            found.append(Outcome(at, job, USAGE, explain_error(error, [*flags, *job])))
    return found
