"""Looks at a file of the store: one is enough while nobody writes it, and what another has written is never lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import bench.store.files
from bench.store.entries import Entry
from bench.store.files import Namespace, Store
from bench.store.looks import read_stamp


def make(value: int) -> Entry:
    return {"v": np.full(3, value)}, {}


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were loaded, in order."""
    loads: list[Path] = []
    load = bench.store.files.load_entries
    monkeypatch.setattr(bench.store.files, "load_entries", lambda path: loads.append(path) or load(path))
    return loads


@pytest.fixture
def namespace(tmp_path: Path) -> Namespace:
    namespace = Store(tmp_path).open_namespace("encode", "0123", {})
    Store(tmp_path).add(namespace, "a", {"x": make(1)})
    return namespace


def test_a_file_that_nobody_else_writes_is_loaded_once(namespace: Namespace, loads: list[Path]) -> None:
    store = Store(namespace.root)
    loads.clear()
    found = store.fill(namespace, "a", ["x", "y"], lambda missing: {name: make(2) for name in missing})
    assert len(loads) == 1 and found.keys() == {"x", "y"}
    kept = store.read(namespace, "a")
    assert {name: int(arrays["v"][0]) for name, (arrays, _) in kept.items()} == {"x": 1, "y": 2}


@pytest.mark.parametrize("damaged", [False, True])
def test_what_happens_to_the_file_meanwhile_is_seen(namespace: Namespace, damaged: bool) -> None:
    store, file = Store(namespace.root), namespace.folder / "a.safetensors"

    def make_while_another_adds(missing: list[str]) -> dict[str, Entry]:
        Store(namespace.root).add(namespace, "a", {"y": make(5), "z": make(6)})
        if damaged:
            file.write_bytes(file.read_bytes()[:-1])
        return {name: make(2) for name in missing}

    store.fill(namespace, "a", ["x", "y"], make_while_another_adds)
    kept = {name: int(arrays["v"][0]) for name, (arrays, _) in store.read(namespace, "a").items()}
    assert kept == ({"y": 2} if damaged else {"x": 1, "y": 5, "z": 6})
    assert store.stats.damaged == ({"encode": 1} if damaged else {})


def test_a_file_that_is_added_to_has_another_stamp(namespace: Namespace) -> None:
    file, stamps = namespace.folder / "a.safetensors", set()
    for value in range(9):
        Store(namespace.root).add(namespace, "a", {f"n{value}": make(value)})
        stamps.add(read_stamp(file))
    assert len(stamps) == 9 and None not in stamps
    assert len({stamp[3] for stamp in stamps if stamp}) == 9, "by the size alone, where a number is given again"
    assert read_stamp(file.with_name("none")) is None
