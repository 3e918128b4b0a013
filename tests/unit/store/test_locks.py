"""One process at a time, a lock that dies with its holder, and nothing left behind."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from bench.store.locks import Busy, hold_lock

CONTEXT = multiprocessing.get_context("fork")


def _count(place: Path, rounds: int) -> None:
    """Reads and writes a number without any care of its own."""
    for _ in range(rounds):
        with hold_lock(place / "lock"):
            number = int((place / "number").read_text())
            (place / "number").write_text(str(number + 1))


def test_no_two_processes_are_inside_and_no_file_stays(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    jobs = [CONTEXT.Process(target=_count, args=(tmp_path, 25)) for _ in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert (tmp_path / "number").read_text() == "50"
    assert [path.name for path in tmp_path.iterdir()] == ["number"]


def _hold(place: Path, inside: object) -> None:
    with hold_lock(place / "lock"):
        inside.set()  # type: ignore[attr-defined]
        signal.pause()


def test_a_lock_is_free_when_its_holder_is_killed(tmp_path: Path) -> None:
    inside, told = CONTEXT.Event(), []
    holder = CONTEXT.Process(target=_hold, args=(tmp_path, inside))
    holder.start()
    assert inside.wait(20)
    with pytest.raises(Busy), hold_lock(tmp_path / "lock", wait=False):
        pass

    def waiting() -> None:
        told.append("waits")
        os.kill(holder.pid, signal.SIGKILL)  # type: ignore[arg-type]

    with hold_lock(tmp_path / "lock", waiting=waiting):
        assert told == ["waits"]
    holder.join()
    assert not (tmp_path / "lock").exists()


def test_an_error_inside_frees_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold_lock(tmp_path / "lock"):
        raise ZeroDivisionError
    with hold_lock(tmp_path / "lock", wait=False):
        assert (tmp_path / "lock").exists()


def test_a_file_system_without_locks_is_no_obstacle(tmp_path: Path, monkeypatch) -> None:
    def lacking(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", lacking)
    with hold_lock(tmp_path / "lock"):
        assert (tmp_path / "lock").exists()
    assert not (tmp_path / "lock").exists()
