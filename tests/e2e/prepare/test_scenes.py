"""ADE20K, Cityscapes, COCO, LVIS, Mapillary Vistas from their folders to what a run is given, objects with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.cli import main
from bench.data.prepared import Prepared
from bench.records import UNTOLD, VOID
from bench.store.sealed import seal
from tests.unit.prepare.planned import WRITE
from tests.unit.prepare.test_rarer import WRITE as RARER

pytestmark = pytest.mark.usefixtures("blank_sheet")
EVERY = WRITE | RARER
WITHOUT_OBJECTS = ("cocostuff", "cocostuff_182")


def prepare(name: str, tmp_path: Path, *more: str) -> Path:
    assert (
        main(["prepare", name, "--from", str(tmp_path / "from"), "--to", str(tmp_path / "to"), "--partial", *more]) == 0
    )
    return tmp_path / "to"


@pytest.mark.thinned(3)
@pytest.mark.parametrize("name", EVERY)
def test_a_run_is_given_what_was_drawn(name: str, tmp_path: Path, capsys) -> None:
    classes, objects = EVERY[name](tmp_path / "from")  # type: ignore[misc]
    data = Prepared(prepare(name, tmp_path), name)
    said = capsys.readouterr().out
    assert (", which PQ and recall.objects count" in said) == (name not in WITHOUT_OBJECTS)
    ids = [row.id for row in data.table.rows]
    for image_id, true in classes.items():
        sample = data.load(image_id)
        void = 0 if name == "ade20k" else -1
        assert sample.truth is not None
        assert (sample.truth == np.where(true == void, VOID, np.searchsorted(ids, true))).all()
        assert (sample.instances is not None) == (name not in WITHOUT_OBJECTS)
        if sample.instances is not None:
            assert ((sample.instances == UNTOLD) == (objects[image_id] == -1)).all()
            assert ((sample.instances == -1) == (objects[image_id] == 0)).all()
            assert data.load_truth(image_id).instances is not None
    assert main(["prepare", name, "--check", str(tmp_path / "to")]) == 0


def test_check_counts_objects(tmp_path: Path, capsys) -> None:
    WRITE["coco_panoptic"](tmp_path / "from")
    to = prepare("coco_panoptic", tmp_path)
    about = json.loads((to / "zgs.json").read_text())
    assert about["format"] == 2 and about["objects"] == 6
    about.pop("seal", None)
    (to / "zgs.json").write_bytes(seal(about | {"objects": 7}))
    capsys.readouterr()
    assert main(["prepare", "--check", str(to)]) == 1
    assert "the number of objects is not what zgs.json says" in capsys.readouterr().err


@pytest.mark.slow
def test_processes_change_nothing(tmp_path: Path) -> None:
    WRITE["ade20k"](tmp_path / "from")
    abouts = []
    for jobs in ("1", "2"):
        to = prepare("ade20k", tmp_path, "--jobs", jobs)
        abouts.append(json.loads((to / "zgs.json").read_text()))
    assert abouts[0] == abouts[1]
