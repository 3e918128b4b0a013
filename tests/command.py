"""A command of a test's own, run as `zgs` runs one, in a process of its own that can be sent signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEFORE = """
import sys, types
import bench.cli
from bench.system import signals
module = types.ModuleType("bench.commands.given")
exec(open(sys.argv[1]).read(), vars(module))
bench.cli.COMMANDS["given"] = ""
sys.modules["bench.commands.given"] = module
sys.argv = ["zgs", "given", *sys.argv[2:]]
sys.exit(bench.cli.main())
"""


def words(tmp: Path, source: str) -> list[str]:
    """The words that run a command whose module is ``source``."""
    file = tmp / "given.py"
    file.write_text(source)
    return [sys.executable, "-c", BEFORE, str(file)]


def start(tmp: Path, source: str, *, shell: str = "", env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a command whose module is ``source``. ``shell`` holds redirections."""
    return launch(words(tmp, source), shell=shell, env=env)


def launch(command: Sequence[str], shell: str = "", env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a process in a group of its own, with these sources."""
    whole = ["bash", "-c", f'exec "$@" {shell}', "bash", *command] if shell else list(command)
    return subprocess.Popen(
        whole, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
        encoding="utf-8", errors="replace",
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}, start_new_session=True,
    )  # fmt: skip


def zgs(*words: str) -> list[str]:
    """The words of a command line of `zgs`."""
    return [sys.executable, "-m", "bench.cli", *words]


def ended(process: subprocess.Popen[str], seconds: float = 60) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def wait_until_it_listens(process: subprocess.Popen[str]) -> None:
    """Wait until a command has its signal handlers; before that Python is starting, and no line of ours can be said."""
    status, last = Path(f"/proc/{process.pid}/status"), 1 << (signal.SIGALRM - 1)  # the one that is set last
    while process.poll() is None:
        caught = next((row for row in status.read_text().splitlines() if row.startswith("SigCgt:")), "SigCgt: 0")
        if int(caught.split()[1], 16) & last:
            return
        time.sleep(0.01)


def of_group(leader: int) -> list[int]:
    """The living processes of a session that a test has started."""
    listed = subprocess.run(["ps", "-eo", "pid=,sid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, sid, state in rows if sid == str(leader) and state[0] != "Z"]
