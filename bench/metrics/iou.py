"""Section 4.3, Segmentation IoU: segments of one label are united and compared with the true class.

Aggregation "image" (the paper and the reference): mean over the classes of an image that are true or predicted,
then mean over images. A predicted class that the image does not have scores 0 (``absent``: "zero"), or is left out
("ignore"). 0/0 (such a class lying only on pixels that do not count) is left out; so is an image where nothing is left.

Aggregation "dataset" (mIoU of the confusion matrix): intersections and unions are summed over images first, then
intersection / union is averaged over the classes that occur in ground truth or predictions. Unlabelled pixels are
misses of their true class. Where segments overlap, a pixel counts once for each class predicted there.

Which pixels count is said in `bench.overlap.arithmetic`.
"""

from __future__ import annotations

import numpy as np

from bench.metrics.terms import ImageTables, Terms, make_terms


def compute_iou(image: ImageTables) -> dict[str, Terms]:
    """Compute the IoU of each class, and its intersection and union, from the labels of a mapping."""
    by, pixels, share = image.protocol, image.class_pixels, image.class_shares
    terms = {}
    if "image" in by.aggregation:
        # t u: the classes that enter the image's mean
        counted = pixels.evaluated if by.absent == "zero" else np.broadcast_to(pixels.truth > 0, pixels.iou.shape)
        terms[f"iou.image.{by.representative}"] = make_terms(
            "images", pixels.classes, share, np.where(counted, pixels.iou, np.nan)
        )
    if "dataset" in by.aggregation:
        terms[f"iou.dataset.{by.representative}"] = make_terms(
            "classes", pixels.classes, share, pixels.intersection, pixels.union
        )
    return terms
