"""What made a result: the code, the command and the machine, and the line that makes it again; no part of the paper."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import bench

SOURCES = ("bench", "conf")
"""What of a checkout can change a result: nothing else makes it dirty."""


def describe_origin(command: str) -> dict[str, Any]:
    """Describe a record's origin: version and commit of zgs, ``command``, host, Python, platform, folder.

    Nobody's name: a home folder is written as ``~`` here.
    """
    return {
        "zgs": {"version": bench.__version__, **read_commit()},
        "command": command,
        "cwd": shorten_home(Path.cwd()),
        "host": platform.node(),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def describe_typed(command: str, words: Sequence[str]) -> dict[str, Any]:
    """Describe the origin of a typed command, which is also the line that repeats it, in its folder."""
    line = shlex.join(["zgs", command, *words])
    return describe_origin(line) | {"repeat": f"cd {_quote_for_shell(shorten_home(Path.cwd()))} && {line}"}


@cache
def read_commit() -> dict[str, Any]:
    """Read the ``commit`` of this code's checkout, and whether its sources are ``dirty``; None for a wheel.

    Not of any repository around it: a wheel may lie in a project of somebody's.
    """
    root = Path(bench.__file__).resolve().parent.parent
    top, tracked = _ask_git(root, "rev-parse", "--show-toplevel"), _ask_git(root, "ls-files", "bench/__init__.py")
    if not top or not tracked or Path(top).resolve() != root:
        return {"commit": None, "dirty": None}
    changes = _ask_git(root, "status", "--porcelain", "--", *SOURCES)
    return {"commit": _ask_git(root, "rev-parse", "HEAD") or None, "dirty": None if changes is None else bool(changes)}


def make_repeat_line(folder: Path, packages: Sequence[str] = ()) -> str:
    """Make the line for a shell that repeats the run in a folder, from wherever it is typed.

    ``packages`` of one's own have to be trusted there, for the folder may have come to somebody else.
    """
    trust = f" trust={','.join(packages)}" if packages else ""
    return f"zgs run -cd {_quote_for_shell(shorten_home(folder.absolute()))} -cn config{trust}"


def shorten_home(path: Path) -> str:
    """Shorten a path with the home folder as ``~``."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path != home and path.is_relative_to(home) else str(path)


def _quote_for_shell(path: str) -> str:
    """Quote a path, but for the ``~`` that a shell has to read."""
    return f"~/{shlex.quote(path[2:])}" if path.startswith("~/") else shlex.quote(path)


def _ask_git(root: Path, *words: str) -> str | None:
    """Ask what git says of the repository at ``root``; None without git, without a repository, or where it refuses."""
    # A hook or another tool may have set GIT_DIR, which would name its repository in place of ours.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "--no-optional-locks", "-C", str(root), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=clean, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
