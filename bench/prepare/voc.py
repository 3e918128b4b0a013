"""Section 4.4, PAS-20: PASCAL VOC 2012 segmentation as its archive unpacks, with its objects where they are asked for.

SegmentationClass/2007_000033.png is a palette of classes, SegmentationObject/2007_000033.png one that numbers the
objects of an image from 1 on; in both 0 is background and 255 void.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt16

from bench.data.prepared import CROWD, NO_CLASS, NO_SCORE
from bench.errors import BadSample, UserError
from bench.prepare.choices import Choices, list_items
from bench.prepare.masks import read_mask
from bench.prepare.object_files import join_objects
from bench.prepare.plan import Item, Labels, Plan, WithObjects, make_voc_coding
from bench.prepare.splits import check_count, choose_list, read_ids
from bench.prepare.tree import Tree

CLASSES, OBJECTS = 20, "SegmentationObject"
_VOID = 255
_AGAIN = "unpack the archive again, or leave --objects out"


@dataclass(frozen=True, eq=False)
class NumberedObjects(WithObjects):
    """VOC's masks, and the objects of a second file, each of the class that most of its pixels have.

    Pixels of a class that no object of it covers are of objects that nobody told apart.
    """

    def read_item(self, item: Item) -> Labels:
        """Read classes and objects. Raises `BadSample` where both files are not of the same drawing."""
        labels = self.coding.read_item(item)
        is_thing = (labels.classes != NO_CLASS) & (labels.classes != NO_SCORE)
        if item.objects is None:
            return replace(labels, objects=np.where(is_thing, np.uint16(CROWD), np.uint16(0)))
        numbers = read_mask(item.objects).astype(np.uint16)
        if numbers.shape != is_thing.shape:
            raise BadSample(f"{item.objects}: of another size than {item.mask}; {_AGAIN}")
        drawn = np.where(numbers == _VOID, 0, numbers)
        told = is_thing & (drawn > 0) & (_find_main_class(labels.classes, drawn)[drawn] == labels.classes)
        most, agree = max(np.count_nonzero(drawn), np.count_nonzero(is_thing)), np.count_nonzero(told)
        if 2 * agree < most:
            share = f"{agree / most:.0%} of {most:,} pixels agree"
            raise BadSample(
                f"{item.objects}: objects lie elsewhere than the classes in {item.mask} ({share}); {_AGAIN}"
            )
        objects = np.where(told, drawn, np.uint16(CROWD)) * is_thing
        return replace(labels, objects=objects.astype(np.uint16))


def _find_main_class(classes: UInt16[np.ndarray, "h w"], objects: UInt16[np.ndarray, "h w"]) -> Int64[np.ndarray, " n"]:
    """Find the class that most pixels of each object have, by the object's number."""
    known = np.where(classes == NO_SCORE, NO_CLASS, classes).astype(np.int64)
    pixels = np.bincount((objects.astype(np.int64) * (CLASSES + 1) + known).ravel(), minlength=CLASSES + 1)
    filled = np.pad(pixels, (0, -len(pixels) % (CLASSES + 1)))
    return filled.reshape(-1, CLASSES + 1).argmax(axis=1)


def plan(tree: Tree, choices: Choices) -> Plan:
    """Plan what to prepare. Raises `UserError` where the layout, the list or files of the list are missing."""
    split = choices.split
    path = choices.id_list or choose_list(_find_lists(tree, split), choices.name, split)
    ids = read_ids(path)
    remarks = check_count(ids, path, choices.name, split, choices.partial)
    root = path.parents[2] if choices.id_list is None else tree.root
    near = Tree(root)
    images, masks = near.find_images(), near.find_voc_masks()
    items, missing = list_items(ids, images, masks, choices, tree)
    source = {"layout": "VOCdevkit", "list": str(path.name), "label_order": "voc", "how": "the publisher's own masks"}
    coding = make_voc_coding(CLASSES)
    if not choices.objects:
        return Plan(choices.name, split, items, coding, source, remarks, missing)
    joined = join_objects(items, near.find_voc_objects(), OBJECTS, "VOCtrainval_11-May-2012.tar", choices)
    if not joined.has_objects:
        raise UserError(f"--objects: {root} holds no {OBJECTS}/*.png of these images; {_AGAIN}")
    remarks += joined.remarks
    return Plan(
        choices.name, split, joined.items, NumberedObjects(coding), source, remarks, missing, has_objects=True
    )  # fmt: skip


def _find_lists(tree: Tree, split: str) -> list[Path]:
    folders = [folder for folder in tree.folders if folder.parts[-2:] == ("ImageSets", "Segmentation")]
    if not folders:
        raise UserError(
            f"{tree.option} {tree.root} holds no ImageSets/Segmentation at any depth; name the folder into which "
            f"VOCtrainval_11-May-2012.tar was unpacked{tree.unpack_hint()}"
        )
    # Other years may lie in the same VOCdevkit.
    lists = [f / f"{split}.txt" for f in sorted(folders, key=lambda f: ("VOC2012" not in f.parts, str(f)))]
    existing = [path for path in lists if path.is_file()]
    if not existing:
        raise UserError(f"{lists[0]} is missing; unpack VOCtrainval_11-May-2012.tar again{tree.unpack_hint()}")
    return existing
