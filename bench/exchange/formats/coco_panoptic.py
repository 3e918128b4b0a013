"""COCO's panoptic format: a json of segments and a folder of PNGs whose colours are the ids of segments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from jaxtyping import Int32
from PIL import Image

from bench.data.images import read_image
from bench.errors import BadSample, UserError, writing
from bench.exchange.annotations import count_other_size, describe_image, list_categories, read_annotation_list
from bench.exchange.formats.coco_results import CROWD
from bench.exchange.formats.label_maps import order_by_score
from bench.exchange.image_names import Id, cut_ending
from bench.exchange.json_files import describe_first
from bench.exchange.records import ForeignImage, Kind, Segment, Source, Target
from bench.exchange.runs import encode_labels
from bench.predictions.beside import find_beside


class Info(msgspec.Struct):
    """One segment: the id that is its colour, and its category."""

    id: int
    category_id: int
    score: float | None = None
    iscrowd: int = 0


class Panoptic(msgspec.Struct):
    """One image: its PNG and its segments."""

    image_id: Id
    segments_info: list[Info]
    file_name: str = ""


def tell(path: Path) -> str | None:
    """Tell by annotations with ``segments_info``, in the file or in the only json of a folder."""
    found = _find_json(path)
    first = describe_first(found) if found else None
    listed = first.get("annotations") if first else None
    panoptic = isinstance(listed, list) and listed and isinstance(listed[0], dict) and "segments_info" in listed[0]
    return "annotations with segments_info" if panoptic else None


def read(source: Source) -> Iterator[ForeignImage]:
    """Read image by image; the PNGs lie in ``maps=``, else in the folder of the json's name, else beside it."""
    place = _find_json(source.path)
    if place is None:
        raise UserError(f"{source.path}: holds no json with segments_info, or several; name the file itself")
    source = Source(place, source.classes, source.names, source.options, source.notes)
    source, groups = read_annotation_list(source, Panoptic)
    source.require_classes()
    folder = find_folder(place, source.options["maps"])
    for image_id, entries in groups:
        where = f"{place}: image {image_id!r}"
        image = _read_image(source, folder, entries[0][1], where)
        if len(entries) > 1:
            said = f"{where}: stands there twice, in the annotations {entries[0][0]} and {entries[1][0]}; keep one"
            image = ForeignImage(image.image_id, image.size, (), (said,))
        yield image


def find_folder(place: Path, maps: str) -> Path:
    """Find the folder of the PNGs of a json."""
    if maps:
        if not Path(maps).expanduser().is_dir():
            raise UserError(f"maps={maps}: no such folder; name the folder of the PNGs")
        return Path(maps).expanduser()
    named = place.with_suffix("")
    return next((folder for folder in (named, place.parent / "panoptic") if folder.is_dir()), place.parent)


def _find_json(path: Path) -> Path | None:
    if path.is_file():
        return path
    files = sorted(path.glob("*.json")) if path.is_dir() else []
    return files[0] if len(files) == 1 else None


def _read_image(source: Source, folder: Path, entry: Panoptic, where: str) -> ForeignImage:
    files = source.names.files
    named = files.get(entry.image_id) or entry.file_name
    name = source.names.find_name(entry.image_id) if entry.image_id in files else source.names.find_file(named)
    if not named:
        name = source.names.find_name(entry.image_id)
    try:
        picture = find_beside(folder, entry.file_name or f"{cut_ending(named) or entry.image_id}.png")
        numbers = read_ids(picture)
    except BadSample as error:
        return ForeignImage(name, (1, 1), (), (f"{where}: {error}",))
    count_other_size(source, entry.image_id, (numbers.shape[0], numbers.shape[1]), name)
    return make_image(source, numbers, entry.segments_info, name, where, picture)


def read_ids(path: Path) -> Int32[np.ndarray, "h w"]:
    """Read the ids of segments: red + 256 green + 65536 blue. Raises BadSample for a picture without colours."""
    try:
        with Image.open(path) as opened:
            mode, lossy = opened.mode, opened.format not in ("PNG", "BMP", "TIFF", "PPM")
    except (OSError, ValueError, SyntaxError):
        mode, lossy = "RGB", False  # what is wrong is said by the reader below
    if mode != "RGB" or lossy:
        raise BadSample(f"{path}: ids of segments are colours of an RGB PNG, but this is {mode}")
    colours = read_image(path, orient=False).astype(np.int32)
    ids: np.ndarray = colours[:, :, 0] + 256 * colours[:, :, 1] + 65536 * colours[:, :, 2]
    return ids


def make_image(
    source: Source, numbers: np.ndarray, infos: list[Info], name: str, where: str, picture: Path
) -> ForeignImage:
    """Make the segments that a picture of ids and their list name together; what only one of both has is a fault."""
    counts, faults = encode_labels(numbers), []
    segments, seen = [], set()
    for info in infos:
        place = f"{where}, segment {info.id}"
        if info.id in seen:
            faults.append(f"{place}: stands there twice; each id for one segment, for a pixel has one only")
        elif info.id not in counts or info.id == 0:
            faults.append(
                f"{place}: has no pixel in {picture}" if info.id else f"{place}: 0 is for pixels of no segment"
            )
        elif info.category_id not in source.classes.texts:
            faults.append(f"{place}: {source.classes.describe_unknown(info.category_id)}")
        else:
            source.notes.count(f"{CROWD}: read as any other", int(bool(info.iscrowd)), name)
            segments.append(Segment(source.classes.texts[info.category_id], counts[info.id], info.score))
        seen.add(info.id)
    strays = [number for number in counts if number and number not in seen]
    faults += [f"{where}: {picture} holds the segment {strays[0]}, which is not in segments_info"] if strays else []
    return ForeignImage(name, (numbers.shape[0], numbers.shape[1]), tuple(segments), tuple(faults))


def write(images: Iterable[ForeignImage], target: Target) -> None:
    """Write the json and, in the folder of its name, a PNG an image."""
    folder = target.path.with_suffix("")
    content: dict[str, list[Any]] = {"images": [], "categories": list_categories(target.classes), "annotations": []}
    with writing(target.path, "to=FILE"):
        folder.mkdir(parents=True, exist_ok=True)
        for image in images:
            ids, infos = paint_segments(image, target)
            described = describe_image(image, target)
            file = f"{described['id']:012d}.png"
            colours = np.stack([ids & 255, ids >> 8 & 255, ids >> 16], axis=2).astype(np.uint8)
            Image.fromarray(colours).save(folder / file)
            content["images"].append(described)
            content["annotations"].append({"image_id": described["id"], "file_name": file, "segments_info": infos})
        target.path.write_text(json.dumps(content) + "\n", "utf-8")


def paint_segments(image: ForeignImage, target: Target) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Paint the ids of an image's segments [h, w], and list those that keep a pixel."""
    ids, covered = np.zeros(image.size, np.int32), np.zeros(image.size, bool)
    infos: list[dict[str, Any]] = []
    for number, segment in enumerate(order_by_score(image), 1):
        category = target.classes.find_number(segment.text)
        if category is None:
            target.notes.count("segments have a text that is no class: left out", 1, repr(segment.text))
            continue
        mask = segment.decode(image.size)
        shared = int((mask & covered).sum())
        target.notes.count("pixels lie in several segments: the highest score has them, else the later", shared)
        ids[mask], covered = number, covered | mask
        scored = {} if segment.score is None else {"score": segment.score}
        infos.append({"id": number, "category_id": category, "iscrowd": 0} | scored)
    areas = np.bincount(ids.ravel(), minlength=len(image.segments) + 1)
    kept = [info | {"area": int(areas[info["id"]])} for info in infos if areas[info["id"]]]
    target.notes.count("segments are left without a pixel: left out", len(infos) - len(kept), image.image_id)
    return ids, kept


KIND = Kind("COCO panoptic: a json with segments_info and a folder of PNGs", tell, read, write, options={"maps": ""})
