"""Section 4, data: the numbers that a label file stores, where Pillow gives the shades that a viewer would show.

Right for a photograph and wrong for class numbers, and always without a word: grey of 2 or 4 bits is stretched to
0..255, a TIFF whose zero means white is inverted (tifffile writes every boolean mask so), signed bytes are read as
unsigned (-1 becomes 255, which often means void), and unsigned 32-bit numbers as signed.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Shaped
from PIL import Image, ImageFile

_STRETCH = {"L;2": 85, "L;4": 17}
"""By what Pillow multiplies grey of few bits, by the way in which it unpacks a row."""
_SAMPLE_FORMAT, _UNSIGNED, _SIGNED = 339, 1, 2
"""The tag of a TIFF that says which kind of number a sample is, and two of its values."""


def find_raw_mode(image: ImageFile.ImageFile) -> str:
    """Find how Pillow unpacks a row, such as "L;4" or "1;I"; to be asked for before `load`, which forgets it."""
    if not image.tile:
        return ""
    arguments = image.tile[0].args
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def read_stored_numbers(image: Image.Image, raw_mode: str) -> Shaped[np.ndarray, "h w"]:
    """Read the stored numbers of a loaded palette or grey picture; ``raw_mode`` is what `find_raw_mode` said of it."""
    values = np.asarray(image)
    mode, _, packing = raw_mode.rstrip("R").partition(";")
    if image.format == "TIFF" and mode in ("1", "L") and packing.endswith("I"):
        values = ~values if mode == "1" else 255 - values
    if stretch := _STRETCH.get(raw_mode.rstrip("R").removesuffix("I")):
        values = values // stretch
    return _apply_sign(image, values) if image.format == "TIFF" else values


def _apply_sign(image: Image.Image, values: np.ndarray) -> np.ndarray:
    value = image.tag_v2.get(_SAMPLE_FORMAT, (_UNSIGNED,))  # type: ignore[attr-defined]
    kind = value[0] if isinstance(value, tuple) else value
    if image.mode == "L" and kind == _SIGNED:
        return values.view(np.int8)
    if image.mode == "I" and kind == _UNSIGNED:
        return values.view(np.uint32)
    return values
