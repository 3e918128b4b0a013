"""Pages of mapped weights are given back and come again with the same bits; what was written to is left alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from mmap import PAGESIZE
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from bench.merge.siblings import Siblings
from bench.pipeline import Pipeline
from bench.records import Captions, Embeddings, Sample, SegmentTree
from bench.system import pages, rowwise
from bench.system.pages import (
    Mapping,
    can_give_back,
    forget_files,
    give_back,
    give_back_compiler,
    isolate,
    list_mappings,
)

SIZE = 4 << 20
LEAST_CODE = 10 << 20
"""Bytes: LLVM has 80 million."""
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a mapping holds")
HEAD = "7f0000000000-7f0004000000 {} 00000000 fe:00 260850                     {}\n"
SIZES = "Size: 65536 kB\nRss: {} kB\nPss: 1 kB\nAnonymous: {} kB\nSwap: {} kB\nVmFlags: rd mr mw me ac\n"


def read(rights: str, file: str, held: int, own: int = 0, swapped: int = 0) -> Mapping:
    (one,) = list_mappings((HEAD.format(rights, file) + SIZES.format(held, own, swapped)).splitlines())
    return one


def measure_held(file: Path) -> int:
    lines = Path("/proc/self/smaps").read_text().splitlines()
    return sum(one.held for one in list_mappings(lines) if one.file == str(file))


@pytest.fixture(autouse=True)
def _mappings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of this process, which no other test looks at."""
    monkeypatch.setattr(pages, "_MAPS", Path("/proc/self/smaps"))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """Weights of 4 MB, mapped from a file, with all their pages read; files of any size are given back but libraries,
    which are large in a process of tests, and which all others would read again.
    """
    file = str(tmp_path / "model.safetensors")
    monkeypatch.setattr(pages, "LARGE", 0)
    monkeypatch.setattr(pages, "can_give_back", lambda one: one.file == file and can_give_back(one))
    numbers = torch.arange(SIZE // 4, dtype=torch.float32)
    save_file({"weight": numbers}, file)
    mapped = load_file(file)
    assert torch.equal(mapped["weight"], numbers)
    return mapped


@linux
def test_mapped_weights_leave_memory_and_come_again_as_they_were(
    weights: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    file = tmp_path / "model.safetensors"
    assert measure_held(file) >= SIZE
    assert give_back() >= SIZE
    assert measure_held(file) == 0
    assert torch.equal(weights["weight"], torch.arange(SIZE // 4, dtype=torch.float32))
    assert measure_held(file) >= SIZE


@linux
def test_weights_that_were_written_to_keep_what_was_written(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    weights["weight"][7] = -1.0
    give_back()
    assert weights["weight"][6:9].tolist() == [6.0, -1.0, 8.0]
    assert measure_held(tmp_path / "model.safetensors") >= SIZE


@linux
def test_the_pages_of_a_part_leave_memory_and_come_again(weights: dict[str, torch.Tensor], tmp_path: Path) -> None:
    """Whole pages between two addresses; those of memory that is no file's, and of what was written to, stay."""
    file, numbers, own = tmp_path / "model.safetensors", weights["weight"], torch.ones(SIZE // 4)
    held, first = measure_held(file), numbers.data_ptr()
    forget = forget_files()
    forget(first + SIZE // 4 + 1, first + SIZE // 2)
    assert held - SIZE // 4 <= measure_held(file) <= held - SIZE // 4 + 2 * PAGESIZE
    forget(own.data_ptr(), own.data_ptr() + SIZE)
    forget(first + 10, first + 20)
    assert torch.equal(numbers, torch.arange(SIZE // 4, dtype=torch.float32)) and own.sum() == SIZE // 4
    numbers[7] = -1.0
    forget_files()(first, first + SIZE)
    assert numbers[6:9].tolist() == [6.0, -1.0, 8.0] and measure_held(file) >= SIZE


@linux
def test_little_is_left_alone(weights: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LARGE", 1 << 40)
    monkeypatch.setattr(pages, "MUCH", 1 << 40)
    monkeypatch.setattr(pages, "_give_back", lambda one: pytest.fail("given back"))
    assert give_back() == 0


@linux
@pytest.mark.parametrize(("files", "own", "asked"), [(-1, -1, False), (-1, 0, True), (0, -1, True)])
def test_a_process_is_large_by_its_files_or_by_what_is_its_own(
    weights: dict[str, torch.Tensor], files: int, own: int, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the few layers that merged segments are embedded by, the files alone are not."""
    trimmed = list[int]()
    monkeypatch.setattr(pages, "LARGE", 640 << 20)
    held = {"RssFile": pages.LARGE + files, "RssAnon": pages.MUCH + own}
    monkeypatch.setattr(pages, "read_own_memory", held.get)
    monkeypatch.setattr(pages, "trim", lambda: trimmed.append(1))
    monkeypatch.setattr(pages, "_held_then", {"bytes": 0})
    assert (give_back() >= SIZE, len(trimmed)) == (asked, int(asked)), len(weights)


@linux
def test_a_process_that_is_large_by_its_own_is_asked_again_when_it_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its mappings are looked through in 50 ms: before each stage of small models that was half of `zgs demo`."""
    held, looked = {"RssFile": 0, "RssAnon": pages.MUCH}, list[int]()
    monkeypatch.setattr(pages, "read_own_memory", held.get)
    monkeypatch.setattr(pages, "list_mappings", lambda _: looked.append(sum(held.values())) or [])
    monkeypatch.setattr(pages, "_MAPS", Path(os.devnull))  # how often is asked, not what they are
    monkeypatch.setattr(pages, "_held_then", {"bytes": 0})
    for grown in (0, pages.GROWN - 1, 1, 0, pages.GROWN):
        held["RssFile"] += grown
        give_back()
    assert looked == [pages.MUCH, pages.MUCH + pages.GROWN, pages.MUCH + 2 * pages.GROWN]


def test_the_process_of_the_tests_gives_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests' memory together is no worker's: to look through it takes 50 ms before each stage."""
    monkeypatch.setattr(pages, "read_own_memory", lambda _: (1 << 40) - 1)
    monkeypatch.setattr(pages, "_MAPS", Path("nobody reads this"))
    assert give_back() == 0


def test_pages_are_given_back_before_every_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(pages, "give_back", lambda: told.append("given back"))
    pipeline, image = make_pipeline(lambda: told.append("stage")), np.zeros((2, 2, 3), np.uint8)
    assert len(pipeline.predict(Sample("one", image)).texts) == 1  # merged: two stages were asked twice
    assert told == ["given back", "stage"] * 5
    pipeline.predict_with_truth(Sample("one", image, np.zeros((2, 2), np.int16)))
    assert told == ["given back", "stage"] * 10


@linux
@pytest.mark.slow
def test_every_stage_begins_without_what_the_others_hold(
    weights: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = []

    def use() -> None:
        held.append(measure_held(tmp_path / "model.safetensors"))
        weights["weight"].sum()

    pipeline, image = make_pipeline(use), np.zeros((2, 2, 3), np.uint8)
    assert len(pipeline.predict(Sample("one", image)).texts) == 1
    assert held == [0] * 5
    pipeline.predict_with_truth(Sample("one", image, np.zeros((2, 2), np.int16)))
    assert held == [0] * 10


def make_pipeline(use: Callable[[], None]) -> Pipeline:
    """A pipeline of two segments that are merged; each stage calls ``use`` first."""

    def segment(sample: Sample) -> SegmentTree:
        use()
        return SegmentTree(np.array([[0, 1], [1, 1]], np.int16), (1, 2))

    def embed(sample: Sample, masks: np.ndarray) -> Embeddings:
        use()
        none = np.zeros((len(masks), 0), np.float32)
        return Embeddings(np.ones((len(masks), 8), np.float32), none, none)

    def describe(sample: Sample, embeddings: Embeddings) -> Captions:
        use()
        count = len(embeddings.vectors)
        return Captions(("a text",) * count, embeddings.vectors, np.zeros(count, np.float32))

    return Pipeline(segment, embed, describe, Siblings())


def test_what_may_be_given_back() -> None:
    weights = "/cache/hub/blobs/0a1b", 65536
    assert can_give_back(read("rw-p", *weights)) and can_give_back(read("r-xp", "/lib/libtorch_cpu.so", 65536))
    assert not can_give_back(read("rw-p", *weights, own=4))  # a page was written to
    assert not can_give_back(read("rw-p", *weights, swapped=4))  # and is in the swap
    assert not can_give_back(read("rw-s", *weights))  # shared: others may see it
    assert not can_give_back(read("rw-p", "/lib/libtorch_cpu.so.2", 65536))  # another thread may write meanwhile
    assert not can_give_back(read("r--p", "/lib/libc.so.6", 1024))  # not worth a call
    assert list(list_mappings((HEAD.format("rw-p", "[heap]") + SIZES.format(4096, 4096, 0)).splitlines())) == []


def test_where_the_system_does_not_say_nothing_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "read_own_memory", lambda name: None)
    assert give_back() == 0
    assert isolate(divmod)(7, 2) == (3, 1)


@linux
def test_loops_run_as_before_once_the_code_of_their_compiler_is_given_back() -> None:
    numbers = torch.linspace(-4, 4, 64).reshape(2, 32)
    before, again = numbers.clone(), numbers.clone()
    sums = rowwise.exponentiate_(before)
    assert give_back_compiler() > LEAST_CODE
    assert torch.equal(rowwise.exponentiate_(again), sums) and torch.equal(again, before)


def test_of_the_compiler_only_what_nobody_writes_to_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not what was written to while it was loaded, though nobody may now (r--p), nor another library."""
    given: list[tuple[int, int]] = []
    kinds = [("r-xp", "libllvmlite"), ("r--p", "libllvmlite"), ("rw-p", "libllvmlite"), ("r-xp", "libc")]
    lines = [
        f"{at:x}000-{at + 2:x}000 {rights} 00000000 fe:00 26 {12 * ' '}/lib/{name}.so\n"
        for at, (rights, name) in enumerate(kinds)
    ]
    (tmp_path / "maps").write_text("".join(["7ff0-8000 rw-p 00000000 00:00 0\n", *lines]))
    (tmp_path / "smaps").touch()
    monkeypatch.setattr(pages, "_MAPS", tmp_path / "smaps")
    monkeypatch.setattr(pages, "_forget", lambda start, stop: given.append((start, stop)))
    assert give_back_compiler() == 0x2000 and given == [(0, 0x2000)]
    monkeypatch.setattr(pages, "_MAPS", tmp_path / "elsewhere/smaps")
    assert give_back_compiler() == 0, "a system that does not tell"
