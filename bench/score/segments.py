"""Section 4.3, what the method says of each true segment, one row each: the terms that TGQ is a mean of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bench.metrics import tgq
from bench.overlap.table import merge_objects
from bench.protocol import Protocol
from bench.records import ClassList, Overlap, TrueSegmentTexts

KNOWN = ("image_id", "class", "thing", "area", "share")
"""Of the true segment itself: name of the class, thing or stuff, pixels, and share of all pixels of the image."""
MEASURED = ("text", "tt_cosine", "tt_hit", "tt_top1", "st_cosine", "st_top1")
"""What the method says of it, as in `tgq`; these columns are not there for a variant without oracle records."""


def make_segment_table(
    tables: Sequence[tuple[Overlap, TrueSegmentTexts]], classes: ClassList, score: Protocol
) -> pd.DataFrame:
    """Make `KNOWN` and, where there are oracle records, `MEASURED`; sorted by image_id, then by class index.

    Thresholds, rounding and ties are those of ``score``, so that sums over rows are the numerators of TGQ. Without a
    threshold every text would be a hit: ``tt_hit`` then says what ``tt_top1`` says.
    """
    parts = [_make_columns(*pair, classes, score) for pair in sorted(tables, key=lambda pair: pair[0].image_id)]
    names = [*KNOWN, *MEASURED] if not parts or any("text" in part for part in parts) else list(KNOWN)
    rows = {name: [v for part in parts for v in part.get(name, [None] * len(part["area"]))] for name in names}
    return pd.DataFrame(rows, columns=names)


def _make_columns(
    overlap: Overlap, oracle: TrueSegmentTexts, classes: ClassList, score: Protocol
) -> dict[str, Sequence[object]]:
    overlap = merge_objects(overlap)
    index, inside = overlap.truth_classes, overlap.counts[:, :-2].sum(axis=0)
    known: dict[str, Sequence[object]] = {
        "image_id": [overlap.image_id] * len(index),
        "class": [classes.names[i] for i in index],
        "thing": [classes.things[i] for i in index],
        "area": inside.tolist(),
        "share": (inside / overlap.counts.sum()).tolist(),
    }
    if oracle.tt is None or oracle.st is None:
        return known

    def each(rows: np.ndarray, measure: str) -> Sequence[object]:
        return list(tgq.measure_each(rows, oracle.classes, measure, score))

    return known | {
        "text": list(oracle.texts or ("",) * len(index)),
        "tt_cosine": each(oracle.tt, "cosine"),
        "tt_hit": each(oracle.tt, "top1" if score.tau_sbert is None else "hit"),
        "tt_top1": each(oracle.tt, "top1"),
        "st_cosine": each(oracle.st, "cosine"),
        "st_top1": each(oracle.st, "top1"),
    }
