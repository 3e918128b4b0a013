"""Data files that lie beside a module and that it names: part of what the module is (KEYS.md).

A text in the code that is the name of a file or folder beside the module, or in its outermost package, counts with what
is in there; so does a written ending (f"{name}.csv", "*.json") with all files beside the module that have it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

from bench.errors import UserError
from bench.store.facts import modules
from bench.store.facts.contents import find_existing, hash_content
from bench.store.facts.parsed import read_parsed

COUNTED = ("models/embedded", "conf")
"""Folders of this package that keys count otherwise: as weights, and as resolved settings."""
CODE = (".py", ".pyc", ".so", ".pyd")
RESULTS = ("run.json", "key.json")
"""A folder that holds one of these is a run's or a store's: written, not read."""
_ENDING = re.compile(r"\*?([\w-]*\.\w{1,8})")


def describe_contents(name: str) -> str:
    """Describe the files that a module names by their contents now.

    Raises UserError where they are not as this process first saw them: the module may hold the old ones in memory.
    """
    first, now = hash_at_first(name), _hash_named(name)
    if now != first:
        changed = min(file for file in {*first, *now} if first.get(file) != now.get(file))
        raise UserError(f"{changed} of {name} changed after this process had begun: start it again")
    return repr(sorted(now.items()))


@cache
def hash_at_first(name: str) -> dict[str, str]:
    """Hash the files that a module names, once: as they are when this process first asks."""
    return _hash_named(name)


def find_named(name: str) -> dict[str, Path]:
    """Find files and folders beside a module that its texts name, by the name from the module or the package."""
    module = modules.find_module(name)
    if module is None or module.path is None:
        return {}
    top = modules.find_module(name.partition(".")[0])
    paths: dict[str, Path] = {}
    for root in dict.fromkeys([module.path.parent, *(top.folders if top else ())]):
        there = set(os.listdir(root)) if root.is_dir() else set()  # noqa: PTH208  # asked of every module, for each key
        for path in _find_meant(root, there, *_sort_texts(read_parsed(name).texts)):
            paths[path.relative_to(root).as_posix()] = path
    return paths


def find_in_working_folder(name: str) -> list[str]:
    """Find texts of a user's module that name files of the working folder, which lie beside no module."""
    if name.partition(".")[0] == modules.OURS:
        return []
    own = {path.resolve() for path in find_named(name).values()}
    there = ((text, find_existing(text)) for text in read_parsed(name).texts if Path(text).suffix)
    return [text for text, path in there if path and path.is_file() and path.resolve() not in own]


def _hash_named(name: str) -> dict[str, str]:
    return {label: hash_content(path) for label, path in find_named(name).items() if not _is_counted(name, path)}


@lru_cache(maxsize=4096)
def _sort_texts(texts: tuple[str, ...]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Sort the texts of a module: by the part before the first slash, and those that are an ending, with it."""
    heads: dict[str, list[str]] = {}
    for text in texts:
        heads.setdefault(text.partition("/")[0], []).append(text)
    endings = {text: ending[1] for text in texts if "." in text and (ending := _ENDING.fullmatch(text))}
    return heads, endings


def _find_meant(
    root: Path, there: set[str], heads: Mapping[str, list[str]], endings: Mapping[str, str]
) -> Iterator[Path]:
    for text in (text for head in there & heads.keys() for text in heads[head] if ".." not in text):
        path = root / text
        if path.suffix not in CODE and (path.is_file() or (path.is_dir() and _holds_data(path))):
            yield path
    for ending in {ending for text, ending in endings.items() if text not in there}:
        yield from (root / each for each in there if each.endswith(ending) and not each.endswith(CODE))


def _holds_data(folder: Path) -> bool:
    """Not code, as a package that a text happens to name as "data", and not results that come and go."""
    return not any(path.suffix == ".py" or path.name in RESULTS for path in folder.rglob("*"))


def _is_counted(name: str, path: Path) -> bool:
    top = modules.find_module(modules.OURS)
    if name.partition(".")[0] != modules.OURS or top is None:
        return False
    return any(path.is_relative_to(folder / each) for folder in top.folders for each in COUNTED)
