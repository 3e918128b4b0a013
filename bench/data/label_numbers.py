"""Section 4, data: the class numbers of a label file as tools write them, from any lossless picture or array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int32, UInt8
from PIL import Image

from bench.data.stored_numbers import read_stored_numbers
from bench.errors import BadSample

UNSURE = ("JPEG", "MPO", "JPEG2000", "WEBP", "AVIF", "HEIF", "GIF")
"""Formats that may be lossy, or, as GIF, may number the palette anew."""
_COLOURS = ("LA", "PA", "RGB", "RGBA", "RGBX")
_LARGEST = int(np.iinfo(np.int32).max)
_USE = "use a palette or grey PNG"


def read_label_numbers(
    path: Path, image: Image.Image, raw_mode: str
) -> UInt8[np.ndarray, "h w"] | Int32[np.ndarray, "h w"]:
    """Read the numbers of a loaded picture: palette index, grey value, or the value that all colour channels share.

    Bytes stay bytes.
    ``raw_mode`` is what `stored_numbers.find_raw_mode` said of it. Raises `BadSample` for lossy files, for colours,
    for transparency and for fractions, which are no numbers of classes.
    """
    if image.format in UNSURE or image.info.get("compression") in ("jpeg", "webp"):
        raise BadSample(f"{path}: labels in {image.format}, a lossy format or one that renumbers; {_USE}")
    if image.mode in _COLOURS:
        return _read_shared_channel(path, image, raw_mode)
    if image.mode == "F":
        return make_whole_numbers(path, np.asarray(image))
    if image.mode not in ("1", "P", "L", "I") and not image.mode.startswith("I;16"):
        raise BadSample(f"{path}: labels must be a palette or grey PNG but this is {image.mode}: colours; {_USE}")
    numbers = read_stored_numbers(image, raw_mode)
    _refuse_cut_numbers(path, image, raw_mode, numbers)
    if numbers.dtype == np.uint32 and numbers.max(initial=0) > _LARGEST:
        raise BadSample(f"{path}: holds {numbers.max()}, but class numbers go up to {_LARGEST}")
    return numbers if numbers.dtype == np.uint8 else numbers.astype(np.int32)


def _refuse_cut_numbers(path: Path, image: Image.Image, raw_mode: str, numbers: np.ndarray) -> None:
    """Raise `BadSample` for a palette of 1, 2 or 4 bits a pixel with a number beyond its colours.

    Pillow cuts the numbers of a short palette to as many bits as the palette needs: 255 beside 8 colours is saved as
    15 (13.0.0, as long before). With 2, 4 or 16 colours that cannot be told from the last of them.
    """
    if raw_mode not in ("P;1", "P;2", "P;4") or image.palette is None:
        return
    colours, highest = len(image.palette.palette) // len(image.palette.mode), int(numbers.max(initial=0))
    if highest >= colours:
        raise BadSample(
            f"{path}: holds {highest}, but its palette has {colours} colours: saved with a palette that was too short, "
            "which cuts numbers (255 to 1, 3 or 15); save it again with 256 colours, or as grey"
        )


def make_whole_numbers(path: Path, values: np.ndarray) -> Int32[np.ndarray, "h w"]:
    """Make floating-point labels whole numbers. Raises `BadSample` where one has a fraction or is no number."""
    odd = values[~(np.isfinite(values) & (values == np.floor(values)))]
    if odd.size:
        raise BadSample(f"{path}: labels are {values.dtype} and not all whole numbers, e.g. {odd.flat[0]:g}; {_USE}")
    return clip_numbers(values)


def clip_numbers(values: np.ndarray) -> Int32[np.ndarray, "h w"]:
    """Clip whole numbers of any type as int32; those beyond become its bounds, which no class has."""
    return np.clip(values, -_LARGEST, _LARGEST).astype(np.int32)


def _read_shared_channel(path: Path, image: Image.Image, raw_mode: str) -> np.ndarray:
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
    if ";16" in raw_mode:
        raise BadSample(f"{path}: 16-bit {image.mode}, of which only 8 bits can be read; write 16-bit grey")
    if alpha and (values[:, :, -1] != 255).any():
        raise BadSample(f"{path}: partly transparent, so what its numbers mean is not sure; save it without alpha")
    return clip_numbers(colours[:, :, 0])
