"""ADE20K full, LVIS, PASCAL-Part and Mapillary Vistas: what their files mean, traps, faults in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from bench.data.class_tables import FOLDER, load_class_table, read_rows
from bench.data.prepared import CROWD, NO_SCORE
from bench.data.publishers import PUBLISHERS
from bench.prepare.pascal_part import find_part
from tests.unit.prepare import rarer
from tests.unit.prepare.planned import change, first_fault, group, plan, refused
from tests.unit.prepare.scenes import H, W, save

LVIS = [{"id": row.id, "name": row.name} for row in load_class_table("lvis1203").rows]
WRITE: dict[str, Callable[[Path], object]] = {
    "ade20k_full": rarer.ade20k_full,
    "mapillary_v12": lambda root: rarer.mapillary(root, "v1.2"),
    "mapillary_v20": lambda root: rarer.mapillary(root, "v2.0"),
    "lvis": lambda root: rarer.lvis(root, LVIS),
}


@pytest.mark.parametrize("name", WRITE)
def test_classes_and_objects_are_those_that_were_drawn(name: str, tmp_path: Path) -> None:
    classes, objects = WRITE[name](tmp_path)  # type: ignore[misc]
    made = plan(name, tmp_path)
    assert [item.image_id for item in made.items] == sorted(classes) and made.has_objects
    for item in made.items:
        labels, true, drawn = made.reader.read_item(item), classes[item.image_id], objects[item.image_id]
        assert (labels.classes == np.where(true == -1, NO_SCORE, true)).all()
        assert labels.objects is not None and not (labels.objects == CROWD).any()
        assert ((labels.objects == 0) == (drawn == 0)).all()
        assert group(labels.objects.astype(int), true) == group(drawn, true)


@pytest.mark.parametrize("name", [*WRITE, "pascal_part", "pascal_part_whole"])
def test_half_a_download_is_refused_and_an_empty_folder_says_what_was_looked_for(name: str, tmp_path: Path) -> None:
    assert "at any depth" in refused(name, tmp_path) or "looked for VOC2010" in refused(name, tmp_path)
    write = WRITE.get(name, rarer.pascal_part)
    write(tmp_path)
    published = PUBLISHERS[name].splits["val"].published
    assert f"{name} val has {published:,}" in refused(name, tmp_path, partial=False)


def test_masks_of_maskformers_script_are_in_the_order_of_its_list(tmp_path: Path) -> None:
    ids = [row.id for row in read_rows(FOLDER / "ade847.csv")]
    assert ids[:4] == [2978, 312, 2420, 2855] and ids[846] == 3148 and len(set(ids)) == 847
    base, name = tmp_path / "ADE20K_2021_17_01", "ADE_val_00000001"
    values = np.array([[0, 1, 846, 65535]] * 3, np.uint16)
    save(base / "annotations_detectron2/validation" / f"{name}.tif", values)
    assert "without its images_detectron2" in refused("ade20k_full", tmp_path)
    save(base / "images_detectron2/validation" / f"{name}.jpg", np.zeros((3, 4, 3), np.uint8))
    made = plan("ade20k_full", tmp_path)
    assert not made.has_objects and "shrunk to 512, and no objects" in made.remarks[-1]
    assert made.reader.read_item(made.items[0]).classes[0].tolist() == [2978, 312, 3148, NO_SCORE]


def test_mapillary_versions_are_told_apart(tmp_path: Path) -> None:
    rarer.mapillary(tmp_path, "v2.0")
    assert "holds labels of v2.0 and none of v1.2; use mapillary_v20" in refused("mapillary_v12", tmp_path)
    (tmp_path / "validation/v2.0").rename(tmp_path / "validation/v1.2")
    line = refused("mapillary_v12", tmp_path)
    assert (
        "and all masks looked into hold" in line
        and "which is not Mapillary Vistas v1.2's (0-65; v2.0 goes to 123)" in line
    )


def test_archives_of_mapillary_without_folders_of_versions_are_v12(tmp_path: Path) -> None:
    classes, _ = rarer.mapillary(tmp_path, "v1.2")
    for kind in ("labels", "instances"):
        (tmp_path / "validation/v1.2" / kind).rename(tmp_path / "validation" / kind)
    made = plan("mapillary_v12", tmp_path)
    assert len(made.items) == len(classes) and made.has_objects
    assert "holds labels of v1.2 and none of v2.0; use mapillary_v12" in refused("mapillary_v20", tmp_path)


def test_mapillarys_own_config_is_held_against_the_table(tmp_path: Path) -> None:
    rarer.mapillary(tmp_path, "v1.2")
    names = {row.id - 1: row.name for row in load_class_table("mapillary65").rows}
    labels = [{"readable": names.get(i, "Unlabeled"), "name": "x"} for i in range(66)]
    path = tmp_path / "config_v1.2.json"
    path.write_text(json.dumps({"labels": labels}))
    assert plan("mapillary_v12", tmp_path).has_objects
    labels[13], labels[15] = labels[15], labels[13]
    path.write_text(json.dumps({"labels": labels}))
    assert "not the list of v1.2 (label 13 is not 'Road')" in refused("mapillary_v12", tmp_path)
    path.write_text("{")
    assert "config_v1.2.json: cannot be read" in refused("mapillary_v12", tmp_path)


def test_instances_of_another_drawing_are_named(tmp_path: Path) -> None:
    rarer.mapillary(tmp_path, "v1.2")
    path = next((tmp_path / "validation/v1.2/instances").glob("*.png"))
    save(path, np.zeros((H, W), np.uint16))
    assert "objects of other labels than in" in first_fault("mapillary_v12", tmp_path)
    path.unlink()
    made = plan("mapillary_v12", tmp_path)
    assert made.has_objects and "WARNING: 1 of 2 images have no file in v1.2/instances" in made.remarks[-1]
    lacking = next(item for item in made.items if item.objects is None)
    labels = made.reader.read_item(lacking)
    assert labels.objects is not None and set(np.unique(labels.objects).tolist()) == {0, CROWD}


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda c: c["categories"].pop(), "1202 categories that are not the 1,203 of LVIS v1 (v0.5 has 1,230)"),
        (lambda c: c.pop("images"), "lacks 'images'; it is no LVIS v1 json, or half of one"),
        (lambda c: c["annotations"][0].update(image_id=1), "image 1, annotation 9: this image is not in the file"),
        (lambda c: c["annotations"][0].update(category_id=1300),
         "lvis_v1_val.json: image 139, annotation 9: category 1300 is none of the 1,203"),
        (lambda c: c["annotations"][0].update(category_id=1.5), "image 139, annotation 9: category_id is 1.5, where a"),
        (lambda c: c["annotations"][0].update(image_id="139"), 'annotation 9: image_id is "139", where a whole number'),
        (lambda c: c["annotations"][0].update(segmentation={"size": [H, W], "counts": "abc"}),
         "image 139, annotation 9: segmentation is runs (RLE), where LVIS v1 has lists of polygons"),
        (lambda c: c["annotations"][0]["segmentation"][0].__setitem__(2, "7.5"),
         'image 139, annotation 9: a corner is "7.5", which is no number'),
        (lambda c: c["annotations"].append(c["annotations"][0]), "image 139, annotation 9 stands twice"),
        (lambda c: c["images"].append(c["images"][1]), "image 285 stands twice"),
        (lambda c: c["images"][0].update(id="139"), 'image 0 from 0 on: id is "139", where a whole number belongs'),
        (lambda c: c["images"][0].update(height=H + 1), f"{W}x{H}, but lvis_v1_val.json says {W}x{H + 1}; are these"),
    ],
)  # fmt: skip
def test_an_lvis_json_of_another_version_is_one_line(tmp_path: Path, edit, reason: str) -> None:
    rarer.lvis(tmp_path, LVIS)
    change(tmp_path / "lvis_v1_val.json", edit)
    assert reason in refused("lvis", tmp_path)


def test_a_polygon_that_is_none_is_a_skip_with_its_annotation(tmp_path: Path) -> None:
    rarer.lvis(tmp_path, LVIS)
    change(tmp_path / "lvis_v1_val.json", lambda c: c["annotations"][0].update(segmentation=[[1, 2, 3, 4]]))
    assert "image 000000000139, annotation 9: polygon 0 has 4 numbers" in first_fault("lvis", tmp_path)


def test_a_dining_table_is_spelt_as_its_publisher_does(tmp_path: Path) -> None:
    for spelling in ("table", "diningtable"):
        table = {"class": spelling, "class_ind": 11.0, "mask": rarer.block(1, 2, 3, 4), "parts": np.zeros((0, 0))}
        rarer.pascal_part(tmp_path)
        path = tmp_path / "Annotations_Part/2008_000007.mat"
        savemat(path, {"anno": rarer.structs([{"imname": "2008_000007", "objects": rarer.structs([table])}])})
        whole, parts = (plan(name, tmp_path) for name in ("pascal_part_whole", "pascal_part"))
        assert (whole.reader.read_item(whole.items[1]).classes == 11 * rarer.block(1, 2, 3, 4)).all()
        assert (parts.reader.read_item(parts.items[1]).classes == 0).all(), "it has no parts"


def test_parts_and_wholes_are_those_that_were_drawn(tmp_path: Path) -> None:
    true = rarer.pascal_part(tmp_path)
    table = {row.name: row.id for row in load_class_table("pascal_part116").rows}
    parts, wholes = plan("pascal_part", tmp_path), plan("pascal_part_whole", tmp_path)
    for part, whole in zip(parts.items, wholes.items, strict=True):
        name = "person" if part.image_id == "2008_000002" else "bus"
        labels, drawn = parts.reader.read_item(part), true["parts"][part.image_id]
        expected = np.vectorize(lambda word, name=name: table[f"{name}'s {word}"] if word else 0)(drawn)
        assert (labels.classes == expected).all()
        assert labels.objects is not None and ((labels.objects == 1) == (drawn != "")).all(), "all of one object"
        found = wholes.reader.read_item(whole)
        assert (found.classes == true["wholes"][whole.image_id]).all()
        assert found.objects is not None and set(found.objects[found.classes > 0].tolist()) == set(
            range(1, 3 if name == "person" else 2)
        )


NAMES = {
    "aeroplane": "body stern lwing rwing tail engine_1 wheel_3",
    "bicycle": "fwheel bwheel saddle handlebar chainwheel headlight_1",
    "bird": "head leye reye beak torso neck lwing rwing lleg rleg lfoot rfoot tail",
    "bottle": "cap body",
    "cat": "head leye reye lear rear nose torso neck lfleg lfpa rfleg rfpa lbleg lbpa rbleg rbpa tail",
    "cow": "head leye reye lear rear muzzle lhorn rhorn torso neck lfuleg lflleg rfuleg rflleg lbuleg lblleg rbuleg "
           "rblleg tail",
    "motorbike": "fwheel bwheel handlebar saddle headlight_1",
    "person": "head leye reye lear rear lebrow rebrow nose mouth hair torso neck llarm luarm lhand rlarm ruarm rhand "
              "llleg luleg lfoot rlleg ruleg rfoot",
    "pottedplant": "pot plant",
    "train": "head hfrontside hleftside hrightside hbackside hroofside headlight_1 coach_2 cfrontside_1 cleftside_9 "
             "crightside_1 cbackside_1 croofside_1",
    "tvmonitor": "screen",
}  # fmt: skip
"""The publisher's names of parts, by object; several objects have those of another."""
VEHICLE = "frontside leftside rightside backside roofside leftmirror rightmirror fliplate bliplate door_1 wheel_1 "
NAMES |= dict.fromkeys(("bus", "car"), VEHICLE + "headlight_1 window_20") | {
    "dog": NAMES["cat"] + " muzzle", "sheep": NAMES["cow"],
    "horse": NAMES["cow"].replace("lhorn rhorn", "lfho rfho lbho rbho"),
}  # fmt: skip


def test_every_part_of_the_publishers_has_its_place_in_the_116_and_none_is_left_over() -> None:
    found = {find_part(whole, name) for whole, names in NAMES.items() for name in names.split()}
    assert found == {row.name for row in load_class_table("pascal_part116").rows}
    assert find_part("person", "llarm") == "person's lower arm" and find_part("person", "luarm") == "person's upper arm"
    assert find_part("bird", "lleg") == "bird's leg" and find_part("horse", "rfho") == "horse's hoof"
    assert find_part("train", "cleftside_9") == "train's side" and find_part("car", "fliplate") == "car's license plate"


def test_matlab_files_of_other_kinds_are_named(tmp_path: Path) -> None:
    rarer.pascal_part(tmp_path)
    path = tmp_path / "Annotations_Part/2008_000007.mat"
    path.write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64" + bytes(600))
    line = first_fault("pascal_part", tmp_path)
    assert "a MATLAB 7.3 file (HDF5, whose arrays come back with rows and columns exchanged)" in line
    from scipy.io import savemat

    savemat(path, {"LabelMap": np.zeros((H, W), np.uint16)})
    assert "has no anno, so it is not PASCAL-Part's (PASCAL-Context's" in first_fault("pascal_part", tmp_path)
    savemat(path, {"anno": {"imname": "x", "objects": rarer.structs([{"class": "bus", "mask": np.zeros((H, W))}])}})
    assert "lacks parts: not as PASCAL-Part's archive has it" in first_fault("pascal_part", tmp_path)
    sail = rarer.structs([{"part_name": "sail", "mask": np.ones((H, W))}])
    objects = rarer.structs([{"class": "bus", "mask": np.ones((H, W)), "parts": sail}])
    savemat(path, {"anno": {"imname": "x", "objects": objects}})
    assert '"bus\'s sail" is none of the 116 classes' in first_fault("pascal_part", tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    assert "cannot be decoded" in first_fault("pascal_part", tmp_path)


def test_colours_of_ade_full_that_became_a_palette_are_named(tmp_path: Path) -> None:
    rarer.ade20k_full(tmp_path)
    path = next(tmp_path.rglob("ADE_val_00000001_seg.png"))
    Image.open(path).convert("P").save(path)
    assert "numbers are expected in the colours of an RGB PNG, but this is PNG P" in first_fault(
        "ade20k_full", tmp_path
    )
