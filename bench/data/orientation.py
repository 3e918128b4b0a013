"""Section 4, data: pictures whose tag says that they are shown turned, beside masks that may be turned or not."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from bench.data.jpeg import lacks_notes

_TAG = 0x0112
_ON_THE_SIDE = (5, 6, 7, 8)


def list_orientation_remarks(files: Iterable[tuple[str, Path, Path]]) -> tuple[str, ...]:
    """List what becomes of pictures with an orientation tag, from the headers of ids, pictures and masks alone."""
    kinds: dict[str, list[str]] = {"turned": [], "stored": [], "unsure": []}
    for image_id, image, mask in files:
        kind = _read_kind(image, mask)
        if kind:
            kinds[kind].append(image_id)
    return tuple(
        f"pictures with an orientation tag: {len(ids)} {_MEANING[kind]}, the first {ids[0]!r}"
        for kind, ids in kinds.items()
        if ids
    )


_MEANING = {
    "turned": "turned as it says, for their masks have the turned size",
    "stored": "taken as stored, for their masks have the stored size",
    "unsure": "taken as stored, though the sizes of their masks cannot tell",
}


def _read_kind(image: Path, mask: Path) -> str | None:
    try:
        if lacks_notes(image):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(image) as picture:
                tag, size = picture.getexif().get(_TAG, 1), picture.size
        if tag not in range(2, 9):
            return None
        shape = mask_size(mask)
    except Exception:  # a damaged file is said when it is read
        return None
    if tag not in _ON_THE_SIDE or size[0] == size[1]:
        return "unsure"
    return {size: "stored", size[::-1]: "turned"}.get(shape)


def mask_size(mask: Path) -> tuple[int, int]:
    """Read width and height of a mask from its header."""
    if mask.suffix.lower() == ".npy":
        height, width = np.load(mask, mmap_mode="r", allow_pickle=False).shape
        return width, height
    with Image.open(mask) as picture:
        return picture.size
