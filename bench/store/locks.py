"""One process at a time, by a lock that the system frees when its holder dies; no part of the paper."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_WITHOUT = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""What a file system says that has no locks: work may then be done twice, never wrongly."""


class Busy(Exception):
    """Another process holds the lock, and this one was not to wait."""


@contextmanager
def hold_lock(path: Path, wait: bool = True, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock of ``path``, a file that is there only while somebody holds it or waits for it.

    ``waiting`` is called before this process waits for another; with ``wait=False`` it raises `Busy` instead. Raises
    OSError where the file cannot be made.
    """
    handle = _take_lock(path, wait, waiting)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while the lock is held: whoever waits for it sees that the file is gone
        with suppress(OSError):  # a forked child that has the handle too must not hold on to the lock
            fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _take_lock(path: Path, wait: bool, waiting: Callable[[], None] | None) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(handle, wait, waiting)
            if _is_same_file(handle, path):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # its holder took the file away when done


def _lock(handle: int, wait: bool, waiting: Callable[[], None] | None) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        if not wait:
            raise Busy from error
        if waiting is not None:
            waiting()
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _WITHOUT:
            raise


def _is_same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
