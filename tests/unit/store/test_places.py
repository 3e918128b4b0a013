"""A store at an address of fsspec: whole files, checksums, turns of one host; what goes wrong is told, never lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from bench.errors import UsageError, UserError
from bench.store.entries import load_entries, pack_entries
from bench.store.files import Namespace, Store, write_atomically
from bench.store.locks import Busy
from bench.store.places import find_lock_file, is_remote, open_place, read_remote

ENTRY = ({"x": np.arange(6, dtype=np.float32).reshape(2, 3)}, {"text": "añ", "n": 2})


class Piecemeal(MemoryFileSystem):
    """A backend that shows a file while it is written, as file servers do; notes what was written and what moved."""

    protocol = "piecemeal"
    store: dict[str, Any] = {}
    pseudo_dirs = [""]
    written: list[str] = []
    moved: list[tuple[str, str]] = []
    away = False

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("piecemeal://").strip("/")

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **more: Any) -> None:
        self.written.append(path)
        super().pipe_file(path, value, mode, **more)

    def mv(self, path1: str, path2: str, **more: Any) -> None:
        self.moved.append((path1, path2))
        super().mv(path1, path2, **more)

    def cat_file(self, path: str, *args: Any, **more: Any) -> bytes:
        if self.away:
            raise ConnectionError("nobody answers")
        content: bytes = super().cat_file(path, *args, **more)
        return content


@pytest.fixture(params=["memory", "piecemeal"])
def root(request: pytest.FixtureRequest) -> Iterator[Path]:
    fsspec.register_implementation("piecemeal", Piecemeal, clobber=True)
    Piecemeal.written, Piecemeal.moved, Piecemeal.away = [], [], False
    yield open_place(f"{request.param}://bucket/store")
    for kind in (MemoryFileSystem, Piecemeal):
        kind.store.clear()


def fill(store: Store, name: str = "a", entry: Any = ENTRY, makes: list[str] | None = None) -> dict[str, Any]:
    def make(missing: list[str]) -> dict[str, Any]:
        if makes is not None:
            makes.extend(missing)
        return dict.fromkeys(missing, entry)

    return store.fill(store.open_namespace("segment", "key", {"why": 1}), "image", [name], make)


def test_a_path_is_a_path_and_a_protocol_that_nobody_knows_is_one_line(tmp_path: Path) -> None:
    assert open_place("a b/store") == Path("a b/store") and open_place(f"file://{tmp_path}") == tmp_path
    assert not is_remote(Path("a")) and is_remote(open_place("memory://bucket"))
    with pytest.raises(UsageError, match="store=nothing://bucket: cannot be opened"):
        open_place("nothing://bucket")


def test_what_was_made_is_found_with_every_bit(root: Path) -> None:
    makes: list[str] = []
    for _ in range(2):
        (arrays, values) = fill(Store(root), makes=makes)["a"]
        assert np.array_equal(arrays["x"], ENTRY[0]["x"]) and arrays["x"].dtype == np.float32
        assert values == ENTRY[1]
    assert makes == ["a"]
    assert fill(Store(root), "b", makes=makes).keys() >= {"a", "b"} and makes == ["a", "b"]
    assert read_remote(root / "segment/key/image.safetensors") == pack_entries({"b": ENTRY, "a": ENTRY})
    assert b'"why"' in read_remote(root / "segment/key/key.json")


@pytest.mark.parametrize("damage", [lambda c: c[:-1] + b"?", lambda c: c[:40], lambda c: b""])
def test_a_damaged_file_is_set_aside_and_made_again(root: Path, damage: Any) -> None:
    fill(Store(root))
    path = root / "segment/key/image.safetensors"
    broken = damage(read_remote(path))
    write_atomically(path, broken)
    store, makes = Store(root), list[str]()
    assert fill(store, makes=makes)["a"][1] == ENTRY[1] and makes == ["a"]
    assert store.stats.damaged["segment"] == 1
    assert read_remote(path.with_name("image.safetensors.damaged")) == broken


def test_a_backend_that_shows_halves_gets_a_file_under_another_name_first(root: Path) -> None:
    fill(Store(root))
    if root.protocol == "piecemeal":  # type: ignore[attr-defined]
        final = "/bucket/store/segment/key/image.safetensors"
        assert final not in Piecemeal.written and final in [to for _, to in Piecemeal.moved]
        assert set(Piecemeal.written) == {hidden for hidden, _ in Piecemeal.moved}


def test_a_network_that_is_away_is_told_and_no_damage() -> None:
    fsspec.register_implementation("piecemeal", Piecemeal, clobber=True)
    Piecemeal.away = False
    root = open_place("piecemeal://away/store")
    fill(Store(root))
    Piecemeal.away = True
    try:
        with pytest.raises(UserError, match="image.safetensors: cannot be read .ConnectionError: nobody answers"):
            fill(Store(root))
    finally:
        Piecemeal.away = False
    store = Store(root)
    assert fill(store, makes=(makes := []))["a"][1] == ENTRY[1] and makes == [] and not store.stats.damaged


def test_two_processes_of_one_host_take_turns(root: Path) -> None:
    impatient = Store(root)
    impatient.patient = False

    def make(missing: list[str]) -> dict[str, Any]:
        with pytest.raises(Busy):
            fill(impatient)
        return dict.fromkeys(missing, ENTRY)

    store = Store(root)
    store.fill(store.open_namespace("segment", "key", {}), "image", ["a"], make)
    path = root / "segment/key/.image.making"
    assert not find_lock_file(path).exists() and find_lock_file(path) != find_lock_file(root / "segment/key/other")
    assert find_lock_file(Path("x/.making")) == Path("x/.making")


def test_there_is_nothing_where_nothing_was_written(root: Path) -> None:
    assert load_entries(root / "segment/key/none.safetensors") == {}
    assert not Store(root).has(Namespace(root, "segment", "key"), "none")


@pytest.mark.parametrize(("address", "told"), [
    ("s3:/bucket/x", "store=s3:/bucket/x: did you mean s3://bucket/x?"),
    ("s3:bucket", "store=s3:bucket: did you mean s3://bucket?"),
    ("gs:/b", "store=gs:/b: did you mean gs://b?"),
    ("s3://", "store=s3://: names no bucket; write s3://BUCKET/FOLDER"),
    ("s3:///x", "store=s3:///x: names no bucket"),
])  # fmt: skip
def test_an_address_that_lacks_a_slash_or_its_bucket_is_refused(address: str, told: str) -> None:
    with pytest.raises(UsageError, match=f"^{re.escape(told)}"):
        open_place(address)


@pytest.mark.parametrize("folder", ["store", "a:b/c", "./s3:/bucket", "/x/s3:/y"])
def test_a_folder_may_have_a_colon(folder: str) -> None:
    assert open_place(folder) == Path(folder)
