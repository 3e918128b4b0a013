"""Section 4.3, the arithmetic of an overlap table: pixels of classes and of segments, by the policies of a protocol.

A row of the table is a region: one atom of the algebra that the masks generate, pixels under the same segments.

Pixels outside the classes, by policy:
``void`` "ignore": void pixels are taken out of predictions; "count": they count against them; "first": there are none,
for they have become pixels of the first label (`table.fold_void`).
``background`` "context": background pixels count against predictions; "voc": only against classes that the image
has; "ignore": never; "class": background is scored as one more class (60 instead of 59 for PASCAL-Context, 21 instead
of 20 for VOC), predicted wherever nothing else is.

Pixels without an answer, by policy:
``unlabelled`` pixels under no segment, and pixels whose segments were all dropped (``below`` the threshold): "count" as
misses of their true class (as background where that is a class); "ignore": they are not scored at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64

from bench.records import BACKGROUND, Overlap

_SEGMENTS = 4096
"""Segments taken at a time: a hundred thousand in one image are one byte each for each region, not eight."""


@dataclass(frozen=True, eq=False)
class ClassPixels:
    """Pixels of one image for its u classes (true or predicted, ascending), at t thresholds.

    `BACKGROUND` stands last where it is scored as a class. ``scored`` are the pixels of ``truth`` that are scored
    (`unlabelled`, `below`), ``pixels`` is the size of the image. Of several images one after the other
    (`bench.overlap.together`) ``pixels`` and ``image``, its position among them, are those of each class.
    """

    classes: Int32[np.ndarray, " u"]
    truth: Float64[np.ndarray, " u"]
    predicted: Bool[np.ndarray, "t u"]
    intersection: Float64[np.ndarray, "t u"]
    union: Float64[np.ndarray, "t u"]
    scored: Float64[np.ndarray, "t u"]
    pixels: int | Float64[np.ndarray, " u"] = 0
    image: Int64[np.ndarray, " u"] | None = None

    @property
    def share(self) -> Float64[np.ndarray, " u"]:
        """The true area of each class as a share of its image."""
        shares: np.ndarray = self.truth / np.maximum(1, self.pixels)
        return shares

    @property
    def evaluated(self) -> Bool[np.ndarray, "t u"]:
        """The classes that enter an image's mean: true or predicted."""
        return self.predicted | (self.truth > 0)

    @property
    def iou(self) -> Float64[np.ndarray, "t u"]:
        """NaN where the union is empty."""
        return divide(self.intersection, self.union)

    def spread(self, width: int, background: bool) -> ClassPixels:
        """Spread the columns to all ``width`` classes of the list (and background), also those without a pixel."""
        whole = np.append(np.arange(width), [BACKGROUND] * background).astype(np.int32)  # m classes
        place = np.where(self.classes == BACKGROUND, width, self.classes)  # u: of each its place among the m

        def fill(values: np.ndarray) -> np.ndarray:
            full = np.zeros((*values.shape[:-1], len(whole)), values.dtype)
            full[..., place] = values
            return full

        truth, predicted, scored = fill(self.truth), fill(self.predicted), fill(self.scored)
        return ClassPixels(whole, truth, predicted, fill(self.intersection), fill(self.union), scored, self.pixels)


def count_class_pixels(
    overlap: Overlap,
    labels: Int32[np.ndarray, "t n"],
    background: str = "context",
    void: str = "ignore",
    unlabelled: str = "count",
    below: str = "count",
) -> ClassPixels:
    """Count the pixels of each class under labels from `assign.apply_thresholds` (one row for each threshold, -1
    unlabelled)."""
    classes = np.union1d(overlap.truth_classes, labels[labels >= 0]).astype(np.int32)
    chosen = labels[:, :, None] == classes
    cover = _cover(overlap.membership, chosen)
    truth, predicted = count_true_pixels(overlap, classes), chosen.any(axis=1)
    scored = count_scored_pixels(overlap, truth, background, void)
    kept = _find_scored_atoms(overlap, np.asarray(cover.any(axis=2)), unlabelled, below)
    if background == "class":
        classes = np.append(classes, np.int32(BACKGROUND))
        nothing = ~cover.any(axis=2) & kept
        truth = np.hstack([truth, overlap.counts[:, -2:-1]])
        rest = overlap.counts[:, :-1].sum(axis=1) + overlap.counts[:, -1] * float(void == "count")
        cover, scored = np.dstack([cover, nothing]), np.hstack([scored, rest[:, None]])
        predicted = np.hstack([predicted, nothing @ rest[:, None] > 0])
    intersection, area = _find_within(cover, truth), _find_within(cover, scored)
    total = kept.astype(np.float64) @ truth
    pixels = int(overlap.counts.sum())
    return ClassPixels(classes, truth.sum(axis=0), predicted, intersection, total + area - intersection, total, pixels)


def count_confusion(
    overlap: Overlap, labels: Int32[np.ndarray, " n"], true: Int32[np.ndarray, " v"], said: Int32[np.ndarray, " u"]
) -> Float64[np.ndarray, "v+1 u+1"]:
    """Count the pixels of each true class under segments of each label; the last row is background, the last column
    pixels under no label.

    A pixel under segments of several labels counts once for each of them, so that the entry of a class with itself is
    its intersection in `ClassPixels`. Void is in no row.
    """
    cover = _cover(overlap.membership, labels[None, :, None] == said)[0]  # a u
    cover = np.hstack([cover, ~cover.any(axis=1, keepdims=True)])  # a u+1
    truth = np.hstack([count_true_pixels(overlap, true), overlap.counts[:, -2:-1]])  # a v+1
    return truth.T @ cover.astype(np.float64)


def _cover(member: Bool[np.ndarray, "a n"], chosen: Bool[np.ndarray, "t n u"]) -> Bool[np.ndarray, "t a u"]:
    """Whether a segment of each class covers an atom, some segments at a time."""
    cover = np.zeros((len(chosen), len(member), chosen.shape[2]), bool)
    for piece in _cut_pieces(member.shape[1]):
        cover |= (member[:, piece].astype(np.float32) @ chosen[:, piece].astype(np.float32)) > 0
    return cover


def sum_per_segment(overlap: Overlap, pixels: Float64[np.ndarray, "a u"]) -> Float64[np.ndarray, "n u"]:
    """Sums over the atoms of each segment, some segments at a time."""
    sums = np.zeros((len(overlap.areas), pixels.shape[1]))
    for piece in _cut_pieces(len(sums)):
        np.matmul(overlap.membership[:, piece].T.astype(np.float64), pixels, out=sums[piece])
    return sums


def _cut_pieces(segments: int) -> Iterator[slice]:
    return (slice(start, start + _SEGMENTS) for start in range(0, segments, _SEGMENTS))


def _find_within(cover: Bool[np.ndarray, "t a u"], pixels: Float64[np.ndarray, "a u"]) -> Float64[np.ndarray, "t u"]:
    return np.einsum("tau,au->tu", cover, pixels)


def sum_true_pixels(
    overlap: Overlap, labels: Int32[np.ndarray, "t n"], truth: Float64[np.ndarray, "a u"], unlabelled: str, below: str
) -> Float64[np.ndarray, "t u"]:
    """Sum true pixels of each class on the atoms that are scored; one row for all thresholds where all are."""
    if unlabelled == below == "count":
        return truth.sum(axis=0, keepdims=True)
    answered = _cover(overlap.membership, labels[:, :, None] >= 0)[:, :, 0]
    return _find_scored_atoms(overlap, answered, unlabelled, below).astype(np.float64) @ truth


def _find_scored_atoms(
    overlap: Overlap, answered: Bool[np.ndarray, "t a"], unlabelled: str, below: str
) -> Bool[np.ndarray, "t a"]:
    """Find the atoms that are scored; ``answered`` are those under a segment that has a label."""
    if unlabelled == below == "ignore":
        return answered
    covered = np.asarray(overlap.membership.any(axis=1))
    left_out = {"count": np.zeros_like(covered), "ignore": ~covered}[unlabelled]
    return ~left_out & (answered | (below == "count") | ~covered)


def count_true_pixels(overlap: Overlap, classes: Int32[np.ndarray, " u"]) -> Float64[np.ndarray, "a u"]:
    """Count pixels of each atom that truly belong to each class; several true segments of a class are added."""
    return overlap.counts[:, :-2] @ (overlap.truth_classes[:, None] == classes).astype(np.float64)


def count_scored_pixels(
    overlap: Overlap, truth: Float64[np.ndarray, "a u"], background: str, void: str
) -> Float64[np.ndarray, "a u"]:
    """Count pixels of each atom that enter the area of a prediction of each class, by the policies of this page."""
    empty, outside = overlap.counts[:, -2:-1], overlap.counts[:, -1:]
    inside = overlap.counts[:, :-2].sum(axis=1, keepdims=True)
    counts = {"context": True, "class": True, "voc": truth.any(axis=0), "ignore": False}[background]
    return inside + empty * np.asarray(counts, np.float64) + outside * float(void == "count") + np.zeros_like(truth)


def divide(numerator: Float64[np.ndarray, "*s"], denominator: Float64[np.ndarray, "*s"]) -> Float64[np.ndarray, "*s"]:
    """Divide; the quotient is NaN where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)


def assign_regions(item: Overlap) -> Float64[np.ndarray, "n a"]:
    """Assign atoms to segments where no pixel may belong to two: to the smallest (tie: the first)."""
    order = np.argsort(item.areas, kind="stable")
    first = np.zeros(item.membership.shape, bool)
    taken = np.zeros(len(item.membership), bool)
    for segment in order:
        first[:, segment] = item.membership[:, segment] & ~taken
        taken |= item.membership[:, segment]
    return first.T.astype(np.float64)


def compute_iou_matrix(item: Overlap, background: str = "context", void: str = "ignore") -> Float64[np.ndarray, "n k"]:
    """Compute IoU of each predicted segment with each true one; 0 where both are empty."""
    both = sum_per_segment(item, item.counts.astype(np.float64))
    shared, empty, outside = both[:, :-2], both[:, -2:-1], both[:, -1:]
    area = sum_per_segment(item, item.counts[:, :-2].sum(axis=1, dtype=np.float64)[:, None])
    area = area + empty * float(background != "ignore") + outside * float(void == "count")
    return np.nan_to_num(divide(shared, area + item.counts[:, :-2].sum(axis=0) - shared))
