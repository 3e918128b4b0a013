"""Section 4, predictions as files: COCO run-length codes of masks, refused rather than misread when damaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64, Integer
from pycocotools import mask as coco

_LONGEST = 7  # characters of one number: 35 bits, more than any picture needs


def encode(masks: Bool[np.ndarray, "n h w"]) -> list[str]:
    """Encode the compressed counts of each mask, as in COCO's result files."""
    if not len(masks):
        return []
    coded = coco.encode(np.asfortranarray(masks.transpose(1, 2, 0), dtype=np.uint8))
    return [one["counts"].decode("ascii") for one in coded]


def decode(counts: str | Sequence[int], height: int, width: int) -> Bool[np.ndarray, "h w"]:
    """Decode the mask of ``counts`` (compressed, or a plain list of run lengths); raises as `read_runs` does."""
    return unroll(read_runs(counts, height, width), height, width)


def read_runs(counts: str | Sequence[int], height: int, width: int) -> Int64[np.ndarray, " r"]:
    """Read the lengths of the runs down the columns, background first, which fill the picture.

    Decoded here: pycocotools returns uninitialised memory for runs that end too early.
    Raises ValueError where the runs are malformed or do not fill the picture exactly.
    """
    pixels = height * width
    if isinstance(counts, str) and len(counts) > _LONGEST * (pixels + 1):
        raise ValueError("counts are longer than the picture has pixels")
    runs = _decompress(counts, pixels) if isinstance(counts, str) else _check_runs(counts, pixels)
    # One by one before they are summed: a sum of huge ones wraps around and may be right.
    if (runs < 0).any():
        raise ValueError("counts are malformed")
    if (runs > pixels).any():
        raise ValueError(f"a run is longer than any picture of {pixels} pixels")
    if runs.sum() != pixels:
        raise ValueError(f"counts cover {runs.sum()} pixels but the picture has {pixels}")
    return runs


def unroll(runs: Int64[np.ndarray, " r"], height: int, width: int) -> Bool[np.ndarray, "h w"]:
    """Unroll the mask of one segment's runs."""
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(width, height).T


def paint(codes: Sequence[Int64[np.ndarray, " r"]], height: int, width: int) -> Integer[np.ndarray, "h w"] | None:
    """Paint one picture of the runs of n segments: 0, or the segment's position + 1. None where two of them overlap."""
    bounds = [np.cumsum(runs)[: len(runs) // 2 * 2].reshape(-1, 2) for runs in codes]  # n of [pieces, begin and end]
    pieces = np.concatenate([np.zeros((0, 2), np.int64), *bounds])
    owner = np.repeat(np.arange(1, len(codes) + 1, dtype=choose_label_type(len(codes))), [len(one) for one in bounds])
    order = np.argsort(pieces[:, 0], kind="stable")
    order = order[pieces[order, 0] < pieces[order, 1]]  # a run may have no pixel
    (begin, end), owner = pieces[order].T, owner[order]
    if (begin[1:] < end[:-1]).any():
        return None
    # Background before each piece, the piece, and background after the last: 2 p + 1 runs of labels.
    values, lengths = np.zeros(2 * len(owner) + 1, owner.dtype), np.zeros(2 * len(owner) + 1, np.int64)
    values[1::2], lengths[1::2] = owner, end - begin
    lengths[0::2] = np.append(begin, height * width) - np.append(0, end)
    return np.repeat(values, lengths).reshape(width, height).T


def choose_label_type(n: int) -> type[np.signedinteger[Any]]:
    """Choose the smallest type of labels 0 to n, with -1 for none of them."""
    return np.int16 if n <= np.iinfo(np.int16).max else np.int32


def _check_runs(counts: Sequence[int], pixels: int) -> Int64[np.ndarray, " r"]:
    """Check plain runs; numbers that no picture has, and what is no whole number (true is none), are refused."""
    for run in counts:
        if isinstance(run, bool) or not isinstance(run, int | np.integer):
            raise TypeError(f"a run length should be a whole number but is {run!r:.40}")
    if min(counts, default=0) < 0:
        raise ValueError("counts are malformed")
    if max(counts, default=0) > pixels:
        raise ValueError(f"a run is longer than any picture of {pixels} pixels")
    return np.array([*counts], dtype=np.int64)


def _decompress(text: str, pixels: int) -> Int64[np.ndarray, " r"]:
    """Decompress 5 bits a character, lowest first; 32: "goes on". From the fourth: difference to the last but one."""
    codes = np.frombuffer(text.encode("utf-8"), dtype=np.uint8).astype(np.int64) - 48
    if not codes.size or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise ValueError("counts are malformed")
    ends = np.flatnonzero(codes & 32 == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _LONGEST:
        raise ValueError("counts are malformed")
    place = np.arange(codes.size) - np.repeat(starts, lengths)
    values = np.add.reduceat((codes & 31) << (5 * place), starts)
    values -= np.where(codes[ends] & 16, np.int64(1) << (5 * lengths), 0)
    if (np.abs(values) > pixels).any():
        raise ValueError(f"a run is longer than any picture of {pixels} pixels")
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values
