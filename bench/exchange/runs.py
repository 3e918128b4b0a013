"""Section 4, predictions as files: COCO's run lengths of many masks at once, checked, made of label maps and pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Bool, Int32, Int64, Integer, UInt8
from pycocotools import mask as coco

from bench.predictions import rle

Size = tuple[int, int]
"""Height and width in pixels."""


def read_many_runs(texts: Sequence[str], size: Size) -> list[Int32[np.ndarray, " r"] | str]:
    """Read n compressed counts of masks of a size, return the run lengths of each, or what is wrong with it.

    All characters are looked at in one pass of arrays, a fifth of the time of one by one; where that finds a fault each
    is read by `rle.read_runs`, which says why.
    """
    together = _read_together(texts, size[0] * size[1]) if texts else []
    found = [_read_alone(text, size) for text in texts] if together is None else together
    return [describe_fault(text, size) or "" if runs is None else runs for text, runs in zip(texts, found, strict=True)]


def _read_alone(text: str, size: Size) -> Int32[np.ndarray, " r"] | None:
    try:
        return rle.read_runs(text, *size).astype(np.int32)
    except (ValueError, TypeError):
        return None


def describe_fault(counts: str | Sequence[int], size: Size) -> str | None:
    """Describe what is wrong with counts, compressed or plain, of a mask of a size; None where nothing is."""
    try:
        rle.read_runs(counts, *size)
    except (ValueError, TypeError, OverflowError) as error:
        return f"mask cannot be read ({error})"
    return None


def read_plain_runs(counts: Sequence[int], size: Size) -> Int32[np.ndarray, " r"] | str:
    """Read plain counts, whole numbers, of a mask of a size: the run lengths, or what is wrong with them.

    Looked at as one array; where that finds a fault `rle.read_runs` says which.
    """
    try:
        runs, pixels = np.fromiter(counts, np.int32, len(counts)), size[0] * size[1]
        if runs.size and runs.min() >= 0 and runs.max() <= pixels and runs.sum(dtype=np.int64) == pixels:
            return runs
        return describe_fault(counts, size) or rle.read_runs(counts, *size).astype(np.int32)
    except OverflowError:
        return describe_fault(counts, size) or ""


def compress(runs: Sequence[int] | Integer[np.ndarray, " r"], size: Size) -> str:
    """Compress run lengths, background first, down the columns, which were checked."""
    plain = {"size": list(size), "counts": np.asarray(runs, np.uint32)}  # an array: half the time of a list
    text: bytes = coco.frPyObjects(plain, *size)["counts"]
    return text.decode("ascii")


def encode_mask(mask: Bool[np.ndarray, "h w"]) -> str:
    """Encode one mask. Only of booleans: pycocotools makes something else of masks that hold 1 and 2."""
    return rle.encode(np.asarray(mask)[None] != 0)[0]


def encode_labels(labels: Integer[np.ndarray, "h w"]) -> dict[int, str]:
    """Encode a picture of numbers: the counts of each number in it, ascending, in one pass over the pixels."""
    flat = np.asarray(labels).T.ravel()  # down the columns
    begins = np.flatnonzero(np.append(True, flat[1:] != flat[:-1])) if flat.size else np.zeros(0, np.int64)
    lengths, values = np.diff(np.append(begins, flat.size)), flat[begins]
    order = np.argsort(values, kind="stable")
    numbers, firsts = np.unique(values[order], return_index=True)
    groups = np.split(order, firsts[1:]) if len(numbers) else []
    size = labels.shape[0], labels.shape[1]
    return {
        int(number): compress(_make_runs(begins[group], lengths[group], flat.size), size)
        for number, group in zip(numbers, groups, strict=True)
    }


def decode_counts(counts: str, size: Size) -> Bool[np.ndarray, "h w"]:
    """Decode the mask of counts that were checked."""
    return decode_runs(rle.read_runs(counts, *size), size)


def decode_runs(runs: Integer[np.ndarray, " r"], size: Size) -> Bool[np.ndarray, "h w"]:
    """Decode the mask of run lengths that were checked, background first, down the columns."""
    return np.repeat(_alternate(1 << max(8, len(runs).bit_length()))[: len(runs)], runs).reshape(size[::-1]).T


@lru_cache(maxsize=32)
def _alternate(length: int) -> Bool[np.ndarray, " length"]:
    """Make False, True, False, True …"""
    return np.arange(length) % 2 == 1


def unite(counts: Iterable[str], size: Size) -> str:
    """Unite masks whose counts were checked into one."""
    coded = [{"size": list(size), "counts": text.encode("ascii")} for text in counts]
    text: bytes = coco.merge(coded)["counts"]
    return text.decode("ascii")


def _make_runs(begins: Int64[np.ndarray, " p"], lengths: Int64[np.ndarray, " p"], total: int) -> np.ndarray:
    """Make run lengths, background first, of p pieces in their order."""
    ends = begins + lengths
    gaps = np.append(begins, total) - np.append(0, ends)  # background before each piece and after the last
    runs = np.zeros(2 * len(begins) + 1, np.int64)
    runs[0::2], runs[1::2] = gaps, lengths
    return runs if runs[-1] else runs[:-1]


def _read_together(texts: Sequence[str], pixels: int) -> list[Int32[np.ndarray, " r"] | None] | None:
    """Read the runs of n texts, None for one that does not fill the picture; None for all where a sign is none."""
    joined = "".join(texts)
    if not all(texts) or not joined.isascii() or len(joined) > _MOST or pixels > _LARGEST:
        return None
    codes = np.frombuffer(joined.encode("ascii"), np.uint8) - np.uint8(48)  # below "0" it wraps around, beyond 63
    last = np.cumsum([len(text) for text in texts]) - 1  # the last sign of each text
    if codes.max(initial=0) > 63 or (codes[last] & 32).any():
        return None
    ends = np.flatnonzero(codes < 32)  # of numbers
    lengths = np.diff(ends, prepend=-1)
    if lengths.max() > 6:  # 30 bits; a picture needs fewer, but the longer form may be written
        return None
    values = _add_digits(codes, ends, lengths)
    stops = np.searchsorted(ends, last) + 1
    runs = [values[begin:end] for begin, end in pairwise([0, *stops.tolist()])]
    for one in runs:  # from its fourth on, a number is the difference to the last but one
        np.add.accumulate(one[1::2], out=one[1::2])
        np.add.accumulate(one[2::2], out=one[2::2])
    begins = np.append(0, stops[:-1])
    fills = np.add.reduceat(values, begins, dtype=np.int64) == pixels
    sound = fills & (np.minimum.reduceat(values, begins) >= 0) & (np.maximum.reduceat(values, begins) <= pixels)
    return [one if good else None for one, good in zip(runs, sound.tolist(), strict=True)]


def _add_digits(codes: UInt8[np.ndarray, " c"], ends: Int64[np.ndarray, " v"], lengths: Any) -> Int32[np.ndarray, " v"]:
    """Add up the digits of v numbers, 5 bits each: the last is the highest, and has the sign."""
    values: np.ndarray = _LAST[codes[ends]]
    at = np.flatnonzero(lengths > 1)
    places, many, length = ends[at], values[at], lengths[at]
    for back in range(1, int(lengths.max(initial=1))):
        if back > 1:
            longer = length > back
            at, places, many, length = at[longer], places[longer], many[longer], length[longer]
        many = many << 5 | codes[places - back] & 31
        values[at] = many
    return values


_MOST, _LARGEST = 1 << 28, 1 << 27
"""Signs of one image, and pixels of one mask, that are looked at together; more are looked at one by one."""
_LAST = ((np.arange(64) & 31) - 2 * (np.arange(64) & 16)).astype(np.int32)
"""The last digit of a number: 16 is its sign."""
