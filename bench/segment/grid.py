"""A control for section 3.1: equal rectangles, whatever the image shows."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Interval

from bench.records import Sample, SegmentTree
from bench.segment.partition import make_partition_tree


class Grid:
    """`rows` times `columns` rectangles, as equal as pixels allow; never more than the image has pixels a side."""

    source = "a control"
    cost, training_free = "nothing", True

    def __init__(
        self, rows: Annotated[int, Interval(ge=1, le=181)] = 4, columns: Annotated[int, Interval(ge=1, le=181)] = 5
    ) -> None:
        self.rows, self.columns = rows, columns

    def __call__(self, sample: Sample) -> SegmentTree:
        """Cut an image into rectangles."""
        height, width = sample.size
        row = np.arange(height) * min(self.rows, height) // height
        column = np.arange(width) * min(self.columns, width) // width
        return make_partition_tree(row[:, None] * width + column, sample.image)
