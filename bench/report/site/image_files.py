"""Figures 1 and 5 in the report site: a file an image, with its segments as numbers; the page paints them.

Nothing is drawn here. A label map is a few kilobytes of run lengths, and the page that is looked at paints it at the
size at which it is looked at, by whatever threshold was chosen: so labels follow tau, and every script has the letters
that the reader's system has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

from bench.records import Overlap, Prediction, Sample, SegmentTree
from bench.report.pictures.draw import LARGEST, SMALLEST, Panel, make_label_map
from bench.report.site.pack import narrow
from bench.report.site.segments import list_nearest

_BYTE = 255


def encode_map(labels: Int[np.ndarray, "h w"]) -> dict[str, Any]:
    """Encode a label map, row by row: lengths of runs and what each is of (0 void, 1 none, 2 the first segment).

    Runs of more than a byte holds are cut into several of the same label, where that makes it smaller.
    """
    flat = labels.ravel()
    ends = np.append(np.flatnonzero(flat[1:] != flat[:-1]) + 1, flat.size) if flat.size else np.zeros(0, np.int64)
    runs, of = np.diff(ends, prepend=0), flat[ends - 1].astype(np.int64) + 2
    parts = -(-runs // _BYTE)
    if 2 * parts.sum() < 3 * len(runs):
        last = runs - _BYTE * (parts - 1)
        runs, of = np.full(parts.sum(), _BYTE), np.repeat(of, parts)
        runs[np.cumsum(parts) - 1] = last
    return {"size": [int(side) for side in labels.shape], "runs": narrow(runs), "of": narrow(of)}


def shrink_map(labels: Int[np.ndarray, "h w"]) -> Int[np.ndarray, "h2 w2"]:
    """Shrink a label map to the size at which its picture is kept, by the nearest pixel; a smaller one stays."""
    longest = max(labels.shape)
    if longest <= LARGEST:
        return labels
    rows, columns = (
        ((np.arange(max(1, round(side * LARGEST / longest))) + 0.5) * longest / LARGEST).astype(np.int64)
        for side in labels.shape
    )
    return labels[np.minimum(rows, labels.shape[0] - 1)[:, None], np.minimum(columns, labels.shape[1] - 1)]


def decode_map(encoded: Mapping[str, Any]) -> Int[np.ndarray, "h w"]:
    """Decode what `encode_map` made: what the page does, too."""
    return np.repeat(encoded["of"].astype(np.int32) - 2, encoded["runs"]).reshape(encoded["size"])


def write_picture(image: UInt8[np.ndarray, "h w 3"], stem: Path) -> dict[str, Any]:
    """Write an image no larger than it is shown, a photograph as ``stem``.jpg, a small drawing as .png: name and width.

    The page decodes it itself, at the size at which it is shown, and lets go of it: in its own pictures browsers keep
    hundreds that are out of sight.
    """
    picture = Image.fromarray(image)
    stem.parent.mkdir(parents=True, exist_ok=True)
    small = max(picture.size) < SMALLEST
    if small:
        file = stem.with_suffix(".png")
        picture.save(file, compress_level=6)
    else:
        picture.thumbnail((LARGEST, LARGEST), Image.Resampling.BICUBIC, reducing_gap=2.0)
        file = stem.with_suffix(".jpg")
        picture.save(file, quality=88, subsampling=0)
    return {"file": file.name, "width": picture.width}


def describe_segments(prediction: Prediction, item: Overlap | None, number: Callable[[str], int]) -> dict[str, Any]:
    """Describe the named segments of an image: map, texts by number, areas of a whole, nearest classes if known."""
    labels = make_label_map(Panel("", masks=prediction.masks))
    assert labels is not None, "masks were given"
    told = {
        "map": encode_map(shrink_map(labels)),
        "texts": narrow([number(text) for text in prediction.texts]),
        "areas": narrow(prediction.masks.sum(axis=(1, 2))),
        "whole": labels.size,
    }
    near = {} if item is None else {"tt": list_nearest(item.tt), "st": list_nearest(item.st)}
    return told | {key: rows for key, rows in near.items() if rows is not None}


def describe_truth(sample: Sample) -> dict[str, Any] | None:
    """Describe the true classes of an image; None where nobody labelled it."""
    return None if sample.truth is None else {"map": encode_map(shrink_map(sample.truth))}


def describe_over_segments(tree: SegmentTree) -> dict[str, Any]:
    """Describe the over-segments of an image."""
    return {"map": encode_map(shrink_map(tree.leaves)), "count": len(tree.heap_ids)}
