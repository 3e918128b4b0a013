"""COCO's results and annotations, as pycocotools reads the same files."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO

from bench.errors import UsageError, UserError
from bench.exchange.choices import make_source
from bench.exchange.registry import load_kind
from tests.unit.exchange.drawn import classes_file, coded, masks_of, plain, read, read_noted, write_json

CAT = np.array([[1, 1, 0, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]], bool)
SKY = np.array([[0, 0, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 1]], bool)
SQUARE = [1.0, 1.0, 3.0, 1.0, 3.0, 3.0, 1.0, 3.0]
LISTS = {
    "images": [
        {"id": 9, "file_name": "val/a.jpg", "height": 4, "width": 5},
        {"id": 12, "file_name": "b.jpg", "height": 4, "width": 5},
    ],
    "categories": [{"id": 1, "name": "cat"}, {"id": 3, "name": "dog"}, {"id": 7, "name": "sky"}],
}  # fmt: skip


def result(category: int, segmentation: Any, image_id: Any = 9, **more: Any) -> dict[str, Any]:
    return {"image_id": image_id, "category_id": category, "segmentation": segmentation, **more}


def images(folder: Path) -> str:
    return str(write_json(folder / "val.json", LISTS))


def test_compressed_plain_and_polygons_are_what_pycocotools_makes_of_them(tmp_path: Path) -> None:
    results = [
        result(1, coded(CAT), score=0.5),
        result(7, plain(SKY), score=0.25),
        result(3, [SQUARE], score=1.0),
    ]
    path = write_json(tmp_path / "r.json", results)
    one, empty = read("coco", path, images=images(tmp_path))
    asked = [{**one, "id": number} for number, one in enumerate(results, 1)]
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(write_json(tmp_path / "asked.json", {**LISTS, "annotations": asked}))
    annotations = truth.loadAnns([1, 2, 3])
    names = {category["id"]: category["name"] for category in LISTS["categories"]}
    assert one.image_id == "a" and one.size == (4, 5) and not one.faults
    assert [segment.score for segment in one.segments] == [0.5, 0.25, 1.0]
    for annotation in annotations:
        (found,) = masks_of(one)[names[annotation["category_id"]]]
        assert (found == truth.annToMask(annotation)).all()
    assert (empty.image_id, empty.size, empty.segments) == ("b", (4, 5), ())


@pytest.mark.parametrize(("fill", "pixels"), [("coco", 4), ("pixels", 9)])
def test_a_square_has_4_or_9_pixels(tmp_path: Path, fill: str, pixels: int) -> None:
    path = write_json(tmp_path / "r.json", [result(3, [SQUARE])])
    (one, _), notes = read_noted("coco", path, images=images(tmp_path), fill=fill)
    assert masks_of(one)["dog"][0].sum() == pixels
    assert f"1 segments are polygons, filled as fill={fill} does" in notes
    with pytest.raises(UsageError, match="fill=9: known are coco, pixels"):
        read("coco", path, images=images(tmp_path), fill="9")


def test_annotations_bring_names_and_sizes_and_keep_crowds_that_pycocotools_reads_of_no_result(tmp_path: Path) -> None:
    segments = [result(1, [SQUARE], id=1), result(7, plain(SKY), id=2, iscrowd=1)]
    path = write_json(tmp_path / "a.json", {**LISTS, "annotations": segments})
    images, notes = read_noted("coco", path)
    assert list(masks_of(images[0])) == ["cat", "sky"] and len(images) == 2
    assert any(note.startswith("1 segments are marked as crowd: read as any other") for note in notes)
    images, notes = read_noted("coco", path, crowd="drop")
    assert list(masks_of(images[0])) == ["cat"] and any("crowd: left out" in note for note in notes)


FAULTS = {
    "segment 1: category 2 is none of the 3 classes": result(2, coded(CAT)),
    "segment 1: mask of size [3, 5] in an image of [4, 5] (height, width)": result(1, {**plain(CAT), "size": [3, 5]}),
    "segment 1: mask cannot be read (counts cover 19 pixels": result(1, {"size": [4, 5], "counts": [19]}),
    "segment 1: mask cannot be read (counts cover": result(1, {"size": [4, 5], "counts": coded(CAT)["counts"][:-1]}),
    "segment 1: has no 'segmentation' (a file of boxes?)": {"image_id": 9, "category_id": 1, "bbox": [0, 0, 1, 1]},
    "segment 1: polygon 0 has 4 numbers; it needs x and y of 3 corners or more": result(1, [[1, 1, 2, 2]]),
    "segment 1: polygon 0 has a corner that lies in no picture": result(1, [[1, 1, 2, 2, 1e300, 0]]),
    "segment 1: mask cannot be read (counts are empty)": result(1, {"size": [4, 5], "counts": ""}),
}


def test_annotations_are_decoded_image_by_image(tmp_path: Path) -> None:
    """The first image comes before a fault of the second is met, and a mark before UTF-8 is no fault."""
    good, bad = result(1, [SQUARE]), result(1, [SQUARE], 12) | {"category_id": "cat"}
    place = tmp_path / "a.json"
    place.write_bytes(b"\xef\xbb\xbf" + json.dumps(LISTS | {"annotations": [good, bad, good]}).encode())
    kind = load_kind("coco")
    images = kind.read(make_source(place, "coco", kind, {}))
    first = next(images)
    assert first.image_id == "a" and len(first.segments) == 2 and not first.faults
    with pytest.raises(UserError, match=r"a.json: annotation 1: Expected `int`, got `str`"):
        next(images)
    place.write_text(json.dumps(LISTS | {"annotations": [good, {"category_id": 1}]}))
    with pytest.raises(UserError, match=r"annotation 1: .*`image_id`; write it as COCO has it"):
        read("coco", place)
    place.write_text(json.dumps({"results": [good]}))
    with pytest.raises(UserError, match="a.json: holds no 'annotations', nor is it a list of results"):
        read("coco", place)


@pytest.mark.parametrize("said", FAULTS)
def test_a_fault_names_file_image_and_segment(tmp_path: Path, said: str) -> None:
    path = write_json(tmp_path / "r.json", [result(1, coded(CAT)), FAULTS[said]])
    (one,) = read("coco", path, classes=str(classes_file(tmp_path)))
    (fault,) = one.faults
    assert fault.startswith(f"{path}: image 9, {said}")


def test_what_no_image_can_name_is_an_error(tmp_path: Path) -> None:
    path = write_json(tmp_path / "r.json", [result(1, coded(CAT))])
    with pytest.raises(UserError, match="holds numbers of classes; say what they are called: classes=FILE"):
        read("coco", path)
    polygons = write_json(tmp_path / "p.json", [result(1, [SQUARE])])
    (one,) = read("coco", polygons, classes=str(classes_file(tmp_path)))
    assert "its segments state no size; name the list of images with their sizes" in one.faults[0]
    huge = write_json(tmp_path / "h.json", [result(1, {"size": [10**6, 10**6], "counts": [10**12]})])
    assert "are no picture's" in read("coco", huge, classes=str(classes_file(tmp_path)))[0].faults[0]
    twins = write_json(tmp_path / "v.json", {**LISTS, "images": [*LISTS["images"], {"id": 13, "file_name": "b.jpg"}]})
    with pytest.raises(UserError, match="images 12 and 13 are both 'b.jpg'"):
        read("coco", path, images=str(twins))
    same = write_json(tmp_path / "s.json", {**LISTS, "images": [LISTS["images"][0]] * 2})
    with pytest.raises(UserError, match="images: id 9 stands there twice"):
        read("coco", path, images=str(same))
    boxes = write_json(tmp_path / "b.json", [{"image_id": 9, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}])
    assert (
        "image 9: has no 'segmentation' (a file of boxes?)"
        in read("coco", boxes, classes=str(classes_file(tmp_path)))[0].faults[0]
    )
    said = write_json(tmp_path / "c.json", {"categories": [{"id": 1, "name": "cat"}, {"id": 1, "name": "dog"}]})
    with pytest.raises(UserError, match="category 1 is 'cat' and 'dog'"):
        read("coco", path, images=str(said))


def test_ids_and_sizes_are_compared_with_the_list(tmp_path: Path) -> None:
    """An id that is a text in one file and a number in the other, one that is nowhere, and masks of half the size."""
    half = {"size": [2, 3], "counts": [6]}
    path = write_json(tmp_path / "r.json", [result(1, coded(CAT), "9"), result(1, coded(CAT), 77), result(1, half, 12)])
    (text, nowhere, other, *_), notes = read_noted("coco", path, images=images(tmp_path))
    assert text.faults == (
        f"{path}: image '9' is not in the list of 2 images (it has 9: one is a text, the other a number)",
    )
    assert nowhere.faults == (f"{path}: image 77 is not in the list of 2 images",)
    assert other.size == (2, 3) and not other.faults
    assert any(note.startswith("1 images have masks of another size than their list says") for note in notes)


def test_lvis_is_coco_with_names_from_addresses_and_a_limit(tmp_path: Path) -> None:
    lists = {
        **LISTS,
        "images": [
            {"id": 9, "coco_url": "http://x/val2017/000009.jpg", "height": 4, "width": 5, "neg_category_ids": []}
        ],
    }
    place = write_json(tmp_path / "lvis.json", lists)
    results = [result(1, coded(CAT), score=0.1), result(7, coded(SKY), score=0.9), result(3, coded(CAT), score=0.9)]
    path = write_json(tmp_path / "r.json", results)
    (one,) = read("lvis", path, images=str(place))
    assert one.image_id == "000009" and [s.text for s in one.segments] == ["cat", "sky", "dog"]
    (one,), notes = read_noted("lvis", path, images=str(place), limit="2")
    assert [s.text for s in one.segments] == ["sky", "dog"]
    assert notes == ["1 segments lie beyond limit=2 of an image: left out"]
    with pytest.raises(UsageError, match="limit=0: needs a whole number above 0"):
        read("lvis", path, images=str(place), limit="0")


def test_detectron2_names_images_by_their_files(tmp_path: Path) -> None:
    rows = [{"file_name": f"/data/val/{name}.png", "category_id": 0, "segmentation": coded(CAT)} for name in "ab"]
    path = write_json(tmp_path / "sem_seg_predictions.json", rows)
    found = read("detectron2", path, classes=str(classes_file(tmp_path)), first="0")
    assert [image.image_id for image in found] == ["a", "b"]
    assert all((masks_of(image)["cat"][0] == CAT).all() for image in found)
