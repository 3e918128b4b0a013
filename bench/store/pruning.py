"""What of a store may go: namespaces by age, by key, or because no run names them; no part of the paper.

Whole namespaces go, never single images, so that what stays is what a run left. One is renamed before it is removed:
no run finds half of it, and what an interrupted removal leaves is removed by the next.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.errors import writing
from bench.store.files import Namespace
from bench.store.listing import REMOVING, Usage
from bench.store.locks import Busy, hold_lock
from bench.store.places import is_remote, read_remote_clock, remove_remote

RECENT = 86400.0
"""Seconds for which a namespace is kept that no run names: one may be at work that has named nothing yet."""
NEVER = ("data", "sources")
"""Stages whose few small files no run names and every run reads."""


@dataclass(frozen=True)
class Rule:
    """Which namespaces go: those that fit all that is given.

    older    seconds for which no run has used them
    keys     beginnings of their keys
    named    the (stage, key) that runs name, which stay
    """

    older: float | None = None
    keys: tuple[str, ...] = ()
    named: Collection[tuple[str, str]] | None = None


def select_usages(usages: Iterable[Usage], rule: Rule, now: float) -> list[Usage]:
    """Select what a rule lets go; ``now`` is the time by the clock of the disk."""
    return [usage for usage in usages if _fits(usage, rule, now)]


def _fits(usage: Usage, rule: Rule, now: float) -> bool:
    space, age = usage.namespace, now - usage.used
    older = RECENT if rule.named is not None and rule.older is None else rule.older
    if older is not None and age < older:
        return False
    if rule.keys and not any(space.key.startswith(key) for key in rule.keys):
        return False
    return rule.named is None or (space.stage not in NEVER and (space.stage, space.key) not in rule.named)


def read_disk_clock(root: Path) -> float:
    """Read the clock of the disk on which a store lies, as it stamps files: another host's may go otherwise.

    Where nothing can be written it is this host's.
    """
    if is_remote(root):
        return read_remote_clock(root) or time.time()
    try:
        with tempfile.NamedTemporaryFile(dir=root, prefix=".clock.") as file:
            return os.fstat(file.fileno()).st_mtime
    except OSError:
        return time.time()


def is_in_use(namespace: Namespace) -> bool:
    """Whether a run is making an entry of a namespace at this moment; of a remote place nobody can say."""
    if is_remote(namespace.folder):
        return False
    for path in namespace.folder.glob(".*.making"):
        try:
            with hold_lock(path, wait=False):
                continue
        except Busy:
            return True
        except OSError:
            continue
    return False


def remove_namespace(namespace: Namespace) -> None:
    """Remove a namespace with all its entries. Raises UserError where that may not be."""
    if is_remote(namespace.folder):
        with writing(namespace.folder, "store=FOLDER"):
            remove_remote(namespace.folder)
        return
    place = namespace.root / f"{REMOVING}{namespace.stage}-{namespace.key}-{secrets.token_hex(3)}"
    with writing(namespace.folder, "store=FOLDER"):
        namespace.folder.rename(place)
        shutil.rmtree(place)


def remove_leftovers(usage: Usage, now: float, really: bool = True) -> int:
    """Remove what killed writers have left in a namespace, and what was set aside as damaged; return how many files.

    What is younger than `RECENT` stays: its writer may be at work, or somebody looking at it. They are only counted
    where it is not ``really`` meant.
    """
    removed = 0
    for name in (*usage.leftovers, *usage.damaged):
        path = usage.namespace.folder / name
        with writing(path, "store=FOLDER"):
            try:
                if now - path.stat().st_mtime < RECENT:
                    continue
                if really:
                    path.unlink()
                removed += 1
            except FileNotFoundError:
                continue
    return removed
