"""Section 5, an image that somebody hands over, as a file or as an array; no data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from bench.data.images import read_image
from bench.errors import UserError
from bench.records import Sample

Image = UInt8[np.ndarray, "h w 3"]
"""Red, green, blue of each pixel, 0 to 255."""


def make_sample(image: Image | str | Path, image_id: str = "image") -> Sample:
    """Make the record of an image: a picture file is read as `data=folder` reads it, turned as its camera says.

    Raises `bench.errors.BadSample` for a file that cannot be used, UserError for an array of another shape or type.
    """
    if isinstance(image, str | Path):
        return Sample(Path(image).stem, read_image(image))
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise UserError(f"an image is uint8 [height, width, 3], not {pixels.dtype} {list(pixels.shape)}")
    return Sample(image_id, pixels)
