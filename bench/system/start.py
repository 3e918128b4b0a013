"""The start of a command, without searching for garbage among what it imports; no part of the paper."""

from __future__ import annotations

import gc
from typing import Any

STARTING = 300_000
"""Objects that the imports of a command and its settings make; nearly all of them stay."""
_usual = gc.get_threshold()


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
