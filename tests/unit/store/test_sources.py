"""Parsed sources in the store: a process that takes them parses nothing, and has the same keys whatever lies there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.store.facts import modules, parsed
from bench.store.facts.closure import find_closure, forget_sources
from bench.store.files import Store
from bench.store.sources import ITEM, _find_namespace, keep_sources, take_sources

TARGET = "bench.encode.masked.Masked"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The modules that were parsed; others' tests find what they knew."""
    for name in ("_READ", "_OFFERED", "_PARSED"):
        monkeypatch.setattr(parsed, name, {})
    names: list[str] = []
    plain = parsed.parse_source
    monkeypatch.setattr(
        parsed, "parse_source", lambda source, name, *more: names.append(name) or plain(source, name, *more)
    )
    forget_sources()
    yield names
    forget_sources()


def forget(asked: list[str]) -> None:
    """As another process, which knows nothing."""
    for known in (parsed._READ, parsed._OFFERED, parsed._PARSED, asked):
        known.clear()
    forget_sources()


def test_another_process_parses_nothing_and_finds_the_same(tmp_path: Path, asked: list[str]) -> None:
    store = Store(tmp_path)
    take_sources(store)
    first = find_closure(TARGET)
    known = dict(parsed._READ)
    assert set(asked) >= {"bench", "bench.encode.masked", "bench.encode.trunk"}
    keep_sources(store)
    forget(asked)
    take_sources(store)
    assert find_closure(TARGET) == first and known == parsed._READ and asked == []
    keep_sources(store)
    assert store.stats.count() == {} and not store.opened, "no result of a stage"


def test_a_process_keeps_what_it_parsed_once_and_looks_for_nothing_that_it_has_read(
    tmp_path: Path, asked: list[str]
) -> None:
    """As one of several jobs, each with a store of its own."""
    first, second = Store(tmp_path / "first"), Store(tmp_path / "second")
    find_closure(TARGET)
    keep_sources(first)
    keep_sources(second)
    assert list(first.root.rglob("*.*")) and not second.root.exists()
    take_sources(first)
    assert not parsed._OFFERED
    forget(asked)
    take_sources(first)
    assert parsed._OFFERED


def test_what_another_target_needs_is_added(tmp_path: Path, asked: list[str]) -> None:
    store = Store(tmp_path)
    find_closure("bench.errors")
    keep_sources(store)
    forget(asked)
    take_sources(store)
    find_closure(TARGET)
    assert "bench.errors" not in asked and "bench.encode.masked" in asked
    keep_sources(store)
    forget(asked)
    take_sources(store)
    find_closure(TARGET)
    assert asked == []


def test_an_edited_module_is_parsed_again(tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the store holds it under the same key: its own bytes decide."""
    store = Store(tmp_path)
    before = find_closure("bench.errors").code
    keep_sources(store)
    forget(asked)
    take_sources(store)
    edited = tmp_path / "errors.py"
    edited.write_text(Path(str(modules.find_module("bench.errors").path)).read_text() + "\nMORE = 1\n")  # type: ignore[union-attr]
    plain = modules.find_module
    changed = modules.Module("bench.errors", edited)
    with monkeypatch.context() as patch:
        patch.setattr(modules, "find_module", lambda name: changed if name == "bench.errors" else plain(name))
        assert find_closure("bench.errors").code != before and asked == ["bench.errors"]


def test_what_is_damaged_is_parsed_again_and_kept_anew(tmp_path: Path, asked: list[str]) -> None:
    store = Store(tmp_path)
    first = find_closure("bench.errors")
    keep_sources(store)
    path = _find_namespace(store).folder / f"{ITEM}.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    forget(asked)
    take_sources(store)
    assert find_closure("bench.errors") == first and "bench.errors" in asked
    keep_sources(store)
    assert path.read_bytes() == whole


def test_a_store_that_cannot_be_written_does_no_harm(tmp_path: Path, asked: list[str]) -> None:
    (tmp_path / "store").write_text("a file in its place")
    store = Store(tmp_path / "store")
    take_sources(store)
    find_closure("bench.errors")
    keep_sources(store)
    assert "bench.errors" in asked
