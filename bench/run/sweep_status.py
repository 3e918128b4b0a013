"""How far a sweep has come, from what its launcher and its jobs have left in its folder; no part of the paper.

Seconds are those that each job counts itself, so that hosts whose clocks are apart change nothing. Of jobs on this host
the system says whether their process is still there; of jobs on other hosts only a second look does, by their beat.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from bench.errors import UserError
from bench.run.job_progress import PREDICT, JobProgress, Process, name_progress_file, read_progress
from bench.run.outcomes import Outcome, name_outcome_file, read_outcome
from bench.store.files import write_atomically

PLAN = "sweep.json"
WAITING, RUNNING, GONE, NEVER = "waiting", "running", "gone", "not begun"
"""States of a job without an outcome: to begin, at work, its process ended without a word, or never to begin."""
OPEN = (WAITING, RUNNING)
SILENT = 30.0
"""Seconds without a new word after which that is told of a job; it speaks every `bench.run.job_progress.EVERY`."""


@dataclass(frozen=True)
class Plan:
    """What the launcher has left of a sweep: its command, jobs, process, and how it ended (empty: it has not).

    ``expected`` counts the jobs where they are not known beforehand, as another sweeper chooses them one by one (None:
    it has not said), and ``fixed`` are the words that all of them have.
    """

    command: str
    jobs: tuple[tuple[str, ...], ...]
    launcher: Process
    expected: int | None = None
    ended: str = ""
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobStatus:
    """One job: its state in a word, images done and in all (0: unknown), seconds of work, seconds that it will take."""

    job: int
    overrides: tuple[str, ...]
    state: str
    done: int = 0
    images: int = 0
    seconds: float = 0.0
    left: float | None = None
    host: str = ""
    reason: str = ""
    beat: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the job will go on, as far as anybody knows."""
        return self.state in OPEN


@dataclass
class SweepReader:
    """Reads the status of a sweep again and again; outcomes, which never change, once."""

    folder: Path
    plan: Plan
    _known: dict[int, JobStatus] = field(default_factory=dict)
    _beats: dict[int, tuple[int, float]] = field(default_factory=dict)

    def read(self) -> list[JobStatus]:
        """Read the status of every job, in their order."""
        self.plan = read_plan(self.folder) or self.plan
        names = {path.name for path in self.folder.iterdir()}
        last = max([len(self.plan.jobs), *(int(name[4:].partition(".")[0]) for name in names if _is_of_job(name))])
        return [self._read_job(job, names) for job in range(1, last + 1)]

    def _read_job(self, job: int, names: set[str]) -> JobStatus:
        if job in self._known:
            return self._known[job]
        planned = self.plan.jobs[job - 1] if job <= len(self.plan.jobs) else ()
        told = read_progress(name_progress_file(job, self.folder))
        if name_outcome_file(job, self.folder).name in names and (outcome := self._read_outcome(job)):
            self._known[job] = _describe_ended(outcome, told)
            return self._known[job]
        if told is None:
            over = self.plan.ended or self.plan.launcher.is_gone()
            return JobStatus(job, planned, NEVER if over else WAITING)
        return self._note_silence(_describe_running(told), told)

    def _read_outcome(self, job: int) -> Outcome | None:
        try:
            return read_outcome(name_outcome_file(job, self.folder))
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _note_silence(self, status: JobStatus, told: JobProgress) -> JobStatus:
        """Note for how long, by this process's own clock, a job has said nothing new."""
        now = time.monotonic()
        beat, since = self._beats.setdefault(status.job, (told.beat, now))
        if beat != told.beat:
            self._beats[status.job], since = (told.beat, now), now
        silent = now - since
        if status.state != RUNNING or silent < SILENT:
            return status
        return replace(status, reason=f"no word for {silent:.0f} s")


def open_sweep(folder: Path) -> SweepReader:
    """Open the folder of a sweep. Raises UserError for a folder that is none."""
    plan = read_plan(folder)
    if plan is None:
        raise UserError(f"{folder}: no folder of a sweep ({PLAN} is missing); `zgs run -m` leaves one below out/sweeps")
    return SweepReader(folder, plan)


def write_plan(folder: Path, plan: Plan) -> Plan:
    """Leave the plan of a sweep in its folder, for whoever asks; return it."""
    write_atomically(folder / PLAN, json.dumps(asdict(plan), indent=1).encode("utf-8", "backslashreplace"))
    return plan


def read_plan(folder: Path) -> Plan | None:
    """Read the plan of a sweep; None where there is none that can be read."""
    try:
        known = json.loads((folder / PLAN).read_bytes())
        jobs, launcher = tuple(tuple(job) for job in known["jobs"]), Process(**known["launcher"])
        return Plan(**{**known, "jobs": jobs, "launcher": launcher, "fixed": tuple(known.get("fixed", ()))})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def estimate_rest(statuses: Sequence[JobStatus], unknown: int = 0) -> float | None:
    """Estimate the seconds until the last job ends; None where no job has come far enough to say.

    A job that waits, or one of ``unknown`` more that are to come, takes as long as those that are done took on
    average, else as long as those at work will have. As many jobs go on at a time as do now.
    """
    running = [status for status in statuses if status.state == RUNNING]
    waiting = sum(status.state == WAITING for status in statuses) + unknown
    ended = [status.seconds for status in statuses if not status.is_open and status.seconds and status.state != GONE]
    whole = ended or [status.seconds + status.left for status in running if status.left is not None]
    if not running and not waiting:
        return 0.0
    if not whole:
        return None
    mean = sum(whole) / len(whole)
    left = [max(mean - status.seconds, 0.0) if status.left is None else status.left for status in running]
    return max([(sum(left) + waiting * mean) / max(len(running), 1), *left])


def count_states(statuses: Iterable[JobStatus]) -> Mapping[str, int]:
    """Count jobs by their state, in the order in which they come first."""
    return Counter(status.state for status in statuses)


def _is_of_job(name: str) -> bool:
    return name.startswith("job-") and name[4:].partition(".")[0].isdigit()


def _describe_ended(outcome: Outcome, told: JobProgress | None) -> JobStatus:
    done, images = (told.done, told.images) if told else (0, 0)
    return JobStatus(
        outcome.job, outcome.overrides, outcome.state, done, images, outcome.seconds, None, outcome.host, outcome.reason
    )


def _describe_running(told: JobProgress) -> JobStatus:
    state, left = GONE if told.process.is_gone() else RUNNING, None
    if told.stage == PREDICT and told.done:
        left = told.seconds * (told.images - told.done) / told.done
    elif told.stage and told.stage != PREDICT:
        left = 0.0  # scores are made, which takes little
    reason = "its process ended without a word" if state == GONE else ""
    images = (told.done, told.images) if told.stage == PREDICT else (told.images, told.images)
    return JobStatus(told.job, told.overrides, state, *images, told.seconds, left, told.process.host, reason, told.beat)
