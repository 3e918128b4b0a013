"""What a stored result depends on: the key under which `bench.store.files` keeps it. KEYS.md lists every input.

A key is the sha256 of the stage's resolved options with the contents of the files that they name, the source of
everything they are made of (without comments and docstrings: an edited constant misses, an edited comment hits),
library versions, weight hashes, this machine, device, threads, dtype, seed and the keys of the stages before it. Items
under a key are addressed by the content of the image, so a replaced photograph misses too.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.store.facts import modules
from bench.store.facts.beside import COUNTED
from bench.store.facts.closure import find_targets, join_closures
from bench.store.facts.contents import hash_content, replace_by_content

LIBRARIES = (
    "torch", "torchvision", "transformers", "open_clip_torch", "sentence-transformers", "tokenizers", "regex", "ftfy",
    "safetensors", "pydensecrf2", "scikit-learn", "scipy", "numpy", "pillow", "numba", "llvmlite",
)  # fmt: skip
"""Those that touch a number and that others import for us; what sources import themselves counts anyway."""


def make_stage_key(stage: str, key_inputs: Mapping[str, Any]) -> str:
    """Make the key of a stage, 16 hex digits, from everything its results depend on."""
    text = json.dumps({"stage": stage, **key_inputs}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def collect_inputs(options: Any, *names: str) -> dict[str, Any]:
    """Collect what options name, for a key: contents of files, the source of every target, what that imports.

    ``names`` are modules that count with them. "unknown" says in words what cannot be followed.
    """
    code = join_closures([*find_targets(options), *names])
    inputs = {"options": replace_by_content(options), "source": code.digest, "imports": list(code.libraries)}
    return inputs | {"unknown": list(code.unknown)}


def hash_source(*names: str) -> str:
    """Hash the code of modules, classes or functions and of everything of ours that they import: 16 hex digits."""
    return join_closures(names).digest


def hash_alone(names: Iterable[str]) -> dict[str, str]:
    """Hash each module's own code, without what it imports: for code around a stage."""
    from bench.store.facts.parsed import read_parsed

    return {name: hashlib.sha256(read_parsed(name).code.encode()).hexdigest()[:16] for name in names}


@cache
def hash_package(module: str) -> str:
    """Hash the bytes of all files of the package that a module is of: quick, and anything changes it."""
    top = modules.find_module(module.partition(".")[0])
    digest = hashlib.sha256()
    for folder in top.folders if top else ():
        for path in sorted(path for path in folder.rglob("*") if _is_counted(folder, path)):
            digest.update(f"{path.relative_to(folder)}{hash_content(path)}".encode())
    return digest.hexdigest()[:16]


def _is_counted(folder: Path, path: Path) -> bool:
    inside = path.relative_to(folder).as_posix()
    return path.is_file() and "__pycache__" not in path.parts and not inside.startswith(COUNTED)


@cache
def read_library_versions() -> dict[str, str]:
    """Read versions of the libraries that touch a number; "absent" where one is not installed."""
    return {name: _read_version(name) for name in LIBRARIES}


def hash_arrays(*arrays: np.ndarray | None) -> str:
    """Hash shape, dtype and bytes of some arrays: 12 hex digits."""
    digest = hashlib.sha256()
    for array in arrays:
        if array is not None:
            digest.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:12]


def hash_texts(texts: Sequence[str]) -> str:
    """Hash a list of texts: 12 hex digits."""
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _read_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
