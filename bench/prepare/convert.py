"""Section 4.4: one photograph and its mask as a row of a prepared set, checked on the way."""

from __future__ import annotations

import io
import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from bench.data.images import read_image
from bench.data.whole import hash_row
from bench.errors import BadSample
from bench.prepare.masks import read_mask
from bench.prepare.plan import Coding, Item, Plan
from bench.system.crew import Crew

WORTH_IT = 400
"""From so many images on several processes are quicker than one: each takes a second to start."""


@dataclass(frozen=True)
class Row:
    """``pixels`` counts the pixels of each id that occurs; ``digest`` is of id, image bytes and label array."""

    image_id: str
    image: bytes
    label: bytes
    pixels: dict[int, int]
    digest: bytes


def convert(item: Item, coding: Coding) -> Row | str:
    """Convert an image to its row, or to one line that says why there is none."""
    try:
        height, width = read_image(item.image, orient=False).shape[:2]
        label = coding.read(read_mask(item.mask, coding.wide), item.mask)
        if label.shape != (height, width):
            mask_h, mask_w = label.shape
            raise BadSample(f"{item.mask}: mask is {mask_w}x{mask_h} but its image is {width}x{height}")
        image = item.image.read_bytes()
        return Row(item.image_id, image, write_png(label), count(label), hash_row(item.image_id, image, label))
    except BadSample as error:
        return str(error)


def write_png(label: np.ndarray) -> bytes:
    """Write a label map uint16 [h, w] as a 16-bit grey PNG."""
    stream = io.BytesIO()
    Image.fromarray(label).save(stream, "PNG")
    return stream.getvalue()


def count(label: np.ndarray) -> dict[int, int]:
    """Count pixels of each id."""
    ids, pixels = np.unique(label, return_counts=True)
    return dict(zip(ids.tolist(), pixels.tolist(), strict=True))


def make_rows(plan: Plan, jobs: int | None) -> Iterator[Row | str]:
    """Make all rows in the order of the items, over ``jobs`` processes (None: all cores where it is worth it)."""
    work = partial(convert, coding=plan.coding)
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
