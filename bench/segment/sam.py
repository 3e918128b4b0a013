"""A control for section 3.1: automatic masks of SAM or SAM 2, learned from a billion masks that people looked over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from annotated_types import Interval
from jaxtyping import Bool, Int64

from bench.records import Sample, SegmentTree
from bench.segment.partition import make_partition_tree

if TYPE_CHECKING:
    from bench.models.sam import Sam


class SamMasks:
    """Masks that ``points`` a side prompt, painted one over the other (`paint_masks`).

    A mask stays if the model rates its own IoU above ``pred_iou`` and if thresholds of its logits at +1 and -1 agree to
    above ``stability`` (IoU); of two whose boxes overlap by more than ``overlap`` (IoU) the one rated lower goes.
    """

    source = "Kirillov et al., ICCV 2023; SAM 2: Ravi et al., 2024"
    cost, training_free = "SAM's image encoder, and its decoder a point", False

    def __init__(
        self,
        sam: Sam,
        points: Annotated[int, Interval(ge=1, le=256)] = 32,
        pred_iou: Annotated[float, Interval(ge=-1000, le=1000)] = 0.88,
        stability: Annotated[float, Interval(ge=-1, le=1)] = 0.95,
        overlap: Annotated[float, Interval(ge=0, le=1)] = 0.7,
    ) -> None:
        self.sam, self.points, self.pred_iou, self.stability, self.overlap = sam, points, pred_iou, stability, overlap

    def __call__(self, sample: Sample) -> SegmentTree:
        """Cut an image into the visible part of each mask, and what none covers."""
        masks = self.sam.generate_masks(sample.image, self.points, self.pred_iou, self.stability, self.overlap)
        return make_partition_tree(paint_masks(masks, sample.size), sample.image)


def paint_masks(masks: Bool[np.ndarray, "n h w"], size: tuple[int, int]) -> Int64[np.ndarray, "h w"]:
    """Paint n masks, best first, the larger before the smaller: int64 [h, w], 1 + the mask seen there, 0 where none is.

    A smaller mask so lies on top of what it is a part of; of equally large ones the better is on top.
    """
    labels = np.zeros(size, np.int64)
    areas = masks.sum(axis=(1, 2))
    for at in sorted(range(len(masks)), key=lambda k: (-int(areas[k]), -k)):
        labels[masks[at]] = at + 1
    return labels
