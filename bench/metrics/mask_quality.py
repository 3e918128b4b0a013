"""Class-agnostic mask quality: how well predicted segments fit true ones, whatever either is called.

max_iou        for each true segment the best IoU of any predicted one (one may serve several), mean over true segments
hungarian      one-to-one, the assignment of largest total IoU; a true segment left over has 0
hungarian_all  the same sum over true segments and the predicted ones left over, which so count as false positives

c-mIoU of AutoSeg is one of the first two: its match rule is known second-hand only [S], so both are given. True
segments are objects where the data set has them. Background counts in the area of a prediction unless the protocol
ignores it, void as the protocol says.
"""

from __future__ import annotations

import numpy as np

from bench.metrics.terms import ImageTables, Terms, make_terms
from bench.overlap.arithmetic import compute_iou_matrix


def compute_mask_quality(image: ImageTables) -> dict[str, Terms]:
    """Compute the three metrics of this page."""
    from scipy.optimize import linear_sum_assignment  # most of a second, which a command without it does not pay

    image = image.told_apart
    by, classes, share = image.protocol, image.overlap.truth_classes, image.segment_shares
    values = compute_iou_matrix(image.overlap, by.background, by.void)  # n k
    matched = np.zeros(len(classes))
    rows, columns = linear_sum_assignment(values, maximize=True)
    matched[columns] = values[rows, columns]
    left = len(values) - len(rows)  # predicted segments without a partner: terms without a class and a size
    padded = np.pad(classes, (0, left), constant_values=-1), np.full(len(classes) + left, np.nan)
    return {
        "masks.max_iou": make_terms("segments", classes, share, values.max(axis=0, initial=0.0)),
        "masks.hungarian": make_terms("segments", classes, share, matched),
        "masks.hungarian_all": make_terms("segments", *padded, np.pad(matched, (0, left))),
    }
