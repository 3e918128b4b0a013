"""What a stored result depends on: the key under which `bench.store` keeps it.

A key is the sha256 of the stage's resolved options, the source of the stage (without comments and docstrings: an edited
constant misses, an edited comment hits), library versions, weight hashes, device type, dtype, seed and the keys of the
stages before it. Items under a key are addressed by the content of the image, so a replaced photograph misses too.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

LIBRARIES = ("torch", "transformers", "open_clip_torch", "sentence-transformers", "tokenizers", "pydensecrf2",
             "scikit-learn", "scipy", "fastcluster", "numpy", "pillow")  # fmt: skip


def stage_key(stage: str, parts: Mapping[str, Any]) -> str:
    """16 hex digits for a stage and everything its results depend on."""
    text = json.dumps({"stage": stage, **parts}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def source_digest(module: str) -> str:
    """sha256 over the code of a module and of all modules of this package that it imports, comments aside."""
    digest = hashlib.sha256()
    for name in sorted(_closure(module)):
        digest.update(name.encode() + _parsed(name)[1].encode())
    return digest.hexdigest()[:16]


@cache
def package_digest(module: str) -> str:
    """sha256 over the bytes of all source files of the package that a module is of: quick, and anything changes it."""
    origin, digest = _path(module.partition(".")[0]), hashlib.sha256()
    for path in sorted(origin.parent.rglob("*.py")) if origin else ():
        digest.update(f"{path.relative_to(origin.parent)}".encode() + path.read_bytes())  # type: ignore[union-attr]
    return digest.hexdigest()[:16]


@cache
def library_versions() -> dict[str, str]:
    """Versions of the libraries that touch a number; "absent" where one is not installed."""
    return {name: _version(name) for name in LIBRARIES}


def content_digest(*arrays: np.ndarray | None) -> str:
    """12 hex digits for the shape, dtype and bytes of some arrays."""
    digest = hashlib.sha256()
    for array in arrays:
        if array is not None:
            digest.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:12]


def texts_digest(texts: Sequence[str]) -> str:
    """12 hex digits for a list of texts."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _closure(module: str) -> set[str]:
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in seen and _path(name) is not None:
            seen.add(name)
            waiting += _parsed(name)[0]
    return seen


@cache
def _parsed(module: str) -> tuple[tuple[str, ...], str]:
    """What a module imports of this package, and its code without comments and docstrings: parsed once for all stages.

    ``from bench.a import b`` counts as bench.a and bench.a.b.
    """
    package, tree, found = module.partition(".")[0], ast.parse(_text(module)), []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        body = getattr(node, "body", None)
        if isinstance(body, list):
            # A bare string is a docstring, at the head of a body or below an attribute: no code.
            node.body = [s for s in body if not _is_text(s)] or [ast.Pass()]  # type: ignore[attr-defined]
    return tuple(name for name in found if name.partition(".")[0] == package), ast.dump(tree)


@cache
def _path(module: str) -> Path | None:
    """Where a module's source lies, found without importing it; None where the name is no module."""
    package, *rest = module.split(".")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        return None
    place = Path(spec.origin).parent.joinpath(*rest)
    candidates = (place / "__init__.py", place.with_suffix(".py")) if rest else (Path(spec.origin),)
    return next((path for path in candidates if path.is_file()), None)


def _text(module: str) -> str:
    path = _path(module)
    return path.read_text(encoding="utf-8") if path else ""


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
