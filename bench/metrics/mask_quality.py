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
from jaxtyping import Float64

from bench.metrics.iou import divide, sum_per_segment
from bench.metrics.terms import Found, make_terms
from bench.records import Overlap


def compute_iou_matrix(item: Overlap, background: str = "context", void: str = "ignore") -> Float64[np.ndarray, "n k"]:
    """IoU of each predicted segment with each true one; 0 where both are empty."""
    both = sum_per_segment(item, item.counts.astype(np.float64))
    shared, empty, outside = both[:, :-2], both[:, -2:-1], both[:, -1:]
    area = sum_per_segment(item, item.counts[:, :-2].sum(axis=1, dtype=np.float64)[:, None])
    area = area + empty * float(background != "ignore") + outside * float(void == "count")
    return np.nan_to_num(divide(shared, area + item.counts[:, :-2].sum(axis=0) - shared))


def mask_quality(item: Overlap, background: str = "context", void: str = "ignore") -> Found:
    """The three metrics of this page for one image."""
    from scipy.optimize import linear_sum_assignment  # most of a second, which a command without it does not pay

    values = compute_iou_matrix(item, background, void)
    classes, share = item.truth_classes, item.counts[:, :-2].sum(axis=0) / max(1, item.counts.sum())
    matched = np.zeros(len(classes))
    rows, columns = linear_sum_assignment(values, maximize=True)
    matched[columns] = values[rows, columns]
    left = len(values) - len(rows)  # predicted segments without a partner: terms without a class and a size
    padded = np.pad(classes, (0, left), constant_values=-1), np.full(len(classes) + left, np.nan)
    return {
        "masks.max_iou": ("segments", make_terms(classes, share, values.max(axis=0, initial=0.0))),
        "masks.hungarian": ("segments", make_terms(classes, share, matched)),
        "masks.hungarian_all": ("segments", make_terms(*padded, np.pad(matched, (0, left)))),
    }
