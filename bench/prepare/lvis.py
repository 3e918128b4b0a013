"""Section 4.4, LVIS v1: objects of 1,203 classes as polygons in a json, on COCO's photographs of train and val.

lvis_v1_val.json, val2017/*.jpg and train2017/*.jpg (the split of LVIS is not COCO's). LVIS does not draw everything: a
pixel of no object is void, never background. Where objects lie on one another the smaller is in front: a label map has
one answer a pixel. Polygons are filled as pycocotools fills them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from bench.prepare.tree import Tree

_FORM = "it is no LVIS v1 json, or half of one: unpack it again"


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
    try:
        content = json.loads(path.read_bytes())
        _check_categories(path, content["categories"])
        sizes = {int(image["id"]): (int(image["height"]), int(image["width"])) for image in content["images"]}
        drawn: dict[int, list[Drawn]] = defaultdict(list)
        for one in content["annotations"]:
            polygons = tuple(tuple(map(float, polygon)) for polygon in one["segmentation"])
            drawn[int(one["image_id"])].append(Drawn(int(one["id"]), int(one["category_id"]), polygons))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else f"cannot be read ({str(error)[:120]})"
        raise UserError(f"{path}: {what}; {_FORM}") from error
    _check_references(path, drawn, sizes)
    return {f"{i:012d}": tuple(drawn.get(i, ())) for i in sizes}, {f"{i:012d}": size for i, size in sizes.items()}


def _check_categories(path: Path, stated: Sequence[Mapping[str, Any]]) -> None:
    known = {row.id: row.name for row in load_class_table("lvis1203").rows}
    if {int(one["id"]): str(one["name"]) for one in stated} != known:
        raise UserError(f"{path}: {len(stated)} categories that are not the 1,203 of LVIS v1 (v0.5 has 1,230)")


def _check_references(path: Path, drawn: Mapping[int, Sequence[Drawn]], sizes: Mapping[int, tuple[int, int]]) -> None:
    known = {row.id for row in load_class_table("lvis1203").rows}
    for image, objects in drawn.items():
        for one in objects:
            if image not in sizes or one.category not in known:
                fault = f"image {image} is not in the file" if image not in sizes else f"no category {one.category}"
                raise UserError(f"{path}: annotation {one.number}: {fault}; {_FORM}")


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
