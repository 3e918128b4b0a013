"""COCO-Stuff and COCO panoptic: masks of converters, json and PNGs that do not fit, faults in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.data.class_tables import load_class_table
from bench.data.prepared import NO_SCORE
from tests.unit.prepare import scenes
from tests.unit.prepare.planned import PANOPTIC, change, first_fault, plan, refused
from tests.unit.prepare.scenes import save


def test_coco_stuff_masks_of_mmsegmentation_lie_beside_and_are_not_taken_for_it(tmp_path: Path) -> None:
    classes = scenes.cocostuff(tmp_path)
    used = [row.id for row in load_class_table("cocostuff171").rows]
    folder = tmp_path / "annotations/val2017"
    for path in sorted(folder.glob("*.png")):
        true = classes[path.stem]
        save(
            path.with_name(f"{path.stem}_labelTrainIds.png"),
            np.where(true < 0, 255, np.searchsorted(used, true)).astype(np.uint8),
        )
    assert plan("cocostuff", tmp_path).reader.name == "own"
    for path in sorted(folder.glob("*.png")):
        if "_" not in path.name:
            path.unlink()
    for name in ("cocostuff", "cocostuff_182"):
        made = plan(name, tmp_path, order="train")
        assert [item.image_id for item in made.items] == sorted(classes)
        for item in made.items:
            true = classes[item.image_id]
            assert (made.reader.read_item(item).classes == np.where(true < 0, NO_SCORE, true)).all()


def test_an_id_that_coco_stuff_never_drew_tells_that_the_numbers_are_a_converters(tmp_path: Path) -> None:
    scenes.cocostuff(tmp_path)
    for path in sorted((tmp_path / "annotations/val2017").glob("*.png")):
        save(path, np.full((scenes.H, scenes.W), 11, np.uint8))  # street sign less one, or stop sign of the 171
    made = plan("cocostuff", tmp_path)
    assert made.reader.name == "train" and (made.reader.read_item(made.items[0]).classes == 13).all()


def test_panoptic_json_and_pngs_that_speak_of_other_segments(tmp_path: Path) -> None:
    scenes.coco_panoptic(tmp_path, PANOPTIC)
    path = tmp_path / "annotations/panoptic_val2017/000000000139.png"
    colours = np.array(Image.open(path))
    save(path, np.where((colours == (9, 0, 0)).all(axis=2, keepdims=True), np.uint8(77), colours))
    assert f"{path}: segment {77 * 65793} is not in the json" in first_fault("coco_panoptic", tmp_path)
    save(path, np.where((colours == (9, 0, 0)).all(axis=2, keepdims=True), np.uint8(0), colours))
    assert f"{path}: segment 9 is not in the PNG" in first_fault("coco_panoptic", tmp_path)
    Image.open(path).convert("P").save(path)
    assert "but this is PNG P" in first_fault("coco_panoptic", tmp_path)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda c: c["categories"][0].update(name="persons"), "another list (1 is 'persons', where COCO panoptic has"),
        (lambda c: c["categories"].pop(), "another list (lacks 200, where COCO panoptic has 'rug-merged')"),
        (lambda c: c.pop("annotations"), "lacks 'annotations'; it is no COCO panoptic json"),
        (lambda c: c["annotations"][1]["segments_info"][2].update(category_id=94),
         "image 000000000285.png, segment 500: category 94 is none of the 133"),
        (lambda c: c["annotations"][0]["segments_info"].append({"id": 9, "category_id": 3}),
         "image 000000000139.png, segment 9 stands twice, as category 1 and as 3"),
        (lambda c: c["annotations"].append(c["annotations"][0]), "image 000000000139.png stands twice"),
        (lambda c: c["annotations"][0].update(image_id="139"), 'image 000000000139.png: image_id is "139", wh'),
        (lambda c: c["annotations"][0].update(image_id=285), "image 000000000139.png: its image_id is 285, of another"),
        (lambda c: c["annotations"][0].pop("segments_info"), "image 000000000139.png: lacks 'segments_info'"),
        (lambda c: c["annotations"][0].pop("file_name"), "annotation 0 from 0 on lacks 'file_name'"),
        *((lambda c, value=value: c["annotations"][1]["segments_info"][2].update(category_id=value),
           f"image 000000000285.png, segment 500: category_id is {json.dumps(value)}, where a whole number belongs")
          for value in ("5", 5.7, True, None)),
        (lambda c: c["annotations"][1]["segments_info"][2].update(iscrowd="0"),
         'image 000000000285.png, segment 500: iscrowd is "0", where 0 or 1 belongs'),
        (lambda c: c["annotations"][1]["segments_info"][2].update(id="500"),
         'image 000000000285.png, segment 2 from 0 on: id is "500", where a whole number belongs'),
    ],
)  # fmt: skip
def test_a_json_of_another_data_set_is_one_line(tmp_path: Path, edit: Callable[[dict], object], reason: str) -> None:
    scenes.coco_panoptic(tmp_path, PANOPTIC)
    change(tmp_path / "annotations/panoptic_val2017.json", edit)
    assert reason in refused("coco_panoptic", tmp_path)


def test_half_a_json(tmp_path: Path) -> None:
    scenes.coco_panoptic(tmp_path, PANOPTIC)
    path = tmp_path / "annotations/panoptic_val2017.json"
    path.write_text(path.read_text()[:-40])
    assert "panoptic_val2017.json: cannot be read (" in refused("coco_panoptic", tmp_path)
