"""Section 4.4, PAS-20: PASCAL VOC 2012 segmentation as its archive unpacks."""

from __future__ import annotations

from pathlib import Path

from bench.errors import UserError
from bench.prepare.choices import Choices, list_items
from bench.prepare.plan import Plan, make_voc_coding
from bench.prepare.splits import check_count, choose_list, read_ids
from bench.prepare.tree import Tree


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
    return Plan(choices.name, split, items, make_voc_coding(20), source, remarks, missing)


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
