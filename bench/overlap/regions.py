"""Section 4.3, regions (atoms of the algebra that masks generate): pixels under the same set of segments.

Neighbours mostly lie under the same segments, so pixels are looked at once, to find the runs along rows in which
nothing changes; everything else is done with one number a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int64, Integer, UInt8, UInt16

from bench.errors import StrayNumber
from bench.records import LabelMap, Prediction
from bench.resize import resize_nearest

_GROUP = 10
"""Segments numbered at a time: tables of 2^10 entries for each region stay small."""
_BYTE = 8
SPARSE = 8
"""Entries of a table for each pixel; where it would have more, only those that occur are numbered."""
Planes = Sequence[Integer[np.ndarray, "h w"]]
"""Pictures of numbers that together say under which segments a pixel lies."""


class Runs(NamedTuple):
    """Pixels row after row, cut where any of some pictures changes: where each run begins, and its pixels."""

    first: Int64[np.ndarray, " r"]
    lengths: Int64[np.ndarray, " r"]


@dataclass(frozen=True, eq=False)
class Regions:
    """``ids`` is the region of each run, ``membership`` which segments cover it, ``areas`` the pixels of segments.

    Areas are at the prediction's own size.
    """

    ids: Int64[np.ndarray, " r"]
    membership: Bool[np.ndarray, "a n"]
    areas: Int64[np.ndarray, " n"]


def cut_regions(prediction: Prediction | LabelMap, pictures: Planes) -> tuple[Regions, Runs]:
    """Cut pixels into runs in which neither a picture changes nor the segments that cover them: these, and the regions.

    Masks of another size than the pictures' are brought to it by nearest neighbour, which may lose a region.
    """
    planes, size = make_planes(prediction), (pictures[0].shape[0], pictures[0].shape[1])
    if not planes or prediction.size == size:
        runs = find_runs([*planes, *pictures])
        return list_regions(prediction, planes, runs), runs
    own = find_runs(planes)
    regions = list_regions(prediction, planes, own)
    ids = resize_nearest(np.repeat(regions.ids, own.lengths).reshape(prediction.size), size)
    runs = find_runs([ids, *pictures])
    return replace(regions, ids=ids.reshape(-1)[runs.first]), runs


def find_runs(planes: Planes) -> Runs:
    """Find the runs of pixels, row after row, in which no picture changes; there is at least one pixel."""
    pixels = planes[0].size
    begins = np.empty(pixels, bool)
    begins[0] = True
    changes = begins[1:]
    for at, plane in enumerate(each.reshape(-1) for each in planes):
        if at:
            changes |= plane[1:] != plane[:-1]
        else:
            np.not_equal(plane[1:], plane[:-1], out=changes)
    first = np.flatnonzero(begins)
    return Runs(first, np.append(first[1:], pixels) - first)


def make_planes(prediction: Prediction | LabelMap) -> Planes:
    """Make the pictures that tell a prediction's regions apart: its labels, or its masks, eight a byte."""
    if not len(prediction):
        return []
    if isinstance(prediction, LabelMap):
        return [prediction.labels]
    masks = prediction.masks
    return [_pack_byte(masks[start : start + _BYTE]) for start in range(0, len(masks), _BYTE)]


def list_regions(prediction: Prediction | LabelMap, planes: Planes, runs: Runs) -> Regions:
    """Number the sets of segments that cover a run of the prediction's own pixels; ``planes`` are of `make_planes`."""
    n, codes = len(prediction), [plane.reshape(-1)[runs.first] for plane in planes]
    if not n:
        return Regions(np.zeros(len(runs.first), np.int64), np.zeros((1, 0), bool), np.zeros(0, np.int64))
    if isinstance(prediction, LabelMap):
        return _number_labels(take_meanings(prediction.meanings, codes[0], 0), runs, n)
    bits = np.unpackbits(np.stack(codes), axis=0, count=n, bitorder="little")  # n r
    ids, membership = _number_regions(bits.view(bool))
    pixels = np.bincount(ids, runs.lengths).astype(np.int64)  # a
    return Regions(ids, membership, np.array([pixels[covered].sum() for covered in membership.T], np.int64))


def take_meanings(
    meanings: Integer[np.ndarray, " k"] | None, numbers: Integer[np.ndarray, " r"], least: int
) -> Integer[np.ndarray, " r"]:
    """Take what numbers stand for, themselves without ``meanings``. Raises StrayNumber for less than ``least``."""
    if meanings is None:
        return numbers
    meant: np.ndarray = meanings[numbers]
    if meant.min() < least:
        raise StrayNumber(f"{int(numbers[meant < least][0])} stands for nothing")
    return meant


def _number_labels(labels: Integer[np.ndarray, " r"], runs: Runs, n: int) -> Regions:
    """Number the labels that occur as masks are numbered: no segment, then the last group of segments, last the first.

    ``labels`` are 0, or the position of a run's segment among n plus 1.
    """
    pixels, segments = np.bincount(labels, runs.lengths, n + 1).astype(np.int64), np.arange(1, n + 1)
    order = np.append(0, segments[np.argsort(-((segments - 1) // _GROUP), kind="stable")])
    order = order[pixels[order] > 0]
    position = np.zeros(n + 1, np.int64)
    position[order] = np.arange(len(order))
    return Regions(position[labels], order[:, None] == segments, pixels[1:])


def _number_regions(masks: Bool[np.ndarray, "n r"]) -> tuple[Int64[np.ndarray, " r"], Bool[np.ndarray, "a n"]]:
    """Number them some segments at a time, so that any n stays exact."""
    ids, steps = np.zeros(masks.shape[1:], np.int64), []
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


def _pack_byte(masks: Bool[np.ndarray, "g h w"]) -> UInt8[np.ndarray, "h w"]:
    """Pack at most eight masks into one picture: mask i is bit i."""
    code = masks[-1].astype(np.uint8)
    for mask in masks[-2::-1]:
        code += code
        code |= mask.view(np.uint8)
    return code


def _encode_group(group: Bool[np.ndarray, "g r"]) -> UInt16[np.ndarray, " r"]:
    """Encode each set of segments as a number: segment i is bit i."""
    code = np.zeros(group.shape[1:], np.uint16)
    for mask in group[::-1]:
        code += code
        code |= mask
    return code


def renumber(codes: Integer[np.ndarray, " r"]) -> tuple[Int64[np.ndarray, " r"], Int64[np.ndarray, " a"]]:
    """Renumber codes: for each the position among those that occur, and these, ascending."""
    if codes.max() > SPARSE * codes.size:  # a table would be larger than sorting is slow
        present, ids = np.unique(codes, return_inverse=True)
        return ids, present
    present = np.flatnonzero(np.bincount(codes))
    position = np.zeros(int(present[-1]) + 1, np.int64)
    position[present] = np.arange(len(present))
    return position[codes], present
