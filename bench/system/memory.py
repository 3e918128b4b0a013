"""Too little memory, however a library says it, as one line that names what was done and what makes it smaller."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from bench.errors import UserError

Item = TypeVar("Item")
Result = TypeVar("Result")
_SAID = (
    "can't allocate memory", "cannot allocate memory", "not enough memory", "out of memory", "bad_alloc",
    "bad allocation", "alloc_failed", "can't start new thread",
)  # fmt: skip
"""What torch, CUDA's libraries and the system say, each by a plain RuntimeError or OSError."""


def lacks_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it was made of, means that memory (or room for one more process) ran out."""
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            return True
        if isinstance(error, RuntimeError | OSError) and any(word in str(error).lower() for word in _SAID):
            return True
        error = error.__cause__
    return False


def make_memory_error(what: str, smaller: str, error: BaseException) -> UserError:
    """Make the error a user can mend. ``what`` was done (empty where nobody knows), ``smaller`` needs less."""
    said = " ".join(str(error).split())[:120]
    begin, because = f"{what}: " if what else "", f" ({said})" if said else ""
    return UserError(
        f"{begin}out of memory{because}; what is finished is kept: run the same command again with {smaller}"
    )


def run_in_halves(call: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item]) -> list[Result]:
    """Run a call over all items; where memory does not suffice, over each half of them, and so on down to one.

    Only for a call whose results do not depend on how many items it is given.
    """
    try:
        return call(items)
    except Exception as error:
        if len(items) < 2 or not lacks_memory(error):
            raise
    # behind the handler, which holds what the call had allocated
    half = len(items) // 2
    return [*run_in_halves(call, items[:half]), *run_in_halves(call, items[half:])]


@contextmanager
def explain_memory_errors(what: str, smaller: str) -> Iterator[None]:
    """Explain a lack of memory, around work or as its decorator. Raises `UserError`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, UserError) or not lacks_memory(error):
            raise
        raise make_memory_error(what, smaller, error) from error
