"""Section 4, data: the class numbers of a label file as its writer stored them, whatever a viewer makes of the file.

Pillow decodes for people: it stretches grey of 2 and 4 bits to 0..255, turns min-is-white grey round, reads signed
bytes as unsigned ones and cuts colours of 16 bits to 8. Right for a photograph, other numbers for labels.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from jaxtyping import Int32
from PIL import Image

from bench.errors import BadSample

UNSURE = ("JPEG", "MPO", "JPEG2000", "WEBP", "AVIF", "HEIF", "GIF")
"""Formats that may be lossy, or, as GIF, may number the palette anew."""
_STRETCH = {"L;2": 85, "L;4": 17}
_LARGEST = 2**31 - 1
_SAMPLE_FORMAT, _SIGNED = 339, 2
_USE = "use a palette or grey PNG"


def stored_numbers(path: Path, image: Image.Image, stored: object) -> Int32[np.ndarray, "h w"]:
    """The numbers of a loaded picture: palette index, grey value, or the value that all colour channels share.

    ``stored`` are the arguments of its decoder, which Pillow forgets in ``load``. Raises `BadSample` for lossy files,
    for colours, for transparency and for fractions, which are no numbers of classes.
    """
    if image.format in UNSURE or image.info.get("compression") in ("jpeg", "webp"):
        raise BadSample(f"{path}: labels in {image.format}, a lossy format or one that renumbers; {_USE}")
    raw = str(stored[0] if isinstance(stored, tuple) and stored else stored)
    if image.mode in ("LA", "RGB", "RGBA", "RGBX", "PA"):
        return _shared_channel(path, image, raw)
    if image.mode == "F":
        return whole_numbers(path, np.asarray(image))
    if image.mode not in ("1", "P", "L") and not image.mode.startswith("I"):
        raise BadSample(f"{path}: labels must be a palette or grey PNG but this is {image.mode}: colours; {_USE}")
    return _grey(image, raw)


def whole_numbers(path: Path, values: np.ndarray) -> Int32[np.ndarray, "h w"]:
    """Floating-point labels as whole numbers. Raises `BadSample` where one has a fraction or is no number."""
    odd = values[~(np.isfinite(values) & (values == np.floor(values)))]
    if odd.size:
        raise BadSample(f"{path}: labels are {values.dtype} and not all whole numbers, e.g. {odd.flat[0]:g}; {_USE}")
    return bounded(values)


def bounded(values: np.ndarray) -> Int32[np.ndarray, "h w"]:
    """Whole numbers of any type as int32; those beyond become its bounds, which no class has."""
    return np.clip(values, -_LARGEST, _LARGEST).astype(np.int32)


def _grey(image: Image.Image, raw: str) -> np.ndarray:
    values = np.asarray(image)
    if image.mode == "1":
        values = values.astype(np.uint8)
    if re.match(r"[1L];\d?I", raw):  # min is white
        values = (1 if image.mode == "1" else 255) - values
    signed = getattr(image, "tag_v2", {}).get(_SAMPLE_FORMAT)
    if image.mode == "L" and _SIGNED in (signed if isinstance(signed, tuple) else (signed,)):
        values = values.view(np.int8)
    if raw == "I;32N":  # Pillow's word for unsigned 32 bits, which its mode I shows with a sign
        values = values.view(np.uint32)
    return bounded(values) // _STRETCH.get(raw[:3], 1)


def _shared_channel(path: Path, image: Image.Image, raw: str) -> np.ndarray:
    values = np.asarray(image)
    alpha = image.mode in ("LA", "RGBA", "PA")
    colours = values[:, :, :-1] if alpha or image.mode == "RGBX" else values
    odd = np.argwhere((colours != colours[:, :, :1]).any(axis=2))
    if len(odd):
        y, x = odd[0]
        seen = ", ".join(map(str, colours[y, x].tolist()))
        raise BadSample(
            f"{path}: colours, not class numbers (a palette PNG that was saved as RGB): pixel x={x} y={y} is ({seen}); "
            "use the publisher's file, or a palette or grey PNG of class numbers"
        )
    if ";16" in raw:
        raise BadSample(f"{path}: 16-bit {image.mode}, of which only 8 bits can be read; write 16-bit grey")
    if alpha and (values[:, :, -1] != 255).any():
        raise BadSample(f"{path}: partly transparent, so what its numbers mean is not sure; save it without alpha")
    return bounded(colours[:, :, 0])
