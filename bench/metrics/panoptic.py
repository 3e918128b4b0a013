"""Panoptic quality of mapped labels: PQ = SQ x RQ for each class, then the mean over the classes that occur.

Segments of a stuff class are united, those of a thing class stay apart. A predicted and a true segment of one class
match where their IoU is above 0.5 (so at most one matches another):

    SQ = mean IoU of the matched    RQ = TP / (TP + FP / 2 + FN / 2)    PQ = sum of IoU / (TP + FP / 2 + FN / 2)

with TP, FP and FN summed over the set. A class without any match has no SQ (``unmatched``: "ignore"), or 0 ("zero", as
other libraries have it). As in COCO's script, pixels that do not count (void; background where the
protocol ignores it) are taken out of unions, and an unmatched prediction that lies on them by more than half is no
false positive. Where pixels without an answer are not scored (``unlabelled``, ``below``), they are taken out of unions
likewise, and an unmatched true segment that lies under them by more than half is no miss. A pixel under several
segments belongs to the smallest. Objects that nobody told apart (a crowd) are no true segment, and a prediction of
their class that lies on them, or on void, by more than half is no false positive. Where the data set has no objects,
all pixels of a thing class in an image are one true segment: said nowhere in the name, so look at the data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int32

from bench.metrics.terms import FAINT, ImageTables, Terms, make_terms
from bench.overlap.arithmetic import assign_regions, divide
from bench.protocol import Protocol
from bench.records import Overlap

Quality = tuple[Int32[np.ndarray, " u"], Float64[np.ndarray, "3 u"], Float64[np.ndarray, "3 u"]]
"""Classes, and numerators and denominators of PQ, SQ and RQ of each."""


def compute_panoptic_quality(image: ImageTables) -> dict[str, Terms]:
    """Compute PQ, SQ and RQ of each class from all labels of a mapping: no segment of a thing stands for others."""
    by, things, every = image.protocol, image.classes.things, image.assigned.every
    parts = [match_segments(image.overlap, labels, things, by) for labels in every]  # one a t
    classes = np.unique(np.concatenate([part[0] for part in parts])).astype(np.int32)
    top, bottom = np.zeros((2, 3, len(parts), len(classes)))  # 3 t u each
    for at, (known, numerator, denominator) in enumerate(parts):
        place = np.searchsorted(classes, known)
        top[:, at, place], bottom[:, at, place] = numerator, denominator
    if by.unmatched == "zero":
        bottom[1] = np.where((bottom[1] == 0) & (bottom[0] > 0), FAINT, bottom[1])
    none = np.full(len(classes), np.nan)  # false positives have no size
    names = ("pq", "sq", "rq")
    return {name: make_terms("classes", classes, none, top[i], bottom[i]) for i, name in enumerate(names)}


def match_segments(item: Overlap, labels: Int32[np.ndarray, " n"], things: tuple[bool, ...], by: Protocol) -> Quality:
    """Match the segments of one image with the true ones, from the class of each (-1: none)."""
    pairs = compare_segments(item, labels, things, by)
    match = pairs.iou > 0.5
    false = pairs.there & ~match.any(axis=1) & ~pairs.excused
    missed = ~match.any(axis=0) & ~pairs.hidden
    classes = np.unique(np.concatenate([pairs.true, pairs.predicted[pairs.there]])).astype(np.int32)

    def of_class(label: np.ndarray, values: Any) -> Float64[np.ndarray, " u"]:
        return (label[:, None] == classes).T.astype(np.float64) @ values

    quality = of_class(pairs.true, np.where(match, pairs.iou, 0.0).sum(axis=0))
    hits, misses = of_class(pairs.true, match.any(axis=0)), of_class(pairs.true, missed)
    counted = hits + (of_class(pairs.predicted, false) + misses) / 2
    return classes, np.array([quality, quality, hits]), np.array([counted, hits, counted])


@dataclass(frozen=True, eq=False)
class Pairs:
    """The p predicted and g true panoptic segments of an image, and the IoU of each two of one class (else 0).

    ``there``: a prediction has pixels; ``excused``: it lies by more than half on pixels that do not count, or on
    objects of its class that nobody told apart; ``hidden``: a true segment lies so under pixels without an answer.
    """

    predicted: Int32[np.ndarray, " p"]
    true: Int32[np.ndarray, " g"]
    iou: Float64[np.ndarray, "p g"]
    size: Float64[np.ndarray, " g"]
    there: Bool[np.ndarray, " p"]
    excused: Bool[np.ndarray, " p"]
    hidden: Bool[np.ndarray, " g"]


def compare_segments(item: Overlap, labels: Int32[np.ndarray, " n"], things: tuple[bool, ...], by: Protocol) -> Pairs:
    """Compare every predicted segment with every true one: stuff united, things apart."""
    is_thing = np.array(things, bool)
    own, predicted = _unite(labels, is_thing)
    classes = item.truth_classes if item.untold is None else np.where(item.untold, -1, item.truth_classes)
    columns, true = _unite(classes, is_thing)
    regions = own @ assign_regions(item)  # p a
    pixels = regions @ item.counts.astype(np.float64)  # p, k + 2
    shared = pixels[:, :-2] @ columns.T
    gone = _count_ignored(pixels, predicted, true, by.background, by.void)
    inside = item.counts[:, :-2].astype(np.float64) @ columns.T  # a g: pixels of each of the g true segments
    size, lost = inside.sum(axis=0), _find_unanswered(item, regions, by) @ inside  # g
    area = pixels.sum(axis=1)
    iou = divide(shared, (area - gone)[:, None] + size - lost - shared)
    return Pairs(
        predicted,
        true,
        np.where(predicted[:, None] == true, np.nan_to_num(iou), 0.0),
        size,
        there=area > 0,  # a segment hidden under smaller ones, or lost in resizing, is not there
        excused=gone + _count_untold(item, pixels, predicted) > area / 2,
        hidden=lost > size / 2,
    )


def _count_untold(item: Overlap, pixels: np.ndarray, predicted: np.ndarray) -> Float64[np.ndarray, " p"]:
    """Pixels of each predicted segment on objects of its own class that nobody told apart."""
    if item.untold is None:
        return np.zeros(len(predicted))
    own = predicted[:, None] == np.where(item.untold, item.truth_classes, -1)
    total: np.ndarray = np.where(own, pixels[:, :-2], 0.0).sum(axis=1)
    return total


def _unite(labels: np.ndarray, things: np.ndarray) -> tuple[Float64[np.ndarray, "p n"], Int32[np.ndarray, " p"]]:
    """Which segments make up each panoptic one, and its class."""
    parts, classes = [], []
    for label in np.unique(labels[labels >= 0]):
        members = labels == label
        each = np.eye(len(labels), dtype=bool)[members] if things[label] else members[None]
        parts.append(each)
        classes += [label] * len(each)
    table = np.concatenate(parts) if parts else np.zeros((0, len(labels)), bool)
    return table.astype(np.float64), np.array(classes, np.int32)


def _find_unanswered(item: Overlap, regions: Float64[np.ndarray, "p a"], by: Protocol) -> Float64[np.ndarray, " a"]:
    """1 where an atom has no answer and the protocol does not score it: under no segment, or none with a label."""
    covered = item.membership.any(axis=1)
    ignored = np.where(covered, by.below == "ignore", by.unlabelled == "ignore")
    return (ignored & ~regions.any(axis=0)).astype(np.float64)


def _count_ignored(
    pixels: np.ndarray, predicted: np.ndarray, true: np.ndarray, background: str, void: str
) -> Float64[np.ndarray, " p"]:
    """Pixels of each predicted segment that do not count."""
    empty = {"ignore": np.ones(len(predicted), bool), "voc": ~np.isin(predicted, true)}.get(background)
    gone = pixels[:, -1] * float(void == "ignore")
    return gone if empty is None else gone + pixels[:, -2] * empty
