"""Section 4.4, ADE20K-150: the SceneParsing release, with objects where the Places Challenge's archive lies beside it.

ADEChallengeData2016/images/validation/ADE_val_00000001.jpg, annotations/validation/ADE_val_00000001.png (0 other, 1 to
150) and annotations_instance/validation/ADE_val_00000001.png, whose red is a class
of 100 (the things of the 150 in their order, from 1 on) and green numbers objects.
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
from bench.prepare.object_files import join_objects
from bench.prepare.pairs import choose_folder, join, open_masks, pair
from bench.prepare.plan import Coding, Item, Labels, Plan, WithObjects, make_coding
from bench.prepare.splits import warn_if_told
from bench.prepare.tree import Tree

CLASSES = 150
OBJECTS = "annotations_instance"
_AGAIN = f"unpack both archives again, or move {OBJECTS} away to prepare without objects"


@dataclass(frozen=True, eq=False)
class ColouredObjects(WithObjects):
    """Masks by a coding, and the objects of a second file; ``things`` are the classes that have objects, ascending.

    Pixels of a thing that no object of its class covers are of objects that nobody told apart.
    """

    things: tuple[int, ...]

    def read_item(self, item: Item) -> Labels:
        """Read classes and objects. Raises `BadSample` where both files are not of the same drawing."""
        labels = self.coding.read_item(item)
        if item.objects is None:
            ranks = self._rank(labels)
            return replace(labels, objects=number_objects(ranks, np.zeros_like(ranks)))
        colours = read_colours(item.objects)
        red, green = (np.ascontiguousarray(colours[:, :, channel]) for channel in (0, 1))
        if green.shape != labels.classes.shape:
            (h, w), (mask_h, mask_w) = green.shape, labels.classes.shape
            raise BadSample(f"{item.objects}: objects are {w}x{h} but the mask {item.mask} is {mask_w}x{mask_h}")
        if red.max(initial=0) > len(self.things):
            raise BadSample(f"{item.objects}: red {red.max()} is none of {len(self.things)} classes; {_AGAIN}")
        ranks = self._rank(labels)
        told = green * ((red == ranks) & (ranks > 0))
        _check_agreement(told, green, item)
        return replace(labels, objects=number_objects(ranks, told))

    def _rank(self, labels: Labels) -> UInt8[np.ndarray, "h w"]:
        """Number things as red does: the 100 from 1 on in the order of the 150, 0 for stuff and void."""
        ranks = np.zeros(NO_SCORE + 1, np.uint8)
        ranks[list(self.things)] = np.arange(1, len(self.things) + 1)
        numbered: np.ndarray = np.take(ranks, labels.classes)  # half the time of ranks[…]
        return numbered


def _check_agreement(told: UInt8[np.ndarray, "h w"], drawn: UInt8[np.ndarray, "h w"], item: Item) -> None:
    """Check that objects, as ``drawn``, are of the classes that the mask has there, where they are ``told``.

    Some pixels differ in the publisher's own, for masks say what is in front; where less than half of the pixels of
    objects agree, they are of another image or another archive. Raises `BadSample`.
    """
    agree, total = np.count_nonzero(told), np.count_nonzero(drawn)
    if 2 * agree < total:
        share = f"{agree / total:.0%} of their {total:,} pixels agree"
        raise BadSample(f"{item.objects}: objects of other labels than in {item.mask} ({share}); {_AGAIN}")


def number_objects(
    ranks: UInt8[np.ndarray, "h w"], told: UInt8[np.ndarray, "h w"]
) -> UInt16[np.ndarray, "h w"]:  # fmt: skip
    """Number objects where they are ``told``, on things only (of a rank from 1 on).

    `CROWD` on other pixels of things, 0 elsewhere.
    """
    objects = told.astype(np.uint16)
    np.putmask(objects, (told == 0) & (ranks > 0), CROWD)
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
    coding, how = choose_coding(
        list_codings(), {item.image_id: item.mask for item in items}, choices.order, choices.partial
    )
    remarks = (*remarks, warn_if_told(coding.name, how))
    source = {"layout": f"{folder.parent.name}/{folder.name}/*.png", "label_order": coding.name, "how": how}
    things = tuple(row.id for row in load_class_table("ade150").rows if row.thing)
    joined = join_objects(items, find_objects(tree, mask), OBJECTS, f"{OBJECTS}.tar", choices)
    reader = ColouredObjects(coding, things) if joined.has_objects else coding
    remarks += joined.remarks
    return Plan(
        choices.name, choices.split, joined.items, reader, source, remarks, missing, has_objects=joined.has_objects
    )  # fmt: skip


def list_codings() -> list[Coding]:
    """List what the numbers of a mask may mean: the publisher's own, or those of a converter, one less."""
    own = {i: i for i in range(1, CLASSES + 1)} | {0: NO_SCORE}
    train = {i - 1: i for i in range(1, CLASSES + 1)} | {255: NO_SCORE}
    return [
        make_coding("own", own, f"ADE20K's (0 other, 1-{CLASSES})"),
        make_coding("train", train, f"a converter's (0-{CLASSES - 1}, 255 other)"),
    ]


def find_objects(tree: Tree, pattern: str) -> dict[str, Path]:
    """Find the files of objects by id."""
    folders = tree.find_matching(pattern)
    return {i: path for folder, files in folders.items() if OBJECTS in folder.parts for i, path in files.items()}
