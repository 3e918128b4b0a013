"""Seconds by what was done, for the record of a run; no part of the paper."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.run.loading import LOADING

LOADED = "loading models"


class Stopwatch:
    """Seconds by what was done: of steps inside each other, each has what none inside it has."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._under_way: list[str] = []
        self._loads = len(LOADING)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the seconds inside to ``name``, but for those in which a model was loaded."""
        begin = time.perf_counter()
        self._under_way.append(name)
        try:
            yield
        finally:
            self._under_way.pop()
            spent, loaded = time.perf_counter() - begin, sum(LOADING[self._loads :])
            self._loads = len(LOADING)
            for part, seconds in ((name, spent - loaded), (LOADED, loaded)):
                self.seconds[part] = self.seconds.get(part, 0.0) + seconds
            if self._under_way:
                self.seconds[self._under_way[-1]] = self.seconds.get(self._under_way[-1], 0.0) - spent
