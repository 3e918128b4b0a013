"""Section 4.4, Cityscapes: leftImg8bit/val/CITY/CITY_000000_000019_leftImg8bit.png and gtFine/val/CITY/…_gtFine_*.png.

labelIds hold 0 to 33, of which 19 are scored; labelTrainIds number these from 0, with 255 for the rest. instanceIds
hold 1000 times the label and the number of an object, or the bare label where there is no object, or a group of them.
"""

from __future__ import annotations

from bench.data.class_tables import load_class_table
from bench.data.prepared import NO_SCORE
from bench.prepare.choices import Choices
from bench.prepare.instances import WithInstances
from bench.prepare.looks import choose_coding
from bench.prepare.object_files import join_objects
from bench.prepare.pairs import Folders, join, pair
from bench.prepare.plan import Coding, Plan, make_coding
from bench.prepare.tree import Tree

LABELS = 34
"""Labels 0 to 33 of the publisher's list."""
_BASE = 1000
_NAME = r"(?P<id>[a-z-]+_\d{6}_\d{6})"


def plan(tree: Tree, choices: Choices) -> Plan:
    """Plan what to prepare. Raises `UserError` where files are missing or hold other numbers than their name says."""
    own = _find(tree, choices.split, "gtFine_labelIds")
    found, kind = (own, "labelIds") if own else (_find(tree, choices.split, "gtFine_labelTrainIds"), "labelTrainIds")
    masks = join(found, tree, choices, f"gtFine/{choices.split}/CITY/*_gtFine_labelIds.png", "masks")
    expected = f"leftImg8bit/{choices.split}/CITY/*_leftImg8bit.png"
    images = join(_find(tree, choices.split, "leftImg8bit"), tree, choices, expected)
    items, missing, remarks = pair(images, masks, tree, choices)
    coding, how = choose_coding(
        [make_codings()[not own]], {item.image_id: item.mask for item in items}, None, choices.partial
    )
    source = {"layout": f"gtFine/*_gtFine_{kind}.png", "label_order": coding.name, "how": f"{kind}, {how}"}
    objects = {i: p for files in _find(tree, choices.split, "gtFine_instanceIds").values() for i, p in files.items()}
    needed = f"*_gtFine_{'instanceIds' if own else 'labelIds'}.png"  # the former are held against the latter
    joined = join_objects(items, objects if own else {}, needed, "gtFine_trainvaltest.zip", choices)
    remarks += joined.remarks
    if not joined.has_objects:
        return Plan(choices.name, choices.split, items, coding, source, remarks, missing)
    things = tuple(row.id for row in load_class_table("cityscapes19").rows if row.thing)
    reader = WithInstances(coding, things, _BASE, groups=True)
    return Plan(choices.name, choices.split, joined.items, reader, source, remarks, missing, has_objects=True)


def make_codings() -> tuple[Coding, Coding]:
    """Make the codings of labelIds and of labelTrainIds."""
    ids = [row.id for row in load_class_table("cityscapes19").rows]
    own = {i: i if i in ids else NO_SCORE for i in range(LABELS)}
    train = dict(enumerate(ids)) | {255: NO_SCORE}
    return (
        make_coding("labelIds", own, f"Cityscapes' labelIds (0-{LABELS - 1})"),
        make_coding("labelTrainIds", train, "Cityscapes' labelTrainIds (0-18, 255 other)"),
    )


def _find(tree: Tree, split: str, kind: str) -> Folders:
    """Find the folders of a kind and a split, one a city."""
    folders = tree.find_matching(rf"{_NAME}_{kind}\.png")
    return {folder: files for folder, files in folders.items() if folder.parent.name == split}
