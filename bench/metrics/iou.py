"""Section 4.3, Segmentation IoU: segments of one label are united and compared with the true class.

Aggregation "image" (the paper and the reference): mean over the classes of an image that are true or predicted,
then mean over images. 0/0 (such a class lying only on pixels that do not count) is left out; so is an image where
nothing is left.

Aggregation "pair": mean over all pairs of an image and a class, so that an image counts as often as it has classes.

Aggregation "dataset" (mIoU of the confusion matrix): intersections and unions are summed over images first, then
intersection / union is averaged over the classes that occur in ground truth or predictions. Unlabelled pixels are
misses of their true class. Where segments overlap, a pixel counts once for each class predicted there.

A predicted class that the image ("dataset": the set) does not have scores 0 (``absent``: "zero"), or is left out
("ignore"). A class of the list without any scored pixel, true or predicted, is left out (``unseen``: "ignore"), or it
counts as 1 or 0, as other libraries have it. Which classes the set has is decided once, also for its resamples.

Which pixels count is said in `bench.overlap.arithmetic`.
"""

from __future__ import annotations

import numpy as np

from bench.metrics.terms import FAINT, ImageTables, Terms, make_terms

UNSEEN = {"ignore": np.nan, "one": 1.0, "zero": 0.0}
"""The IoU of a class without any scored pixel."""


def compute_iou(image: ImageTables) -> dict[str, Terms]:
    """Compute the IoU of each class, and its intersection and union, from the labels of a mapping."""
    by, pixels = image.protocol, image.class_pixels
    if by.unseen != "ignore":
        pixels = pixels.spread(len(image.classes), by.background == "class")
    share, unseen = pixels.share, pixels.union == 0  # u, t u
    # t u: the classes that enter the image's mean
    counted = pixels.evaluated if by.absent == "zero" else np.broadcast_to(pixels.truth > 0, unseen.shape)
    values = np.where(unseen, UNSEEN[by.unseen], np.where(counted, pixels.iou, np.nan))
    each = {"image": "images", "pair": "pairs"}
    terms = {
        f"iou.{word}.{by.representative}": make_terms(average, pixels.classes, share, values, image=pixels.image)
        for word, average in each.items()
        if word in by.aggregation
    }
    if "dataset" in by.aggregation:
        faint = unseen * FAINT * (by.unseen != "ignore")
        top, bottom = pixels.intersection + faint * (by.unseen == "one"), pixels.union + faint
        average, true = ("classes", None) if by.absent == "zero" else ("true_classes", pixels.scored)
        parts = average, pixels.classes, share, top, bottom, true
        terms[f"iou.dataset.{by.representative}"] = make_terms(*parts, image=pixels.image)
    return terms
