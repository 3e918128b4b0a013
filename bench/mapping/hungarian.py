"""Hungarian mapping (unsupervised segmentation): segments and the classes of an image, matched one to one.

The matching maximises the shared pixels ("intersection") or the sum of IoUs ("iou") of each image. It reads the truth,
so it measures masks alone. A segment without a partner, or one that shares no pixel with it, stays unlabelled: its
pixels are then misses of their true classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.mapping.assign import UNLABELLED
from bench.mapping.base import Assigned, count_shared_pixels
from bench.overlap.arithmetic import sum_per_segment
from bench.records import Overlap


@dataclass(frozen=True)
class Hungarian:
    """``by`` is intersection or iou. Void pixels belong to no area."""

    by: str = "intersection"
    threshold: None = None

    @property
    def name(self) -> str:
        return "hungarian" if self.by == "intersection" else f"hungarian-{self.by}"

    def assign(self, item: Overlap) -> Assigned:
        from scipy.optimize import linear_sum_assignment  # slow to load

        present = np.unique(item.truth_classes)
        pixels = count_shared_pixels(item, present)
        worth = pixels if self.by == "intersection" else pixels / np.maximum(_count_unions(item, pixels), 1)
        segments, columns = linear_sum_assignment(worth, maximize=True)
        label = np.full(len(pixels), UNLABELLED, np.int32)
        label[segments] = np.where(pixels[segments, columns] > 0, present[columns], UNLABELLED)
        return label, (label >= 0).astype(np.float64)


def _count_unions(item: Overlap, pixels: np.ndarray) -> np.ndarray:
    scored = item.counts[:, :-1].sum(axis=1)
    classes = np.unique(item.truth_classes)
    truth = np.array([item.counts[:, :-2][:, item.truth_classes == c].sum() for c in classes], np.float64)
    return sum_per_segment(item, scored[:, None]) + truth - pixels
