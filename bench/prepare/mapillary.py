"""Section 4.4, Mapillary Vistas v1.2 and v2.0: validation/images/KEY.jpg beside labels and instances of either version.

validation/v2.0/labels/KEY.png is a palette of labels from 0 on, v2.0/instances/KEY.png has 256 times the label and the
number of an object. Archives of before v2.0 have validation/labels and validation/instances. Class ids are labels plus
one, for 0 is no class here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from bench.data.class_tables import load_class_table
from bench.data.prepared import NO_SCORE
from bench.data.publishers import PUBLISHERS
from bench.errors import UserError
from bench.prepare.choices import Choices
from bench.prepare.instances import WithInstances
from bench.prepare.looks import choose_coding
from bench.prepare.object_files import join_objects
from bench.prepare.pairs import Folders, choose_folder, join, open_masks, pair
from bench.prepare.plan import Coding, Plan, make_coding
from bench.prepare.tree import Tree

_KEY = r"(?P<id>[\w-]{22})"
_BASE = 256
LABELS = {"v1.2": 66, "v2.0": 124}
"""How many labels each version has, with those that its evaluation leaves out."""


def plan(tree: Tree, choices: Choices) -> Plan:
    """Plan what to prepare. Raises `UserError` where files are missing, or of another version."""
    version = {"mapillary_v12": "v1.2", "mapillary_v20": "v2.0"}[choices.name]
    split = {"train": "training", "val": "validation"}[choices.split]
    _check_config(tree, version)
    where = open_masks(tree, choices)
    expected = f"{split}/{version}/labels/KEY.png"
    found = _find(where, split, "labels", version)
    if not found:
        _refuse_other_version(where, split, version)
    folder, masks = choose_folder(found, where, choices, expected)
    photographs = tree.find_matching(_KEY + r"\.jpg")
    photographs = {folder: files for folder, files in photographs.items() if folder.parts[-2:] == (split, "images")}
    images = join(photographs, tree, choices, f"{split}/images/KEY.jpg")
    items, missing, remarks = pair(images, masks, tree, choices)
    coding, how = choose_coding(
        [make_label_coding(version)], {item.image_id: item.mask for item in items}, None, choices.partial
    )
    source = {"layout": f"{folder.parent.name}/labels/*.png", "label_order": version, "how": how}
    objects = {i: p for files in _find(tree, split, "instances", version).values() for i, p in files.items()}
    joined = join_objects(items, objects, f"{version}/instances", "Mapillary's archive", choices)
    remarks += joined.remarks
    if not joined.has_objects:
        return Plan(choices.name, choices.split, items, coding, source, remarks, missing)
    table = load_class_table(PUBLISHERS[choices.name].class_list)
    reader = WithInstances(coding, tuple(row.id for row in table.rows if row.thing), _BASE, groups=False)
    return Plan(choices.name, choices.split, joined.items, reader, source, remarks, missing, has_objects=True)


def make_label_coding(version: str) -> Coding:
    """Make the coding of a version's labels: those that its evaluation leaves out are void."""
    ids = {row.id for row in load_class_table({"v1.2": "mapillary65", "v2.0": "mapillary116"}[version]).rows}
    meanings = {label: label + 1 if label + 1 in ids else NO_SCORE for label in range(LABELS[version])}
    others = " and ".join(f"{other} goes to {n - 1}" for other, n in LABELS.items() if other != version)
    return make_coding(version, meanings, f"Mapillary Vistas {version}'s (0-{LABELS[version] - 1}; {others})")


def _find(tree: Tree, split: str, kind: str, version: str) -> Folders:
    """Find the folders of a kind, a split and a version; a folder without a version is of v1.2 or before."""
    found: dict[Path, Mapping[str, Path]] = {}
    for folder, files in tree.find_matching(_KEY + r"\.png").items():
        own = folder.parent.name if folder.parent.name in LABELS else "v1.2"
        where = folder.parents[1].name if folder.parent.name in LABELS else folder.parent.name
        if (folder.name, own, where) == (kind, version, split):
            found[folder] = files
    return found


def _refuse_other_version(tree: Tree, split: str, version: str) -> None:
    """Raise `UserError` where only labels of another version are there."""
    for other in LABELS.keys() - {version}:
        if _find(tree, split, "labels", other):
            name = f"mapillary_{other.replace('.', '')}"
            raise UserError(f"{tree.option} {tree.root} holds labels of {other} and none of {version}; use {name}")


def _check_config(tree: Tree, version: str) -> None:
    """Raise `UserError` where the publisher's own list of this version is another than ours."""
    name = f"config_{version}.json"
    for folder, names in tree.folders.items():
        if name not in names:
            continue
        try:
            stated = [label["readable"] for label in json.loads((folder / name).read_bytes())["labels"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{folder / name}: cannot be read ({str(error)[:120]}); unpack it again") from error
        table = load_class_table({"v1.2": "mapillary65", "v2.0": "mapillary116"}[version])
        wrong = [row for row in table.rows if row.id > len(stated) or stated[row.id - 1] != row.name]
        if len(stated) != LABELS[version] or wrong:
            odd = f"label {wrong[0].id - 1} is not {wrong[0].name!r}" if wrong else f"{len(stated)} labels"
            raise UserError(f"{folder / name}: not the list of {version} ({odd}); use data=folder for another list")
