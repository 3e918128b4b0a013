"""`zgs run`: Hydra composes the settings, each job is one run; a table over all jobs closes a sweep."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands.calling import COMPOSING, call_hydra
from bench.commands.failures import tell_failures
from bench.commands.options import CONFIG_DIR, flag
from bench.commands.overrides import explained
from bench.commands.repeated import Request, requested, standing_in
from bench.commands.sweeps import is_sweep
from bench.commands.task import Task
from bench.commands.words import prepared
from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.run.outcomes import Outcome


def main(arguments: list[str]) -> int:
    """Run one job or a sweep and say where the results are; the exit code is the worst of all jobs."""
    outcomes = sweep(arguments)
    if folders := folders_of(outcomes):
        from bench.report.report import print_runs

        print_runs(folders)
    return closed(outcomes, arguments)


def closed(outcomes: Sequence[Outcome], arguments: Sequence[str]) -> int:
    """Below the table, the jobs of a sweep that failed; returns the exit code."""
    from bench.run.outcomes import worst

    if is_sweep(arguments):
        tell_failures(outcomes, arguments)
    return worst(outcomes)


def folders_of(outcomes: Sequence[Outcome]) -> list[Path]:
    """The folders of the runs that are finished; jobs with the same settings share one."""
    return [Path(folder) for folder in dict.fromkeys(outcome.folder for outcome in outcomes if outcome.folder)]


def sweep(arguments: list[str], command: str = "") -> list[Outcome]:
    """Compose and run all jobs; one outcome a job, whatever it raised. Raises UsageError for words that fit no job.

    ``command`` is the line that asked for them, for the record, where it is not `zgs run` with these words.
    """
    from bench.settings.trust import check_config_folders, taken

    words, trusted = taken(arguments)
    check_config_folders(words, trusted)
    request, line = requested(words, trusted), command or shlex.join(["zgs", "run", *arguments])
    request = replace(request, arguments=prepared(request.arguments))
    with standing_in(request.cwd):
        if is_sweep(arguments):
            from bench.commands.many import run_many

            return run_many(request, line)
        return _one(request, line)


def _one(request: Request, command: str) -> list[Outcome]:
    task = Task(command, request.base, flag(request.arguments, CONFIG_DIR))
    try:
        call_hydra(request.arguments, task)
    except COMPOSING as error:
        raise UsageError(explained(error, request.arguments)) from error
    return task.outcomes
