"""Too little memory, however a library says it, as one line that names what was done and what makes it smaller."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from bench.errors import UserError
from bench.system.resources import measure_free_memory

Item = TypeVar("Item")
Result = TypeVar("Result")
SMALL = 1 << 28
"""Bytes that a batch may take without a look at what is free."""
_SAID = re.compile(
    "can't allocate memory|cannot allocate memory|not enough memory|out of memory|bad_alloc|bad allocation|alloc_failed"
    "|can't start new thread|could not (create|execute) a primitive(?! descriptor)",
    re.IGNORECASE,
)
"""What torch, CUDA's libraries, oneDNN and the system say, each by a plain RuntimeError or OSError.

A primitive is oneDNN's code for a product, which it has no room for; a descriptor that fails is another fault.
"""


def lacks_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it was made of, means that memory (or room for one more process) ran out."""
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            return True
        if isinstance(error, RuntimeError | OSError) and _SAID.search(str(error)):
            return True
        error = error.__cause__
    return False


def make_memory_error(what: str, smaller: str, error: BaseException) -> UserError:
    """Make the error a user can mend. ``what`` was done, ``smaller`` needs less.

    Where nobody knows what was done, ``what`` is empty, and nobody says that anything is kept.
    """
    said = " ".join(str(error).split())[:120]
    begin, because = f"{what}: " if what else "", f" ({said})" if said else ""
    kept = "what is finished is kept: " if what else ""
    return UserError(f"{begin}out of memory{because}; {kept}run the same command again with {smaller}")


def run_in_halves(call: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item]) -> list[Result]:
    """Run a call that gives a result for each item, as `run_in_parts` does: a list of all of them."""
    return [result for part in run_in_parts(call, items) for result in part]


def run_in_parts(call: Callable[[Sequence[Item]], Result], items: Sequence[Item]) -> list[Result]:
    """Run a call over all items; where memory does not suffice, over each half of them, and so on down to one.

    Return what each part gave, in the order of the items. Only for a call whose results do not depend on how many items
    it is given, but for rounding.
    """
    try:
        return [call(items)]
    except Exception as error:
        if len(items) < 2 or not lacks_memory(error):
            raise
    # behind the handler, which holds what the call had allocated
    half = len(items) // 2
    return [*run_in_parts(call, items[:half]), *run_in_parts(call, items[half:])]


def run_with_less(call: Callable[[int], Result], most: int) -> Result:
    """Run a call with a batch size, for a library that batches itself; where memory lacks with half, and so on to 1."""
    try:
        return call(most)
    except Exception as error:
        if most < 2 or not lacks_memory(error):
            raise
    return run_with_less(call, most // 2)


def fit_batch(most: int, each: float, device: Any = None) -> int:
    """Return how many items of ``each`` bytes fit into the memory that is free, at least 1 and at most ``most``.

    ``device`` is a torch.device, None a processor. What is little (`SMALL`) is not looked into.
    """
    if most * each <= SMALL:
        return most
    free = measure_free_memory() if device is None or device.type != "cuda" else _measure_free_of_gpu(device)
    return most if free is None else max(1, min(most, int(free // each)))


def _measure_free_of_gpu(device: Any) -> int:
    """Measure the bytes of a GPU that are free, or that torch holds and does not use."""
    import torch

    held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + held


@contextmanager
def explain_memory_errors(what: str, smaller: str) -> Iterator[None]:
    """Explain a lack of memory, around work or as its decorator. Raises `UserError`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, UserError) or not lacks_memory(error):
            raise
        raise make_memory_error(what, smaller, error) from error
