"""Label Studio's exports (JSON and JSON-MIN): brushes, polygons, rectangles and ellipses, with the labels chosen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from PIL import Image, ImageDraw

from bench.data.images import MAX_PIXELS
from bench.errors import UserError
from bench.exchange.brush import decode_brush
from bench.exchange.image_names import cut_ending
from bench.exchange.json_files import describe_first, read_json, starts_list
from bench.exchange.polygons import check_fill, describe_polygons, fill_polygons
from bench.exchange.records import ForeignImage, Kind, Segment, Source
from bench.exchange.runs import Size, encode_mask

LABELS = ("brushlabels", "polygonlabels", "rectanglelabels", "ellipselabels")
_PICTURE = re.compile(r"\.(jpe?g|png|webp|bmp|tiff?|gif)$", re.IGNORECASE)
_UPLOAD = re.compile(r"[0-9a-f]{8}-(.+)")
"""What Label Studio puts before the name of a file that is uploaded."""


def tell(path: Path) -> str | None:
    """Tell by the first task."""
    first = describe_first(path) if starts_list(path) else None
    if first is None:
        return None
    if isinstance(first.get("data"), dict) and ({"annotations", "predictions"} & first.keys()):
        return "tasks with data and annotations"
    drawn = any(_list_drawn(value) for value in first.values())
    return "tasks of JSON-MIN with drawn labels" if drawn else None


def read(source: Source) -> Iterator[ForeignImage]:
    """Read task by task: of several annotations the first that was not cancelled, else the first prediction."""
    check_fill(source.options["fill"])
    tasks = read_json(source.path)
    if not isinstance(tasks, list):
        raise UserError(f"{source.path}: should be a list of tasks, as the exports JSON and JSON-MIN are")
    source.notes.expected = len(tasks)
    for place, task in enumerate(tasks):
        where = f"{source.path}: task {place}"
        if not isinstance(task, dict):
            yield ForeignImage(f"task {place}", (1, 1), (), (f"{where}: should be an object",))
            continue
        image = _make_image(source, task, where)
        if image is not None:
            yield image


def _make_image(source: Source, task: dict[str, Any], where: str) -> ForeignImage | None:
    """Make the image of a task; None where nothing is drawn on it, for its size is not told."""
    data = task["data"] if isinstance(task.get("data"), dict) else task
    address = next((value for value in data.values() if isinstance(value, str) and _PICTURE.search(_cut(value))), None)
    if address is None:
        return ForeignImage(where, (1, 1), (), (f"{where}: names no picture (data.image)",))
    name = _find_name(source, _cut(address))
    try:
        drawn = _choose_results(source, task, name)
    except ValueError as error:
        return ForeignImage(name, (1, 1), (), (f"{where} ({name}): {error}",))
    size = next(((d["original_height"], d["original_width"]) for d in drawn if _has_size(d)), None)
    if size is None:
        if not drawn:
            source.notes.count("tasks have no drawn label: left out, for their size is not told", 1, name)
            return None
        return ForeignImage(name, (1, 1), (), (f"{where} ({name}): its labels state no original_width and _height",))
    segments: list[Segment] = []
    faults: list[str] = []
    for number, entry in enumerate(drawn):
        segment = _read_drawn(source, entry, size, f"{where} ({name}), segment {number}", faults)
        segments += [segment] if segment else []
    return ForeignImage(name, size, tuple(segments), tuple(faults))


def _cut(address: str) -> str:
    """Cut the name of a file out of an address, ``?d=`` of local files included."""
    path, _, query = address.partition("?")
    local = re.search(r"(?:^|&)d=([^&]+)", query)
    return unquote(local[1] if local else path)


def _find_name(source: Source, file: str) -> str:
    name, match = cut_ending(file), _UPLOAD.fullmatch(cut_ending(file))
    found = source.names.find_file(file)
    if match and found not in source.names.known:
        source.notes.count("names of pictures begin with 8 signs of Label Studio's uploads: cut off", 1, name)
        return source.names.find_file(f"{match[1]}.x")
    return found


def _choose_results(source: Source, task: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Choose the drawn labels of a task. Raises ValueError for what no export of Label Studio holds."""
    if not isinstance(task.get("data"), dict):  # JSON-MIN: one annotation a task, its labels under the name of a tag
        return [entry for value in task.values() for entry in map(_wrap, _list_drawn(value))]
    for key in ("annotations", "predictions"):
        kept = [one for one in _take_objects(task, key) if not one.get("was_cancelled")]
        source.notes.count(f"further {key} of a task: only the first is read", max(0, len(kept) - 1), name)
        if kept:
            listed = _take_objects(kept[0], "result")
            known = [entry for entry in listed if _find_labels(entry) is not None]
            others = len(listed) - len(known)
            said = "results are neither brush, polygon, rectangle nor ellipse, or have no label: left out"
            source.notes.count(said, others, name)
            return known
    return []


def _take_objects(entry: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Take a list of objects, empty where there is none. Raises ValueError for anything else."""
    listed = entry.get(key)
    if listed is not None and not (isinstance(listed, list) and all(isinstance(one, dict) for one in listed)):
        raise ValueError(f"{key!r} is {listed!r:.40}, where a list of objects belongs; export the project again")
    return listed or []


def _list_drawn(value: Any) -> list[dict[str, Any]]:
    listed = value if isinstance(value, list) else []
    return [one for one in listed if isinstance(one, dict) and set(LABELS) & one.keys() and "original_width" in one]


def _wrap(entry: dict[str, Any]) -> dict[str, Any]:
    return {"value": entry, **{key: entry.get(key) for key in ("original_width", "original_height", "image_rotation")}}


def _find_labels(entry: dict[str, Any]) -> list[Any] | None:
    value = entry.get("value")
    found = [value[key] for key in LABELS if isinstance(value, dict) and isinstance(value.get(key), list)]
    return found[0] if found else None


def _has_size(entry: dict[str, Any]) -> bool:
    height, width = entry.get("original_height"), entry.get("original_width")
    return type(height) is int and type(width) is int and min(height, width) > 0 and height * width <= MAX_PIXELS


def _read_drawn(source: Source, entry: dict[str, Any], size: Size, where: str, faults: list[str]) -> Segment | None:
    """Read one drawn label; None with a fault noted."""
    labels, value = _find_labels(entry) or [], entry["value"]
    source.notes.count("segments have several labels: the first is taken", int(len(labels) > 1), where)
    score = entry.get("score")
    try:
        if not all(isinstance(label, str) for label in labels):
            raise ValueError(f"has the labels {labels!r:.40}, which are no texts")
        source.notes.count("segments have no label: their text is empty", int(not any(labels)), where)
        if (entry["original_height"], entry["original_width"]) != size:
            raise ValueError(
                f"is drawn on {entry['original_width']}x{entry['original_height']}, others on {size[1]}x{size[0]}"
            )
        if entry.get("image_rotation"):
            raise ValueError(f"is drawn on the picture turned by {entry['image_rotation']}°; turn the picture itself")
        counts = _fill(value, size, source.options["fill"])
    except (KeyError, TypeError, ValueError) as error:
        faults.append(f"{where}: {f'lacks {error}' if isinstance(error, KeyError) else error}")
        return None
    return Segment(labels[0] if labels else "", counts, float(score) if isinstance(score, int | float) else None)


def _fill(value: dict[str, Any], size: Size, fill: str) -> str:
    """Fill what was drawn; coordinates are percent of the picture. Raises ValueError for what is none."""
    height, width = size
    if "rle" in value:
        return encode_mask(decode_brush(value["rle"], height, width))
    if "points" in value:
        corners = [
            float(c) / 100 * side for point in value["points"] for c, side in zip(point, (width, height), strict=True)
        ]
    elif "radiusX" in value:
        box = [
            value["x"] - value["radiusX"],
            value["y"] - value["radiusY"],
            value["x"] + value["radiusX"],
            value["y"] + value["radiusY"],
        ]
        if value.get("rotation"):
            raise ValueError("is an ellipse that is turned; draw it as a polygon")
        picture = Image.new("1", (width, height))
        ImageDraw.Draw(picture).ellipse(
            [c / 100 * side for c, side in zip(box, (width, height) * 2, strict=True)], fill=1, outline=1
        )
        return encode_mask(np.asarray(picture))
    else:
        corners = _turn_rectangle(value, size)
    if fault := describe_polygons([corners]):
        raise ValueError(fault)
    return fill_polygons([corners], size, fill)


def _turn_rectangle(value: dict[str, Any], size: Size) -> list[float]:
    """Give the corners of a rectangle, turned about its upper left one, in pixels."""
    height, width = size
    x, y, w, h = (
        value[key] / 100 * side for key, side in zip(("x", "y", "width", "height"), (width, height) * 2, strict=True)
    )
    turn = math.radians(value.get("rotation") or 0)
    cos, sin = math.cos(turn), math.sin(turn)
    return [
        c for dx, dy in ((0, 0), (w, 0), (w, h), (0, h)) for c in (x + dx * cos - dy * sin, y + dx * sin + dy * cos)
    ]


KIND = Kind("Label Studio's export (JSON or JSON-MIN)", tell, read, needs_classes=False, options={"fill": "coco"})
