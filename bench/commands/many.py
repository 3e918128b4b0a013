"""A sweep: all jobs run wherever Hydra's launcher puts them, and each tells of itself in the sweep's folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bench.commands.calling import COMPOSING, split_flags
from bench.commands.failures import print_failures
from bench.commands.job_table import FILE, write_job_csv, write_job_table
from bench.commands.launching import compose_job, launch_here, launch_jobs, list_refusals
from bench.commands.options import CONFIG_DIR, find_flag
from bench.commands.overrides import explain_error
from bench.commands.repeated import Request
from bench.commands.sweeps import Job, expand_jobs, list_fixed_words, make_folder_name
from bench.commands.task import Task
from bench.commands.watching import watch_sweep
from bench.errors import UsageError, UserError, writing
from bench.run.outcomes import FAILED, PATIENCE, STOPPED, Outcome, collect_outcomes
from bench.run.sweep_status import PLAN, read_plan
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
    try:
        with watch_sweep(folder, command, jobs):
            lost = launch_jobs(task, request.arguments, jobs, shared, folder)
    except COMPOSING as error:
        _remove_folder(folder, Path(out))
        raise UsageError(explain_error(error, request.arguments)) from error
    except UserError:  # before any job
        _remove_folder(folder, Path(out))
        raise
    except KeyboardInterrupt:
        _tell_stopped(folder, jobs, request.arguments)
        raise
    found = collect_outcomes(folder, jobs, lost, 0.0 if lost else PATIENCE)
    if not found and not lost and (plan := read_plan(folder)) and plan.expected == 0:
        return []  # a search that has all its trials
    track_sweep(folder, found)
    return _keep_table(found or [Outcome(1, (), FAILED, lost or "no job has told of itself")], folder)


def _keep_table(outcomes: list[Outcome], folder: Path) -> list[Outcome]:
    """Leave the table of all jobs in the sweep's folder; a full disk is no reason to lose the outcomes."""
    with suppress(OSError):
        write_atomically(folder / FILE, write_job_csv(outcomes).encode("utf-8", "backslashreplace"))
    return outcomes


def _tell_stopped(folder: Path, jobs: Sequence[Job], arguments: Sequence[str]) -> None:
    """Print what has become of the jobs of a sweep that is being stopped, and the command that does the rest."""
    outcomes = _keep_table(collect_outcomes(folder, jobs, lost=STOPPED), folder)
    print("", write_job_table(outcomes), sep="\n")
    print_failures(outcomes, arguments, "are not done")


def run_listed(jobs: Sequence[Job], flags: Sequence[str], command: str, out: Path) -> list[Outcome]:
    """Run jobs that are no product of values, one after the other, each with its own words; one outcome a job."""
    folder = make_folder_name(str(out))
    with writing(folder, "out=FOLDER"):
        folder.mkdir(parents=True)
    task = Task(command, None, find_flag(flags, CONFIG_DIR), folder, jobs)
    with watch_sweep(folder, command, jobs):
        lost = launch_here(task, jobs, flags, folder)
    return collect_outcomes(folder, jobs, lost)


def _remove_folder(folder: Path, out: Path) -> None:
    """Take away the folder of a sweep that never began, and those above it up to ``out`` that are empty without it."""
    shutil.rmtree(folder / ".submitit", ignore_errors=True)
    for name in (PLAN, "multirun.yaml"):  # ours, and Hydra's
        (folder / name).unlink(missing_ok=True)
    for place in (folder, *folder.parents):
        try:
            place.rmdir()
        except OSError:  # something else lies there
            return
        if place == out.absolute():  # what holds it is not ours, though it be empty: we may work there
            return


def _compose_out(jobs: Sequence[Job], flags: Sequence[str]) -> str | None:
    """Where the results of the first job go that can be composed; None where none can, and more than one was asked."""
    for job in jobs:
        try:
            return str(compose_job(job, flags).out)
        except COMPOSING:
            if len(jobs) == 1:
                raise
    return None


def _refuse_all(jobs: Sequence[Job], flags: Sequence[str]) -> list[Outcome]:
    """No job can be composed: each with its reason; where all have the same, it is said once."""
    found = list_refusals(jobs, flags)
    if len({outcome.reason for outcome in found}) == 1:
        raise UsageError(found[0].reason)
    return found
