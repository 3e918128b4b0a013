"""Section 4, what each class was taken for: pixels of every true class under the labels of every mapping, over a set.

The table beside the numbers: the entry of a class with itself, summed over images, is the intersection of its IoU.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from bench.mapping.assign import UNLABELLED
from bench.mapping.choose import make_strategy
from bench.mapping.labels import find_threshold
from bench.metrics.terms import ImageTables
from bench.overlap.arithmetic import count_confusion
from bench.protocol import Protocol
from bench.records import BACKGROUND, ClassList, Overlap
from bench.score.counts import gather, label
from bench.score.presets import make_title

COLUMNS = ("protocol", "mapping", "threshold", "true", "said", "pixels", "images")
NO_CLASS, NO_LABEL = "(background)", "(nothing)"
"""What stands for pixels of no class of the list, and for pixels under no segment with a label."""
Pair = tuple[int, int]
"""A true class (or `BACKGROUND`) and a label (or `UNLABELLED`)."""


def make_confusion_table(overlaps: Sequence[Overlap], classes: ClassList, protocol: Protocol) -> pd.DataFrame | None:
    """Make `COLUMNS`: a row for each mapping, true class and label that share a pixel in some image.

    ``pixels`` are whole, ``images`` counts those that have any of them. Rows follow mappings and the class list;
    background and "nothing" come last. None where no mapping assigns labels.
    """
    if not protocol.mapping:
        return None
    scored, title, rows = gather(overlaps, (), classes, protocol), make_title(protocol), []
    for mapping in protocol.mapping:
        tau, name = find_threshold(mapping, protocol), make_strategy(mapping, protocol.rounding).name
        pairs: dict[Pair, list[int]] = defaultdict(lambda: [0, 0])
        for image in label(scored, mapping, [tau]):
            for pair, pixels in _count_image(image) if image is not None else ():
                pairs[pair][0] += pixels
                pairs[pair][1] += 1
        for true, said in sorted(pairs, key=lambda pair: [each % (len(classes) + 1) for each in pair]):
            words = _name(true, classes, NO_CLASS), _name(said, classes, NO_LABEL)
            rows.append((title, name, tau, *words, *pairs[true, said]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _count_image(image: ImageTables) -> Iterator[tuple[Pair, int]]:
    """Count the pairs of one image that share a pixel."""
    item, labels = image.overlap, image.assigned.chosen[0]
    true, said = np.unique(item.truth_classes).astype(np.int32), np.unique(labels[labels >= 0]).astype(np.int32)
    pixels = count_confusion(item, labels, true, said)
    rows, columns = [*true.tolist(), BACKGROUND], [*said.tolist(), UNLABELLED]
    for row, column in zip(*np.nonzero(pixels), strict=True):
        yield (rows[row], columns[column]), int(pixels[row, column])


def _name(index: int, classes: ClassList, none: str) -> str:
    return none if index < 0 else classes.names[index]
