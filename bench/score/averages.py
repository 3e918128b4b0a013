"""Section 4.3, how terms become a number: the one place that averages them, in the ways of `bench.metrics.terms`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import numpy as np
from jaxtyping import Bool, Float64, Int64

from bench.metrics.terms import BY_CLASS, FAINT, Terms
from bench.score.intervals import MetricCounts

UNITS = {"true_classes": "classes", "frequencies": "pixels"}
"""What is counted, where it is not called as the average is."""
_CELLS = 1_000_000
"""Terms and thresholds added up at once (8 MB)."""


def average(ids: Sequence[str], image: Int64[np.ndarray, " u"], terms: Terms, width: int) -> list[MetricCounts]:
    """Sum the terms of each image, as their average says; one result a threshold.

    ``image`` is the position in ``ids`` that each term belongs to. For "classes" and its kin the sums stand in one of
    ``width`` columns (background, -1, takes the last).
    """
    columns = width if terms.average in BY_CLASS else 1
    place = image * columns + (terms.classes % columns)  # u: the cell of the result that each term is added to
    parts, step = [terms.numerator, terms.denominator], max(1, _CELLS // max(1, len(place)))
    parts += [] if terms.true is None else [terms.true]
    faint = _find_faint(terms)  # t
    counts = []
    for start in range(0, len(terms.numerator), step):
        some = slice(start, start + step)
        top, bottom, *true = _add_up(place, [values[some] for values in parts], len(ids), columns)
        if terms.average == "images":
            seen = bottom > 0
            top, bottom = np.divide(top, bottom, out=np.zeros_like(top), where=seen), seen.astype(np.float64)
        each = zip(top, bottom, true[0] if true else repeat(None), faint[some], strict=False)
        counts += [_make_counts(tuple(ids), terms.average, t, b, w, f) for t, b, w, f in each]
    return counts


def _add_up(
    place: Int64[np.ndarray, " u"], parts: Sequence[Float64[np.ndarray, "t u"]], images: int, columns: int
) -> list[Float64[np.ndarray, "t i m"]]:
    """Add the terms of each cell up, in their order, at all thresholds at once: those of each part by themselves."""
    cells, t = images * columns, len(parts[0])
    cell = (place + cells * np.arange(t)[:, None]).ravel() if t > 1 else place
    sums = [np.bincount(cell, values.ravel(), t * cells).astype(np.float64, copy=False) for values in parts]
    return [each.reshape(t, images, columns) for each in sums]


def _find_faint(terms: Terms) -> Bool[np.ndarray, " t"]:
    """Find the thresholds at which a class has `FAINT` pixels."""
    t = len(terms.denominator)
    if terms.average not in BY_CLASS or not (small := terms.denominator <= FAINT).any():
        return np.zeros(t, bool)
    return np.any(small & (terms.denominator > 0), axis=1, keepdims=True)[:, 0]


def _make_counts(
    ids: tuple[str, ...], way: str, top: Float64[np.ndarray, "i m"], bottom: Float64[np.ndarray, "i m"],
    true: Float64[np.ndarray, "i m"] | None, faint: bool,
) -> MetricCounts:  # fmt: skip
    """Make the counts at one threshold of the sums of its terms; ``faint`` tells of terms that have `FAINT` pixels."""
    shift = None
    if way == "frequencies" and true is not None:
        shift = _estimate_shift(top, bottom, true)
        top, bottom = _weigh(top, bottom, true)
    elif way != "images" and (true is not None or faint):
        top, bottom = _choose_classes(top, bottom, true)
    return MetricCounts(ids, top, bottom, UNITS.get(way, way), shift)


def _choose_classes(
    top: Float64[np.ndarray, "i m"], bottom: Float64[np.ndarray, "i m"], true: Float64[np.ndarray, "i m"] | None = None
) -> tuple[Float64[np.ndarray, "i m"], Float64[np.ndarray, "i m"]]:
    """Leave out `FAINT` pixels of classes that the set has pixels of, and with ``true`` classes that its truth has not.

    So which classes count is decided by the whole set, for its resamples and rows by image, too.
    """
    faint = bottom <= FAINT
    kept = ~faint | faint.all(axis=0)  # i m
    if true is not None:
        kept &= (true.sum(axis=0) > 0) | faint.all(axis=0)
    return top * kept, bottom * kept


def _weigh(
    top: Float64[np.ndarray, "i m"], bottom: Float64[np.ndarray, "i m"], true: Float64[np.ndarray, "i m"]
) -> tuple[Float64[np.ndarray, "i 1"], Float64[np.ndarray, "i 1"]]:
    """The mean of I / U over classes, weighted by true pixels T, as one sum over images over another.

    With the sums I, U and T of a class over the set, an image counts the first-order change of sum of T I / U over
    classes: what it adds to T, to I and to U, each with its derivative. These add up to the sum itself, for it grows as
    its parts do, and resamples of images vary as it does.
    """
    whole_top, whole_bottom, whole_true = top.sum(axis=0), bottom.sum(axis=0), true.sum(axis=0)  # m
    ratio, weight = (
        np.divide(part, whole_bottom, out=np.zeros_like(part), where=whole_bottom > 0)
        for part in (whole_top, whole_true)
    )
    each = true * ratio + weight * (top - ratio * bottom)  # i m
    return each.sum(axis=1, keepdims=True), true.sum(axis=1, keepdims=True)


def _estimate_shift(
    top: Float64[np.ndarray, "i m"], bottom: Float64[np.ndarray, "i m"], true: Float64[np.ndarray, "i m"]
) -> float:
    """How far the mean of I / U by true pixels lies off its value on infinitely many images: the jackknife's estimate.

    Of a class that few images show false pixels are mostly missing, so that the mean is too high (Quenouille 1956: of n
    images n - 1 times what the mean over sets without one of them lies off the number).
    """
    shown = true.any(axis=1) | bottom.any(axis=1)  # i
    images = int(shown.sum())
    if images < 2 or not true.any():
        return 0.0
    whole = [part.sum(axis=0) for part in (top, bottom, true)]
    without = [each - part[shown] for each, part in zip(whole, (top, bottom, true), strict=True)]  # i m
    values = [_average_by_pixels(*parts) for parts in (whole, without)]
    known = np.isfinite(values[1])  # not the only image with true pixels
    return float((images - 1) * (values[1][known].mean() - values[0])) if known.any() else 0.0


def _average_by_pixels(top: np.ndarray, bottom: np.ndarray, true: np.ndarray) -> np.ndarray:
    """The mean of I / U over the last axis, weighted by true pixels; NaN where there are none."""
    ratio = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > FAINT)
    weight = true.sum(axis=-1)
    return np.divide((true * ratio).sum(axis=-1), weight, out=np.full(weight.shape, np.nan), where=weight > 0)


def join_terms(parts: Sequence[Terms | None]) -> tuple[Int64[np.ndarray, " u"], Terms]:
    """Put the terms of all images under each other, with the position of the image that each belongs to."""
    known = [(at, part) for at, part in enumerate(parts) if part is not None]
    image = np.repeat([at for at, _ in known], [len(part) for _, part in known]).astype(np.int64)
    terms = [part for _, part in known]
    true = [part.true for part in terms if part.true is not None]
    return image, Terms(
        terms[0].average,
        np.concatenate([part.classes for part in terms]),
        np.concatenate([part.share for part in terms]),
        np.concatenate([part.numerator for part in terms], axis=1),
        np.concatenate([part.denominator for part in terms], axis=1),
        np.concatenate(true, axis=1) if true else None,
    )


def select_terms(terms: Terms, kept: Int64[np.ndarray, " v"]) -> Terms:
    """Take some of the terms, by their places."""
    numerator, denominator = terms.numerator[:, kept], terms.denominator[:, kept]
    true = None if terms.true is None else terms.true[:, kept]
    return Terms(terms.average, terms.classes[kept], terms.share[kept], numerator, denominator, true)
