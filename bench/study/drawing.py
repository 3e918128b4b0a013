"""Figure 21, what a rater sees: the photograph, one region bright inside a white line and the rest dimmed."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image

from bench.records import Prediction
from bench.report.pictures.highlights import highlight_segment
from bench.resize import resize_nearest
from bench.store.files import write_atomically

SMALLEST, LARGEST = 512, 960
"""Long side of a picture in pixels: a smaller image is enlarged by a whole factor, a larger one shrunk."""
_QUALITY = 88
_DOWN, _ACROSS = ("upper", "middle", "lower"), ("left", "centre", "right")


def choose_size(height: int, width: int) -> tuple[int, int]:
    """Choose width and height of the picture of an image."""
    longest = max(height, width)
    factor = -(-SMALLEST // longest) if longest < SMALLEST else min(1.0, LARGEST / longest)
    return max(1, round(width * factor)), max(1, round(height * factor))


def fit_mask(prediction: Prediction, segment: int, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """Bring the mask of a segment to the size of its image (height, width), as scoring does."""
    return resize_nearest(prediction.masks[segment].astype(np.uint8), size).astype(bool)


def hash_mask(mask: Bool[np.ndarray, "h w"]) -> str:
    """Hash the pixels of a region, in the size of its image."""
    shape = np.array(mask.shape, np.int64).tobytes()
    return hashlib.sha256(shape + np.packbits(mask).tobytes()).hexdigest()[:32]


def draw_region(image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"], path: Path) -> None:
    """Draw the photograph with the region to a JPEG file, whole or not at all."""
    _write(highlight_segment(image, mask, choose_size(*mask.shape)), path)


def draw_photograph(image: UInt8[np.ndarray, "h w 3"], path: Path) -> None:
    """Draw the photograph alone to a JPEG file of the same size."""
    height, width = image.shape[:2]
    factor = max(1, -(-choose_size(height, width)[0] // width))
    large = Image.fromarray(image.repeat(factor, 0).repeat(factor, 1))
    _write(large.resize(choose_size(height, width), Image.Resampling.LANCZOS), path)


def describe_region(mask: Bool[np.ndarray, "h w"]) -> str:
    """Describe to who cannot see it where a region lies and how large it is; never what it shows."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return "A photograph; the highlighted region has no pixel."
    down = _DOWN[min(2, int(3 * (rows.mean() + 0.5) / mask.shape[0]))]
    across = _ACROSS[min(2, int(3 * (columns.mean() + 0.5) / mask.shape[1]))]
    where = "around the middle" if (down, across) == ("middle", "centre") else f"{down} {across}"
    share = 100 * len(rows) / mask.size
    told = "less than 1" if share < 1 else f"{share:.0f}"
    return f"A photograph with one highlighted region, {where}, {told} % of the picture."


def _write(picture: Image.Image, path: Path) -> None:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    write_atomically(path, file.getvalue())
