"""Section 4.4, COCO-Stuff 164k: val2017/000000000139.jpg, and stuffthingmaps' val2017/000000000139.png (id less one).

Of the 91 ids of things eleven were never drawn; the rest and the 91 of stuff are the 171. mmsegmentation writes
000000000139_labelTrainIds.png beside the publisher's masks, and others a folder of their own, with 0 to 170.
"""

from __future__ import annotations

from pathlib import Path

from bench.data.class_tables import load_class_table
from bench.data.prepared import NO_SCORE
from bench.data.publishers import PUBLISHERS
from bench.prepare.choices import Choices
from bench.prepare.looks import choose_coding
from bench.prepare.pairs import Folders, choose_folder, join, open_masks, pair
from bench.prepare.plan import Coding, Plan, make_coding
from bench.prepare.splits import warn_if_told
from bench.prepare.tree import Tree

UNLABELLED = 255
_NUMBER = r"(?P<id>\d{12})"


def plan(tree: Tree, choices: Choices) -> Plan:
    """Plan what to prepare. Raises `UserError` where files are missing or the numbers do not tell what they mean."""
    split, where = f"{choices.split}2017", open_masks(tree, choices)
    folder, masks = choose_folder(_find_masks(where, split), where, choices, f"{split}/000000000139.png")
    images = join(_keep_split(tree.find_matching(_NUMBER + r"\.jpg"), split), tree, choices, f"{split}/*.jpg")
    items, missing, remarks = pair(images, masks, tree, choices)
    options = list_codings(PUBLISHERS[choices.name].class_list)
    coding, how = choose_coding(options, {item.image_id: item.mask for item in items}, choices.order, choices.partial)
    source = {"layout": f"{folder.name}/*.png", "label_order": coding.name, "how": how}
    remarks = (*remarks, warn_if_told(coding.name, how))
    return Plan(choices.name, choices.split, items, coding, source, remarks, missing)


def list_codings(class_list: str) -> list[Coding]:
    """List what the numbers of a mask may mean for a class table: the publisher's own, or the 171 from 0 on."""
    used = [row.id for row in load_class_table("cocostuff171").rows]
    ids = [row.id for row in load_class_table(class_list).rows]
    own = {i - 1: i for i in ids} | {UNLABELLED: NO_SCORE}
    train = dict(enumerate(used)) | {UNLABELLED: NO_SCORE}
    # The eleven ids never occur, whichever list is asked for: where they do, the numbers are not the publisher's.
    own = {number: i for number, i in own.items() if i in used or i == NO_SCORE}
    return [
        make_coding("own", own, "COCO-Stuff's (id less one: 0-181, 255 unlabelled)"),
        make_coding("train", train, "a converter's (0-170, 255 unlabelled)"),
    ]


def _find_masks(tree: Tree, split: str) -> Folders:
    """Find folders of masks; where both kinds lie in one, the publisher's own count."""
    own = _keep_split(tree.find_matching(_NUMBER + r"\.png"), split)
    return own or _keep_split(tree.find_matching(_NUMBER + r"_labelTrainIds\.png"), split)


def _keep_split(folders: Folders, split: str) -> Folders:
    return {folder: files for folder, files in folders.items() if folder.name == split}


def find_images(tree: Tree, *splits: str) -> dict[str, Path]:
    """Find COCO's photographs of some splits by their number."""
    folders = tree.find_matching(_NUMBER + r"\.jpg")
    return {i: path for folder, files in folders.items() if folder.name in splits for i, path in files.items()}
