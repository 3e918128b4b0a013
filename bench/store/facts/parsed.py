"""The modules of ours as this process first read them, once for all targets (KEYS.md)."""

from __future__ import annotations

from bench.errors import UserError
from bench.store.facts import modules
from bench.store.facts.contents import file_hash
from bench.store.facts.imports import Parsed, parse

_READ: dict[str, Parsed] = {}


def parsed(name: str) -> Parsed:
    """Read a module of ours. One without source counts by its bytes, a namespace package by nothing."""
    if name not in _READ:
        _READ[name] = _read(name)
    return _READ[name]


def forget(packages: tuple[str, ...]) -> None:
    """Read the modules of some packages again, or all."""
    for name in [name for name in _READ if not packages or name.partition(".")[0] in packages]:
        del _READ[name]


def _read(name: str) -> Parsed:
    module = modules.find(name)
    if module is None or module.path is None:
        return Parsed("", (), (), (), False)
    if module.path.suffix != ".py":
        return Parsed(file_hash(module.path), (), (), (), False)
    try:
        return parse(module.path.read_bytes(), name, module.is_package)
    except OSError as error:
        said = error.strerror or error
        raise UserError(f"{module.path}: cannot be read ({said}), so no result of it can be kept: mend it") from error
