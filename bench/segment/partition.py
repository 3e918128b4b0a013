"""Segmenters that cut an image without section 3.1: their parts become the leaves of a tree, so that merging works.

Which parts are siblings is decided by Ward's criterion over the mean colour and the centre of each part (both 0 to 1,
all five numbers alike, parts not weighed by their size): what lies close and looks alike is joined first.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64, Integer, UInt8

from bench.errors import BadSample
from bench.records import SegmentTree
from bench.segment.prune import apply_splits, list_top_splits
from bench.segment.ward import build_ward_tree

MOST = 32767
"""Leaves are numbered in int16."""


def make_partition_tree(labels: Integer[np.ndarray, "h w"], image: UInt8[np.ndarray, "h w 3"]) -> SegmentTree:
    """Make a tree whose leaves are the parts of an image, one a value of `labels`, in ascending order of the values.

    Raises BadSample where there are more than 32,767 parts.
    """
    values, parts = np.unique(labels, return_inverse=True)
    if len(values) > MOST:
        raise BadSample(f"cut into {len(values)} parts, at most {MOST} can be numbered: ask for fewer or larger parts")
    merges = build_ward_tree(describe_parts(parts.reshape(labels.shape), len(values), image))
    ids = apply_splits(list_top_splits(merges, len(values)), root=2 * len(values) - 2)  # part to heap id
    return SegmentTree(parts.reshape(labels.shape).astype(np.int16), tuple(ids[part] for part in range(len(values))))


def describe_parts(
    parts: Int64[np.ndarray, "h w"], count: int, image: UInt8[np.ndarray, "h w 3"]
) -> Float64[np.ndarray, "k 5"]:
    """Describe each part by its mean colour / 255 and its centre / the longer side: float64 [k, 5]."""
    rows, columns = np.indices(parts.shape) / max(parts.shape)
    columns_of_facts = [*(image.astype(np.float64) / 255).transpose(2, 0, 1), rows, columns]
    sizes, flat = np.bincount(parts.ravel(), minlength=count), parts.ravel()
    return np.stack([np.bincount(flat, fact.ravel(), count) / sizes for fact in columns_of_facts], axis=1)
