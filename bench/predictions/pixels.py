"""Predictions on disk: the pixels of an image's segments, as one picture of labels or, where they overlap, as masks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Integer

from bench.data.images import read_narrow_labels
from bench.errors import BadSample
from bench.lookup import look_up
from bench.predictions import rle
from bench.predictions.beside import find_beside
from bench.predictions.faults import Faults

_LAST_ID = int(np.iinfo(np.int32).max)
_BYTES, _DENSE = 1 << 8, 1 << 16
"""Ids below this are looked up in a table: all that a picture of 16 bits can hold."""
Pixels = Integer[np.ndarray, "h w"] | Bool[np.ndarray, "n h w"]
"""Labels (0, or a segment's position + 1), or a mask for each segment."""


def read_codes(faults: Faults, where: str, segments: list[Any], size: tuple[int, int]) -> Pixels:
    """Read COCO's run lengths, one mask a segment; a faulty one stays empty."""
    codes = []
    for position, segment in enumerate(segments):
        codes.append(_read_runs(faults, f"{where}, segment {position}", segment, size))
    labels = rle.paint(codes, *size)
    if labels is not None:
        return labels
    return np.stack([rle.unroll(runs, *size) for runs in codes])


def _read_runs(faults: Faults, place: str, segment: Any, size: tuple[int, int]) -> np.ndarray:
    """Read the run lengths of one segment, background first; one run of background with a fault noted."""
    coded = faults.get(segment, "segmentation", dict, place, None)
    counts: Any = None if coded is None else coded.get("counts")
    if coded is not None and coded.get("size") != list(size):
        misfit = f"mask of size {coded.get('size')!r:.40} in a picture of {list(size)} (height, width)"
        faults.append(f"{place}: {misfit}")
    elif coded is not None and not isinstance(counts, str | list):
        faults.append(f"{place}: counts must be COCO's text or a list of run lengths")
    elif coded is not None:
        try:
            return rle.read_runs(counts, *size)
        except (ValueError, TypeError) as error:
            faults.append(f"{place}: mask cannot be read ({error})")
    return np.array([size[0] * size[1]], np.int64)


def read_map(
    faults: Faults, where: str, name: str, segments: list[Any], size: tuple[int, int], folder: Path, look: bool = True
) -> tuple[Integer[np.ndarray, "h w"], Integer[np.ndarray, " k"] | None]:
    """Read a picture whose values are the ids of the segments; 0 belongs to none. Empty with a fault noted.

    Its labels and None; or, without a ``look`` at its pixels, its bytes and the label of each of them, -1 of no id.
    """
    ids, empty = _read_ids(faults, where, segments), np.zeros(size, np.int32)
    try:
        numbers = read_narrow_labels(find_beside(folder, name), check_size=partial(_check_size, size))
    except _OtherSizeError as error:
        faults.append(f"{where}: label map of size {error} in a picture of {list(size)} (height, width)")
        return empty, None
    except BadSample as error:
        faults.append(f"{where}: label map: {error}")
        return empty, None
    ids = [value if abs(value) <= _LAST_ID else -1 for value in ids]
    if not look and numbers.dtype == np.uint8 and ids and min(ids) > 0 and max(ids) < _DENSE:
        return numbers, _make_table(ids, 0)[:_BYTES]
    labels = _look_up(numbers, ids)
    if labels.min() < 0:
        strays = ", ".join(map(str, np.unique(numbers[labels < 0])[:5]))
        faults.append(f"{where}: label map holds {strays}, but no segment has such an id (0 is for unlabelled pixels)")
    return labels, None


class _OtherSizeError(BadSample):
    """A label map is of another size than its image, as its text says."""


def _check_size(size: tuple[int, int], claimed: tuple[int, int]) -> None:
    """Check what the header says: a map that is too large is never unpacked."""
    if claimed != size:
        raise _OtherSizeError(str(list(claimed)))


def _read_ids(faults: Faults, where: str, segments: list[Any]) -> list[int]:
    ids = [faults.get(s, "id", int, f"{where}, segment {position}", -1) for position, s in enumerate(segments)]
    seen: set[int] = set()
    for position, value in enumerate(ids):
        if value == 0 or value > _LAST_ID or value in seen:
            wrong = "is 0 or stands there twice" if value <= _LAST_ID else "is larger than any in a picture"
            faults.append(f"{where}, segment {position}: id {value!r:.20} {wrong}")
        seen |= {value} if value > 0 else set()
    return ids


def _look_up(numbers: Integer[np.ndarray, "h w"], ids: list[int]) -> Integer[np.ndarray, "h w"]:
    """Look up for each pixel the position of its number among the ids plus 1, 0 for 0, -1 for what is no id."""
    known = np.array([0, *ids], np.int64)
    if min(known.min(), numbers.min()) < 0 or max(known.max(), numbers.max()) >= _DENSE:
        labels = np.arange(len(ids) + 1, dtype=rle.choose_label_type(len(ids)))
        values, at = np.unique(known, return_index=True)
        place = np.searchsorted(values, numbers).clip(max=len(values) - 1)  # [h, w] of the sorted ids
        return np.where(values[place] == numbers, labels[at][place], labels.dtype.type(-1))
    table = _make_table(ids, int(numbers.max()))
    return look_up(table[:_BYTES] if numbers.dtype == np.uint8 else table, numbers)


def _make_table(ids: list[int], least: int) -> Integer[np.ndarray, " k"]:
    """Make the label of each number from 0 to ``least`` or further: the position among the ids plus 1, -1 of no id."""
    table = np.full(max([*ids, least, _BYTES - 1]) + 1, -1, rle.choose_label_type(len(ids)))
    table[ids] = np.arange(1, len(ids) + 1)
    table[0] = 0
    return table
