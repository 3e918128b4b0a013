"""Makes or updates `.venv` from pyproject.toml and constraints.txt; called by `make setup` (standard library only).

The mark `.venv/made-by-make-setup` is written first, the stamp `.venv/complete.json` last. With the stamp, `.venv` is
reused while the lock, the torch build, the Python and the place of the checkout are the same. With the mark alone it
was interrupted and is made again. Without either somebody else made it, and it is left alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
MARK = "made-by-make-setup"
LOCK_FILES = ("constraints.txt", "pyproject.toml")
DOWNLOAD_MB, INSTALLED_MB = 3300, 6500  # measured with the default torch build on Linux
NO_CACHE_BELOW_GB = 14  # pip's cache keeps a second copy of the wheels
IMPORT_ALL = """import importlib, pkgutil, sys, bench
for module in [m.name for m in pkgutil.walk_packages(bench.__path__, "bench.")][:: int(sys.argv[1])]:
    try:
        importlib.import_module(module)
    except Exception:  # the command that needs it will say so, and zgs doctor too
        pass
"""
HINTS = (
    ("No space left", "the disk is full: free some space"),
    ("pydensecrf", "pydensecrf2 did not build: it needs a C++ compiler and the headers of this Python"),
    ("No matching distribution", "a version of constraints.txt is not on the index: look at TORCH_INDEX and pip's"),
    ("Connection|Temporary failure|timed out|SSLError", "the package index cannot be reached: look at the network"),
)


def wanted(stamp: dict[str, str]) -> dict[str, str]:
    """What a complete `.venv` of this checkout says of itself; a choice that is not made anew stays as it is."""
    lock = hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in LOCK_FILES)).hexdigest()
    torch_index = os.environ.get("TORCH_INDEX") or stamp.get("torch_index", "default")
    return {"lock": lock, "torch_index": torch_index, "folder": str(ROOT), "python": wanted_python(stamp)}


def wanted_python(stamp: dict[str, str]) -> str:
    """The version of PYTHON where it is given, else of the `.venv` that exists, else of the running Python."""
    if not (chosen := os.environ.get("PYTHON")):
        return stamp.get("python", sys.version)
    tell = [chosen, "-c", "import sys; sys.stdout.write(sys.version)"]
    return subprocess.run(tell, capture_output=True, text=True).stdout


def read_stamp() -> dict[str, str]:
    """The stamp of a complete `.venv`, else nothing."""
    try:
        return dict(json.loads((VENV / "complete.json").read_text()))
    except (OSError, ValueError):
        return {}


def plan() -> str:
    """``reuse``, ``update`` (only the lock changed) or ``rebuild``."""
    stamp = read_stamp()
    target = wanted(stamp)
    works = subprocess.run([VENV / "bin/python", "-c", ""], capture_output=True).returncode == 0 if stamp else False
    changed = {key for key in target if target[key] != stamp.get(key)}
    if not works or changed - {"lock"}:
        return "rebuild"
    return "update" if changed else "reuse"


@contextmanager
def alone() -> Iterator[None]:
    """Waits for another set-up of this checkout, so that none takes the other's unfinished work for a wreck."""
    with open(ROOT / ".setup.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("set-up: waiting for another one to finish", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def size_mb(folder: Path) -> float:
    """Megabytes on disk under a folder; files may vanish meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(place, name).lstat().st_blocks
            except OSError:
                continue
    return total * 512 / 1e6


class Progress:
    """One rewritten line on a terminal, a line every half minute elsewhere: phase, megabytes, time."""

    def __init__(self, known_size: bool) -> None:
        self.phase, self.known_size, self.start = "starting", known_size, time.monotonic()
        self.stop = threading.Event()
        self.live = sys.stdout.isatty()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Progress:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()
        if self.live:
            print("\r\033[K", end="", flush=True)

    def read(self, line: str) -> None:
        """Takes the phase from a line of pip's output."""
        if match := re.match(r"\s*(Collecting|Processing|Downloading) (\S+)", line):
            self.phase = f"downloading ({Path(match[2]).name[:40]})"
        elif match := re.match(r"Building wheel for (\S+)", line.strip()):
            self.phase = f"building {match[1]}"
        elif line.startswith("Installing collected packages"):
            self.phase = f"installing {line.count(',') + 1} packages"

    def line(self) -> str:
        """What is shown now."""
        wheels = size_mb(VENV / "tmp")
        down = not self.phase.startswith(("installing", "importing"))
        done, total = (wheels, DOWNLOAD_MB) if down else (size_mb(VENV) - wheels, INSTALLED_MB)
        of = f" of about {total}" if self.known_size else ""
        return f"set-up: {self.phase}: {done:.0f}{of} MB, {clock(time.monotonic() - self.start)}"

    def _run(self) -> None:
        while not self.stop.wait(1 if self.live else 30):
            print(f"\r\033[K{self.line()}" if self.live else self.line(), end="" if self.live else "\n", flush=True)


def clock(seconds: float) -> str:
    """Minutes and seconds, such as ``4:07``."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def pip(arguments: Sequence[str], log: Path, progress: Progress) -> None:
    """Runs the environment's pip; its output goes to the log. Exits with the last lines and a hint where it fails."""
    cache = [] if shutil.disk_usage(ROOT).free > NO_CACHE_BELOW_GB * 1e9 else ["--no-cache-dir"]
    # Bytecode is made by `first_imports` for what is imported, not here for 18,000 files.
    options = ["--no-compile", "--progress-bar", "off", *cache]
    command = [str(VENV / "bin/python"), "-m", "pip", "install", *options, *arguments]
    scratch = VENV / "tmp"
    scratch.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(scratch), "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    with (
        open(log, "ab", buffering=0) as out,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        for line in process.stdout or ():
            out.write(line)
            progress.read(line.decode(errors="replace"))
    shutil.rmtree(scratch, ignore_errors=True)
    if process.returncode:
        sys.exit(failure(log))


def failure(log: Path) -> str:
    """The end of pip's output, and what to do about it."""
    tail = log.read_text(errors="replace").splitlines()[-12:]
    hint = next((text for pattern, text in HINTS if re.search(pattern, "\n".join(tail))), "read the lines above")
    again = "then run the same command again; pip keeps what it has downloaded"
    return "\n".join([*(f"  {line}" for line in tail), f"set-up: pip failed (all of it: {log}): {hint}; {again}"])


def install(torch_index: str, log: Path, anew: bool) -> None:
    """The chosen torch build first and alone, then everything else, which finds it there."""
    pins = ["--constraint", "constraints.txt"]
    chosen = torch_index != "default"
    with Progress(known_size=anew and not chosen and sys.platform == "linux") as progress:
        if chosen:
            pip(["--no-deps", "--index-url", torch_index, *pins, "torch", "torchvision"], log, progress)
        more = ["--extra-index-url", torch_index] if chosen else []
        pip([*more, *pins, "--editable", ".[dev]"], log, progress)
        progress.phase = "importing everything once"
        first_imports()


def first_imports() -> None:
    """Leaves the bytecode of all that the project imports, from both ends at once; no later command waits for it."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "WANDB_MODE": "offline"}
    command = [str(VENV / "bin/python"), "-c", IMPORT_ALL]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
    for process in [subprocess.Popen([*command, step], env=environment, **quiet) for step in ("1", "-1")]:
        process.wait()


def create(folder: Path) -> None:
    """An empty environment of the running Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)


def remove() -> None:
    """Takes our own `.venv` out of the way in one step, so that none is ever half deleted; exits for a foreign one."""
    trash = ROOT / ".venv-old"
    if VENV.exists() and not any((VENV / name).exists() for name in (MARK, "complete.json")):
        sys.exit(f"set-up: {VENV} was not made by make: move it away or delete it, then run the same command again")
    shutil.rmtree(trash, ignore_errors=True)
    if VENV.exists():
        VENV.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)


def make(step: str) -> None:
    """Carries out a plan, and stamps the result."""
    start, target = time.monotonic(), wanted(read_stamp())
    if step == "rebuild":
        target["python"] = sys.version
        print(f"set-up: making .venv with Python {target['python'].split()[0]} (some minutes, once)", flush=True)
        remove()
        VENV.mkdir()
        (VENV / MARK).touch()
        create(VENV)
    else:
        print("set-up: the lock has changed, updating .venv", flush=True)
        (VENV / "complete.json").unlink()
    install(target["torch_index"], VENV / "setup.log", anew=step == "rebuild")
    (VENV / "complete.json").write_text(json.dumps(target, indent=1) + "\n")
    print(f"set-up: done in {clock(time.monotonic() - start)} minutes, .venv has {size_mb(VENV) / 1000:.1f} GB")


def main(arguments: Sequence[str]) -> int:
    """``--check`` only tells (by its exit code) whether there is nothing to do."""
    if arguments == ["--check"]:
        return int(plan() != "reuse")
    try:
        with alone():
            if (step := plan()) != "reuse":
                make(step)
    except KeyboardInterrupt:
        print("\nset-up: interrupted; the same command starts again, with what pip has downloaded")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
