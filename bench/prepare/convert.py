"""Section 4.4: one photograph and its mask as a row of a prepared set, checked on the way."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from jaxtyping import UInt16

from bench.data.images import read_beside_mask
from bench.data.prepared import CROWD
from bench.data.whole import hash_row
from bench.errors import BadSample
from bench.prepare.label_png import write_png
from bench.prepare.plan import Item, Labels, Plan, Reader
from bench.system.crew import Crew

WORTH_IT = 400
"""From so many images on several processes are quicker than one: each takes a second to start."""


@dataclass(frozen=True)
class Row:
    """``pixels`` counts the pixels of each id that occurs; ``digest`` is of id, image bytes, labels and objects."""

    image_id: str
    image: bytes
    label: bytes
    pixels: dict[int, int]
    digest: bytes
    objects: bytes | None = None
    number: int = 0
    """How many objects there are."""


def convert(item: Item, reader: Reader) -> Row | str:
    """Convert an image to its row, or to one line that says why there is none."""
    try:
        # Decoded from first to last byte, but no pixel of it is looked at.
        height, width = read_beside_mask(item.image, blank=True).shape[:2]
        labels = reader.read_item(item)
        if labels.classes.shape != (height, width):
            mask_h, mask_w = labels.classes.shape
            turned = ": rows and columns exchanged?" if (mask_w, mask_h) == (height, width) and mask_w != mask_h else ""
            raise BadSample(f"{item.mask}: mask is {mask_w}x{mask_h} but its image is {width}x{height}{turned}")
        return make_row(item, labels)
    except BadSample as error:
        return str(error)


def make_row(item: Item, labels: Labels) -> Row:
    """Make the row of an image and its labels."""
    image, objects = item.image.read_bytes(), labels.objects
    digest = hash_row(item.image_id, image, labels.classes, objects)
    row = Row(item.image_id, image, write_png(labels.classes), count(labels.classes), digest)
    return row if objects is None else replace(row, objects=write_png(objects), number=count_objects(labels))


def count_objects(labels: Labels) -> int:
    """Count the objects of an image; crowds are none."""
    if labels.objects is None:
        return 0
    pairs = (labels.classes.astype(np.uint32) << 16 | labels.objects).ravel()
    begins = np.append(True, pairs[1:] != pairs[:-1])  # neighbours mostly are of one object: few are left to sort
    objects = np.unique(pairs[begins]) & 0xFFFF
    return int(np.count_nonzero((objects > 0) & (objects != CROWD)))


def count(label: UInt16[np.ndarray, "h w"]) -> dict[int, int]:
    """Count pixels of each id that occurs, ascending: run by run, for a pixel mostly is as the one before it."""
    flat = label.ravel()
    begins = np.append(0, np.flatnonzero(flat[1:] != flat[:-1]) + 1)
    lengths = np.diff(begins, append=flat.size)
    pixels = np.bincount(flat[begins], lengths).astype(np.int64)  # as float64, exact to 2 ** 53
    ids = np.flatnonzero(pixels)
    return dict(zip(ids.tolist(), pixels[ids].tolist(), strict=True))


def make_rows(plan: Plan, jobs: int | None) -> Iterator[Row | str]:
    """Make all rows in the order of the items, over ``jobs`` processes (None: all cores where it is worth it)."""
    work = partial(convert, reader=plan.reader)
    cores = jobs or ((os.cpu_count() or 1) if len(plan.items) >= WORTH_IT else 1)
    if cores == 1:
        yield from map(work, plan.items)
        return
    # Not forked from here: a process that runs threads may be copied in the middle of one.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.system.quiet", __name__])
    crew = Crew(context, cores, fewer="--jobs 1")
    try:
        names = [f"image {item.image_id}" for item in plan.items]
        yield from crew.run(work, [(item,) for item in plan.items], names, chunk=16, ordered=True)
    finally:
        crew.end()
