"""Libraries of models imported once for all workers, by the fork server that they are copies of; no part of the paper.

transformers, open_clip and sentence-transformers take three seconds of a processor together, in each process that
imports them itself. The server imports this module when it starts, and finds in its environment what to import.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module

from bench.system.start import pause_collection

VARIABLE = "ZGS_LIBRARIES"
"""Names of modules with blanks between them, for a fork server that is being started."""


def import_library(name: str) -> None:
    """Import a module of ours, and its library with it; what goes wrong is told by who makes the model."""
    with pause_collection(), suppress(Exception):
        import_module(name)


@contextmanager
def name_libraries(names: Sequence[str]) -> Iterator[None]:
    """Name, for a fork server that is started inside, the modules that it imports before its first worker."""
    os.environ[VARIABLE] = " ".join(names)
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)


def import_named() -> None:
    """Import what `name_libraries` has named; no search for garbage looks at it, here or in a copy of this process."""
    for name in os.environ.pop(VARIABLE).split():
        import_library(name)
    gc.freeze()


if VARIABLE in os.environ:
    import_named()
