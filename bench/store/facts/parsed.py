"""The modules of ours as this process first read them, once for all targets (KEYS.md).

What another process has parsed is taken in its place where it was parsed of the same bytes (`bench.store.sources`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.errors import UserError
from bench.store.facts import modules
from bench.store.facts.contents import hash_file_once
from bench.store.facts.imports import ParsedModule, parse_source


@dataclass(frozen=True)
class Parsed:
    """A module that was parsed, with the digest (`_hash_source`) of what it was parsed of."""

    digest: str
    module: ParsedModule


_READ: dict[str, ParsedModule] = {}
_OFFERED: dict[str, Parsed] = {}
_PARSED: dict[str, Parsed] = {}
"""What others have parsed, by name, and what this process had to parse itself."""


def read_parsed(name: str) -> ParsedModule:
    """Read a module of ours. One without source counts by its bytes, a namespace package by nothing."""
    if name not in _READ:
        _READ[name] = _parse_module(name)
    return _READ[name]


def offer_parsed(parsed: Mapping[str, Parsed]) -> None:
    """Offer what was parsed before: each is taken for a module of that name whose source has the same digest."""
    _OFFERED.update(parsed)


def has_read() -> bool:
    """Whether this process has read modules already, so that there is little left to offer."""
    return bool(_READ)


def list_parsed() -> dict[str, Parsed]:
    """List what this process had to parse itself and has not kept yet, by name."""
    return dict(_PARSED)


def forget_kept(names: Iterable[str]) -> None:
    """Take modules that are kept off the list of what this process had to parse."""
    for name in names:
        _PARSED.pop(name, None)


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
        return _parse_once(module.path.read_bytes(), name, module.is_package)
    except OSError as error:
        said = error.strerror or error
        raise UserError(f"{module.path}: cannot be read ({said}), so no result of it can be kept: mend it") from error


def _parse_once(source: bytes, name: str, is_package: bool) -> ParsedModule:
    digest = _hash_source(source, name, is_package)
    offered = _OFFERED.get(name)
    if offered is None or offered.digest != digest:
        offered = _PARSED[name] = Parsed(digest, parse_source(source, name, is_package))
    return offered.module


def _hash_source(source: bytes, name: str, is_package: bool) -> str:
    """Hash (sha256, hex) all that `parse_source` is given."""
    return hashlib.sha256(f"{name}\0{is_package}\0".encode() + source).hexdigest()
