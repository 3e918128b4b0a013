"""Overlap mapping (vicss, "Overlap Jaccard"): a segment is the class it shares most pixels with, whatever its text.

It reads the truth, so it measures masks alone; several segments may take one class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.mapping.assign import UNLABELLED
from bench.mapping.base import Assigned, count_shared_pixels
from bench.records import Overlap


@dataclass(frozen=True)
class MaxOverlap:
    """Ties go to the lower class; a segment that lies on no class stays unlabelled."""

    name: str = "maxoverlap"
    threshold: None = None

    def assign(self, item: Overlap) -> Assigned:
        present = np.unique(item.truth_classes)
        pixels = count_shared_pixels(item, present)
        if not pixels.size:
            return np.full(len(pixels), UNLABELLED, np.int32), np.zeros(len(pixels))
        label = np.where(pixels.any(axis=1), present[pixels.argmax(axis=1)], UNLABELLED).astype(np.int32)
        return label, (label >= 0).astype(np.float64)
