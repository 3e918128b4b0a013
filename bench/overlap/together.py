"""Section 4.3, the tables of many images at once: pixels of classes and best segments, at every threshold.

What `arithmetic.count_class_pixels` and `recall.find_best_segments` say image by image, without a loop over images. Of
all images the pairs are listed that are not nothing: atom and segment, atom and true class. A threshold only ever drops
labels, so a segment's ``level``, the number of thresholds that keep it, says all of it: what t thresholds count are
sums over levels, added up from the highest on (sums of whole numbers, which float64 holds exactly).

Only where pixels without an answer count as misses and background is no class, as under most protocols (`can_join`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64

from bench.overlap.arithmetic import ClassPixels, divide
from bench.overlap.table import merge_objects
from bench.protocol import Protocol
from bench.records import Overlap


@dataclass(frozen=True, eq=False)
class JoinedTables:
    """The tables of several images. A class in an image has the key image x ``width`` + class.

    ``atom`` and ``segment`` are the pairs of which one covers the other, ``crowded`` whether an atom may be in several.
    ``place`` of an atom plus ``column`` of a key (-1: none) is where ``counts`` has the pixels that they share, and
    ``true`` the sum of these over atoms. ``inside``, ``empty`` and ``outside`` are an atom's pixels of classes,
    background and void; ``image`` is the image of each segment, ``pixels`` the size of each image.
    """

    width: int
    atom: Int64[np.ndarray, " p"]
    segment: Int64[np.ndarray, " p"]
    crowded: bool
    image: Int64[np.ndarray, " n"]
    place: Int64[np.ndarray, " a"]
    column: Int64[np.ndarray, " k"]
    counts: Float64[np.ndarray, " e"]
    true: Float64[np.ndarray, " k"]
    inside: Float64[np.ndarray, " a"]
    empty: Float64[np.ndarray, " a"]
    outside: Float64[np.ndarray, " a"]
    pixels: Float64[np.ndarray, " i"]

    def count_shared(self, atom: Int64[np.ndarray, " q"], key: Int64[np.ndarray, " q"]) -> Float64[np.ndarray, " q"]:
        """Count the pixels that pairs of an atom and a class share."""
        column = self.column[key]
        shared: np.ndarray = np.where(column < 0, 0.0, self.counts[self.place[atom] + np.maximum(column, 0)])
        return shared

    def count_scored(
        self, atom: Int64[np.ndarray, " q"], key: Int64[np.ndarray, " q"], by: Protocol
    ) -> Float64[np.ndarray, " q"]:
        """Count an atom's pixels that enter the area of a prediction of a class, as `count_scored_pixels` does."""
        counts = {"context": 1.0, "voc": self.true[key] > 0, "ignore": 0.0}[by.background]
        scored: np.ndarray = self.inside[atom] + self.empty[atom] * counts + self.outside[atom] * (by.void == "count")
        return scored


class Levels(NamedTuple):
    """A label for each segment and how many thresholds keep it; for each threshold the least level less one."""

    label: Int32[np.ndarray, " n"]
    level: Int64[np.ndarray, " n"]
    rank: Int64[np.ndarray, " t"]


class Best(NamedTuple):
    """Classes, the IoU of the best segment of each, and whether the class is true or predicted, at each threshold.

    ``share`` is the true area of each as a share of its image. Of several images ``image`` is that of each class.
    """

    classes: Int32[np.ndarray, " u"]
    iou: Float64[np.ndarray, "t u"]
    counted: Bool[np.ndarray, "t u"]
    image: Int64[np.ndarray, " u"] | None
    share: Float64[np.ndarray, " u"]


def can_join(by: Protocol) -> bool:
    """Whether a protocol's policies are those of this page."""
    return by.background != "class" and by.unseen == "ignore" and by.unlabelled == by.below == "count"


@lru_cache(maxsize=2)
def join_tables(tables: tuple[Overlap, ...], width: int) -> JoinedTables:
    """Join the tables of at least one image, once for all protocols, mappings and curves over them."""
    tables = tuple(merge_objects(item) for item in tables)
    segments = [len(item.areas) for item in tables]
    atoms_before, segments_before = _count_before([len(item.membership) for item in tables]), _count_before(segments)
    pairs = [np.nonzero(item.membership) for item in tables]
    classes = [item.truth_classes.astype(np.int64) for item in tables]
    keys = np.concatenate([at * width + present for at, present in enumerate(classes)])
    column = np.full(len(tables) * width, -1)
    column[keys] = np.concatenate([np.arange(len(present)) for present in classes])
    inside = [item.counts[:, :-2] for item in tables]
    start = _count_before([part.size for part in inside])
    true = np.zeros(len(tables) * width)
    true[keys] = np.concatenate([part.sum(axis=0) for part in inside])
    outside = np.concatenate([item.counts[:, -2:] for item in tables]).astype(np.float64)  # a 2
    return JoinedTables(
        width=width,
        atom=np.concatenate([atom + before for (atom, _), before in zip(pairs, atoms_before, strict=True)]),
        segment=np.concatenate([segment + before for (_, segment), before in zip(pairs, segments_before, strict=True)]),
        crowded=any(len(atom) > 1 and bool((atom[1:] == atom[:-1]).any()) for atom, _ in pairs),
        image=np.repeat(np.arange(len(tables)), segments),
        place=np.concatenate([first + np.arange(len(p)) * p.shape[1] for p, first in zip(inside, start, strict=True)]),
        column=column,
        counts=np.append(np.concatenate([part.ravel() for part in inside]).astype(np.float64), 0.0),
        true=true,
        inside=np.concatenate([part.sum(axis=1) for part in inside]).astype(np.float64),
        empty=outside[:, 0],
        outside=outside[:, 1],
        pixels=np.array([item.counts.sum() for item in tables], np.float64),
    )


def count_all_class_pixels(tables: JoinedTables, labels: Int32[np.ndarray, "t n"], by: Protocol) -> ClassPixels:
    """Count the pixels of each class of each image; ``labels`` are those of all segments, as one image has them."""
    known, t = _find_levels(labels), len(labels)
    kept = known.level > 0  # n
    key = tables.image * tables.width + known.label  # n
    keys, place = _list_columns(tables, key[kept])
    u = len(keys)
    predicted = _add_up(place[key[kept]], known.level[kept], None, u, t)
    pair = kept[tables.segment]  # p
    atom, segment = tables.atom[pair], tables.segment[pair]
    level, key = known.level[segment], key[segment]
    if tables.crowded:
        atom, key, level = _take_highest(atom, key, level, len(tables.column))
    shared = _add_up(place[key], level, tables.count_shared(atom, key), u, t)
    area = _add_up(place[key], level, tables.count_scored(atom, key, by), u, t)
    shared, area, predicted = (part[:, known.rank].T for part in (shared, area, predicted))  # t u
    true, image = tables.true[keys], keys // tables.width
    total = np.broadcast_to(true, shared.shape)
    classes = (keys % tables.width).astype(np.int32)
    return ClassPixels(classes, true, predicted > 0, shared, total + area - shared, total, tables.pixels[image], image)


def find_all_best_segments(tables: JoinedTables, labels: Int32[np.ndarray, "t n"], by: Protocol) -> Best:
    """Find the best single segment of each class of each image, by the rules of `recall.find_best_segments`."""
    known, t = _find_levels(labels), len(labels)
    kept = np.flatnonzero(known.level > 0)  # m: segments with a label at some threshold
    key = tables.image * tables.width + known.label  # n
    keys, place = _list_columns(tables, key[kept])
    pair = known.level[tables.segment] > 0
    atom, segment = tables.atom[pair], tables.segment[pair]
    inside, area = (
        np.bincount(segment, pixels, len(key))[kept]
        for pixels in (tables.count_shared(atom, key[segment]), tables.count_scored(atom, key[segment], by))
    )
    iou = divide(inside, tables.true[key[kept]] + area - inside)  # m
    unknown, cell = np.isnan(iou), (place[key[kept]], known.level[kept])
    # by class and level: the highest IoU of its segments, and the first of them
    highest, first = np.full((len(keys), t + 1), -1.0), np.full((len(keys), t + 1), len(kept))
    np.maximum.at(highest, cell, np.where(unknown, -1.0, iou))
    np.minimum.at(first, cell, np.arange(len(kept)))
    # a threshold keeps its own level and all above
    highest = np.maximum.accumulate(highest[:, ::-1], axis=1)[:, ::-1][:, 1:][:, known.rank].T  # t u
    first = np.minimum.accumulate(first[:, ::-1], axis=1)[:, ::-1][:, 1:][:, known.rank].T
    lost = np.append(unknown, False)[first]  # where the first has no IoU there is none, as in one image
    image, true = keys // tables.width, tables.true[keys]
    counted = (tables.column[keys] >= 0) | (first < len(kept))
    classes, share = (keys % tables.width).astype(np.int32), true / np.maximum(1.0, tables.pixels[image])
    return Best(classes, np.where(lost, np.nan, highest), counted, image, share)


def _find_levels(labels: Int32[np.ndarray, "t n"]) -> Levels:
    """Find levels. Thresholds drop more and more labels, in whatever order they come."""
    kept = labels >= 0
    rank = np.empty(len(labels), np.int64)
    rank[np.argsort(-kept.sum(axis=1), kind="stable")] = np.arange(len(labels))
    return Levels(labels.max(axis=0, initial=-1), kept.sum(axis=0), rank)


def _list_columns(tables: JoinedTables, said: Int64[np.ndarray, " m"]) -> tuple[np.ndarray, np.ndarray]:
    """List the keys of classes that are true or said, ascending, and for each key its place among these."""
    present = tables.column >= 0
    present[said] = True
    return np.flatnonzero(present), np.cumsum(present) - 1


def _add_up(
    column: Int64[np.ndarray, " q"], level: Int64[np.ndarray, " q"], pixels: Float64[np.ndarray, " q"] | None,
    columns: int, t: int,
) -> Float64[np.ndarray, "u t"]:  # fmt: skip
    """Add up by column what has at least level 1, …, t; 1 each without ``pixels``."""
    sums = np.bincount(column * (t + 1) + level, pixels, columns * (t + 1)).reshape(columns, t + 1)
    added: np.ndarray = sums[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return added


def _take_highest(
    atom: Int64[np.ndarray, " q"], key: Int64[np.ndarray, " q"], level: Int64[np.ndarray, " q"], keys: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take of several segments of one class over an atom the one that the most thresholds keep: it covers the atom."""
    pair = atom * keys + key
    order = np.lexsort((level, pair))
    last = np.append(pair[order][1:] != pair[order][:-1], True)[: len(order)]
    order = order[last]
    return atom[order], key[order], level[order]


def _count_before(sizes: Sequence[int]) -> Int64[np.ndarray, " i"]:
    """Count what stands before each part."""
    return np.cumsum([0, *sizes])[:-1]
