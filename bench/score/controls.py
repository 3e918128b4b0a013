"""Floors and ceilings beside section 4's numbers, made from the same records.

Floor: the captions of all segments shuffled over the set (what do segments alone give?). Ceiling: every predicted
segment takes its true class (what does the segmentation allow?). The floor "one label for the whole image" needs
no helper: it is a `Prediction` with one full mask and the caption of the unmasked image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pandas as pd

from bench.errors import UsageError, UserError
from bench.metric_name import parse
from bench.overlap.arithmetic import count_true_pixels, sum_per_segment
from bench.records import Overlap, TrueSegmentTexts
from bench.score.score_table import CEILING, FLOOR, split_measure

Record = TypeVar("Record", Overlap, TrueSegmentTexts)
Records = tuple[list[Overlap], list[TrueSegmentTexts]]


@dataclass(frozen=True)
class Control:
    """A floor or ceiling of the numbers of a run.

    ``title`` is for people, ``mappings`` are those it says something of. It leaves as they were, and so has no number
    for, the metrics that begin with ``unchanged`` and those under the mappings ``unread``. ``change`` makes its records
    from a run's, the seed and the number of classes.
    """

    title: str
    role: str
    mappings: tuple[str, ...]
    unchanged: tuple[str, ...]
    unread: tuple[str, ...]
    change: Callable[[Records, int, int], Records]

    def select(self, table: pd.DataFrame) -> pd.DataFrame:
        """Select the rows of its scores whose metrics it changes."""
        return table[table["metric"].map(self._changes).astype(bool)]

    def _changes(self, name: str) -> bool:
        parts = parse(name)
        words, _ = split_measure(parts.metric)
        beginnings = {".".join(words[:end]) for end in range(1, len(words) + 1)}
        return parts.mapping not in self.unread and beginnings.isdisjoint(self.unchanged)


def shuffle_captions(records: Sequence[Record], seed: int = 0) -> list[Record]:
    """Shuffle texts and TT rows of the records, sorted by image, over the segments of the whole set.

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


def assign_true_classes(overlap: Overlap, classes: int) -> Overlap:
    """Assign true names: to each segment the true class it shares most pixels with (tie: lower class index).

    TT and ST rows are one-hot; a segment that lies on no class gets zeros and so stays unlabelled.
    """
    pixels = sum_per_segment(overlap, count_true_pixels(overlap, np.arange(classes, dtype=np.int32)))
    rows = (np.arange(classes) == pixels.argmax(axis=1)[:, None]) & (pixels > 0)
    return replace(overlap, tt=rows.astype(np.float32), st=rows.astype(np.float32))


CONTROLS = {
    "shuffled": Control(  # ST reads embeddings, which belong to segments, not to captions
        "floor: shuffled captions", FLOOR, ("tt",), ("masks", "jaccard.overlap"), ("st",),
        lambda records, seed, _: (shuffle_captions(records[0], seed), shuffle_captions(records[1], seed)),
    ),
    "true_classes": Control(
        "ceiling: true classes", CEILING, ("tt", "st"), ("masks", "names", "jaccard.overlap", "jaccard.hard"), (),
        lambda records, _, classes: ([assign_true_classes(item, classes) for item in records[0]], []),
    ),
}  # fmt: skip
"""By the word in ``controls``."""


def choose_controls(words: str | Sequence[str]) -> list[Control]:
    """Choose the controls that a run asks for. Raises UsageError for an unknown one."""
    names = [words] if isinstance(words, str) else list(words)
    for name in names:
        if name not in CONTROLS:
            raise UsageError(f"controls={name}: known are {', '.join(CONTROLS)}")
    return [CONTROLS[name] for name in names]
