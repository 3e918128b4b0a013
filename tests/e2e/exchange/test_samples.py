"""Photographs of PASCAL VOC with their true label maps, which are not ours to ship, through every kind.

``ZGS_SAMPLES=FOLDER pytest tests/e2e/exchange/test_samples.py``: a folder in VOC's own layout, a few images suffice.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench.data.class_tables import load_class_table
from bench.exchange.registry import MODULES
from tests.e2e.commands.theirs import values, zgs
from tests.unit.exchange.drawn import coded, masks_of, plain, read, write_json
from tests.unit.exchange.test_drawn_labels import pack, png, shape

SAMPLES = Path(os.environ.get("ZGS_SAMPLES", "nowhere"))
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no photographs are here (ZGS_SAMPLES=FOLDER)")
NAMES = dict(enumerate((row.name for row in load_class_table("voc20").rows), 1))
Maps = dict[str, np.ndarray]


def read_maps() -> Maps:
    """The true label maps by image."""
    names = (SAMPLES / "ImageSets/Segmentation/val.txt").read_text().split()
    return {name: np.asarray(Image.open(SAMPLES / f"SegmentationClass/{name}.png")) for name in names}


def list_segments(labels: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each class of a map with its mask."""
    return ((number, labels == number) for number in np.unique(labels).tolist() if number in NAMES)


def list_images(maps: Maps, key: str = "file_name") -> list[dict[str, Any]]:
    return [
        {"id": n, key: f"http://x/val/{name}.jpg", "height": labels.shape[0], "width": labels.shape[1]}
        for n, (name, labels) in enumerate(maps.items())
    ]


def write_results(folder: Path, maps: Maps, key: str = "file_name") -> tuple[Path, dict[str, str]]:
    """COCO's results, compressed and plain by turns, and the list of images."""
    lists = {"images": list_images(maps, key), "categories": [{"id": n, "name": text} for n, text in NAMES.items()]}
    rows = [
        {"image_id": n, "category_id": number, "segmentation": (coded, plain)[number % 2](mask), "score": 0.5}
        for n, labels in enumerate(maps.values())
        for number, mask in list_segments(labels)
    ]
    return write_json(folder / "r.json", rows), {"images": str(write_json(folder / "l.json", lists))}


def write_panoptic(folder: Path, maps: Maps) -> tuple[Path, dict[str, str]]:
    (folder / "p").mkdir()
    annotations = []
    for n, (name, labels) in enumerate(maps.items()):
        ids = np.where(np.isin(labels, list(NAMES)), labels.astype(np.int64) * 1000, 0)
        colours = np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=2).astype(np.uint8)
        Image.fromarray(colours).save(folder / f"p/{name}.png")
        infos = [{"id": number * 1000, "category_id": number} for number, _ in list_segments(labels)]
        annotations.append({"image_id": n, "file_name": f"{name}.png", "segments_info": infos})
    lists = {"images": list_images(maps), "categories": [{"id": n, "name": text} for n, text in NAMES.items()]}
    return write_json(folder / "p.json", lists | {"annotations": annotations}), {}


def write_maps(folder: Path, maps: Maps, addition: str = "") -> tuple[Path, dict[str, str]]:
    (folder / "maps").mkdir()
    for name, labels in maps.items():
        Image.fromarray(labels).save(folder / f"maps/{name}{addition}.png")
    return folder / "maps", {"classes": "voc20"}


def write_detectron2(folder: Path, maps: Maps) -> tuple[Path, dict[str, str]]:
    rows = [
        {"file_name": f"/data/{name}.jpg", "category_id": number, "segmentation": coded(mask)}
        for name, labels in maps.items()
        for number, mask in list_segments(labels)
    ]
    return write_json(folder / "sem_seg_predictions.json", rows), {"classes": "voc20"}


def write_arrays(folder: Path, maps: Maps, masks: bool) -> tuple[Path, dict[str, str]]:
    (folder / "npz").mkdir()
    for name, labels in maps.items():
        found = [mask for _, mask in list_segments(labels)]
        content = {"masks": np.stack(found), "scores": np.ones(len(found))} if masks else {"segmentation": labels}
        np.savez(folder / f"npz/{name}.npz", **content)  # type: ignore[arg-type]
    return folder / "npz", {} if masks else {"classes": "voc20"}


def write_labelme(folder: Path, maps: Maps) -> tuple[Path, dict[str, str]]:
    (folder / "labelme").mkdir()
    for name, labels in maps.items():
        height, width = labels.shape
        box = [[0, 0], [width - 1, height - 1]]
        shapes = [shape(NAMES[number], box, "mask", mask=png(mask)) for number, mask in list_segments(labels)]
        content = {"shapes": shapes, "imagePath": f"{name}.jpg", "imageHeight": height, "imageWidth": width}
        write_json(folder / f"labelme/{name}.json", content)
    return folder / "labelme", {}


def pack_mask(mask: np.ndarray) -> list[int]:
    """Label Studio's brush: four bytes a pixel, cut where the mask changes."""
    flat = mask.ravel()
    ends = np.flatnonzero(np.append(flat[1:] != flat[:-1], True)) + 1
    runs = [
        min(4 * length - done, 65536)
        for length in np.diff(ends, prepend=0).tolist()
        for done in range(0, 4 * length, 65536)
    ]
    return pack(np.repeat(flat * 255, 4).tolist(), runs)


def write_studio(folder: Path, maps: Maps) -> tuple[Path, dict[str, str]]:
    tasks = []
    for name, labels in maps.items():
        about = {"type": "brushlabels", "original_height": labels.shape[0], "original_width": labels.shape[1]}
        found = [
            about | {"value": {"format": "rle", "rle": pack_mask(mask), "brushlabels": [NAMES[number]]}}
            for number, mask in list_segments(labels)
        ]
        tasks.append({"data": {"image": f"/data/{name}.jpg"}, "annotations": [{"result": found}]})
    return write_json(folder / "studio.json", tasks), {}


def write_words(folder: Path, maps: Maps) -> tuple[Path, dict[str, str]]:
    place, _ = write_maps(folder, maps)
    words = {name: list(NAMES.values()) for name in maps}
    return write_json(folder / "words.json", words), {"maps": str(place), "first": "1"}


def write_masks(folder: Path, maps: Maps) -> tuple[Path, dict[str, str]]:
    with (folder / "m.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["image", "mask", "word"])
        for name, labels in maps.items():
            for number, mask in list_segments(labels):
                Image.fromarray(mask).save(folder / f"{name}-{number}.png")
                table.writerow([name, f"{name}-{number}.png", NAMES[number]])
    return folder / "m.csv", {}


WRITE: dict[str, Callable[[Path, Maps], tuple[Path, dict[str, str]]]] = {
    "coco": write_results,
    "coco-panoptic": write_panoptic,
    "lvis": lambda folder, maps: write_results(folder, maps, "coco_url"),
    "label-maps": write_maps,
    "cityscapes": lambda folder, maps: write_maps(folder, maps, "_labelIds"),
    "detectron2": write_detectron2,
    "transformers": lambda folder, maps: write_arrays(folder, maps, False),
    "mask-generation": lambda folder, maps: write_arrays(folder, maps, True),
    "labelme": write_labelme,
    "label-studio": write_studio,
    "words": write_words,
    "masks-csv": write_masks,
}


def test_every_kind_is_here() -> None:
    assert list(WRITE) == list(MODULES)


@pytest.mark.parametrize("kind", WRITE)
def test_true_masks_come_back_and_their_score_is_1(tmp_path: Path, kind: str) -> None:
    """Pixel by pixel by class; then as predictions of VOC, where masks without words have no score of names."""
    maps = read_maps()
    place, choices = WRITE[kind](tmp_path, maps)
    images = {image.image_id: image for image in read(kind, place, **choices)}
    assert images.keys() == maps.keys() and not any(image.faults for image in images.values())
    for name, labels in maps.items():
        true = [mask for _, mask in list_segments(labels)]
        texts = [NAMES[number] if kind != "mask-generation" else "" for number, _ in list_segments(labels)]
        found = [(text, mask) for text, masks in masks_of(images[name]).items() for mask in masks]
        assert sorted(texts) == sorted(text for text, _ in found)
        assert all(
            any(said == t and (mask == m).all() for said, m in found) for t, mask in zip(texts, true, strict=True)
        )
    if kind != "mask-generation":
        words = [f"import.{key}={value}" for key, value in (choices | {"kind": kind}).items()]
        scores = values(zgs(tmp_path, SAMPLES, place, "score=mmseg", "score.mapping=[exact]", *words))
        assert [value for name, value in scores.items() if name.endswith("iou.dataset.union")] == [pytest.approx(1)]
