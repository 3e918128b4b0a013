"""Golden vectors: where they lie, how a seed is read, and how what production makes is compared with it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

FAMILIES = ("masked_attention", "ward_tree", "densecrf", "zerocap", "merge", "metrics")


def folder() -> Path:
    """The folder of the vectors: the environment variable ZGS_GOLDEN, else ``data`` beside this file."""
    return Path(os.environ.get("ZGS_GOLDEN") or Path(__file__).parent / "data").expanduser()


def seeds(family: str) -> list[str]:
    """Every seed that exists for a family ("a", "b", …), sorted; none at all is an error, never a silent pass."""
    found = sorted(path.stem.removeprefix(f"{family}_") for path in folder().glob(f"{family}_*.npz"))
    if not found:
        raise FileNotFoundError(f"no golden vectors {family}_*.npz in {folder()}: check ZGS_GOLDEN")
    return found


def load(family: str, seed: str, where: Path | None = None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays and the json of one seed in `folder`, or elsewhere. FileNotFoundError where either is missing."""
    stem = (where or folder()) / f"{family}_{seed}"
    with np.load(f"{stem}.npz", allow_pickle=False) as archive:
        arrays = dict(archive)
    return arrays, json.loads(Path(f"{stem}.json").read_text(encoding="utf-8"))


def list_entries(family: str, seed: str) -> list[str]:
    """The names of a seed's entries as `Vectors` has them, without reading its arrays."""
    stem = folder() / f"{family}_{seed}"
    with np.load(f"{stem}.npz", allow_pickle=False) as archive:
        names = list(archive.files)
    return names + [f"json/{name}" for name in json.loads(Path(f"{stem}.json").read_text(encoding="utf-8"))]


class Vectors(Mapping[str, Any]):
    """Arrays by name and json entries as ``json/NAME``; remembers which ones were read."""

    def __init__(self, arrays: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> None:
        self.entries = {**arrays, **{f"json/{name}": value for name, value in facts.items()}}
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return self.entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


@dataclass(frozen=True)
class Found:
    """What production makes of an entry: equal where ``atol`` is 0, else floats within it and everything else equal."""

    value: Any
    atol: float = 0.0


@dataclass(frozen=True, eq=False)
class Family:
    """A family of vectors: what production makes of the ``given`` entries, and which entries are no result, and why.

    ``parse`` turns an entry as it is written into what is compared, such as the numbers inside a text.
    """

    name: str
    produce: Callable[[Vectors], dict[str, Found]]
    given: tuple[str, ...]
    not_results: Mapping[str, str] = field(default_factory=dict)
    parse: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    def kind(self, entry: str) -> str:
        """given, not a result, or result."""
        if any(fnmatch(entry, pattern) for pattern in self.given):
            return "given"
        return "not a result" if entry in self.not_results else "result"

    def check(self, entry: str, found: Found, expected: Any) -> None:
        """Raises AssertionError where production and the vectors differ."""
        same(found.value, self.parse.get(entry, lambda value: value)(expected), found.atol, f"{self.name} {entry}")


@lru_cache(maxsize=16)
def produced(family: Family, seed: str) -> tuple[Vectors, dict[str, Found], frozenset[str]]:
    """The vectors of a seed, what production makes of them, and the entries it read for that. Once a process."""
    vectors = Vectors(*load(family.name, seed))
    found = family.produce(vectors)
    return vectors, found, frozenset(vectors.read)


def same(found: Any, expected: Any, atol: float, where: str = "") -> None:
    """Raises AssertionError that says where two nested values differ; floats may differ by ``atol``."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), f"{where}: keys {set(found)} instead of {set(expected)}"
        for key in expected:
            same(found[key], expected[key], atol, f"{where}[{key}]")
    elif isinstance(expected, list):
        assert len(found) == len(expected), f"{where}: {len(found)} entries instead of {len(expected)}"
        for i, (one, other) in enumerate(zip(found, expected, strict=True)):
            same(one, other, atol, f"{where}[{i}]")
    elif isinstance(expected, np.ndarray | float):
        found, expected = np.asarray(found), np.asarray(expected)
        assert found.shape == expected.shape, f"{where}: shape {found.shape} instead of {expected.shape}"
        allowed = atol if expected.dtype.kind == "f" else 0
        np.testing.assert_allclose(found, expected, rtol=0, atol=allowed, err_msg=where)
    else:
        assert found == expected and type(found) is type(expected), f"{where}: {found!r} instead of {expected!r}"
