"""Open mIoU (arXiv 2311.03352) for free text: a wrong name that is near the true one is partly right.

With N[p, g] pixels of segment p on class g and M[p, g] in 0..1 the similarity of its text and the class name:

    true positives of g  = sum over p of M[p, g] N[p, g]
    union of g           = |G_g| + sum over segments p of class g, over other classes h, of (1 - M[p, h]) N[p, h]

summed over the set; the score is the mean over the classes that occur. Where texts are class names this is the
published definition: new diagonal sum M N, off-diagonal (1 - M) N, and diagonal / (row + column - diagonal). There rows
are classes; free text has no row, so the errors of a segment stand in the row of the class that it is nearest to. M is
the cosine of the sentence encoder, negative values 0; the paper compares eleven others. A pixel under several segments
belongs to the smallest. Background and void under a segment are errors of it as the protocol says.
"""

from __future__ import annotations

import numpy as np

from bench.mapping.assign import find_nearest_class
from bench.metrics.terms import ImageTables, Terms, make_terms
from bench.overlap.arithmetic import assign_regions, count_true_pixels


def compute_open_miou(image: ImageTables) -> dict[str, Terms]:
    """Compute intersections and unions of each class from the TT rows of the segments."""
    item, by, similarity = image.overlap, image.protocol, image.texts_to_classes
    classes = np.arange(similarity.shape[1], dtype=np.int32)  # c: all of the list
    near = np.clip(similarity.astype(np.float64), 0, 1)  # n c
    pixels = assign_regions(item) @ np.hstack([count_true_pixels(item, classes), item.counts[:, -2:]])  # n, c + 2
    label, _ = find_nearest_class(similarity, by.rounding)  # n: the class whose row a segment's errors stand in
    right, wrong = near * pixels[:, :-2], (1 - near) * pixels[:, :-2]  # n c
    own = label[:, None] == classes  # n c
    truth = count_true_pixels(item, classes).sum(axis=0)  # c
    outside = pixels[:, -2] * float(by.background not in ("ignore", "voc")) + pixels[:, -1] * float(by.void == "count")
    if by.background == "voc":
        outside = outside + pixels[:, -2] * (own & (truth > 0)).any(axis=1)
    errors = (own * (np.where(own, 0, wrong).sum(axis=1) + outside)[:, None]).sum(axis=0)  # c
    union = truth + errors
    seen = (union > 0) | (truth > 0)
    share = np.full(int(seen.sum()), np.nan)  # a class that is only predicted has no size
    return {"open_miou": make_terms("classes", classes[seen], share, right.sum(axis=0)[seen], union[seen])}
