"""Memory that a stage does not need, given back before it begins, so that a worker is as large as its largest stage.

The stages run one at a time, yet the weights of all stay mapped from their files, with every page that was ever read.
Such a page is the file's: given back, it is read again from the system's cache when it is next asked for. No part of
the paper.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from mmap import PAGESIZE
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from bench.system.resources import read_own_memory

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

LARGE = 640 << 20
"""Bytes of files in memory from which they are given back: libraries and small models take some 500 MB and pay nothing.

To map pages again takes 0.14 s a GiB of one core, to give them back 0.04 s, with the files in the system's cache."""
PACKED = 256 << 20
"""The same where weights were packed just now, a copy beside that of the file: of CLIP's texts alone 340 MB."""
MUCH = 896 << 20
"""Bytes of a process's own from which it is asked for all: CLIP's layers leave 450 MB of freed memory, and the few that
a merged segment is embedded by 190 MB of files."""
GROWN = 96 << 20
"""Bytes that such a process has grown by since it gave back, for it to be asked again: to look through its mappings
takes 50 ms, which before each stage of small models would be half of a run."""
_held_then = {"bytes": 0}
"""What this process held when it had last given back."""
LEAST = 4 << 20
"""Bytes of a mapping that are worth a call."""
COMPILER = "libllvmlite"
_MAPS = Path("/proc/self/smaps")
_HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ +(/.*)")
_DONTNEED = 4
"""madvise's MADV_DONTNEED on Linux."""


class Mapping(NamedTuple):
    """A part of a file in this process's addresses: ``held`` bytes are in memory, of them ``own`` its own copies."""

    start: int
    stop: int
    rights: str
    file: str
    held: int
    own: int


def isolate(stage: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Make the function that gives back what the other stages hold of large files, then runs a stage."""

    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> Result:
        give_back()
        return stage(*arguments, **options)

    return run


def give_back(large: int | None = None) -> int:
    """Give back the pages of large mapped files, and what the allocator keeps of freed memory; return bytes of files.

    It is left alone where its files take less than that (`LARGE`) and its own memory less than `MUCH`, or has hardly
    grown since (`GROWN`), and where the system is not Linux.
    """
    files, own = _read_held()
    is_large = files >= (LARGE if large is None else large)
    if not (is_large or (own >= MUCH and files + own >= _held_then["bytes"] + GROWN)):
        return 0
    given = sum(_give_back(one) for one in list_mappings(_MAPS.read_text().splitlines()) if can_give_back(one))
    trim()
    _held_then["bytes"] = sum(_read_held())
    return given


def _read_held() -> tuple[int, int]:
    """Read what this process holds in memory: bytes of files, and its own."""
    return read_own_memory("RssFile") or 0, read_own_memory("RssAnon") or 0


def give_back_compiler() -> int:
    """Give back the code of LLVM, which numba has loaded loops by and which none of them calls; return its bytes.

    It comes again for the next loop: 10 ms. A file's code is never written to, so only the names of mappings are read.
    """
    lines = _MAPS.with_name("maps").read_text().splitlines() if has_pages() else []
    found = [match for line in lines if COMPILER in line and (match := _HEAD.fullmatch(line))]
    parts = [(int(one[1], 16), int(one[2], 16)) for one in found if one[3] == "r-xp"]
    return sum(stop - start for start, stop in parts if not _forget(start, stop))


def has_pages() -> bool:
    """Whether this system tells a process of its pages: Linux does."""
    return _MAPS.is_file()


def trim() -> None:
    """Give back what the allocator keeps of freed memory: a hundredth of a second. Only glibc's can."""
    if call := getattr(_open_library(), "malloc_trim", None):
        call(0)


def forget_files() -> Callable[[int, int], None]:
    """Make a function that gives back the pages between two addresses, which may be any.

    It does so where they are a file's that nobody had written to when it was made, and does nothing elsewhere.
    """
    lines = _MAPS.read_text().splitlines() if has_pages() else []
    clean = [(one.start, one.stop) for one in list_mappings(lines) if _is_clean(one)]

    def forget(start: int, stop: int) -> None:
        first, last = -(-start // PAGESIZE) * PAGESIZE, stop // PAGESIZE * PAGESIZE
        if first < last and any(a <= first and last <= b for a, b in clean):
            _forget(first, last)

    return forget


def can_give_back(one: Mapping) -> bool:
    """Whether a mapping's pages can be read again as they are, and are worth a call."""
    return one.held >= LEAST and _is_clean(one)


def _is_clean(one: Mapping) -> bool:
    """Whether no page of a mapping was written to: it is private and has no copies of its own.

    One of a library that may be written to is left alone, for another thread of it may do so meanwhile; to weights
    nobody writes.
    """
    library = ".so" in Path(one.file).name
    return one.rights[3] == "p" and not one.own and not (library and "w" in one.rights)


def list_mappings(lines: Iterable[str]) -> Iterator[Mapping]:
    """Read the lines of /proc/PID/smaps: the mappings of files. Own copies may be in memory or swapped out."""
    head, sizes = None, dict[str, int]()
    for line in lines:
        name, _, rest = line.partition(":")
        if "-" in name:
            head, sizes = _HEAD.fullmatch(line), {}
        elif name in ("Rss", "Anonymous", "Swap"):
            sizes[name] = _read_bytes(rest)
        elif head and name == "VmFlags":  # the last line of each
            own = sizes["Anonymous"] + sizes.get("Swap", 0)
            yield Mapping(int(head[1], 16), int(head[2], 16), head[3], head[4], sizes["Rss"], own)


def _read_bytes(text: str) -> int:
    return int(text.split()[0]) << 10


def _give_back(one: Mapping) -> int:
    return 0 if _forget(one.start, one.stop) else one.held  # pages that are locked


def _forget(start: int, stop: int) -> bool:
    """Whether the system refuses to forget the pages between two addresses."""
    return bool(_open_library().madvise(ctypes.c_void_p(start), ctypes.c_size_t(stop - start), _DONTNEED))


@cache
def _open_library() -> Any:
    """Open the system's library of C; None on Windows, which has none by this way."""
    return ctypes.CDLL(None) if os.name == "posix" else None
