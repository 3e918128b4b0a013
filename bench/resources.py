"""Where the files that travel with the package lie, and how many processors there are; no part of the paper."""

from __future__ import annotations

import os
from pathlib import Path

from bench.errors import UserError


def conf_dir() -> Path:
    """The folder of the Hydra groups: ``bench/conf`` in an installed wheel, ``conf`` beside ``bench`` in a checkout.

    Raises `UserError` where neither is there, which means that the package was copied without its configs.
    """
    package = Path(__file__).resolve().parent
    places = (package / "conf", package.parent / "conf")
    for place in places:
        if place.is_dir():
            return place
    raise UserError(f"the configs are missing: neither {places[0]} nor {places[1]} exists; install the package again")


def processors() -> int:
    """Processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(allowed(0)) if allowed else os.cpu_count() or 1
