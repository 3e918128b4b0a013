"""Section 4, predictions as files: polygons as masks, filled as the tool fills them that the file is of.

Readers do not agree on which pixels a polygon covers: of the square with corners 1,1 and 3,3 pycocotools fills 4 (its
sides are borders between pixels), while OpenCV, scikit-image and Pillow fill 9 (its corners are pixels).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask as coco

from bench.errors import UsageError
from bench.exchange.runs import Size, encode_mask, unite

FILLS = ("coco", "pixels")
"""As pycocotools, whose corners lie between pixels, or as Pillow, whose corners are pixels."""
FARTHEST = 1e6
"""Coordinates beyond are no picture's; pycocotools' integers would wrap around."""
Polygon = Sequence[float]
"""x and y of one corner after the other, in pixels."""


def check_fill(fill: str) -> str:
    """Check the choice ``fill=``. Raises UsageError for another word."""
    if fill not in FILLS:
        raise UsageError(f"fill={fill}: known are {', '.join(FILLS)} (of the square 1,1 to 3,3: 4 pixels, 9 pixels)")
    return fill


def describe_polygons(polygons: Sequence[Polygon]) -> str | None:
    """Describe why polygons are none; None where all are."""
    if not polygons:
        return "'segmentation' holds no polygon"
    for number, polygon in enumerate(polygons):
        if len(polygon) < 6 or len(polygon) % 2:
            return f"polygon {number} has {len(polygon)} numbers; it needs x and y of 3 corners or more"
        if not all(math.isfinite(value) and abs(value) <= FARTHEST for value in polygon):
            return f"polygon {number} has a corner that lies in no picture"
    return None


def fill_polygons(polygons: Sequence[Polygon], size: Size, fill: str) -> str:
    """Fill polygons that were checked, return the counts of all their pixels together; holes are not known to either.

    With ``coco`` each is filled by pycocotools, with ``pixels`` by Pillow's ``ImageDraw.polygon`` with its border.
    """
    if fill == "coco":
        coded = coco.frPyObjects([list(map(float, polygon)) for polygon in polygons], *size)
        return unite([one["counts"].decode("ascii") for one in coded], size)
    picture = Image.new("1", (size[1], size[0]))
    for polygon in polygons:
        ImageDraw.Draw(picture).polygon([float(value) for value in polygon], fill=1, outline=1)
    return encode_mask(np.asarray(picture))
