"""Section 4.4, PASCAL-Part: Annotations_Part/2008_000002.mat, the parts of VOC 2010's objects, and the objects.

``anno.objects`` are in the order in which they hide one another, the last in front; each has a class, a mask and parts
with a name (``llleg``: left lower leg) and a mask, the later in front. Left and right, front and back, upper and lower
are united into the 116 parts of OV-PARTS (Wei et al., NeurIPS 2023), so that numbers compare with theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bench.data.class_tables import load_class_table
from bench.data.prepared import NO_CLASS
from bench.errors import BadSample, UserError
from bench.prepare.choices import Choices, list_items
from bench.prepare.context import find_list
from bench.prepare.matlab import load_matlab
from bench.prepare.plan import Item, Labels, Plan
from bench.prepare.splits import check_count, read_ids
from bench.prepare.tree import Tree

PARTS = "pascal_part116"
_SIDED = r"[lr]?[fb]?"
_PLAIN = {
    "frontside": "front", "leftside": "side", "rightside": "side", "backside": "back", "roofside": "roof",
    "leftmirror": "mirror", "rightmirror": "mirror", "fliplate": "license plate", "bliplate": "license plate",
    "lebrow": "eyebrow", "rebrow": "eyebrow", "lear": "ear", "rear": "ear", "llarm": "lower arm", "rlarm": "lower arm",
    "luarm": "upper arm", "ruarm": "upper arm",
}  # fmt: skip
_ENDINGS = {
    "frontside": "front", "leftside": "side", "rightside": "side", "backside": "back", "roofside": "roof",
    "wheel": "wheel", "wing": "wing", "eye": "eye", "uleg": "leg", "lleg": "leg", "leg": "leg", "foot": "foot",
    "pa": "paw", "ho": "hoof", "horn": "horn", "hand": "hand",
}  # fmt: skip

_WHOLES = {"table": "diningtable"}
"""Classes that Annotations_Part spells otherwise than VOC, by its spelling."""


def find_whole(name: str) -> str:
    """Find VOC's name of an object's class from the publisher's; a name of VOC stays."""
    return _WHOLES.get(name, name)


def find_part(whole: str, name: str) -> str:
    """Find the name of a part in the table of 116 from the publisher's, as "person's lower arm" from ``llarm``."""
    base = re.sub(r"_\d+$", "", name)
    if base in _PLAIN:
        return f"{whole}'s {_PLAIN[base]}"
    for ending, word in _ENDINGS.items():
        sides = "[hc]" if ending.endswith("side") else _SIDED
        if re.fullmatch(sides + ending, base):
            return f"{whole}'s {word}"
    return f"{whole}'s {base}"


@dataclass(frozen=True, eq=False)
class Parts:
    """Masks of a .mat file to classes and objects: of parts, or with ``wholes`` of the objects themselves."""

    wholes: bool

    @property
    def name(self) -> str:
        """What the masks are of."""
        return "wholes" if self.wholes else "parts"

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {row.name: row.id for row in load_class_table("voc20" if self.wholes else PARTS).rows}

    def read_item(self, item: Item) -> Labels:
        """Paint objects, or parts, in their order. Raises `BadSample` for another file, and for an unknown name."""
        drawn = list(self._list_masks(item.mask))
        if not drawn:
            raise BadSample(f"{item.mask}: has no object")
        classes, objects = (np.zeros(drawn[0][2].shape, np.uint16) for _ in range(2))
        for name, number, mask in drawn:
            if mask.shape != classes.shape:
                raise BadSample(f"{item.mask}: a mask of {name} has another size than the first; unpack it again")
            if name not in self._ids and name is not None:
                raise BadSample(f"{item.mask}: {name!r} is none of the {len(self._ids)} classes")
            classes[mask], objects[mask] = (NO_CLASS, 0) if name is None else (self._ids[name], number)
        return Labels(classes, objects)

    def _list_masks(self, path: Path) -> Iterator[tuple[str | None, int, np.ndarray]]:
        """List what is painted: class, number of the object, mask; the class None hides what lies behind an object."""
        for number, one in enumerate(_list(_read_objects(path)), 1):
            whole, mask = find_whole(str(_get(path, one, "class"))), np.asarray(_get(path, one, "mask")) > 0
            yield (whole if self.wholes else None), number, mask
            for part in [] if self.wholes else _list(_get(path, one, "parts")):
                name = find_part(whole, str(_get(path, part, "part_name")))
                yield name, number, np.asarray(_get(path, part, "mask")) > 0


def _read_objects(path: Path) -> Any:
    anno = load_matlab(path, "anno", structs=True)
    if anno is None:
        raise BadSample(
            f"{path}: has no anno, so it is not PASCAL-Part's (PASCAL-Context's archive is also called trainval.tar.gz)"
        )
    return _get(path, anno, "objects")


def _list(values: Any) -> list[Any]:
    return [one for one in np.atleast_1d(values).ravel().tolist() if one is not None] if np.size(values) else []


def _get(path: Path, record: Any, name: str) -> Any:
    if not hasattr(record, name):
        raise BadSample(f"{path}: lacks {name}: not as PASCAL-Part's archive has it")
    return getattr(record, name)


def plan(tree: Tree, choices: Choices) -> Plan:
    """Plan what to prepare. Raises `UserError` where the list or files of it are missing."""
    path = choices.id_list or find_list(tree, choices)
    ids = read_ids(path)
    remarks = check_count(ids, path, choices.name, choices.split, choices.partial)
    folders = tree.find_named("Annotations_Part")
    files = [folder / name for folder in folders for name in tree.folders[folder]]
    masks = {path.stem: path for path in files if path.suffix == ".mat"}
    if not masks:
        raise UserError(
            f"{tree.option} {tree.root} holds no Annotations_Part/*.mat at any depth; unpack PASCAL-Part's "
            f"trainval.tar.gz{tree.unpack_hint()}"
        )
    items, missing = list_items(ids, tree.find_images(), masks, choices, tree)
    reader = Parts(choices.name == "pascal_part_whole")
    source = {"layout": "Annotations_Part/*.mat", "list": path.name, "label_order": reader.name, "how": "their names"}
    return Plan(choices.name, choices.split, items, reader, source, remarks, missing, has_objects=True)
