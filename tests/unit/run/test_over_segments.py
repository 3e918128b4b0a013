"""Over-segments of a finished run come from the store by the key in its record, and from nowhere else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from bench.records import Sample, SegmentTree
from bench.run.run_folder import find_over_segments, read_over_segments
from bench.store.entries import make_store_entry
from bench.store.files import Store
from bench.store.stages import make_item_name

TREE = SegmentTree(np.arange(12, dtype=np.int16).reshape(3, 4) % 2, (1, 2))
SAMPLE = Sample("a/b", np.zeros((3, 4, 3), np.uint8))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    store = Store(tmp_path / "store")
    store.add(store.open_namespace("segment", "k1", {}), make_item_name(SAMPLE), {"tree": make_store_entry(TREE)})
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump({"store": str(store.root), "segment": {"_target_": "no.such"}}))
    (folder / "run.json").write_text(json.dumps({"variant": "v", "over_segments": "k1"}))
    return folder


def test_they_are_as_they_were_stored_and_no_segmenter_is_made(run: Path) -> None:
    found = read_over_segments(find_over_segments(run), SAMPLE)
    assert found is not None and found.heap_ids == (1, 2)
    np.testing.assert_array_equal(found.leaves, TREE.leaves)


def test_none_of_another_image_of_an_earlier_version_and_of_a_store_that_is_gone(run: Path) -> None:
    other = Sample("a/b", np.ones((3, 4, 3), np.uint8))
    assert read_over_segments(find_over_segments(run), other) is None, "other pixels"
    before = sorted(run.parent.rglob("*"))
    shutil.move(run.parent / "store", run.parent / "elsewhere")
    assert read_over_segments(find_over_segments(run), SAMPLE) is None
    shutil.move(run.parent / "elsewhere", run.parent / "store")
    assert sorted(run.parent.rglob("*")) == before, "looking leaves nothing behind"
    (run / "run.json").write_text(json.dumps({"variant": "v"}))
    assert read_over_segments(find_over_segments(run), SAMPLE) is None


def test_a_damaged_entry_is_none(run: Path) -> None:
    (file,) = (run.parent / "store/segment/k1").glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-7])
    assert read_over_segments(find_over_segments(run), SAMPLE) is None
