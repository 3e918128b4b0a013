"""Runs a job of this machine in a process below its own and notes in the job's log which signal ended it.

submitit starts local jobs from a process that tells nobody how they ended, and whose own exit code is 0 whatever
happened. Called as a script, ``python -I witness.py WORDS…`` for ``python WORDS…``, so that it loads the standard
library alone. No part of the paper.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

NOTE = "ended by signal "
"""Begins the line that is written into the log, below a progress bar that has not ended its own; the number of the
signal follows."""
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""Signals of submitit's or of a person's that are for the job."""
_DEATH = 1
"""prctl's PR_SET_PDEATHSIG."""


def watch_job(words: Sequence[str]) -> int:
    """Run ``python WORDS…`` to its end; return its exit code: 128 and the number of the signal where one ended it."""
    job = subprocess.Popen([sys.executable, *words], preexec_fn=_die_with_parent)

    def pass_on(number: int, _: FrameType | None) -> None:
        job.send_signal(number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    code = job.wait()
    if code >= 0:
        return code
    print(f"\n{NOTE}{-code}", file=sys.stderr, flush=True)
    return 128 - code


def _die_with_parent() -> None:
    """Let the system end the job when this process is killed, as submitit kills one whose time is over."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(watch_job(sys.argv[1:]))
