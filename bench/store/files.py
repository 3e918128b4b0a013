"""Results on disk, content-addressed: the only thing that outlives a killed run.

    <root>/<stage>/<key>/key.json                 everything the key stands for
    <root>/<stage>/<key>/<image>.safetensors      the results of one image: a node or a record an entry

A file is written to a temporary name, synced and renamed, and carries a checksum of its contents. A file that does not
agree with its checksum is set aside as ``*.damaged`` and made again. Any number of jobs may share a store: who needs an
image that another is making waits and finds it made, two writers take turns, and entries are only ever added. Tables of
pixels, which take less time to make than to sync, are written without either (`Store.fill_lightly`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.errors import writing
from bench.store.entries import DAMAGES, Entry, load_entries, pack_entries
from bench.store.locks import hold_lock
from bench.store.looks import Look, read_stamp
from bench.store.places import find_lock_file, is_remote, is_there, make_folder, move, write_remote

STAGES = ("segment", "trunk", "encode", "caption", "merge", "baseline", "table", "texts")
"""The order in which counts are told."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
"""Ids that are names of files as they are."""


@dataclass(frozen=True)
class Namespace:
    """One stage under one key: where its results lie and what they depend on."""

    root: Path
    stage: str
    key: str
    key_inputs: Mapping[str, Any] = field(compare=False, default_factory=dict)

    @cached_property
    def folder(self) -> Path:
        """The folder of this stage and key."""
        return self.root / self.stage / self.key


class FileName(str):
    """An item by the name of its file, as a listing finds it, in place of the id that the name was made of."""


@dataclass
class StoreStats:
    """By stage: the entries (image and name) that were there, those that were made, and the number of damaged files."""

    reused: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    made: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    damaged: Counter[str] = field(default_factory=Counter)

    def add(self, other: StoreStats) -> None:
        """Add the counts of another pass or process."""
        for own, theirs in ((self.reused, other.reused), (self.made, other.made)):
            for stage, entries in theirs.items():
                own[stage] |= entries
        self.damaged += other.damaged

    def count(self) -> dict[str, dict[str, int]]:
        """Count entries by stage; what was made in one pass and read again in the next counts as made."""
        known = self.reused.keys() | self.made.keys()
        stages = [s for s in STAGES if s in known] + sorted(known - set(STAGES))
        return {s: {"reused": len(self.reused[s] - self.made[s]), "made": len(self.made[s])} for s in stages}


class Store:
    """Reads and writes records, and counts what was reused, made, and found damaged.

    One that is not ``patient`` raises `bench.store.locks.Busy` instead of waiting for what another process is making.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.patient = root, True
        self.stats = StoreStats()
        self.opened: set[tuple[str, str]] = set()

    def open_namespace(self, stage: str, key: str, key_inputs: Mapping[str, Any]) -> Namespace:
        """Open a namespace and leave beside its results, in words, what they depend on."""
        namespace = Namespace(self.root, stage, key, key_inputs)
        self.opened.add((stage, key))
        with writing(namespace.folder, "store=FOLDER"):
            make_folder(namespace.folder)
            if not is_there(namespace.folder / "key.json"):
                write_atomically(namespace.folder / "key.json", json.dumps(key_inputs, indent=1, default=str).encode())
        if not is_remote(namespace.folder):
            with suppress(OSError):  # of a store that may only be read
                os.utime(namespace.folder / "key.json")  # by which `zgs store` tells when a run last used it
        return namespace

    def has(self, namespace: Namespace, item: str) -> bool:
        """Whether there is anything of an item; only `read` sees whether it is whole."""
        return is_there(_make_path(namespace, item))

    def read(self, namespace: Namespace, item: str) -> dict[str, Entry]:
        """Read all entries of an item; empty where there are none or the file is damaged."""
        path = _make_path(namespace, item)
        try:
            return load_entries(path)
        except DAMAGES:
            with writing(path, "store=FOLDER"), _lock_folder(path):
                return self._read_again(namespace, path)

    def fill(
        self, namespace: Namespace, item: str, names: Iterable[str], make: Callable[[list[str]], Mapping[str, Entry]]
    ) -> dict[str, Entry]:
        """Fill an item: all its entries, with those of ``names`` that are missing made by ``make(missing)`` and kept.

        One process makes an item at a time. Another that wants it waits, and makes only what is missing then. A lock
        is held while others are asked for: entries are made of entries of earlier stages, never the other way round.
        """
        wanted, look = list(dict.fromkeys(names)), self._look(namespace, item)
        known, new = look.known, dict[str, Entry]()
        if not known.keys() >= set(wanted):
            with self._hold_item(namespace, item):
                look = self._look(namespace, item, look)
                known = look.known
                if missing := [name for name in wanted if name not in known]:
                    new = dict(make(missing))
                    self.add(namespace, item, new, look)
        self.reuse(namespace, item, known.keys() & set(wanted))
        return known | new

    def fill_lightly(
        self, namespace: Namespace, item: str, names: Iterable[str], make: Callable[[list[str]], Mapping[str, Entry]]
    ) -> dict[str, Entry]:
        """Fill an item as `fill` does, without locks and without a sync: for what takes less time to make than these.

        Two processes that both find it missing both make it, to the same bytes. When the machine loses its power, what
        was not on the disk is missing or does not agree with its checksum, and is made again.
        """
        wanted, path = list(dict.fromkeys(names)), _make_path(namespace, item)
        if is_there(path):  # whole, in part or damaged
            return self.fill(namespace, item, wanted, make)
        new = dict(make(wanted))
        with writing(path, "store=FOLDER"):
            write_atomically(path, pack_entries(new), synced=False)
        self.stats.made[namespace.stage].update(f"{item}/{name}" for name in new)
        return new

    def add(self, namespace: Namespace, item: str, entries: Mapping[str, Entry], look: Look | None = None) -> None:
        """Add entries to an item; those already there stay as they are. ``look`` is an earlier one at it."""
        if not entries:
            return
        path = _make_path(namespace, item)
        with writing(path, "store=FOLDER"), _lock_folder(path):
            known = look.known if look and look.holds(path) else self._read_again(namespace, path)
            write_atomically(path, pack_entries({**entries, **known}))
        self.stats.made[namespace.stage].update(f"{item}/{name}" for name in entries if name not in known)
        self.reuse(namespace, item, known.keys() & entries.keys())

    def reuse(self, namespace: Namespace, item: str, names: Iterable[str]) -> None:
        """Note that entries were found and taken."""
        self.stats.reused[namespace.stage].update(f"{item}/{name}" for name in names)

    def _look(self, namespace: Namespace, item: str, before: Look | None = None) -> Look:
        """Look into an item, or take over what was found ``before`` where the file is the same still."""
        path = _make_path(namespace, item)
        if before and before.holds(path):
            return before
        stamp = read_stamp(path)  # first: who changes the file meanwhile changes this
        return Look(stamp, self.read(namespace, item))

    @contextmanager
    def _hold_item(self, namespace: Namespace, item: str) -> Iterator[None]:
        path = namespace.folder / f".{make_safe_name(item)}.making"
        with ExitStack() as held:
            with writing(path, "store=FOLDER"):
                held.enter_context(hold_lock(find_lock_file(path), wait=self.patient))
            yield

    def _read_again(self, namespace: Namespace, path: Path) -> dict[str, Entry]:
        """Read with the lock of the folder held: a file that is damaged still, not one that was just made again."""
        try:
            return load_entries(path)
        except DAMAGES as error:
            self.stats.damaged[namespace.stage] += 1
            move(path, path.name + ".damaged")
            tqdm.write(f"store: {path} is damaged ({str(error)[:80]}); set aside as *.damaged, to be made again")
            return {}


def write_atomically(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Write to a temporary name, sync, rename: a reader sees the old file or the new one, never a part.

    Without ``synced`` that holds until the machine stops, not only the process.
    """
    if is_remote(path):
        write_remote(path, content)
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            if synced:
                os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _make_path(namespace: Namespace, item: str) -> Path:
    name = item if isinstance(item, FileName) else make_safe_name(item)
    return namespace.folder / f"{name}.safetensors"


def make_safe_name(item: str) -> str:
    """Make a file name for any image id: itself where it is plain, else a readable part and a hash of the whole."""
    if _PLAIN.fullmatch(item):
        return item
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", item).lstrip("._")[:80]
    return f"{plain}-{hashlib.sha256(item.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


@contextmanager
def _lock_folder(path: Path) -> Iterator[None]:
    """Lock a folder for one writer of its items at a time; released by the system even when the process is killed."""
    with open(find_lock_file(path.parent / ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
