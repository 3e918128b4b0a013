"""A folder of label maps, one picture (or .npy) of class numbers an image, as mmsegmentation's ``--out`` and others.

mmsegmentation counts classes from 0, or where a data set says ``reduce_zero_label`` it writes them from 1 again, with
0 for none: ``first=`` says which, and what the maps hold is said where the other would fit as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from bench.data.headers import read_claimed_size
from bench.data.label_files import ARRAY
from bench.data.palettes import list_palette_remarks
from bench.errors import UserError, writing
from bench.exchange.exported_classes import has_classes, write_exported
from bench.exchange.label_pictures import list_maps, read_picture, require_pictures
from bench.exchange.records import ForeignImage, Kind, Segment, Source, Target

GREY = {"P", "L", "1", "I", "I;16", "I;16B"}
"""Modes of pictures that may hold class numbers."""
CITYSCAPES = ("_labelIds", "_labelTrainIds")
CLASSES = "classes.csv"
"""The list that `write` leaves in the folder of its maps."""
_LOOKED = 20
"""Files of a folder that are looked at to tell what it holds."""


def tell(path: Path) -> str | None:
    """Tell by a folder whose pictures are label maps, and none of Cityscapes' names."""
    if not path.is_dir() or any(path.glob("*.json")):
        return None
    maps = list_maps(path)[:_LOOKED]
    if not maps or any(mark in one.stem for one in maps for mark in CITYSCAPES) or any(map(_describe_other, maps)):
        return None
    return f"a folder of {', '.join(sorted(set(map(_name_kind, maps))))}"


def describe_misfit(path: Path) -> str:
    """Describe the first picture for which a folder of pictures is none of label maps; empty where there is none."""
    faults = map(_describe_other, list_maps(path)[:_LOOKED] if path.is_dir() else ())
    return next((f"{fault}; " for fault in faults if fault), "")


def _describe_other(path: Path) -> str:
    """Describe why a file is no label map, from its header alone; empty for one that may be."""
    if path.suffix.lower() == ARRAY:
        return "" if read_claimed_size(path) else f"{path} is no array [h, w]"
    try:
        with Image.open(path) as opened:
            return "" if opened.mode in GREY else f"{path} is a picture of mode {opened.mode}, no label map"
    except OSError as error:
        return f"{path} cannot be opened ({error.strerror or 'no picture'})"


def _name_kind(path: Path) -> str:
    if path.suffix.lower() == ARRAY:
        return "arrays"
    with Image.open(path) as opened:
        return f"{opened.mode} pictures"


def read(source: Source) -> Iterator[ForeignImage]:
    """Read every label map below a folder; its name without ending is that of the image."""
    pictures = require_pictures(source.path, list_maps(source.path), "label map")
    source.require_classes()
    source.notes.expected = len(pictures)
    for remark in list_palette_remarks(pictures):
        source.notes.say(remark)
    lowest, highest = min(source.classes.texts), max(source.classes.texts)
    seen: set[str] = set()
    for picture in pictures:
        name = source.names.find_file(picture.relative_to(source.path).as_posix())
        image = read_picture(source, picture, name)
        seen.update(segment.text for segment in image.segments)
        yield image
    counted = lowest == 1 and not source.classes.exported
    if counted and 0 in source.classes.background and source.classes.texts[highest] not in seen:
        source.notes.say(
            f"no map holds {highest} ({source.classes.texts[highest]!r}), the last class; classes that count from 0 "
            "would read alike, each as its neighbour: then say first=0"
        )


def write(images: Iterable[ForeignImage], target: Target) -> None:
    """Write a picture an image, 8 bits where all numbers fit, and the list of classes beside them."""
    numbers = target.classes.texts
    if min(numbers) < 0 or max(numbers) > 65534:
        raise UserError(f"{target.path}: class numbers must lie between 0 and 65534 in a picture of 16 bits")
    wide = np.uint16 if max(numbers) > 254 else np.uint8
    nothing = 0 if 0 not in numbers else int(np.iinfo(wide).max)
    target.notes.say(f"pixels of no segment are {nothing} in the maps")
    with writing(target.path, "to=FOLDER"):
        target.path.mkdir(parents=True, exist_ok=True)
        for image in images:
            name = Path(f"{image.image_id}.png")
            if ".." in name.parts or name.is_absolute():
                raise UserError(f"{target.path}: image {image.image_id!r:.60} would lie outside of it; rename it")
            place = target.path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(paint_classes(image, target, nothing).astype(wide)).save(place)
        write_exported(numbers, target.path / CLASSES)


def find_beside(path: Path) -> dict[str, str]:
    """Find the list of classes that `write` leaves in a folder; one of another head says nothing of numbers."""
    return {"classes": str(path / CLASSES)} if has_classes(path / CLASSES) else {}


def paint_classes(image: ForeignImage, target: Target, nothing: int) -> np.ndarray:
    """Paint the classes of an image [h, w]: where segments overlap the one with the highest score, else the later."""
    labels = np.full(image.size, nothing, np.int64)
    owner, drawn = np.zeros(image.size, np.int32), [nothing]  # place in drawn, 0: no segment
    for segment in order_by_score(image):
        number = target.classes.find_number(segment.text)
        if number is None:
            target.notes.count("segments have a text that is no class: left out", 1, repr(segment.text))
            continue
        mask = segment.decode(image.size)
        target.notes.count(
            "pixels lie in several segments: the highest score has them, else the later", int((owner[mask] > 0).sum())
        )
        target.notes.count("scores are left out: a map holds none", int(segment.score is not None))
        labels[mask], owner[mask] = number, len(drawn)
        drawn.append(number)
    _count_lost(image, owner, drawn, target)
    return labels


def _count_lost(image: ForeignImage, owner: np.ndarray, drawn: list[int], target: Target) -> None:
    """Count the segments that a map cannot tell: without a pixel of their own, and of a class that another has."""
    areas = np.bincount(owner.ravel(), minlength=len(drawn))
    kept = [number for number, area in zip(drawn[1:], areas[1:].tolist(), strict=True) if area]
    target.notes.count("segments are left without a pixel: left out", len(drawn) - 1 - len(kept), image.image_id)
    target.notes.count(
        "segments are of a class that another of the image has: one with it", len(kept) - len(set(kept)), image.image_id
    )


def order_by_score(image: ForeignImage) -> list[Segment]:
    """Order segments as they are painted, the surest last; those without scores as they stand."""
    return sorted(image.segments, key=lambda segment: segment.score or 0.0)


KIND = Kind("a folder of label maps, as mmsegmentation's --out writes", tell, read, write, beside=find_beside)
