"""Section 4.4: the two orders of the 59 classes and the shifts of 0 and 1: told apart by pixels, never guessed.

PASCAL-Context's own 59-class masks number VOC's 20 classes first; the common converters number the same 59 classes by
their id among the 459. Five ids agree by chance, so a mix-up gives near-zero IoU and no error message. Where VOC's own
masks show the same photographs, VOC's classes have to lie where they lie.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from bench.data.class_tables import load_class_table
from bench.data.images import read_labels
from bench.data.prepared import NO_CLASS
from bench.errors import BadSample, UserError
from bench.prepare.masks import read_mask
from bench.prepare.plan import BEYOND, NO_MEANING, Coding, make_coding

OTHERWISE_CALLED = {"diningtable": "table", "clothes": "cloth", "bedcloth": "bedclothes"}
"""The three of the 59 that the list of 459 calls otherwise."""
VOC_CLASSES = 20
ENOUGH, AHEAD = 0.4, 3.0
"""An order is believed if this share of VOC's class pixels agrees, and so many times more than in any other order."""


@cache
def map_to_459() -> dict[int, int]:
    """Map from ids among the 59 (VOC's first) to ids among the 459."""
    wide = {row.name: row.id for row in load_class_table("context459").rows}
    return {row.id: wide[OTHERWISE_CALLED.get(row.name, row.name)] for row in load_class_table("context59").rows}


@cache
def order_by_459() -> tuple[int, ...]:
    """List ids among the 59 in the converters' order: ascending by their id among the 459."""
    return tuple(sorted(map_to_459(), key=map_to_459().__getitem__))


def list_codings(classes: str, wide: bool) -> list[Coding]:
    """List every meaning that the masks of Context may have for a class table, by what the files hold."""
    return _list_codings_of_459(classes) if wide else _list_codings_of_59()


def _list_codings_of_59() -> list[Coding]:
    codings = []
    for order, ids in (("own", tuple(map_to_459())), ("by459", order_by_459())):
        ones = dict(enumerate(ids, 1)) | {0: NO_CLASS}
        zeros = dict(enumerate(ids)) | {255: NO_CLASS}
        codings.append(make_coding(f"{order}, from 1", ones, "Context's (0 other, 1-59 classes)"))
        codings.append(make_coding(f"{order}, from 0", zeros, "Context's (0-58 classes, 255 other)"))
    return codings


def _list_codings_of_459(classes: str) -> list[Coding]:
    narrow = {wide: number for number, wide in map_to_459().items()}
    ids = {i: i if classes == "context459" else narrow.get(i, NO_CLASS) for i in range(1, 460)}
    ones = ids | {0: NO_CLASS}
    zeros = {i - 1: class_id for i, class_id in ids.items()}
    return [
        make_coding("459, from 1", ones, "Context's (1-459 classes, 0 none)", wide=True),
        make_coding("459, from 0", zeros, "Context's less one (0-458 classes)", wide=True),
    ]


def measure_agreement(options: list[Coding], classes: str, masks: Mapping[str, Path], voc: Mapping[str, Path]) -> dict:
    """Measure for each coding the share of VOC's class pixels, over all images in both, that it gives VOC's own class.

    ``{name: share}`` with the numbers of ``images`` and ``pixels`` beside it.
    """
    hits, pixels, images = dict.fromkeys((option.name for option in options), 0), 0, 0
    as_voc = _map_to_voc(classes)
    for image_id, path in masks.items():
        try:
            values, theirs = read_mask(path), read_labels(voc[image_id])
        except BadSample:  # named when the work reaches it
            continue
        if values.shape != theirs.shape:
            raise UserError(f"{path} and {voc[image_id]} differ in size; they are not of the same photograph")
        asked = (theirs >= 1) & (theirs <= VOC_CLASSES)
        images, pixels = images + 1, pixels + int(asked.sum())
        for option in options:
            ids = option.table[values[asked].astype(np.int32).clip(0, BEYOND - 1)]
            hits[option.name] += int((as_voc[np.where(ids == NO_MEANING, 0, ids)] == theirs[asked]).sum())
    shares = {name: count / pixels if pixels else 0.0 for name, count in hits.items()}
    return {"shares": shares, "images": images, "pixels": pixels}


def _map_to_voc(classes: str) -> np.ndarray:
    """Map from class ids of a table to VOC's ids, 0 for what VOC does not have."""
    table = np.zeros(BEYOND, np.int32)
    for voc_id in range(1, VOC_CLASSES + 1):
        table[voc_id if classes == "context59" else map_to_459()[voc_id]] = voc_id
    return table


def choose_best(shares: Mapping[str, float]) -> str | None:
    """Choose the coding that VOC's masks speak for, None where they speak for none clearly."""
    first, *others = sorted(shares, key=lambda name: -shares[name])
    clear = shares[first] >= ENOUGH and all(shares[first] >= AHEAD * shares[other] for other in others)
    return first if clear else None
