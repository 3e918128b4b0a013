"""What may go: by age, by key, by what no run names, and by all of them; what is at work stays."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from bench.store.files import Namespace
from bench.store.listing import Usage, list_namespaces, list_removed, measure_namespace
from bench.store.locks import hold_lock
from bench.store.places import open_place
from bench.store.pruning import (
    Rule,
    is_in_use,
    read_disk_clock,
    remove_leftovers,
    remove_namespace,
    select_usages,
)
from tests.unit.store.stored import DAY, NOW, fill_store, set_age


def make_usage(stage: str, key: str, age: float) -> Usage:
    return Usage(Namespace(Path("s"), stage, key), 1, 10, NOW - age)


USAGES = [
    make_usage("encode", "aa1", 10 * DAY),
    make_usage("merge", "ab2", DAY / 2),
    make_usage("data", "cc3", 90 * DAY),
]


@pytest.mark.parametrize(
    ("rule", "chosen"),
    [
        (Rule(older=5 * DAY), ["aa1", "cc3"]),
        (Rule(older=10 * DAY), ["aa1", "cc3"]),
        (Rule(older=10 * DAY + 1), ["cc3"]),
        (Rule(keys=("a",)), ["aa1", "ab2"]),
        (Rule(keys=("aa", "cc3")), ["aa1", "cc3"]),
        (Rule(older=DAY, keys=("ab",)), []),
        (Rule(named=set()), ["aa1"]),
        (Rule(named={("encode", "aa1")}), []),
        (Rule(named={("merge", "aa1")}), ["aa1"]),
        (Rule(older=3600, named=set()), ["aa1", "ab2"]),
        (Rule(older=3600, named={("merge", "ab2")}, keys=("a",)), ["aa1"]),
    ],
)
def test_a_rule_chooses_what_fits_all_of_it(rule: Rule, chosen: list[str]) -> None:
    """Unnamed and used within a day stays unless an age is given; what identifies data sets stays in any case."""
    assert [usage.namespace.key for usage in select_usages(USAGES, rule, NOW)] == chosen


def test_a_namespace_goes_as_a_whole_and_no_other(tmp_path: Path) -> None:
    gone, kept = (fill_store(tmp_path, at=at) for at in (1, 2))
    remove_namespace(gone)
    assert list_namespaces(tmp_path) == [kept] and measure_namespace(kept).files == 2
    assert list_removed(tmp_path) == [] and not gone.folder.exists()


def test_what_is_being_made_is_in_use_and_what_a_killed_run_left_is_not(tmp_path: Path) -> None:
    namespace = fill_store(tmp_path)
    making = namespace.folder / ".image-7.making"
    with hold_lock(making):
        assert is_in_use(namespace)
    making.touch()
    assert not is_in_use(namespace)


def test_leftovers_go_when_they_are_a_day_old(tmp_path: Path) -> None:
    namespace = fill_store(tmp_path)
    old, new = (namespace.folder / f".image-{at}.safetensors.tmp" for at in (1, 2))
    damaged = namespace.folder / "image-5.safetensors.damaged"
    for path in (old, damaged):
        path.touch()
    set_age(namespace, DAY)
    new.touch()
    for really in (False, True):
        assert remove_leftovers(measure_namespace(namespace), NOW, really) == 2
    assert new.exists() and not old.exists() and not damaged.exists() and measure_namespace(namespace).files == 2


def test_the_clock_is_the_disks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert read_disk_clock(tmp_path) > NOW, "not that of this host, which has just been set back"
    assert list(tmp_path.iterdir()) == []
    assert read_disk_clock(tmp_path / "gone") == 0.0, "where nothing can be written"


def test_the_clock_of_a_place_elsewhere_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend whose clock stands a year ahead; where it says nothing it is this host's."""
    place = open_place("memory://clock/store")
    (place / "encode/0000000000000000/key.json").write_text("{}")
    before = set(place.fs.store)  # type: ignore[attr-defined]
    monkeypatch.setattr("bench.store.places._fs", lambda path: Ahead(path.fs))
    assert read_disk_clock(place) > time.time() + 364 * DAY
    assert set(place.fs.store) == before, "what was written to ask is gone"  # type: ignore[attr-defined]
    monkeypatch.setattr("bench.store.pruning.read_remote_clock", lambda _: None)
    assert abs(read_disk_clock(place) - time.time()) < 60
    place.fs.store.clear()  # type: ignore[attr-defined]


class Ahead:
    """A backend of fsspec that stamps its files a year later."""

    def __init__(self, fs: Any) -> None:
        self._fs = fs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fs, name)

    def ls(self, path: str, **more: Any) -> list[dict[str, Any]]:
        return [info | {"mtime": time.time() + 365 * DAY} for info in self._fs.ls(path, **more)]
