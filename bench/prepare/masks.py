"""Section 4.4: mask files as numbers: MATLAB LabelMaps, PNG and TIFF; what 8 bits have cut off is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int32, UInt8
from PIL import Image

from bench.data.images import read_image, read_narrow_labels
from bench.errors import BadSample
from bench.prepare.matlab import load_matlab

_WRAPPED = "459 classes do not fit into 8 bits, so ids above 255 have wrapped; use the publisher's .mat files"


def read_mask(path: Path, wide: bool = False) -> UInt8[np.ndarray, "h w"] | Int32[np.ndarray, "h w"]:
    """Read a mask's own numbers, bytes as bytes. ``wide``: they need 16 bits.

    Raises `BadSample` for what is damaged or no mask.
    """
    if path.suffix.lower() == ".mat":
        return _label_map(path)
    if wide and is_8bit(path):
        raise BadSample(f"{path}: an 8-bit mask; {_WRAPPED}")
    return read_narrow_labels(path)


def read_colours(path: Path) -> UInt8[np.ndarray, "h w 3"]:
    """Read a PNG whose colours are numbers. Raises `BadSample` for another kind of picture: its numbers are lost."""
    try:
        with Image.open(path) as image:
            kind = f"{image.format} {image.mode}"
    except OSError:
        kind = "PNG RGB"  # what is wrong with it is said where it is read
    if kind != "PNG RGB":
        raise BadSample(f"{path}: numbers are expected in the colours of an RGB PNG, but this is {kind}")
    return read_image(path, orient=False)


def is_8bit(path: Path) -> bool:
    """Whether an image file holds at most 8 bits a pixel; False where it cannot be opened at all."""
    try:
        with Image.open(path) as image:
            return image.mode in ("1", "L", "P")
    except OSError:
        return False


def _label_map(path: Path) -> np.ndarray:
    values = load_matlab(path, "LabelMap")
    if values is None:
        raise BadSample(
            f"{path}: has no LabelMap, so it is not PASCAL-Context's (PASCAL-Part's archive is also called "
            "trainval.tar.gz)"
        )
    if values.ndim != 2 or not np.issubdtype(values.dtype, np.number) or np.any(values != np.floor(values)):
        raise BadSample(f"{path}: LabelMap is not a plane of whole numbers ({values.dtype}, {values.shape})")
    if values.dtype.itemsize == 1:
        raise BadSample(f"{path}: LabelMap has 8 bits; {_WRAPPED}")
    return values.astype(np.int32)
