"""`make setup` and `make lock`: uv makes `.venv` from uv.lock, and is fetched where it is missing.

A new environment is made as `.venv-new`, beside the one that works, and takes its place when it is whole: what fails or
is interrupted before costs nothing. `.venv/complete.json` says what it was made of; a `.venv` without it is not ours.
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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV, NEW, OLD = (ROOT / name for name in (".venv", ".venv-new", ".venv-old"))
NEED_GB = 8  # the default build of torch; what lies in uv's cache is linked, not copied
VERSION = "import sys; assert sys.version_info >= (3, 11); print(1)"
HEADERS = "import os, sysconfig; open(os.path.join(sysconfig.get_path('include'), 'Python.h')); print(1)"


def compare_stamp() -> tuple[dict[str, str], set[str]]:
    """Describe the `.venv` that is wanted, and list what differs in the one here; a setting not given stays."""
    try:
        stamp = json.loads((VENV / "complete.json").read_text())
    except (OSError, ValueError):
        stamp = {}
    inputs = b"\0".join((ROOT / name).read_bytes() for name in ("uv.lock", "pyproject.toml"))
    target = {"lock": hashlib.sha256(inputs).hexdigest(), "folder": str(ROOT), "layout": "relocatable"}
    for key, default in (("TORCH_INDEX", "default"), ("PYTHON", "")):
        target[key.lower()] = os.environ.get(key) or stamp.get(key.lower(), default)
    works = stamp and run_quietly(str(VENV / "bin/python"), "-c", VERSION)
    return target, {key for key in target if target[key] != stamp.get(key)} if works else {".venv"}


def run_quietly(*command: str) -> str:
    """Run a program and return what it prints, or nothing where it fails or is missing."""
    try:
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def run(failure: str, *command: str) -> None:
    """Run a program, whose output is shown, and end with the line given where it fails."""
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode:
        sys.exit(f"set-up: {failure}")


def find_uv() -> str:
    """Find a uv on PATH or in `.uv`, or fetch one by pip; let it work in `.venv-new` and trust whom pip trusts."""
    os.environ["UV_PROJECT_ENVIRONMENT"] = str(NEW)
    cert = os.environ.get("PIP_CERT") or run_quietly(sys.executable, "-m", "pip", "config", "get", "global.cert")
    if cert:
        os.environ.setdefault("SSL_CERT_FILE", cert)
    own = ROOT / ".uv"
    for uv in (shutil.which("uv"), str(own / "bin/uv")):
        if uv and run_quietly(uv, "cache", "dir"):  # one older than pyproject.toml's required-version does nothing
            return uv
    version = re.findall(r'^required-version = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0]
    print(f"set-up: fetching uv {version} into .uv", flush=True)
    shutil.rmtree(own, ignore_errors=True)
    run(f"{sys.executable} makes no virtual environment: apt-get install python3-venv, or name another by PYTHON=…",
        sys.executable, "-m", "venv", str(own))  # fmt: skip
    run(f"pip cannot fetch uv {version}: look at the network, put a uv on PATH, or install by pip alone (README.md)",
        str(own / "bin/python"), "-m", "pip", "install", "-q", f"uv=={version}")  # fmt: skip
    return str(own / "bin/uv")


def check(python: str, default_build: bool) -> None:
    """End with a line for each thing that is missing: Python's version and headers, a C++ compiler, free disk."""
    lines, free = [], shutil.disk_usage(ROOT).free / 1e9
    if not run_quietly(python, "-c", VERSION):
        lines.append("this Python is older than 3.11: name another: make PYTHON=/path/to/python3")
    elif not run_quietly(python, "-c", HEADERS):
        lines.append("this Python has no Python.h, which builds pydensecrf2: apt-get install python3-dev")
    if not any(map(compiles, (os.environ.get("CXX"), "c++", "g++", "clang++"))):
        lines.append("no C++ compiler, which builds pydensecrf2: apt-get install g++, or xcode-select --install")
    if free < NEED_GB and default_build:
        lines.append(f"{free:.0f} GB are free in {ROOT}, {NEED_GB} GB are needed: free some")
    if lines:
        sys.exit("\n".join(f"set-up: {line}" for line in lines))


def compiles(compiler: str | None) -> bool:
    """Whether a compiler works: on macOS the name exists before the compiler does."""
    command = f"{compiler or 'false'} -x c++ -fsyntax-only -"
    return subprocess.run(command, shell=True, input=b"#include <vector>\n", capture_output=True).returncode == 0


def install(uv: str, torch_index: str) -> None:
    """Install the lock; or, with another build of torch, that alone first and all else by constraints.txt around it."""
    why = "its lines above say why. .venv is as it was; the same command goes on with what uv has downloaded"
    if torch_index == "default":
        # --locked does what --frozen does, and stops where pyproject.toml asks for what uv.lock does not hold.
        run(f"uv cannot install uv.lock (full disk, no network, pyproject.toml changed without make lock?): {why}",
            uv, "sync", "--locked", "--inexact", "--extra", "dev", "--compile-bytecode")  # fmt: skip
        return
    pins = [uv, "pip", "install", "--python", str(NEW), "--compile-bytecode", "--constraints", "constraints.txt"]
    failure = f"uv cannot install with TORCH_INDEX={torch_index} (TORCH_INDEX=default goes back): {why}"
    run(failure, *pins, "--no-deps", "--default-index", torch_index, "torch", "torchvision")
    # The index of torch may hold old versions of other packages: the pins choose, wherever a version lies.
    run(failure, *pins, "--index", torch_index, "--index-strategy", "unsafe-best-match", "--editable", ".[dev]")


def make(target: dict[str, str], changed: set[str]) -> None:
    """Make an environment and put it in the place of `.venv`; for another lock alone, of a copy with what was added."""
    if VENV.exists() and not (VENV / "complete.json").exists():
        sys.exit(f"set-up: {VENV} was not made by make: move it away or delete it, then run the same command again")
    uv, default_build = find_uv(), target["torch_index"] == "default"
    shutil.rmtree(NEW, ignore_errors=True)
    if changed == {"lock"}:  # links: pip and uv replace files and never write into them
        shutil.copytree(VENV, NEW, symlinks=True, copy_function=os.link)
        (NEW / "complete.json").unlink()
    else:
        tested = run_quietly(uv, "python", "find", "--system", "3.11") and "3.11"  # with which the lock was tested
        run("no Python 3.11 or newer found: install one (apt-get install python3 python3-dev) or name one: "
            "make PYTHON=/path/to/python3", uv, "venv", "--quiet", "--relocatable", "--python",
            target["python"] or tested or ">=3.11", str(NEW))  # fmt: skip
        check(str(NEW / "bin/python"), default_build)
    install(uv, target["torch_index"])
    (NEW / "complete.json").write_text(json.dumps(target, indent=1) + "\n")
    if VENV.exists():
        VENV.rename(OLD)
    NEW.rename(VENV)
    shutil.rmtree(OLD, ignore_errors=True)


def lock() -> None:
    """Write uv.lock, and constraints.txt from it, for those who install by pip."""
    uv, upgrade = find_uv(), os.environ.get("UPGRADE")
    run("uv cannot lock pyproject.toml: its lines above say why",
        uv, "lock", *(["--upgrade-package", upgrade] if upgrade else []))  # fmt: skip
    text = run_quietly(uv, "export", "--frozen", "--all-extras", "--no-emit-project", "--no-hashes", "--no-annotate",
                       "--no-header")  # fmt: skip
    # torch asks for the exact CUDA libraries of its own build: pinned here they would shut out every other build.
    kept = [line for line in text.splitlines() if not line.startswith(("nvidia-", "cuda-", "triton"))]
    head = "# Exported from uv.lock by `make lock`, for pip and for TORCH_INDEX, without the CUDA libraries of one."
    (ROOT / "constraints.txt").write_text("\n".join([head, *kept, ""]))


def main(arguments: list[str]) -> int:
    """``--check`` only tells (by its exit code) whether there is nothing to do. One set-up waits for another."""
    if arguments == ["--check"]:
        return int(bool(compare_stamp()[1]))
    if arguments == ["--lock"]:
        lock()
        return 0
    with open(ROOT / ".setup.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if OLD.exists() and not VENV.exists():  # killed between two renames
            OLD.rename(VENV)
        shutil.rmtree(OLD, ignore_errors=True)
        target, changed = compare_stamp()
        if changed:
            make(target, changed)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nset-up: interrupted; .venv is as it was")
