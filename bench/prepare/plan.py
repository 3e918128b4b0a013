"""Section 4.4: what is going to be prepared: which files of which ids, and what the numbers in the masks mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int32, UInt16

from bench.data.prepared import NO_CLASS, NO_SCORE
from bench.errors import BadSample

BEYOND = 65536
NO_MEANING = -1


@dataclass(frozen=True, eq=False)
class Coding:
    """The meaning of every number in a mask file: ``table[value]`` is a class id, 0, `NO_SCORE` or `NO_MEANING`.

    ``wide``: the numbers need 16 bits, so an 8-bit file cannot be what it says.
    """

    name: str
    table: Int32[np.ndarray, " 65536"]
    legend: str
    wide: bool = False

    def read(self, values: Int32[np.ndarray, "h w"], where: Path) -> UInt16[np.ndarray, "h w"]:
        """Read a mask in ids of the class table. Raises `BadSample` naming the numbers that have no meaning."""
        inside = np.where((values < 0) | (values >= BEYOND), BEYOND, values)
        labels = np.append(self.table, NO_MEANING)[inside]
        wrong = np.unique(values[labels == NO_MEANING])
        if wrong.size:
            listed = ", ".join(map(str, wrong[:5].tolist()))
            raise BadSample(f"{where}: label {listed} is none of {self.legend}")
        return labels.astype(np.uint16)

    def fits(self, values: set[int]) -> bool:
        """Whether each of these numbers has a meaning."""
        return all(0 <= value < BEYOND and self.table[value] != NO_MEANING for value in values)


def make_coding(name: str, meanings: dict[int, int], legend: str, wide: bool = False) -> Coding:
    """Make a coding from the numbers that may occur to class ids."""
    table = np.full(BEYOND, NO_MEANING, np.int32)
    table[list(meanings)] = list(meanings.values())
    return Coding(name, table, legend, wide)


def make_voc_coding(classes: int) -> Coding:
    """Make the coding of PASCAL VOC's own masks: 0 background, 1 to 20, 255 void."""
    meanings = {value: value for value in range(1, classes + 1)} | {0: NO_CLASS, 255: NO_SCORE}
    return make_coding("voc", meanings, f"VOC's (0 background, 1-{classes} classes, 255 void)")


@dataclass(frozen=True)
class Item:
    """One image and its mask."""

    image_id: str
    image: Path
    mask: Path


@dataclass(frozen=True, eq=False)
class Plan:
    """All that has to be done for one split. ``remarks`` are said aloud; ``missing`` ids have no image or no mask."""

    name: str
    split: str
    items: tuple[Item, ...]
    coding: Coding
    source: dict[str, Any]
    remarks: tuple[str, ...] = ()
    missing: tuple[str, ...] = field(default=())
