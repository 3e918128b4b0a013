"""Section 4.4, objects in files whose numbers hold a label and an object: Cityscapes' and Mapillary's instances."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int32

from bench.data.prepared import CROWD
from bench.errors import BadSample
from bench.prepare.masks import read_mask
from bench.prepare.plan import BEYOND, Item, Labels, WithObjects


@dataclass(frozen=True, eq=False)
class WithInstances(WithObjects):
    """Masks by a coding, and objects from a second file: ``base`` times the label and the number of an object.

    ``things`` are the classes that have objects. With ``groups`` a bare label, below ``base``, is of no object, or of
    several that nobody told apart. So are all things of an image without such a file.
    """

    things: tuple[int, ...]
    base: int
    groups: bool

    def read_item(self, item: Item) -> Labels:
        """Read classes and objects. Raises `BadSample` where labels and instances are not of the same drawing."""
        labels = self.coding.read_item(item)
        thing = np.isin(labels.classes, self.things)
        if item.objects is None:
            return replace(labels, objects=np.where(thing, CROWD, 0).astype(np.uint16))
        values = read_mask(item.objects).astype(np.int32)
        own, objects = self._split(values)
        if own.shape != thing.shape or (self.coding.table[own.clip(0, BEYOND - 1)] != labels.classes)[thing].any():
            raise BadSample(f"{item.objects}: objects of other labels than in {item.mask}; unpack both again")
        return replace(labels, objects=np.where(thing, objects, 0).astype(np.uint16))

    def _split(self, values: Int32[np.ndarray, "h w"]) -> tuple[Int32[np.ndarray, "h w"], Int32[np.ndarray, "h w"]]:
        """Split into labels and objects from 1 on."""
        label, number = values // self.base, values % self.base
        if not self.groups:
            return label, number + 1
        told = values >= self.base
        return np.where(told, label, values), np.where(told, number + 1, CROWD)
