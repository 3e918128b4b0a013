"""Floors and ceilings beside section 4's numbers, made from the same records.

Floor: the captions of all segments shuffled over the set (what do segments alone give?). Ceiling: every predicted
segment takes its true class (what does the segmentation allow?). The floor "one label for the whole image" needs
no helper: it is a `Prediction` with one full mask and the caption of the unmasked image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from bench.errors import UserError
from bench.overlap.arithmetic import count_true_pixels, sum_per_segment
from bench.records import Oracle, Overlap

Record = TypeVar("Record", Overlap, Oracle)


def shuffle_captions(records: Sequence[Record], seed: int = 0) -> list[Record]:
    """The records, sorted by image, with texts and TT rows permuted over the segments of the whole set.

    ST rows belong to the segment's embedding and stay. The order of the records given changes nothing.
    """
    images = sorted(records, key=lambda record: record.image_id)
    missing = [image.image_id for image in images if image.tt is None]
    if missing:
        raise UserError(f"image {missing[0]} has no texts: there are no captions to shuffle")
    tables = [image.tt for image in images if image.tt is not None]
    if not tables:
        return []
    ends = np.cumsum([len(table) for table in tables])
    order = np.random.default_rng(seed).permutation(int(ends[-1]))
    rows = np.concatenate(tables)[order]
    texts = [text for image, table in zip(images, tables, strict=True) for text in image.texts or ("",) * len(table)]
    words = [texts[index] for index in order]
    parts = [slice(end - len(table), end) for table, end in zip(tables, ends, strict=True)]
    return [
        replace(image, tt=rows[part], texts=tuple(words[part]) if image.texts else ())
        for image, part in zip(images, parts, strict=True)
    ]


def true_classes(overlap: Overlap, classes: int) -> Overlap:
    """The same segments, each named by the true class it shares most pixels with (tie: lower class index).

    TT and ST rows are one-hot; a segment that lies on no class gets zeros and so stays unlabelled.
    """
    pixels = sum_per_segment(overlap, count_true_pixels(overlap, np.arange(classes, dtype=np.int32)))
    rows = (np.arange(classes) == pixels.argmax(axis=1)[:, None]) & (pixels > 0)
    return replace(overlap, tt=rows.astype(np.float32), st=rows.astype(np.float32))
