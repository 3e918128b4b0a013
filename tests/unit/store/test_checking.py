"""Every checksum is looked at; a copy holds what is whole, adds only what is missing and goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from bench.store import checking
from bench.store.checking import check_namespace, copy_namespace
from bench.store.entries import read_checksum
from bench.store.files import Namespace, Store
from bench.store.listing import list_namespaces, measure_namespace, read_key_inputs
from bench.store.places import open_place
from bench.store.pruning import remove_namespace
from tests.unit.store.stored import fill_store


def flip_last_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def list_faults(namespace: Namespace) -> list[str]:
    return [report.file for report in check_namespace(namespace, 2) if report.fault]


def copy_all(root: Path, to: Path) -> list[checking.Report]:
    return [report for space in list_namespaces(root) for report in copy_namespace(space, Store(to), 2)]


def test_one_flipped_bit_is_found_and_set_aside(tmp_path: Path) -> None:
    namespace = fill_store(tmp_path, images=5)
    assert list_faults(namespace) == []
    flip_last_byte(namespace.folder / "image-3.safetensors")
    assert list_faults(namespace) == ["image-3"]
    assert (namespace.folder / "image-3.safetensors.damaged").is_file() and measure_namespace(namespace).files == 4
    assert list_faults(namespace) == [], "set aside: the next run makes it again"


def test_words_that_are_damaged_are_written_again_by_the_next_run(tmp_path: Path) -> None:
    namespace = fill_store(tmp_path)
    (namespace.folder / "key.json").write_text("{")
    assert list_faults(namespace) == ["key.json"]
    fill_store(tmp_path)
    assert list_faults(namespace) == []


def test_a_copy_has_the_same_bytes_and_words(tmp_path: Path) -> None:
    fill_store(tmp_path / "a", images=4)
    fill_store(tmp_path / "a", "merge", images=1)
    reports = copy_all(tmp_path / "a", tmp_path / "b")
    assert sum(report.copied for report in reports) == 5
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file() and path.name != ".lock":
            assert (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes() == path.read_bytes()
    assert not any(report.copied for report in copy_all(tmp_path / "a", tmp_path / "b")), "a second time it has all"


def test_a_copy_that_was_stopped_goes_on_and_entries_are_only_added(tmp_path: Path) -> None:
    namespace = fill_store(tmp_path / "a", images=3)
    there = fill_store(tmp_path / "b", images=1)
    Store(tmp_path / "b").add(there, "image-0", {"b": ({"x": np.ones(2)}, {})})  # known there alone
    Store(tmp_path / "a").add(namespace, "image-0", {"c": ({}, {"n": 3})})  # known here alone
    assert sum(report.copied for report in copy_all(tmp_path / "a", tmp_path / "b")) == 3
    assert sorted(Store(tmp_path / "b").read(there, "image-0")) == ["a", "b", "c"]
    assert not any(report.copied for report in copy_all(tmp_path / "a", tmp_path / "b")), "nothing is missing there"


def test_what_is_damaged_is_not_copied(tmp_path: Path) -> None:
    namespace = fill_store(tmp_path / "a", images=2)
    flip_last_byte(namespace.folder / "image-1.safetensors")
    reports = copy_all(tmp_path / "a", tmp_path / "b")
    assert [(report.file, report.copied) for report in reports] == [("image-0", True), ("image-1", False)]
    assert reports[1].fault and not list((tmp_path / "b").rglob("image-1*"))


def test_a_damaged_copy_is_made_again(tmp_path: Path) -> None:
    fill_store(tmp_path / "a", images=1)
    copy_all(tmp_path / "a", tmp_path / "b")
    (copied,) = (tmp_path / "b").rglob("image-0.safetensors")
    copied.write_bytes(copied.read_bytes()[:40])
    assert [report.copied for report in copy_all(tmp_path / "a", tmp_path / "b")] == [True]
    assert read_checksum(copied) == read_checksum(next((tmp_path / "a").rglob("image-0.safetensors")))


def test_files_of_another_version_are_told_and_neither_touched_nor_copied(tmp_path: Path) -> None:
    """A version whose entries carry their checksum elsewhere: whole files, of which this one can say nothing."""
    namespace = fill_store(tmp_path / "a", images=1)
    theirs = namespace.folder / "image-7.safetensors"
    save_file({"x": np.ones(2)}, theirs, {"format": "2"})
    before = theirs.read_bytes()
    assert list_faults(namespace) == ["image-7"] and theirs.read_bytes() == before
    reports = copy_all(tmp_path / "a", tmp_path / "b")
    assert [(report.file, report.copied) for report in reports] == [("image-0", True), ("image-7", False)]
    assert "no checksum that this version knows" in reports[1].fault and theirs.read_bytes() == before
    theirs.write_bytes(before[:-1])
    assert list_faults(namespace) == ["image-7"] and not theirs.exists(), "cut short it is damaged, whoever wrote it"


def test_an_interrupt_leaves_whole_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_store(tmp_path / "a", images=20)
    plain = checking._copy_item

    def copy_ten(namespace: Namespace, other: Namespace, item: checking.FileName) -> checking.Report:
        if str(item) == "image-5":
            raise KeyboardInterrupt
        return plain(namespace, other, item)

    monkeypatch.setattr(checking, "_copy_item", copy_ten)
    with pytest.raises(KeyboardInterrupt):
        copy_all(tmp_path / "a", tmp_path / "b")
    monkeypatch.undo()
    (there,) = list_namespaces(tmp_path / "b")
    assert list_faults(there) == [] and measure_namespace(there).leftovers == ()
    copy_all(tmp_path / "a", tmp_path / "b")
    assert measure_namespace(there).files == 20


@pytest.fixture
def bucket() -> Iterator[Path]:
    """A store in an object store, as far as a store can tell: a place of fsspec that is no disk."""
    place = open_place("memory://checked/store")
    yield place
    files = place.fs.store  # type: ignore[attr-defined]
    for name in [name for name in files if name.startswith("/checked/")]:
        del files[name]


def test_a_store_elsewhere_is_listed_checked_copied_to_and_from_and_pruned(tmp_path: Path, bucket: Path) -> None:
    here = fill_store(tmp_path / "a", images=3)
    assert [report.copied for report in copy_all(tmp_path / "a", bucket)] == [True] * 3
    assert not any(report.copied for report in copy_all(tmp_path / "a", bucket))
    (there,) = list_namespaces(bucket)
    usage = measure_namespace(there)
    assert (there.stage, there.key, usage.files, usage.leftovers) == (here.stage, here.key, 3, ())
    assert usage.size == sum(path.stat().st_size for path in here.folder.iterdir()) and usage.used > 1.7e9
    assert read_key_inputs(there) == read_key_inputs(here) and list_faults(there) == []
    (there.folder / "image-1.safetensors").write_bytes(b"broken")
    assert list_faults(there) == ["image-1"] and measure_namespace(there).damaged == ("image-1.safetensors.damaged",)
    assert sum(report.copied for report in copy_all(bucket, tmp_path / "b")) == 2
    remove_namespace(there)
    assert list_namespaces(bucket) == [] and measure_namespace(there).files == 0
