"""The start of a command: no search for garbage among its imports, no threads for small products; not of the paper.

And of a worker: memory that is freed and soon wanted again stays.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

STARTING = 300_000
"""Objects that the imports of a command and its settings make; nearly all of them stay."""
_usual = gc.get_threshold()

BLAS_THREADS = "OPENBLAS_NUM_THREADS"
"""What NumPy's OpenBLAS reads when it is loaded, which is its own: torch has another library of products."""


def keep_blas_alone() -> None:
    """Let NumPy multiply in this thread, unless the environment says otherwise; to be called before NumPy is loaded.

    Its products are small here. A pool of threads makes none of them faster, and each thread of it waits for more by
    turning round and round, for as long as several scores take.
    """
    os.environ.setdefault(BLAS_THREADS, "1")


def put_off_collection() -> None:
    """Put off the first collection until a command has started: a seventh of the seconds until then.

    What there is at that moment is never looked at again, and everything after it is collected as ever.
    """
    gc.set_threshold(STARTING)
    gc.callbacks.append(_end_start)


def _end_start(*_: Any) -> None:
    gc.callbacks.remove(_end_start)
    gc.freeze()
    gc.set_threshold(*_usual)


_TRIM, _MAP = -1, -3
"""mallopt's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD."""
KEPT, MAPPED = 64 << 20, 32 << 20
"""Bytes of freed memory that stay with a worker, and those from which an array is mapped alone: glibc's own maximum."""


def keep_freed_memory() -> bool:
    """Keep freed memory, up to `KEPT`, for the next array; whether the system's C library takes the word (glibc does).

    Else each array of a megabyte is given back, and its pages are cleared and mapped anew for the next one.
    """
    import ctypes

    if set_option := getattr(ctypes.CDLL(None), "mallopt", None):
        return bool(set_option(_TRIM, KEPT) and set_option(_MAP, MAPPED))
    return False


KERNELS, SHAPES_KEPT = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"), "64"
"""What oneDNN and torch read when the first product is made: how many kernels each of them keeps, by default 1,024."""


def bound_kernels() -> None:
    """Bound how many kernels oneDNN and torch keep, unless the environment says otherwise: before the first product.

    One is made for every shape of a product, 0.7 MB of code for both; texts of all lengths have 250 shapes. To make it
    again takes half a millisecond: less than a hundredth of what a pack of a large model's texts takes, more than a
    product of a small one's.

    It holds from a process's first product to its end: each library reads its variable once, and torch's copy of oneDNN
    hides the call that would set it later (torch 2.15). So a worker that has run small models first keeps 1,024 beside
    large ones that it is given later, and one that began with large models keeps 64 beside small ones.
    """
    for name in KERNELS:
        os.environ.setdefault(name, SHAPES_KEPT)


def bound_kernels_beside(models: Mapping[str, Any]) -> None:
    """Bound kernels where a run's ``models``, its settings of that name, are large: those that know photographs."""
    if models.get("photographs"):
        bound_kernels()


@contextmanager
def pause_collection() -> Iterator[None]:
    """Pause the search for garbage while libraries are imported: a third of the seconds of transformers, for nothing.

    What they leave is looked at afterwards; to load weights is no time for it, for what that leaves may be large.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
