"""Small folders laid out exactly as ADE20K full, LVIS, PASCAL-Part and Mapillary Vistas unpack, and what they mean."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

from tests.unit.prepare.scenes import H, Truth, W, photograph, save, scatter


def ade20k_full(root: Path, ids: tuple[str, ...] = ("ADE_val_00000001", "ADE_val_00000002")) -> tuple[Truth, Truth]:
    """ADE20K_2021_17_01: wall, sky, tree, a class that is none of the 847, and two of cars and of traffic lights."""
    classes, objects = {}, {}
    kinds = [(2978, 0), (2420, 17), (2855, 30), (400, 60), (401, 90), (401, 95), (2836, 120), (2836, 255)]
    for n, image_id in enumerate(ids):
        base = root / "ADE20K_2021_17_01/images/ADE/validation/urban" / f"street{n}"
        photograph(base / f"{image_id}.jpg", n)
        place = scatter(n, list(range(len(kinds))))
        index, blue = (np.array([kind[k] for kind in kinds])[place] for k in (0, 1))
        # The last digit of red says nothing; the publisher divides by ten and cuts.
        colours = np.stack([index // 256 * 10 + place % 10, index % 256, blue], axis=2)
        save(base / f"{image_id}_seg.png", colours.astype(np.uint8))
        save(base / f"{image_id}_parts_1.png", np.zeros((H, W, 3), np.uint8))
        classes[image_id] = np.where(index == 400, -1, index)
        objects[image_id] = np.where(np.isin(index, (401, 2836)), blue + 1, 0)
    return classes, objects


def mapillary(root: Path, version: str, keys: tuple[str, ...] = ("-0AbcdefghijklmnopqrsT", "Zz_3456789012345678901")):
    """validation/ of an archive of v2.0 in one version: bird, road, car, person, and labels that are not evaluated."""
    labels = {"v1.2": {"bird": 0, "road": 13, "person": 19, "car": 55, "none": 65},
              "v2.0": {"bird": 0, "road": 21, "person": 30, "car": 108, "none": 123}}[version]  # fmt: skip
    classes, objects = {}, {}
    for n, key in enumerate(keys):
        photograph(root / "validation/images" / f"{key}.jpg", n)
        place = scatter(n, list(range(8)))
        kind = np.array(["bird", "road", "person", "person", "car", "car", "none", "none"])[place]
        label, number = np.vectorize(labels.get)(kind), np.array([0, 0, 0, 7, 0, 255, 0, 0])[place]
        image = Image.fromarray(label.astype(np.uint8), mode="P")
        image.putpalette([(37 * i) % 256 for i in range(768)])
        (root / "validation" / version / "labels").mkdir(parents=True, exist_ok=True)
        image.save(root / "validation" / version / "labels" / f"{key}.png")
        save(root / "validation" / version / "instances" / f"{key}.png", (label * 256 + number).astype(np.uint16))
        classes[key] = np.where(kind == "none", -1, label + 1)
        objects[key] = np.where(np.isin(kind, ("bird", "person", "car")), number + 1, 0)
    return classes, objects


def square(top: int, left: int, side: int) -> list[float]:
    """The corners of a square whose sides are borders between pixels: side by side pixels, as pycocotools fills it."""
    return [left, top, left + side, top, left + side, top + side, left, top + side]


def lvis(root: Path, categories: list[dict]) -> tuple[Truth, Truth]:
    """lvis_v1_val.json of a photograph of val and one of train: a cat on a table, two cats, and one without objects."""
    drawn = {139: ("val2017", [(5, 1095, (2, 2, 8)), (6, 225, (4, 4, 3)), (9, 225, (0, 14, 4))]),
             285: ("train2017", [(7, 3, (1, 1, 5))]), 632: ("val2017", [])}  # fmt: skip
    classes, objects, images, annotations = {}, {}, [], []
    for number, (split, squares) in drawn.items():
        image_id = f"{number:012d}"
        photograph(root / split / f"{image_id}.jpg", number)
        images.append({"id": number, "height": H, "width": W,
                       "coco_url": f"http://images.cocodataset.org/{split}/{image_id}.jpg"})  # fmt: skip
        own, which = np.full((H, W), -1), np.zeros((H, W), int)
        for place, (annotation, category, (top, left, side)) in enumerate(squares, 1):
            own[top : top + side, left : left + side] = category
            which[top : top + side, left : left + side] = place
            annotations.append({"id": annotation, "image_id": number, "category_id": category, "area": side * side,
                                "segmentation": [square(top, left, side)]})  # fmt: skip
        classes[image_id], objects[image_id] = own, which
    annotations.sort(key=lambda one: -one["id"])  # the small one comes before the large one that it lies on
    content = {"images": images, "annotations": annotations, "categories": categories}
    (root / "lvis_v1_val.json").write_text(json.dumps(content))
    return classes, objects


def block(top: int, left: int, height: int, width: int) -> np.ndarray:
    mask = np.zeros((H, W), np.uint8)
    mask[top : top + height, left : left + width] = 1
    return mask


def structs(records: list[dict]) -> np.ndarray:
    """Records as an array of MATLAB's structs."""
    array = np.zeros((1, len(records)), dtype=[(name, object) for name in records[0]])
    for at, record in enumerate(records):
        array[0, at] = tuple(record.values())
    return array


def pascal_part(root: Path, ids: tuple[str, ...] = ("2008_000002", "2008_000007")) -> dict[str, Truth]:
    """Annotations_Part beside VOC 2010: a person with arms, a chair in front of it, which has no parts; and one bus."""
    voc = root / "VOCdevkit/VOC2010"
    (voc / "ImageSets/Main").mkdir(parents=True, exist_ok=True)
    (voc / "ImageSets/Main/val.txt").write_text("\n".join(ids))
    person = {"class": "person", "class_ind": 15.0, "mask": block(0, 0, 10, 12), "parts": structs([
        {"part_name": "head", "mask": block(0, 2, 4, 6)}, {"part_name": "leye", "mask": block(1, 3, 1, 1)},
        {"part_name": "llarm", "mask": block(5, 0, 2, 3)},
        {"part_name": "rlarm", "mask": block(5, 9, 2, 3)}])}  # fmt: skip
    chair = {"class": "chair", "class_ind": 9.0, "mask": block(6, 8, 6, 6), "parts": np.zeros((0, 0))}
    bus = {"class": "bus", "class_ind": 6.0, "mask": block(2, 2, 8, 14), "parts": structs([
        {"part_name": "frontside", "mask": block(2, 2, 8, 4)}, {"part_name": "window_1", "mask": block(3, 3, 2, 2)},
        {"part_name": "wheel_2", "mask": block(8, 9, 2, 2)}])}  # fmt: skip
    for image_id, objects in zip(ids, ([person, chair], [bus]), strict=True):
        photograph(voc / "JPEGImages" / f"{image_id}.jpg")
        (root / "Annotations_Part").mkdir(exist_ok=True)
        anno = structs([{"imname": image_id, "objects": structs(objects)}])
        savemat(root / "Annotations_Part" / f"{image_id}.mat", {"anno": anno}, do_compression=True)
    first, second = np.full((H, W), "", "<U20"), np.full((H, W), "", "<U20")
    first[0:4, 2:8], first[1, 3], first[5:7, 0:3], first[5:7, 9:12] = "head", "eye", "lower arm", "lower arm"
    first[6:12, 8:14] = ""  # hidden by the chair
    second[2:10, 2:6], second[3:5, 3:5], second[8:10, 9:11] = "front", "window", "wheel"
    whole, buses = np.zeros((H, W), int), np.zeros((H, W), int)
    whole[0:10, 0:12], buses[2:10, 2:16] = 15, 6
    whole[6:12, 8:14] = 9
    return {
        "parts": dict(zip(ids, (first, second), strict=True)),
        "wholes": dict(zip(ids, (whole, buses), strict=True)),
    }
