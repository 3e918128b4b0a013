"""Where the files that travel with the package lie, what processors and memory there are; no part of the paper."""

from __future__ import annotations

import os
from pathlib import Path

from bench.errors import UserError


def find_conf_dir() -> Path:
    """Find the folder of the Hydra groups: ``bench/conf`` in a wheel, ``conf`` beside ``bench`` in a checkout.

    Raises `UserError` where neither is there, which means that the package was copied without its configs.
    """
    return _find_folder("conf", "the configs")


def find_published_dir() -> Path:
    """Find the folder of the paper's own numbers: ``results/paper``, in a wheel inside ``bench``.

    Raises `UserError` where it is not there.
    """
    return _find_folder("results/paper", "the published numbers")


def _find_folder(name: str, what: str) -> Path:
    package = Path(__file__).resolve().parents[1]
    places = (package / name, package.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise UserError(f"{what} are missing: neither {places[0]} nor {places[1]} exists; install the package again")


def count_processors() -> int:
    """Count processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def measure_memory() -> int | None:
    """Measure the bytes that this process may have at all: the machine's, or the least limit of its control groups."""
    names = {"SC_PAGE_SIZE", "SC_PHYS_PAGES"}
    known = names <= set(getattr(os, "sysconf_names", {}))  # not on Windows
    whole = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if known else []
    return min(whole + _read_limits(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")), default=None)


def _read_limits(groups: Path, root: Path) -> list[int]:
    """Limits of memory of the control groups (v1 and v2) that a process is in, and of those above them."""
    try:
        lines = groups.read_text().splitlines()
    except OSError:  # not Linux
        return []
    files = []
    for line in lines:
        _, kinds, name = line.split(":", 2)
        top, file = (root, "memory.max") if kinds == "" else (root / "memory", "memory.limit_in_bytes")
        if kinds in ("", "memory"):
            own = top / name.strip("/")
            files += [folder / file for folder in (own, *own.parents) if folder.is_relative_to(top)]
    texts = [file.read_text().strip() for file in files if file.is_file()]
    return [int(text) for text in texts if text.isdigit()]  # "max" is no limit
