"""Section 4.4: what is going to be prepared: which files of which ids, and what the numbers in the masks mean."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from jaxtyping import Int32, Integer, UInt16

from bench.data.palettes import list_palette_remarks
from bench.data.prepared import NO_CLASS, NO_SCORE
from bench.errors import BadSample
from bench.lookup import look_up
from bench.prepare.masks import read_mask
from bench.prepare.splits import WARNING

BEYOND = 65536
NO_MEANING = -1


@dataclass(frozen=True)
class Item:
    """One image and its mask; ``objects`` is a second file that tells objects apart, ``segments`` what a json says."""

    image_id: str
    image: Path
    mask: Path
    objects: Path | None = None
    segments: Any = None


@dataclass(frozen=True, eq=False)
class Labels:
    """What a mask says: ``classes`` are ids of the class table, 0 or `NO_SCORE`.

    ``objects`` number the objects of a class from 1 on (0: none, as for stuff; `CROWD`: of several, told apart by
    nobody); None where the data set has none.
    """

    classes: UInt16[np.ndarray, "h w"]
    objects: UInt16[np.ndarray, "h w"] | None = None


class Reader(Protocol):
    """How the labels of an image are read; it goes to other processes."""

    @property
    def name(self) -> str:
        """What the numbers of the masks mean, in a word or two."""
        ...

    def read_item(self, item: Item) -> Labels:
        """Read the labels of an image. Raises `BadSample` that names the file for what cannot be right."""
        ...


@dataclass(frozen=True, eq=False)
class Coding:
    """The meaning of every number in a mask file: ``table[value]`` is a class id, 0, `NO_SCORE` or `NO_MEANING`.

    ``wide``: the numbers need 16 bits, so an 8-bit file cannot be what it says.
    """

    name: str
    table: Int32[np.ndarray, " 65536"]
    legend: str
    wide: bool = False

    def read_item(self, item: Item) -> Labels:
        """Read the mask of an image, which has no objects."""
        return Labels(self.read(read_mask(item.mask, self.wide), item.mask))

    def read(self, values: Integer[np.ndarray, "h w"], where: Path) -> UInt16[np.ndarray, "h w"]:
        """Read a mask in ids of the class table. Raises `BadSample` naming the numbers that have no meaning."""
        labels = self._look_up(values)
        if labels.min(initial=0) == NO_MEANING:
            listed = ", ".join(map(str, np.unique(values[labels == NO_MEANING])[:5].tolist()))
            raise BadSample(f"{where}: label {listed} is none of {self.legend}")
        return labels.astype(np.uint16)

    def fits(self, values: set[int]) -> bool:
        """Whether each of these numbers has a meaning."""
        return all(0 <= value < BEYOND and self.table[value] != NO_MEANING for value in values)

    def _look_up(self, values: Integer[np.ndarray, "h w"]) -> Int32[np.ndarray, "h w"]:
        if values.dtype == np.uint8:
            return look_up(self._bytes, values)
        inside = np.where((values < 0) | (values >= BEYOND), BEYOND, values)
        labels: np.ndarray = np.append(self.table, NO_MEANING)[inside]
        return labels

    @cached_property
    def _bytes(self) -> Int32[np.ndarray, " 256"]:
        """The table of the numbers that 8-bit masks may hold."""
        return np.ascontiguousarray(self.table[:256])


@dataclass(frozen=True, eq=False)
class WithObjects:
    """Masks by a coding beside files of objects; how both are joined is a source's own (its `read_item`)."""

    coding: Coding

    @property
    def name(self) -> str:
        """What the numbers of the masks mean."""
        return self.coding.name


def make_coding(name: str, meanings: dict[int, int], legend: str, wide: bool = False) -> Coding:
    """Make a coding from the numbers that may occur to class ids."""
    table = np.full(BEYOND, NO_MEANING, np.int32)
    table[list(meanings)] = list(meanings.values())
    return Coding(name, table, legend, wide)


def make_voc_coding(classes: int) -> Coding:
    """Make the coding of PASCAL VOC's own masks: 0 background, 1 to 20, 255 void."""
    meanings = {value: value for value in range(1, classes + 1)} | {0: NO_CLASS, 255: NO_SCORE}
    return make_coding("voc", meanings, f"VOC's (0 background, 1-{classes} classes, 255 void)")


@dataclass(frozen=True, eq=False)
class Plan:
    """All that has to be done for one split. ``remarks`` are said aloud; ``missing`` ids have no image or no mask.

    ``has_objects``: every image gets a map of objects, if need be an empty one.
    """

    name: str
    split: str
    items: tuple[Item, ...]
    reader: Reader
    source: dict[str, Any]
    remarks: tuple[str, ...] = ()
    missing: tuple[str, ...] = field(default=())
    has_objects: bool = False


def warn_of_palettes(plan: Plan) -> Plan:
    """Add a warning to what is said aloud where the masks of a plan disagree what a number means."""
    masks = dict.fromkeys(item.mask for item in plan.items)  # of LVIS all are one json
    warnings = (f"{WARNING}: {remark}" for remark in list_palette_remarks(masks))
    return replace(plan, remarks=(*plan.remarks, *warnings))
