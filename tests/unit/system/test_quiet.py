"""The fork server ends without a word, whatever its libraries would print when Python takes them down."""

from __future__ import annotations

import subprocess
import sys

LATE = "\nclass Late:\n    def __del__(self): print('left over')\nlate = Late()\nprint('served')\n"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)


def test_nothing_is_taken_down_at_the_end() -> None:
    assert run(LATE).stdout == "served\nleft over\n", "as a library that prints there"
    quiet = run("import bench.system.quiet" + LATE)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "served\n", "")
