"""Section 4.4, LVIS v1: objects of 1,203 classes as polygons in a json, on COCO's photographs of train and val.

lvis_v1_val.json, val2017/*.jpg and train2017/*.jpg (the split of LVIS is not COCO's). LVIS does not draw everything: a
pixel of no object is void, never background. Where objects lie on one another the smaller is in front: a label map has
one answer a pixel. Polygons are filled as pycocotools fills them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from bench.data.class_tables import load_class_table
from bench.data.prepared import NO_SCORE
from bench.errors import BadSample, UserError
from bench.exchange.polygons import describe_polygons, fill_polygons
from bench.exchange.runs import decode_counts
from bench.prepare.choices import Choices
from bench.prepare.cocostuff import find_images
from bench.prepare.pairs import pair
from bench.prepare.plan import Item, Labels, Plan
from bench.prepare.statements import read_json, take_list, take_whole
from bench.prepare.tree import Tree

_FORM = "it is no LVIS v1 json, or half of one: unpack it again"
_USE = "use the publisher's json"
_NUMBERS = frozenset({int, float})


class Drawn(NamedTuple):
    """One object of an image: its annotation's number, its class, and polygons as x and y of corner after corner."""

    number: int
    category: int
    polygons: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)
class Polygons:
    """Polygons to classes and objects, by what an item carries."""

    name: str = "lvis"

    def read_item(self, item: Item) -> Labels:
        """Paint the objects of an image, the largest first. Raises `BadSample` for a polygon that is none."""
        with Image.open(item.image) as image:  # its size; whether it is whole is looked at elsewhere
            size = image.height, image.width
        masks = [(one, _fill(one, size, item)) for one in item.segments]
        classes, objects = np.full(size, NO_SCORE, np.uint16), np.zeros(size, np.uint16)
        for place, (one, mask) in enumerate(sorted(masks, key=lambda pair: (-int(pair[1].sum()), pair[0].number)), 1):
            classes[mask], objects[mask] = one.category, place
        return Labels(classes, objects)


def _fill(one: Drawn, size: tuple[int, int], item: Item) -> np.ndarray:
    if (fault := describe_polygons(one.polygons)) is not None:
        raise BadSample(f"{item.mask}: image {item.image_id}, annotation {one.number}: {fault}")
    return decode_counts(fill_polygons(one.polygons, size, "coco"), size)


def plan(tree: Tree, choices: Choices) -> Plan:
    """Plan what to prepare. Raises `UserError` where files are missing or the json is not LVIS v1's."""
    path = _find_json(tree, f"lvis_v1_{choices.split}.json")
    drawn, sizes = read_objects(path)
    images = find_images(tree, "train2017", "val2017")
    known = {i: image for i, image in images.items() if i in drawn}
    items, missing, remarks = pair(known, dict.fromkeys(drawn, path), tree, choices)
    for item in items:
        _check_size(item, sizes[item.image_id])
    items = tuple(replace(item, segments=drawn[item.image_id]) for item in items)
    source = {"layout": path.name, "list": path.name, "label_order": "lvis", "how": "the json"}
    note = "where objects lie on one another the smaller is in front; pixels of no object are void"
    return Plan(
        choices.name, choices.split, items, Polygons(), source, (*remarks, note), missing, has_objects=True
    )  # fmt: skip


def read_objects(path: Path) -> tuple[dict[str, tuple[Drawn, ...]], dict[str, tuple[int, int]]]:
    """Read the objects of every image by its id, and its height and width. Raises `UserError` for another json."""
    content = read_json(path, _FORM)
    _check_categories(path, take_list(content, "categories", str(path), _FORM))
    sizes = _read_sizes(path, take_list(content, "images", str(path), _FORM))
    known = frozenset(row.id for row in load_class_table("lvis1203").rows)
    drawn: dict[int, dict[int, Drawn]] = defaultdict(dict)
    for place, one in enumerate(take_list(content, "annotations", str(path), _FORM)):
        number = take_whole(one, "id", f"{path}: annotation {place} from 0 on")
        image = take_whole(one, "image_id", f"{path}: annotation {number}")
        where = f"{path}: image {image}, annotation {number}"
        if image not in sizes:
            raise UserError(f"{where}: this image is not in the file; {_FORM}")
        if number in drawn[image]:
            raise UserError(f"{where} stands twice; {_USE}")
        drawn[image][number] = _read_one(one, number, where, known)
    objects = {f"{i:012d}": tuple(drawn[i].values()) if i in drawn else () for i in sizes}
    return objects, {f"{i:012d}": size for i, size in sizes.items()}


def _read_sizes(path: Path, images: Sequence[Mapping[str, Any]]) -> dict[int, tuple[int, int]]:
    """Read height and width of every image by its number."""
    sizes: dict[int, tuple[int, int]] = {}
    for place, image in enumerate(images):
        number = take_whole(image, "id", f"{path}: image {place} from 0 on")
        where = f"{path}: image {number}"
        if number in sizes:
            raise UserError(f"{where} stands twice; {_USE}")
        sizes[number] = take_whole(image, "height", where), take_whole(image, "width", where)
    return sizes


def _read_one(one: Mapping[str, Any], number: int, where: str, known: Container[int]) -> Drawn:
    category = take_whole(one, "category_id", where)
    if category not in known:
        raise UserError(f"{where}: category {category} is none of the 1,203 of LVIS v1; {_USE}")
    drawn = one.get("segmentation")
    if not isinstance(drawn, list) or not all(isinstance(polygon, list) for polygon in drawn):
        kind = "runs (RLE)" if isinstance(drawn, dict) else json.dumps(drawn)[:40]
        raise UserError(f"{where}: segmentation is {kind}, where LVIS v1 has lists of polygons; {_USE}")
    for polygon in drawn:
        if not {*map(type, polygon)} <= _NUMBERS:
            odd = next(value for value in polygon if type(value) not in _NUMBERS)
            raise UserError(f"{where}: a corner is {json.dumps(odd)[:40]}, which is no number; {_USE}")
    return Drawn(number, category, tuple(tuple(map(float, polygon)) for polygon in drawn))


def _check_categories(path: Path, stated: Sequence[Mapping[str, Any]]) -> None:
    known = {row.id: row.name for row in load_class_table("lvis1203").rows}
    if {take_whole(one, "id", f"{path}: categories"): str(one.get("name")) for one in stated} != known:
        raise UserError(f"{path}: {len(stated)} categories that are not the 1,203 of LVIS v1 (v0.5 has 1,230)")


def _check_size(item: Item, size: tuple[int, int]) -> None:
    """Raise `UserError` where a photograph is not the one that was drawn on; one that is no picture is told later."""
    try:
        with Image.open(item.image) as image:
            found = image.height, image.width
    except OSError:
        return
    if found != size:
        raise UserError(
            f"{item.image}: {found[1]}x{found[0]}, but {item.mask.name} says {size[1]}x{size[0]}; are these COCO's own "
            "photographs of 2017?"
        )


def _find_json(tree: Tree, name: str) -> Path:
    found = [folder / name for folder, names in tree.folders.items() if name in names]
    if not found:
        raise UserError(f"{tree.option} {tree.root} holds no {name} at any depth{tree.unpack_hint()}")
    return found[0]
