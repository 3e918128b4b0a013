"""Cityscapes' ``*_labelIds.png`` (and ``*_labelTrainIds.png``), in folders by city or in one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bench.errors import UserError
from bench.exchange.class_numbers import ClassNumbers
from bench.exchange.label_pictures import list_pictures, read_picture, require_pictures
from bench.exchange.records import ForeignImage, Kind, Source

EVALUATED = {
    7: "road", 8: "sidewalk", 11: "building", 12: "wall", 13: "fence", 17: "pole", 19: "traffic light",
    20: "traffic sign", 21: "vegetation", 22: "terrain", 23: "sky", 24: "person", 25: "rider", 26: "car", 27: "truck",
    28: "bus", 31: "train", 32: "motorcycle", 33: "bicycle",
}  # fmt: skip
"""The 19 classes that Cityscapes scores, by label id; in this order they are the train ids 0 to 18."""
IDS, TRAIN_IDS = "_labelIds", "_labelTrainIds"
_NAME = re.compile(r"(.+_[0-9]{6}_[0-9]{6})(_.*)?")


def tell(path: Path) -> str | None:
    """Tell by the names of the pictures."""
    found = [mark for mark in (IDS, TRAIN_IDS) if path.is_dir() and any(list_pictures(path, f"*{mark}.png"))]
    return f"pictures named *{found[0]}.png" if found else None


def read(source: Source) -> Iterator[ForeignImage]:
    """Read every picture; ids that Cityscapes does not score are of no segment, and are counted."""
    groups = {mark: list_pictures(source.path, f"*{mark}.png") for mark in (IDS, TRAIN_IDS)}
    marks = [mark for mark, pictures in groups.items() if pictures]
    if len(marks) == 2 and not source.options["numbers"]:
        raise UserError(f"{source.path}: holds both *{IDS}.png and *{TRAIN_IDS}.png; say which: numbers=ids or train")
    chosen = {"ids": IDS, "train": TRAIN_IDS, "": marks[0] if marks else IDS}.get(source.options["numbers"])
    if chosen is None:
        raise UserError(f"numbers={source.options['numbers']}: known are ids, train")
    pictures = require_pictures(source.path, groups[chosen], f"*{chosen}.png")
    source.notes.expected = len(pictures)
    own = Source(source.path, _choose_classes(source, chosen), source.names, source.options, source.notes)
    for picture in pictures:
        yield read_picture(own, picture, _find_name(source, picture.stem.removesuffix(chosen)))


def _choose_classes(source: Source, mark: str) -> ClassNumbers:
    if source.classes and not source.classes.assumed:
        return source.classes
    if mark == TRAIN_IDS:
        return ClassNumbers(dict(enumerate(EVALUATED.values())), "Cityscapes' train ids", void=frozenset((255, 254)))
    others = frozenset(range(35)) - EVALUATED.keys()  # cityscapesscripts reads -1 (license plate) as no byte at all
    source.notes.say(f"ids that Cityscapes does not score ({len(others)} of 0 to 34) are pixels of no segment")
    return ClassNumbers(EVALUATED, "Cityscapes' label ids", background=others, void=frozenset((255,)))


def _find_name(source: Source, stem: str) -> str:
    """Find the image of a picture: city, sequence and frame, however the tool goes on after them."""
    match = _NAME.fullmatch(stem)
    return source.names.find_file(match[1] if match else stem)


KIND = Kind("Cityscapes' *_labelIds.png or *_labelTrainIds.png", tell, read, options={"numbers": ""})
