"""No part of the paper: where compiled loops are kept, so that a process need not compile them anew.

numba looks whether the file of a loop has changed, but not the files of what the loop calls, whose old code would stay
in it; nor most of its options, nor llvmlite's version. So the folder is named by the contents of all files of loops, by
numba's options and by both versions.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench.system.loop_options import read_loop_options

ROOT = Path(__file__).resolve().parent.parent


@cache
def find_folder() -> Path | None:
    """Find a folder that can be written: what NUMBA_CACHE_DIR names, one beside this file, or in the user's cache."""
    name = f"loops-{_hash(hash_loops(ROOT), *_describe_compiler())}"
    return next((folder for parent in _list_parents() if _can_write(folder := parent / name)), None)


def hash_loops(root: Path) -> str:
    """Hash names and contents of all files of loops below a folder: 16 digits."""
    paths = sorted(root.rglob("*loops.py"))
    return _hash(*(part for path in paths for part in (path.relative_to(root).as_posix(), path.read_bytes())))


def _describe_compiler() -> Iterator[str]:
    import llvmlite
    import numba

    yield from (numba.__version__, llvmlite.__version__)
    yield from (f"{name}={value}" for name, value in read_loop_options(os.environ).items())


def _hash(*parts: str | bytes) -> str:
    plain = [part.encode() if isinstance(part, str) else part for part in parts]
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in plain)).hexdigest()[:16]


def _list_parents() -> Iterator[Path]:
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(named)
    yield Path(__file__).parent / "__pycache__"
    yield Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "zgs"


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # a home that is not known
        return False
    return os.access(folder, os.W_OK | os.X_OK)
