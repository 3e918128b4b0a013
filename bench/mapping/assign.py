"""Sections 4.1 and 4.2: each segment takes the nearest class, unless it is too far from it (verification by tau)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int32, Int64

UNLABELLED = -1


def assign(
    similarity: Float[np.ndarray, "n c"], threshold: float | None, rounding: int | None = 6
) -> Int32[np.ndarray, " n"]:
    """Assign each segment its class index, -1 below the threshold (None: no threshold; equality passes).

    ``rounding`` is the number of decimals similarities are rounded to before argmax (tie: lower class index) and
    before the comparison, so that the last bits of a network decide nothing; None compares raw values, as the
    reference does. A row of zeros says nothing of the segment (empty text) and stays unlabelled.
    """
    return apply_thresholds(*find_nearest_class(similarity, rounding), [threshold], rounding)[0]


def find_nearest_class(
    similarity: Float[np.ndarray, "n c"], rounding: int | None = 6
) -> tuple[Int32[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Find the nearest class of each segment and how near it is; -1 and 0 for rows of zeros."""
    if not similarity.size:
        return np.full(len(similarity), UNLABELLED, np.int32), np.zeros(len(similarity))
    rows = similarity if rounding is None else np.round(similarity.astype(np.float64), rounding)
    label = np.where(similarity.any(axis=1), rows.argmax(axis=1), UNLABELLED)
    return label.astype(np.int32), rows.max(axis=1)


def apply_thresholds(
    label: Int32[np.ndarray, " n"],
    best: Float[np.ndarray, " n"],
    thresholds: Sequence[float | None],
    rounding: int | None = 6,
) -> Int32[np.ndarray, "t n"]:
    """Apply thresholds to labels: they only ever drop a label, they never change one."""
    # the threshold in the precision of the similarities: else float32 0.7 would fail >= 0.7
    taus = np.array([-np.inf if tau is None else tau for tau in thresholds]).astype(best.dtype)
    if rounding is not None:
        taus = np.round(taus, rounding)
    return np.where(best >= taus[:, None], label, UNLABELLED).astype(np.int32)


def choose_representatives(
    label: Int32[np.ndarray, " n"], best: Float[np.ndarray, " n"], areas: Int64[np.ndarray, " n"]
) -> Int32[np.ndarray, " n"]:
    """Keep one segment of each class, the most similar one (tie: largest area, then first), unlabel the others."""
    order = np.lexsort((np.arange(len(label)), -areas, -best))
    classes, first = np.unique(label[order], return_index=True)
    kept = np.full_like(label, UNLABELLED)
    kept[order[first]] = classes
    return kept
