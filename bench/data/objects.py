"""Section 4, data: maps that tell the objects of a class apart, from whoever drew them to `Sample.instances`."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int16, Integer

from bench.errors import BadSample
from bench.records import UNTOLD

_MOST = int(np.iinfo(np.int16).max)


def make_instances(
    numbers: Integer[np.ndarray, "h w"], truth: Int16[np.ndarray, "h w"], things: tuple[bool, ...], where: str
) -> Int16[np.ndarray, "h w"]:
    """Make `Sample.instances` of any whole numbers that stand for objects, 0 for none; only things have objects.

    A pixel of a thing without an object is of objects that nobody told apart. Numbers may be shared by classes, and as
    large as they like: those that occur are counted anew. Raises `BadSample` where they do not fit the labels.
    """
    if numbers.shape != truth.shape:
        (h, w), (mask_h, mask_w) = numbers.shape, truth.shape
        raise BadSample(f"{where}: objects are {w}x{h} but the mask is {mask_w}x{mask_h}")
    is_thing = np.zeros(len(things) + 1, bool)
    is_thing[: len(things)] = things
    thing = is_thing[np.where(truth >= 0, truth, len(things))]
    names, places = np.unique(numbers, return_inverse=True)
    places = places.reshape(numbers.shape)
    if len(names) > _MOST:
        raise BadSample(f"{where}: numbers {len(names):,} objects, and there can be {_MOST:,} in an image")
    told = np.where(numbers == 0, UNTOLD, places).astype(np.int16)
    return np.where(thing, told, np.int16(-1)).astype(np.int16)
