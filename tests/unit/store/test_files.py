"""The store: what is written comes back, what is damaged is made again, what a kill leaves is whole."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

import bench.store.files
from bench.errors import BadSample, UserError
from bench.records import Captions, Embeddings, SegmentTree
from bench.store.entries import make_record, make_store_entry
from bench.store.files import Namespace, Store, make_safe_name
from bench.store.locks import Busy


def embeddings(n: int = 2, seed: int = 0) -> Embeddings:
    values = np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)
    return Embeddings(values, values[:, :0], values[:, :0])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def namespace(store: Store) -> Namespace:
    return store.open_namespace("encode", "0123", {"why": "test"})


@pytest.mark.parametrize(
    "record",
    [
        embeddings(),
        Captions(("a cat", "über 猫", ""), np.zeros((3, 2), np.float32), np.ones(3, np.float32)),
        SegmentTree(np.array([[0, 1], [1, 1]], np.int16), (1, 2**70)),
    ],
)
def test_records_come_back(store: Store, namespace: Namespace, record) -> None:
    store.add(namespace, "a", {"x": make_store_entry(record)})
    found = make_record(type(record), Store(store.root).read(namespace, "a")["x"])
    for name, value in vars(record).items():
        if isinstance(value, np.ndarray):
            assert value.dtype == getattr(found, name).dtype
            np.testing.assert_array_equal(value, getattr(found, name))
        else:
            assert value == getattr(found, name)


def test_entries_are_added_and_never_replaced(store: Store, namespace: Namespace) -> None:
    store.add(namespace, "a", {"x": make_store_entry(embeddings(1, seed=1))})
    store.add(
        namespace, "a", {"x": make_store_entry(embeddings(1, seed=2)), "y": make_store_entry(embeddings(1, seed=3))}
    )
    found = store.read(namespace, "a")
    assert set(found) == {"x", "y"}
    np.testing.assert_array_equal(make_record(Embeddings, found["x"]).vectors, embeddings(1, seed=1).vectors)


def test_same_entries_are_the_same_bytes_whatever_their_order(store: Store) -> None:
    files = []
    for key, order in (("k1", (1, 2, 3)), ("k2", (3, 1, 2))):
        namespace = store.open_namespace("encode", key, {})
        for seed in order:
            store.add(namespace, "a", {f"n{seed}": make_store_entry(embeddings(1, seed))})
        files.append((namespace.folder / "a.safetensors").read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("fault", ["flip", "cut", "empty", "garbage"])
def test_a_damaged_file_is_set_aside_and_made_again(store: Store, namespace: Namespace, fault: str, capsys) -> None:
    store.add(namespace, "a", {"x": make_store_entry(embeddings())})
    path = namespace.folder / "a.safetensors"
    whole = path.read_bytes()
    path.write_bytes(
        {"flip": whole[:-1] + bytes([whole[-1] ^ 1]), "cut": whole[:-5], "empty": b"", "garbage": b"x" * 200}[fault]
    )
    assert store.read(namespace, "a") == {}
    assert store.stats.damaged["encode"] == 1 and not path.exists()
    assert "damaged" in capsys.readouterr().out
    store.add(namespace, "a", {"x": make_store_entry(embeddings())})
    assert path.read_bytes() == whole


def test_a_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where a folder should be")
    with pytest.raises(UserError, match="store=FOLDER"):
        Store(tmp_path / "store").open_namespace("encode", "k", {})


def test_a_full_disk_is_one_line_and_keeps_what_is_there(store: Store, namespace: Namespace, monkeypatch) -> None:
    store.add(namespace, "a", {"x": make_store_entry(embeddings())})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left"):
        store.add(namespace, "a", {"y": make_store_entry(embeddings())})
    assert set(store.read(namespace, "a")) == {"x"}
    assert not [p for p in namespace.folder.iterdir() if p.name.startswith(".a.")], "no temporary file is left"


def _write_forever(root: Path) -> None:
    store = Store(root)
    namespace = store.open_namespace("encode", "k", {})
    for i in range(10**6):
        store.add(namespace, f"item{i % 3}", {f"n{i}": make_store_entry(embeddings(3, i))})


def test_kill_at_any_moment_leaves_whole_files(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for wait in (0.04, 0.09):
        process = context.Process(target=_write_forever, args=(tmp_path,))
        process.start()
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    store = Store(tmp_path)
    namespace = store.open_namespace("encode", "k", {})
    for path in namespace.folder.glob("item*.safetensors"):
        assert store.read(namespace, path.stem)
    assert not store.stats.damaged


def _add_many(root: Path, first: int) -> None:
    store = Store(root)
    namespace = store.open_namespace("encode", "k", {})
    for i in range(first, first + 10):
        store.add(namespace, "shared", {f"n{i}": make_store_entry(embeddings(1, i))})


def test_two_writers_of_one_image_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    jobs = [context.Process(target=_add_many, args=(tmp_path, first)) for first in (0, 10)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    store = Store(tmp_path)
    assert len(store.read(store.open_namespace("encode", "k", {}), "shared")) == 20


def _fill(root: Path, start: object) -> None:
    """As a run does: every image through two stages, the second of which asks for the first while it is made."""
    start.wait()  # type: ignore[attr-defined]
    store = Store(root / "store")
    first, second = store.open_namespace("trunk", "k", {}), store.open_namespace("encode", "k", {})

    def count(line: str) -> dict:
        time.sleep(0.002)
        with open(root / "made.txt", "a") as file:
            file.write(line + "\n")
        return make_store_entry(embeddings(1))

    for i in range(12):
        trunk = (first, f"i{i}", ["t"], lambda _, i=i: {"t": count(f"trunk {i}")})
        store.fill(second, f"i{i}", [f"n{n}" for n in range(3)], lambda missing, i=i, trunk=trunk: (
            store.fill(*trunk) and {name: count(f"encode {i} {name}") for name in missing}
        ))  # fmt: skip
        store.fill(*trunk)
    counts = store.stats.count()
    with open(root / "counts.txt", "a") as file:
        told = [sum(counts[stage].values()) for stage in ("trunk", "encode")]
        file.write(f"{told[0]} {told[1]} {sum(stage['made'] for stage in counts.values())}\n")


@pytest.mark.slow
def test_processes_that_start_together_make_each_entry_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start = context.Barrier(6)
    jobs = [context.Process(target=_fill, args=(tmp_path, start)) for _ in range(6)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
        assert job.exitcode == 0
    made = (tmp_path / "made.txt").read_text().splitlines()
    assert len(made) == len(set(made)) == 12 + 12 * 3
    told = [[int(word) for word in line.split()] for line in (tmp_path / "counts.txt").read_text().splitlines()]
    assert [row[:2] for row in told] == [[12, 36]] * 6, "whoever waited has reused"
    assert sum(row[2] for row in told) == 48
    names = {path.name for path in (tmp_path / "store").rglob("*") if path.is_file() and path.suffix != ".safetensors"}
    assert names == {"key.json", ".lock"}, "no lock of an image stays"


def test_one_that_is_not_patient_goes_on_with_something_else(store: Store, namespace: Namespace) -> None:
    other = Store(store.root)
    other.patient = False

    def inside(_: list[str]) -> dict:
        with pytest.raises(Busy):
            other.fill(namespace, "a", ["x"], lambda _: {})
        assert set(other.fill(namespace, "b", ["x"], lambda _: {"x": make_store_entry(embeddings(1))})) == {"x"}
        return {"x": make_store_entry(embeddings(1))}

    store.fill(namespace, "a", ["x"], inside)
    assert set(other.fill(namespace, "a", ["x"], lambda _: {})) == {"x"}, "what is there needs no lock"


def test_an_error_in_the_making_leaves_nothing_and_frees_the_image(store: Store, namespace: Namespace) -> None:
    def fails(_: list[str]) -> dict:
        raise BadSample("cut")

    with pytest.raises(BadSample):
        store.fill(namespace, "a", ["x"], fails)
    other = Store(store.root)
    other.patient = False
    assert set(other.fill(namespace, "a", ["x"], lambda _: {"x": make_store_entry(embeddings(1))})) == {"x"}


def test_what_was_made_again_meanwhile_is_not_set_aside(store: Store, namespace: Namespace, monkeypatch) -> None:
    """Two readers find a damaged file; the second looks again when the first has already replaced it."""
    store.add(namespace, "a", {"x": make_store_entry(embeddings())})
    path, locked = namespace.folder / "a.safetensors", bench.store.files._lock_folder
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])

    def late(place: Path) -> object:
        path.write_bytes(whole)
        return locked(place)

    monkeypatch.setattr(bench.store.files, "_lock_folder", late)
    assert set(store.read(namespace, "a")) == {"x"} and not store.stats.damaged


def test_what_another_has_added_counts_as_reused(store: Store, namespace: Namespace) -> None:
    store.add(namespace, "a", {"x": make_store_entry(embeddings(1))})
    other = Store(store.root)
    other.add(namespace, "a", {"x": make_store_entry(embeddings(1)), "y": make_store_entry(embeddings(1))})
    assert other.stats.count()["encode"] == {"reused": 1, "made": 1}


def test_ids_become_file_names_without_colliding() -> None:
    assert make_safe_name("test-0007-abc") == "test-0007-abc"
    odd = ["a/b", "a\\b", "../x", "", "ä", "猫", "a" * 300, ".hidden", "a b", "a_b/"]
    names = [make_safe_name(o) for o in odd]
    assert len(set(names)) == len(odd)
    assert all("/" not in n and not n.startswith(".") and len(n) < 150 and n.isascii() for n in names)


def test_what_is_filled_lightly_needs_no_sync_and_is_made_again_when_damaged(
    store: Store, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[list[str]] = []

    def make(missing: list[str]) -> dict:
        made.append(missing)
        return {name: make_store_entry(embeddings(seed=ord(name))) for name in missing}

    def fail(_: int) -> None:
        raise AssertionError("a sync takes longer than to make it again")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        first = store.fill_lightly(namespace, "a", ["x"], make)
        again = store.fill_lightly(namespace, "a", ["x"], make)
    assert made == [["x"]] and store.stats.count()["encode"] == {"reused": 0, "made": 1}
    assert (
        make_record(Embeddings, again["x"]).vectors.tobytes() == make_record(Embeddings, first["x"]).vectors.tobytes()
    )
    path = namespace.folder / "a.safetensors"
    assert {file.name for file in namespace.folder.iterdir()} == {"a.safetensors", "key.json"}
    whole = path.read_bytes()
    path.write_bytes(b"")  # as after a loss of power
    store.fill_lightly(namespace, "a", ["x"], make)
    assert path.read_bytes() == whole and store.stats.damaged["encode"] == 1
    assert set(store.fill_lightly(namespace, "a", ["x", "y"], make)) == {"x", "y"} and made[2:] == [["y"]]
