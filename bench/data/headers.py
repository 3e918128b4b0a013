"""Section 4, data: how large an image or an array says that it is, read from its first bytes and nothing unpacked."""

from __future__ import annotations

import os
import warnings
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from bench.booleans import describe_odd_bytes
from bench.errors import BadSample


def read_claimed_size(path: Path, data: bytes | None = None) -> tuple[int, int] | None:
    """Read height and width that a file (.npy, else an image of any kind) says it has; None where it says nothing.

    What is wrong with a file that says nothing is told by whoever reads it.
    """
    try:
        if data is None and path.suffix == ".npy":
            with path.open("rb") as stream:
                shape, _ = read_array_header(stream)
            return (shape[0], shape[1]) if len(shape) == 2 else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path if data is None else BytesIO(data)) as image:
                return image.height, image.width
    except Exception:  # decoders raise OSError, SyntaxError, ValueError, struct.error and more
        return None


def refuse_larger(
    path: Path, size: tuple[int, int], image: str = "", data: bytes | None = None, what: str = "mask"
) -> None:
    """Raise BadSample where the mask at ``path`` says it has more pixels than its image of ``size`` (height, width).

    Said before it is decoded: a few bytes can claim to be gigabytes.
    """
    if (claimed := read_claimed_size(path, data)) is not None:
        check_not_larger(path, size, image, what, claimed)


def check_not_larger(path: Path, size: tuple[int, int], image: str, what: str, claimed: tuple[int, int]) -> None:
    """Raise BadSample where a mask whose ``claimed`` size is known has more pixels than its image of ``size``."""
    if claimed[0] * claimed[1] > size[0] * size[1]:
        check_same_size(path, size, claimed, image, what)


def check_same_size(
    path: Path, size: tuple[int, int], own: tuple[int, ...], image: str = "", what: str = "mask"
) -> None:
    """Raise BadSample where a mask, height and width ``own``, is not as large as its image of ``size``.

    ``image`` is a word and a space, or empty, that names the image in the message.
    """
    if own != size:
        raise BadSample(f"{path}: {what} is {own[1]}x{own[0]} but its image {image}is {size[1]}x{size[0]}")


def read_array_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Read shape and dtype of an array in NumPy's format; the stream stands at its first number afterwards.

    Raises ValueError for another format and for an array of Python objects, which only unpickling could read.
    """
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ValueError(f"version {version} of NumPy's format; save it again with np.save")
    if dtype.hasobject:
        raise ValueError("an array of Python objects; save numbers")
    if any(length < 0 for length in shape):
        raise ValueError(f"shape {list(shape)}")
    return tuple(shape), dtype


def compute_size(shape: tuple[int, ...], dtype: np.dtype) -> int:
    """Count the bytes of an array, as a Python number that does not wrap around."""
    total = int(dtype.itemsize)
    for length in shape:
        total *= int(length)
    return total


def read_whole_array(path: Path, limit: int) -> np.ndarray:
    """Read the array of a .npy file.

    Raises ValueError where it claims more than ``limit`` numbers or than it has, and for odd booleans.
    """
    with path.open("rb") as stream:
        shape, dtype = read_array_header(stream)
        claimed_bytes, held_bytes = compute_size(shape, dtype), os.fstat(stream.fileno()).st_size - stream.tell()
        if claimed_bytes > limit * max(1, dtype.itemsize):
            raise ValueError(f"says it has the shape {list(shape)}: more than {limit} numbers")
        if claimed_bytes > held_bytes:
            raise ValueError(f"says it holds {claimed_bytes} bytes but has {held_bytes}")
        stream.seek(0)
        array: np.ndarray = np.load(stream, allow_pickle=False)
    if fault := describe_odd_bytes(array):
        raise ValueError(fault)
    return array
