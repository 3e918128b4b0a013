"""`zgs run`: Hydra composes the settings, each job is one run; a table over all jobs closes a sweep."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.commands.calling import COMPOSING, run_alone, split_flags
from bench.commands.failures import print_failures
from bench.commands.job_table import write_job_table
from bench.commands.options import CONFIG_DIR, find_flag
from bench.commands.overrides import explain_error
from bench.commands.repeated import Request, read_request, work_in
from bench.commands.sweeps import find_spreading, is_sweep
from bench.commands.task import Task
from bench.commands.words import prepare_words
from bench.errors import UsageError

if TYPE_CHECKING:
    from bench.run.outcomes import Outcome


def main(arguments: list[str]) -> int:
    """Run one job or a sweep and say where the results are; the exit code is the worst of all jobs."""
    outcomes = run_jobs(arguments)
    if folders := list_folders(outcomes):
        from bench.report.printed import print_runs

        print_runs(folders)
    return close_sweep(outcomes, arguments)


def close_sweep(outcomes: Sequence[Outcome], arguments: Sequence[str]) -> int:
    """Below the table of scores, that of the jobs of a sweep, and those that failed; returns the exit code."""
    from bench.run.outcomes import find_worst_code

    if is_sweep(arguments) and outcomes:
        print("", write_job_table(outcomes), sep="\n")
        print_failures(outcomes, arguments)
    return find_worst_code(outcomes)


def list_folders(outcomes: Sequence[Outcome]) -> list[Path]:
    """The folders of the runs that are finished; jobs with the same settings share one."""
    return [Path(folder) for folder in dict.fromkeys(outcome.folder for outcome in outcomes if outcome.folder)]


def run_jobs(arguments: list[str], command: str = "") -> list[Outcome]:
    """Compose and run all jobs; one outcome a job, whatever it raised. Raises UsageError for words that fit no job.

    ``command`` is the line that asked for them, for the record, where it is not `zgs run` with these words.
    """
    from bench.settings.trust import check_config_folders, take_trusted

    words, trusted = take_trusted(arguments)
    check_config_folders(words, trusted)
    request, line = read_request(words, trusted), command or shlex.join(["zgs", "run", *arguments])
    request = replace(request, arguments=prepare_words(request.arguments))
    with work_in(request.cwd):
        if is_sweep(arguments):
            from bench.commands.many import run_many

            return run_many(request, line)
        return _run_one(request, line)


def _refuse_spreading(arguments: Sequence[str]) -> None:
    """Raise UsageError for a launcher or sweeper without -m: the job would run here, and nobody would be told."""
    if spreading := find_spreading(split_flags(arguments)[1]):
        raise UsageError(f"{spreading[0]}: is for sweeps, also for those of one job: add -m: zgs run -m …")


def _run_one(request: Request, command: str) -> list[Outcome]:
    task = Task(command, request.base, find_flag(request.arguments, CONFIG_DIR))

    def run_it(config: Any) -> float | None:
        _refuse_spreading(request.arguments)  # when all words are known to be right
        return task(config)

    try:
        run_alone(request.arguments, run_it)
    except COMPOSING as error:
        raise UsageError(explain_error(error, request.arguments)) from error
    return task.outcomes
