"""Section 4, predictions as files: COCO's run lengths of many masks at once, checked, made of label maps and pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64, Integer
from pycocotools import mask as coco

from bench.predictions import rle

Size = tuple[int, int]
"""Height and width in pixels."""


def check_counts(texts: Sequence[str], size: Size) -> list[str | None]:
    """Check n compressed counts for masks of a size, return what is wrong with each (None: nothing).

    All are looked at in one pass of arrays, a twentieth of the time of one by one; what fails there is read again by
    `rle.read_runs`, which says why.
    """
    sound = _find_sound(texts, size[0] * size[1])
    return [None if good else describe_fault(text, size) for text, good in zip(texts, sound, strict=True)]


def describe_fault(counts: str | Sequence[int], size: Size) -> str | None:
    """Describe what is wrong with counts, compressed or plain, of a mask of a size; None where nothing is."""
    try:
        rle.read_runs(counts, *size)
    except (ValueError, TypeError, OverflowError) as error:
        return f"mask cannot be read ({error})"
    return None


def compress(runs: Sequence[int] | Int64[np.ndarray, " r"], size: Size) -> str:
    """Compress run lengths, background first, down the columns, which were checked."""
    plain = {"size": list(size), "counts": [int(run) for run in runs]}
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
    return rle.decode(counts, *size)


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


def _find_sound(texts: Sequence[str], pixels: int) -> Bool[np.ndarray, " n"]:
    """Find counts that are whole, hold no run below zero, and fill the picture; n texts as one array of characters."""
    sizes = np.array([len(text) for text in texts], np.int64)
    joined = "".join(texts)
    if not len(texts) or not sizes.all() or not joined.isascii() or len(joined) > 1 << 28:
        return np.zeros(len(texts), bool)
    codes = np.frombuffer(joined.encode("ascii"), np.uint8).astype(np.int16) - 48
    last = np.cumsum(sizes) - 1  # the last character of each text
    if codes.min() < 0 or codes.max() > 63 or (codes[last] & 32).any():
        return np.zeros(len(texts), bool)
    values, owners_first = _read_values(codes, last)
    if values is None or (np.abs(values) > pixels).any():
        return np.zeros(len(texts), bool)
    runs = _sum_differences(values, owners_first)
    sums = np.add.reduceat(runs, owners_first)
    lows = np.minimum.reduceat(runs, owners_first)
    sound: np.ndarray = (sums == pixels) & (lows >= 0)
    return sound


def _read_values(codes: np.ndarray, last: np.ndarray) -> tuple[Any, np.ndarray]:
    """Read the numbers of all texts, 5 bits a character, lowest first; where those of each text begin."""
    ends = np.flatnonzero(codes < 32)
    starts = np.append(0, ends[:-1] + 1)
    lengths = ends - starts + 1
    if lengths.max() > 7:  # more than any picture needs
        return None, ends
    values = (codes[starts] & 31).astype(np.int64)
    for place in range(1, int(lengths.max())):
        longer = np.flatnonzero(lengths > place)
        values[longer] |= (codes[starts[longer] + place] & 31).astype(np.int64) << (5 * place)
    negative = codes[ends] & 16 != 0
    values[negative] -= np.int64(1) << (5 * lengths[negative])
    firsts = np.searchsorted(starts, np.append(0, last[:-1] + 1))
    return values, firsts


def _sum_differences(values: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """Add up differences: from its fourth number on, each is told as the difference to the last but one of its text."""
    counts = np.diff(np.append(firsts, len(values)))
    place = np.arange(len(values)) - np.repeat(firsts, counts)
    runs = values.copy()
    for parity in (1, 0):
        at = np.flatnonzero((place & 1 == parity) & (place > 0))
        sums = np.cumsum(values[at])
        before = np.flatnonzero(place[at] <= 2)  # the first of each text
        base = sums[before] - values[at[before]]
        runs[at] = sums - np.repeat(base, np.diff(np.append(before, len(at))))
    return runs
