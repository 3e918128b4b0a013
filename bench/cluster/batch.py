"""Functions as jobs of submitit, on this machine or on a Slurm cluster, and whether they are over.

What submitit says of a job is not believed: of its local executor every job is FINISHED that was killed, raised or ran
out of time, and Slurm's word comes from an accounting that many clusters lack. A job is over when it has left a result,
when its process has ended, or when Slurm's queue holds it no more. No part of the paper.
"""

from __future__ import annotations

import difflib
import getpass
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from bench.cluster import witness
from bench.cluster.call import Call
from bench.cluster.last_words import LINE, Lost, read_last_words
from bench.errors import UsageError, UserError

Where = Literal["local", "slurm"]
GRACE = 20.0
"""Seconds in which the result of a job that has left Slurm's queue is seen on a shared disk."""
EVERY = {"local": 0.2, "slurm": 2.0}
"""Seconds between two looks."""
SLURMS = ("account", "partition", "qos", "constraint", "gres", "time", "mem", "exclude", "nodelist", "comment", "setup")
"""Parameters of Slurm's that a misspelt one without ``slurm_`` may have been."""


class Refused(UserError):
    """Slurm has not taken jobs: none of them has begun."""


class Batch:
    """Calls of one function, each a job of its own; at most ``together`` at a time (0: as many as there are).

    ``folder`` lies on a disk that all hosts share and keeps what submitit writes. ``options`` are submitit's, such as
    timeout_min, cpus_per_task, mem_gb and slurm_partition. Raises UsageError where submitit or Slurm is missing.
    """

    def __init__(self, where: Where, folder: Path, options: Mapping[str, Any], together: int = 0) -> None:
        self.where, self._folder, self._together = where, folder, together
        self._executor = _make_executor(where, folder, options, together)
        self._jobs: dict[int, Any] = {}
        self._minutes, self._begun = float(options.get("timeout_min") or 0), dict[int, float]()
        self._gone: dict[int, float] = {}
        self._calls: list[tuple[int, tuple[Any, ...]]] = []
        self._function: Callable[..., Any] = print

    def start(self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]) -> None:
        """Start ``function(*call)`` for each call; their numbers are their places."""
        self._function, self._calls = function, list(enumerate(calls))
        self._submit_more()

    @property
    def left(self) -> int:
        """How many jobs are not over."""
        return len(self._jobs) + len(self._calls)

    def wait(self) -> None:
        """Wait until it is worth to look again."""
        time.sleep(EVERY[self.where])

    def collect(self) -> list[tuple[int, Any]]:
        """Collect the jobs that are over: their number with the result, an exception that it raised, or `Lost`."""
        over = _list_over(self._jobs, self.where)
        done = [(number, self._read_end(number)) for number in over if self._is_readable(number)]
        for number, _ in done:
            del self._jobs[number]
        if done:
            self._submit_more()
        return done

    def cancel(self) -> None:
        """End all jobs, those that wait and those that run."""
        self._calls.clear()
        for job in self._jobs.values():
            with suppress(Exception):  # it may be over, or Slurm out of reach: the others are to be ended too
                job.cancel()

    def _read_end(self, number: int) -> Any:
        """Read what a job ended with. Of one that left no result Slurm says when its time was over; here we do."""
        result = _read_result(self._jobs[number])
        late = time.monotonic() - self._begun[number] >= 60 * self._minutes > 0
        if self.where == "local" and late and isinstance(result, Lost):
            return Lost(f"its time was over (timeout_min={self._minutes:g})", result.log)
        return result

    def _is_readable(self, number: int) -> bool:
        """Whether a job that is over has left its result, or another host has had the time to show it."""
        since = self._gone.setdefault(number, time.monotonic())
        late = time.monotonic() - since >= (GRACE if self.where == "slurm" else 0)
        return late or self._jobs[number].paths.result_pickle.exists()

    def _submit_more(self) -> None:
        """Slurm holds an array's jobs back by itself; here nobody does but we."""
        free = len(self._calls)
        if self.where == "local" and self._together:
            free = max(0, self._together - len(self._jobs))
        now, self._calls = self._calls[:free], self._calls[free:]
        if now:
            with _keep_errors(self._folder / "controllers.txt"):
                jobs = self._submit([call for _, call in now])
            self._jobs |= {number: job for (number, _), job in zip(now, jobs, strict=True)}
            self._begun |= {number: time.monotonic() for number, _ in now}

    def _submit(self, calls: list[tuple[Any, ...]]) -> list[Any]:
        """Hand jobs over to submitit. Raises Refused where Slurm does not take them."""
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        try:
            return list(self._executor.map_array(Call(self._function), calls))
        except (FailedJobError, FailedSubmissionError) as error:
            raise Refused(_describe_refusal(str(error))) from error


@contextmanager
def _keep_errors(file: Path) -> Iterator[None]:
    """Send what processes that are started meanwhile write as errors into a file.

    submitit's local jobs each have a process above them, which answers Ctrl-C with a traceback on our terminal.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    saved, own = os.dup(2), os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.dup2(own, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(own)


def require_submitit(where: Where) -> Any:
    """Return submitit. Raises UsageError where it, or Slurm, is not installed."""
    try:
        import submitit
    except ImportError as error:
        raise UsageError("jobs that submitit starts, on Slurm or here, need it: pip install 'zgs[slurm]'") from error
    if where == "slurm" and shutil.which("sbatch") is None:
        raise UsageError("no sbatch here: run the command on a host from which Slurm takes jobs")
    return submitit


def _make_executor(where: Where, folder: Path, options: Mapping[str, Any], together: int) -> Any:
    submitit = require_submitit(where)
    chosen = {name: value for name, value in options.items() if value is not None}
    if where == "slurm" and together:
        chosen["slurm_array_parallelism"] = together
    try:
        own = shlex.join([sys.executable, "-I", witness.__file__])
        executor = submitit.AutoExecutor(folder / "%j", cluster=where, local_python=own)
        executor.update_parameters(**chosen)
    except NameError as error:
        raise UsageError(_describe_unknown(str(error))) from error
    except (AssertionError, TypeError, ValueError) as error:
        raise UsageError(f"options for Slurm: {' '.join(str(error).split())[:LINE]}") from error
    return executor


def _describe_unknown(said: str) -> str:
    """Describe a parameter that submitit does not know, from its text, which lists all that it knows."""
    found = re.search(r"[Pp]arameter '(\w+)'", said)
    name = found[1] if found else "?"
    slurms = re.findall(r"\w+", said.partition("Valid arguments:")[2].partition("\n")[0]) or SLURMS
    known = [*re.findall(r"'(\w+)': <class", said), *(f"slurm_{one}" for one in slurms)]
    bare = {one.removeprefix("slurm_"): one for one in known}
    near = difflib.get_close_matches(name.removeprefix("slurm_"), bare, n=1)
    hint = f"; did you mean more.{bare[near[0]]}?" if near else "; Slurm's own begin with slurm_: more.slurm_account"
    return f"options for Slurm: more.{name}: submitit knows no such parameter{hint}"


def _describe_refusal(said: str) -> str:
    """Describe why sbatch took no jobs, from its errors."""
    lines = [line.strip().removeprefix("sbatch: error: ") for line in said.splitlines() if line.strip()]
    own = next((line for line in lines if "error" in line.lower() or "unable" in line.lower()), "")
    return (
        f"Slurm took no job ({(own or ' '.join(lines) or 'sbatch failed')[:LINE]}); does it answer, and do partition, "
        "account and limits fit? ask: scontrol ping; sinfo"
    )


def _list_over(jobs: Mapping[int, Any], where: Where) -> list[int]:
    """List the numbers of jobs that are over, by their results first."""
    there = {number for number, job in jobs.items() if job.paths.result_pickle.exists()}
    if len(there) == len(jobs):
        return sorted(there)
    queued = _read_queue() if where == "slurm" else None
    for number, job in jobs.items():
        ended = job.job_id not in queued if queued is not None else where == "local" and job.state != "RUNNING"
        if ended:
            there.add(number)
    return sorted(there)


def _read_queue() -> set[str] | None:
    """Read the ids of this user's jobs that Slurm holds, waiting or running; None where it does not answer."""
    command = ["squeue", "--noheader", "--array", "--format=%i", f"--user={getpass.getuser()}"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return set(said.stdout.split())


def _read_result(job: Any) -> Any:
    if not job.paths.result_pickle.exists():
        return read_last_words(job.paths.stderr)
    try:
        return job.result()
    except Exception as error:
        return error
