"""A call that goes on while its result is not needed yet; no part of the paper."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Ahead(threading.Thread, Generic[Result]):
    """Calls a function in a thread from now on; whoever asks for its result waits.

    The thread stays when the call is over: a process that is to end with its parent ends, on Linux, with the thread
    that started it.
    """

    def __init__(self, function: Callable[[], Result]) -> None:
        super().__init__(daemon=True)
        self._function, self._over = function, threading.Event()
        self._result: Result | None = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Call the function, and stay."""
        try:
            self._result = self._function()
        except BaseException as error:
            self._error = error
        self._over.set()
        threading.Event().wait()

    def get(self) -> Result:
        """Wait for the result and return it. Raises what the function raised."""
        self._over.wait()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def wait(self, seconds: float) -> None:
        """Wait until the call is over, but no longer than so many seconds."""
        self._over.wait(seconds)
