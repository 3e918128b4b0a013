"""Metrics of other papers: hard, soft, overlap and nearest Jaccard, and soft recall (the protocol of vicss).

One idea in five: each segment p says of each class c with what weight w_p(c) it shows it, and over the classes that the
image truly has, I = sum of w over pixels of G_c, U = sum of w over all pixels + |G_c| - I. Jaccard = I / U, recall =
I / |G_c|. The weights are

soft     max(0, cosine of the text and the class name)
hard     1 where the text is the class name, letter by letter
nearest  1 for the most similar class among those that the image has ("grounded")
overlap  1 for the class that the segment shares most pixels with (many segments to one class)

"micro" is the mean over all pairs of image and true class, "macro" the mean over images for each class first, then over
classes. `hard.dataset` sums I and U over the set first: the usual multiclass IoU. A predicted class that the image does
not have costs nothing but in `hard.dataset`. Where segments overlap a pixel takes the largest weight. Which pixels
outside the classes count is the protocol's (``background``, ``void``); the published definition counts all of them, and
its sentence encoder is all-MiniLM-L6-v2: the model stands in the metric's name.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from bench.mapping.exact import Exact
from bench.mapping.grounded import Grounded
from bench.mapping.maxoverlap import MaxOverlap
from bench.metrics.terms import ImageTables, Terms, make_terms
from bench.overlap.arithmetic import count_class_pixels, count_scored_pixels, count_true_pixels, divide


def compute_soft(image: ImageTables) -> dict[str, Terms]:
    """Compute soft Jaccard and soft recall from the TT rows."""
    present = np.unique(image.overlap.truth_classes)
    weights = np.maximum(image.texts_to_classes[:, present].astype(np.float64), 0)
    return _compute_pairs(image, weights, "soft", recall=True)


def compute_hard(image: ImageTables) -> dict[str, Terms]:
    """Compute hard Jaccard from texts that are class names as strings, by image and class and over the set."""
    item, by = image.overlap, image.protocol
    labels = Exact(tuple((name,) for name in image.classes.names)).assign(item)[0]
    whole = count_class_pixels(item, labels[None], by.background, by.void)
    share = whole.truth / max(1, whole.pixels)
    over_set = make_terms("classes", whole.classes, share, whole.intersection, whole.union)
    return _compute_labelled(image, labels, "hard") | {"jaccard.hard.dataset": over_set}


def compute_nearest(image: ImageTables) -> dict[str, Terms]:
    """Compute Jaccard where each text takes the most similar class of those that the image has."""
    item = replace(image.overlap, tt=image.texts_to_classes)  # without texts the error is this metric's
    labels = Grounded("tt", rounding=image.protocol.rounding).assign(item)[0]
    return _compute_labelled(image, labels, "nearest")


def compute_overlap(image: ImageTables) -> dict[str, Terms]:
    """Compute Jaccard where each segment takes the class it shares most pixels with; one that lies on none has none."""
    return _compute_labelled(image, MaxOverlap().assign(image.overlap)[0], "overlap")


def _compute_labelled(image: ImageTables, labels: np.ndarray, name: str) -> dict[str, Terms]:
    present = np.unique(image.overlap.truth_classes)
    return _compute_pairs(image, (labels[:, None] == present).astype(np.float64), name)


def _compute_pairs(
    image: ImageTables, weights: Float64[np.ndarray, "n u"], name: str, recall: bool = False
) -> dict[str, Terms]:
    """Compute I / U (and I / |G|) of each class that the image has, from the weight of each segment for it."""
    item, by = image.overlap, image.protocol
    present = np.unique(item.truth_classes)
    truth = count_true_pixels(item, present)  # a u
    scored = count_scored_pixels(item, truth, by.background, by.void)  # a u
    inside = np.max(item.membership[:, :, None] * weights, axis=1, initial=0.0)  # a u: a pixel takes the largest weight
    true = truth.sum(axis=0)
    intersection = (inside * truth).sum(axis=0)
    values = {"jaccard": divide(intersection, (inside * scored).sum(axis=0) + true - intersection)}
    if recall:
        values["recall"] = divide(intersection, true)
    share = true / max(1.0, image.pixels)
    return {
        f"{measure}.{name}.{word}": make_terms(average, present, share, value)
        for measure, value in values.items()
        for word, average in (("micro", "segments"), ("macro", "classes"))
    }
