"""Section 4.4, ADE20K full: images/ADE/validation/…/ADE_val_00000001.jpg, and _seg.png whose colours are numbers.

A class is R // 10 * 256 + G, the place of its name in the release's index; an object of it is B. Looked at in three
published images: the pairs of class and B are the objects of their json, one for one. The 847 are those of MaskFormer's
list, whose script also writes 16-bit TIFFs of the list's places, 65535 for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bench.data.class_tables import FOLDER, load_class_table, read_rows
from bench.data.prepared import NO_SCORE
from bench.errors import UserError
from bench.prepare.choices import Choices
from bench.prepare.masks import read_colours
from bench.prepare.pairs import choose_folder, join, open_masks, pair
from bench.prepare.plan import BEYOND, Coding, Item, Labels, Plan, make_coding
from bench.prepare.tree import Tree

TABLE = "ade847"


@dataclass(frozen=True, eq=False)
class Colours:
    """Colours to classes and objects; ``things`` have objects, classes that are not ``known`` are void."""

    known: frozenset[int]
    things: frozenset[int]
    name: str = field(default="own")

    def read_item(self, item: Item) -> Labels:
        """Read classes and objects of an image."""
        red, green, blue = np.moveaxis(read_colours(item.mask).astype(np.int32), 2, 0)
        index = red // 10 * 256 + green
        is_known, is_thing = np.zeros((2, BEYOND), bool)
        is_known[list(self.known)] = True
        is_thing[list(self.things)] = True
        classes = np.where(is_known[index], index, NO_SCORE).astype(np.uint16)
        return Labels(classes, np.where(is_thing[index], blue + 1, 0).astype(np.uint16))


def plan(tree: Tree, choices: Choices) -> Plan:
    """Plan what to prepare. Raises `UserError` where files are missing."""
    word = choices.split
    split = {"train": "training", "val": "validation"}[word]
    painted = tree.find_matching(rf"(?P<id>ADE_{word}_\d{{8}})_seg\.png")
    own = {folder: files for folder, files in painted.items() if split in folder.parts}
    if choices.masks or not own:
        return _plan_converted(tree, choices, split)
    masks = {i: path for files in own.values() for i, path in files.items()}
    photographs = tree.find_matching(rf"(?P<id>ADE_{word}_\d{{8}})\.jpg")
    images = join(
        {folder: photographs[folder] for folder in own if folder in photographs},
        tree,
        choices,
        f"{split}/…/ADE_{word}_*.jpg",
    )
    items, missing, remarks = pair(images, masks, tree, choices)
    rows = load_class_table(TABLE).rows
    reader = Colours(frozenset(row.id for row in rows), frozenset(row.id for row in rows if row.thing))
    source = {"layout": f"{split}/*_seg.png", "label_order": "own", "how": "colours of the release of 2021"}
    return Plan(choices.name, word, items, reader, source, remarks, missing, has_objects=True)


def list_converted() -> Coding:
    """List the numbers of MaskFormer's TIFFs: places of its list, which is the order of our table's file."""
    ids = [row.id for row in read_rows(FOLDER / f"{TABLE}.csv")]
    meanings = dict(enumerate(ids)) | {65535: NO_SCORE}
    return make_coding("train", meanings, f"MaskFormer's (0-{len(ids) - 1}, 65535 other)", wide=True)


def _plan_converted(tree: Tree, choices: Choices, split: str) -> Plan:
    where = open_masks(tree, choices)
    pattern = rf"(?P<id>ADE_{choices.split}_\d{{8}})\.tiff?"
    expected = f"images/ADE/{split}/…/ADE_{choices.split}_*_seg.png, or annotations_detectron2/{split}/*.tif"
    folder, masks = choose_folder(where.find_matching(pattern), where, choices, expected)
    photographs = tree.find_matching(pattern.replace("tiff?", "jpg"))
    shrunk = {f: files for f, files in photographs.items() if "images_detectron2" in f.parts}
    if not shrunk:
        raise UserError(
            f"{folder}: masks that MaskFormer's script shrinks, without its images_detectron2 in {tree.root}"
        )
    images = join(shrunk, tree, choices, f"images_detectron2/{split}/*.jpg")
    items, missing, remarks = pair(images, masks, tree, choices)
    source = {"layout": f"{folder.parent.name}/{folder.name}/*.tif", "label_order": "train", "how": "16-bit TIFFs"}
    lack = "MaskFormer's masks: shrunk to 512, and no objects: PQ counts all pixels of a thing in an image as one"
    return Plan(choices.name, choices.split, items, list_converted(), source, (*remarks, lack), missing)
