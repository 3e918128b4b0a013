"""What a store holds, without opening an entry: its namespaces with sizes, numbers of files and last use.

A store of a sweep has hundreds of thousands of files: each is looked at once, by its folder, and none is opened but
``key.json`` of each namespace. No part of the paper.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.store.files import STAGES, FileName, Namespace
from bench.store.places import RemoteFile, is_remote, list_remote, read_remote

KEY, ENDING, DAMAGED = "key.json", ".safetensors", ".damaged"
Found = os.DirEntry[str] | RemoteFile
"""A file or folder as listing a folder tells of it, without another question."""
REMOVING = ".pruned-"
"""How the name of a namespace begins that is being removed: no run finds it any more."""


@dataclass(frozen=True)
class Usage:
    """What a namespace takes up.

    files      entries of images (of texts: of lists), a file each
    size       bytes of all files, as their lengths say
    used       seconds since 1970, by the clock of the disk: when a run last opened it or added to it
    damaged    names of files that were set aside
    leftovers  names of files that a killed writer has left half written
    """

    namespace: Namespace
    files: int
    size: int
    used: float
    damaged: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()


def list_namespaces(root: Path) -> list[Namespace]:
    """List the namespaces below a store's folder, in the order of the stages; empty where it holds none.

    Other folders, which have no key for a name, are not of the store: it may lie in a folder of somebody's.
    """
    found = [
        Namespace(root, stage.name, key.name)
        for stage in _list_folders(root)
        for key in _list_folders(root / stage.name)
        if re.fullmatch("[0-9a-f]{16}", key.name)
    ]
    place = {stage: at for at, stage in enumerate(STAGES)}
    return sorted(found, key=lambda space: (place.get(space.stage, len(place)), space.stage, space.key))


def list_removed(root: Path) -> list[Path]:
    """List what an interrupted removal has left of namespaces."""
    return [root / folder.name for folder in _scan(root) if folder.name.startswith(REMOVING)]


def measure_namespace(namespace: Namespace) -> Usage:
    """Count and measure the files of a namespace, and find when it was last used."""
    files, size, used = 0, 0, 0.0
    damaged, leftovers = [], []
    for entry in _scan(namespace.folder):
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # another process has renamed or removed it meanwhile
            continue
        size, used = size + status.st_size, max(used, status.st_mtime)
        if entry.name.endswith(DAMAGED):
            damaged.append(entry.name)
        elif is_item(entry.name):
            files += 1
        elif is_leftover(entry.name):
            leftovers.append(entry.name)
    return Usage(namespace, files, size, used, tuple(sorted(damaged)), tuple(sorted(leftovers)))


def list_items(namespace: Namespace) -> list[FileName]:
    """List the items of a namespace as their files are named, sorted: a store takes such a name for the item's."""
    return sorted(FileName(e.name.removesuffix(ENDING)) for e in _scan(namespace.folder) if is_item(e.name))


def is_item(name: str) -> bool:
    """Whether a file holds entries."""
    return name.endswith(ENDING) and not name.startswith(".")


def is_leftover(name: str) -> bool:
    """Whether a file is of a writer: one that is at work, or was killed."""
    return name.startswith(".") and (f"{ENDING}." in name or f"{KEY}." in name)


def read_key_inputs(namespace: Namespace) -> dict[str, Any]:
    """Read what a namespace depends on, as its run left it; empty where the file is missing or damaged."""
    path = namespace.folder / KEY
    try:
        inputs = json.loads(read_remote(path) if is_remote(path) else path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return inputs if isinstance(inputs, dict) else {}


def _list_folders(place: Path) -> list[Found]:
    return [entry for entry in _scan(place) if entry.is_dir() and not entry.name.startswith(".")]


def _scan(place: Path) -> Iterator[Found]:
    """Look through a folder, which another process may remove meanwhile."""
    if is_remote(place):
        yield from list_remote(place)
        return
    try:
        with os.scandir(place) as entries:
            yield from entries
    except (FileNotFoundError, NotADirectoryError):
        return
