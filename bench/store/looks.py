"""What was found in a file of the store, and how to tell that it is the same file still."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from bench.store.entries import Entry
from bench.store.places import is_remote

Stamp = tuple[int, ...]


class Look(NamedTuple):
    """What an item held, and the `read_stamp` of its file before that was read."""

    stamp: Stamp | None
    known: dict[str, Entry]

    def holds(self, path: Path) -> bool:
        """Whether the file is the one that was read: what is written has another stamp, for entries are only added."""
        return self.stamp is not None and self.stamp == read_stamp(path)


def read_stamp(path: Path) -> Stamp | None:
    """Read device, number, time and size of a file; None where there is none, or where it lies elsewhere."""
    try:
        found = None if is_remote(path) else path.stat()
    except OSError:
        return None
    return found and (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
