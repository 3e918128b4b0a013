"""Addresses of drawn images: found again where nothing changed that decides them, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.data.toyscenes import ToyScenes
from bench.store import identity
from bench.store.files import Store
from bench.store.identity import keep_addresses, read_addresses

OPTIONS = {"_target_": "bench.data.toyscenes.ToyScenes", "split": "test"}
IDS = ("test-0000", "test-0001")
ITEMS = {"test-0000": "test-0000-aa-bb", "test-0001": "test-0001-cc-dd"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_what_was_kept_is_read(store: Store) -> None:
    assert read_addresses(OPTIONS, store, IDS) == {}
    keep_addresses(ToyScenes(), OPTIONS, store, IDS, ITEMS)
    assert read_addresses(OPTIONS, store, IDS) == ITEMS
    assert store.stats.count() == {} and not store.opened, "no result of a stage"


def _change(name: str, value: Any) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(identity, name, lambda *_: value)


CHANGES = {
    "a byte of this package": _change("hash_package", "0123"),
    "a library": _change("read_library_versions", {"pillow": "0.1"}),
    "the machine": _change("describe_machine", {"libm": "another"}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_may_change_a_pixel_misses(what: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_addresses(ToyScenes(), OPTIONS, store, IDS, ITEMS)
    CHANGES[what](monkeypatch)
    assert read_addresses(OPTIONS, store, IDS) == {}


def test_other_images_and_other_options_miss(store: Store) -> None:
    keep_addresses(ToyScenes(), OPTIONS, store, IDS, ITEMS)
    assert read_addresses(OPTIONS, store, IDS[::-1]) == {} and read_addresses(OPTIONS, store, IDS[:1]) == {}
    assert read_addresses({**OPTIONS, "split": "tune"}, store, IDS) == {}


class Mine(ToyScenes):
    """Drawn by code of somebody's, which may ask the clock."""


class Files(ToyScenes):
    """Not decided by code."""

    from_code = False


def test_nothing_is_kept_of_what_code_of_this_package_does_not_decide_alone(store: Store) -> None:
    own = {**OPTIONS, "_target_": f"{__name__}.Mine"}
    keep_addresses(Mine(), own, store, IDS, ITEMS)
    keep_addresses(Files(), OPTIONS, store, IDS, ITEMS)
    assert read_addresses(own, store, IDS) == {} and read_addresses(OPTIONS, store, IDS) == {}
    assert list(store.root.iterdir()) == []


def test_a_damaged_note_is_none_and_made_again(store: Store) -> None:
    keep_addresses(ToyScenes(), OPTIONS, store, IDS, ITEMS)
    (note,) = (path for path in store.root.rglob("addresses-*") if path.is_file())
    note.write_bytes(note.read_bytes()[:-9])
    assert read_addresses(OPTIONS, store, IDS) == {}
    keep_addresses(ToyScenes(), OPTIONS, store, IDS, ITEMS)
    assert read_addresses(OPTIONS, store, IDS) == ITEMS


def test_a_store_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file in its place")
    keep_addresses(ToyScenes(), OPTIONS, Store(tmp_path / "store"), IDS, ITEMS)
