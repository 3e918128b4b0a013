"""Section 4.3, what every mean is made of: the terms of one metric in one image, and the ways to average them.

A metric family reduces an image to `Terms`, one for each true segment or class; `rows` averages them in one of three
ways, and a breakdown is the same average over some of them:

segments  sum of numerators / sum of denominators over all units of the set ("micro")
images    the same of each image, then the mean over images
classes   the same of each class, then the mean over classes ("macro", or the mIoU of a data set)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64

from bench.records import ClassList
from bench.score.intervals import MetricCounts

SIZES = {"tiny": (0.0, 1 / 256), "small": (1 / 256, 1 / 64), "medium": (1 / 64, 1 / 16), "large": (1 / 16, 1.1)}
"""Shares of the image; a bound belongs to the larger size. Fixed, so that a size means the same in every data set."""
Groups = dict[str, Callable[["Terms"], Bool[np.ndarray, " u"]]]
"""Of each group the word in a metric's name, and which units belong to it."""


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of one metric in one image.

    ``classes`` is the class of each, ``share`` its true area as a share of the image: 0 for a class that the image
    does not have, NaN where a metric has no sizes (it counts false positives, which have none).
    """

    classes: Int32[np.ndarray, " u"]
    share: Float64[np.ndarray, " u"]
    numerator: Float64[np.ndarray, " u"]
    denominator: Float64[np.ndarray, " u"]

    def __len__(self) -> int:
        return len(self.classes)


Found = dict[str, tuple[str, Terms]]
"""Of one image: for each metric the way it is averaged ("segments", "images", "classes") and its terms."""


def make_terms(
    classes: np.ndarray, share: np.ndarray, numerator: np.ndarray, denominator: np.ndarray | float = 1.0
) -> Terms:
    """Units from arrays of any number type; a numerator that is NaN was not measurable and weighs nothing."""
    top, bottom = np.asarray(numerator, np.float64), np.broadcast_to(np.asarray(denominator, np.float64), classes.shape)
    known = ~np.isnan(top)
    return Terms(classes.astype(np.int32), share.astype(np.float64), np.where(known, top, 0.0), bottom * known)


def rows(ids: tuple[str, ...], parts: Sequence[Terms | None], average: str, width: int) -> MetricCounts:
    """The counts of each image, averaged as `average` says; an image that is None or has no units weighs nothing."""
    return spread(ids, *joined(parts), average, width)


def joined(parts: Sequence[Terms | None]) -> tuple[Int64[np.ndarray, " v"], Terms]:
    """The units of all images under each other, and the position of the image that each belongs to."""
    known = [(at, part) for at, part in enumerate(parts) if part is not None]
    image = np.repeat([at for at, _ in known], [len(part) for _, part in known]).astype(np.int64)
    fields = ("classes", "share", "numerator", "denominator")
    empty = np.zeros(0, np.int32), *(np.zeros(0),) * 3
    arrays = [
        np.concatenate([none, *(getattr(part, name) for _, part in known)])
        for name, none in zip(fields, empty, strict=True)
    ]
    return image, Terms(*arrays)


def spread(ids: tuple[str, ...], image: Int64[np.ndarray, " v"], part: Terms, average: str, width: int) -> MetricCounts:
    """Sums of each image, for "classes" in one of ``width`` columns (background, -1, takes the last)."""
    columns = width if average == "classes" else 1
    place = image * columns + (part.classes % columns)
    top, bottom = (
        np.bincount(place, values, len(ids) * columns).astype(np.float64).reshape(len(ids), columns)
        for values in (part.numerator, part.denominator)
    )
    if average == "images":
        seen = bottom > 0
        top, bottom = np.divide(top, bottom, out=np.zeros_like(top), where=seen), seen.astype(np.float64)
    return MetricCounts(ids, top, bottom, average)


def list_groups(breakdown: Sequence[str], classes: ClassList) -> Groups:
    """The groups of a breakdown by any of "class", "size" and "kind" (things or stuff)."""
    found: Groups = {}
    if "kind" in breakdown:
        things = np.array(classes.things, bool)
        found |= {f"kind.{name}": _kind(things, value) for name, value in (("things", True), ("stuff", False))}
    if "size" in breakdown:
        found |= {f"size.{name}": _size(*bounds) for name, bounds in SIZES.items()}
    if "class" in breakdown:
        found |= {f"class.{word}": _class(index) for index, word in enumerate(make_class_words(classes.names))}
    return found


def make_class_words(names: Sequence[str]) -> list[str]:
    """The class names as words of a metric's name: other characters become "_", equal words get their index."""
    plain = [re.sub(r"[^A-Za-z0-9_+-]", "_", name) for name in names]
    return [f"{word}_{at}" if plain.count(word) > 1 else word for at, word in enumerate(plain)]


def subset(part: Terms, kept: Bool[np.ndarray, " u"]) -> Terms:
    """Some of the units."""
    return Terms(part.classes[kept], part.share[kept], part.numerator[kept], part.denominator[kept])


def name_within_group(metric: str, group: str) -> str:
    """The name of a metric for one group: ``recall>0.5`` in "kind.things" is ``recall.kind.things>0.5``."""
    name, relation, bound = metric.partition(">")
    return f"{name}.{group}{relation}{bound}"


def _kind(things: np.ndarray, value: bool) -> Callable[[Terms], np.ndarray]:
    return lambda part: (part.classes >= 0) & (things[part.classes] == value)


def _size(low: float, high: float) -> Callable[[Terms], np.ndarray]:
    return lambda part: (part.share > 0) & (part.share >= low) & (part.share < high)


def _class(index: int) -> Callable[[Terms], np.ndarray]:
    return lambda part: part.classes == index
