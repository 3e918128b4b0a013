"""Section 4.4, COCO panoptic: a json that says what the segments are, and PNGs whose colours number them.

panoptic_val2017.json, panoptic_val2017/000000000139.png, val2017/000000000139.jpg. A segment's number is R + 256 G +
65536 B; 0 is no segment, and never scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.data.class_tables import load_class_table
from bench.data.prepared import CROWD, NO_SCORE
from bench.errors import BadSample, UserError
from bench.prepare.choices import Choices
from bench.prepare.cocostuff import find_images
from bench.prepare.masks import read_colours
from bench.prepare.pairs import join, pair
from bench.prepare.plan import Item, Labels, Plan
from bench.prepare.statements import read_json, take_flag, take_list, take_whole
from bench.prepare.tree import Tree

_VOID = 0
_FORM = "it is no COCO panoptic json, or half of one: unpack it again"


class Segment(NamedTuple):
    """One segment of an image as the json says it."""

    number: int
    category: int
    crowd: bool


@dataclass(frozen=True, eq=False)
class Panoptic:
    """Colours to classes and objects, by the segments that an item carries; ``things`` have objects."""

    things: frozenset[int]
    name: str = "panoptic"

    def read_item(self, item: Item) -> Labels:
        """Read classes and objects. Raises `BadSample` where colours and json speak of different segments."""
        colours = read_colours(item.mask).astype(np.int32)
        numbers, places = np.unique(colours @ np.array([1, 256, 65536], np.int32), return_inverse=True)
        segments: Mapping[int, Segment] = {segment.number: segment for segment in item.segments}
        _check_same(numbers.tolist(), segments, item)
        known = [segments.get(number) for number in numbers.tolist()]
        classes = np.array([NO_SCORE if one is None else one.category for one in known], np.uint16)
        objects = np.array([self._number(one, place) for place, one in enumerate(known, 1)], np.uint16)
        shape = colours.shape[:2]
        return Labels(classes[places].reshape(shape), objects[places].reshape(shape))

    def _number(self, segment: Segment | None, place: int) -> int:
        if segment is None or segment.category not in self.things:
            return 0
        return CROWD if segment.crowd else place


def _check_same(numbers: Sequence[int], segments: Mapping[int, Segment], item: Item) -> None:
    painted = set(numbers) - {_VOID}
    for these, those, where in ((painted, segments.keys(), "the json"), (segments.keys(), painted, "the PNG")):
        if odd := sorted(these - those):
            raise BadSample(f"{item.mask}: segment {odd[0]} is not in {where}: json and PNGs of different versions?")


def plan(tree: Tree, choices: Choices) -> Plan:
    """Plan what to prepare. Raises `UserError` where files are missing or the json is not COCO panoptic's."""
    name = f"panoptic_{choices.split}2017"
    source_file = _find_json(tree, f"{name}.json")
    segments = read_segments(source_file)
    painted = tree.find_matching(r"(?P<id>\d{12})\.png")
    folders = {folder: files for folder, files in painted.items() if folder.name == name}
    masks = join(folders, tree, choices, f"{name}/000000000139.png (from {name}.zip)", "masks")
    images = find_images(tree, f"{choices.split}2017")
    items, missing, remarks = pair(images, {i: masks[i] for i in masks if i in segments}, tree, choices)
    things = frozenset(row.id for row in load_class_table("coco133").rows if row.thing)
    source = {"layout": f"{name}/*.png", "list": source_file.name, "label_order": "panoptic", "how": "the json"}
    items = tuple(replace(item, segments=segments[item.image_id]) for item in items)
    return Plan(choices.name, choices.split, items, Panoptic(things), source, remarks, missing, has_objects=True)


def read_segments(path: Path) -> dict[str, tuple[Segment, ...]]:
    """Read the segments of every image by its id. Raises `UserError` for a json that is none or of another data set."""
    content = read_json(path, _FORM)
    known = {row.id: row.name for row in load_class_table("coco133").rows}
    _check_categories(path, take_list(content, "categories", str(path), _FORM), known)
    segments: dict[str, tuple[Segment, ...]] = {}
    for place, one in enumerate(take_list(content, "annotations", str(path), _FORM)):
        if not isinstance(name := one.get("file_name"), str):
            raise UserError(f"{path}: annotation {place} from 0 on lacks 'file_name', or it is no text; {_FORM}")
        where, image_id = f"{path}: image {name}", Path(name).stem
        if image_id in segments:
            raise UserError(f"{where} stands twice; leave one of both")
        _check_number(one, image_id, where)
        segments[image_id] = _read_one(one, where, known)
    return segments


def _check_number(one: Mapping[str, Any], image_id: str, where: str) -> None:
    """Raise `UserError` where the number of an image is not the one that its file is named by."""
    number = take_whole(one, "image_id", where)
    if image_id.isdecimal() and int(image_id) != number:
        raise UserError(f"{where}: its image_id is {number}, of another image; use the publisher's json")


def _read_one(one: Mapping[str, Any], where: str, known: Mapping[int, str]) -> tuple[Segment, ...]:
    segments: dict[int, Segment] = {}
    for place, stated in enumerate(take_list(one, "segments_info", where, _FORM)):
        number = take_whole(stated, "id", f"{where}, segment {place} from 0 on")
        which = f"{where}, segment {number}"
        category = take_whole(stated, "category_id", which)
        if category not in known:
            raise UserError(f"{which}: category {category} is none of the 133 of COCO panoptic")
        if number in segments:
            kinds = f"as category {segments[number].category} and as {category}"
            raise UserError(f"{which} stands twice, {kinds}; use the publisher's json")
        segments[number] = Segment(number, category, take_flag(stated, "iscrowd", which))
    return tuple(segments.values())


def _check_categories(path: Path, stated: Sequence[Mapping[str, Any]], known: Mapping[int, str]) -> None:
    """Raise `UserError` where the json's own list is another one, as that of a custom data set in the same form."""
    where = f"{path}: categories"
    theirs = {take_whole(category, "id", where): str(category.get("name")) for category in stated}
    if theirs != known:
        odd = next(i for i in sorted({*theirs, *known}) if theirs.get(i) != known.get(i))
        says = f"{odd} is {theirs[odd]!r}" if odd in theirs else f"lacks {odd}"
        expected = f"where COCO panoptic has {known[odd]!r}" if odd in known else "which COCO panoptic does not have"
        raise UserError(f"{path}: its categories are another list ({says}, {expected}); use data=folder for it")


def _find_json(tree: Tree, name: str) -> Path:
    found = [folder / name for folder, names in tree.folders.items() if name in names]
    if not found:
        raise UserError(f"{tree.option} {tree.root} holds no {name} at any depth{tree.unpack_hint()}")
    return found[0]
