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
from jaxtyping import Float64, Int32

from bench.mapping.assign import find_nearest_class
from bench.metrics.iou import count_true_pixels
from bench.metrics.terms import Found, make_terms
from bench.records import Overlap


def open_miou(
    item: Overlap, similarity: np.ndarray, rounding: int | None, background: str = "ignore", void: str = "ignore"
) -> Found:
    """Intersections and unions of one image from rows of similarities [n, c]."""
    classes = np.arange(similarity.shape[1], dtype=np.int32)
    near = np.clip(similarity.astype(np.float64), 0, 1)
    pixels = assign_regions(item) @ np.hstack([count_true_pixels(item, classes), item.counts[:, -2:]])  # n, c + 2
    label, _ = find_nearest_class(similarity, rounding)
    right, wrong = near * pixels[:, :-2], (1 - near) * pixels[:, :-2]
    own = label[:, None] == classes
    truth = count_true_pixels(item, classes).sum(axis=0)
    outside = pixels[:, -2] * float(background not in ("ignore", "voc")) + pixels[:, -1] * float(void == "count")
    if background == "voc":
        outside = outside + pixels[:, -2] * (own & (truth > 0)).any(axis=1)
    errors = (own * (np.where(own, 0, wrong).sum(axis=1) + outside)[:, None]).sum(axis=0)
    union = truth + errors
    seen = (union > 0) | (truth > 0)
    share = np.full(int(seen.sum()), np.nan)
    found = make_terms(classes[seen], share, right.sum(axis=0)[seen], union[seen])
    return {"open_miou": ("classes", found)}


def assign_regions(item: Overlap) -> Float64[np.ndarray, "n a"]:
    """1 where an atom belongs to a segment when no pixel may belong to two: to the smallest (tie: the first)."""
    order = np.argsort(item.areas, kind="stable")
    first = np.zeros(item.membership.shape, bool)
    taken = np.zeros(len(item.membership), bool)
    for segment in order:
        first[:, segment] = item.membership[:, segment] & ~taken
        taken |= item.membership[:, segment]
    return first.T.astype(np.float64)


def find_region_owners(item: Overlap) -> Int32[np.ndarray, " a"]:
    """The same as an index: the segment that an atom belongs to, -1 under none."""
    table = assign_regions(item)
    return np.where(table.any(axis=0), table.argmax(axis=0) if len(table) else -1, -1).astype(np.int32)
