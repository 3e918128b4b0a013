"""Whole processes of this tree and of an earlier one: run to their end, with the processor seconds they took.

For scripts that compare costs; it is none of the paper.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SUBREAPER = 36
"""prctl's PR_SET_CHILD_SUBREAPER: who loses its parent becomes our child, so that its seconds come to us too."""


@dataclass(frozen=True)
class Cost:
    """What one process and its children took."""

    processor: float
    wall: float


@contextlib.contextmanager
def open_earlier_tree(commit: str) -> Iterator[Path]:
    """A worktree of a commit, gone afterwards. Ends the script for a commit that is not known here."""
    git = ["git", "-C", str(ROOT)]
    known = subprocess.run([*git, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"], capture_output=True)
    if known.returncode:
        raise SystemExit(f"--before {commit}: no commit of this repository; `git log --oneline` lists them")
    with tempfile.TemporaryDirectory(prefix="zgs-before-") as folder:
        tree = Path(folder) / "tree"
        subprocess.run([*git, "worktree", "add", "--quiet", "--detach", str(tree), commit], check=True)
        # A package without this file would give way to the one of the same name in the tree that is installed.
        (tree / "data_prep/__init__.py").touch()
        try:
            yield tree
        finally:
            subprocess.run([*git, "worktree", "remove", "--force", str(tree)], check=True)


def make_environment(tree: Path) -> dict[str, str]:
    """This process's environment with the sources of a tree in front."""
    return os.environ | {"PYTHONPATH": str(tree), "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def measure(command: Sequence[str], tree: Path, log: Path) -> Cost:
    """Run a command to its end and to that of everything it started; ends the script where it fails."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    before, begin = read_used_seconds(), time.perf_counter()
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=tree, env=make_environment(tree), stdout=stream, stderr=stream)
        code = process.wait()
    wall = time.perf_counter() - begin
    with contextlib.suppress(ChildProcessError):  # when no child is left
        while True:
            os.wait()
    if code:
        raise SystemExit(f"exit code {code} of {shlex.join(command)}\n{log.read_text(errors='replace')[-2000:]}")
    return Cost(read_used_seconds() - before, wall)


def read_used_seconds() -> float:
    """User and system seconds of all children that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
