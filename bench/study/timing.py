"""How long a question was looked at, whatever the clock of the machine does; no part of the paper."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict

LONGEST = 3600.0
"""Seconds beyond which somebody was away."""
_KEPT = 20_000


class Stopwatch:
    """Seconds between showing and answering, by the monotonic clock of the server's process."""

    def __init__(self) -> None:
        self._shown: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, rater: str, question: str) -> None:
        """Note that a question is shown; when it is shown again the first time counts."""
        with self._lock:
            self._shown.setdefault((rater, question), time.monotonic())
            if len(self._shown) > _KEPT:
                self._shown.popitem(last=False)

    def stop(self, rater: str, question: str, told: str) -> float | None:
        """Give the seconds, or where this process did not show it the milliseconds that the browser tells.

        None where nobody knows or the rater was away.
        """
        with self._lock:
            begin = self._shown.pop((rater, question), None)
        seconds = time.monotonic() - begin if begin is not None else _read_milliseconds(told)
        return round(seconds, 3) if seconds is not None and 0 <= seconds <= LONGEST else None


def _read_milliseconds(told: str) -> float | None:
    try:
        value = float(told) / 1000
    except ValueError:
        return None
    return value if math.isfinite(value) else None
