"""Data files that lie beside a module and that it names: part of what the module is (KEYS.md).

A text in the code that is the name of a file or folder beside the module, or in its outermost package, counts with what
is in there; so does a written ending (f"{name}.csv", "*.json") with all files beside the module that have it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import TypeAlias

from bench.errors import UserError
from bench.store.facts import modules
from bench.store.facts.contents import find_existing, hash_content
from bench.store.facts.parsed import read_parsed

COUNTED = ("models/embedded", "conf")
"""Folders of this package that keys count otherwise: as weights, and as resolved settings."""
CODE = (".py", ".pyc", ".so", ".pyd")
COMPILED = "__pycache__"
"""Python's own copies of the code, which come and go as modules are first imported."""
RESULTS = ("run.json", "key.json")
"""A folder that holds one of these is a run's or a store's: written, not read."""
Listing: TypeAlias = Callable[[Path], frozenset[str]]
"""The names in a folder."""
_SEEN: dict[str, dict[str, str]] = {}
"""Of each module the files that it names, hashed when this process first asked."""
_ENDING = re.compile(r"\*?([\w-]*\.\w{1,8})")


def describe_contents(names: Iterable[str]) -> list[str]:
    """Describe the files that modules name by their contents now; each folder is listed once for all of them.

    Raises UserError where they are not as this process first saw them: a module may hold the old ones in memory.
    """
    listing = cache(_list_names)
    return [_describe_unchanged(name, listing) for name in names]


def _describe_unchanged(name: str, listing: Listing) -> str:
    now = _hash_named(name, listing)
    first = _SEEN.setdefault(name, now)
    if now != first:
        changed = min(file for file in {*first, *now} if first.get(file) != now.get(file))
        raise UserError(f"{changed} of {name} changed after this process had begun: start it again")
    return repr(sorted(now.items()))


def forget_contents() -> None:
    """See the files that modules name for the first time again."""
    _SEEN.clear()


def find_named(name: str, listing: Listing | None = None) -> dict[str, Path]:
    """Find files and folders beside a module that its texts name, by the name from the module or the package."""
    module = modules.find_module(name)
    if module is None or module.path is None:
        return {}
    top = modules.find_module(name.partition(".")[0])
    paths: dict[str, Path] = {}
    for root in dict.fromkeys([module.path.parent, *(top.folders if top else ())]):
        for path in _find_meant(root, (listing or _list_names)(root), read_parsed(name).texts):
            paths[path.relative_to(root).as_posix()] = path
    return paths


def find_in_working_folder(name: str) -> list[str]:
    """Find texts of a user's module that name files of the working folder, which lie beside no module."""
    if name.partition(".")[0] == modules.OURS:
        return []
    own = {path.resolve() for path in find_named(name).values()}
    there = ((text, find_existing(text)) for text in read_parsed(name).texts if Path(text).suffix)
    return [text for text, path in there if path and path.is_file() and path.resolve() not in own]


def _list_names(folder: Path) -> frozenset[str]:
    return frozenset(os.listdir(folder) if folder.is_dir() else ())  # noqa: PTH208  # asked of every module, for each key


def _hash_named(name: str, listing: Listing) -> dict[str, str]:
    found = find_named(name, listing)
    return {label: hash_content(path) for label, path in found.items() if not _is_counted(name, path)}


def _sort_texts(texts: tuple[str, ...]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Sort the texts of a module: by the part before the first slash, and those that are an ending, with it."""
    heads: dict[str, list[str]] = {}
    for text in texts:
        heads.setdefault(text.partition("/")[0], []).append(text)
    endings = {text: ending[1] for text in texts if "." in text and (ending := _ENDING.fullmatch(text))}
    return heads, endings


def _find_meant(root: Path, there: frozenset[str], texts: tuple[str, ...]) -> Iterator[Path]:
    named, ended = _list_meant(there, texts)
    for path in (root / text for text in named):
        if path.is_file() or (path.is_dir() and _holds_data(path)):
            yield path
    yield from (root / name for name in ended)


@lru_cache(maxsize=4096)
def _list_meant(there: frozenset[str], texts: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """List the texts that may name what lies in a folder, and the names in it that have a written ending."""
    heads, endings = _sort_texts(texts)
    within = [text for head in (there & heads.keys()) - {COMPILED} for text in heads[head] if ".." not in text]
    written = tuple({ending for text, ending in endings.items() if text not in there})
    ended = [name for name in there if name.endswith(written) and not name.endswith(CODE)] if written else []
    return [text for text in within if Path(text).suffix not in CODE], ended


def _holds_data(folder: Path) -> bool:
    """Not code, as a package that a text happens to name as "data", and not results that come and go."""
    names = (name for _, folders, files in os.walk(folder) for name in (*folders, *files))
    return not any(name.endswith(".py") or name in RESULTS for name in names)


def _is_counted(name: str, path: Path) -> bool:
    top = modules.find_module(modules.OURS)
    if name.partition(".")[0] != modules.OURS or top is None:
        return False
    return any(path.is_relative_to(folder / each) for folder in top.folders for each in COUNTED)
