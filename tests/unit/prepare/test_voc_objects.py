"""VOC's objects: read where they are asked for, held against the classes; without them the set is what it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from bench.data.prepared import CROWD, NO_SCORE, Prepared
from bench.errors import BadSample
from bench.prepare.write import finish, write
from bench.records import UNTOLD
from tests.unit.prepare.make import IDS, SIZE, images, save_png, write_list
from tests.unit.prepare.planned import plan, refused

ONE, TWO = IDS[:2]


def draw(root: Path) -> tuple[np.ndarray, np.ndarray]:
    """A dog beside a person beside another, with a border; the second photograph has one boat somewhere else."""
    voc = root / "VOCdevkit/VOC2012"
    images(voc / "JPEGImages", (ONE, TWO))
    write_list(voc / "ImageSets/Segmentation/val.txt", (ONE, TWO))
    classes, objects = np.zeros((2, *SIZE), int)
    classes[2:9, 1:5], objects[2:9, 1:5] = 12, 1
    classes[2:9, 5:9], objects[2:9, 5:9] = 15, 2
    classes[2:9, 10:14], objects[2:9, 10:14] = 15, 3
    classes[2:9, 9], objects[2:9, 9] = 255, 255
    boat = np.zeros(SIZE, int)
    boat[12:16, 15:20] = 1
    for image_id, own, which in ((ONE, classes, objects), (TWO, boat * 4, boat)):
        save_png(voc / "SegmentationClass" / f"{image_id}.png", own, palette=True)
        save_png(voc / "SegmentationObject" / f"{image_id}.png", which, palette=True)
    return classes, objects


def test_objects_are_those_that_were_drawn_and_only_where_asked_for(tmp_path: Path) -> None:
    classes, objects = draw(tmp_path / "from")
    made, plain = (plan("voc", tmp_path / "from", objects=asked) for asked in (True, False))
    labels = made.reader.read_item(made.items[0])
    assert made.has_objects and (labels.classes == np.where(classes == 255, NO_SCORE, classes)).all()
    assert labels.objects is not None and (labels.objects == np.where(objects == 255, 0, objects)).all()
    assert not plain.has_objects and plain.reader.read_item(plain.items[0]).objects is None
    abouts = [write(one, tmp_path / name, 1, partial=True) for one, name in ((made, "with"), (plain, "without"))]
    assert [about["format"] for about in abouts] == [2, 1] and abouts[0]["objects"] == 4
    finish(tmp_path / "with", abouts[0])
    sample = Prepared(tmp_path / "with", "voc").load(ONE)
    assert sample.instances is not None and not (sample.instances == UNTOLD).any()
    assert ((sample.instances >= 0) == np.isin(classes, (12, 15))).all()


def test_objects_are_held_against_the_classes(tmp_path: Path) -> None:
    classes, objects = draw(tmp_path)
    folder = tmp_path / "VOCdevkit/VOC2012/SegmentationObject"
    made = plan("voc", tmp_path, objects=True)
    save_png(folder / f"{ONE}.png", np.where(objects == 2, 1, objects), palette=True)  # the dog's takes the person in
    labels = made.reader.read_item(made.items[0])
    assert labels.objects is not None and (labels.objects[classes == 12] == 1).all(), "of two the smaller id"
    assert set(labels.objects[classes == 15].tolist()) == {3, CROWD}
    shutil.copy(folder / f"{TWO}.png", folder / f"{ONE}.png")
    with pytest.raises(
        BadSample, match=f"{ONE}.png: objects lie elsewhere than the classes in .* .0% of 84 pixels agr"
    ):
        made.reader.read_item(made.items[0])
    save_png(folder / f"{ONE}.png", objects.T, palette=True)
    with pytest.raises(BadSample, match="of another size than"):
        made.reader.read_item(made.items[0])
    (folder / f"{ONE}.png").unlink()
    half = plan("voc", tmp_path, objects=True)
    assert "WARNING: 1 of 2 images have no file in SegmentationObject" in half.remarks[-1]
    assert (half.reader.read_item(half.items[0]).objects == np.where(np.isin(classes, (12, 15)), CROWD, 0)).all()
    shutil.rmtree(folder)
    assert "holds no SegmentationObject/*.png of these images" in refused("voc", tmp_path, objects=True)
