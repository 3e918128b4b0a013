"""Metrics of other papers: pixel accuracy, mean accuracy and frequency-weighted IoU (FCN, arXiv 1411.4038, section 5).

pixel_accuracy  right pixels / scored pixels of the truth, of all classes together
mean_accuracy   the same of each class, then the mean over the classes that the truth has
fwiou           IoU of each class over the set, the mean by the share of the scored true pixels that are the class's

Pixels that do not count are those of IoU (`bench.overlap.arithmetic`); a pixel without an answer is a wrong one. Where
segments overlap, a pixel is right if any of them is. fwiou is a sum of products, so that an
image has no fwiou of its own in it: its row by image is what it adds, to first order, per true pixel of its own.
"""

from __future__ import annotations

from bench.metrics.terms import ImageTables, Terms, make_terms


def compute_pixel_accuracy(image: ImageTables) -> dict[str, Terms]:
    """Compute the right and the scored pixels of each class."""
    pixels, share = image.class_pixels, image.class_shares
    terms = make_terms("pixels", pixels.classes, share, pixels.intersection, pixels.scored, image=pixels.image)
    return {_name_number("pixel_accuracy", image): terms}


def compute_mean_accuracy(image: ImageTables) -> dict[str, Terms]:
    """Compute the same, to be averaged over classes."""
    pixels, share = image.class_pixels, image.class_shares
    terms = make_terms("classes", pixels.classes, share, pixels.intersection, pixels.scored, image=pixels.image)
    return {_name_number("mean_accuracy", image): terms}


def compute_weighted_iou(image: ImageTables) -> dict[str, Terms]:
    """Compute intersection, union and weight of each class."""
    pixels, share = image.class_pixels, image.class_shares
    parts = (pixels.intersection, pixels.union, pixels.scored)
    terms = make_terms("frequencies", pixels.classes, share, *parts, image=pixels.image)
    return {_name_number("fwiou", image): terms}


def _name_number(word: str, image: ImageTables) -> str:
    """Name the number, with the segments that stand for a class where these are not all of them, as recall does."""
    return word if image.protocol.representative == "union" else f"{word}.{image.protocol.representative}"
