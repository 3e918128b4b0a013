"""labelme's json files, one an image: polygons, rectangles (also turned), circles, masks, filled as it fills them."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image, ImageDraw, UnidentifiedImageError

from bench.data.images import MAX_PIXELS
from bench.errors import UserError
from bench.exchange.formats.mask_generation import list_jsons
from bench.exchange.image_names import cut_ending
from bench.exchange.json_files import describe_damage, describe_first
from bench.exchange.polygons import FARTHEST, check_fill, fill_polygons
from bench.exchange.records import ForeignImage, Kind, Segment, Source
from bench.exchange.runs import Size, encode_mask, unite

_NO_AREA = ("line", "linestrip", "point", "points")
_BY_CORNERS = ("polygon", "oriented_rectangle", None)


class Shape(msgspec.Struct):
    """One shape; ``mask`` is a PNG in base64 that lies between the two points of a shape of type mask."""

    label: str
    points: list[list[float]]
    shape_type: str | None = "polygon"
    group_id: int | None = None
    mask: str | None = None


class File(msgspec.Struct, rename="camel"):
    """One image; the picture itself (imageData) is not read."""

    shapes: list[Shape]
    image_height: int
    image_width: int
    image_path: str | None = None


def tell(path: Path) -> str | None:
    """Tell by the keys of the first file."""
    files = list_jsons(path)
    first = describe_first(files[0]) if files else None
    return "json files with shapes and imageHeight" if first and {"shapes", "imageHeight"} <= first.keys() else None


def read(source: Source) -> Iterator[ForeignImage]:
    """Read file by file; shapes of one label and one group are one segment."""
    check_fill(source.options["fill"])
    files = list_jsons(source.path)
    if not files:
        raise UserError(f"{source.path}: holds no json of labelme")
    source.notes.expected = len(files)
    for path in files:
        try:
            content = msgspec.json.decode(path.read_bytes(), type=File)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            shape = isinstance(error, msgspec.ValidationError)
            fault = f"is no file of labelme ({error})" if shape else describe_damage(path, error)
            yield ForeignImage(cut_ending(path.name), (1, 1), (), (f"{path}: {fault}",))
            continue
        yield _make_image(source, path, content)


def _make_image(source: Source, path: Path, content: File) -> ForeignImage:
    name = source.names.find_file(content.image_path or path.name)
    size = content.image_height, content.image_width
    if min(size) < 1 or size[0] * size[1] > MAX_PIXELS:
        return ForeignImage(name, (1, 1), (), (f"{path}: height and width {list(size)} are no picture's",))
    faults: list[str] = []
    groups: dict[object, list[tuple[str, str]]] = {}
    for place, shape in enumerate(content.shapes):
        if shape.shape_type in _NO_AREA:
            source.notes.count(f"shapes are of type {shape.shape_type}, which has no area: left out", 1, name)
            continue
        counts = _fill(source, shape, size, f"{path}: shape {place} ({shape.label!r:.40})", faults)
        key = place if shape.group_id is None else (shape.label, shape.group_id)
        groups.setdefault(key, []).append((shape.label, counts))
    segments = () if faults else tuple(_join(source, group, size, name) for group in groups.values())
    return ForeignImage(name, size, segments, tuple(faults))


def _join(source: Source, group: list[tuple[str, str]], size: Size, name: str) -> Segment:
    """Join the shapes of a group."""
    source.notes.count("shapes belong to the group of another: one segment", len(group) - 1, name)
    counts = [text for _, text in group]
    return Segment(group[0][0], counts[0] if len(group) == 1 else unite(counts, size))


def _fill(source: Source, shape: Shape, size: Size, where: str, faults: list[str]) -> str:
    """Fill a shape; an empty text with a fault noted."""
    fault = _describe_shape(shape)
    if not fault and shape.shape_type == "mask":
        return _paste_mask(source, shape, size, where, faults)
    if fault:
        faults.append(f"{where}: {fault}")
        return ""
    if shape.shape_type in _BY_CORNERS:
        return fill_polygons([[value for point in shape.points for value in point]], size, source.options["fill"])
    picture = Image.new("1", (size[1], size[0]))
    (x1, y1), (x2, y2) = shape.points
    if shape.shape_type == "rectangle":
        box = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        ImageDraw.Draw(picture).rectangle(box, fill=1, outline=1)
    else:
        radius = math.hypot(x1 - x2, y1 - y2)
        ImageDraw.Draw(picture).ellipse((x1 - radius, y1 - radius, x1 + radius, y1 + radius), fill=1, outline=1)
    return encode_mask(np.asarray(picture))


def _describe_shape(shape: Shape) -> str | None:
    kinds = (*_BY_CORNERS, "rectangle", "circle", "mask")
    if shape.shape_type not in kinds:
        return f"type {shape.shape_type!r:.40} is none of polygon, rectangle, oriented_rectangle, circle, mask"
    needed = {"polygon": "3 or more", None: "3 or more", "oriented_rectangle": "4"}.get(shape.shape_type, "2")
    if not (len(shape.points) >= 3 if needed == "3 or more" else len(shape.points) == int(needed)):
        named = (shape.shape_type or "polygon").replace("oriented_", "turned ")
        return f"has {len(shape.points)} points; a {named} has {needed}"
    flat = [value for point in shape.points for value in point]
    if any(len(point) != 2 for point in shape.points) or not all(math.isfinite(v) and abs(v) <= FARTHEST for v in flat):
        return "has a point that lies in no picture"
    return None


def _paste_mask(source: Source, shape: Shape, size: Size, where: str, faults: list[str]) -> str:
    """Paste the mask of a shape between its two points, both within it, as labelme 7 does.

    A mask that was dragged has points between pixels: they are rounded, and it keeps its own size. What of it lies
    outside of the picture is cut off, and counted.
    """
    try:
        with Image.open(BytesIO(base64.b64decode(shape.mask or "", validate=True))) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError("it is larger than any picture")
            mask = np.asarray(picture) != 0
    except UnidentifiedImageError:  # whose words name a place in memory
        faults.append(f"{where}: its mask is base64 of no picture; a PNG is needed")
        return ""
    except (binascii.Error, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        faults.append(f"{where}: its mask is no PNG in base64 ({str(error)[:80]})")
        return ""
    (left, top), (right, bottom) = ((round(x), round(y)) for x, y in shape.points)
    between = any(value != int(value) for point in shape.points for value in point)
    off = abs(np.subtract(mask.shape, (bottom - top + 1, right - left + 1))).max() if mask.ndim == 2 else 2
    rows, columns = (slice(max(0, -begin), max(0, side - begin)) for begin, side in zip((top, left), size, strict=True))
    inside = mask[rows, columns]
    if off > between or not inside.size:
        box = f"x {left} to {right}, y {top} to {bottom}"
        faults.append(
            f"{where}: a mask of {list(mask.shape)} does not lie in its box ({box}) of the image {list(size)}"
        )
        return ""
    source.notes.count("masks reach beyond their picture: cut off at its edge", int(inside.size < mask.size), where)
    whole = np.zeros(size, bool)
    top, left = max(0, top), max(0, left)
    whole[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    return encode_mask(whole)


KIND = Kind("labelme's json files", tell, read, needs_classes=False, options={"fill": "pixels"})
