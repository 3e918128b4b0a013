"""Where a module's source lies, found without importing it, and which installed library it is of (KEYS.md).

Ours is whatever is no installed library: this package, editable installs, packages that pip copied from a folder,
namespace packages and modules of the working folder.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.machinery import all_suffixes
from importlib.metadata import Distribution
from pathlib import Path

OURS = "bench"
_INSTALLED = ("site-packages", "dist-packages")
_STDLIB = tuple(Path(sysconfig.get_paths()[kind]).resolve() for kind in ("stdlib", "platstdlib"))


@dataclass(frozen=True)
class Module:
    """``path`` is None for what has no file (built-in, namespace package); ``folders`` hold a package's modules."""

    name: str
    path: Path | None
    folders: tuple[Path, ...] = ()
    builtin: bool = False

    @property
    def is_package(self) -> bool:
        """Whether relative imports start from the module itself."""
        return bool(self.folders)


@cache
def find_module(name: str) -> Module | None:
    """Find a module by its dotted name; None where there is none of that name."""
    above, _, leaf = name.rpartition(".")
    if not above:
        return _find_top(name)
    package = find_module(above)
    return _find_below(name, leaf, package.folders) if package else None


def find_prefixes(dotted: str) -> Iterator[Module]:
    """Find the packages and the module at the head of a dotted name, outermost first; what follows are attributes."""
    parts = dotted.split(".")
    for end in range(1, len(parts) + 1):
        module = find_module(".".join(parts[:end]))
        if module is None:
            return
        yield module


@cache
def find_library(name: str) -> str | None:
    """Find the installed library of a module as ``name==version``, or Python's version; None for one of ours."""
    module = find_module(name)
    if module is None or name.partition(".")[0] == OURS:
        return None
    if module.builtin:
        return f"python=={platform.python_version()}"
    return _find_distribution(module.path) if module.path else None


def _find_top(name: str) -> Module | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ValueError, ImportError, AttributeError):  # __main__ has none, and a broken finder is as good as none
        file = getattr(sys.modules.get(name), "__file__", None)
        return Module(name, Path(file)) if file else None
    if spec is None:
        return None
    folders = tuple(Path(place) for place in spec.submodule_search_locations or ())
    if spec.origin is None or spec.origin == "namespace":
        return Module(name, None, folders) if folders else None
    builtin = spec.origin in ("built-in", "frozen") or _is_of_python(Path(spec.origin))
    return Module(name, Path(spec.origin), folders, builtin)


def _is_of_python(path: Path) -> bool:
    path = path.resolve()
    return not set(_INSTALLED) & set(path.parts) and any(path.is_relative_to(place) for place in _STDLIB)


def _find_below(name: str, leaf: str, folders: tuple[Path, ...]) -> Module | None:
    builtin, portions = bool((top := find_module(name.partition(".")[0])) and top.builtin), []
    for folder in folders:
        for suffix in all_suffixes():
            if (path := folder / leaf / f"__init__{suffix}").is_file():
                return Module(name, path, (folder / leaf,), builtin)
        for suffix in all_suffixes():
            if (path := folder / f"{leaf}{suffix}").is_file():
                return Module(name, path, (), builtin)
        if (folder / leaf).is_dir() and leaf.isidentifier() and leaf != "__pycache__":
            portions.append(folder / leaf)
    return Module(name, None, tuple(portions), builtin) if portions else None


def _find_distribution(path: Path) -> str | None:
    for root in (folder for folder in path.parents if _list_installed(folder)):
        record = path.relative_to(root)
        # Most libraries are called as their module is: those first, for there are long records among the others.
        likely = record.parts[0].partition(".")[0].lower()
        for place in sorted(_list_installed(root), key=lambda place: not place.name.lower().startswith(likely)):
            if f"\n{record.as_posix()}," in _read_record(place):
                return _read_pinned(place)
    if set(_INSTALLED) & set(path.parts):  # without a record of its files, as distributions of Linux have it
        return _describe_unrecorded(path)
    return None


@cache
def _list_installed(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(folder.glob("*.dist-info")))


@cache
def _read_record(place: Path) -> str:
    try:
        return "\n" + (place / "RECORD").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


@cache
def _read_pinned(place: Path) -> str | None:
    """Read name, version and, where it came from elsewhere than an index, which commit or archive.

    None for one that was copied from a folder: its version says nothing of what was edited there.
    """
    distribution = Distribution.at(place)
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    if "dir_info" in origin:
        return None
    details = origin.get("vcs_info") or origin.get("archive_info")
    version = f"{distribution.metadata['Name'].lower()}=={distribution.version}"
    return f"{version} {json.dumps(details, sort_keys=True)}" if details else version


def _describe_unrecorded(path: Path) -> str | None:
    root = next(folder for folder in path.parents if folder.name in _INSTALLED)
    top = path.relative_to(root).parts[0].partition(".")[0]
    names = _map_modules().get(top, ())
    return " ".join(f"{name.lower()}=={importlib.metadata.version(name)}" for name in sorted(set(names))) or None


@cache
def _map_modules() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def forget_modules() -> None:
    """Look for modules and libraries again."""
    for each in (find_module, find_library, _list_installed, _read_record, _read_pinned, _map_modules):
        each.cache_clear()
