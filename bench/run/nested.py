"""A run inside a worker process of a launcher of sweeps (joblib's are loky's); no part of the paper."""

from __future__ import annotations

import multiprocessing

STANDARD = ("fork", "forkserver", "spawn")


def is_nested() -> bool:
    """Whether this process is a worker itself: it ends only after its children, so no pool may outlive a job."""
    return multiprocessing.current_process().name != "MainProcess"


def use_a_known_start_method() -> None:
    """Use a start method that children know: they are told it by name, and know the standard library's alone.

    A worker of loky has "loky" there: every child of a fork server would end with "cannot find context for 'loky'".
    """
    if multiprocessing.get_start_method() not in STANDARD:
        multiprocessing.set_start_method("forkserver", force=True)
