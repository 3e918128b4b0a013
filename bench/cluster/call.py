"""What a job of submitit calls, and how it hears that its time is nearly over; no part of the paper."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from bench.errors import UserError

TIME_OVER = "its time was over; what is finished is kept: run it again, with a larger timeout_min"


class TimeOver(UserError):
    """The job was told to end, seconds before it would be killed."""


@dataclass(frozen=True)
class Call:
    """A function of several arguments as one of a tuple, which is what an array of jobs is called with."""

    function: Callable[..., Any]

    def __call__(self, arguments: tuple[Any, ...]) -> Any:
        """Call the function. Raises TimeOver from within it where the job's time is nearly over."""
        _listen()
        return self.function(*arguments)


def _listen() -> None:
    """Raise an error of ours where submitit's answer to a signal is that the job has had its time.

    A job that is to make room for another it puts back into the queue, as ever.
    """
    from submitit.core.job_environment import JobEnvironment
    from submitit.core.utils import UncompletedJobError

    number = JobEnvironment._usr_sig()
    plain: Any = signal.getsignal(number)

    def answer(sent: int, frame: FrameType | None) -> None:
        try:
            plain(sent, frame)
        except UncompletedJobError as error:
            raise TimeOver(TIME_OVER) from error

    if callable(plain):
        signal.signal(number, answer)
