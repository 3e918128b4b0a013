"""What a stage of one's own may raise, brought to words: any exception crosses processes; no part of the paper."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from hydra.errors import InstantiationException

from bench.errors import UsageError, UserError

LONGEST = 300
"""Characters of a message: some exceptions carry a whole array."""
Given = ParamSpec("Given")
Result = TypeVar("Result")


class Crashed(Exception):
    """An error that no user can mend by an option: what it was, and its traceback as text.

    The exception itself need not survive the way from a worker: one with arguments of its own cannot be unpickled, and
    ends the whole pool.
    """

    def __init__(self, reason: str, trace: str) -> None:
        super().__init__(reason, trace)
        self.reason, self.trace = reason, trace


def contain_errors(work: Callable[Given, Result]) -> Callable[Given, Result]:
    """Wrap a function: its errors are `UserError` or `Crashed`, whatever it raises; Ctrl-C stays what it is."""

    @wraps(work)
    def called(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return work(*args, **kwargs)
        except UserError as error:
            if type(error).__module__.startswith("bench."):
                raise
            kind = UsageError if isinstance(error, UsageError) else UserError
            raise kind(str(error)) from error
        except (Crashed, KeyboardInterrupt):
            raise
        except BaseException as error:  # SystemExit too: it would end a worker or the whole sweep
            raise Crashed(describe_error(error), format_trace(error)) from error

    return called


def describe_error(error: BaseException) -> str:
    """Describe an error by type and message in one line; of an error that Hydra wraps, the one that it wraps."""
    if isinstance(error, Crashed):
        return error.reason
    if isinstance(error, InstantiationException) and error.__cause__ is not None:
        return describe_error(error.__cause__)
    try:
        message = " ".join(str(error).split())
    except Exception:  # an exception whose own __str__ fails
        message = ""
    cut = message if len(message) <= LONGEST else f"{message[:LONGEST]} …"
    return f"{type(error).__name__}: {cut}" if cut else type(error).__name__


def format_trace(error: BaseException) -> str:
    """Format a traceback as text, of the process where it happened."""
    if isinstance(error, Crashed):
        return error.trace
    return "".join(traceback.format_exception(error))
