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


def measure_free_memory() -> int | None:
    """Measure the bytes that this process may still take: what the machine, its control groups and its own limit leave.

    None where the system does not say (only Linux does).
    """
    available = _read_kilobytes(Path("/proc/meminfo"), "MemAvailable:")
    limits = _list_limits(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))
    left = [limit - used for file, limit in limits if (used := _read_used(file)) is not None]
    return min((*([] if available is None else [available]), *left, *_read_own_limit()), default=None)


def read_own_memory(name: str) -> int | None:
    """Read a line of what Linux says of this process's memory, such as VmHWM, the peak, as bytes; else None."""
    return _read_kilobytes(Path("/proc/self/status"), f"{name}:")


def _read_own_limit() -> list[int]:
    """Read what is left of the limit of a process's addresses (`ulimit -v`), if there is one."""
    try:
        import resource
    except ImportError:  # not on Windows
        return []
    limit, used = resource.getrlimit(resource.RLIMIT_AS)[0], read_own_memory("VmSize")
    return [] if limit == resource.RLIM_INFINITY or used is None else [max(limit - used, 0)]


def _read_used(limit: Path) -> int | None:
    """Read what a control group uses and cannot give back: all of it but files that were read and are not in use."""
    name = "memory.current" if limit.name == "memory.max" else "memory.usage_in_bytes"
    try:
        used = int((limit.parent / name).read_text())
        lines = (limit.parent / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):
        return None
    files = [int(line.split()[1]) for line in lines if line.startswith(("inactive_file ", "total_inactive_file "))]
    return used - max(files, default=0)


def _read_kilobytes(file: Path, name: str) -> int | None:
    """Read a line of /proc such as "VmSize:  1024 kB" as bytes."""
    try:
        lines = file.read_text().splitlines()
    except OSError:  # not Linux
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(name)), None)


def _read_limits(groups: Path, root: Path) -> list[int]:
    """Limits of memory of the control groups (v1 and v2) that a process is in, and of those above them."""
    return [limit for _, limit in _list_limits(groups, root)]


def _list_limits(groups: Path, root: Path) -> list[tuple[Path, int]]:
    """List the files of those limits, with what they say."""
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
    texts = [(file, file.read_text().strip()) for file in files if file.is_file()]
    return [(file, int(text)) for file, text in texts if text.isdigit()]  # "max" is no limit
