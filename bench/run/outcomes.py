"""What became of each job of a sweep: a file in the sweep's folder, whatever host it ran on; no part of the paper."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from bench.errors import DONE, FAILED, SKIPS, USAGE, UsageError, UserError
from bench.run.crash import describe_error, format_trace
from bench.run.job_progress import name_progress_file, read_progress
from bench.store.files import write_atomically

PATIENCE = 30.0
"""Seconds within which a file that another host wrote is seen on a shared disk."""
NOTHING_LEFT = "no outcome"
"""Begins the reason of a job that has left none, whatever is known of why."""
STOPPED = "stopped before it was done"
"""Why a job has no outcome whose sweep was stopped by Ctrl-C or a batch system."""
BEGUN = (".json", ".progress")
"""The endings of the files that a job leaves when it begins and ends; a launcher's word for that is not believed."""


class Finished(Protocol):
    """A finished run: its folder, and how many images it skipped."""

    folder: Path
    skipped: int


@dataclass(frozen=True)
class Outcome:
    """One job: its place in the sweep (from 1), overrides, exit code, and its folder or the reason that it has none.

    ``traceback`` is the file in which an unexpected error is told in full, ``objective`` the number that was asked for.
    """

    job: int
    overrides: tuple[str, ...]
    code: int
    reason: str = ""
    traceback: str = ""
    folder: str = ""
    seconds: float = 0.0
    host: str = ""
    objective: float | None = None

    @property
    def failed(self) -> bool:
        """Whether the job has left no results."""
        return self.code in (FAILED, USAGE)

    @property
    def state(self) -> str:
        """The state in a word: done, skips (done without some images), failed, refused (wrong words), lost, stopped."""
        if self.reason.startswith((NOTHING_LEFT, STOPPED)):
            return "lost" if self.reason.startswith(NOTHING_LEFT) else "stopped"
        return {DONE: "done", SKIPS: "skips", USAGE: "refused"}.get(self.code, "failed")


def attempt_job(job: int, overrides: Sequence[str], run: Callable[[], Finished], trace: Callable[[], Path]) -> Outcome:
    """Run one job; whatever it raises is its outcome, but Ctrl-C. ``trace`` says where a traceback is written."""
    begin, code, reason, place, folder, objective = time.monotonic(), DONE, "", "", "", None
    try:
        finished = run()
        code, folder = (SKIPS if finished.skipped else DONE), str(finished.folder)
        objective = getattr(finished, "objective", None)
    except UserError as error:
        code, reason = (USAGE if isinstance(error, UsageError) else FAILED), " ".join(str(error).split())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a variant's own sys.exit() ends its job, not the sweep
        code, reason, place = FAILED, describe_error(error), _keep_trace(trace, format_trace(error))
    seconds = round(time.monotonic() - begin, 3)
    return Outcome(job, tuple(overrides), code, reason, place, folder, seconds, platform.node(), objective)


def write_outcome(outcome: Outcome, folder: Path) -> None:
    """Leave an outcome in the sweep's folder, all or nothing."""
    write_atomically(name_outcome_file(outcome.job, folder), json.dumps(asdict(outcome), indent=1).encode())


def list_waiting(folder: Path, jobs: int) -> list[int]:
    """List the jobs of a sweep (from 1) that have neither begun nor been refused."""
    begun = {path.stem for path in folder.iterdir() if path.suffix in BEGUN}
    return [job for job in range(1, jobs + 1) if name_outcome_file(job, folder).stem not in begun]


def name_outcome_file(job: int, folder: Path, ending: str = "json") -> Path:
    """Name the file of a job in the sweep's folder."""
    return folder / f"job-{job:03}.{ending}"


def collect_outcomes(
    folder: Path, planned: Sequence[tuple[str, ...]], reason: str = "", patience: float = 0.0, lost: str = ""
) -> list[Outcome]:
    """Collect the outcomes of a sweep in its order; a planned job (its overrides) without one is lost.

    ``reason`` is what its launcher says, ``lost`` stands in place of what is known of each such job. Waits up to
    ``patience`` seconds for files that are not to be seen yet.
    """
    until = time.monotonic() + patience
    while (missing := _list_missing(folder, len(planned))) and time.monotonic() < until:
        time.sleep(0.1)
    outcomes = [read_outcome(path) for path in sorted(folder.glob("job-*.json"))]
    losses = [make_loss(job, planned[job - 1], reason, folder, lost=lost) for job in missing]
    return sorted([*outcomes, *losses], key=lambda outcome: outcome.job)


def make_loss(job: int, overrides: Sequence[str], reason: str, folder: Path, log: str = "", lost: str = "") -> Outcome:
    """Make the outcome of a job that left none, with the seconds and the host that it told of while it worked.

    Whether it had begun is read there too, unless ``lost`` says what became of it; ``reason`` is why, if anybody says.
    """
    told = read_progress(name_progress_file(job, folder))
    seconds, host = (told.seconds, told.process.host) if told else (0.0, "")
    words = lost or f"{NOTHING_LEFT}: {'it ended at work' if told else 'it never began'}"
    words = f"{words} ({reason})" if reason else words
    return Outcome(job, tuple(overrides), FAILED, words, log, seconds=seconds, host=host)


def find_worst_code(outcomes: Iterable[Outcome]) -> int:
    """Find the exit code of several jobs: an error counts more than a wrong word, and that more than a skip."""
    codes = {outcome.code for outcome in outcomes}
    return next((code for code in (FAILED, USAGE, SKIPS) if code in codes), DONE)


def _list_missing(folder: Path, jobs: int) -> list[int]:
    there = {path.name for path in folder.iterdir()}  # listed, for a disk may remember that a file was not there
    return [job for job in range(1, jobs + 1) if name_outcome_file(job, folder).name not in there]


def read_outcome(path: Path) -> Outcome:
    """Read what a job has left of itself."""
    known = json.loads(path.read_text())
    return Outcome(**{**known, "overrides": tuple(known["overrides"])})


def _keep_trace(trace: Callable[[], Path], text: str) -> str:
    """Keep the traceback and say where; else it goes to standard error: a full disk hides nothing."""
    try:
        place = trace()
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, text.encode("utf-8", "backslashreplace"))
        return str(place)
    except OSError:
        print(text, file=sys.stderr)
        return ""
