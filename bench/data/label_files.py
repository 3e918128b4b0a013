"""Section 4, data: the class numbers of a file on disk, a picture or an array of NumPy's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Int32, UInt8

from bench.data.files import describe_missing
from bench.data.headers import read_claimed_size, read_whole_array
from bench.data.images import MAX_PIXELS, CheckSize, read_narrow_labels
from bench.data.label_numbers import clip_numbers, make_whole_numbers
from bench.errors import BadSample

ARRAY = ".npy"


def read_label_file(
    path: Path, check_size: CheckSize | None = None
) -> UInt8[np.ndarray, "h w"] | Int32[np.ndarray, "h w"]:
    """Read the numbers of a label file, as bytes where a picture has bytes.

    ``check_size`` is given height and width as the file claims them, before it is unpacked, and raises what is wrong.
    An array may have a third axis of length 1, and floating point that is whole. Raises `BadSample` for a file that is
    missing or damaged, and for what is no plane of whole numbers.
    """
    if path.suffix.lower() != ARRAY:
        return read_narrow_labels(path, check_size=check_size)
    if check_size and (claimed := read_claimed_size(path)) is not None:
        check_size(claimed)
    values = _read_array(path)
    if values.ndim == 3 and 1 in (values.shape[0], values.shape[2]):
        values = values.reshape(values.shape[1:] if values.shape[0] == 1 else values.shape[:2])
    if values.ndim != 2 or values.dtype.kind not in "iubf" or not values.size:
        raise BadSample(f"{path}: needs whole numbers [h, w] but holds {values.dtype} {list(values.shape)}")
    return make_whole_numbers(path, values) if values.dtype.kind == "f" else clip_numbers(values)


def _read_array(path: Path) -> np.ndarray:
    try:
        return read_whole_array(path, MAX_PIXELS)
    except FileNotFoundError as error:
        raise BadSample(describe_missing(path)) from error
    except (OSError, ValueError, EOFError) as error:
        raise BadSample(f"{path}: no array that can be read ({str(error)[:120]})") from error
