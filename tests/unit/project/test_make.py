"""The Makefile's help and the checks before an installation."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COREUTILS = ("df", "awk", "sh", "cat", "rm", "mkdir", "ls")
PYTHON_THAT_IS_FINE = "#!/bin/sh\nexit 0\n"
TOO_OLD_PYTHON = '#!/bin/sh\ncase "$2" in *version_info*) exit 1 ;; esac\nexit 0\n'
WITHOUT_HEADERS = '#!/bin/sh\ncase "$2" in *Python.h*) exit 1 ;; esac\nexit 0\n'
COMPILER = "#!/bin/sh\ncat >/dev/null\n"
BROKEN_COMPILER = "#!/bin/sh\nexit 1\n"
FULL_DISK = "#!/bin/sh\necho head\necho /dev/x 100 50 3000000 50% /\n"


def preflight(folder: Path, programs: dict[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the checks with a PATH that holds nothing but coreutils and the given programs."""
    for name in COREUTILS:
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, text in programs.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    command = [str(shutil.which("sh")), str(ROOT / "scripts/preflight.sh")]
    return subprocess.run(command, env={"PATH": str(folder), **environment}, capture_output=True, text=True, cwd=folder)


def test_preflight_names_the_python_when_all_is_there(tmp_path: Path) -> None:
    done = preflight(tmp_path, {"python3.12": PYTHON_THAT_IS_FINE, "g++": COMPILER})
    assert (done.returncode, done.stdout, done.stderr) == (0, "python3.12\n", "")


@pytest.mark.parametrize(
    ("programs", "environment", "expected"),
    [
        ({"g++": COMPILER}, {}, r"no Python 3.11 or newer .*apt-get install python3 .*dnf.*brew"),
        ({"g++": COMPILER, "python3": TOO_OLD_PYTHON}, {}, "no Python 3.11 or newer"),
        ({"g++": COMPILER, "python3": PYTHON_THAT_IS_FINE}, {"PYTHON": "python9"}, "PYTHON=python9 is no Python 3.11"),
        ({"g++": COMPILER, "python3": WITHOUT_HEADERS}, {}, r"headers of python3 .*python3-dev"),
        ({"python3": PYTHON_THAT_IS_FINE}, {}, r"no working C\+\+ compiler .*apt-get install g\+\+"),
        ({"python3": PYTHON_THAT_IS_FINE, "c++": BROKEN_COMPILER}, {}, r"no working C\+\+ compiler"),
        ({"python3": PYTHON_THAT_IS_FINE, "g++": COMPILER, "df": FULL_DISK}, {}, "3 GB are free here, 11 GB"),
        ({"python3": PYTHON_THAT_IS_FINE, "apt-get": "#!/bin/sh\n"}, {}, r"Install it: apt-get install g\+\+$"),
    ],
)
def test_preflight_says_in_one_line_what_to_install(
    tmp_path: Path, programs: dict[str, str], environment: dict[str, str], expected: str
) -> None:
    done = preflight(tmp_path, programs, **environment)
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.search(expected, done.stderr)
    assert done.stderr.count("\n") == 1


def test_preflight_names_everything_that_is_missing_at_once(tmp_path: Path) -> None:
    done = preflight(tmp_path, {"df": FULL_DISK})
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 3


def test_a_cpu_build_of_torch_needs_less_disk(tmp_path: Path) -> None:
    df = FULL_DISK.replace("3000000", "5000000")
    programs = {"python3": PYTHON_THAT_IS_FINE, "g++": COMPILER, "df": df}
    assert preflight(tmp_path, programs, TORCH_INDEX="https://example.org/whl/cpu").returncode == 0


def test_bare_make_prints_every_target_with_its_help() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(["make"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    listed = re.findall(r"^ +make ([a-z-]+) +\S", done.stdout, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert sorted(listed) == sorted(phony[1].split())
    assert {"demo", "test", "test-all", "check"} <= set(listed)
