"""Section 4.3, Text Generation Quality: the ground-truth segments of an image as masks."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int32

from bench.errors import BadSample
from bench.records import Sample


def make_truth_masks(sample: Sample) -> tuple[Bool[np.ndarray, "k h w"], Int32[np.ndarray, " k"]]:
    """Make one mask for each class in the image, ascending; background and void are no segments.

    All pixels of a class are one segment, however many components they form. k may be 0. An image without labels
    raises BadSample.
    """
    if sample.truth is None:
        raise BadSample(f"image {sample.image_id}: it has no labels, so it has no oracle segments")
    classes = np.unique(sample.truth)
    classes = classes[classes >= 0]
    return sample.truth[None] == classes[:, None, None], classes.astype(np.int32)
