"""A sweep: all jobs run wherever Hydra's launcher puts them, and each tells of itself in the sweep's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.commands.calling import COMPOSING, call_hydra, split
from bench.commands.options import CONFIG_DIR, flag
from bench.commands.overrides import explained
from bench.commands.repeated import CONFIG_NAME, Request
from bench.commands.sweeps import Job, expanded, fixed, grouped, new_folder, quoted
from bench.commands.task import Task
from bench.errors import UsageError, writing
from bench.run.crash import told, trace_of
from bench.run.outcomes import FAILED, PATIENCE, USAGE, Outcome, collect, write
from bench.settings.compose import compose_config
from bench.store.files import write_atomically


def run_many(request: Request, command: str) -> list[Outcome]:
    """Run all jobs; one that cannot be composed fails alone. Raises UsageError where none can."""
    flags, words = split(request.arguments)
    try:
        jobs, shared = expanded(words, flag(flags, CONFIG_DIR))
        out = _out(jobs or [fixed(words)], flags)
    except COMPOSING as error:
        raise UsageError(explained(error, request.arguments)) from error
    if out is None:
        return _refused_all(jobs, flags)
    folder = new_folder(out)
    with writing(folder, "out=FOLDER"):
        folder.mkdir(parents=True)
    place = f"hydra.sweep.dir={quoted(str(folder))}"
    task = Task(command, request.base, flag(flags, CONFIG_DIR), folder, jobs)
    try:
        lost = _launch([*request.arguments, place], task, folder)
    except COMPOSING as error:  # Hydra composes all jobs before it runs the first
        refused = _refusals(jobs, flags)
        if not refused:
            _withdraw(folder, Path(out))
            raise UsageError(explained(error, request.arguments)) from error
        for outcome in refused:
            write(outcome, folder)
        good = [job for job in jobs if job not in {outcome.overrides for outcome in refused}]
        parts = [_launch([*flags, *group, *shared, place], task, folder) for group in grouped(good)]
        lost = "; ".join(filter(None, parts))
    found = collect(folder, jobs, lost, 0.0 if lost else PATIENCE)
    return found or [Outcome(1, (), FAILED, lost or "no job has told of itself")]


def _launch(arguments: Sequence[str], task: Task, folder: Path) -> str:
    """Run jobs; what the launcher itself died of (a job tells of its own errors), in one line, else an empty text."""
    try:
        call_hydra(arguments, task)
    except COMPOSING:
        raise
    except Exception as error:
        trace = folder / "launcher.txt"
        write_atomically(trace, trace_of(error).encode("utf-8", "backslashreplace"))
        return f"the launcher stopped: {told(error)}; traceback: {trace}"
    return ""


def _withdraw(folder: Path, out: Path) -> None:
    """Take away the folder of a sweep that never began, and those above it up to ``out`` that are empty without it."""
    for place in (folder, *folder.parents):
        try:
            place.rmdir()
        except OSError:  # something else lies there
            return
        if place == out:
            return


def _out(jobs: Sequence[Job], flags: Sequence[str]) -> str | None:
    """Where the results of the first job go that can be composed; None where none can, and more than one was asked."""
    for job in jobs:
        try:
            return str(_composed(job, flags)["out"])
        except COMPOSING:
            if len(jobs) == 1:
                raise
    return None


def _composed(job: Job, flags: Sequence[str]) -> dict[str, object]:
    name = flag(flags, CONFIG_NAME) or "config"
    config: dict[str, object] = compose_config(job, flag(flags, CONFIG_DIR), name)
    return config


def _refusals(jobs: Sequence[Job], flags: Sequence[str]) -> list[Outcome]:
    """The jobs that cannot be composed, each with the reason."""
    found = []
    for at, job in enumerate(jobs, 1):
        try:
            _composed(job, flags)
        except COMPOSING as error:
            found.append(Outcome(at, job, USAGE, explained(error, [*flags, *job])))
    return found


def _refused_all(jobs: Sequence[Job], flags: Sequence[str]) -> list[Outcome]:
    """No job can be composed: each with its reason; where all have the same, it is said once."""
    found = _refusals(jobs, flags)
    if len({outcome.reason for outcome in found}) == 1:
        raise UsageError(found[0].reason)
    return found
