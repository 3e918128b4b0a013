"""How far a job of a sweep has come, told in a file of the sweep's folder while it works; no part of the paper.

The file holds what only the job knows: its process, its images and the seconds that it has worked by its own clock.
Nobody has to compare clocks of two hosts. A thread writes it, also while one image takes minutes, so that whoever looks
twice sees whether the job still lives.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.store.files import write_atomically

ENDING = "progress"
"""Of the file's name: ``job-001.progress`` beside the outcome ``job-001.json``."""
EVERY = 2.0
"""Seconds between two words of a job."""
PREDICT = "predict"
"""The stage that an estimate goes by: nearly all work of a run is there."""


@dataclass(frozen=True)
class Process:
    """A process: its host, its number, and when it began in ticks of that host (0: unknown), for numbers come again."""

    host: str
    number: int
    begun: int = 0

    @classmethod
    def find_own(cls) -> Process:
        """Find this process."""
        return cls(platform.node(), os.getpid(), _read_begin(os.getpid()))

    def is_gone(self) -> bool:
        """Whether it has ended; False also where nobody can say, since it is of another host."""
        if self.host != platform.node():
            return False
        return not _is_there(self.number) or (self.begun > 0 and _read_begin(self.number) not in (0, self.begun))


@dataclass(frozen=True)
class JobProgress:
    """What a job has told: ``done`` of ``images`` in a ``stage``, after ``seconds``; ``beat`` counts its words."""

    job: int
    overrides: tuple[str, ...]
    process: Process
    stage: str = ""
    done: int = 0
    images: int = 0
    seconds: float = 0.0
    beat: int = 0


class _Teller(threading.Thread):
    """Writes the progress of the job of this process, until told to stop; a full disk is no reason to end a job."""

    def __init__(self, path: Path, progress: JobProgress) -> None:
        super().__init__(daemon=True)
        self.path, self.progress, self._begin = path, progress, time.monotonic()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(EVERY):
            self.write()

    def write(self) -> None:
        seconds = round(time.monotonic() - self._begin, 3)
        self.progress = replace(self.progress, seconds=seconds, beat=self.progress.beat + 1)
        with suppress(OSError):
            write_atomically(self.path, json.dumps(asdict(self.progress)).encode())

    def end(self) -> None:
        self._over.set()
        self.join()
        self.write()


_current: _Teller | None = None


@contextmanager
def tell_progress(job: int, overrides: Sequence[str], folder: Path | None) -> Iterator[None]:
    """Tell of a job of a sweep, in its ``folder``, for as long as the block runs; of a run alone nobody asks."""
    global _current
    if folder is None:
        yield
        return
    own = JobProgress(job, tuple(overrides), Process.find_own())
    _current = teller = _Teller(name_progress_file(job, folder), own)
    teller.write()
    teller.start()
    try:
        yield
    finally:
        _current = None
        teller.end()


def note_progress(stage: str, done: int, images: int) -> None:
    """Note how far the job of this process has come, if it is one of a sweep."""
    if _current is not None:
        _current.progress = replace(_current.progress, stage=stage, done=done, images=images)


def name_progress_file(job: int, folder: Path) -> Path:
    """Name the file of a job's progress in the sweep's folder."""
    return folder / f"job-{job:03}.{ENDING}"


def read_progress(path: Path) -> JobProgress | None:
    """Read what a job has told; None where it has told nothing that can be read."""
    try:
        known = json.loads(path.read_bytes())
        return JobProgress(**{**known, "overrides": tuple(known["overrides"]), "process": Process(**known["process"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


class ImageBar(tqdm):
    """A bar over the images of a run, which tells the sweep too; ``stage`` stands before it."""

    def __init__(self, stage: str, images: int) -> None:
        self.stage = stage
        super().__init__(total=images, desc=f"{stage} ", unit="img", dynamic_ncols=True)
        note_progress(stage, 0, images)

    def update(self, n: float | None = 1) -> bool | None:
        """See tqdm; what it returns says whether the bar was drawn."""
        drawn: Any = super().update(n)
        note_progress(self.stage, int(self.n), int(self.total or 0))
        return drawn


def _read_begin(number: int) -> int:
    """Read when a process began, in ticks since its host started; 0 where the system does not say."""
    try:
        status = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
        return int(status.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _is_there(number: int) -> bool:
    """Whether a process has a number; one of another user has it too."""
    try:
        os.kill(number, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
