"""A run's folder, written by one process at a time, so that whoever reads it finds it whole; no part of the paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial, wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from tqdm import tqdm

from bench.store.locks import hold_lock

_LOCK = ".writing"
Rest = ParamSpec("Rest")
Read = TypeVar("Read")


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Write the files of a run, the record last: until then the folder counts as unfinished.

    The same run may be under way in several processes, with results from one store; they write one after the other.
    Raises OSError where the folder cannot be written.
    """
    with hold_lock(folder / _LOCK, waiting=partial(_tell_waiting, folder)):
        (folder / "run.json").unlink(missing_ok=True)
        yield


def read_while_whole(read: Callable[Concatenate[Sequence[Path], Rest], Read]) -> Callable[..., Read]:
    """Wrap a function of folders of runs, during which no other process writes them.

    A folder that this process may not write to is read as it is.
    """

    @wraps(read)
    def reading(folders: Sequence[Path], *rest: Rest.args, **options: Rest.kwargs) -> Read:
        with ExitStack() as held:
            for folder in sorted({folder.resolve() for folder in folders}):  # in one order: two readers never block
                with suppress(OSError):
                    held.enter_context(hold_lock(folder / _LOCK, waiting=partial(_tell_waiting, folder)))
            return read(folders, *rest, **options)

    return reading


def _tell_waiting(folder: Path) -> None:
    tqdm.write(f"another process is at work in {folder}: waiting")
