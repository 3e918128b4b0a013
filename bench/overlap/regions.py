"""Section 4.3, regions (atoms of the algebra that masks generate): pixels under the same set of segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64, Integer, UInt16

from bench.records import LabelMap, Prediction

_GROUP = 10
"""Segments numbered at a time: tables of 2^10 entries for each region stay small."""
SPARSE = 8
"""Entries of a table for each pixel; where it would have more, only those that occur are numbered."""


@dataclass(frozen=True, eq=False)
class Regions:
    """``ids`` is the region of each pixel, ``membership`` which segments cover it, ``areas`` the pixels of segments."""

    ids: Integer[np.ndarray, "h w"]
    membership: Bool[np.ndarray, "a n"]
    areas: Int64[np.ndarray, " n"]


def list_regions(prediction: Prediction | LabelMap) -> Regions:
    """Number the sets of segments that cover a pixel. Of a label map `drop_absent` knows areas and which sets occur."""
    n = len(prediction)
    if isinstance(prediction, LabelMap):
        return Regions(prediction.labels, np.eye(n + 1, n, -1, bool), np.zeros(n, np.int64))
    ids, membership = _number_regions(prediction.masks)
    return Regions(ids, membership, np.array([np.count_nonzero(mask) for mask in prediction.masks], np.int64))


def drop_absent(
    regions: Regions, prediction: Prediction | LabelMap, pixels: Int64[np.ndarray, " a"] | None
) -> tuple[Regions, Int64[np.ndarray, " b"]]:
    """Drop empty regions: return those that occur, in the order that masks are numbered in, and which they are.

    ``pixels`` are those of each region at the prediction's own size, where they have been counted.
    """
    if isinstance(prediction, Prediction):
        return regions, np.arange(len(regions.membership))
    n, labels = len(prediction), prediction.labels
    pixels = np.bincount(labels.ravel(order="K"), minlength=n + 1) if pixels is None else pixels
    segments = np.arange(1, n + 1)
    # As masks are numbered: pixels of no segment, then the last group of segments, at the end the first.
    order = np.array([0, *segments[np.argsort(-((segments - 1) // _GROUP), kind="stable")]])
    order = order[pixels[order] > 0]
    return Regions(labels, regions.membership[order], pixels[1:]), order


def _number_regions(masks: Bool[np.ndarray, "n h w"]) -> tuple[Int64[np.ndarray, "h w"], Bool[np.ndarray, "a n"]]:
    """Number them some segments at a time, so that any n stays exact."""
    shape = masks.shape[1:] if masks.shape[0] else (1, 1)
    ids, steps = np.zeros(shape, np.int64), []
    for start in range(0, len(masks), _GROUP):
        group = masks[start : start + _GROUP]
        ids <<= len(group)
        ids += _encode_group(group)
        ids, codes = renumber(ids)
        bits = (codes[:, None] >> np.arange(len(group))) & 1
        steps.append((start, codes >> len(group), bits.astype(bool)))
    region = np.arange(int(ids.max()) + 1)
    membership = np.zeros((len(region), len(masks)), bool)
    for start, before, bits in reversed(steps):  # from the last regions back to those that they were cut from
        membership[:, start : start + bits.shape[1]] = bits[region]
        region = before[region]
    return ids, membership


def _encode_group(group: Bool[np.ndarray, "g h w"]) -> UInt16[np.ndarray, "h w"]:
    """Encode each set of segments as a number: segment i is bit i."""
    code = np.zeros(group.shape[1:], np.uint16)
    for mask in group[::-1]:
        code += code
        code |= mask
    return code


def renumber(codes: Integer[np.ndarray, "h w"]) -> tuple[Int64[np.ndarray, "h w"], Int64[np.ndarray, " a"]]:
    """Renumber codes: for each pixel the position of its code among those that occur, and these, ascending."""
    if codes.max() > SPARSE * codes.size:  # a table would be larger than sorting is slow
        present, ids = np.unique(codes, return_inverse=True)
        return ids.reshape(codes.shape), present
    present = np.flatnonzero(np.bincount(codes.ravel()))
    position = np.zeros(int(present[-1]) + 1, np.int64)
    position[present] = np.arange(len(present))
    return position[codes], present
