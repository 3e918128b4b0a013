"""Every checksum of a store, and copies of it that hold only what has the right one; no part of the paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from bench.errors import UserError
from bench.store.entries import DAMAGES, read_checksum
from bench.store.files import FileName, Namespace, Store
from bench.store.listing import DAMAGED, ENDING, KEY, list_items, read_key_inputs
from bench.store.places import move

SET_ASIDE = "its checksum does not fit; set aside as *.damaged"
FOREIGN = "carries no checksum that this version knows (another's?): left as it is"


@dataclass(frozen=True)
class Report:
    """What became of one file: what is wrong with it (nothing where it is whole), and whether it was copied."""

    file: str
    fault: str = ""
    copied: bool = False

    @property
    def is_item(self) -> bool:
        """Whether the file holds entries: every file but ``key.json``."""
        return self.file != KEY


def check_namespace(namespace: Namespace, workers: int) -> Iterator[Report]:
    """Read every file of a namespace; one whose checksum does not fit is set aside, as a run does that meets it."""
    yield Report(KEY, _check_key(namespace))
    yield from _call_for_items(partial(_check_item, namespace), list_items(namespace), workers)


def copy_namespace(namespace: Namespace, to: Store, workers: int) -> Iterator[Report]:
    """Copy what another store lacks of a namespace, file by file, each whole or not at all.

    Entries that the other store has stay as they are. What is damaged here is set aside and not copied.
    """
    inputs = read_key_inputs(namespace)
    if not inputs:
        yield Report(KEY, "missing or damaged, so that nobody can say what its files are of: not copied")
        return
    other = to.open_namespace(namespace.stage, namespace.key, inputs)
    yield from _call_for_items(partial(_copy_item, namespace, other), list_items(namespace), workers)


def _check_key(namespace: Namespace) -> str:
    if read_key_inputs(namespace):
        return ""
    with suppress(OSError):
        move(namespace.folder / KEY, KEY + DAMAGED)
    return "missing or damaged; the next run that opens it writes it again"


def _check_item(namespace: Namespace, item: FileName) -> Report:
    store = Store(namespace.root)
    try:
        if _is_foreign(namespace, item):
            return Report(item, FOREIGN)
        store.read(namespace, item)
    except UserError as error:  # it cannot be set aside
        return Report(item, str(error))
    return Report(item, SET_ASIDE if store.stats.damaged else "")


def _copy_item(namespace: Namespace, other: Namespace, item: FileName) -> Report:
    if _has_same(namespace, other, item):
        return Report(item)
    if _is_foreign(namespace, item):
        return Report(item, f"{FOREIGN}, not copied")
    here, there = Store(namespace.root), Store(other.root)
    entries = here.read(namespace, item)
    if here.stats.damaged:
        return Report(item, SET_ASIDE)
    there.add(other, item, entries)
    return Report(item, copied=any(there.stats.made.values()))


def _has_same(namespace: Namespace, other: Namespace, item: FileName) -> bool:
    """Whether both have a file of the same entries, as the checksums in their first bytes say."""
    try:
        theirs, ours = (read_checksum(space.folder / f"{item}{ENDING}") for space in (other, namespace))
        return bool(theirs) and theirs == ours
    except DAMAGES:
        return False


def _is_foreign(namespace: Namespace, item: FileName) -> bool:
    """Whether a file is whole and no entry as this version writes them: what nobody can check is not called damaged."""
    try:
        return read_checksum(namespace.folder / f"{item}{ENDING}") == ""
    except DAMAGES:
        return False


def _call_for_items(call: Callable[[FileName], Report], items: Sequence[FileName], workers: int) -> Iterator[Report]:
    """Call a function for each item, ``workers`` at a time: what takes time is reading and hashing, outside Python."""
    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from pool.map(call, items)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
