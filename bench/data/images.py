"""Section 4, data: image files of any kind as 8-bit RGB, and label files as class numbers.

Whatever a decoder says of a damaged file becomes one `BadSample` line. Pillow is never told to accept truncated files:
the missing part would be scored as if it were picture.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Int32, UInt8
from PIL import Image, ImageOps

from bench.data.files import describe_missing
from bench.data.jpeg import shorten_jpeg
from bench.data.label_numbers import read_label_numbers
from bench.data.stored_numbers import find_raw_mode
from bench.errors import BadSample

MAX_PIXELS = 89_478_485
"""Larger pictures are refused before decoding (Pillow's own warning level: 256 MB of RGB)."""

CheckSize = Callable[[tuple[int, int]], None]
_TOO_LARGE = f"has more than the {MAX_PIXELS} pixels allowed (a decompression bomb?); make it smaller"
_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")
_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")


def read_image(path: Path | str, *, orient: bool = True, data: bytes | None = None) -> UInt8[np.ndarray, "h w 3"]:
    """Read an image file of any kind as 8-bit RGB; with ``data`` these bytes, and ``path`` says whence they are.

    Grey and palette images become RGB; transparency is laid on white (as a page shows it); 16-bit grey is scaled, not
    clipped; of an animation the first frame counts. ``orient`` turns a photograph as its EXIF tag says, the way people
    see it; pass False where a label mask lies beside it, for masks are drawn on the pixels as stored.
    Raises `BadSample` for a file that is missing, empty, truncated, no image, of unknown range or too large.
    """
    return _read(Path(path), lambda image, _: _make_rgb(Path(path), image, orient), data)


def read_beside_mask(path: Path | str, *, blank: bool = False, data: bytes | None = None) -> UInt8[np.ndarray, "h w 3"]:
    """Read an image without ``orient``, or with ``blank`` black of its size, for scoring sees no colour.

    Both raise `BadSample` for the same files: of a blank JPEG only the part is decoded that decides it
    (`shorten_jpeg`), else all of it into an eighth of its rows and columns and in grey; pictures of other kinds are
    read as always.
    """
    read = partial(_read, Path(path), lambda image, _: _make_rgb(Path(path), image, False), skim=blank)
    if blank and (short := _shorten(Path(path), data)):
        with suppress(BadSample):  # the whole file says what is wrong
            return read(short)
    return read(data)


def _shorten(path: Path, data: bytes | None) -> bytes | None:
    try:
        return shorten_jpeg(path.read_bytes() if data is None else data)
    except OSError:
        return None


def read_labels(path: Path | str, *, data: bytes | None = None) -> Int32[np.ndarray, "h w"]:
    """Read a label file as numbers: palette index, grey value, or the value that all channels of a colour share.

    Raises `BadSample` as `read_image` does, and for colours and lossy files, whose class numbers are lost.
    """
    return read_narrow_labels(path, data=data).astype(np.int32, copy=False)


def read_narrow_labels(
    path: Path | str, *, data: bytes | None = None, check_size: CheckSize | None = None
) -> UInt8[np.ndarray, "h w"] | Int32[np.ndarray, "h w"]:
    """Read labels as `read_labels` does, as bytes where the file has bytes: an eighth of the memory.

    ``check_size`` is given height and width as the file claims them, before it is decoded, and raises what is wrong.
    """
    return _read(Path(path), partial(read_label_numbers, Path(path)), data, check_size=check_size)


def _read(
    path: Path, convert: Callable[[Image.Image, str], np.ndarray], data: bytes | None, skim: bool = False,
    check_size: CheckSize | None = None,
) -> np.ndarray:  # fmt: skip
    try:
        if (path.stat().st_size if data is None else len(data)) == 0:
            raise BadSample(f"{path}: file is empty (0 bytes)")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # doubts about EXIF and other blocks that hold no pixels
            with Image.open(path if data is None else BytesIO(data)) as image:
                if check_size:
                    check_size((image.height, image.width))
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                if image.width * image.height > MAX_PIXELS:
                    raise BadSample(f"{path}: {_TOO_LARGE}")
                raw_mode, size = find_raw_mode(image), (image.height, image.width)
                if skim and image.format == "JPEG":
                    image.draft("L", (1, 1))
                    image.load()
                    return np.broadcast_to(np.zeros(3, np.uint8), (*size, 3))
                image.load()
                return convert(image, raw_mode)
    except BadSample:
        raise
    except FileNotFoundError as error:
        raise BadSample(describe_missing(path)) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadSample(f"{path}: {_TOO_LARGE}") from error
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error and more
        raise BadSample(f"{path}: {_describe_error(error)}") from error


def _describe_error(error: Exception) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "not an image of a known format, or its header is damaged"
    text = " ".join(str(error).split()) or type(error).__name__
    return f"cannot be decoded ({text[:160]})"


def _make_rgb(path: Path, image: Image.Image, orient: bool) -> np.ndarray:
    picture = _orient(image) if orient else image
    if picture.mode in _SIXTEEN_BIT:
        grey = _scale_to_eight_bits(path, np.asarray(picture))
        return np.repeat(grey[:, :, None], 3, axis=2)
    if picture.mode == "F":
        raise BadSample(f"{path}: floating-point values have no known range; save it as 8-bit RGB")
    if picture.mode in _WITH_ALPHA or "transparency" in picture.info:
        return _lay_on_white(picture)
    return np.array(picture.convert("RGB"), dtype=np.uint8)


def _orient(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged EXIF block says nothing of the pixels, which are whole
        return image


def _scale_to_eight_bits(path: Path, values: np.ndarray) -> np.ndarray:
    wide = values.astype(np.int64)
    if wide.min() < 0 or wide.max() > 65535:
        raise BadSample(f"{path}: 32-bit values have no known range; save it as 8- or 16-bit")
    return ((wide * 255 + 32767) // 65535).astype(np.uint8)


def _lay_on_white(picture: Image.Image) -> np.ndarray:
    rgba = np.asarray(picture.convert("RGBA"), dtype=np.int32)
    alpha = rgba[:, :, 3:]
    return ((rgba[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
