"""The modules of ours as this process first read them, once for all targets (KEYS.md)."""

from __future__ import annotations

from bench.errors import UserError
from bench.store.facts import modules
from bench.store.facts.contents import hash_file_once
from bench.store.facts.imports import ParsedModule, parse_source

_READ: dict[str, ParsedModule] = {}


def read_parsed(name: str) -> ParsedModule:
    """Read a module of ours. One without source counts by its bytes, a namespace package by nothing."""
    if name not in _READ:
        _READ[name] = _parse_module(name)
    return _READ[name]


def forget_parsed(packages: tuple[str, ...]) -> None:
    """Read the modules of some packages again, or all."""
    for name in [name for name in _READ if not packages or name.partition(".")[0] in packages]:
        del _READ[name]


def _parse_module(name: str) -> ParsedModule:
    module = modules.find_module(name)
    if module is None or module.path is None:
        return ParsedModule("", (), (), (), False)
    if module.path.suffix != ".py":
        return ParsedModule(hash_file_once(module.path), (), (), (), False)
    try:
        return parse_source(module.path.read_bytes(), name, module.is_package)
    except OSError as error:
        said = error.strerror or error
        raise UserError(f"{module.path}: cannot be read ({said}), so no result of it can be kept: mend it") from error
