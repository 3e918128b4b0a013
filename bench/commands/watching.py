"""A sweep watched by the process that launched it: lines in its terminal, wherever the jobs run."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from bench.commands.sweep_lines import describe_end, describe_sweep
from bench.commands.sweeps import Job
from bench.run.job_progress import Process
from bench.run.sweep_status import Plan, SweepReader, read_plan, write_plan

EVERY, SAID_EVERY = 1.0, 60.0
"""Seconds between two looks, and after which the whole is told anew where no job has ended."""
ENDED, STOPPED = "ended", "stopped before it was done"


class _Watcher(threading.Thread):
    """Looks into the folder of a sweep and prints what has changed, until told to stop."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        super().__init__(daemon=True)
        self.reader, self._told, self._last = SweepReader(folder, plan), set[tuple[int, str]](), ""
        self._quiet = 0.0
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(EVERY):
            self.look()

    def look(self) -> None:
        """Print a line for each job that has ended since the last look, and the whole below it."""
        with suppress(OSError):  # a disk that does not answer for a moment
            statuses = self.reader.read()
            new = [each for each in statuses if not each.is_open and (each.job, each.state) not in self._told]
            self._told |= {(each.job, each.state) for each in new}  # who is gone may be launched again
            self._quiet = 0.0 if new else self._quiet + EVERY
            whole = describe_sweep(statuses, self.reader.plan)
            if new or (self._quiet >= SAID_EVERY and whole != self._last):
                self._quiet, self._last = 0.0, whole
                tqdm.write("\n".join([*(describe_end(each, self.reader.plan) for each in new), whole]), file=sys.stderr)

    def end(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def watch_sweep(folder: Path, command: str, jobs: Sequence[Job]) -> Iterator[None]:
    """Leave the plan of a sweep in its folder and print how far it has come, for as long as the block runs."""
    plan = write_plan(folder, Plan(command, tuple(jobs), Process.find_own()))
    watcher, how = _Watcher(folder, plan), STOPPED
    watcher.start()
    try:
        yield
        how = ENDED
    finally:
        watcher.end()
        with suppress(OSError):
            known = read_plan(folder) or watcher.reader.plan  # a sweeper may have written since the last look
            watcher.reader.plan = write_plan(folder, replace(known, ended=how))
        if how == ENDED:
            watcher.look()
