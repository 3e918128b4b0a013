"""Section 4.3, what every metric is made of: the terms of one image, whose means are the numbers.

A metric reduces an image (`ImageTables`) to `Terms`, one for each true segment, class or predicted segment. What
becomes of them is the same for all metrics (`bench.score.averages`): averaged in one of these ways, for all terms or
for a group.

segments      sum of numerators / sum of denominators over all terms of the set ("micro")
pixels        the same, of terms that are pixels
pairs         the same, of terms that are pairs of an image and a class
images        the same of each image, then the mean over images
classes       the same of each class, then the mean over classes ("macro", or the mIoU of a data set)
true_classes  so over the classes that the truth of the set has
frequencies   the same, each class by its share of the true pixels
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64

from bench.errors import UserError
from bench.overlap.arithmetic import ClassPixels, count_class_pixels
from bench.overlap.table import drop_untold
from bench.overlap.together import JoinedTables, count_all_class_pixels
from bench.records import ClassList, Overlap, TrueSegmentTexts

if TYPE_CHECKING:
    from bench.mapping.labels import Labels
    from bench.protocol import Protocol

AVERAGES = ("segments", "pixels", "pairs", "images", "classes", "true_classes", "frequencies")
BY_CLASS = AVERAGES[-3:]
"""Those with a column for each class."""
FAINT = 2.0**-40
"""The pixels of a class that has none in the whole set and counts all the same, so that its ratio is a number. A power
of two, so that sums stay exact on the grid of `score.intervals`."""


@dataclass(frozen=True, eq=False)
class Terms:
    """The u terms of one metric in one image, at t thresholds, and the way they are ``average``d.

    ``classes`` is the class of each, -1 of none. ``share`` is its true area as a share of the image: 0 for a class that
    the image does not have, NaN where a metric has no sizes (it counts false positives, which have none). ``true`` are
    the scored pixels of its truth, which "true_classes" and "frequencies" need (None: another average). Of several
    images ``image`` is the position of each one's.
    """

    average: str
    classes: Int32[np.ndarray, " u"]
    share: Float64[np.ndarray, " u"]
    numerator: Float64[np.ndarray, "t u"]
    denominator: Float64[np.ndarray, "t u"]
    true: Float64[np.ndarray, "t u"] | None = None
    image: Int64[np.ndarray, " u"] | None = None

    def __len__(self) -> int:
        return len(self.classes)


@dataclass(frozen=True, eq=False)
class ImageTables:
    """All that a metric may read of one image; nothing of it is a pixel or a model.

    ``segments`` is the table of the predicted segments, ``truth`` what the method says of the true ones; either may be
    missing. ``labels`` are the classes of the predicted segments under one mapping (only for metrics of labels),
    ``own_text`` the cosine of each embedding with that of its own text.
    """

    protocol: Protocol
    classes: ClassList
    segments: Overlap | None = None
    truth: TrueSegmentTexts | None = None
    labels: Labels | None = None
    own_text: Float32[np.ndarray, " n"] | None = None

    @property
    def overlap(self) -> Overlap:
        """The table of the predicted segments, which every metric of segments is given."""
        assert self.segments is not None, "the registry says of a metric what it reads"
        return self.segments

    @cached_property
    def told_apart(self) -> ImageTables:
        """The same where true segments are looked at one by one: objects that nobody told apart are void."""
        return self if self.overlap.untold is None else replace(self, segments=drop_untold(self.overlap))

    @property
    def pixels(self) -> float:
        """The size of the image."""
        return float("nan") if self.segments is None else float(self.segments.counts.sum())

    @property
    def true_shares(self) -> Float64[np.ndarray, " k"]:
        """Area of each true segment that the method describes as a share of the image; NaN where nobody knows that."""
        areas = np.zeros(0) if self.truth is None else self.truth.areas
        shares: np.ndarray = areas / self.pixels
        return shares

    @property
    def texts_to_classes(self) -> Float32[np.ndarray, "n c"]:
        """TT rows of the predicted segments. Raises UserError where there are none."""
        if self.overlap.tt is None:
            raise UserError(f"image {self.overlap.image_id} has no texts: this metric compares them with class names")
        return self.overlap.tt

    @property
    def assigned(self) -> Labels:
        """The labels, which every metric of labels is given."""
        assert self.labels is not None, "the registry says of a metric whether it reads labels"
        return self.labels

    @cached_property
    def class_pixels(self) -> ClassPixels:
        """Pixels of each class under the labels, counted once for all metrics."""
        by = self.protocol
        chosen = self.assigned.chosen
        return count_class_pixels(self.overlap, chosen, by.background, by.void, by.unlabelled, by.below)

    @property
    def class_shares(self) -> Float64[np.ndarray, " u"]:
        """True area of each class of ``class_pixels`` as a share of the image."""
        return self.class_pixels.share

    @property
    def segment_shares(self) -> Float64[np.ndarray, " k"]:
        """Area of each true segment of the table as a share of the image."""
        shares: np.ndarray = self.overlap.counts[:, :-2].sum(axis=0) / max(1.0, self.pixels)
        return shares


@dataclass(frozen=True, eq=False)
class SetTables(ImageTables):
    """What a metric of class pixels may read of all images of a set at once, as if they were one.

    ``labels`` are those of all segments, one image after the other. There is no table of one image: whatever reads it
    raises UserError.
    """

    joined: JoinedTables | None = None

    @property
    def overlap(self) -> Overlap:
        """No table of one image."""
        raise UserError(f"it read the table of one image; {ALONE}")

    @property
    def pixels(self) -> float:
        """No size of one image."""
        raise UserError(f"it read the size of one image; {ALONE}")

    @cached_property
    def class_pixels(self) -> ClassPixels:
        """Pixels of each class of each image."""
        assert self.joined is not None, "what joins images gives it"
        return count_all_class_pixels(self.joined, self.assigned.chosen, self.protocol)


ALONE = "take together=True out of its line in bench/metrics/registry.py, so that it is given each image alone"
"""What to do where a metric cannot take all images at once."""
Compute = Callable[[ImageTables], dict[str, Terms]]
"""What a metric is: the terms of one image under each of its names."""


def make_terms(
    average: str,
    classes: np.ndarray,
    share: np.ndarray,
    numerator: np.ndarray,
    denominator: np.ndarray | float = 1.0,
    true: Float64[np.ndarray, "t u"] | None = None,
    image: Int64[np.ndarray, " u"] | None = None,
) -> Terms:
    """Make terms of arrays of any number type, [u] or [t, u]; a numerator that is NaN was not measurable."""
    top = np.atleast_2d(np.asarray(numerator, np.float64))
    bottom = np.broadcast_to(np.asarray(denominator, np.float64), top.shape)
    known = ~np.isnan(top)
    top, bottom = np.where(known, top, 0.0), bottom * known
    return Terms(average, classes.astype(np.int32), share.astype(np.float64), top, bottom, true, image)
