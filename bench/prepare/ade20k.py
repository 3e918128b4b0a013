"""Section 4.4, ADE20K-150: the SceneParsing release, with objects where the Places Challenge's archive lies beside it.

ADEChallengeData2016/images/validation/ADE_val_00000001.jpg, annotations/validation/ADE_val_00000001.png (0 other, 1 to
150) and annotations_instance/validation/ADE_val_00000001.png, whose red is a class of 100 and green numbers objects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8, UInt16

from bench.data.class_tables import load_class_table
from bench.data.prepared import CROWD, NO_SCORE
from bench.errors import BadSample
from bench.prepare.choices import Choices
from bench.prepare.looks import choose_coding
from bench.prepare.masks import read_colours
from bench.prepare.pairs import choose_folder, join, open_masks, pair
from bench.prepare.plan import Coding, Item, Labels, Plan, make_coding
from bench.prepare.splits import warn_if_told
from bench.prepare.tree import Tree

CLASSES = 150
OBJECTS = "annotations_instance"


@dataclass(frozen=True, eq=False)
class WithObjects:
    """Masks by a coding, and the objects of a second file; ``things`` are the classes that have objects.

    Pixels of a thing that no object covers are of objects that nobody told apart.
    """

    coding: Coding
    things: tuple[int, ...]

    @property
    def name(self) -> str:
        """What the numbers mean."""
        return self.coding.name

    def read_item(self, item: Item) -> Labels:
        """Read classes and objects. Raises `BadSample` where the files of an image differ in size."""
        labels = self.coding.read_item(item)
        assert item.objects is not None, "every item of the plan has a file of objects"
        numbers = read_colours(item.objects)[:, :, 1]
        if numbers.shape != labels.classes.shape:
            (h, w), (mask_h, mask_w) = numbers.shape, labels.classes.shape
            raise BadSample(f"{item.objects}: objects are {w}x{h} but the mask {item.mask} is {mask_w}x{mask_h}")
        return replace(labels, objects=number_objects(labels.classes, numbers, self.things))


def number_objects(
    classes: UInt16[np.ndarray, "h w"], numbers: UInt8[np.ndarray, "h w"], things: tuple[int, ...]
) -> UInt16[np.ndarray, "h w"]:
    """Number objects on the pixels of things alone, `CROWD` where a thing has none."""
    is_thing = np.zeros(NO_SCORE + 1, bool)
    is_thing[list(things)] = True
    wide = np.arange(256, dtype=np.uint16)
    wide[0] = CROWD
    objects = wide[numbers]
    objects *= is_thing[classes]
    return objects


def plan(tree: Tree, choices: Choices) -> Plan:
    """Plan what to prepare. Raises `UserError` where files are missing or the numbers do not tell what they mean."""
    word = {"train": "train", "val": "val"}[choices.split]
    mask = rf"(?P<id>ADE_{word}_\d{{8}})\.png"
    expected = f"ADEChallengeData2016/annotations/{'validation' if word == 'val' else 'training'}/ADE_{word}_*.png"
    where = open_masks(tree, choices)
    folder, masks = choose_folder(where.find_matching(mask, but=OBJECTS), where, choices, expected)
    photographs = tree.find_matching(mask.replace("png", "jpg"))
    images = join(photographs, tree, choices, expected.replace("annotations", "images").replace("png", "jpg"))
    items, missing, remarks = pair(images, masks, tree, choices)
    coding, how = choose_coding(list_codings(), {item.image_id: item.mask for item in items}, choices.order)
    remarks = (*remarks, warn_if_told(coding.name, how))
    source = {"layout": f"{folder.parent.name}/{folder.name}/*.png", "label_order": coding.name, "how": how}
    objects = join_objects(tree, mask)
    if lacking := [item.image_id for item in items if item.image_id not in objects]:
        remarks += (describe_lack(objects, lacking),)
        return Plan(choices.name, choices.split, items, coding, source, remarks, missing)
    things = tuple(row.id for row in load_class_table("ade150").rows if row.thing)
    items = tuple(replace(item, objects=objects[item.image_id]) for item in items)
    reader = WithObjects(coding, things)
    return Plan(choices.name, choices.split, items, reader, source, remarks, missing, has_objects=True)


def list_codings() -> list[Coding]:
    """List what the numbers of a mask may mean: the publisher's own, or those of a converter, one less."""
    own = {i: i for i in range(1, CLASSES + 1)} | {0: NO_SCORE}
    train = {i - 1: i for i in range(1, CLASSES + 1)} | {255: NO_SCORE}
    return [
        make_coding("own", own, f"ADE20K's (0 other, 1-{CLASSES})"),
        make_coding("train", train, f"a converter's (0-{CLASSES - 1}, 255 other)"),
    ]


def join_objects(tree: Tree, pattern: str) -> dict[str, Path]:
    """Join the files of objects by id."""
    folders = tree.find_matching(pattern)
    return {i: path for folder, files in folders.items() if OBJECTS in folder.parts for i, path in files.items()}


def describe_lack(objects: dict[str, Path], lacking: list[str]) -> str:
    """Describe that there will be no objects, and how to get them."""
    state = f"lacks {len(lacking):,} images (the first: {lacking[0]})" if objects else "is not there"
    return f"no objects: {OBJECTS} {state}, so PQ counts all pixels of a thing in an image as one; unpack {OBJECTS}.tar"
