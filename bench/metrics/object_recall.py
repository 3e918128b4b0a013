"""Segment Recall (section 4.3) with objects as true segments: how many of the things that somebody drew were found.

The paper's own recall knows classes alone: all pixels of a class in an image are one true segment. Here a true
segment is an object where the data set has objects; stuff, and every class of a data set without objects, stays in one
piece. It is found if one predicted segment of its class (stuff: all of them united) has IoU **>** tau_IoU with it.
Objects that nobody told apart (a crowd) are neither found nor missed. Ours: no paper has it under this name; it is
TP / (TP + FN) of PQ, with segments of all classes pooled.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bench.metric_name import write_number
from bench.metrics.panoptic import compare_segments
from bench.metrics.terms import ImageTables, Terms, make_terms
from bench.records import ClassList, Overlap

_COUNT_OBJECTS = {"panoptic": "PQ", "objects": "recall.objects"}
"""Words of metrics that count objects, and what people call them."""


def compute_object_recall(image: ImageTables) -> dict[str, Terms]:
    """Compute which objects, and which stuff of the image, were found under all labels of a mapping."""
    by, things = image.protocol, image.classes.things
    parts = [compare_segments(image.overlap, labels, things, by) for labels in image.assigned.every]  # one a t
    found = [np.where(part.hidden, np.nan, (part.iou > by.tau_iou).any(axis=0)) for part in parts]
    share = parts[0].size / max(1.0, image.pixels)
    name = f"recall.objects>{write_number(by.tau_iou)}"
    return {name: make_terms("segments", parts[0].true, share, np.array(found, np.float64))}


def describe_objects(images: Iterable[Overlap], classes: ClassList, metrics: Iterable[str]) -> list[str]:
    """Describe in a note what was counted as an object, where a metric counts objects: no name of a number says it."""
    words = " and ".join(name for word, name in _COUNT_OBJECTS.items() if word in set(metrics))
    objects = kinds = untold = 0
    for item in images if words else ():
        thing = np.array(classes.things, bool)[item.truth_classes]
        several = np.zeros(len(thing), bool) if item.untold is None else item.untold
        objects, untold = objects + int((thing & ~several).sum()), untold + int(several.sum())
        kinds += len(np.unique(item.truth_classes[thing]))
    if not kinds:
        return []
    if objects <= kinds and not untold:
        return [f"{words}: no image has two objects of one class; all pixels of a thing in an image are one"]
    rest = f"; regions of several that nobody told apart: {untold:,}" if untold else ""
    return [f"{words}: {objects:,} objects of things, each a true segment of its own{rest}"]
