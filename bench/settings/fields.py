"""Keys of a stage that its yaml does not list: the fields of its class; no part of the paper.

Read from the source, so that no model library is loaded and nothing is run to find that a key is mistyped.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple


class _Module(NamedTuple):
    classes: dict[str, ast.ClassDef]
    imported: dict[str, str]


def list_fields(target: str) -> list[str]:
    """List the fields with a default of a class, ``package.module.Class``, and of its bases as far as they are found.

    A field is a line ``name: type = default``. Empty for what is no class, or whose source is not to be had.
    """
    return list(dict.fromkeys(_find_fields(target, set())))


def _find_fields(target: str, seen: set[str]) -> Iterator[str]:
    place, _, name = target.rpartition(".")
    module = None if target in seen else _read_module(place)
    if module is None or name not in module.classes:
        return
    seen.add(target)
    made = module.classes[name]
    for line in (line for line in made.body if isinstance(line, ast.AnnAssign)):
        if line.value and isinstance(line.target, ast.Name) and "ClassVar" not in ast.unparse(line.annotation):
            yield line.target.id
    for base in made.bases:
        if isinstance(base, ast.Name):
            yield from _find_fields(module.imported.get(base.id, f"{place}.{base.id}"), seen)


def _read_module(place: str) -> _Module | None:
    """Read the classes of a module and what it imports by name; None where it has no source, or none that parses."""
    try:
        spec = find_spec(place) if place else None
        source = Path(spec.origin or "").read_text(encoding="utf-8") if spec else ""
        lines = ast.parse(source).body
    except (ImportError, ValueError, OSError, SyntaxError):
        return None
    named = [line for line in lines if isinstance(line, ast.ImportFrom) and line.module and not line.level]
    return _Module(
        {line.name: line for line in lines if isinstance(line, ast.ClassDef)},
        {name.asname or name.name: f"{line.module}.{name.name}" for line in named for name in line.names},
    )
