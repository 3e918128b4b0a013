"""Section 4, what each class was taken for: pixels of every true class under the labels of every mapping, over a set.

The table beside the numbers: the entry of a class with itself, summed over images, is the intersection of its IoU.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Int64

from bench.mapping.choose import make_strategy
from bench.mapping.labels import find_threshold
from bench.metrics.terms import ImageTables
from bench.overlap.arithmetic import count_confusion
from bench.protocol import Protocol
from bench.records import ClassList, Overlap
from bench.score.counts import gather, label
from bench.score.presets import make_title

COLUMNS = ("protocol", "mapping", "threshold", "true", "said", "pixels", "images")
NO_CLASS, NO_LABEL = "(background)", "(nothing)"
"""What stands for pixels of no class of the list, and for pixels under no segment with a label."""


def make_confusion_table(overlaps: Sequence[Overlap], classes: ClassList, protocol: Protocol) -> pd.DataFrame | None:
    """Make `COLUMNS`: a row for each mapping, true class and label that share a pixel in some image.

    ``pixels`` are whole, ``images`` counts those that have any of them. Rows follow mappings and the class list;
    background and "nothing" come last. None where no mapping assigns labels.
    """
    if not protocol.mapping:
        return None
    scored, title, parts = gather(overlaps, (), classes, protocol), make_title(protocol), []
    for mapping in protocol.mapping:
        tau = find_threshold(mapping, protocol)
        counts = [_count_image(image, len(classes)) for image in label(scored, mapping, [tau]) if image is not None]
        pairs, pixels, images = _sum_pairs(counts)
        words = {
            "true": [(*classes.names, NO_CLASS)[index] for index in pairs // (len(classes) + 1)],
            "said": [(*classes.names, NO_LABEL)[index] for index in pairs % (len(classes) + 1)],
        }
        about = {"protocol": title, "mapping": make_strategy(mapping, protocol.rounding).name, "threshold": tau}
        parts.append(pd.DataFrame({**words, "pixels": pixels, "images": images}).assign(**about))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _count_image(image: ImageTables, width: int) -> tuple[Int64[np.ndarray, " p"], Int64[np.ndarray, " p"]]:
    """Count the p pairs of one image that share a pixel: true class times (``width`` + 1) plus label, and the pixels.

    Background and "no label" have the index after the last class.
    """
    item, labels = image.overlap, image.assigned.chosen[0]
    true, said = (
        np.flatnonzero(np.bincount(part)).astype(np.int32) for part in (item.truth_classes, labels[labels >= 0])
    )
    pixels = count_confusion(item, labels, true, said)  # v+1 u+1
    pairs = np.append(true, width).astype(np.int64)[:, None] * (width + 1) + np.append(said, width)
    return pairs[pixels > 0], pixels[pixels > 0].astype(np.int64)


def _sum_pairs(counts: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum over images: the pairs, ascending, with the pixels of each and the images that have any of them."""
    none = np.zeros(0, np.int64)
    pairs, pixels = (np.concatenate([none, *(count[at] for count in counts)]) for at in (0, 1))
    found, place = np.unique(pairs, return_inverse=True)
    sums = np.zeros(len(found), np.int64)
    np.add.at(sums, place, pixels)
    return found, sums, np.bincount(place, minlength=len(found))
