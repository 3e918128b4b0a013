"""What a store holds is counted without opening an entry; keys are told by what they differ in."""

from __future__ import annotations

import builtins
import os
from pathlib import Path

import pytest

from bench.store.files import Store
from bench.store.key_words import describe_keys, describe_places, write_input
from bench.store.listing import list_items, list_namespaces, list_removed, measure_namespace, read_key_inputs
from tests.unit.store.stored import NOW, fill_store, set_age


def test_namespaces_come_in_the_order_of_the_stages_and_nothing_else_does(tmp_path: Path) -> None:
    made = [fill_store(tmp_path, stage) for stage in ("texts", "segment", "encode", "mine")]
    for other in ("notes/2024", "encode/0123", ".pruned-encode-0123456789abcdef-00/x", "encode/.0123456789abcdef"):
        (tmp_path / other).mkdir(parents=True)
    (tmp_path / "file").touch()
    assert [space.stage for space in list_namespaces(tmp_path)] == ["segment", "encode", "texts", "mine"]
    assert set(list_namespaces(tmp_path)) == set(made) and list_namespaces(tmp_path / "none") == []
    assert [path.name[:8] for path in list_removed(tmp_path)] == [".pruned-"]


def test_files_bytes_and_last_use_are_those_of_the_folder(tmp_path: Path) -> None:
    namespace = fill_store(tmp_path, images=3)
    (namespace.folder / "image-9.safetensors.damaged").write_bytes(b"12345")
    (namespace.folder / ".image-8.safetensors.x1y2").write_bytes(b"123")
    set_age(namespace, 500)
    os.utime(namespace.folder / "image-1.safetensors", (NOW - 20, NOW - 20))
    usage = measure_namespace(namespace)
    assert (usage.files, usage.used) == (3, NOW - 20)
    assert usage.size == sum(path.stat().st_size for path in namespace.folder.iterdir())
    assert usage.damaged == ("image-9.safetensors.damaged",) and usage.leftovers == (".image-8.safetensors.x1y2",)


def test_a_run_that_opens_a_namespace_has_used_it(tmp_path: Path) -> None:
    namespace = fill_store(tmp_path)
    set_age(namespace, 1000)
    before = measure_namespace(namespace).used
    store = Store(tmp_path)
    store.open_namespace(namespace.stage, namespace.key, {})
    assert before == NOW - 1000 and measure_namespace(namespace).used > before
    assert store.opened == {(namespace.stage, namespace.key)}
    assert read_key_inputs(namespace)["device"] == "cpu", "its words stay as they were"


def test_no_file_of_a_namespace_is_opened_to_count_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a listing of 250,000 files take seconds."""
    for at in range(3):
        fill_store(tmp_path, images=50, at=at)
    opened: list[object] = []
    for module, name in ((builtins, "open"), (os, "open")):
        plain = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda file, *a, plain=plain, **k: opened.append(file) or plain(file, *a, **k)
        )
    looked = [measure_namespace(space) for space in list_namespaces(tmp_path)]
    assert [usage.files for usage in looked] == [50, 50, 50] and opened == []


@pytest.mark.parametrize("image", ["a", "-a", "図", "a b/c", "." * 3, "x" * 300])
def test_an_item_is_found_by_the_name_of_its_file_whatever_its_id(image: str, tmp_path: Path) -> None:
    namespace = fill_store(tmp_path, images=0)
    Store(tmp_path).add(namespace, f"{image}-0123456789ab", {"a": ({}, {"image": image})})
    (item,) = list_items(namespace)
    assert Store(tmp_path).read(namespace, item) == {"a": ({}, {"image": image})}


def test_keys_are_told_by_class_and_by_what_differs_choices_first() -> None:
    machine, other = {"blas": "a" * 64}, {"blas": "b" * 64}
    encoder = {"_target_": "mine.encode.Masked", "start_layer": 4, "sigma2": 1.0}
    told = describe_keys(
        [
            {"source": "1", "machine": machine, "options": encoder, "device": "cpu"},
            {"source": "1", "machine": other, "options": {**encoder, "sigma2": 2.5}, "device": "cpu"},
        ]
    )
    assert told == ["Masked sigma2=1.0 machine.blas=aaaaaaaa", "Masked sigma2=2.5 machine.blas=bbbbbbbb"]
    assert describe_keys([{"options": encoder}]) == ["Masked"], "alone it differs in nothing"
    two = describe_keys([{"options": encoder}, {"options": {"_target_": "mine.encode.Crop", "fill": "black"}}])
    assert two == ["Masked", "Crop"], "classes tell them apart"
    many = describe_keys([{"options": {f"k{at}": way for at in range(6)}} for way in (1, 2)], most=2)
    assert many == ["? k0=1 k1=1 (+4 more)", "? k0=2 k1=2 (+4 more)"]


def test_a_key_of_an_earlier_stage_is_told_by_its_words() -> None:
    inputs = {
        ("encode", "0" * 16): {"options": {"_target_": "m.Masked", "n": 1}},
        ("encode", "1" * 16): {"options": {"_target_": "m.Masked", "n": 2}},
        ("merge", "2" * 16): {"options": {"_target_": "m.Siblings"}, "upstream": {"encode": "0" * 16}},
        ("merge", "3" * 16): {"options": {"_target_": "m.Siblings"}, "upstream": {"encode": "9" * 16}},
    }
    assert describe_places(inputs)["merge", "2" * 16] == "Siblings encode=Masked n=1"
    assert describe_places(inputs)["merge", "3" * 16] == "Siblings encode=99999999", "removed since"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "null"),
        ("ab" * 32, "abababab"),
        ([1, "x"], "[1, x]"),
        ("deadbeef", "deadbeef"),
        ("y" * 60, "y" * 47 + "…"),
    ],
)
def test_values_of_inputs(value: object, told: str) -> None:
    assert write_input(value) == told


def test_words_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    namespace = fill_store(tmp_path)
    for content in (b"{", b"[1]", b"\xff\xfe"):
        (namespace.folder / "key.json").write_bytes(content)
        assert read_key_inputs(namespace) == {}
