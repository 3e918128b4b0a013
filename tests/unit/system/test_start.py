"""The garbage collector waits for the start of a command and then goes on as ever."""

from __future__ import annotations

import subprocess
import sys

TEXT = """
import gc, weakref
from bench.system.start import STARTING, put_off_collection
class Knot: pass
def lose():
    knot = Knot(); knot.self = knot
    return weakref.ref(knot)
usual = gc.get_threshold()
put_off_collection()
kept = lose()
some = [[] for _ in range(10_000)]
assert kept() and gc.get_threshold()[0] == STARTING, "nothing is collected at first"
more = [[] for _ in range(STARTING)]
assert gc.get_threshold() == usual and not gc.callbacks and gc.get_freeze_count() > STARTING / 2
later = lose()
rest = [[] for _ in range(10_000)]
assert later() is None, "what is lost after the start is collected"
"""


def test_the_collector_waits_for_the_start_and_then_works_as_ever() -> None:
    done = subprocess.run([sys.executable, "-c", TEXT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
