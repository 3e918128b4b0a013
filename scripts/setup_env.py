"""`make setup` and `make lock`: uv makes or updates `.venv` from uv.lock, and is fetched where it is missing.

uv neither spares an environment that somebody else made nor mends packages that a kill left half installed. So the mark
`.venv/made-by-make-setup` is written first and the stamp `.venv/complete.json` last: the mark alone tells of an
interrupted set-up, which is made again; neither of them, of an environment that is not ours, which is left alone.
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
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OWN_UV = ROOT / ".uv"
MARK, STAMP = VENV / "made-by-make-setup", VENV / "complete.json"
NEED_GB = 8  # the default build of torch; what lies in uv's cache is linked, not copied
# torch asks for the exact CUDA libraries of its own build: pinned here they would shut out every other build.
NOT_PINNED = ("nvidia-", "cuda-", "triton")
CONSTRAINTS_HEAD = """\
# Exported from uv.lock by `make lock`, for pip and for other builds of torch (TORCH_INDEX), whose CUDA libraries
# differ and so do not stand here.
"""
HEADERS = "import os, sysconfig; open(os.path.join(sysconfig.get_path('include'), 'Python.h'))"


def wanted(stamp: dict[str, str]) -> dict[str, str]:
    """What a complete `.venv` of this checkout says of itself; a setting that is not given stays as it was."""
    lock = hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in ("uv.lock", "pyproject.toml"))).hexdigest()
    torch_index = os.environ.get("TORCH_INDEX") or stamp.get("torch_index", "default")
    python = stamp.get("python", "")
    if os.environ.get("PYTHON"):
        python = run_quietly(os.environ["PYTHON"], "-c", "import sys; print(sys.version)")
    return {"lock": lock, "torch_index": torch_index, "folder": str(ROOT), "python": python}


def run_quietly(*command: str) -> str:
    """What a program prints, or nothing where it fails or is missing."""
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def changes() -> set[str]:
    """What differs from a complete `.venv`: names of the stamp, or ``.venv`` itself where it is none that works."""
    try:
        stamp = dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {".venv"}
    target = wanted(stamp)
    broken = set() if run_quietly(str(VENV / "bin/python"), "-c", "print(1)") else {".venv"}
    return broken | {key for key in target if target[key] != stamp.get(key)}


def stop(line: str) -> NoReturn:
    """Ends with one line."""
    sys.exit(f"set-up: {line}")


def find_uv() -> str:
    """The uv on PATH or in `.uv`, where it is new enough; else it is fetched into `.uv` by pip."""
    version = re.findall(r'^required-version = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[0]
    for uv in (shutil.which("uv"), str(OWN_UV / "bin/uv")):
        has = re.match(r"uv (\d+)\.(\d+)\.(\d+)", run_quietly(uv, "--version")) if uv else None
        if uv and has and tuple(map(int, has.groups())) >= tuple(map(int, version.split("."))):
            return uv
    print(f"set-up: fetching uv {version} into .uv", flush=True)
    shutil.rmtree(OWN_UV, ignore_errors=True)
    run(f"{sys.executable} makes no virtual environment: apt-get install python3-venv, or name another Python: "
        "make PYTHON=/path/to/python3", sys.executable, "-m", "venv", str(OWN_UV))  # fmt: skip
    run(f"uv {version} cannot be had from pip's index: look at the network, put a uv on PATH, or install by pip alone "
        "(README.md)", str(OWN_UV / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check",
        f"uv=={version}")  # fmt: skip
    return str(OWN_UV / "bin/uv")


def run(failure: str, *command: str) -> None:
    """Runs a program, whose output is shown, and ends with the line given where it fails."""
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode:
        stop(failure)


def find_python(uv: str) -> str:
    """PYTHON, else 3.11, with which the lock was tested, else any newer one that uv finds."""
    chosen = os.environ.get("PYTHON")
    for request in (chosen,) if chosen else ("3.11", ">=3.11"):
        python = run_quietly(uv, "python", "find", "--system", "--no-project", request)
        if python and run_quietly(python, "-c", "import sys; print(sys.version_info >= (3, 11))") == "True":
            return python
    which = f"PYTHON={chosen} is no Python 3.11 or newer" if chosen else "no Python 3.11 or newer found"
    stop(f"{which}: install one (apt-get install python3 python3-dev) or name one: make PYTHON=/path/to/python3")


def check(python: str) -> None:
    """Ends with a line for each thing that is missing: Python's headers, a C++ compiler, free disk."""
    lines = []
    if subprocess.run([python, "-c", HEADERS], stderr=subprocess.DEVNULL).returncode:
        lines.append(f"{python} has no Python.h, which builds pydensecrf2: apt-get install python3-dev")
    if not any(map(compiles, (os.environ.get("CXX"), "c++", "g++", "clang++"))):
        lines.append("no C++ compiler, which builds pydensecrf2: apt-get install g++, or xcode-select --install")
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < NEED_GB and os.environ.get("TORCH_INDEX", "default") == "default":
        lines.append(f"{free:.0f} GB are free in {ROOT}, {NEED_GB} GB are needed: free some")
    if lines:
        stop("\nset-up: ".join(lines))


def compiles(compiler: str | None) -> bool:
    """Whether a compiler works: on macOS the name exists before the compiler does."""
    command = f"{compiler or 'false'} -x c++ -fsyntax-only -"
    return subprocess.run(command, shell=True, input=b"#include <vector>\n", capture_output=True).returncode == 0


def begin(uv: str, python: str) -> None:
    """An empty `.venv` with the mark in it, in the place of our own; ends where the one there is not ours."""
    if VENV.exists() and not (MARK.exists() or STAMP.exists()):
        stop(f"{VENV} was not made by make: move it away or delete it, then run the same command again")
    old = ROOT / ".venv-old"  # moved first, so that none is ever half deleted
    shutil.rmtree(old, ignore_errors=True)
    if VENV.exists():
        print("set-up: removing the old .venv", flush=True)  # seconds, or a minute on a busy disk
        VENV.rename(old)
        shutil.rmtree(old)
    VENV.mkdir()
    MARK.touch()
    run(f"{python} makes no virtual environment: the lines above say why",
        uv, "venv", "--quiet", "--allow-existing", "--no-project", "--python", python, str(VENV))  # fmt: skip


def install(uv: str, torch_index: str) -> None:
    """The lock; or, with another build of torch, that one alone first, and all else by constraints.txt around it."""
    again = "its lines above say why. Run the same command again then: uv keeps what it has downloaded"
    python = ["--python", str(VENV / "bin/python")]
    if torch_index == "default":
        # Packages that somebody added to .venv stay (--inexact).
        run(f"uv cannot install uv.lock (full disk, no network, pyproject.toml changed without make lock?): {again}",
            uv, "sync", "--locked", "--inexact", "--extra", "dev", "--compile-bytecode", *python)  # fmt: skip
        return
    pins = [uv, "pip", "install", *python, "--compile-bytecode", "--constraints", "constraints.txt"]
    failure = f"uv cannot install with TORCH_INDEX={torch_index} (TORCH_INDEX=default goes back): {again}"
    run(failure, *pins, "--no-deps", "--default-index", torch_index, "torch", "torchvision")
    # The index of torch may hold old versions of other packages: the pins choose, wherever a version lies.
    run(failure, *pins, "--index", torch_index, "--index-strategy", "unsafe-best-match", "--editable", ".[dev]")


def set_environment() -> None:
    """uv works in this folder, and trusts the certificate that pip was told to trust: it reads no settings of pip."""
    os.environ["UV_PROJECT_ENVIRONMENT"] = str(VENV)
    os.environ.pop("VIRTUAL_ENV", None)
    if "SSL_CERT_FILE" not in os.environ:
        cert = os.environ.get("PIP_CERT") or run_quietly(sys.executable, "-m", "pip", "config", "get", "global.cert")
        if cert:
            os.environ["SSL_CERT_FILE"] = cert


def make(changed: set[str]) -> None:
    """Makes `.venv` anew, or updates it in place where only the lock has changed, and stamps it."""
    set_environment()
    uv = find_uv()
    target = wanted(json.loads(STAMP.read_text()) if ".venv" not in changed else {})
    if changed == {"lock"}:
        STAMP.unlink()
    else:
        python = find_python(uv)
        check(python)
        begin(uv, python)
        target["python"] = run_quietly(python, "-c", "import sys; print(sys.version)")
    install(uv, target["torch_index"])
    MARK.touch()
    STAMP.write_text(json.dumps(target, indent=1) + "\n")


def lock() -> None:
    """Writes uv.lock, and constraints.txt from it, for those who install by pip."""
    set_environment()
    uv, upgrade = find_uv(), os.environ.get("UPGRADE")
    run("uv cannot lock pyproject.toml: its lines above say why",
        uv, "lock", *(["--upgrade-package", upgrade] if upgrade else []))  # fmt: skip
    text = run_quietly(uv, "export", "--frozen", "--all-extras", "--no-emit-project", "--no-hashes", "--no-annotate",
                       "--no-header")  # fmt: skip
    kept = [line + "\n" for line in text.splitlines() if not line.startswith(NOT_PINNED)]
    (ROOT / "constraints.txt").write_text(CONSTRAINTS_HEAD + "".join(kept))


def main(arguments: list[str]) -> int:
    """``--check`` only tells (by its exit code) whether there is nothing to do. One set-up waits for another."""
    if arguments == ["--check"]:
        return int(bool(changes()))
    if arguments == ["--lock"]:
        lock()
        return 0
    with open(ROOT / ".setup.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("set-up: waiting for another one to finish", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        changed = changes()
        if changed:
            make(changed)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nset-up: interrupted; the same command starts again, with what uv has downloaded")
