"""Everything that a target is made of: its module, what that imports, the files beside them, the libraries (KEYS.md).

The closure goes over all modules that are of no installed library (`bench.store.facts.modules`), whatever
package they are of. Nothing is imported to find it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from bench.store.facts import beside, modules
from bench.store.facts.contents import find_existing
from bench.store.facts.imports import ParsedModule
from bench.store.facts.parsed import forget_parsed as forget_parsed
from bench.store.facts.parsed import read_parsed

RESOLVED = (
    "bench.cli", "bench.commands", "bench.report", "bench.system.resources", "bench.system.loops_folder", "bench.run"
)  # fmt: skip
"""Ours that import by a computed name: a command, or a ``_target_`` of the settings, which counts. Compiled loops are
kept in a folder that is named by their sources, which count where they are imported."""
ADVICE = "results stay as they are when it changes: name it as an option, or take another store=FOLDER then"
FOR_SCRIPTS = "bench.api"
"""What `bench` itself loads when a script asks for one of its names, and no module below it does."""
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


@dataclass(frozen=True)
class Closure:
    """``modules`` are ours, ``libraries`` as name==version, ``unknown`` what cannot be followed, in words."""

    modules: tuple[str, ...]
    libraries: tuple[str, ...]
    unknown: tuple[str, ...]
    code: str

    @property
    def digest(self) -> str:
        """16 hex digits for the code of all modules and what lies beside them now.

        Raises UserError where a file beside a module is not as this process first saw it: some of it may be in memory.
        """
        files = beside.describe_contents(self.modules)
        return hashlib.sha256(f"{self.code}{files}".encode()).hexdigest()[:16]


@cache
def find_closure(target: str) -> Closure:
    """Find the closure of a dotted name: a module, or a class or function in one, however deep.

    Code counts as this process first saw it, for that is what it runs.
    """
    ours, libraries, waiting = dict[str, ParsedModule](), set[str](), [target]
    while waiting:
        for module in modules.find_prefixes(waiting.pop()):
            if library := modules.find_library(module.name):
                libraries.add(library)
                break
            if module.name not in ours and not module.builtin:
                ours[module.name] = read_parsed(module.name)
                waiting += _list_followed(module.name, ours[module.name])
    names = tuple(sorted(ours))
    code = hashlib.sha256("".join(f"{name}\0{ours[name].code}\n" for name in names).encode("utf-8", "replace"))
    unknown = (line for name in names for line in _describe_unknown(name, ours[name]))
    return Closure(names, tuple(sorted(libraries)), tuple(unknown), code.hexdigest())


def _list_followed(name: str, module: ParsedModule) -> tuple[str, ...]:
    """List the imports that count: what `bench` has for scripts belongs to modules of others that import `bench`."""
    package = FOR_SCRIPTS.partition(".")[0]
    if name == package:
        return ()
    asks = package in module.imports and not _is_inside(name, (package,))
    return (*module.imports, FOR_SCRIPTS) if asks else module.imports


def find_targets(options: Any) -> Iterator[str]:
    """Find every ``_target_`` in options, at any depth, and every text that names something in a module of ours."""
    if isinstance(options, Mapping):
        for key, value in options.items():
            yield from [str(value)] if key == "_target_" else find_targets(value)
    elif isinstance(options, list | tuple):
        for value in options:
            yield from find_targets(value)
    elif isinstance(options, str) and _DOTTED.fullmatch(options) and not find_existing(options):
        first = next(modules.find_prefixes(options), None)
        if first and not modules.find_library(first.name):
            yield options


def join_closures(names: Iterable[str]) -> Closure:
    """Join the closures of several targets into one."""
    closures = [find_closure(name) for name in sorted(set(names))]
    together = (
        {each for one in closures for each in getattr(one, part)} for part in ("modules", "libraries", "unknown")
    )
    own, libraries, unknown = (tuple(sorted(part)) for part in together)
    return Closure(own, libraries, unknown, "".join(one.code for one in closures))


def forget_sources(*packages: str) -> None:
    """Read the sources of some packages again, or all: for whoever edits modules and imports them afresh."""
    modules.forget_modules()
    forget_parsed(packages)
    find_closure.cache_clear()
    beside.forget_contents()


def _describe_unknown(name: str, module: ParsedModule) -> Iterator[str]:
    if _is_inside(name, RESOLVED):
        return
    for call in module.computed:
        yield f"{name}: what {call} imports cannot be told beforehand; {ADVICE}"
    own, here = beside.find_named(name), beside.find_in_working_folder(name)
    if module.beside and not own:
        yield f"{name}: which files beside it are read cannot be told beforehand; {ADVICE}"
    for text in here:
        yield f"{name}: {text} of the working folder does not count, it may be written as well as read; {ADVICE}"


def _is_inside(name: str, packages: Iterable[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in packages)
