"""Small folders laid out exactly as ADE20K, Cityscapes, COCO-Stuff and COCO panoptic unpack, and what they mean.

Every writer returns the truth by id, made without the code under test: class ids of the publisher and, where there are
objects, a number for each (0 none, -1 several that nobody told apart).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

H, W = 12, 20
Truth = dict[str, np.ndarray]


def save(path: Path, values: np.ndarray) -> None:
    """A lossless file; numbers of 8 bits as grey, of 16 as 16-bit grey, colours as RGB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def photograph(path: Path, seed: int = 0) -> None:
    """A picture of noise as a JPEG or PNG."""
    save(path, np.random.default_rng(seed).integers(0, 256, (H, W, 3), dtype=np.uint8))


def scatter(seed: int, numbers: list[int]) -> np.ndarray:
    """A map int64 [H, W] in blocks of 2 by 2, in which each number occurs."""
    draw = np.random.default_rng(seed)
    blocks = draw.choice(numbers, size=(H // 2, W // 2))
    blocks.flat[draw.permutation(blocks.size)[: len(numbers)]] = numbers
    return np.kron(blocks, np.ones((2, 2), int))


def ade20k(root: Path, ids: tuple[str, ...] = ("ADE_val_00000001", "ADE_val_00000002")) -> tuple[Truth, Truth]:
    """SceneParsing's ADEChallengeData2016 beside annotations_instance: wall, floor, table, chair, flag, other.

    Of the last three the first half of the picture has objects; the rest of them is drawn by nobody.
    """
    classes, objects = {}, {}
    for n, image_id in enumerate(ids):
        base = root / "ADEChallengeData2016"
        photograph(base / "images/validation" / f"{image_id}.jpg", n)
        own = scatter(n, [0, 1, 4, 16, 20, 150])
        save(base / "annotations/validation" / f"{image_id}.png", own.astype(np.uint8))
        thing, drawn = np.isin(own, (16, 20, 150)), np.arange(W)[None] < W // 2
        number = np.where(drawn, np.array([16, 20, 150]).searchsorted(own) + 1, 0)
        colours = np.zeros((H, W, 3), np.uint8)
        colours[..., 0] = np.where(drawn, np.select([own == 16, own == 20, own == 150], [6, 8, 100], 0), 0)
        colours[..., 1] = number * thing
        save(root / "annotations_instance/validation" / f"{image_id}.png", colours)
        classes[image_id], objects[image_id] = own, np.where(thing, np.where(drawn, number, -1), 0)
    return classes, objects


def cityscapes(root: Path, frames: tuple[str, ...] = ("frankfurt_000000_000294", "munster_000001_000019")):
    """leftImg8bit and gtFine of two cities: road, sky, labels that are not scored, a person, cars, a group of cars."""
    classes, objects = {}, {}
    for n, frame in enumerate(frames):
        city = frame.split("_", 1)[0]
        photograph(root / "leftImg8bit/val" / city / f"{frame}_leftImg8bit.png", n)
        instances = scatter(n, [0, 4, 7, 23, 29001, 26, 26000, 26007, 24003])
        labels = np.where(instances >= 1000, instances // 1000, instances)
        base = root / "gtFine/val" / city
        save(base / f"{frame}_gtFine_labelIds.png", labels.astype(np.uint8))
        save(base / f"{frame}_gtFine_instanceIds.png", instances.astype(np.uint16))
        save(base / f"{frame}_gtFine_color.png", np.zeros((H, W, 4), np.uint8))
        scored = np.isin(labels, (7, 23, 24, 26))
        classes[frame] = np.where(scored, labels, -1)
        thing = np.isin(labels, (24, 26))
        objects[frame] = np.where(thing, np.where(instances >= 1000, instances % 1000 + 1, -1), 0)
    return classes, objects


def cocostuff(root: Path, numbers: tuple[int, ...] = (139, 285)) -> Truth:
    """val2017.zip and stuffthingmaps_trainval2017.zip side by side: the id less one, 255 unlabelled."""
    classes = {}
    for n, number in enumerate(numbers):
        image_id = f"{number:012d}"
        photograph(root / "images/val2017" / f"{image_id}.jpg", n)
        ids = scatter(n, [0, 1, 13, 90, 92, 171, 182])
        save(root / "annotations/val2017" / f"{image_id}.png", ((ids - 1) % 256).astype(np.uint8))
        classes[image_id] = np.where(ids == 0, -1, ids)
    return classes


CATEGORIES = {1: ("person", 1), 3: ("car", 1), 149: ("road", 0), 184: ("tree-merged", 0)}


def coco_panoptic(root: Path, categories: list[dict], numbers: tuple[int, ...] = (139, 285)) -> tuple[Truth, Truth]:
    """panoptic_val2017.json and its PNGs: two persons, a crowd of persons, a car, road and trees, and no segment."""
    classes, objects, annotations = {}, {}, []
    kinds = {70000: (1, 0), 9: (1, 0), 500: (1, 1), 301: (3, 0), 66051: (149, 0), 16777215: (184, 0)}
    for n, number in enumerate(numbers):
        image_id = f"{number:012d}"
        photograph(root / "val2017" / f"{image_id}.jpg", n)
        painted = scatter(n, [0, *kinds])
        save(
            root / "annotations/panoptic_val2017" / f"{image_id}.png",
            np.stack([painted % 256, painted // 256 % 256, painted // 65536], axis=2).astype(np.uint8),
        )
        segments = [
            {"id": k, "category_id": c, "iscrowd": crowd, "area": int((painted == k).sum())}
            for k, (c, crowd) in kinds.items()
        ]
        annotations.append({"image_id": number, "file_name": f"{image_id}.png", "segments_info": segments})
        pick = list(kinds)
        classes[image_id] = sum(((painted == k) * kinds[k][0] for k in pick), np.where(painted == 0, -1, 0))
        objects[image_id] = sum(
            ((painted == k) * (-1 if kinds[k][1] else place) for place, k in enumerate(pick[:4], 1)),
            np.zeros((H, W), int),
        )
    content = {"annotations": annotations, "categories": categories, "images": []}
    (root / "annotations/panoptic_val2017.json").write_text(json.dumps(content))
    return classes, objects
